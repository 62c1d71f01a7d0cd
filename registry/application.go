package registry

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"
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
	AuthorizationCode = "authorization_code"
	RefreshToken      = "refresh_token"
	SecretBasic       = "client_secret_basic"
	SecretPost        = "client_secret_post"
	PublicClient      = "none" // no secret: only PKCE proves who redeems a code
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
	Grants          []string       // grant types
	AuthMethod      string         // "" of an application key
	RedirectURIs    []string       // where codes may be sent, in the order they were entered
	Networks        []netip.Prefix // where it may be used from, in the order they were entered; none is anywhere
	HomePage        string         // or ""
	Trust           Trust
	Logo            string // the hash of its PNG, in hex; "" when it has none
	TokenAlg        string // the algorithm its access tokens are signed with; "" of an application key
	CreatedAt       time.Time
	CreatedBy       string // a user's ID, or ""
	CreatedByName   string
	LastUsedAt      time.Time // zero: never
	LastUsedAddress string
	DeletedAt       time.Time // zero: living
}

// Locked reports whether only the platform may change the application.
func (a Application) Locked() bool { return a.Origin == PlatformOrigin }

// ActsForUsers reports whether users let the application act for them.
func (a Application) ActsForUsers() bool { return slices.Contains(a.Grants, AuthorizationCode) }

// ActsAsItself reports whether the application uses permissions of its own:
// all do but those that only act for users.
func (a Application) ActsAsItself() bool { return actsAsItself(a.Grants) }

// NewCredential returns a new credential of the application's type: a client
// secret or a key.
func (a Application) NewCredential() Secret {
	if a.Type == ApplicationKey {
		return NewKey()
	}
	return NewSecret()
}

// Public reports whether the application is a client that has no secret.
func (a Application) Public() bool { return a.AuthMethod == PublicClient }

// NewClient is what a person, an API caller or the command line provides to
// register an OAuth client. Only input types are bound to requests;
// Application never is.
type NewClient struct {
	ClientDetails
	Scopes []string `form:"scope" json:"scopes" validate:"min=1,unique" label:"scope"`
	// Required names scopes that users cannot leave out when they consent. See RequiredScopes.
	Required []string `form:"required" json:"required,omitempty" validate:"-"`
	// Templates names, by service, the permission template the client starts
	// with. Without one it holds no permissions.
	Templates map[string]string `form:"-" json:"templates,omitempty" validate:"-"`
	// Logo is shown at consent: a PNG, as we encoded it ourselves, or nil.
	Logo []byte `form:"-" json:"-" validate:"-"`
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

// RequiredScopes returns which of a client's scopes users cannot leave out when
// they consent, sorted: those of required, and openid, without which nobody
// signs in. Of a client that never asks users, none.
func RequiredScopes(grants, scopes, required []string) []string {
	var all []string
	for _, scope := range scopes {
		if slices.Contains(grants, AuthorizationCode) && (scope == OpenIDScope || slices.Contains(required, scope)) {
			all = append(all, scope)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ClientDetails is what the first page of the wizard asks for, and what can be
// edited later.
type ClientDetails struct {
	Name         string   `form:"name" json:"name" validate:"required,max=80,plain_text" label:"name"`
	Description  string   `form:"description" json:"description" validate:"max=500,plain_text" label:"description"`
	Grants       []string `form:"grant" json:"grants" validate:"min=1,unique,dive,oneof=client_credentials authorization_code refresh_token" label:"grant type"`
	AuthMethod   string   `form:"auth_method" json:"auth_method" validate:"oneof=client_secret_basic client_secret_post none" label:"authentication method"`
	RedirectURIs []string `form:"redirect_uris" json:"redirect_uris" validate:"max=20,redirect_uris" label:"redirect URI"`
	HomePage     string   `form:"home_page" json:"home_page" validate:"omitempty,home_page" label:"home page"`
	Trust        Trust    `form:"trust" json:"trust" validate:"omitempty,oneof=unverified verified first_party" label:"trust"`
	// TokenAlg is what its tokens are signed with; "" is ES256.
	TokenAlg string `form:"token_alg" json:"token_alg" validate:"omitempty,oneof=ES256 RS256" label:"signing algorithm"`
}

// ActsForUsers reports whether users let such a client act for them.
func (d ClientDetails) ActsForUsers() bool { return slices.Contains(d.Grants, AuthorizationCode) }

// ActsAsItself is that of the Application.
func (d ClientDetails) ActsAsItself() bool { return actsAsItself(d.Grants) }

func actsAsItself(grants []string) bool {
	return !slices.Contains(grants, AuthorizationCode) || slices.Contains(grants, ClientCredentials)
}

// Clean returns the details as they are checked and stored: without the white
// space around and doubled within, each redirect URI by itself, however many
// stand on the lines of one, and with every choice made. What only matters to a
// client that acts for users is left out of others.
func (d ClientDetails) Clean() ClientDetails {
	d.Name = strings.Join(strings.Fields(d.Name), " ")
	d.Description = strings.TrimSpace(strings.ReplaceAll(d.Description, "\r\n", "\n"))
	d.TokenAlg = cmp.Or(d.TokenAlg, ES256)
	if !d.ActsForUsers() {
		d.RedirectURIs, d.HomePage, d.Trust = nil, "", Unverified
		return d
	}
	d.RedirectURIs, d.HomePage, d.Trust = Lines(d.RedirectURIs), strings.TrimSpace(d.HomePage), cmp.Or(d.Trust, Unverified)
	return d
}

// Lines returns every line of texts by itself, without the white space around
// it and without those that are blank.
func Lines(texts []string) []string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(strings.Join(texts, "\n"), "\r", "\n")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// checkClientDetails reports what depends on several details.
func checkClientDetails(level validator.StructLevel) {
	d, _ := level.Current().Interface().(ClientDetails)
	wrong := func(field, label, rule string) { level.ReportError(d, field+"|"+label, label, rule, "") }
	if !d.ActsForUsers() && slices.Contains(d.Grants, RefreshToken) {
		wrong("grant", "grant type", "refresh_alone")
	}
	if d.AuthMethod == PublicClient && (!d.ActsForUsers() || slices.Contains(d.Grants, ClientCredentials)) {
		wrong("auth_method", "authentication method", "public_alone")
	}
	if d.ActsForUsers() && len(d.RedirectURIs) == 0 {
		wrong("redirect_uris", "redirect URI", "required")
	}
}

// NameKey folds a name so that names which differ only in case are the same
// name, and sort together.
func NameKey(name string) string { return strings.ToLower(name) }
