package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"clientele/registry"
)

var allWebhooks = registry.Target{Type: "webhooks", ID: "webhooks", Name: "Webhooks"}

func webhookTarget(w registry.Webhook) registry.Target {
	return registry.Target{Type: "webhook", ID: w.ID, Name: w.Name()}
}

// lookAtWebhook and changeOfWebhook are what one does with the webhook of an ID.
func lookAtWebhook(id string) intent { return changeOfWebhook("webhook.read", id) }

func changeOfWebhook(action, id string) intent {
	return intent{action: action, need: registry.ManageSettings, target: registry.Target{Type: "webhook", ID: id}}
}

// Webhooks returns all webhooks, the oldest first. It needs the permission to
// manage settings, as does all that is done with webhooks.
func (db *DB) Webhooks(ctx context.Context, by registry.Actor) (all []registry.Webhook, err error) {
	what := intent{action: "webhook.list", need: registry.ManageSettings, target: allWebhooks}
	err = db.view(ctx, by, what, func(t *tx) error {
		all, err = t.webhooks(ctx, `TRUE ORDER BY created_at, id`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return all, nil
}

// Webhook returns the webhook of that ID, or registry.ErrNotFound.
func (db *DB) Webhook(ctx context.Context, by registry.Actor, id string) (w registry.Webhook, err error) {
	err = db.view(ctx, by, lookAtWebhook(id), func(t *tx) error {
		w, err = t.webhook(ctx, id)
		return err
	})
	if err != nil {
		return registry.Webhook{}, fmt.Errorf("read the webhook: %w", err)
	}
	return w, nil
}

// webhooks returns those that where selects, with their kinds.
func (t *tx) webhooks(ctx context.Context, where string, args ...any) ([]registry.Webhook, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT id, url, description, enabled, created_at, stopped_at, failing_since,
			COALESCE((SELECT string_agg(kind, ' ') FROM webhook_kinds k WHERE k.webhook_id = webhooks.id), '')
		FROM webhooks WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	all, err := collect(rows, func(w *registry.Webhook) []any {
		return []any{&w.ID, &w.URL, &w.Description, &w.On, seconds{&w.CreatedAt}, seconds{&w.StoppedAt}, seconds{&w.FailingSince}, kinds{&w.Kinds}}
	})
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	for i := range all {
		all[i].WebhookInput = all[i].Clean() // the kinds in their order
	}
	return all, nil
}

// kinds scans kinds of notices that spaces separate.
type kinds struct{ to *[]registry.NoticeKind }

func (k kinds) Scan(src any) error {
	var texts []string
	err := words{&texts}.Scan(src)
	for _, text := range texts {
		*k.to = append(*k.to, registry.NoticeKind(text))
	}
	return err
}

func (t *tx) webhook(ctx context.Context, id string) (registry.Webhook, error) {
	found, err := t.webhooks(ctx, `id = $1`, asText(id))
	if err == nil && len(found) == 0 {
		err = registry.ErrNotFound
	}
	if err != nil {
		return registry.Webhook{}, err
	}
	return found[0], nil
}

// lockWebhook returns a webhook that stays as it is until the transaction ends,
// or registry.ErrNotFound.
func (t *tx) lockWebhook(ctx context.Context, id string) (registry.Webhook, error) {
	if _, err := t.ExecContext(ctx, `UPDATE webhooks SET id = id WHERE id = $1`, asText(id)); err != nil {
		return registry.Webhook{}, fmt.Errorf("lock the webhook: %w", err)
	}
	return t.webhook(ctx, id)
}

// checkWebhook says everything that is wrong with the input, as Invalid.
func (db *DB) checkWebhook(in registry.WebhookInput) error {
	err := registry.Check(in)
	invalid, wrong := errors.AsType[registry.Invalid](err)
	if err != nil && !wrong {
		return err
	}
	if invalid["url"] == "" {
		if bad := registry.CheckWebhookURL(in.URL, db.reach); bad != nil {
			invalid = invalid.And(registry.Invalid{"url": bad.Error()})
		}
	}
	if len(invalid) == 0 {
		return nil
	}
	return invalid
}

// webhookSnapshot is what an event tells of a webhook. What follows the host may
// be a secret of the other program: its hash tells whether it is another.
func webhookSnapshot(in registry.WebhookInput) string {
	sum := sha256.Sum256([]byte(in.URL))
	return snapshot(struct {
		Host string `json:"host"`
		Hash string `json:"url_sha256"`
		registry.WebhookInput
	}{in.Host(), hex.EncodeToString(sum[:]), in})
}

func webhookSecretPurpose(id string) string { return "webhook secret of " + id }

// CreateWebhook makes a webhook that is on, and keeps its secret for the page
// that shows it. It fails with registry.Invalid, which names every wrong field.
func (db *DB) CreateWebhook(ctx context.Context, by registry.Actor, in registry.WebhookInput, show ShowOnce) (w registry.Webhook, err error) {
	in = in.Clean()
	what := intent{action: "webhook.create", need: registry.ManageSettings, target: allWebhooks}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if err := db.checkWebhook(in); err != nil {
			return registry.Event{}, err
		}
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		var n int
		if err := t.QueryRowContext(ctx, `SELECT count(*) FROM webhooks`).Scan(&n); err != nil {
			return registry.Event{}, err
		}
		if n >= registry.MaxWebhooks {
			return registry.Event{}, registry.Invalid{"url": fmt.Sprintf("There are %d webhooks, the most there can be. Delete one first.", n)}
		}
		w = registry.Webhook{ID: registry.NewWebhookID(), WebhookInput: in, On: true, CreatedAt: t.now}
		secret := registry.NewWebhookSecret()
		_, err := t.ExecContext(ctx, `INSERT INTO webhooks (id, url, description, secret, enabled, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			w.ID, in.URL, in.Description, db.key.seal(webhookSecretPurpose(w.ID), []byte(secret.Reveal())), true, t.now.Unix())
		if err == nil {
			err = t.setWebhookKinds(ctx, w.ID, in.Kinds)
		}
		if err == nil {
			err = t.showOnce(ctx, show, w.ID, secret)
		}
		return registry.Event{Target: webhookTarget(w), After: webhookSnapshot(in)}, err
	})
	if err != nil {
		return registry.Webhook{}, fmt.Errorf("make the webhook: %w", err)
	}
	return w, nil
}

func (t *tx) setWebhookKinds(ctx context.Context, id string, kinds []registry.NoticeKind) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM webhook_kinds WHERE webhook_id = $1`, id); err != nil {
		return fmt.Errorf("set the kinds of a webhook: %w", err)
	}
	for _, kind := range kinds {
		if _, err := t.ExecContext(ctx, `INSERT INTO webhook_kinds (webhook_id, kind) VALUES ($1, $2)`, id, kind); err != nil {
			return fmt.Errorf("set the kinds of a webhook: %w", err)
		}
	}
	return nil
}

// UpdateWebhook changes where a webhook leads and what it is told of. What is
// the same changes nothing. It fails as CreateWebhook does, with
// registry.ErrNotFound, and with registry.ErrConflict when it is not the one that
// was seen, unless that is nil.
func (db *DB) UpdateWebhook(ctx context.Context, by registry.Actor, id string, in registry.WebhookInput, seen *registry.WebhookInput) error {
	in = in.Clean()
	err := db.change(ctx, by, changeOfWebhook("webhook.update", id), func(t *tx) (registry.Event, error) {
		was, err := t.lockWebhook(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if seen != nil && len(seen.Changes(was.WebhookInput)) > 0 {
			return registry.Event{}, registry.ErrConflict
		}
		if err := db.checkWebhook(in); err != nil {
			return registry.Event{}, err
		}
		if len(was.Changes(in)) == 0 {
			return registry.Event{}, errUnchanged
		}
		_, err = t.ExecContext(ctx, `
			UPDATE webhooks SET url = $1, description = $2, failing_since = CASE WHEN url = $1 THEN failing_since ELSE 0 END WHERE id = $3`,
			in.URL, in.Description, id)
		if err == nil {
			err = t.setWebhookKinds(ctx, id, in.Kinds)
		}
		now := was
		now.WebhookInput = in
		return registry.Event{Target: webhookTarget(now), Before: webhookSnapshot(was.WebhookInput), After: webhookSnapshot(in)}, err
	})
	if err != nil {
		return fmt.Errorf("change the webhook: %w", err)
	}
	return nil
}

// SetWebhookOn turns a webhook on or off. While it is off, what waits for it
// stays, and what happens is not sent to it. It fails with
// registry.ErrNotFound.
func (db *DB) SetWebhookOn(ctx context.Context, by registry.Actor, id string, on bool) error {
	what := changeOfWebhook("webhook.disable", id)
	if on {
		what = changeOfWebhook("webhook.enable", id)
	}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		w, err := t.lockWebhook(ctx, id)
		if err == nil && w.On == on {
			err = errUnchanged
		}
		if err == nil {
			_, err = t.ExecContext(ctx, `UPDATE webhooks SET enabled = $1, stopped_at = 0, failing_since = 0 WHERE id = $2`, on, id)
		}
		if err == nil {
			err = t.holdDeliveries(ctx, id, !on)
		}
		return registry.Event{Target: webhookTarget(w)}, err
	})
	if err != nil {
		return fmt.Errorf("turn the webhook on or off: %w", err)
	}
	return nil
}

// RotateWebhookSecret gives a webhook a new secret, and keeps it for the page
// that shows it. The old one signs as well for registry.WebhookOverlap. It fails
// with registry.ErrNotFound.
func (db *DB) RotateWebhookSecret(ctx context.Context, by registry.Actor, id string, show ShowOnce) error {
	err := db.change(ctx, by, changeOfWebhook("webhook.rotate-secret", id), func(t *tx) (registry.Event, error) {
		w, err := t.lockWebhook(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		secret := registry.NewWebhookSecret()
		_, err = t.ExecContext(ctx, `UPDATE webhooks SET old_secret = secret, old_until = $1, secret = $2 WHERE id = $3`,
			t.now.Add(registry.WebhookOverlap).Unix(), db.key.seal(webhookSecretPurpose(id), []byte(secret.Reveal())), id)
		if err == nil {
			err = t.showOnce(ctx, show, id, secret)
		}
		return registry.Event{Target: webhookTarget(w)}, err
	})
	if err != nil {
		return fmt.Errorf("make a new secret of the webhook: %w", err)
	}
	return nil
}

// TakeWebhookSecret returns the new secret of a webhook that was made in the
// session, and forgets it. It fails like TakeSecret.
func (db *DB) TakeWebhookSecret(ctx context.Context, by registry.Actor, sessionToken, id string) (secret registry.Secret, err error) {
	err = db.aside(ctx, by, changeOfWebhook("webhook.show-secret", id), func(t *tx) error {
		secret, err = t.takeShown(ctx, sessionToken, id)
		return err
	})
	if err != nil {
		return registry.Secret{}, fmt.Errorf("take the secret of a webhook: %w", err)
	}
	return secret, nil
}

// DeleteWebhook removes a webhook with all its deliveries. It fails with
// registry.ErrNotFound.
func (db *DB) DeleteWebhook(ctx context.Context, by registry.Actor, id string) error {
	err := db.change(ctx, by, changeOfWebhook("webhook.delete", id), func(t *tx) (registry.Event, error) {
		w, err := t.lockWebhook(ctx, id)
		if err == nil {
			_, err = t.ExecContext(ctx, `DELETE FROM webhooks WHERE id = $1`, id)
		}
		return registry.Event{Target: webhookTarget(w), Before: webhookSnapshot(w.WebhookInput)}, err
	})
	if err != nil {
		return fmt.Errorf("delete the webhook: %w", err)
	}
	return nil
}
