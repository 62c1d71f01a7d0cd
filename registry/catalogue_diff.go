package registry

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The operations of a CatalogueChange.
const (
	Added   = "add"
	Changed = "change"
	Removed = "remove"
)

// CatalogueChange is one thing that applying a catalogue adds, changes or removes.
type CatalogueChange struct {
	Op      string `json:"op"`
	Kind    string `json:"kind"` // service, scope, permission, template, container or object
	Service string `json:"service"`
	Key     string `json:"key"` // an object's is container/object
}

func (c CatalogueChange) String() string {
	sign := map[string]string{Added: "+", Changed: "~", Removed: "-"}[c.Op]
	if c.Kind == "service" || c.Kind == "scope" {
		return fmt.Sprintf("%s %s %s", sign, c.Kind, c.Key)
	}
	return fmt.Sprintf("%s %s %s/%s", sign, c.Kind, c.Service, c.Key)
}

// CompareCatalogue returns what has to change for the services of to to be as
// to says, in to's order, removals of a service after the rest of it. Services
// that only from has stay. It fails with Invalid when a scope of to belongs to
// another service already.
func CompareCatalogue(from, to Catalogue) ([]CatalogueChange, error) {
	invalid := Invalid{}
	var changes []CatalogueChange
	for i, s := range to.Services {
		for j, scope := range s.Scopes {
			if owner, _, taken := from.Scope(scope.Key); taken && owner.Key != s.Key {
				invalid[fmt.Sprintf("services[%d].scopes[%d].key", i, j)] = fmt.Sprintf("%q belongs to the service %s.", scope.Key, owner.Key)
			}
		}
		old, _ := from.Service(s.Key)
		before, after := parts(old), parts(s)
		known := map[[2]string]string{}
		for _, p := range before {
			known[p.id] = p.content
		}
		for _, p := range after {
			content, ok := known[p.id]
			delete(known, p.id)
			switch {
			case !ok:
				changes = append(changes, CatalogueChange{Added, p.id[0], s.Key, p.id[1]})
			case content != p.content:
				changes = append(changes, CatalogueChange{Changed, p.id[0], s.Key, p.id[1]})
			}
		}
		for _, p := range before {
			if _, left := known[p.id]; left {
				changes = append(changes, CatalogueChange{Removed, p.id[0], s.Key, p.id[1]})
			}
		}
	}
	if len(invalid) > 0 {
		return nil, invalid
	}
	return changes, nil
}

// part is one row of a service: what it is called and all it says.
type part struct {
	id      [2]string // kind, key
	content string
}

func parts(s Service) []part {
	if s.Key == "" {
		return nil
	}
	all := []part{{[2]string{"service", s.Key}, content(s.Name, s.Description, s.Audience, s.Granting)}}
	for _, x := range s.Scopes {
		all = append(all, part{[2]string{"scope", x.Key}, content(x)})
	}
	for _, x := range s.Permissions {
		all = append(all, part{[2]string{"permission", x.Key}, content(x)})
	}
	for _, x := range s.Templates {
		all = append(all, part{[2]string{"template", x.Key}, content(x)})
	}
	for _, x := range s.Containers {
		all = append(all, part{[2]string{"container", x.Key}, content(x.Name)})
		for _, o := range x.Objects {
			all = append(all, part{[2]string{"object", x.Key + "/" + o.Key}, content(o)})
		}
	}
	return all
}

func content(fields ...any) string {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err) // only plain structs come here
	}
	return string(text)
}

// InUse is the error of removing from the catalogue what somebody holds.
type InUse []Usage

// Usage says by whom something of the catalogue is held.
type Usage struct {
	What string   // "scope orders:read"
	By   []string // names of applications and users
}

func (e InUse) Error() string {
	const told = 20
	lines := make([]string, min(len(e), told))
	for i, u := range e[:len(lines)] {
		names := u.By
		if len(names) > 5 {
			names = append(append([]string{}, names[:5]...), fmt.Sprintf("and %d more", len(u.By)-5))
		}
		lines[i] = fmt.Sprintf("%s is used by %s", u.What, strings.Join(names, ", "))
	}
	if more := len(e) - told; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return "nothing was changed, because this is in use: " + strings.Join(lines, "; ")
}

// Unwrap returns ErrConflict.
func (InUse) Unwrap() error { return ErrConflict }
