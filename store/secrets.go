package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele/registry"
)

// secretEnd is what an audit event keeps of a secret: how to recognise it and
// when it stops.
type secretEnd struct {
	Prefix string `json:"prefix"`
	Name   string `json:"name,omitempty"`
	Ends   string `json:"ends"`
}

func endOf(s registry.ClientSecret) secretEnd {
	switch {
	case s.Paused:
		return secretEnd{s.Prefix, s.Name, "paused"}
	case !s.RevokedAt.IsZero():
		return secretEnd{s.Prefix, s.Name, "now"}
	default:
		return secretEnd{s.Prefix, s.Name, endText(s.ExpiresAt)}
	}
}

func snapshotSecrets(secrets ...secretEnd) string {
	return snapshot(map[string]any{"secrets": secrets})
}

// AddSecret makes one more secret and returns it; those there are go on as they
// are. It needs to own the application, or the permission to manage
// applications and what requireDelegation asks. It fails with registry.Invalid, also when the policy
// allows no such end or no more secrets and for a public client, with
// registry.ErrNotFound, registry.ErrLocked, and with registry.ErrConflict when
// the application got a new secret since in.Seen.
func (db *DB) AddSecret(ctx context.Context, by registry.Actor, id string, in registry.AddedSecret, show ShowOnce) (secret registry.Secret, err error) {
	what := intent{action: "application.add-secret", need: registry.ManageApplications, owner: true, target: registry.ApplicationTarget(id), input: in}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockForSecret(ctx, id, in.Seen)
		if err != nil {
			return registry.Event{}, err
		}
		policy, err := t.credentialPolicy(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if err := policy.CheckEnd(t.now, in.SecretTerms); err != nil {
			return registry.Event{}, err
		}
		live, err := t.liveSecrets(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if len(live) >= policy.MostSecrets {
			return registry.Event{}, registry.Invalid{"secrets": fmt.Sprintf("It has %d already, and %s. End one first.", len(live), policy.MostWords())}
		}
		secret = app.NewCredential()
		made, err := t.insertSecret(ctx, id, secret, in.SecretTerms)
		if err != nil {
			return registry.Event{}, err
		}
		return registry.Event{Target: applicationTarget(app), After: snapshotSecrets(endOf(made))}, t.showOnce(ctx, show, id, secret)
	})
	if err != nil {
		return registry.Secret{}, fmt.Errorf("add secret: %w", err)
	}
	return secret, nil
}

// lockForSecret returns a living application that the actor may give a new
// secret or key, and see it. seen is that of a registry.Rotation.
func (t *tx) lockForSecret(ctx context.Context, id string, seen int) (registry.Application, error) {
	app, err := t.lockApplication(ctx, id)
	switch {
	case err != nil:
		return app, err
	case app.Public():
		return app, registry.Invalid{"auth_method": "A public client has no secret. Choose another authentication method for it first."}
	}
	if err := t.requireDelegation(ctx, app); err != nil {
		return app, err
	}
	return app, t.checkSeen(ctx, id, seen)
}

// UpdateSecret gives a secret another name or end. It needs to own the
// application, or the permission to manage applications. What is as it was changes nothing. It fails with
// registry.Invalid, also when the policy allows no such end, unless it is an
// earlier one; with registry.ErrNotFound and registry.ErrLocked; and with
// registry.ErrConflict when the terms are not those the editor saw, or the
// secret has ended.
func (db *DB) UpdateSecret(ctx context.Context, by registry.Actor, id, secretID string, in registry.SecretEdit) error {
	return db.changeSecret(ctx, by, intent{action: "application.update-secret", input: in}, id, secretID, func(t *tx, s *registry.ClientSecret) error {
		if in.Seen != nil && *in.Seen != s.Terms() || !s.Lasts(t.now) {
			return registry.ErrConflict
		}
		if in.SecretTerms == s.Terms() {
			return errUnchanged
		}
		if !in.Ends.IsZero() && !in.Ends.After(t.now) {
			return registry.Invalid{"at": "Choose a time in the future, or end it now."}
		}
		earlier := !in.Ends.IsZero() && (s.ExpiresAt.IsZero() || in.Ends.Before(s.ExpiresAt))
		if !in.Ends.Equal(s.ExpiresAt) && !earlier {
			policy, err := t.credentialPolicy(ctx)
			if err != nil {
				return err
			}
			if err := policy.CheckEnd(s.CreatedAt, in.SecretTerms); err != nil {
				return err
			}
		}
		s.Name, s.ExpiresAt = in.Name, in.Ends
		return nil
	})
}

// PauseSecret has a secret refused from now on, and its tokens with it, until
// it is resumed. It needs what UpdateSecret needs. One that is
// paused stays so. It fails with registry.ErrNotFound, registry.ErrLocked, and
// with registry.ErrConflict when the secret has ended.
func (db *DB) PauseSecret(ctx context.Context, by registry.Actor, id, secretID string) error {
	return db.changeSecret(ctx, by, intent{action: "application.pause-secret"}, id, secretID, func(t *tx, s *registry.ClientSecret) error {
		switch {
		case s.Paused:
			return errUnchanged
		case !s.Authenticates(t.now):
			return registry.ErrConflict
		}
		s.Paused, s.RevokedAt = true, t.now
		return nil
	})
}

