package registry

import (
	"cmp"
	"slices"
	"time"
)

// UsageDays is how many days ApplicationDetails counts tokens for.
const UsageDays = 30

// SecretKept is how long a secret is still shown once it is no longer accepted.
const SecretKept = 30 * 24 * time.Hour

// ApplicationDetails is all that an application's page shows.
type ApplicationDetails struct {
	Application
	Owners      []Owner        // by name
	MovesTo     Application    // the client that takes over from an application key, with ID, Name, Status and last use; none without an ID
	MovesFrom   Application    // the application key that a client takes over from; likewise
	Secrets     []ClientSecret // newest first; those no longer accepted for SecretKept
	Policy      CredentialPolicy
	SecretsMade int        // how many secrets it ever had
	Scopes      []Scope    // in the catalogue's order
	Required    []string   // those of Scopes that users cannot leave out when they consent, sorted
	ScopeUses   []ScopeUse // of each scope, sorted by it
	Permissions []HeldGrant
	Days        [UsageDays]int64 // tokens issued by UTC day, today last
	Failures    AuthenticationFailures
}

// LiveSecrets counts the secrets that last, as the policy does.
func (d ApplicationDetails) LiveSecrets(now time.Time) int {
	n := 0
	for _, s := range d.Secrets {
		if s.Lasts(now) {
			n++
		}
	}
	return n
}

// ScopeUse is since when an application has a scope, and when a token last
// carried it, to a few hours: zero when none did since then.
type ScopeUse struct {
	Scope           string
	AddedAt, UsedAt time.Time
}

// UnusedScopes returns the scopes that no token of the application carried for
// UnusedDays, sorted: none while the application itself was not used, or not
// observed, for so long. A client that asks without naming scopes gets, and so
// uses, all of them.
func (d ApplicationDetails) UnusedScopes(now time.Time) []string {
	since := now.AddDate(0, 0, -UnusedDays)
	if d.LastUsedAt.Before(since) {
		return nil
	}
	var unused []string
	for _, u := range d.ScopeUses {
		if u.AddedAt.Before(since) && u.UsedAt.Before(since) {
			unused = append(unused, u.Scope)
		}
	}
	if len(unused) == len(d.ScopeUses) { // its tokens are from before they were observed
		return nil
	}
	return unused
}

// OwnedBy reports whether a user owns the application.
func (d ApplicationDetails) OwnedBy(user string) bool {
	return slices.ContainsFunc(d.Owners, func(o Owner) bool { return o.ID == user })
}

// Abandoned reports whether nobody who can sign in owns the application, and
// somebody could: the platform's have no owners.
func (d ApplicationDetails) Abandoned() bool {
	return !d.Locked() && !slices.ContainsFunc(d.Owners, func(o Owner) bool { return !o.Disabled })
}

// Secret returns one of the secrets, or false.
func (d ApplicationDetails) Secret(id string) (ClientSecret, bool) {
	i := slices.IndexFunc(d.Secrets, func(s ClientSecret) bool { return s.ID == id })
	if i < 0 {
		return ClientSecret{}, false
	}
	return d.Secrets[i], true
}

// ScopeKeys returns the scopes that the application may ask for.
func (d ApplicationDetails) ScopeKeys() []string {
	keys := make([]string, len(d.Scopes))
	for i, s := range d.Scopes {
		keys[i] = s.Key
	}
	return keys
}

// Holds reports whether the application was given that very grant.
func (d ApplicationDetails) Holds(g HeldGrant) bool { return slices.Contains(d.Permissions, g) }

// Details returns what can be edited of the application.
func (a Application) Details() ClientDetails {
	return ClientDetails{
		Name: a.Name, Description: a.Description, Grants: a.Grants, AuthMethod: a.AuthMethod, TokenAlg: a.TokenAlg,
		RedirectURIs: a.RedirectURIs, HomePage: a.HomePage, Trust: a.Trust,
	}
}

// ClientEdit is new details of a client, and what the editor knew of the old.
type ClientEdit struct {
	ClientDetails
	// Seen is the details as the editor saw them. When they are no longer so,
	// someone else was faster, and nothing is done. nil is not compared.
	Seen *ClientDetails `form:"-" json:"-" validate:"-"`
	Logo LogoEdit       `form:"-" json:"-" validate:"-"`
}

