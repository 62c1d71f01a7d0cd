package registry

import (
	"fmt"
	"slices"
	"strings"
)

// AssignedAtOnce is how many subjects, or grants, one change concerns at most.
// Their names fit into an address.
const AssignedAtOnce = 100

// SubjectName is how forms and addresses name a subject.
func SubjectName(s Subject) string { return string(s.Type) + ":" + s.ID }

// ParseSubjectName returns the subject that SubjectName names. Whether there is
// such a one is for the store to say.
func ParseSubjectName(text string) Subject {
	kind, id, _ := strings.Cut(text, ":")
	return Subject{Type: SubjectType(kind), ID: id}
}

// PickQuery says which page of those subjects to list that hold nothing of a
// service themselves. Its zero value asks for the first page of all, by name.
type PickQuery struct {
	Type   SubjectType `query:"type" validate:"omitempty,oneof=user group application" form:"type" label:"kind of subject"`
	Search string      `query:"q" validate:"-" form:"q" label:"search"`           // part of a name, or of a user's e-mail address
	After  string      `query:"after" validate:"-" form:"after" label:"page"`     // the page after this cursor
	Before string      `query:"before" validate:"-" form:"before" label:"page"`   // the page before this cursor; wins over After
	Picked []string    `query:"subject" validate:"-" form:"subject" label:"pick"` // SubjectName's
}

// Filtered reports whether the query leaves out anything.
func (q PickQuery) Filtered() bool { return q.Type != "" || q.Search != "" }

// PickedSubject is a subject as it is picked.
type PickedSubject struct {
	Subject  Subject
	Name     string
	Detail   string // what tells it from others of that name: a user's e-mail address, or an ID
	Disabled bool   // so that a grant would be of no use yet
}

// PickPage is a page of subjects to pick from, and those that are picked.
type PickPage struct {
	Subjects   []PickedSubject
	Picked     []PickedSubject // by name; those that are gone are left out
	Prev, Next string
}

// Assignment gives subjects what is chosen of a service, all on the same part
// of it.
type Assignment struct {
	Service  string
	Subjects []Subject
	Object   string   // "" is the whole service, else "container" or "container/object"
	Grants   []string // GrantName's
}

// Inputs returns the grants of which the assignment consists.
func (a Assignment) Inputs() []GrantInput {
	var all []GrantInput
	for _, s := range a.Subjects {
		for _, name := range a.Grants {
			in := GrantInput{Subject: s, Service: a.Service, Object: a.Object}
			in.Kind, in.Key = ParseGrantName(name)
			all = append(all, in)
		}
	}
	return all
}

// CheckAssignment reports everything that is wrong with an assignment, as an
// Invalid error, or nil.
func CheckAssignment(a Assignment, c Catalogue) error {
	invalid := Invalid{}
	switch n := len(a.Subjects); {
	case n == 0:
		invalid["subject"] = "Pick at least one user, group or application."
	case n > AssignedAtOnce:
		invalid["subject"] = fmt.Sprintf("Pick at most %d at a time.", AssignedAtOnce)
	}
	checkGiven(invalid, a.Service, a.Object, a.Grants, c)
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

// checkGiven adds what is wrong with what is about to be given of a service.
func checkGiven(invalid Invalid, service, object string, grants []string, c Catalogue) {
	if len(grants) == 0 {
		invalid["grant"] = "Choose a template, or at least one permission."
	}
	for _, name := range grants {
		in := GrantInput{Service: service, Object: object}
		in.Kind, in.Key = ParseGrantName(name)
		wrong, ok := CheckGrant(in, c).(Invalid) //nolint:errorlint // it is never wrapped
		if !ok {
			continue
		}
		for field, message := range wrong {
			if field == "kind" || field == "key" {
				field = "grant"
			}
			invalid[field] = message
		}
	}
}

// GrantRow is how forms and addresses name one grant of a service.
func GrantRow(s Subject, g HeldGrant) string {
	return strings.Join([]string{string(s.Type), s.ID, g.Object, string(g.Kind), g.Key}, " ")
}

// ParseGrantRow returns the grant of a service that GrantRow names, or false
// for what it names never.
func ParseGrantRow(service, text string) (GrantInput, bool) {
	parts := strings.Split(text, " ")
	if len(parts) != 5 {
		return GrantInput{}, false
	}
	return GrantInput{
		Subject: Subject{Type: SubjectType(parts[0]), ID: parts[1]}, Service: service,
		Object: parts[2], Kind: GrantKind(parts[3]), Key: parts[4],
	}, true
}

// GrantChange takes grants of a service away and, unless it is a removal, gives
// the same subjects others on the same part of the service.
type GrantChange struct {
	Service string
	Rows    []string // GrantRow's
	Remove  bool     // nothing is given instead
	Grants  []string // GrantName's of what is given instead
}

// Inputs returns the grants that are to change. It fails with Invalid for what
// names none, for none, and for too many.
func (in GrantChange) Inputs() ([]GrantInput, error) {
	if n := len(in.Rows); n == 0 {
		return nil, Invalid{"row": "Tick at least one assignment."}
	} else if n > AssignedAtOnce {
		return nil, Invalid{"row": fmt.Sprintf("Tick at most %d at a time.", AssignedAtOnce)}
	}
	var all []GrantInput
	for _, row := range in.Rows {
		g, ok := ParseGrantRow(in.Service, row)
		if !ok {
			return nil, Invalid{"row": "Tick assignments in the list: one of these is none."}
		}
		if !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	return all, nil
}

// CheckGrantChange reports what is wrong with what a change gives, as an
// Invalid error, or nil.
func CheckGrantChange(in GrantChange, c Catalogue) error {
	if in.Remove {
		return nil
	}
	invalid := Invalid{}
	checkGiven(invalid, in.Service, "", in.Grants, c)
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

// GrantEffect is a grant that is about to be taken away, and what of it its
// subject goes on holding by other ways.
type GrantEffect struct {
	SubjectGrant
	Stays []Held
}

// StaysAfter returns what of held goes on giving the subject a permission that
// the grant g gives, where g gives it, when gone is taken from the subject
// itself: another grant, a group's, or one of more of the service.
func StaysAfter(held []Held, gone []HeldGrant, g HeldGrant) []Held {
	var stays []Held
	for _, given := range held {
		if !given.from(g) {
			continue
		}
		for _, h := range held {
			if h.Permission == given.Permission && h.covers(g.Object) && !slices.ContainsFunc(gone, h.from) {
				stays = append(stays, h)
			}
		}
	}
	return stays
}

// from reports whether h is held by the subject's own grant g.
func (h Held) from(g HeldGrant) bool {
	if h.GroupID != "" || h.Permission.Service != g.Service || h.Object != g.Object {
		return false
	}
	if g.Kind == TemplateGrant {
		return h.Template == g.Key
	}
	return h.Template == "" && h.Permission.Key == g.Key
}
