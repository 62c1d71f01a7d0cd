package views

import (
	"net/url"
	"slices"
	"strings"

	"clientele/registry"
	"clientele/views/ui"
)

// The pages on which permissions of a service are assigned, changed and
// removed, as their addresses end.
const (
	assignPage     = "/assign"
	assignWhatPage = "/assign/what"
	changePage     = "/change"
	removePage     = "/remove"
)

// AssignSubjects is the step at which subjects are picked: what of them is asked
// for, what is wrong with that, and what was found. All of it is in the address.
type AssignSubjects struct {
	Service registry.ServicePart
	Query   registry.PickQuery
	Page    registry.PickPage
	Invalid registry.Invalid
}

// AssignWhat is the step at which it is chosen what the subjects are given.
type AssignWhat struct {
	Service registry.ServicePart
	Granter registry.Granter // the viewer
	Picked  []registry.PickedSubject
	Object  string
	Grants  []string // registry.GrantName's
	Invalid registry.Invalid
}

// GrantChangeView is what is asked before grants are changed or removed.
type GrantChangeView struct {
	Service registry.ServicePart
	Input   registry.GrantChange
	Effects []registry.GrantEffect
	Invalid registry.Invalid
}

// withSubjects returns an address with the subjects that are picked.
func withSubjects(address string, names []string) string {
	if len(names) == 0 {
		return address
	}
	return address + "?" + url.Values{"subject": names}.Encode()
}

// elsewhere are the picked subjects that this page does not list.
func (l AssignSubjects) elsewhere() []registry.PickedSubject {
	return slices.DeleteFunc(slices.Clone(l.Page.Picked), func(p registry.PickedSubject) bool {
		return slices.ContainsFunc(l.Page.Subjects, func(s registry.PickedSubject) bool { return s.Subject == p.Subject })
	})
}

func (l AssignSubjects) picked(s registry.Subject) bool {
	return slices.Contains(l.Query.Picked, registry.SubjectName(s))
}

// again is the list without filters, with the same subjects picked.
func (l AssignSubjects) again() string {
	return withSubjects(servicePath(l.Service, assignPage), l.Query.Picked)
}

func (l AssignSubjects) typeField() ui.Field {
	return ui.Field{
		Name: "type", Label: "Kind of subject", Value: string(l.Query.Type),
		Options: withChosen(PermissionSubjects{}.typeOptions(), string(l.Query.Type)),
	}
}

func pickRow(p registry.PickedSubject) ui.Row {
	return ui.Row{Icon: subjectIcon(p.Subject.Type), Name: p.Name, Sub: p.Detail}
}

// names are the picked subjects as forms send them.
func (f AssignWhat) names() []string {
	names := make([]string, len(f.Picked))
	for i, p := range f.Picked {
		names[i] = registry.SubjectName(p.Subject)
	}
	return names
}

func (f AssignWhat) action() string { return servicePath(f.Service, assignWhatPage) }

func (f AssignWhat) back() string {
	return withSubjects(servicePath(f.Service, assignPage), f.names())
}

// wrong is what is wrong, in the order of the page.
func (f AssignWhat) wrong() ui.Errors {
	return ui.Errors{Invalid: f.Invalid, Order: []string{"grant", "object"}, Title: "Nothing was assigned"}
}

// objectField is where it is held: a menu or, of too many containers and
// objects for one, without options, the ID of one.
func (f AssignWhat) objectField() ui.Field {
	options := f.objects()
	if len(options) > objectsToChoose {
		field := ui.Field{
			Name: "object", Label: "On", Value: f.Object, Error: f.Invalid["object"], Mono: true, MaxLength: 300,
			Hint: "The ID of a container or an object, such as " + options[len(options)-1].Value + ". What is held on a container counts for every object in it.",
		}
		if options[0].Value == "" {
			field.Hint, field.Optional = field.Hint+" Empty is the whole service.", true
		}
		return field
	}
	if f.Object != "" {
		options = withChosen(options, f.Object)
	}
	return ui.Field{
		Name: "object", Label: "On", Value: f.Object, Error: f.Invalid["object"],
		Hint:    "What is held on a container counts for every object in it.",
		Options: options,
	}
}

