package registry

import (
	"cmp"
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
	Reason AccessReason
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
	var lines []AccessLine
	at := map[[2]string]int{}
	for _, h := range held {
		def, known := s.Permission(h.Permission.Key)
		if h.Permission.Service != s.Key || !known {
			continue
		}
		key := [2]string{h.Object, def.Key}
		if _, seen := at[key]; !seen {
			name, _ := s.ObjectName(h.Object)
			d := Decide(held, nil, Question{Permission: h.Permission, Object: h.Object})
			line := AccessLine{Permission: def, Object: h.Object, ObjectName: name}
			if !d.Allowed {
				line.Lacks, _ = s.Permission(d.MissingPermission.Key)
			}
			at[key] = len(lines)
			lines = append(lines, line)
		}
		line := &lines[at[key]]
		line.By = append(line.By, h)
	}
	order := s.order()
	slices.SortStableFunc(lines, func(a, b AccessLine) int {
		return cmp.Or(order.object(a.Object)-order.object(b.Object), strings.Compare(a.Object, b.Object), order.permissions[a.Permission.Key]-order.permissions[b.Permission.Key])
	})
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

// catalogueOrder is the place of a service's permissions and objects in the catalogue.
type catalogueOrder struct{ permissions, objects map[string]int }

func (s Service) order() catalogueOrder {
	o := catalogueOrder{map[string]int{}, map[string]int{"": 0}}
	for _, p := range s.Permissions {
		o.permissions[p.Key] = len(o.permissions)
	}
	for _, c := range s.Containers {
		o.objects[c.Key] = len(o.objects)
		for _, object := range c.Objects {
			o.objects[c.Key+"/"+object.Key] = len(o.objects)
		}
	}
	return o
}

func (o catalogueOrder) object(path string) int {
	if at, known := o.objects[path]; known {
		return at
	}
	return len(o.objects)
}

// Explanation is the answer to an AccessQuestion, with all that it rests on.
type Explanation struct {
	Access

	Question AccessQuestion
	Subject  PickedSubject
	Client   string             // the name of the application that acts for the subject, or ""
	Needed   []NeededPermission // the permission asked for, and those that it means nothing without
}

// NeededPermission is a permission that an answer rests on, and all that gives it.
type NeededPermission struct {
	Permission Permission
	By         []Held // none: it is missing
}

// Needed returns the permission that q asks for and those of the service that
// it means nothing without, each with all that gives it on the object.
func Needed(held []Held, s Service, q Question) []NeededPermission {
	needed := []NeededPermission{{Permission: q.Permission}}
	for i := 0; i < len(needed); i++ {
		for _, h := range held {
			if h.Permission == needed[i].Permission && h.covers(q.Object) {
				needed[i].By = append(needed[i].By, h)
			}
		}
		def, _ := s.Permission(needed[i].Permission.Key)
		for _, key := range def.Needs {
			p := Permission{s.Key, key}
			if !slices.ContainsFunc(needed, func(n NeededPermission) bool { return n.Permission == p }) {
				needed = append(needed, NeededPermission{Permission: p})
			}
		}
	}
	return needed
}
