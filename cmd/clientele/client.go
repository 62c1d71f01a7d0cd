package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"clientele/registry"
	"clientele/store"
)

type clientCmd struct {
	Create clientCreateCmd `cmd:"" help:"Register an OAuth client and print its credentials, once."`
	Key    clientKeyCmd    `cmd:"" name:"create-key" help:"Make an application key and print it, once. Discouraged: it is the same in every request, and has no scopes."`
	List   clientListCmd   `cmd:"" help:"List the OAuth clients and application keys."`
	Rotate clientRotateCmd `cmd:"" help:"Make a new secret or key and print it, once."`
	Owner  clientOwnerCmd  `cmd:"" help:"Say who looks after a client."`
}

type clientCreateCmd struct {
	Name        string   `required:"" placeholder:"NAME" help:"Name, unique in the team."`
	Description string   `help:"What it is for."`
	Grant       []string `default:"client_credentials" help:"Grant type: client_credentials, authorization_code and, beside that, refresh_token; repeat for several (${default})."`
	AuthMethod  string   `default:"client_secret_basic" help:"client_secret_basic, client_secret_post, or none for a public client (${default})."`
	RedirectURI []string `name:"redirect-uri" sep:"none" placeholder:"URI" help:"Address that users are sent back to, compared letter by letter; repeat for several. For authorization_code."`
	TokenAlg    string   `default:"ES256" help:"What its tokens are signed with: ES256 or RS256 (${default})."`
	HomePage    string   `placeholder:"URL" help:"Shown to users when they are asked for consent."`
	Trust       string   `default:"unverified" help:"What users are told of who runs it: unverified, verified or first_party (${default})."`
	Scope       []string `required:"" help:"Scope; repeat for several."`
	Required    []string `name:"required-scope" placeholder:"SCOPE" help:"Scope that users cannot leave out when they consent; repeat for several."`
	JSON        bool     `help:"Print JSON."`
}

// credentials is what client create and client rotate print with --json.
type credentials struct {
	ClientID      string   `json:"client_id"`
	ClientSecret  string   `json:"client_secret,omitempty"` // a public client has none
	Name          string   `json:"name"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	Grants        []string `json:"grant_types"`
	RedirectURIs  []string `json:"redirect_uris,omitempty"`
	Scopes        []string `json:"scopes"`
	Issuer        string   `json:"issuer"`
	TokenEndpoint string   `json:"token_endpoint"`
}

// Run registers the client.
func (c *clientCreateCmd) Run(e *env) error {
	return e.with(func(db *store.DB) error {
		app, secret, err := db.CreateClient(e.ctx, registry.Operator, registry.NewClient{
			ClientDetails: registry.ClientDetails{
				Name: c.Name, Description: c.Description, Grants: c.Grant, AuthMethod: c.AuthMethod, TokenAlg: c.TokenAlg,
				RedirectURIs: c.RedirectURI, HomePage: c.HomePage, Trust: registry.Trust(c.Trust),
			},
			Scopes: c.Scope, Required: c.Required,
		}, store.ShowOnce{})
		if err != nil {
			return err
		}
		return e.printCredentials(app, c.Scope, secret, c.JSON)
	})
}

type clientKeyCmd struct {
	Name        string        `required:"" placeholder:"NAME" help:"Name, unique in the team."`
	Description string        `help:"What it is for, and when it moves to an OAuth client."`
	Lasts       time.Duration `placeholder:"2160h" help:"How long the key is accepted. Without it, as long as the team's policy allows."`
	JSON        bool          `help:"Print JSON."`
}

// Run makes the application key.
func (c *clientKeyCmd) Run(e *env) error {
	return e.with(func(db *store.DB) error {
		in := registry.NewApplicationKey{KeyDetails: registry.KeyDetails{Name: c.Name, Description: c.Description}}
		if c.Lasts != 0 {
			in.First = registry.SecretInputOf(registry.SecretTerms{Ends: e.now().Add(c.Lasts)})
		}
		app, key, err := db.CreateKey(e.ctx, registry.Operator, in, store.ShowOnce{})
		if err != nil {
			return err
		}
		return e.printKey(app, key, c.JSON)
	})
}

// keyCredentials is what client create-key and client rotate print of an
// application key with --json.
type keyCredentials struct {
	ApplicationID string `json:"application_id"`
	Key           string `json:"application_key"`
	Name          string `json:"name"`
	Issuer        string `json:"issuer"`
}

// printKey is the one place of the command line that reveals an application key.
func (e *env) printKey(app registry.Application, key registry.Secret, asJSON bool) error {
	issuer, err := e.issuer()
	if err != nil {
		return err
	}
	if asJSON {
		return e.printJSON(keyCredentials{app.ID, key.Reveal(), app.Name, issuer})
	}
	_, err = fmt.Fprintf(e.stdout, "application ID   %s\napplication key  %s\nsend it as       Authorization: AppKey …\n\nThe key is shown this once; only a hash of it is kept.\n", app.ID, key.Reveal())
	return err
}

// printCredentials is the one place of the command line that reveals a client secret.
func (e *env) printCredentials(app registry.Application, scopes []string, secret registry.Secret, asJSON bool) error {
	issuer, err := e.issuer()
	if err != nil {
		return err
	}
	if asJSON {
		return e.printJSON(credentials{
			ClientID: app.ID, ClientSecret: secret.Reveal(), Name: app.Name, AuthMethod: app.AuthMethod,
			Grants: app.Grants, RedirectURIs: app.RedirectURIs, Scopes: scopes, Issuer: issuer, TokenEndpoint: issuer + "/oauth2/token",
		})
	}
	if app.Public() {
		_, err = fmt.Fprintf(e.stdout, "client ID       %s\nissuer          %s\n\nIt is a public client: it has no secret, and PKCE protects its codes.\n", app.ID, issuer)
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "client ID       %s\nclient secret   %s\nissuer          %s\ntoken endpoint  %s/oauth2/token\n\nThe secret is shown this once; only a hash of it is kept.\n",
		app.ID, secret.Reveal(), issuer, issuer)
	return err
}

type clientListCmd struct {
	JSON bool `help:"Print JSON, one document with all clients."`
}

// listed is one client as client list prints it with --json.
type listed struct {
	ClientID   string `json:"client_id"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Origin     string `json:"origin"`
	Status     string `json:"status"`
	CreatedAt  string `json:"created_at"`
	CreatedBy  string `json:"created_by,omitempty"`
	LastUsedAt string `json:"last_used_at,omitempty"`
}

