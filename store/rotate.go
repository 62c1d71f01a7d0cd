package store

import (
	"context"
	"fmt"
	"time"

	"clientele/registry"
)

// RegenerateSecret makes a new secret and returns it. Those that it replaces, all
// that are live or one, stop as the rotation says, though never later than they
// would have; when that is now their tokens stop with them. The new one ends
// when the policy wants it to. It needs to own the application, or the
// permission to manage applications and what requireDelegation asks. It fails with registry.Invalid, also for a
// public client, which has no secret, and when the policy allows no such
// overlap or no more secrets; with registry.ErrNotFound, registry.ErrLocked;
// and with registry.ErrConflict when the application got a new secret since
// rotation.Seen, or the one to replace has ended.
func (db *DB) RegenerateSecret(ctx context.Context, by registry.Actor, id string, rotation registry.Rotation, show ShowOnce) (secret registry.Secret, err error) {
	what := intent{action: "application.regenerate-secret", need: registry.ManageApplications, owner: true, target: registry.ApplicationTarget(id)}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockForSecret(ctx, id, rotation.Seen)
		if err != nil {
			return registry.Event{}, err
		}
		policy, err := t.credentialPolicy(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		end, err := rotation.Ends(t.now, policy)
		if err != nil {
			return registry.Event{}, err
		}
		live, err := t.liveSecrets(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		replaced := live
		if rotation.Secret != "" {
			one, err := t.secret(ctx, id, rotation.Secret)
			if err != nil {
				return registry.Event{}, err
			}
			if !one.Lasts(t.now) {
				return registry.Event{}, registry.ErrConflict
			}
			replaced = []registry.ClientSecret{one}
		}
		if end.After(t.now) && len(replaced) > 0 && len(live) >= policy.MostSecrets {
			return registry.Event{}, registry.Invalid{"end": fmt.Sprintf("It has %d live secrets already, and %s. Choose Now, or end another one first.", len(live), policy.MostWords())}
		}
		secret = app.NewCredential()
		made, err := t.insertSecret(ctx, id, secret, registry.SecretTerms{Name: commonName(replaced), Ends: policy.End(t.now)})
		if err != nil {
			return registry.Event{}, err
		}
		before, after, err := t.endSecrets(ctx, replaced, end, made.ID)
		if err != nil {
			return registry.Event{}, err
		}
		return registry.Event{
			Target: applicationTarget(app), Before: snapshotSecrets(before...), After: snapshotSecrets(append(after, endOf(made))...),
		}, t.showOnce(ctx, show, id, secret)
	})
	if err != nil {
		return registry.Secret{}, fmt.Errorf("regenerate secret: %w", err)
	}
	return secret, nil
}

// commonName returns the name that all the secrets have, or "".
func commonName(secrets []registry.ClientSecret) string {
	name := ""
	for i, s := range secrets {
		if i > 0 && s.Name != name {
			return ""
		}
		name = s.Name
	}
	return name
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

// endSecrets gives secrets an end, or an earlier one, and returns what was and
// what is. An end that is not after now stops their tokens as well. next is the
// secret that replaces them, or "".
func (t *tx) endSecrets(ctx context.Context, secrets []registry.ClientSecret, end time.Time, next string) (before, after []secretEnd, err error) {
	for _, s := range secrets {
		before = append(before, endOf(s))
		s.ReplacedBy = next
		switch {
		case !end.After(t.now):
			s.Paused, s.RevokedAt = false, t.now
		case s.ExpiresAt.IsZero() || end.Before(s.ExpiresAt):
			s.ExpiresAt = end
		}
		after = append(after, endOf(s))
		if err := t.writeSecret(ctx, s); err != nil {
			return nil, nil, err
		}
	}
	return before, after, nil
}
