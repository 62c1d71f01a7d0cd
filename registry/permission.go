package registry

import (
	"slices"
	"strings"
)

// Permission names one action of one service.
type Permission struct{ Service, Key string }

func (p Permission) String() string { return p.Service + "/" + p.Key }

// The permissions of the built-in services; see BuiltIn for their names.
var (
	ViewUsers          = Permission{"team", "view-users"}
	ManageUsers        = Permission{"team", "manage-users"}
	ManageSettings     = Permission{"team", "manage-settings"}
	ViewApplications   = Permission{"applications", "view"}
	ManageApplications = Permission{"applications", "manage"}
	IntrospectTokens   = Permission{"authorization", "introspect-tokens"}
	ManageObjects      = Permission{"authorization", "manage-objects"}
	EvaluateAccess     = Permission{"authorization", "evaluate-access"}
	ViewPermissions    = Permission{"authorization", "view-permissions"}
	ManagePermissions  = Permission{"authorization", "manage-permissions"}
	ReadAuditLog       = Permission{"audit", "use-audit-log-api"}
	ReadMembers        = Permission{"team", "import-members"}
)

// Administration returns what it takes to make others administrators, with
// everything that means nothing without.
func Administration() []Permission { return WithNeeds(ManageUsers, ManagePermissions) }

// WithNeeds returns permissions of built-in services, with everything that they
// mean nothing without.
func WithNeeds(all ...Permission) []Permission {
	for i := 0; i < len(all); i++ {
		service, _ := BuiltIn().Service(all[i].Service)
		p, _ := service.Permission(all[i].Key)
		all = addNeeds(all, service.Key, p.Needs)
	}
	return all
}

// addNeeds adds permissions of a service that are not among all.
func addNeeds(all []Permission, service string, keys []string) []Permission {
	for _, key := range keys {
		if p := (Permission{service, key}); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// Held is one permission that a subject holds, and where it comes from.
type Held struct {
	Permission Permission
	Object     string // "" is the whole service, else "container" or "container/object"
	Template   string // the template that brought it, or "" when granted by itself
	GroupID    string // the group of the subject that it was granted to, or "" when granted to the subject itself
	GroupName  string
	Needs      []string // keys of the service's permissions without which it means nothing
}

// HeldBy returns the permissions that grants of a catalogue's services give.
func HeldBy(grants []HeldGrant, c Catalogue) (held []Held) {
	for _, g := range grants {
		service, _ := c.Service(g.Service)
		keys, template := []string{g.Key}, Template{}
		if g.Kind == TemplateGrant {
			template, _ = service.Template(g.Key)
			keys = template.Permissions
		}
		for _, key := range keys {
			p, _ := service.Permission(key)
			held = append(held, Held{Permission: Permission{g.Service, key}, Object: g.Object, Template: template.Key, Needs: p.Needs})
		}
	}
	return held
}

// covers reports whether holding h on h.Object includes object: the service
// level wins over containers, a container over its objects.
func (h Held) covers(object string) bool {
	return h.Object == "" || h.Object == object || strings.HasPrefix(object, h.Object+"/")
}

// Question asks for one decision.
type Question struct {
	Permission Permission
	Object     string // "" asks for the whole service
	Scope      string // the scope that opens the API, or "" to judge permission alone
}

// Decision is the answer, and why.
type Decision struct {
	Allowed           bool
	By                Held       // what gives the permission, if anything does
	MissingScope      string     // the scope the token lacks, or ""
	MissingPermission Permission // the permission the subject lacks, or zero: the one asked for, or one that it means nothing without
}

// Decide answers q for a caller whose token carries scopes and whose subject
// holds held. Effective access is what both allow: scopes narrow, permissions
// give, and one that means nothing without others gives only beside them. It is
// the one function that judges console pages, the REST API and other platforms'
// APIs.
func Decide(held []Held, scopes []string, q Question) Decision {
	var d Decision
	if q.Scope != "" && !HasScope(scopes, q.Scope) {
		d.MissingScope = q.Scope
	}
	need := []Permission{q.Permission}
	for i := 0; i < len(need); i++ {
		at := slices.IndexFunc(held, func(h Held) bool { return h.Permission == need[i] && h.covers(q.Object) })
		if at < 0 {
			d.MissingPermission = need[i]
			return d
		}
		if i == 0 {
			d.By = held[at]
		}
		need = addNeeds(need, need[i].Service, held[at].Needs)
	}
	d.Allowed = d.MissingScope == ""
	return d
}

// HasScope reports whether scopes open scope: by itself, or by the scope of
// the whole area it lies in ("orders" opens "orders:read").
func HasScope(scopes []string, scope string) bool {
	area, _, _ := strings.Cut(scope, ":")
	for _, s := range scopes {
		if s == scope || s == area {
			return true
		}
	}
	return false
}
