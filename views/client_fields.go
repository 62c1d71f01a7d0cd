package views

import (
	"cmp"
	"slices"
	"strings"

	"clientele/registry"
	"clientele/views/ui"
)

// clientFields is what is asked for of a client, when it is registered and when
// it is edited.
type clientFields struct {
	Input      registry.ClientDetails
	Invalid    registry.Invalid
	Check      string // the address that checks a field as one leaves it
	Autofocus  bool
	MethodHint string
	PublicText string    // what comes of a public client, if there is more to say
	OfferBoth  bool      // both grant types at once: some client has them already
	Logo       logoInput // but for what is wrong with it
	AskAlg     bool      // for the signing algorithm too
}

// clientFieldNames are the names of the fields, in their order.
var clientFieldNames = []string{"name", "description", "grant", "redirect_uris", "auth_method", "token_alg", "home_page", "logo", "trust"}

var tokenAlgOptions = []ui.Option{
	{Value: registry.ES256, Label: "ES256", Text: "Elliptic curve: short tokens, quick to sign. What to use where nothing speaks against it."},
	{Value: registry.RS256, Label: "RS256", Text: "RSA: for APIs whose libraries know nothing else. Longer tokens, slower to sign."},
}

var grantOptions = []ui.Option{
	{Value: registry.ClientCredentials, Label: "Client credentials", Icon: "server-cog", Text: "A service that acts as itself, with nobody signed in."},
	{Value: registry.AuthorizationCode, Label: "Authorization code", Icon: "users", Text: "An app that acts for the users who sign in and consent."},
}

// bothGrants are the grant types of a client that acts for users and as itself.
// The wizard does not offer it: two clients are easier to keep apart.
var bothGrants = ui.Option{
	Value: registry.ClientCredentials + " " + registry.AuthorizationCode, Label: "Both", Icon: "app-window",
	Text: "It acts for users, and as itself as well.",
}

var authMethodOptions = []ui.Option{
	{Value: registry.SecretBasic, Label: "Client secret basic", Icon: "key-round", Text: "ID and secret in the Authorization header. What most libraries do."},
	{Value: registry.SecretPost, Label: "Client secret post", Icon: "braces", Text: "ID and secret in the body. For clients that cannot set the header."},
	{Value: registry.PublicClient, Label: "None, public client", Icon: "globe", Text: "For apps that cannot keep a secret: browser, mobile, desktop. PKCE protects the code."},
}

var trustOptions = []ui.Option{
	{Value: string(registry.Unverified), Label: "Unverified", Text: "Users are told that nobody has checked who runs it."},
	{Value: string(registry.Verified), Label: "Verified", Text: "Users are told that your team knows who runs it."},
	{Value: string(registry.FirstParty), Label: "First-party", Text: "Part of your platform: users are not asked, unless they took their consent back."},
}

// grantField chooses who a client acts for.
func (f clientFields) grantField() ui.Field {
	field := ui.Field{Name: "grant", Label: "Grant type", Error: f.Invalid["grant"], Options: grantOptions, Value: grantChoice(f.Input.Grants)}
	if f.OfferBoth || field.Value == bothGrants.Value {
		field.Options = append(field.Options[:len(field.Options):len(field.Options)], bothGrants)
	}
	return field
}

// grantChoice returns the option of grantField that grant types are.
func grantChoice(grants []string) string {
	var choice []string
	for _, o := range grantOptions {
		if slices.Contains(grants, o.Value) {
			choice = append(choice, o.Value)
		}
	}
	return strings.Join(choice, " ")
}

// refreshField keeps a client connected. It is on unless it was taken away.
func (f clientFields) refreshField() ui.Field {
	return ui.Field{
		Name: "grant", ID: "refresh", Value: registry.RefreshToken, Label: "Stay connected: refresh tokens",
		Checked: !f.Input.ActsForUsers() || slices.Contains(f.Input.Grants, registry.RefreshToken),
		Hint:    "It gets new access tokens without the user, until the consent ends. Without them, users are sent here again after 15 minutes.",
	}
}

// methods are the ways to authenticate.
func (f clientFields) methods() []ui.Option {
	options := slices.Clone(authMethodOptions)
	if f.PublicText != "" {
		options[len(options)-1].Text = f.PublicText
	}
	return options
}

// trust is the chosen mark; none is unverified.
func (f clientFields) trust() registry.Trust { return cmp.Or(f.Input.Trust, registry.Unverified) }

// logo is the client's logo, and what is wrong with it.
func (f clientFields) logo() logoInput {
	f.Logo.Error = f.Invalid["logo"]
	return f.Logo
}
