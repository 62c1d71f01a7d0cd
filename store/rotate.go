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
	Ends   string `json:"ends"`
}

// RegenerateSecret makes a new secret and returns it. The live ones stop as
// the rotation says, though never later than they would have; when that is now
// their tokens stop with them. It needs the permission to manage applications
// and what requireDelegation asks. It fails with registry.Invalid, also for a
// public client, which has no secret, with registry.ErrNotFound, registry.ErrLocked, and with registry.ErrConflict when
// the application got a new secret since rotation.Seen.
func (db *DB) RegenerateSecret(ctx context.Context, by registry.Actor, id string, rotation registry.Rotation, show ShowOnce) (secret registry.Secret, err error) {
	what := intent{action: "application.regenerate-secret", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockApplication(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if app.Type != registry.OAuthClient {
			return registry.Event{}, registry.ErrNotFound
		}
		if app.Public() {
			return registry.Event{}, registry.Invalid{"auth_method": "A public client has no secret. Choose another authentication method for it first."}
		}
		if err := t.requireDelegation(ctx, app); err != nil {
			return registry.Event{}, err
		}
		end, err := rotation.Ends(t.now)
		if err != nil {
			return registry.Event{}, err
		}
		if err := t.checkSeen(ctx, id, rotation.Seen); err != nil {
			return registry.Event{}, err
		}
		before, after, err := t.endLive(ctx, id, rotation.End == registry.EndNow, end)
		if err != nil {
			return registry.Event{}, err
		}
		secret = registry.NewSecret()
		if err := t.insertSecret(ctx, id, secret); err != nil {
			return registry.Event{}, err
		}
		after = append(after, secretEnd{secret.Prefix(), "never"})
		return registry.Event{
			Target: applicationTarget(app),
			Before: snapshot(map[string]any{"secrets": before}), After: snapshot(map[string]any{"secrets": after}),
		}, t.showOnce(ctx, show, id, secret)
	})
	if err != nil {
		return registry.Secret{}, fmt.Errorf("regenerate secret: %w", err)
	}
	return secret, nil
}

// SecretWaits reports whether a new secret of the application, made in the
// session, has not been shown yet.
func (db *DB) SecretWaits(ctx context.Context, sessionToken, id string) (waits bool, err error) {
	err = db.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM shown_secrets WHERE session_hash = $1 AND application_id = $2 AND expires_at > $3)`,
		hashToken(sessionToken), id, db.now().Unix()).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("look for a new secret: %w", err)
	}
	return waits, nil
}

// EndSecret stops a secret now, and its tokens with it. It needs the permission
// to manage applications. A secret that was ended changes nothing.
func (db *DB) EndSecret(ctx context.Context, by registry.Actor, id, secretID string) error {
	what := intent{action: "application.end-secret", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockApplication(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		var prefix string
		var expires, ended time.Time
		err = t.QueryRowContext(ctx, `SELECT prefix, expires_at, revoked_at FROM secrets WHERE id = $1 AND application_id = $2`, secretID, id).
			Scan(&prefix, seconds{&expires}, seconds{&ended})
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return registry.Event{}, registry.ErrNotFound
		case err != nil:
			return registry.Event{}, err
		case !ended.IsZero():
			return registry.Event{}, errUnchanged
		}
		_, err = t.ExecContext(ctx, `UPDATE secrets SET revoked_at = $1 WHERE id = $2`, t.now.Unix(), secretID)
		return registry.Event{
			Target: applicationTarget(app),
			Before: snapshot(map[string]any{"secrets": []secretEnd{{prefix, endText(expires)}}}),
			After:  snapshot(map[string]any{"secrets": []secretEnd{{prefix, "now"}}}),
		}, err
	})
	if err != nil {
		return fmt.Errorf("end secret: %w", err)
	}
	return nil
}

// checkSeen returns registry.ErrConflict when the application has had more
// secrets than the caller knows of: 0 is not compared, and registry.NoneSeen is none.
func (t *tx) checkSeen(ctx context.Context, id string, seen int) error {
	made, err := t.secretsMade(ctx, id)
	if err == nil && seen != 0 && made != max(seen, 0) {
		err = registry.ErrConflict
	}
	return err
}

// secretsMade counts the secrets that an application ever had.
func (t *tx) secretsMade(ctx context.Context, id string) (n int, err error) {
	err = t.QueryRowContext(ctx, `SELECT count(*) FROM secrets WHERE application_id = $1`, id).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count secrets: %w", err)
	}
	return n, nil
}

// endLive gives every live secret an end, or an earlier one, and returns what
// was and what is.
func (t *tx) endLive(ctx context.Context, id string, now bool, end time.Time) (before, after []secretEnd, err error) {
	type live struct {
		id, prefix string
		expires    time.Time
	}
	rows, err := t.QueryContext(ctx, `
		SELECT id, prefix, expires_at FROM secrets
		WHERE application_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at, id`, id, t.now.Unix())
	if err != nil {
		return nil, nil, fmt.Errorf("find live secrets: %w", err)
	}
	secrets, err := collect(rows, func(s *live) []any { return []any{&s.id, &s.prefix, seconds{&s.expires}} })
	if err != nil {
		return nil, nil, fmt.Errorf("find live secrets: %w", err)
	}
	for _, s := range secrets {
		before = append(before, secretEnd{s.prefix, endText(s.expires)})
		statement, at := `UPDATE secrets SET expires_at = $1 WHERE id = $2`, end
		switch {
		case now:
			statement = `UPDATE secrets SET revoked_at = $1 WHERE id = $2`
			after = append(after, secretEnd{s.prefix, "now"})
		case !s.expires.IsZero() && s.expires.Before(end):
			after = append(after, secretEnd{s.prefix, endText(s.expires)})
			continue
		default:
			after = append(after, secretEnd{s.prefix, endText(end)})
		}
		if _, err := t.ExecContext(ctx, statement, at.Unix(), s.id); err != nil {
			return nil, nil, fmt.Errorf("end a secret: %w", err)
		}
	}
	return before, after, nil
}

func endText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
