package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clientele/registry"
)

// CreateClient registers an OAuth client and returns it with its first secret,
// which is stored as a hash, kept for show to see once, and ends when the policy wants it to. A public client has
// none, and the secret returned is the zero one. It needs the permission to manage applications, and with templates also the right to grant
// these. It fails with registry.Invalid, which names every wrong field,
// also when a living application has the name already.
func (db *DB) CreateClient(ctx context.Context, by registry.Actor, in registry.NewClient, show ShowOnce) (registry.Application, registry.Secret, error) {
	var app registry.Application
	var secret registry.Secret
	err := db.changeClient(ctx, by, creation, func(t *tx, keys firstKeys) (event registry.Event, err error) {
		app, secret, err = t.createClient(ctx, in, show, keys)
		return clientCreated(app, in), err
	})
	if err != nil {
		return registry.Application{}, registry.Secret{}, fmt.Errorf("create client: %w", err)
	}
	return app, secret, nil
}

var creation = intent{action: "application.create", need: registry.ManageApplications, target: registry.Target{Type: "application"}}

// CheckDetails reports what is wrong with the details of the application of
// that ID, or of a new one when it is "", as registry.Invalid.
func (db *DB) CheckDetails(ctx context.Context, by registry.Actor, id string, d registry.ClientDetails) error {
	what := intent{action: "application.check", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.view(ctx, by, what, func(t *tx) error {
		return t.checkDetails(ctx, id, d.Clean().Name, d.Clean())
	})
	if err != nil {
		return fmt.Errorf("check details: %w", err)
	}
	return nil
}

// createClient checks and inserts everything that a new client consists of.
func (t *tx) createClient(ctx context.Context, in registry.NewClient, show ShowOnce, keys firstKeys) (app registry.Application, secret registry.Secret, err error) {
	in.ClientDetails = in.Clean()
	if err := t.authorizeNewClient(ctx, in); err != nil {
		return app, secret, err
	}
	if err := t.lockMeta(ctx); err != nil { // the catalogue stays as it is checked against
		return app, secret, err
	}
	if err := t.checkNewClient(ctx, in); err != nil {
		return app, secret, err
	}
	if app, err = t.insertClient(ctx, in); err != nil {
		return app, secret, err
	}
	for _, g := range in.TemplateGrants() {
		err := t.insertGrant(ctx, registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, Service: g.Service, Kind: g.Kind, Key: g.Key,
		})
		if err != nil {
			return app, secret, err
		}
	}
	if app.Public() {
		return app, secret, nil
	}
	policy, err := t.credentialPolicy(ctx)
	if err != nil {
		return app, secret, err
	}
	secret = registry.NewSecret()
	if _, err := t.insertSecret(ctx, app.ID, secret, registry.SecretTerms{Ends: policy.End(t.now)}); err != nil {
		return app, secret, err
	}
	if err := t.showOnce(ctx, show, app.ID, secret); err != nil {
		return app, secret, err
	}
	return app, secret, t.ensureKeys(ctx, app.TokenAlg, keys)
}

func clientCreated(app registry.Application, in registry.NewClient) registry.Event {
	after := map[string]any{
		"name": app.Name, "description": app.Description, "origin": app.Origin,
		"grants": app.Grants, "auth_method": app.AuthMethod, "token_alg": app.TokenAlg, "scopes": in.Scopes, "permissions": in.TemplateGrants(),
	}
	if app.ActsForUsers() {
		after["redirect_uris"], after["home_page"], after["trust"], after["logo"] = app.RedirectURIs, app.HomePage, app.Trust, app.Logo
		after["required"] = registry.RequiredScopes(app.Grants, in.Scopes, in.Required)
	}
	return registry.Event{Target: applicationTarget(app), After: snapshot(after)}
}

// authorizeNewClient refuses what more than managing applications is needed for.
func (t *tx) authorizeNewClient(ctx context.Context, in registry.NewClient) error {
	if in.Origin == registry.PlatformOrigin && t.by.Type != registry.OperatorActor {
		return registry.ErrForbidden
	}
	for _, g := range in.TemplateGrants() {
		if err := t.requireToGrant(ctx, g.Service, g.Object); err != nil {
			return err
		}
	}
	return nil
}

