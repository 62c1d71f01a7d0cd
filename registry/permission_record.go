package registry

import (
	"cmp"
	"slices"
	"strings"
)

// PermissionRecord is all that a subject may do in one place of a service,
// whatever gives it.
type PermissionRecord struct {
	Subject    PickedSubject
	Groups     []string // of a user: the names of the groups that give some of it
	Templates  []string // the names of those that give some of it
	Service    Service
	Object     string // "" is the whole service
	ObjectName string // "" for the whole service, and for what the catalogue no longer has
	Actions    []string
}

// ObjectType says what kind of place it is: "service", "container" or "object".
func (r PermissionRecord) ObjectType() string {
	switch {
	case r.Object == "":
		return "service"
	case strings.Contains(r.Object, "/"):
		return "object"
	default:
		return "container"
	}
}

// Compare orders records of one subject by the keys of service and object.
func (r PermissionRecord) Compare(service, object string) int {
	return cmp.Or(strings.Compare(r.Service.Key, service), strings.Compare(r.Object, object))
}

// Records returns what a subject may do, a record for each place, in the order
// of Compare. What means nothing there without something that is missing is
// left out.
func Records(of PickedSubject, held []Held, c Catalogue) []PermissionRecord {
	var records []PermissionRecord
	for _, s := range c.Services {
		for _, line := range EffectiveAccess(held, s) {
			if line.Lacks.Key != "" {
				continue
			}
			last := len(records) - 1
			if last < 0 || records[last].Service.Key != s.Key || records[last].Object != line.Object {
				records = append(records, PermissionRecord{Subject: of, Service: s, Object: line.Object})
				last++
				if line.Object != "" {
					records[last].ObjectName, _ = s.place(line.Object)
				}
			}
			r := &records[last]
			r.Actions = append(r.Actions, line.Permission.Key)
			for _, by := range line.By {
				template, _ := s.Template(by.Template)
				r.Groups, r.Templates = withName(r.Groups, by.GroupName), withName(r.Templates, template.Name)
			}
		}
	}
	slices.SortFunc(records, func(a, b PermissionRecord) int { return a.Compare(b.Service.Key, b.Object) })
	return records
}

// withName adds a name to sorted ones, unless it is there or "".
func withName(names []string, name string) []string {
	at, there := slices.BinarySearch(names, name)
	if there || name == "" {
		return names
	}
	return slices.Insert(names, at, name)
}

// Covers reports whether it reaches what lies at object of a service.
func (r Reach) Covers(service, object string) bool {
	return r.all || anyCovers(r.parts[service], object)
}
