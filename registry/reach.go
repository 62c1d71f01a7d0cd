package registry

import (
	"slices"
	"strings"
)

// ManageOwnPermissions is the key of the permission by which a service says who
// looks after its permissions: on all of it, on a container or on an object.
const ManageOwnPermissions = "manage-permissions"

// Reach is whose permissions somebody may look at: those of every service, of
// some, or of some containers and objects.
type Reach struct {
	all   bool
	parts map[string][]string // by service; "" among them is all of it
}

// PermissionReach returns what somebody who holds held may look at: everything
// with ViewPermissions, and otherwise whatever they hold ManageOwnPermissions on.
func PermissionReach(held []Held) Reach {
	r := Reach{all: Decide(held, nil, Question{Permission: ViewPermissions}).Allowed, parts: map[string][]string{}}
	for _, h := range held {
		if h.Permission.Key == ManageOwnPermissions && Decide(held, nil, Question{Permission: h.Permission, Object: h.Object}).Allowed {
			r.parts[h.Permission.Service] = append(r.parts[h.Permission.Service], h.Object)
		}
	}
	return r
}

// Everything is the reach of those who look after the installation.
var Everything = Reach{all: true}

// Any reports whether it reaches anything.
func (r Reach) Any() bool { return r.all || len(r.parts) > 0 }

// Of returns what is reached of a service, and whether anything is.
func (r Reach) Of(s Service) (ServicePart, bool) {
	parts, some := r.parts[s.Key]
	if r.all || slices.Contains(parts, "") {
		return ServicePart{Service: s}, true
	}
	if !some {
		return ServicePart{}, false
	}
	all := s.Containers
	s.Containers = nil
	for _, c := range all {
		if !slices.Contains(parts, c.Key) {
			c.Objects = slices.DeleteFunc(slices.Clone(c.Objects), func(o Object) bool { return !slices.Contains(parts, c.Key+"/"+o.Key) })
			if len(c.Objects) == 0 {
				continue
			}
		}
		s.Containers = append(s.Containers, c)
	}
	return ServicePart{Service: s, Only: parts}, true
}

// ServicePart is a service as far as somebody may look at its permissions.
type ServicePart struct {
	Service          // with those containers and objects only
	Only    []string // the containers and objects that the part is; none: it is all of the service
}

// Covers reports whether the part has what lies at object.
func (p ServicePart) Covers(object string) bool {
	return len(p.Only) == 0 || anyCovers(p.Only, object)
}

// anyCovers reports whether object is one of the parts of a service, or lies in one.
func anyCovers(parts []string, object string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return Held{Object: part}.covers(object) })
}

// ServiceSubjects is a service with how many subjects hold anything of it
// themselves.
type ServiceSubjects struct {
	ServicePart
	Users, Groups, Applications Count
}

// Mentions reports whether the service's key, name or description contains the
// search, whatever the case.
func (s Service) Mentions(search string) bool {
	text := strings.Join([]string{s.Key, s.Name, s.Description}, "\n")
	return strings.Contains(NameKey(text), NameKey(CleanSearch(search)))
}
