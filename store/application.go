package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele/registry"
)

// Application returns a living application with its secrets, scopes,
// permissions and use, or registry.ErrNotFound.
func (db *DB) Application(ctx context.Context, by registry.Actor, id string) (d registry.ApplicationDetails, err error) {
	what := intent{action: "application.read", need: registry.ViewApplications, owner: true, target: registry.ApplicationTarget(id)}
	err = db.view(ctx, by, what, func(t *tx) error {
		if d.Application, err = t.application(ctx, id); err != nil {
			return err
		}
		return t.readDetails(ctx, &d)
	})
	if err != nil {
		return registry.ApplicationDetails{}, fmt.Errorf("read application: %w", err)
	}
	return d, nil
}

// UpdateClient gives an OAuth client new details. One that becomes a public
// client has no secret from then on: the live ones end with their tokens. It
// needs the permission to manage applications. What is as it was changes
// nothing. It fails with
// registry.Invalid, which names every wrong field, with registry.ErrNotFound,
// with registry.ErrLocked for an application of the platform, and with
// registry.ErrConflict when the details are not those the editor saw.
func (db *DB) UpdateClient(ctx context.Context, by registry.Actor, id string, in registry.ClientEdit) error {
	what := intent{action: "application.update", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.changeClient(ctx, by, what, func(t *tx, keys firstKeys) (registry.Event, error) {
		app, err := t.lockApplication(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if app.Type != registry.OAuthClient {
			return registry.Event{}, registry.ErrNotFound
		}
		if in.Seen != nil && len(in.Seen.Changes(app.Details())) > 0 {
			return registry.Event{}, registry.ErrConflict
		}
		details := in.Clean()
		if err := t.checkDetails(ctx, id, details.Name, details); err != nil {
			return registry.Event{}, err
		}
		changes := app.Details().Changes(details)
		if err := t.writeDetails(ctx, app, details); err != nil {
			return registry.Event{}, err
		}
		logo, err := t.changeLogo(ctx, app, details, in.Logo)
		if err != nil {
			return registry.Event{}, err
		}
		if logo != app.Logo {
			changes = append(changes, registry.DetailChange{Field: "logo", Before: app.Logo, After: logo})
		}
		if details.AuthMethod == registry.PublicClient {
			live, err := t.liveSecrets(ctx, id)
			if err != nil {
				return registry.Event{}, err
			}
			before, after, err := t.endSecrets(ctx, live, t.now, "")
			if err != nil {
				return registry.Event{}, err
			}
			if len(before) > 0 {
				changes = append(changes, registry.DetailChange{Field: "secrets", Before: before, After: after})
			}
		}
		if len(changes) == 0 {
			return registry.Event{}, errUnchanged
		}
		event := registry.Event{Target: applicationTarget(app)}
		event.Before, event.After = snapshotChanges(changes)
		return event, t.ensureKeys(ctx, details.TokenAlg, keys)
	})
	if err != nil {
		return fmt.Errorf("update client: %w", err)
	}
	return nil
}

// snapshotChanges returns what was and what is, of what changed.
func snapshotChanges(changes []registry.DetailChange) (before, after string) {
	was, is := map[string]any{}, map[string]any{}
	for _, c := range changes {
		was[c.Field], is[c.Field] = c.Before, c.After
	}
	return snapshot(was), snapshot(is)
}

// writeDetails writes details that were checked.
func (t *tx) writeDetails(ctx context.Context, app registry.Application, d registry.ClientDetails) error {
	_, err := t.ExecContext(ctx, `
		UPDATE applications SET name = $1, name_key = $2, search_text = $3, description = $4, auth_method = $5, home_page = $6, trust = $7,
			token_alg = $8, acts_as_itself = $9 WHERE id = $10`,
		d.Name, registry.NameKey(d.Name), registry.SearchText(d.Name, app.ID, app.CreatedByName), d.Description, d.AuthMethod, d.HomePage, d.Trust,
		d.TokenAlg, d.ActsAsItself(), app.ID)
	if isDuplicate(err, "name") {
		return registry.Invalid{"name": nameTaken}
	}
	if err != nil {
		return fmt.Errorf("write details: %w", err)
	}
	for _, table := range []string{"application_grant_types", "redirect_uris"} {
		if _, err := t.ExecContext(ctx, `DELETE FROM `+table+` WHERE application_id = $1`, app.ID); err != nil {
			return fmt.Errorf("clear %s: %w", table, err)
		}
	}
	if err := t.insertGrantTypes(ctx, app.ID, d.Grants); err != nil {
		return err
	}
	if err := t.insertRedirectURIs(ctx, app.ID, d.RedirectURIs); err != nil {
		return err
	}
	// Scopes are required as registry.RequiredScopes says of the grant types.
	_, err = t.ExecContext(ctx, `UPDATE application_scopes SET required = $1 WHERE application_id = $2 AND (required OR scope = $3)`,
		d.ActsForUsers(), app.ID, registry.OpenIDScope)
	if err != nil {
		return fmt.Errorf("write required scopes: %w", err)
	}
	return nil
}

func (t *tx) insertGrantTypes(ctx context.Context, id string, grants []string) error {
	for _, grant := range grants {
		if _, err := t.ExecContext(ctx, `INSERT INTO application_grant_types (application_id, grant_type) VALUES ($1, $2)`, id, grant); err != nil {
			return fmt.Errorf("insert grant type: %w", err)
		}
	}
	return nil
}

func (t *tx) insertRedirectURIs(ctx context.Context, id string, uris []string) error {
	for i, uri := range uris {
		if _, err := t.ExecContext(ctx, `INSERT INTO redirect_uris (application_id, uri, position) VALUES ($1, $2, $3)`, id, uri, i); err != nil {
			return fmt.Errorf("insert redirect URI: %w", err)
		}
	}
	return nil
}

// methodColumns are how a client authenticates and what its tokens are signed
// with: nothing of an application key, whose columns hold what their CHECK wants.
const methodColumns = `CASE type WHEN 'oauth_client' THEN auth_method ELSE '' END, CASE type WHEN 'oauth_client' THEN token_alg ELSE '' END`

// applicationColumns are the columns that applicationFields scans.
const applicationColumns = `id, type, origin, status, name, description, ` + methodColumns + `, home_page, trust, created_at, created_by, created_by_name, last_used_at, last_used_address`

func applicationFields(a *registry.Application) []any {
	return []any{
		&a.ID, &a.Type, &a.Origin, &a.Status, &a.Name, &a.Description, &a.AuthMethod, &a.TokenAlg, &a.HomePage, &a.Trust,
		seconds{&a.CreatedAt},
		&a.CreatedBy, &a.CreatedByName,
		seconds{&a.LastUsedAt},
		&a.LastUsedAddress,
	}
}

func applicationTarget(a registry.Application) registry.Target {
	return registry.Target{Type: "application", ID: a.ID, Name: a.Name}
}

// application returns a living application, or registry.ErrNotFound.
func (t *tx) application(ctx context.Context, id string) (registry.Application, error) {
	return t.scanApplication(ctx, `SELECT `+applicationColumns+` FROM applications WHERE id = $1 AND deleted_at IS NULL`, id)
}

// lockApplication returns a living application that the actor may change, and
// makes others who want to change it wait until the transaction ends. It fails
// with registry.ErrNotFound, and with registry.ErrLocked when the platform
// made the application and the actor is not the operator.
func (t *tx) lockApplication(ctx context.Context, id string) (registry.Application, error) {
	app, err := t.scanApplication(ctx, `
		UPDATE applications SET description = description WHERE id = $1 AND deleted_at IS NULL RETURNING `+applicationColumns, id)
	if err == nil && app.Locked() && t.by.Type != registry.OperatorActor {
		err = registry.ErrLocked
	}
	return app, err
}

func (t *tx) scanApplication(ctx context.Context, statement, id string) (app registry.Application, err error) {
	err = t.QueryRowContext(ctx, statement, asText(id)).Scan(applicationFields(&app)...)
	if errors.Is(err, sql.ErrNoRows) {
		return app, registry.ErrNotFound
	}
	if err != nil {
		return app, fmt.Errorf("read application: %w", err)
	}
	rows, err := t.QueryContext(ctx, `SELECT grant_type FROM application_grant_types WHERE application_id = $1 ORDER BY grant_type`, id)
	if err != nil {
		return app, fmt.Errorf("read grant types: %w", err)
	}
	if app.Grants, err = collect(rows, func(grant *string) []any { return []any{grant} }); err != nil {
		return app, fmt.Errorf("read grant types: %w", err)
	}
	rows, err = t.QueryContext(ctx, `SELECT uri FROM redirect_uris WHERE application_id = $1 ORDER BY position`, id)
	if err != nil {
		return app, fmt.Errorf("read redirect URIs: %w", err)
	}
	if app.RedirectURIs, err = collect(rows, func(uri *string) []any { return []any{uri} }); err != nil {
		return app, fmt.Errorf("read redirect URIs: %w", err)
	}
	if app.Networks, err = t.networksOf(ctx, id); err != nil {
		return app, err
	}
	app.Logo, err = t.logoHash(ctx, id)
	return app, err
}

// readDetails reads all that belongs to an application.
func (t *tx) readDetails(ctx context.Context, d *registry.ApplicationDetails) error {
	var err error
	if d.Owners, err = t.owners(ctx, d.ID); err != nil {
		return err
	}
	if d.Secrets, err = t.shownSecrets(ctx, d.ID); err != nil {
		return err
	}
	if d.Policy, err = t.credentialPolicy(ctx); err != nil {
		return err
	}
	if d.SecretsMade, err = t.secretsMade(ctx, d.ID); err != nil {
		return err
	}
	if d.Scopes, err = t.scopesOf(ctx, d.ID); err != nil {
		return err
	}
	if d.Required, err = t.requiredScopes(ctx, d.ID); err != nil {
		return err
	}
	if d.ScopeUses, err = t.scopeUses(ctx, d.ID); err != nil {
		return err
	}
	if d.Permissions, err = t.grantsTo(ctx, registry.Subject{Type: registry.ApplicationSubject, ID: d.ID}); err != nil {
		return err
	}
	if err := t.readMove(ctx, d); err != nil {
		return err
	}
	if err := t.readUse(ctx, d); err != nil {
		return err
	}
	d.Failures, err = t.failuresOf(ctx, d.ID)
	return err
}

// grantsTo returns what a subject was given itself, service by service in the
// catalogue's order: first templates, then single permissions.
func (t *tx) grantsTo(ctx context.Context, s registry.Subject) ([]registry.HeldGrant, error) {
	return t.grantsToAny(ctx, `SELECT $1, $2`, s)
}

// grantsFor returns what counts for a subject in the same order: what it was
// given and what its groups were. Nothing counts for a disabled one.
func (t *tx) grantsFor(ctx context.Context, s registry.Subject) ([]registry.HeldGrant, error) {
	return t.grantsToAny(ctx, `SELECT type, id FROM (`+holders+`) AS h`, s)
}

// grantsToAny returns what was given to the subjects that a query of $1 and $2 selects.
func (t *tx) grantsToAny(ctx context.Context, subjects string, s registry.Subject) ([]registry.HeldGrant, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT g.service, g.object, g.kind, g.key FROM grants g JOIN services v ON v.key = g.service
		LEFT JOIN permissions p ON g.kind = 'permission' AND p.service = g.service AND p.key = g.key
		LEFT JOIN templates m ON g.kind = 'template' AND m.service = g.service AND m.key = g.key
		WHERE (g.subject_type, g.subject_id) IN (`+subjects+`)
		GROUP BY g.service, g.object, g.kind, g.key, v.builtin, v.position, v.key, p.position, m.position
		ORDER BY v.builtin DESC, v.position, v.key, g.kind DESC, COALESCE(p.position, m.position), g.key, g.object`, s.Type, asText(s.ID))
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return collect(rows, func(g *registry.HeldGrant) []any { return []any{&g.Service, &g.Object, &g.Kind, &g.Key} })
}

// readUse counts the tokens that were issued on each of the last days.
func (t *tx) readUse(ctx context.Context, d *registry.ApplicationDetails) error {
	first := t.now.Unix()/secondsPerDay - registry.UsageDays + 1
	return t.eachRow(ctx, `SELECT day - $2, tokens FROM application_days WHERE application_id = $1 AND day >= $2`,
		[]any{d.ID, first}, func(rows *sql.Rows) error {
			var day, tokens int64
			err := rows.Scan(&day, &tokens)
			if err == nil && day < registry.UsageDays {
				d.Days[day] = tokens
			}
			return err
		})
}

// failuresOf counts the failed authentications of the last days: an
// application's, or with "" those that named no client there is.
func (t *tx) failuresOf(ctx context.Context, id string) (f registry.AuthenticationFailures, err error) {
	first := t.now.Unix()/secondsPerDay - registry.FailureDays + 1
	err = t.eachRow(ctx, `
		SELECT failures, last_at, last_address, reason FROM authentication_failures WHERE application_id = $1 AND day >= $2 ORDER BY last_at, reason`,
		[]any{id, first}, func(rows *sql.Rows) error {
			var n int64
			err := rows.Scan(&n, seconds{&f.LastAt}, &f.LastAddress, &f.LastReason)
			f.Count += n
			return err
		})
	return f, err
}
