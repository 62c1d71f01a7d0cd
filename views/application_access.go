package views

import (
	"slices"
	"strings"

	"clientele/registry"
	"clientele/views/ui"
)

// ServiceAccess is what an application may do at one service: its scopes let
// its tokens in, its permissions let it do something there.
type ServiceAccess struct {
	Service registry.Service
	Scopes  []registry.Scope     // of the service, that the application has
	Grants  []registry.HeldGrant // of the service, that it holds

	Key      bool     // it has keys, and so no scopes
	ForUsers bool     // it only acts for users, with their permissions
	Required []string // of its scopes, those that users cannot leave out
}

// accessTo returns what the application may do at a service.
func accessTo(app registry.ApplicationDetails, s registry.Service) ServiceAccess {
	a := ServiceAccess{Service: s, Key: app.Type == registry.ApplicationKey, ForUsers: !app.ActsAsItself(), Required: app.Required}
	for _, scope := range s.Scopes {
		if slices.ContainsFunc(app.Scopes, func(held registry.Scope) bool { return held.Key == scope.Key }) {
			a.Scopes = append(a.Scopes, scope)
		}
	}
	for _, g := range app.Permissions {
		if g.Service == s.Key {
			a.Grants = append(a.Grants, g)
		}
	}
	return a
}

// Any reports whether the application has anything of the service.
func (a ServiceAccess) Any() bool { return len(a.Scopes) > 0 || len(a.Grants) > 0 }

// access returns what the application may do, service by service. One of which
// it has nothing is left out.
func (v ApplicationView) access() []ServiceAccess {
	var all []ServiceAccess
	for _, s := range v.Catalogue.Services {
		if a := accessTo(v.App, s); a.Any() {
			all = append(all, a)
		}
	}
	return all
}

// withoutScopes leads to the review of a change that removes scopes.
func (v ApplicationView) withoutScopes(unused []string) string {
	left := slices.DeleteFunc(v.App.ScopeKeys(), func(key string) bool { return slices.Contains(unused, key) })
	return ReviewAddress(v.App, registry.ScopeEdit{Scopes: left, Required: v.App.Required})
}

// status says in a word or two what comes of scopes and permissions together.
func (a ServiceAccess) status() ui.Status {
	switch {
	case a.Key && len(a.Grants) > 0:
		return ui.Status{Kind: ui.OK, Text: "In effect"}
	case a.ForUsers && len(a.Scopes) > 0:
		return ui.Status{Kind: ui.Info, Text: "With consent"}
	case len(a.Scopes) > 0 && len(a.Grants) > 0:
		return ui.Status{Kind: ui.OK, Text: "In effect"}
	case len(a.Scopes) > 0 && len(a.Service.Permissions) == 0:
		return ui.Status{Kind: ui.Info, Text: "Scope only"}
	case len(a.Scopes) > 0:
		return ui.Status{Kind: ui.Warn, Text: "No permission"}
	case len(a.Grants) > 0:
		return ui.Status{Kind: ui.Warn, Text: "No scope"}
	default:
		return ui.Status{Kind: ui.Off, Text: "No access"}
	}
}

// words says what comes of scopes and permissions together, and why.
func (a ServiceAccess) words() string {
	switch {
	case a.Key && len(a.Grants) > 0:
		return "It may do what its permissions say."
	case a.Key:
		return "No permission: its keys may do nothing."
	case a.ForUsers && len(a.Scopes) > 0 && a.Service.Key == registry.OpenIDService:
		return "It is told who the user is, as far as the user consents."
	case a.ForUsers && len(a.Scopes) > 0:
		return "Its tokens are let in once a user consents, and may do what that user may do."
	case len(a.Scopes) > 0 && len(a.Grants) > 0:
		return "Its tokens are let in, and it may do what its permissions say."
	case len(a.Scopes) > 0 && len(a.Service.Permissions) == 0:
		return "Its tokens are let in. The service has no permissions to give, so the scope alone decides."
	case len(a.Scopes) > 0:
		return "Scope granted, but no permission of this service: its tokens are let in and may do nothing."
	case len(a.Grants) > 0 && len(a.Service.Scopes) == 0:
		return "Permission, but no scope: the service offers none, so no token can use it."
	case len(a.Grants) > 0:
		return "Permission, but no scope: its tokens are not let in."
	default:
		return "Neither a scope nor a permission: its tokens are not let in."
	}
}

// given says what a grant gives.
type given struct {
	Name, Text string
	Template   bool
	Where      string // "" on the whole service
}

func (a ServiceAccess) given(g registry.HeldGrant) given {
	shown := given{Name: g.Key, Template: g.Kind == registry.TemplateGrant}
	if g.Object != "" {
		shown.Where, _ = a.Service.ObjectName(g.Object)
	}
	if t, ok := a.Service.Template(g.Key); ok && shown.Template {
		shown.Name, shown.Text = t.Name, templateText(a.Service, t)
	}
	if p, ok := a.Service.Permission(g.Key); ok && !shown.Template {
		shown.Name, shown.Text = p.Name, p.Description
	}
	return shown
}

// templateText says what a template is for and what it gives.
func templateText(s registry.Service, t registry.Template) string {
	return strings.TrimSpace(t.Description + " Gives: " + permissionList(s, t.Permissions) + ".")
}

// permissionList names permissions of a service.
func permissionList(s registry.Service, keys []string) string {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key
		if p, ok := s.Permission(key); ok {
			names[i] = p.Name
		}
	}
	return strings.Join(names, ", ")
}

// through returns the names of the templates by which the application holds a
// permission on the whole service.
func (a ServiceAccess) through(permission string) string {
	var names []string
	for _, t := range a.Service.Templates {
		if slices.Contains(t.Permissions, permission) && a.holds(registry.TemplateGrant, t.Key) {
			names = append(names, t.Name)
		}
	}
	return strings.Join(names, ", ")
}

// holds reports whether the application was given a template or a permission
// on the whole service.
func (a ServiceAccess) holds(kind registry.GrantKind, key string) bool {
	return slices.Contains(a.Grants, registry.HeldGrant{Service: a.Service.Key, Kind: kind, Key: key})
}

// lacking returns the names of the permissions without which one means
// nothing, as far as the application does not hold them.
func (a ServiceAccess) lacking(p registry.PermissionDef) string {
	return permissionList(a.Service, slices.DeleteFunc(slices.Clone(p.Needs), func(key string) bool {
		return a.through(key) != "" || a.holds(registry.PermissionGrant, key)
	}))
}

// onObjects returns what the application holds on containers and objects.
func (a ServiceAccess) onObjects() []registry.HeldGrant {
	return slices.DeleteFunc(slices.Clone(a.Grants), func(g registry.HeldGrant) bool { return g.Object == "" })
}