// ResumeSecret has a paused secret accepted again, and those of its tokens that
// have not run out. Otherwise it is like PauseSecret.
func (db *DB) ResumeSecret(ctx context.Context, by registry.Actor, id, secretID string) error {
	return db.changeSecret(ctx, by, intent{action: "application.resume-secret"}, id, secretID, func(t *tx, s *registry.ClientSecret) error {
		switch {
		case s.Authenticates(t.now):
			return errUnchanged
		case !s.Lasts(t.now):
			return registry.ErrConflict
		}
		s.Paused, s.RevokedAt = false, time.Time{}
		return nil
	})
}

// EndSecret stops a secret now, and its tokens with it. It needs what
// UpdateSecret needs. A secret that was ended changes nothing.
func (db *DB) EndSecret(ctx context.Context, by registry.Actor, id, secretID string) error {
	return db.changeSecret(ctx, by, intent{action: "application.end-secret"}, id, secretID, func(t *tx, s *registry.ClientSecret) error {
		if !s.RevokedAt.IsZero() && !s.Paused {
			return errUnchanged
		}
		s.Paused, s.RevokedAt = false, t.now
		return nil
	})
}

// changeSecret has fn change one secret of an application that the actor may
// manage, and writes down what fn made of it.
func (db *DB) changeSecret(ctx context.Context, by registry.Actor, what intent, id, secretID string, fn func(*tx, *registry.ClientSecret) error) error {
	what.need, what.owner, what.target = registry.ManageApplications, true, registry.ApplicationTarget(id)
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockApplication(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		s, err := t.secret(ctx, id, secretID)
		if err != nil {
			return registry.Event{}, err
		}
		was := s
		if err := fn(t, &s); err != nil {
			return registry.Event{}, err
		}
		return registry.Event{
			Target: applicationTarget(app), Before: snapshotSecrets(endOf(was)), After: snapshotSecrets(endOf(s)),
		}, t.writeSecret(ctx, s)
	})
	if err != nil {
		return fmt.Errorf("change a secret: %w", err)
	}
	return nil
}

const secretColumns = `id, name, prefix, created_at, created_by_name, expires_at, revoked_at, paused, COALESCE(replaced_by, ''), last_used_at, last_used_address` //nolint:gosec // names of columns

func secretFields(s *registry.ClientSecret) []any {
	return []any{
		&s.ID, &s.Name, &s.Prefix,
		seconds{&s.CreatedAt},
		&s.CreatedByName,
		seconds{&s.ExpiresAt},
		seconds{&s.RevokedAt},
		&s.Paused, &s.ReplacedBy,
		seconds{&s.LastUsedAt},
		&s.LastUsedAddress,
	}
}

// secret returns one secret of an application, or registry.ErrNotFound.
func (t *tx) secret(ctx context.Context, appID, id string) (s registry.ClientSecret, err error) {
	err = t.QueryRowContext(ctx, `SELECT `+secretColumns+` FROM secrets WHERE id = $1 AND application_id = $2`, asText(id), appID).Scan(secretFields(&s)...)
	if errors.Is(err, sql.ErrNoRows) {
		return s, registry.ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("read secret: %w", err)
	}
	return s, nil
}

// liveSecrets returns the secrets that the policy counts, oldest first.
func (t *tx) liveSecrets(ctx context.Context, appID string) ([]registry.ClientSecret, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT `+secretColumns+` FROM secrets
		WHERE application_id = $1 AND (revoked_at IS NULL OR paused) AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at, id`, appID, t.now.Unix())
	if err != nil {
		return nil, fmt.Errorf("find live secrets: %w", err)
	}
	return collect(rows, secretFields)
}

// shownSecrets returns the secrets that an application's page shows.
func (t *tx) shownSecrets(ctx context.Context, appID string) ([]registry.ClientSecret, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT `+secretColumns+` FROM secrets
		WHERE application_id = $1 AND (paused OR revoked_at IS NULL OR revoked_at > $2) AND (expires_at IS NULL OR expires_at > $2)
		ORDER BY created_at DESC, (replaced_by IS NULL) DESC, (expires_at IS NULL) DESC, id`, appID, t.now.Add(-registry.SecretKept).Unix())
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	return collect(rows, secretFields)
}

// insertSecret writes a new secret's hash, and returns what is known of it.
func (t *tx) insertSecret(ctx context.Context, appID string, secret registry.Secret, terms registry.SecretTerms) (registry.ClientSecret, error) {
	s := registry.ClientSecret{
		ID: registry.NewSecretID(), Name: terms.Name, Prefix: secret.Prefix(), CreatedAt: t.now, CreatedByName: t.by.Name, ExpiresAt: terms.Ends,
	}
	_, err := t.ExecContext(ctx, `
		INSERT INTO secrets (id, application_id, name, hash, prefix, created_at, created_by_name, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID, appID, s.Name, secret.Hash(), s.Prefix, t.now.Unix(), s.CreatedByName, nullUnix(s.ExpiresAt))
	if err != nil {
		return s, fmt.Errorf("insert secret: %w", err)
	}
	return s, nil
}

// writeSecret writes all that can change of a secret.
func (t *tx) writeSecret(ctx context.Context, s registry.ClientSecret) error {
	_, err := t.ExecContext(ctx, `UPDATE secrets SET name = $1, expires_at = $2, revoked_at = $3, paused = $4, replaced_by = $5 WHERE id = $6`,
		s.Name, nullUnix(s.ExpiresAt), nullUnix(s.RevokedAt), s.Paused, sql.NullString{String: s.ReplacedBy, Valid: s.ReplacedBy != ""}, s.ID)
	if err != nil {
		return fmt.Errorf("write secret: %w", err)
	}
	return nil
}

func endText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
