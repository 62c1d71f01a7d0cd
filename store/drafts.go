package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"clientele/registry"
)

// DraftLifetime is how long an unfinished registration is kept after it was
// last saved.
const DraftLifetime = 24 * time.Hour

// Draft is a registration of an OAuth client that its maker has not finished.
// There is no secret in it.
type Draft struct {
	ID       string
	Input    registry.NewClient
	ClientID string // of what it became, or "" until then
}

// NewDraft begins the registration of a client with its details and logo (see
// registry.NewClient) and returns the draft's ID. It fails with registry.Invalid when CreateClient would.
func (db *DB) NewDraft(ctx context.Context, by registry.Actor, details registry.ClientDetails, logo []byte) (id string, err error) {
	id = registry.NewDraftID()
	err = db.aside(ctx, by, creation, func(t *tx) error {
		in := registry.NewClient{ClientDetails: details.Clean()}
		if err := t.checkDetails(ctx, "", in.Name, in.ClientDetails); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `INSERT INTO drafts (id, user_id, data, logo, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			id, by.ID, snapshot(in), logo, t.now.Add(DraftLifetime).Unix())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin draft: %w", err)
	}
	return id, nil
}

// Draft returns the actor's own draft, or registry.ErrNotFound.
func (db *DB) Draft(ctx context.Context, by registry.Actor, id string) (d Draft, err error) {
	err = db.view(ctx, by, creation, func(t *tx) error {
		d, err = t.draft(ctx, id)
		return err
	})
	if err != nil {
		return Draft{}, fmt.Errorf("read draft: %w", err)
	}
	return d, nil
}

// maxUnfinished is how many drafts someone is reminded of.
const maxUnfinished = 3

// UnfinishedDrafts returns the actor's own drafts that became no application,
// the last saved first; of many, the last three.
func (db *DB) UnfinishedDrafts(ctx context.Context, by registry.Actor) (drafts []Draft, err error) {
	err = db.view(ctx, by, creation, func(t *tx) error {
		rows, err := t.QueryContext(ctx, `
			SELECT id FROM drafts WHERE user_id = $1 AND expires_at > $2 AND application_id IS NULL
			ORDER BY expires_at DESC, id LIMIT $3`, t.by.ID, t.now.Unix(), maxUnfinished)
		if err != nil {
			return err
		}
		ids, err := collect(rows, func(id *string) []any { return []any{id} })
		if err != nil {
			return err
		}
		drafts = make([]Draft, len(ids))
		for i, id := range ids {
			if drafts[i], err = t.draft(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	return drafts, nil
}

// SetDraftDetails replaces the details and the logo in the actor's own draft. It fails with
// registry.Invalid when NewDraft would, and with registry.ErrNotFound. A draft
// that became an application stays as it is.
func (db *DB) SetDraftDetails(ctx context.Context, by registry.Actor, id string, details registry.ClientDetails, logo []byte) error {
	return db.changeDraft(ctx, by, id, func(t *tx, in *registry.NewClient) error {
		in.ClientDetails, in.Logo = details.Clean(), logo
		return t.checkDetails(ctx, "", in.Name, in.ClientDetails)
	})
}

// SetDraftScopes replaces the scopes, required ones and templates in the
// actor's own draft, right or not: SubmitDraft checks them. It fails with
// registry.ErrNotFound. A draft that became an application stays as it is.
func (db *DB) SetDraftScopes(ctx context.Context, by registry.Actor, id string, scopes, required []string, templates map[string]string) error {
	return db.changeDraft(ctx, by, id, func(_ *tx, in *registry.NewClient) error {
		in.Scopes, in.Required, in.Templates = scopes, required, templates
		return nil
	})
}

// SubmitDraft registers the client of the actor's own draft, as CreateClient
// does, and returns its client ID. A draft that was submitted before leads to
// the same client: nothing is made or shown again.
func (db *DB) SubmitDraft(ctx context.Context, by registry.Actor, id string, show ShowOnce) (clientID string, err error) {
	err = db.changeClient(ctx, by, creation, func(t *tx, keys firstKeys) (registry.Event, error) {
		d, err := t.lockDraft(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if d.ClientID != "" {
			clientID = d.ClientID
			return registry.Event{}, errUnchanged
		}
		app, _, err := t.createClient(ctx, d.Input, show, keys)
		if err != nil {
			return registry.Event{}, err
		}
		clientID = app.ID
		_, err = t.ExecContext(ctx, `UPDATE drafts SET application_id = $1 WHERE id = $2`, app.ID, id)
		return clientCreated(app, d.Input), err
	})
	if err != nil {
		return "", fmt.Errorf("submit draft: %w", err)
	}
	return clientID, nil
}

func (db *DB) changeDraft(ctx context.Context, by registry.Actor, id string, fn func(*tx, *registry.NewClient) error) error {
	err := db.aside(ctx, by, creation, func(t *tx) error {
		d, err := t.lockDraft(ctx, id)
		if err != nil || d.ClientID != "" {
			return err
		}
		if err := fn(t, &d.Input); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `UPDATE drafts SET data = $1, logo = $2, expires_at = $3 WHERE id = $4`,
			snapshot(d.Input), d.Input.Logo, t.now.Add(DraftLifetime).Unix(), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("change draft: %w", err)
	}
	return nil
}

// lockDraft returns the actor's own draft and makes others who want to change
// it wait until the transaction ends.
func (t *tx) lockDraft(ctx context.Context, id string) (Draft, error) {
	if _, err := t.ExecContext(ctx, `UPDATE drafts SET id = id WHERE id = $1`, id); err != nil {
		return Draft{}, err
	}
	return t.draft(ctx, id)
}

func (t *tx) draft(ctx context.Context, id string) (Draft, error) {
	d := Draft{ID: id}
	var data, logo []byte
	err := t.QueryRowContext(ctx, `
		SELECT data, logo, COALESCE(application_id, '') FROM drafts WHERE id = $1 AND user_id = $2 AND expires_at > $3`,
		id, t.by.ID, t.now.Unix()).Scan(&data, &logo, &d.ClientID)
	if errors.Is(err, sql.ErrNoRows) {
		return d, registry.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal(data, &d.Input)
		d.Input.Logo = logo
	}
	return d, err
}
