package registry

import (
	"strings"
	"time"
)

// LinkKind says what a one-time link is for.
type LinkKind string

const (
	InvitationLink LinkKind = "invitation" // to become a user
	ResetLink      LinkKind = "reset"      // to choose another password
)

// Lifetime returns how long such a link can be opened.
func (k LinkKind) Lifetime() time.Duration {
	if k == InvitationLink {
		return 7 * 24 * time.Hour
	}
	return 24 * time.Hour
}

// UserLink is a link by which somebody chooses, once, the password of a user.
type UserLink struct {
	Kind      LinkKind
	Code      Secret // known when it is made, and not again
	User      User
	Team      string // its name
	ExpiresAt time.Time
}

// NewInvitation is what it takes to invite somebody.
type NewInvitation struct {
	Name   string   `form:"name" validate:"required,max=80,plain_text" label:"name"`
	Email  string   `form:"email" validate:"required,max=254,email" label:"e-mail address"`
	Admin  bool     `form:"admin"`
	Groups []string `form:"group" validate:"max=100,unique" label:"group"` // IDs
}

// Clean returns the invitation without stray white space.
func (i NewInvitation) Clean() NewInvitation {
	u := NewUser{Name: i.Name, Email: i.Email}.Clean()
	i.Name, i.Email = u.Name, u.Email
	return i
}

// Reason is why something is done to a user. It stands in the audit log.
type Reason struct {
	Reason string `form:"reason" validate:"max=200,plain_text" label:"reason"`
}

// Clean returns the reason without stray white space.
func (r Reason) Clean() Reason { return Reason{strings.Join(strings.Fields(r.Reason), " ")} }
