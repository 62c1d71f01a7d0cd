package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele/registry"
)

// ShownFor is how long a new secret waits for the page that shows it.
const ShownFor = 5 * time.Minute

// ShowOnce names the browser session that may see a new secret, once. Its zero
// value keeps the secret for nobody.
type ShowOnce struct{ SessionToken string }

// showOnce keeps a new secret of an application, or the link of a user, for the
// page that shows it, sealed under a key that only the session's cookie yields.
func (t *tx) showOnce(ctx context.Context, show ShowOnce, id string, secret registry.Secret) error {
	if show == (ShowOnce{}) {
		return nil
	}
	_, err := t.ExecContext(ctx, `
		INSERT INTO shown_secrets (session_hash, application_id, sealed, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (session_hash, application_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at`,
		hashToken(show.SessionToken), id, seal([]byte(show.SessionToken), shownPurpose(id), []byte(secret.Reveal())), t.now.Add(ShownFor).Unix())
	if err != nil {
		return fmt.Errorf("keep the secret to be shown: %w", err)
	}
	return nil
}

// TakeSecret returns the new secret of an application that was made in the
// session, and forgets it. It fails with registry.ErrNotFound when there is
// none, when it was taken before, and ShownFor after it was made.
func (db *DB) TakeSecret(ctx context.Context, by registry.Actor, sessionToken, appID string) (secret registry.Secret, err error) {
	what := intent{action: "application.show-secret", need: registry.ManageApplications, owner: true, target: registry.ApplicationTarget(appID)}
	err = db.aside(ctx, by, what, func(t *tx) error {
		secret, err = t.takeShown(ctx, sessionToken, appID)
		return err
	})
	if err != nil {
		return registry.Secret{}, fmt.Errorf("take secret: %w", err)
	}
	return secret, nil
}

// takeShown returns the new secret of an application or a user that was made in
// the session, and forgets it.
func (t *tx) takeShown(ctx context.Context, sessionToken, id string) (registry.Secret, error) {
	var sealed []byte
	err := t.QueryRowContext(ctx, `
		DELETE FROM shown_secrets WHERE session_hash = $1 AND application_id = $2 AND expires_at > $3 RETURNING sealed`,
		hashToken(sessionToken), asText(id), t.now.Unix()).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return registry.Secret{}, registry.ErrNotFound
	}
	if err != nil {
		return registry.Secret{}, err
	}
	plain, err := unseal([]byte(sessionToken), shownPurpose(id), sealed)
	return registry.ParseSecret(string(plain)), err
}

func shownPurpose(id string) string { return "new secret of " + id }

// aside is change for what is no change in the audit log's sense: drafts, and
// secrets on their way to being shown. No event is appended, but a refusal is.
func (db *DB) aside(ctx context.Context, by registry.Actor, in intent, fn func(*tx) error) error {
	err := db.inTx(ctx, by, false, func(t *tx) error {
		if err := t.authorize(ctx, in); err != nil {
			return err
		}
		return fn(t)
	})
	if errors.Is(err, registry.ErrForbidden) {
		db.recordRefusal(ctx, by, in.action, in.target, err)
	}
	return err
}
