package registry

import "strings"

// Permission names one action of one service.
type Permission struct{ Service, Key string }

func (p Permission) String() string { return p.Service + "/" + p.Key }

// The permissions of the built-in services; see BuiltIn for their names.
var (
	ManageUsers        = Permission{"team", "manage-users"}
	ManageSettings     = Permission{"team", "manage-settings"}
	ViewApplications   = Permission{"applications", "view"}
	ManageApplications = Permission{"applications", "manage"}
	IntrospectTokens   = Permission{"authorization", "introspect-tokens"}
	ViewPermissions    = Permission{"authorization", "view-permissions"}
	ManagePermissions  = Permission{"authorization", "manage-permissions"}
	ReadAuditLog       = Permission{"audit", "use-audit-log-api"}
)

// Held is one permission that a subject holds, and where it comes from.
type Held struct {
	Permission Permission
	Object     string // "" is the whole service, else "container" or "container/object"
	Template   string // the template that brought it, or "" when granted by itself
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
	By                Held       // what allowed it
	MissingScope      string     // the scope the token lacks, or ""
	MissingPermission Permission // the permission the subject lacks, or zero
}

// Decide answers q for a caller whose token carries scopes and whose subject
// holds held. Effective access is what both allow: scopes narrow, permissions
// give. It is the one function that judges console pages, the REST API and
// other platforms' APIs.
func Decide(held []Held, scopes []string, q Question) Decision {
	var d Decision
	if q.Scope != "" && !HasScope(scopes, q.Scope) {
		d.MissingScope = q.Scope
	}
	found := false
	for _, h := range held {
		if h.Permission == q.Permission && h.covers(q.Object) {
			d.By, found = h, true
			break
		}
	}
	if !found {
		d.MissingPermission = q.Permission
	}
	d.Allowed = found && d.MissingScope == ""
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
