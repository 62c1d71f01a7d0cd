package store

import (
	"context"
	"fmt"
	"maps"

	"clientele/registry"
)

// CreateKey makes an application key and returns it with its first key, which
// is stored as a hash, kept for show to see once, and ends when in.First says,
// or else when the policy wants it to. It needs the permission to manage
// applications. It fails with registry.Invalid, which names every wrong field,
// also when a living application has the name already and when the policy
// allows no such end.
func (db *DB) CreateKey(ctx context.Context, by registry.Actor, in registry.NewApplicationKey, show ShowOnce) (app registry.Application, key registry.Secret, err error) {
	in.KeyDetails = in.Clean()
	err = db.change(ctx, by, creation, func(t *tx) (registry.Event, error) {
		terms, err := t.checkNewKey(ctx, in)
		if err != nil {
			return registry.Event{}, err
		}
		app = registry.Application{
			ID: registry.NewClientID(), Type: registry.ApplicationKey, Origin: registry.TeamOrigin, Status: registry.Active,
			Name: in.Name, Description: in.Description, CreatedAt: t.now, CreatedByName: t.by.Name,
		}
		if t.by.Type == registry.UserActor {
			app.CreatedBy = t.by.ID
		}
		if err := t.insertApplication(ctx, app); err != nil {
			return registry.Event{}, err
		}
		key = app.NewCredential()
		first, err := t.insertSecret(ctx, app.ID, key, terms)
		if err != nil {
			return registry.Event{}, err
		}
		after := map[string]any{"type": app.Type, "name": app.Name, "description": app.Description, "secrets": []secretEnd{endOf(first)}}
		return registry.Event{Target: applicationTarget(app), After: snapshot(after)}, t.showOnce(ctx, show, app.ID, key)
	})
	if err != nil {
		return registry.Application{}, registry.Secret{}, fmt.Errorf("create application key: %w", err)
	}
	return app, key, nil
}

// PolicyForKeys returns what the team asks of a new key. It needs the
// permission to make one.
func (db *DB) PolicyForKeys(ctx context.Context, by registry.Actor) (policy registry.CredentialPolicy, err error) {
	err = db.view(ctx, by, creation, func(t *tx) error {
		policy, err = t.credentialPolicy(ctx)
		return err
	})
	if err != nil {
		return registry.CredentialPolicy{}, fmt.Errorf("read credential policy: %w", err)
	}
	return policy, nil
}

// checkNewKey reports every rule that a new application key breaks, and returns
// the terms of its first key.
func (t *tx) checkNewKey(ctx context.Context, in registry.NewApplicationKey) (terms registry.SecretTerms, err error) {
	invalid, err := brokenRules(t.checkDetails(ctx, "", in.Name, in.KeyDetails))
	if err != nil {
		return terms, err
	}
	policy, err := t.credentialPolicy(ctx)
	if err != nil {
		return terms, err
	}
	if in.First == (registry.SecretInput{}) {
		terms.Ends = policy.End(t.now)
	} else if terms, err = in.First.Terms(t.now); err == nil {
		err = policy.CheckEnd(t.now, terms)
	}
	ends, err := brokenRules(err)
	if err != nil {
		return terms, err
	}
	maps.Copy(invalid, ends)
	if len(invalid) > 0 {
		return terms, invalid
	}
	return terms, nil
}

// UpdateKey gives an application key another name or description. Otherwise it
// is like UpdateClient.
func (db *DB) UpdateKey(ctx context.Context, by registry.Actor, id string, in registry.KeyEdit) error {
	what := intent{action: "application.update", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockKey(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		was, details := app.KeyDetails(), in.Clean()
		switch {
		case in.Seen != nil && *in.Seen != was:
			return registry.Event{}, registry.ErrConflict
		case details == was:
			return registry.Event{}, errUnchanged
		}
		if err := t.checkDetails(ctx, id, details.Name, details); err != nil {
			return registry.Event{}, err
		}
		_, err = t.ExecContext(ctx, `UPDATE applications SET name = $1, name_key = $2, search_text = $3, description = $4 WHERE id = $5`,
			details.Name, registry.NameKey(details.Name), registry.SearchText(details.Name, id, app.CreatedByName), details.Description, id)
		if isDuplicate(err, "name") {
			err = registry.Invalid{"name": nameTaken}
		}
		return registry.Event{Target: applicationTarget(app), Before: snapshot(was), After: snapshot(details)}, err
	})
	if err != nil {
		return fmt.Errorf("update application key: %w", err)
	}
	return nil
}

