package registry

// ApplicationRecord is an application with all that it may do.
type ApplicationRecord struct {
	Application
	Scopes      []string
	Required    []string // those of Scopes that users cannot leave out when they consent
	Permissions []HeldGrant
	Owners      []Owner // by name
}

// HeldGrant is a permission or a template as it was given to somebody.
type HeldGrant struct {
	Service string    `json:"service"`
	Object  string    `json:"object"` // "" is the whole service, else "container" or "container/object"
	Kind    GrantKind `json:"kind"`
	Key     string    `json:"key"`
}

// MissingScope is the ErrForbidden of a token that lacks a scope.
type MissingScope struct{ Scope string }

func (e MissingScope) Error() string { return "forbidden: needs the scope " + e.Scope }

// Unwrap returns ErrForbidden.
func (MissingScope) Unwrap() error { return ErrForbidden }