// checkNewClient reports every rule that in breaks, those that need the
// database too.
func (t *tx) checkNewClient(ctx context.Context, in registry.NewClient) error {
	invalid, err := brokenRules(registry.Check(in))
	if err != nil {
		return err
	}
	details, err := brokenRules(t.checkDetails(ctx, "", in.Name, in.ClientDetails))
	if err != nil {
		return err
	}
	maps.Copy(invalid, details)
	catalogue, err := t.catalogue(ctx)
	if err != nil {
		return err
	}
	ticked := map[string]bool{} // services
	for _, scope := range in.Scopes {
		service, _, known := catalogue.Scope(scope)
		if !known {
			invalid["scope"] = fmt.Sprintf("The catalogue has no scope %.100q. Choose from those it has.", scope)
		}
		ticked[service.Key] = true
	}
	for _, g := range in.TemplateGrants() {
		service, _ := catalogue.Service(g.Service)
		if _, known := service.Template(g.Key); !known {
			invalid["template."+g.Service] = "Choose one of the service's templates, or no permissions."
		} else if !ticked[g.Service] {
			invalid["template."+g.Service] = "Choose a scope of the service too, or no permissions."
		}
	}
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

// checkDetails reports every rule that the details of an application break,
// which say that it has a name; id is "" for a new one.
func (t *tx) checkDetails(ctx context.Context, id, name string, d any) error {
	invalid, err := brokenRules(registry.Check(d))
	if err != nil {
		return err
	}
	if invalid["name"] == "" {
		var taken bool
		err := t.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM applications WHERE name_key = $1 AND deleted_at IS NULL AND id <> $2)`,
			registry.NameKey(name), id).Scan(&taken)
		if err != nil {
			return fmt.Errorf("look for the name: %w", err)
		}
		if taken {
			invalid["name"] = nameTaken
		}
	}
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

const nameTaken = "Another application has this name already. Choose one that tells them apart."

// brokenRules returns what a check found wrong, so that more can be added to
// it. It fails with an error of any other kind.
func brokenRules(err error) (registry.Invalid, error) {
	invalid, ok := errors.AsType[registry.Invalid](err)
	switch {
	case ok:
		return invalid, nil
	case err != nil:
		return nil, err
	default:
		return registry.Invalid{}, nil
	}
}

// insertClient writes a client whose input was checked.
func (t *tx) insertClient(ctx context.Context, in registry.NewClient) (registry.Application, error) {
	app := registry.Application{
		ID: registry.NewClientID(), Type: registry.OAuthClient, Origin: cmp.Or(in.Origin, registry.TeamOrigin), Status: registry.Active,
		Name: in.Name, Description: in.Description, Grants: slices.Sorted(slices.Values(in.Grants)), AuthMethod: in.AuthMethod, TokenAlg: in.TokenAlg,
		RedirectURIs: in.RedirectURIs, HomePage: in.HomePage, Trust: in.Trust,
		CreatedAt: t.now, CreatedByName: t.by.Name,
	}
	switch {
	case app.Origin == registry.PlatformOrigin:
		app.CreatedByName = "Platform"
		if app.Trust == registry.Unverified { // who runs it is known
			app.Trust = registry.Verified
		}
	case t.by.Type == registry.UserActor:
		app.CreatedBy = t.by.ID
	}
	if err := t.insertApplication(ctx, app); err != nil {
		return app, err
	}
	if err := t.insertGrantTypes(ctx, app.ID, app.Grants); err != nil {
		return app, err
	}
	if err := t.insertRedirectURIs(ctx, app.ID, app.RedirectURIs); err != nil {
		return app, err
	}
	var err error
	required := registry.RequiredScopes(app.Grants, in.Scopes, in.Required)
	for _, scope := range in.Scopes {
		if err := t.insertScope(ctx, app.ID, scope, slices.Contains(required, scope)); err != nil {
			return app, err
		}
	}
	if app.ActsForUsers() && in.Logo != nil {
		app.Logo, err = t.writeLogo(ctx, app.ID, in.Logo)
	}
	return app, err
}

// insertApplication writes an application's row. Who made it owns it. It fails
// with registry.Invalid when another living application has its name.
func (t *tx) insertApplication(ctx context.Context, app registry.Application) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO applications (id, type, origin, status, name, name_key, description, auth_method, home_page, trust, token_alg, created_at, created_by, created_by_name, search_text, acts_as_itself)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		app.ID, app.Type, app.Origin, app.Status, app.Name, registry.NameKey(app.Name), app.Description, cmp.Or(app.AuthMethod, registry.SecretBasic), app.HomePage, cmp.Or(app.Trust, registry.Unverified), cmp.Or(app.TokenAlg, registry.ES256),
		app.CreatedAt.Unix(), app.CreatedBy, app.CreatedByName, registry.SearchText(app.Name, app.ID, app.CreatedByName), app.ActsAsItself())
	if isDuplicate(err, "name") {
		return registry.Invalid{"name": nameTaken}
	}
	if err != nil {
		return fmt.Errorf("insert application: %w", err)
	}
	if app.CreatedBy != "" {
		return t.insertOwner(ctx, app.ID, app.CreatedBy)
	}
	return nil
}
