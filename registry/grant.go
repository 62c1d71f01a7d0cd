package registry

import (
	"fmt"
	"strings"
)

// GrantKind says what a grant gives.
type GrantKind string

const (
	PermissionGrant GrantKind = "permission" // a single permission
	TemplateGrant   GrantKind = "template"   // all the permissions of a template, as the catalogue has it at any time
)

// GrantInput is what it takes to give somebody a permission or a template of a
// service, or to take it from them.
type GrantInput struct {
	Subject Subject   `form:"-"`
	Service string    `form:"service"`
	Object  string    `form:"object"` // "" is the whole service, else "container" or "container/object"
	Kind    GrantKind `form:"kind"`
	Key     string    `form:"key"`
}

// Held returns the grant as its holder has it.
func (in GrantInput) Held() HeldGrant {
	return HeldGrant{Service: in.Service, Object: in.Object, Kind: in.Kind, Key: in.Key}
}

// GrantName is how forms and addresses name a template or a permission of a
// service.
func GrantName(kind GrantKind, key string) string { return string(kind) + ":" + key }

// ParseGrantName returns what GrantName names. Whether there is such a thing
// is for CheckGrant to say.
func ParseGrantName(text string) (kind GrantKind, key string) {
	before, key, _ := strings.Cut(text, ":")
	return GrantKind(before), key
}

// CheckGrant reports everything that is wrong with a grant that is about to be
// given, as an Invalid error, or nil: what it names must be in the catalogue.
func CheckGrant(in GrantInput, c Catalogue) error {
	service, known := c.Service(in.Service)
	if !known {
		return Invalid{"service": unknown("The catalogue has no service", in.Service, "Choose one it has.")}
	}
	invalid := Invalid{}
	switch in.Kind {
	case PermissionGrant:
		if _, known := service.Permission(in.Key); !known {
			invalid["key"] = unknown(service.Name+" has no permission", in.Key, "Choose one it has.")
		}
	case TemplateGrant:
		if _, known := service.Template(in.Key); !known {
			invalid["key"] = unknown(service.Name+" has no template", in.Key, "Choose one it has.")
		}
	default:
		invalid["kind"] = "Choose a permission or a template."
	}
	if _, known := service.ObjectName(in.Object); !known {
		invalid["object"] = unknown(service.Name+" has no container or object", in.Object, "Choose one it has, or the whole service.")
	}
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

// unknown says that there is nothing of that key, and what to do instead.
func unknown(what, key, instead string) string {
	if key == "" {
		return instead
	}
	return fmt.Sprintf("%s %.100q. %s", what, key, instead)
}

// WholeService is what the object "" of a grant is called.
const WholeService = "Whole service"

// ObjectName returns what a container ("Orders") or an object in one ("Orders ›
// Returns") of the service is called, and whether there is one; "" is the
// whole service.
func (s Service) ObjectName(path string) (name string, known bool) {
	if path == "" {
		return WholeService, true
	}
	containerKey, objectKey, inside := strings.Cut(path, "/")
	for _, container := range s.Containers {
		if container.Key != containerKey {
			continue
		}
		if !inside {
			return container.Name, true
		}
		for _, o := range container.Objects {
			if o.Key == objectKey {
				return container.Name + " › " + o.Name, true
			}
		}
	}
	return path, false
}
