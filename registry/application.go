package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// ApplicationType says how an application proves who it is.
type ApplicationType string

const (
	// OAuthClient exchanges its credentials for short-lived tokens.
	OAuthClient ApplicationType = "oauth_client"
	// ApplicationKey is a static key, kept for migration.
	ApplicationKey ApplicationType = "application_key"
)

// Origin says who configured an application.
type Origin string

const (
	// TeamOrigin is an application that the team's admins registered.
	TeamOrigin Origin = "team"
	// PlatformOrigin is one that a platform service made; the console shows it locked.
	PlatformOrigin Origin = "platform"
)

// Status says whether an application may get tokens.
type Status string

const (
	Active   Status = "active"
	Disabled Status = "disabled"
)

// The grant types and authentication methods that a client can be registered with.
const (
	ClientCredentials = "client_credentials"
	SecretBasic       = "client_secret_basic"
	SecretPost        = "client_secret_post"
)

// The algorithms that a client's access tokens can be signed with (RFC 7518,
// section 3).
const (
	ES256 = "ES256"
	RS256 = "RS256" // 16 times slower to sign
)

// Application is anything registered to call the platform's APIs.
type Application struct {
	ID              string // the client ID
	Type            ApplicationType
	Origin          Origin
	Status          Status
	Name            string
	Description     string
	Grants          []string // grant types
	AuthMethod      string
	TokenAlg        string // the algorithm its access tokens are signed with
	CreatedAt       time.Time
	CreatedBy       string // a user's ID, or ""
	CreatedByName   string
	LastUsedAt      time.Time // zero: never
	LastUsedAddress string
	DeletedAt       time.Time // zero: living
}

// Locked reports whether only the platform may change the application.
func (a Application) Locked() bool { return a.Origin == PlatformOrigin }

// NewClient is what a person, an API caller or the command line provides to
// register an OAuth client. Only input types are bound to requests;
// Application never is.
type NewClient struct {
	ClientDetails
	Scopes []string `form:"scope" json:"scopes" validate:"min=1,unique" label:"scope"`
	// Templates names, by service, the permission template the client starts
	// with. Without one it holds no permissions.
	Templates map[string]string `form:"-" json:"templates,omitempty" validate:"-"`
	// Origin is who configures the client; "" is the team. Only the operator
	// may say that the platform does.
	Origin Origin `form:"-" json:"-" validate:"-"`
}

// TemplateGrants returns the templates that the client starts with, by service.
func (c NewClient) TemplateGrants() []HeldGrant {
	grants := []HeldGrant{}
	for _, service := range slices.Sorted(maps.Keys(c.Templates)) {
		if c.Templates[service] != "" {
			grants = append(grants, HeldGrant{Service: service, Kind: TemplateGrant, Key: c.Templates[service]})
		}
	}
	return grants
}

// ClientDetails is what the first page of the wizard asks for, and what can be
// edited later.
type ClientDetails struct {
	Name        string   `form:"name" json:"name" validate:"required,max=80,plain_text" label:"name"`
	Description string   `form:"description" json:"description" validate:"max=500,plain_text" label:"description"`
	Grants      []string `form:"grant" json:"grants" validate:"min=1,unique,dive,oneof=client_credentials" label:"grant type"`
	AuthMethod  string   `form:"auth_method" json:"auth_method" validate:"oneof=client_secret_basic client_secret_post" label:"authentication method"`
	// TokenAlg is what its access tokens are signed with; "" is ES256.
	TokenAlg string `form:"token_alg" json:"token_alg" validate:"omitempty,oneof=ES256 RS256" label:"signing algorithm"`
}

// Clean returns the details with the white space around and doubled within
// taken out and every choice made, as they are checked and stored.
func (d ClientDetails) Clean() ClientDetails {
	d.Name = strings.Join(strings.Fields(d.Name), " ")
	d.Description = strings.TrimSpace(strings.ReplaceAll(d.Description, "\r\n", "\n"))
	d.TokenAlg = cmp.Or(d.TokenAlg, ES256)
	return d
}

// NameKey folds a name so that names which differ only in case are the same
// name, and sort together.
func NameKey(name string) string { return strings.ToLower(name) }

// ClientSecret is what is known of a secret once it was shown.
type ClientSecret struct {
	ID              string
	Prefix          string
	CreatedAt       time.Time
	CreatedByName   string
	ExpiresAt       time.Time // zero: until ended
	RevokedAt       time.Time // zero: not ended by hand
	LastUsedAt      time.Time // zero: never
	LastUsedAddress string
}

// SecretState says what a secret is good for.
type SecretState string

const (
	SecretLive    SecretState = "live"    // authenticates, with no end set
	SecretEnding  SecretState = "ending"  // authenticates until ExpiresAt
	SecretExpired SecretState = "expired" // its overlap is over
	SecretEnded   SecretState = "ended"   // stopped by hand, and its tokens with it
)

// State returns what the secret is good for at now.
func (s ClientSecret) State(now time.Time) SecretState {
	switch {
	case !s.RevokedAt.IsZero():
		return SecretEnded
	case s.ExpiresAt.IsZero():
		return SecretLive
	case now.Before(s.ExpiresAt):
		return SecretEnding
	default:
		return SecretExpired
	}
}

// Authenticates reports whether the secret is accepted at now.
func (s ClientSecret) Authenticates(now time.Time) bool {
	state := s.State(now)
	return state == SecretLive || state == SecretEnding
}
