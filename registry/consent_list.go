package registry

import (
	"strings"
	"time"
)

// OwnConsentsShown is how many of their consents a user is shown at once: a
// search finds the others.
const OwnConsentsShown = 200

// Ended returns when the consent was revoked or ran out; zero while it is live.
func (c Consent) Ended(now time.Time) time.Time {
	switch {
	case !c.EndedAt.IsZero():
		return c.EndedAt
	case now.Before(c.ExpiresAt):
		return time.Time{}
	default:
		return c.ExpiresAt
	}
}

// OwnConsent is a consent as its user sees it.
type OwnConsent struct {
	Consent
	Client ConsentClient
}

// OwnConsents are the consents of a user.
type OwnConsents struct {
	Live  []OwnConsent // last used first, at most OwnConsentsShown
	Ended []OwnConsent // for EndedConsentKept, the last to end first, at most OwnConsentsShown
	All   int          // how many are live, whatever was searched for
	More  bool         // more are live than are shown
}

// UserConsent is a consent as those see it who look after its client.
type UserConsent struct {
	Consent
	UserName  string
	UserEmail string
}

// ConsentState narrows a list of consents.
type ConsentState string

const (
	LiveConsents  ConsentState = ""
	EndedConsents ConsentState = "ended" // for EndedConsentKept
	AllConsents   ConsentState = "all"
)

// ConsentQuery says which page of the consents to a client to list. Its zero
// value asks for the first page of those that are live, the last granted first.
type ConsentQuery struct {
	State  ConsentState `query:"state" validate:"omitempty,oneof=ended all" form:"state" label:"state"`
	Search string       `query:"q" validate:"-" form:"q" label:"search"`         // part of a user's name or e-mail address
	After  string       `query:"after" validate:"-" form:"after" label:"page"`   // the page after this cursor
	Before string       `query:"before" validate:"-" form:"before" label:"page"` // the page before this cursor; wins over After
}

// ConsentsByGrant is the order of a ConsentPage's cursors.
const ConsentsByGrant ApplicationSort = "-granted"

// ConsentPage is a page of the consents to a client.
type ConsentPage struct {
	Consents   []UserConsent
	Found      Count // how many match
	Prev, Next string
}

// Revocation is what an administrator tells a user whose consent they revoke.
type Revocation struct {
	Reason string `form:"reason" validate:"max=200,plain_text" label:"reason"`
}

// Clean returns the revocation without stray white space.
func (r Revocation) Clean() Revocation {
	return Revocation{Reason: strings.Join(strings.Fields(r.Reason), " ")}
}

// CheckAll reports what is wrong with revoking the consents of all users, as an
// Invalid error, or nil: so many are told why.
func (r Revocation) CheckAll() error {
	if r.Reason == "" {
		return Invalid{"reason": "Enter a reason. Every user who consented reads it."}
	}
	return Check(r)
}
