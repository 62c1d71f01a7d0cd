package views

import (
	"slices"
	"strings"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

const whyPath = permissionsPath + "/why"

// Why is the page that asks why something was refused: what was typed, what is
// wrong with it, and what was found.
type Why struct {
	Catalogue registry.Catalogue
	Request   string // the request's ID

	Subject, Permission, Object, Scope, Client string

	Found   []Explained
	Invalid registry.Invalid
	Now     time.Time
}

// Explained is the answer to a question, and where that was refused, if it was.
type Explained struct {
	registry.Explanation

	Refusal registry.Refusal // the zero one when the question was asked here
}

// unknown reports whether nothing was refused in the request that is asked for.
func (w Why) unknown() bool { return w.Request != "" && len(w.Found) == 0 }

func (w Why) permissionOptions() []ui.Option {
	options := []ui.Option{{Value: "", Label: "None: judge the scope alone"}}
	for _, s := range w.Catalogue.Services {
		for _, p := range s.Permissions {
			options = append(options, ui.Option{Value: registry.Permission{Service: s.Key, Key: p.Key}.String(), Label: s.Name + ": " + p.Name})
		}
	}
	return withChosen(options, w.Permission)
}

func (w Why) scopeOptions() []ui.Option {
	options := []ui.Option{{Value: "", Label: "None: judge the permission alone"}}
	for _, s := range w.Catalogue.Services {
		for _, scope := range s.Scopes {
			options = append(options, ui.Option{Value: scope.Key, Label: scope.Key})
		}
	}
	return withChosen(options, w.Scope)
}

// title says how the question is answered at this moment.
func (e Explained) title() string {
	switch {
	case e.Allowed && e.Refusal.Lacking != "":
		return "The token did not carry the scope"
	case e.Allowed && e.Refusal.RequestID != "":
		return "It would be allowed now"
	case e.Allowed:
		return "It is allowed"
	case e.Refusal.RequestID != "":
		return "It is still refused"
	default:
		return "It is refused"
	}
}

func (e Explained) kind() ui.Kind {
	if e.Allowed && e.Refusal.Lacking == "" {
		return ui.OK
	}
	return ui.Warn
}

// words says what the answer rests on, and what to do.
func (e Explained) words() string {
	name := e.name()
	switch {
	case e.Allowed && e.Refusal.Lacking != "" && e.Subject.Subject.Type == registry.ApplicationSubject:
		return name + " is registered for " + e.Refusal.Lacking + " now. It has to ask for it at the token endpoint, or name no scopes there, and needs a new token."
	case e.Allowed && e.Refusal.Lacking != "":
		return name + " consented to " + e.Refusal.Lacking + ". The application has to ask for it, and needs a new token."
	case e.Allowed && e.Refusal.RequestID != "":
		return "Something was added since then, and nothing is missing any more."
	}
	switch e.Reason {
	case registry.UnknownSubject:
		return "There is no such user, group or application, or it was deleted."
	case registry.SubjectDisabled:
		return name + " is disabled. What it holds counts for nothing until it is enabled."
	case registry.UnknownPermission:
		return "The catalogue has no permission " + e.Question.Permission.String() + ". Whoever asked for it may have misspelt it, or the catalogue lacks it."
	case registry.ScopeMissing, registry.PermissionMissing:
		return name + " lacks what is marked below."
	default:
		return name + " has everything that it takes."
	}
}

func (e Explained) name() string {
	if e.Subject.Name == "" {
		return e.Question.Subject.ID
	}
	return e.Subject.Name
}

// subjectHref is the subject's own page, or "" when it has none.
func (e Explained) subjectHref() string { return subjectPage(e.Subject.Subject) }

func subjectPage(s registry.Subject) string {
	switch s.Type {
	case registry.UserSubject:
		return UserPath(s.ID, "")
	case registry.GroupSubject:
		return GroupPath(s.ID, "")
	case registry.ApplicationSubject:
		return string(applicationAddress(s.ID))
	default:
		return ""
	}
}

// scopeWords says who has to have the scope, and how it is.
func (e Explained) scopeWords() string {
	switch {
	case e.Keyed:
		return "An application key has no scopes. It needs none at our own APIs; elsewhere tokens carry them, which it does not get."
	case e.Question.Subject.Type == registry.ApplicationSubject && e.MissingScope == "":
		return "The application is registered for it."
	case e.Question.Subject.Type == registry.ApplicationSubject:
		return "The application is not registered for it."
	case e.Question.ClientID == "":
		return "A user has scopes only through an application. Name the one that acts for them."
	case e.MissingScope == "":
		return "They consented to it for " + e.client() + "."
	default:
		return "They did not consent to it for " + e.client() + ", or that is not registered for it."
	}
}

func (e Explained) client() string {
	if e.Client.Name == "" {
		return e.Question.ClientID
	}
	return e.Client.Name
}

// scopeHref leads to the review of adding the missing scope to the application
// that lacks it, or is "".
func (e Explained) scopeHref() string {
	app := e.Client
	if e.Subject.Subject.Type == registry.ApplicationSubject {
		app = e.Subject
	}
	if e.Keyed || app.Name == "" || e.MissingScope == "" || registry.HasScope(e.Registered, e.MissingScope) {
		return ""
	}
	return string(applicationAddress(app.Subject.ID)) + "/scopes/review?" + scopesQuery(append(slices.Clone(e.Registered), e.MissingScope), e.Required)
}

// assignHref leads to the second step of assigning the permission, with all chosen.
func (e Explained) assignHref(p registry.Permission) string {
	return withParams(permissionsPath+"/"+p.Service+assignWhatPage,
		ui.Param{Name: "subject", Value: registry.SubjectName(e.Subject.Subject)},
		ui.Param{Name: "grant", Value: registry.GrantName(registry.PermissionGrant, p.Key)},
		ui.Param{Name: "object", Value: e.Question.Object})
}

// permissionName returns what a permission and its service are called.
func (w Why) permissionName(p registry.Permission) (permission, service string) {
	s, _ := w.Catalogue.Service(p.Service)
	def, known := s.Permission(p.Key)
	if !known {
		return p.Key, p.Service
	}
	return def.Name, s.Name
}

// where names the place that a question is about.
func (w Why) where(e Explained) string {
	s, _ := w.Catalogue.Service(e.Question.Permission.Service)
	name, _ := s.ObjectName(e.Question.Object)
	if e.Question.Object == "" {
		return "on the whole service"
	}
	return "on " + name
}

// givenBy says in a line where something that is held comes from.
func givenBy(s registry.Service, h registry.Held) string {
	text := "Given by itself"
	if template, known := s.Template(h.Template); known {
		text = "By the template " + template.Name
	}
	if h.GroupName != "" {
		text += ", through the group " + h.GroupName
	}
	return text
}

// origins says everything that gives a permission in one line.
func origins(s registry.Service, by []registry.Held, object string) string {
	var all []string
	for _, h := range by {
		text := givenBy(s, h)
		if h.Object != object {
			name, _ := s.ObjectName(h.Object)
			text += " (" + name + ")"
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return strings.Join(all, " · ")
}
