package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// AccessQuestion asks whether a subject may do something.
type AccessQuestion struct {
	Subject Subject
	Question

	ClientID string // the application that acts for the user who is the subject: their consent to it holds the scopes
}

// Access is the answer to an AccessQuestion.
type Access struct {
	Decision

	Question AccessQuestion
	Reason   AccessReason
}

// AccessReason says in a word why a question of access was answered so.
type AccessReason string

const (
	AccessGranted     AccessReason = "granted"
	UnknownSubject    AccessReason = "unknown_subject" // nobody, or none that holds permissions
	SubjectDisabled   AccessReason = "subject_disabled"
	UnknownPermission AccessReason = "unknown_permission" // the service has none of that key, or there is no such service
	ScopeMissing      AccessReason = "missing_scope"
	PermissionMissing AccessReason = "missing_permission"
)

// Semantics says when the rest of several questions need no answer
// (AuthZEN Authorization API 1.0, section 7.1.2).
type Semantics string

const (
	ExecuteAll          Semantics = "execute_all"
	DenyOnFirstDeny     Semantics = "deny_on_first_deny"
	PermitOnFirstPermit Semantics = "permit_on_first_permit"
)

// Ends reports whether an answer is the last one.
func (s Semantics) Ends(allowed bool) bool {
	return s == DenyOnFirstDeny && !allowed || s == PermitOnFirstPermit && allowed
}

// MostQuestions is how many are answered at once.
const MostQuestions = 100

// IsObject reports whether path can name a container or an object in one, or
// is "" for the whole service.
func IsObject(path string) bool {
	if path == "" {
		return true
	}
	container, object, inside := strings.Cut(path, "/")
	return len(path) <= 300 && objectKey.MatchString(container) && (!inside || objectKey.MatchString(object))
}

// EffectiveAccess is what a subject holds of a service, a line for each
// permission and place, in the order of the catalogue: the whole service first.
// Places of which the catalogue knows nothing come last.
func EffectiveAccess(held []Held, s Service) []AccessLine {
	at := map[string][]Held{} // by object
	for _, h := range held {
		if _, known := s.Permission(h.Permission.Key); known && h.Permission.Service == s.Key {
			at[h.Object] = append(at[h.Object], h)
		}
	}
	order := s.order()
	objects := slices.SortedFunc(maps.Keys(at), func(a, b string) int { return cmp.Or(order.object(a)-order.object(b), strings.Compare(a, b)) })
	var lines []AccessLine
	for _, object := range objects {
		counts := at[object]
		if container, _, inside := strings.Cut(object, "/"); inside {
			counts = slices.Concat(counts, at[container], at[""])
		} else if object != "" {
			counts = slices.Concat(counts, at[""])
		}
		name, _ := s.ObjectName(object)
		for _, def := range s.Permissions {
			line := AccessLine{Permission: def, Object: object, ObjectName: name}
			for _, h := range at[object] {
				if h.Permission.Key == def.Key {
					line.By = append(line.By, h)
				}
			}
			if len(line.By) == 0 {
				continue
			}
			if d := Decide(counts, nil, Question{Permission: line.By[0].Permission, Object: object}); !d.Allowed {
				line.Lacks, _ = s.Permission(d.MissingPermission.Key)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// AccessLine is a permission that a subject holds somewhere, and all that gives it.
type AccessLine struct {
	Permission PermissionDef
	Object     string // "" is the whole service
	ObjectName string
	By         []Held
	Lacks      PermissionDef // what it means nothing without and is not held there, or the zero one
}

// objectOrder is the place of a service's containers and objects in the catalogue.
type objectOrder map[string]int

func (s Service) order() objectOrder {
	o := objectOrder{"": 0}
	for _, c := range s.Containers {
		o[c.Key] = len(o)
		for _, object := range c.Objects {
			o[c.Key+"/"+object.Key] = len(o)
		}
	}
	return o
}

func (o objectOrder) object(path string) int {
	if at, known := o[path]; known {
		return at
	}
	return len(o)
}

// Explanation is the answer to an AccessQuestion, with all that it rests on.
type Explanation struct {
	Access

	Subject PickedSubject
	Client  PickedSubject      // the application that acts for the subject, or the zero one
	Needed  []NeededPermission // the permission asked for, and those that it means nothing without

	// Of the application that is the subject, or acts for it: its scopes, those of
	// them that users cannot leave out, and whether it has keys instead of any.
	Registered, Required []string
	Keyed                bool
}

// NeededPermission is a permission that an answer rests on, and all that gives it.
type NeededPermission struct {
	Permission Permission
	By         []Held // none: it is missing
}

// Needed returns the permission that q asks for and those of the service that
// it means nothing without, each with all that gives it on the object.
func Needed(held []Held, s Service, q Question) []NeededPermission {
	var needed []NeededPermission
	for _, p := range s.PermissionWithNeeds(q.Permission.Key) {
		n := NeededPermission{Permission: p}
		for _, h := range held {
			if h.Permission == p && h.covers(q.Object) {
				n.By = append(n.By, h)
			}
		}
		needed = append(needed, n)
	}
	return needed
}

// SubjectAccess is what a subject may do at each service that somebody may look
// at. Services of which it has nothing are left out.
type SubjectAccess struct {
	Subject  PickedSubject
	Keyed    bool // an application key, which has no scopes
	Services []ServiceAccess
}

// ServiceAccess is what a subject holds of a service.
type ServiceAccess struct {
	Service Service
	Lines   []AccessLine
	Scopes  []Scope // of an application: those of the service that its tokens can carry
}

// LinesShown is how many lines of a service are on a page.
const LinesShown = 50

// Page returns the lines from the n-th on, as many as a page has, and where the
// pages before and after begin, or -1.
func (a ServiceAccess) Page(from int) (lines []AccessLine, prev, next int) {
	from = max(0, min(from, len(a.Lines)-1))
	to := min(from+LinesShown, len(a.Lines))
	prev, next = -1, -1
	if from > 0 {
		prev = max(0, from-LinesShown)
	}
	if to < len(a.Lines) {
		next = to
	}
	return a.Lines[from:to], prev, next
}

// HolderQuery asks who may do something at a service, from the first by name
// on, or from after a cursor.
type HolderQuery struct {
	Permission string `query:"permission"` // its key; "": the service's first
	Object     string `query:"object"`     // "" is the whole service
	After      string `query:"after"`
}

// Holder is a user or an application that holds a permission, and all that
// gives it.
type Holder struct {
	Subject PickedSubject
	By      []Held
	Lacks   Permission // without which it means nothing, or the zero one
}

// HolderPage is a page of those who hold a permission somewhere, by name.
type HolderPage struct {
	Holders []Holder
	Next    string
}
