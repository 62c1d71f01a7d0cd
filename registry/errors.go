package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Every layer above reports these; web/errors.go is the only place that turns
// them into a status code.
var (
	// ErrNotFound means that there is no such thing, or none that the actor may know of.
	ErrNotFound = errors.New("not found")
	// ErrForbidden means that the actor may not do this. See Forbidden.
	ErrForbidden = errors.New("forbidden")
	// ErrConflict means that the thing is no longer in the state the request was made for.
	ErrConflict = errors.New("conflict")
	// ErrLocked is the ErrForbidden of changing what a platform service made.
	ErrLocked = fmt.Errorf("%w: made by a platform service", ErrForbidden)
)

// Forbidden is the ErrForbidden that says which permission is missing.
type Forbidden struct{ Missing Permission }

func (e Forbidden) Error() string { return "forbidden: needs the permission " + e.Missing.String() }

// Unwrap returns ErrForbidden.
func (Forbidden) Unwrap() error { return ErrForbidden }

// Invalid says which fields of an input break a rule, and what to do about it.
// The key is the field's form name, so that a view can place the message; the
// message is a whole sentence.
type Invalid map[string]string

func (e Invalid) Error() string {
	var b strings.Builder
	b.WriteString("invalid input:")
	for _, field := range slices.Sorted(maps.Keys(e)) {
		fmt.Fprintf(&b, " %s: %s", field, e[field])
	}
	return b.String()
}

// And returns what is wrong in either of two.
func (e Invalid) And(more Invalid) Invalid {
	all := maps.Clone(more)
	if all == nil {
		all = Invalid{}
	}
	maps.Copy(all, e)
	return all
}