// objects are the parts of the service on which the viewer may give something.
func (f AssignWhat) objects() []ui.Option {
	all := append([]ui.Option{{Label: registry.WholeService}}, ServiceAccess{Service: f.Service.Service}.objectOptions()...)
	return slices.DeleteFunc(all, func(o ui.Option) bool { return !f.Granter.May(f.Service.Service, o.Value) })
}

// grantGroups are the boxes for a service's templates and permissions.
func grantGroups(s registry.Service, chosen []string) []ui.Group {
	item := func(kind registry.GrantKind, key, title, text string) ui.Item {
		name := registry.GrantName(kind, key)
		return ui.Item{Value: name, Code: key, Title: title, Text: text, Checked: slices.Contains(chosen, name)}
	}
	templates := ui.Group{Name: "grant", Title: "Templates", Text: "Named sets of permissions: who holds one holds what it has at any time."}
	for _, t := range s.Templates {
		templates.Items = append(templates.Items, item(registry.TemplateGrant, t.Key, t.Name, "Gives "+permissionList(s, t.Permissions)+"."))
	}
	permissions := ui.Group{Name: "grant", Title: "Single permissions", Text: "Some mean nothing without others."}
	for _, p := range s.Permissions {
		text := p.Description
		if len(p.Needs) > 0 {
			text += " Needs " + permissionList(s, p.Needs) + "."
		}
		permissions.Items = append(permissions.Items, item(registry.PermissionGrant, p.Key, p.Name, text))
	}
	if len(templates.Items) == 0 {
		return []ui.Group{permissions}
	}
	return []ui.Group{templates, permissions}
}

func (v GrantChangeView) action() string {
	if v.Input.Remove {
		return servicePath(v.Service, removePage)
	}
	return servicePath(v.Service, changePage)
}

func (v GrantChangeView) title() string {
	switch n := len(v.Effects); {
	case n == 0:
		return "Nothing to change"
	case v.Input.Remove:
		return "Remove " + countOf(n, "assignment") + "?"
	default:
		return "Change " + countOf(n, "assignment")
	}
}

func (v GrantChangeView) text() string {
	if v.Input.Remove {
		return "What is listed here is taken away at once. What stays by other ways is said beside it."
	}
	return "What is listed here is replaced, on the same part of the service, by what you choose below."
}

func (v GrantChangeView) wrong() ui.Errors {
	return ui.Errors{Invalid: v.Invalid, Order: []string{"grant"}, Title: "Nothing was changed"}
}

func (v GrantChangeView) given(g registry.SubjectGrant) given {
	return ServiceAccess{Service: v.Service.Service}.given(g.HeldGrant)
}

// stays says what the subject goes on holding of what is taken, and how.
func (v GrantChangeView) stays(e registry.GrantEffect) []string {
	var lines []string
	for _, h := range e.Stays {
		line := permissionList(v.Service.Service, []string{h.Permission.Key})
		var by []string
		if h.GroupID != "" {
			by = append(by, "through the group "+h.GroupName)
		}
		if h.Template != "" {
			name := h.Template
			if t, ok := v.Service.Template(h.Template); ok {
				name = t.Name
			}
			by = append(by, "by the template "+name)
		}
		if where, _ := v.Service.ObjectName(h.Object); h.Object != e.Object {
			if h.Object == "" {
				where = "the whole service"
			}
			by = append(by, "on "+where)
		}
		if len(by) == 0 {
			by = append(by, "by itself")
		}
		if line += " stays, " + strings.Join(by, ", "); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// lost says what becomes of it when nothing stays.
func (v GrantChangeView) lost(e registry.GrantEffect) string {
	switch {
	case e.Disabled:
		return "It is disabled and can do nothing anyway"
	case e.Subject.Type == registry.GroupSubject:
		return "Its users lose it, unless they hold it themselves or through another group"
	case v.Input.Remove:
		return "Nothing of it stays"
	default:
		return "Nothing else gives it"
	}
}
