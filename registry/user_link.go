package registry

import (
	"cmp"
	"net/url"
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

// Path returns where links of that kind lead.
func (k LinkKind) Path() string {
	if k == ResetLink {
		return "/new-password"
	}
	return "/invitation"
}

// UserLink is a link by which somebody chooses, once, the password of a user.
type UserLink struct {
	Kind      LinkKind
	Code      Secret // known when it is made, and to who opens or sends it
	User      User
	Team      string // its name
	By        string // the name of who made it
	ExpiresAt time.Time
}

// Path returns where the link leads, code included: it is a credential.
func (l UserLink) Path() string { return l.Kind.Path() + "?code=" + url.QueryEscape(l.Code.Reveal()) }

// Title says what an e-mail is about that hands the link over.
func (l UserLink) Title() string {
	if l.Kind == ResetLink {
		return "Choose a new password for " + l.team()
	}
	return "Your invitation to " + l.team()
}

// Text is an e-mail that hands the link over, which address opens.
func (l UserLink) Text(address string) string {
	what, ignore := l.By+" invites you to "+l.team()+". Choose a password to join:", "If you did not expect this, ignore it: you become a user only if the link is opened."
	if l.Kind == ResetLink {
		what = l.By + " reset your password for " + l.team() + ": the old one no longer works. Choose another:"
		ignore = "If you did not expect this, ask " + l.By + ". You may ignore it: nobody can sign in as you until a link is opened."
	}
	return strings.Join([]string{
		"Hello " + l.User.Name + ",", what, address,
		"The link works once, until " + exactly(l.ExpiresAt) + ". Whoever opens it gets the account: do not pass it on.", ignore,
	}, "\n\n") + "\n"
}

func (l UserLink) team() string { return cmp.Or(l.Team, "Clientele") }

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
