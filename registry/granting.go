package registry

import "fmt"

// Granting says who may give and take the permissions of a service.
type Granting string

const (
	// Standard is by those who may manage permissions (ManagePermissions).
	Standard Granting = "standard"
	// Restricted is by those who hold the service's own ManageOwnPermissions,
	// each on as much of the service as they hold it on.
	Restricted Granting = "restricted"
)

// GrantedBy returns the permission by which those of the service are given and
// taken.
func (s Service) GrantedBy() Permission {
	if s.Granting == Restricted {
		return Permission{s.Key, ManageOwnPermissions}
	}
	return ManagePermissions
}

// Granter is somebody as far as they may give and take permissions. The zero
// Granter may not.
type Granter struct {
	held []Held
	all  bool
}

// GranterHolding returns who holds held as a Granter.
func GranterHolding(held []Held) Granter { return Granter{held: held} }

// EveryGranter is who looks after the installation.
var EveryGranter = Granter{all: true}

// May reports whether the service's permissions on object may be given and
// taken; "" asks for the whole service.
func (g Granter) May(s Service, object string) bool {
	return g.all || Decide(g.held, nil, Question{Permission: s.GrantedBy(), Object: object}).Allowed
}

// MayAll reports whether all of the grants, of services of the catalogue, may be
// given and taken.
func (g Granter) MayAll(c Catalogue, grants []HeldGrant) bool {
	for _, held := range grants {
		if s, _ := c.Service(held.Service); !g.May(s, held.Object) {
			return false
		}
	}
	return true
}

// Require returns Forbidden unless May.
func (g Granter) Require(s Service, object string) error {
	if g.May(s, object) {
		return nil
	}
	return Forbidden{Missing: s.GrantedBy()}
}

// Part returns the part of the service of which permissions may be given and
// taken, and whether there is any.
func (g Granter) Part(s Service) (ServicePart, bool) {
	if g.May(s, "") || s.Granting != Restricted {
		return ServicePart{Service: s}, g.May(s, "")
	}
	return Reach{parts: PermissionReach(g.held).parts}.Of(s)
}

// RequirePart returns Forbidden unless there is any such part.
func (g Granter) RequirePart(s Service) error {
	if _, some := g.Part(s); some {
		return nil
	}
	return Forbidden{Missing: s.GrantedBy()}
}

// Any reports whether permissions of some service of the catalogue may be given.
func (g Granter) Any(c Catalogue) bool {
	for _, s := range c.Services {
		if _, some := g.Part(s); some && len(s.Permissions) > 0 {
			return true
		}
	}
	return false
}

// CheckGranting returns Invalid, told at granting, when the service cannot be
// granted so.
func CheckGranting(s Service, to Granting) error {
	wrong := ""
	_, has := s.Permission(ManageOwnPermissions)
	switch {
	case to != Standard && to != Restricted:
		wrong = "Choose standard or restricted."
	case to == Restricted && s.BuiltIn:
		wrong = "A built-in service is always granted by those who may manage permissions."
	case to == Restricted && !has:
		wrong = fmt.Sprintf("Only a service that has a permission %s can be restricted: its holders grant. Add it to the catalogue first.", ManageOwnPermissions)
	}
	if wrong == "" {
		return nil
	}
	return Invalid{"granting": wrong}
}

// PermissionWithNeeds returns a permission of the service, with everything that
// it means nothing without.
func (s Service) PermissionWithNeeds(key string) []Permission {
	all := []Permission{{s.Key, key}}
	for i := 0; i < len(all); i++ {
		p, _ := s.Permission(all[i].Key)
		all = addNeeds(all, s.Key, p.Needs)
	}
	return all
}

// GrantingView is who may grant the permissions of a service, as a page says it.
type GrantingView struct {
	ServicePart
	Holders int  // users who can sign in and hold ManageOwnPermissions on the whole service
	Holds   bool // the viewer holds it so
	May     bool // the viewer may change who may grant
}
