package views

import (
	"net/url"
	"strings"

	"clientele/registry"
	"clientele/views/ui"
)

const permissionsPath = "/admin/permissions"

// PermissionServices is the services whose permissions the viewer may look at,
// as far as Search finds them.
type PermissionServices struct {
	Services []registry.ServiceSubjects
	Search   string
	For      *registry.PickedSubject // who is to be assigned some; the service is to be chosen
}

// assignSomeTo is where it is chosen of which service a subject is assigned
// permissions.
func assignSomeTo(subject registry.Subject) string {
	return withSubjects(permissionsPath, []string{registry.SubjectName(subject)})
}

func (l PermissionServices) heading() ui.Heading {
	if l.For == nil {
		return ui.Heading{Title: "Permissions", Text: "Who may do what at each service of the platform: users, groups and applications."}
	}
	return ui.Heading{Title: "Assign permissions", Text: "Choose the service of which " + l.For.Name + " is to hold permissions.", Back: ui.Action{Text: "Permissions", Href: permissionsPath}}
}

// address is the list as it is searched, or all of it.
func (l PermissionServices) address() string {
	if l.For != nil {
		return assignSomeTo(l.For.Subject)
	}
	return permissionsPath
}

// href is where the card of a service leads.
func (l PermissionServices) href(s registry.ServicePart) string {
	if l.For != nil {
		return assignTo(l.For.Subject, s.Key)
	}
	return servicePath(s, subjectsTab)
}

// servicePath is the address of a service's permissions, or of what belongs to
// them.
func servicePath(s registry.ServicePart, page string) string {
	return permissionsPath + "/" + url.PathEscape(s.Key) + page
}

func serviceIcon(s registry.ServicePart) string {
	if s.BuiltIn {
		return "server-cog"
	}
	return "box"
}

// holders says how many subjects hold something of a service.
func holders(s registry.ServiceSubjects) string {
	var words []string
	for _, kind := range []struct {
		count registry.Count
		thing string
	}{{s.Users, "user"}, {s.Groups, "group"}, {s.Applications, "application"}} {
		if kind.count.N > 0 {
			words = append(words, amount(kind.count, kind.thing))
		}
	}
	if len(words) == 0 {
		return "Nobody holds anything yet"
	}
	return strings.Join(words, " · ")
}

// amount says how many there are: "1 user", "1,000+ users".
func amount(c registry.Count, thing string) string {
	if c == (registry.Count{N: 1}) {
		return "1 " + thing
	}
	return countWords(c) + " " + thing + "s"
}

// subjectIcon is what stands for a kind of subject.
func subjectIcon(t registry.SubjectType) string {
	switch t {
	case registry.UserSubject:
		return "user-round"
	case registry.GroupSubject:
		return "users"
	default:
		return "app-window"
	}
}

func subjectWords(t registry.SubjectType) string {
	switch t {
	case registry.UserSubject:
		return "User"
	case registry.GroupSubject:
		return "Group"
	default:
		return "Application"
	}
}

func (l PermissionServices) clear() string {
	if l.Search == "" {
		return ""
	}
	return l.address()
}

func (l PermissionServices) search() ui.Search {
	s := ui.Search{
		Action: permissionsPath, Target: "services", Value: l.Search, Clear: l.clear(),
		Label: "Search services", Placeholder: "Search services",
	}
	if l.For != nil {
		s.Keep = []ui.Param{{Name: "subject", Value: registry.SubjectName(l.For.Subject)}}
	}
	return s
}