// Run lists every application, by name.
func (c *clientListCmd) Run(e *env) error {
	return e.with(func(db *store.DB) error {
		all := []listed{}
		query := registry.ApplicationQuery{Sort: registry.SortName}
		for {
			page, err := db.Applications(e.ctx, registry.Operator, query)
			if err != nil {
				return err
			}
			for _, a := range page.Applications {
				all = append(all, listed{
					ClientID: a.ID, Name: a.Name, Type: string(a.Type), Origin: string(a.Origin), Status: string(a.Status),
					CreatedAt: rfc3339(a.CreatedAt), CreatedBy: a.CreatedByName, LastUsedAt: rfc3339(a.LastUsedAt),
				})
			}
			if page.Next == "" {
				break
			}
			query.After = page.Next
		}
		if c.JSON {
			return e.printJSON(all)
		}
		table := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "CLIENT ID\tNAME\tSTATUS\tLAST USED")
		for _, a := range all {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", a.ClientID, a.Name, a.Status, a.LastUsedAt)
		}
		return table.Flush()
	})
}

type clientRotateCmd struct {
	ID      string        `arg:"" help:"Client ID."`
	Overlap time.Duration `placeholder:"24h" help:"How long the old secret is still accepted. Without it, it stops now and its tokens with it."`
	JSON    bool          `help:"Print JSON."`
}

// Run makes a new secret.
func (c *clientRotateCmd) Run(e *env) error {
	return e.with(func(db *store.DB) error {
		rotation := registry.Rotation{End: registry.EndNow}
		if c.Overlap != 0 {
			rotation = registry.Rotation{End: registry.EndAt, At: e.now().Add(c.Overlap)}
		}
		secret, err := db.RegenerateSecret(e.ctx, registry.Operator, c.ID, rotation, store.ShowOnce{})
		if errors.Is(err, registry.ErrNotFound) {
			return noClient(c.ID)
		}
		if err != nil {
			return err
		}
		details, err := db.Application(e.ctx, registry.Operator, c.ID)
		if err != nil {
			return err
		}
		if details.Type == registry.ApplicationKey {
			return e.printKey(details.Application, secret, c.JSON)
		}
		return e.printCredentials(details.Application, details.ScopeKeys(), secret, c.JSON)
	})
}

