package registry

import (
	"slices"
	"time"
)

// Trust says what users are told of who runs an OAuth client.
type Trust string

const (
	// Unverified clients ask, and the page says that nobody has checked who runs them.
	Unverified Trust = "unverified"
	// Verified clients ask, and the page says that the team knows who runs them.
	Verified Trust = "verified"
	// FirstParty clients are the platform's own. Users are not asked, unless they revoked the last consent.
	FirstParty Trust = "first_party"
)

// How long a user may consent for.
const (
	ConsentOnce  = 15 * time.Minute // an access token's lifetime, and no refresh token
	ConsentMonth = 30 * 24 * time.Hour
)

// EndedConsentKept is how long a consent is still shown once it has ended.
const EndedConsentKept = 30 * 24 * time.Hour

// MaxReason is the most characters that an administrator's reason may have.
const MaxReason = 200

// Revoker is who revoked a consent.
type Revoker string

const (
	NotRevoked     Revoker = "" // it is current, or ran out
	RevokedByUser  Revoker = "user"
	RevokedByAdmin Revoker = "admin"
)

// Consent is what one user lets one OAuth client do for them.
type Consent struct {
	ID              string
	UserID          string
	ClientID        string
	Asked           bool     // false: the client is first-party, so that nobody was asked
	Allowed         []string // scopes, sorted
	Declined        []string // scopes that were asked for and not allowed, sorted
	GrantedAt       time.Time
	ExpiresAt       time.Time
	LastUsedAt      time.Time // zero: never
	LastUsedAddress string
	ReusedAt        time.Time // when a spent refresh token was last presented again; zero: never
	EndedAt         time.Time // zero: current, though it may have run out
	RevokedBy       Revoker
	RevokedByName   string // as it was then
	Reason          string // of an administrator, for the user to read
}

// Live reports whether the consent is good at now.
func (c Consent) Live(now time.Time) bool { return c.EndedAt.IsZero() && now.Before(c.ExpiresAt) }

// Answers reports whether the user has answered already what is asked for: the
// consent lasts until then, and each scope was allowed or declined. Where all
// were declined there is nothing to grant, so that asking again is the only way on.
func (c Consent) Answers(scopes []string, until time.Time) bool {
	if !c.Live(until) {
		return false
	}
	allowed := false
	for _, scope := range scopes {
		switch {
		case slices.Contains(c.Allowed, scope):
			allowed = true
		case !slices.Contains(c.Declined, scope):
			return false
		}
	}
	return allowed
}

// ConsentClient is what a user is told of an OAuth client.
type ConsentClient struct {
	ID            string
	Name          string
	Description   string
	Logo          string // the hash in its address, /logos/{hash}; "" when it has none
	HomePage      string // or ""
	Trust         Trust
	Origin        Origin
	CreatedByName string
	CreatedAt     time.Time
}

// ConsentQuestion is what a user is asked: who wants what, and where Allow leads.
type ConsentQuestion struct {
	ID          string // to be answered once
	Client      ConsentClient
	RedirectURI string
	Services    []ConsentService
	Renews      bool // the user consented before, and that has not ended
}

// ConsentService is what a client wants of one service.
type ConsentService struct {
	Service Service
	Scopes  []ConsentScope
	Held    []HeldGrant // what the user holds there: so may the client, as far as its scopes go
}

// ConsentScope is a scope that a client wants.
type ConsentScope struct {
	Scope
	Required bool // it cannot be unticked
	Ticked   bool // what the user chose last time
}

// ConsentAnswer is what a user allows.
type ConsentAnswer struct {
	Scopes []string `form:"scope" validate:"min=1,unique" label:"scope"`
	For    string   `form:"for" validate:"oneof=once month" label:"duration"`
}

// Lifetime returns how long the user consents for.
func (a ConsentAnswer) Lifetime() time.Duration {
	if a.For == "once" {
		return ConsentOnce
	}
	return ConsentMonth
}

// Check reports what is wrong with an answer to the question, as an Invalid
// error, or nil. A scope that is required is always to be allowed, and one that
// was not asked for never.
func (q ConsentQuestion) Check(a ConsentAnswer) error {
	if err := Check(a); err != nil {
		return err
	}
	left := slices.Clone(a.Scopes)
	for _, service := range q.Services {
		for _, scope := range service.Scopes {
			i := slices.Index(left, scope.Key)
			if i < 0 && scope.Required {
				return Invalid{"scope": "The application needs " + scope.Name + ". Allow it, or deny all."}
			}
			if i >= 0 {
				left = slices.Delete(left, i, i+1)
			}
		}
	}
	if len(left) > 0 {
		return Invalid{"scope": "Choose from what the application asks for."}
	}
	return nil
}

// Declined returns the scopes that were asked for and that the answer does not allow.
func (q ConsentQuestion) Declined(a ConsentAnswer) []string {
	var declined []string
	for _, service := range q.Services {
		for _, scope := range service.Scopes {
			if !slices.Contains(a.Scopes, scope.Key) {
				declined = append(declined, scope.Key)
			}
		}
	}
	return declined
}