// LogoEdit is what is to become of the logo of a client or the team. Its zero value leaves it
// as it is.
type LogoEdit struct {
	PNG    []byte // the new one, as we encoded it ourselves, or nil
	Remove bool   // when there is no new one
}

// DetailChange is one detail that changed.
type DetailChange struct {
	Field         string // its name in JSON
	Before, After any    // a string, or several
}

// Changes returns what has to change for the details to become to.
func (d ClientDetails) Changes(to ClientDetails) []DetailChange {
	var all []DetailChange
	note := func(field, before, after string) {
		if before != after {
			all = append(all, DetailChange{field, before, after})
		}
	}
	note("name", d.Name, to.Name)
	note("description", d.Description, to.Description)
	if !sameSet(d.Grants, to.Grants) {
		all = append(all, DetailChange{"grants", d.Grants, to.Grants})
	}
	note("auth_method", d.AuthMethod, to.AuthMethod)
	if !slices.Equal(d.RedirectURIs, to.RedirectURIs) {
		all = append(all, DetailChange{"redirect_uris", d.RedirectURIs, to.RedirectURIs})
	}
	note("home_page", d.HomePage, to.HomePage)
	note("trust", string(cmp.Or(d.Trust, Unverified)), string(cmp.Or(to.Trust, Unverified)))
	note("token_alg", cmp.Or(d.TokenAlg, ES256), cmp.Or(to.TokenAlg, ES256))
	return all
}

// Onto returns what the editor typed, on details that someone else changed
// meanwhile: what the editor left alone is as it is now.
func (e ClientEdit) Onto(now ClientDetails) ClientDetails {
	if e.Seen == nil {
		return e.ClientDetails
	}
	for _, typed := range e.Seen.Changes(e.Clean()) {
		switch typed.Field {
		case "name":
			now.Name = e.Name
		case "description":
			now.Description = e.Description
		case "grants":
			now.Grants = e.Grants
		case "auth_method":
			now.AuthMethod = e.AuthMethod
		case "redirect_uris":
			now.RedirectURIs = e.RedirectURIs
		case "home_page":
			now.HomePage = e.HomePage
		case "trust":
			now.Trust = e.Trust
		case "token_alg":
			now.TokenAlg = e.TokenAlg
		}
	}
	return now
}

// ScopeEdit is the scopes that an application is to have, and what the editor
// knew of those it has.
type ScopeEdit struct {
	Scopes []string `form:"scope" json:"scopes" validate:"min=1,unique" label:"scope"`
	// Seen is the scopes as the editor saw them. When they are no longer so,
	// someone else was faster, and nothing is done. nil is not compared.
	Seen []string `form:"seen" json:"-" validate:"-"`
	// Required names scopes that users cannot leave out when they consent. See RequiredScopes.
	Required     []string `form:"required" json:"required,omitempty" validate:"-"`
	SeenRequired []string `form:"seen_required" json:"-" validate:"-"` // compared when Seen is
}

// CheckScopes reports what is wrong with the scopes that an application is to
// have, as an Invalid error, or nil: it needs one, and the catalogue has all.
func CheckScopes(in ScopeEdit, c Catalogue) error {
	if err := Check(in); err != nil {
		return err
	}
	for _, scope := range in.Scopes {
		if _, _, known := c.Scope(scope); !known {
			return Invalid{"scope": unknown("The catalogue has no scope", scope, "Choose from those it has.")}
		}
	}
	return nil
}

// CompareScopes returns what has to be added and removed for the scopes to
// become to, sorted.
func CompareScopes(from, to []string) (added, removed []string) {
	return missing(to, from), missing(from, to)
}

// CompareRequired returns which scopes become required, and which of those that
// are kept no longer are, for the required ones to become to, sorted.
func CompareRequired(from, to, kept []string) (required, optional []string) {
	optional = slices.DeleteFunc(missing(from, to), func(scope string) bool { return !slices.Contains(kept, scope) })
	return missing(to, from), optional
}

func missing(all, in []string) []string {
	var left []string
	for _, s := range slices.Compact(slices.Sorted(slices.Values(all))) {
		if !slices.Contains(in, s) {
			left = append(left, s)
		}
	}
	return left
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