type clientOwnerCmd struct {
	Add    ownerAddCmd    `cmd:"" help:"Make a user an owner: they see the client and look after its secrets."`
	Remove ownerRemoveCmd `cmd:"" help:"Make a user an owner no more."`
}

// ownerArgs name a client and a user.
type ownerArgs struct {
	ID    string `arg:"" help:"Client ID."`
	Email string `arg:"" help:"E-mail address that the user signs in with."`
}

type (
	ownerAddCmd    struct{ ownerArgs }
	ownerRemoveCmd struct{ ownerArgs }
)

// Run adds the owner.
func (c *ownerAddCmd) Run(e *env) error { return c.change(e, (*store.DB).AddOwner, "now owns") }

// Run removes the owner.
func (c *ownerRemoveCmd) Run(e *env) error {
	return c.change(e, (*store.DB).RemoveOwner, "no longer owns")
}

func (o ownerArgs) change(e *env, change func(*store.DB, context.Context, registry.Actor, string, string) error, told string) error {
	return e.with(func(db *store.DB) error {
		user, err := db.UserByEmail(e.ctx, registry.Operator, o.Email)
		if errors.Is(err, registry.ErrNotFound) {
			return fmt.Errorf("no user signs in as %s", o.Email)
		}
		if err != nil {
			return err
		}
		err = change(db, e.ctx, registry.Operator, o.ID, user.ID)
		if errors.Is(err, registry.ErrNotFound) {
			return noClient(o.ID)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "%s %s %s\n", user.Email, told, o.ID)
		return err
	})
}

func noClient(id string) error {
	return fmt.Errorf("there is no client %s; clientele client list shows those there are", id)
}

type permissionCmd struct {
	Grant permissionGrantCmd `cmd:"" help:"Give a permission or a template of a service."`
}

type permissionGrantCmd struct {
	Client     string `xor:"subject" required:"" placeholder:"ID" help:"Client ID of who gets it."`
	User       string `xor:"subject" required:"" placeholder:"EMAIL" help:"E-mail address of who gets it."`
	Group      string `xor:"subject" required:"" placeholder:"NAME" help:"Name of the group that gets it."`
	Service    string `required:"" placeholder:"KEY" help:"Key of the service."`
	Permission string `xor:"what" required:"" placeholder:"KEY" help:"Key of a permission."`
	Template   string `xor:"what" required:"" placeholder:"KEY" help:"Key of a template."`
	Object     string `placeholder:"CONTAINER[/OBJECT]" help:"Only on this container or object; without it, on the whole service."`
}

// Run gives the permission.
func (p *permissionGrantCmd) Run(e *env) error {
	return e.with(func(db *store.DB) error {
		in := registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: p.Client},
			Service: p.Service, Object: p.Object, Kind: registry.PermissionGrant, Key: p.Permission,
		}
		if p.Template != "" {
			in.Kind, in.Key = registry.TemplateGrant, p.Template
		}
		if p.User != "" {
			user, err := db.UserByEmail(e.ctx, registry.Operator, p.User)
			if errors.Is(err, registry.ErrNotFound) {
				return fmt.Errorf("no user signs in as %s", p.User)
			}
			if err != nil {
				return err
			}
			in.Subject = registry.Subject{Type: registry.UserSubject, ID: user.ID}
		}
		if p.Group != "" {
			group, err := db.GroupNamed(e.ctx, registry.Operator, p.Group)
			if errors.Is(err, registry.ErrNotFound) {
				return fmt.Errorf("there is no group %s", p.Group)
			}
			if err != nil {
				return err
			}
			in.Subject = group
		}
		err := db.Grant(e.ctx, registry.Operator, in)
		if errors.Is(err, registry.ErrNotFound) {
			return noClient(p.Client)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "%s now holds %s %s of %s\n", p.Client+p.User+p.Group, in.Kind, in.Key, in.Service)
		return err
	})
}
