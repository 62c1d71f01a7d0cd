package views

import (
	"slices"
	"strings"

	"clientele/registry"
	"clientele/views/ui"
)

// PermissionsForm is a grant that was asked for on the page of an
// application's permissions, and what came of it.
type PermissionsForm struct {
	Input   registry.GrantInput
	Invalid registry.Invalid
	Done    string // what was done, in words
}

// services returns what the application may do at each service that has
// permissions to give: first those of which it has anything, then the others.
func (v ApplicationView) services() (concerned, others []ServiceAccess) {
	for _, s := range v.Catalogue.Services {
		a := accessTo(v.App, s)
		switch {
		case len(s.Permissions) == 0:
		case a.Any():
			concerned = append(concerned, a)
		default:
			others = append(others, a)
		}
	}
	return concerned, others
}

// PermissionsAddress returns where the permissions of a service are given to
// an application.
func PermissionsAddress(id, service string) string {
	return string(applicationAddress(id)) + "/permissions#" + serviceID(service)
}

func serviceID(key string) string { return "service-" + key }

// GrantText says what a grant gives: "Viewer of Orders", "View on Pool of
// Orders".
func GrantText(c registry.Catalogue, g registry.HeldGrant) string {
	service, known := c.Service(g.Service)
	if !known {
		service.Name = g.Service
	}
	shown := ServiceAccess{Service: service}.given(g)
	if shown.Where != "" {
		shown.Name += " on " + shown.Where
	}
	return shown.Name + " of " + service.Name
}

// grantRow is one thing that can be given to an application, on the whole service
// or, when it holds it there, on a container or object.
type grantRow struct {
	given
	Kind    registry.GrantKind
	Key     string
	Object  string
	Needs   string // permissions without which it means nothing
	Lacking string // those of them that the application does not hold
	Held    bool
	Through string // templates that give it anyway
}

// rows returns all that can be given of a service: its templates, its
// permissions, and what is held on its containers and objects.
func (a ServiceAccess) rows() []grantRow {
	var rows []grantRow
	add := func(g registry.HeldGrant) *grantRow {
		rows = append(rows, grantRow{given: a.given(g), Kind: g.Kind, Key: g.Key, Object: g.Object, Held: slices.Contains(a.Grants, g)})
		return &rows[len(rows)-1]
	}
	for _, t := range a.Service.Templates {
		add(registry.HeldGrant{Service: a.Service.Key, Kind: registry.TemplateGrant, Key: t.Key})
	}
	for _, p := range a.Service.Permissions {
		r := add(registry.HeldGrant{Service: a.Service.Key, Kind: registry.PermissionGrant, Key: p.Key})
		r.Needs, r.Through = permissionList(a.Service, p.Needs), a.through(p.Key)
		if r.Held || r.Through != "" {
			r.Lacking = a.lacking(p)
		}
	}
	for _, g := range a.onObjects() {
		add(g)
	}
	return rows
}

// label names the row for those who do not see where it stands.
func (r grantRow) label(a ServiceAccess) string {
	return GrantText(registry.Catalogue{Services: []registry.Service{a.Service}},
		registry.HeldGrant{Service: a.Service.Key, Object: r.Object, Kind: r.Kind, Key: r.Key})
}

// buttonID is the same whether the button gives or takes, so that the focus
// stays where it was.
func (r grantRow) buttonID(a ServiceAccess) string {
	return strings.NewReplacer("/", "-", ":", "-").Replace(strings.Join([]string{"grant", a.Service.Key, string(r.Kind), r.Key, r.Object}, "-"))
}

// grantOptions returns what can be given on one container or object.
func (a ServiceAccess) grantOptions() []ui.Option {
	var options []ui.Option
	for _, t := range a.Service.Templates {
		options = append(options, ui.Option{Value: registry.GrantName(registry.TemplateGrant, t.Key), Label: t.Name + " (template)"})
	}
	for _, p := range a.Service.Permissions {
		options = append(options, ui.Option{Value: registry.GrantName(registry.PermissionGrant, p.Key), Label: p.Name})
	}
	return options
}

// grantable returns the containers and objects on which the viewer may give the
// application something.
func (v ApplicationView) grantable(a ServiceAccess) []ui.Option {
	return slices.DeleteFunc(a.objectOptions(), func(o ui.Option) bool { return !v.Granter.May(a.Service, o.Value) })
}

// assignOnObject is where the application is given something on one of many
// containers and objects.
func (v ApplicationView) assignOnObject(a ServiceAccess) string {
	subject := registry.SubjectName(registry.Subject{Type: registry.ApplicationSubject, ID: v.App.ID})
	return withSubjects(servicePath(registry.ServicePart{Service: a.Service}, assignWhatPage), []string{subject})
}

// objectOptions returns the containers and objects that can be given on.
func (a ServiceAccess) objectOptions() []ui.Option {
	var options []ui.Option
	add := func(path string) {
		name, _ := a.Service.ObjectName(path)
		options = append(options, ui.Option{Value: path, Label: name})
	}
	for _, c := range a.Service.Containers {
		add(c.Key)
		for _, o := range c.Objects {
			add(c.Key + "/" + o.Key)
		}
	}
	return options
}