// lockKey is lockApplication for an application key: a client is not found.
func (t *tx) lockKey(ctx context.Context, id string) (registry.Application, error) {
	app, err := t.lockApplication(ctx, id)
	if err == nil && app.Type != registry.ApplicationKey {
		err = registry.ErrNotFound
	}
	return app, err
}

// MigrateKey registers the OAuth client that is to take over from an
// application key, with the key's permissions, networks and owners, and returns
// it with its secret as CreateClient does. The key goes on as it is. It needs
// the permission to manage applications and what requireDelegation asks for the
// key. It fails with registry.ErrNotFound and registry.ErrLocked, with
// registry.Invalid as CreateClient does, and with registry.ErrConflict when
// there is such a client already.
func (db *DB) MigrateKey(ctx context.Context, by registry.Actor, id string, in registry.KeyMigration, show ShowOnce) (app registry.Application, secret registry.Secret, err error) {
	what := intent{action: "application.migrate", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err = db.changeClient(ctx, by, what, func(t *tx, keys firstKeys) (registry.Event, error) {
		if err := t.lockMeta(ctx); err != nil { // before the application, as others do
			return registry.Event{}, err
		}
		key, err := t.lockKey(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if err := t.requireDelegation(ctx, key); err != nil {
			return registry.Event{}, err
		}
		var moved registry.ApplicationDetails
		moved.ID = id
		if err := t.readMove(ctx, &moved); err != nil {
			return registry.Event{}, err
		}
		if moved.MovesTo.ID != "" {
			return registry.Event{}, registry.ErrConflict
		}
		client := in.Client(key)
		if app, secret, err = t.createClient(ctx, client, show, keys); err != nil {
			return registry.Event{}, err
		}
		held, err := t.inherit(ctx, id, app.ID)
		if err != nil {
			return registry.Event{}, err
		}
		created := clientCreated(app, client)
		created.Action, created.Outcome = creation.action, registry.Done
		if err := t.appendEvent(ctx, created); err != nil {
			return registry.Event{}, err
		}
		return registry.Event{Target: applicationTarget(key), After: snapshot(map[string]any{
			"client": app.ID, "client_name": app.Name, "networks": registry.NetworkTexts(key.Networks), "permissions": held,
		})}, nil
	})
	if err != nil {
		return registry.Application{}, registry.Secret{}, fmt.Errorf("migrate application key: %w", err)
	}
	return app, secret, nil
}

// inherit gives a new client what an application key has beside its keys, and
// returns the permissions.
func (t *tx) inherit(ctx context.Context, key, client string) ([]registry.HeldGrant, error) {
	held, err := t.grantsTo(ctx, registry.Subject{Type: registry.ApplicationSubject, ID: key})
	if err != nil {
		return nil, err
	}
	for _, g := range held {
		err := t.insertGrant(ctx, registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: client}, Service: g.Service, Object: g.Object, Kind: g.Kind, Key: g.Key,
		})
		if err != nil {
			return nil, err
		}
	}
	for _, statement := range []string{
		`INSERT INTO application_networks (application_id, network, position) SELECT $2, network, position FROM application_networks WHERE application_id = $1`,
		`DELETE FROM application_owners WHERE application_id = $2 AND EXISTS (SELECT 1 FROM application_owners WHERE application_id = $1)`,
		`INSERT INTO application_owners (application_id, user_id) SELECT $2, user_id FROM application_owners WHERE application_id = $1`,
		`UPDATE applications SET moves_to = $2 WHERE id = $1`,
	} {
		if _, err := t.ExecContext(ctx, statement, key, client); err != nil {
			return nil, fmt.Errorf("inherit from the key: %w", err)
		}
	}
	return held, nil
}

// readMove reads what takes over from an application, and what it takes over
// from, as far as they live.
func (t *tx) readMove(ctx context.Context, d *registry.ApplicationDetails) error {
	rows, err := t.QueryContext(ctx, `
		SELECT `+relativeColumns+` FROM applications WHERE deleted_at IS NULL AND id = (SELECT moves_to FROM applications WHERE id = $1)
		UNION ALL SELECT `+relativeColumns+` FROM applications WHERE deleted_at IS NULL AND moves_to = $1 AND moves_to <> ''`, d.ID)
	if err != nil {
		return fmt.Errorf("read the move: %w", err)
	}
	found, err := collect(rows, func(a *registry.Application) []any {
		return []any{&a.ID, &a.Type, &a.Name, &a.Status, seconds{&a.LastUsedAt}, &a.LastUsedAddress}
	})
	for _, a := range found {
		if a.Type == registry.ApplicationKey {
			d.MovesFrom = a
		} else {
			d.MovesTo = a
		}
	}
	return err
}

const relativeColumns = `id, type, name, status, last_used_at, last_used_address`
