package store

import (
	"context"
	"fmt"
	"slices"

	"clientele/registry"
)

// RevokeConsent ends one of a user's consents, and with it every code and token
// that rests on it. One that has ended is left as it is. It fails with
// registry.ErrNotFound when it is none of theirs.
func (db *DB) RevokeConsent(ctx context.Context, by registry.Actor, id string) error {
	what := intent{action: "consent.revoke", target: registry.Target{Type: "application"}}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if _, err := t.lockOwnAccount(ctx); err != nil {
			return registry.Event{}, err
		}
		if _, err := t.ownConsent(ctx, id); err != nil {
			return registry.Event{}, err
		}
		ended, err := t.endConsents(ctx, registry.RevokedByUser, "", `id = $1 AND user_id = $2`, id, by.ID)
		if err != nil {
			return registry.Event{}, err
		}
		return t.consentRevoked(ctx, ended[0])
	})
	if err != nil {
		return fmt.Errorf("revoke a consent: %w", err)
	}
	return nil
}

// RevokeAllConsents ends all of a user's consents, as RevokeConsent ends one.
// Each has its event, so that the activity of each application tells of it. It
// fails with registry.ErrNotFound for all but users.
func (db *DB) RevokeAllConsents(ctx context.Context, by registry.Actor) error {
	what := intent{action: "consent.revoke", target: registry.Target{Type: "application"}}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if _, err := t.lockOwnAccount(ctx); err != nil {
			return registry.Event{}, err
		}
		ended, err := t.endConsents(ctx, registry.RevokedByUser, "", `user_id = $1`, by.ID)
		if err != nil {
			return registry.Event{}, err
		}
		events := make([]registry.Event, len(ended))
		for i, id := range ended {
			if events[i], err = t.consentRevoked(ctx, id); err != nil {
				return registry.Event{}, err
			}
		}
		last := len(events) - 1
		for _, event := range events[:last] {
			if err := t.appendEvent(ctx, event); err != nil {
				return registry.Event{}, err
			}
		}
		return events[last], nil
	})
	if err != nil {
		return fmt.Errorf("revoke all consents: %w", err)
	}
	return nil
}

// RevokeConsentOf ends a user's consent to an application, as RevokeConsent
// does, for an administrator, whose reason the user reads. It needs the
// permission to manage applications. It fails with registry.Invalid, and with
// registry.ErrNotFound when the application has no such consent.
func (db *DB) RevokeConsentOf(ctx context.Context, by registry.Actor, clientID, id string, in registry.Revocation) error {
	in = in.Clean()
	what := intent{
		action: "consent.revoke", need: registry.ManageApplications, input: in,
		target: registry.Target{Type: "application", ID: clientID},
	}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if _, err := t.application(ctx, clientID); err != nil {
			return registry.Event{}, err
		}
		if _, err := t.userConsent(ctx, clientID, id); err != nil {
			return registry.Event{}, err
		}
		ended, err := t.endConsents(ctx, registry.RevokedByAdmin, in.Reason, `id = $1 AND application_id = $2`, id, clientID)
		if err != nil {
			return registry.Event{}, err
		}
		return t.consentRevoked(ctx, ended[0])
	})
	if err != nil {
		return fmt.Errorf("revoke a user's consent: %w", err)
	}
	return nil
}

// namedInEvent is how many consents an event that is about all of them names.
const namedInEvent = 100

// RevokeAllConsentsOf ends the consents of all users to an application, as
// RevokeConsentOf ends one, with one event for all. The reason is needed.
func (db *DB) RevokeAllConsentsOf(ctx context.Context, by registry.Actor, clientID string, in registry.Revocation) error {
	in = in.Clean()
	what := intent{
		action: "consent.revoke", need: registry.ManageApplications,
		target: registry.Target{Type: "application", ID: clientID},
	}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if err := in.CheckAll(); err != nil {
			return registry.Event{}, err
		}
		app, err := t.application(ctx, clientID)
		if err != nil {
			return registry.Event{}, err
		}
		ended, err := t.endConsents(ctx, registry.RevokedByAdmin, in.Reason, `application_id = $1`, clientID)
		if err != nil {
			return registry.Event{}, err
		}
		slices.Sort(ended)
		named := make([]map[string]any, min(len(ended), namedInEvent))
		for i := range named {
			c, err := t.userConsent(ctx, clientID, ended[i])
			if err != nil {
				return registry.Event{}, err
			}
			named[i] = consentRecord(c)
		}
		return registry.Event{
			Target: applicationTarget(app),
			Before: snapshot(map[string]any{"consents": named, "count": len(ended)}),
			After:  snapshot(map[string]any{"count": 0, "revoked_by": registry.RevokedByAdmin, "reason": in.Reason}),
		}, nil
	})
	if err != nil {
		return fmt.Errorf("revoke all users' consents: %w", err)
	}
	return nil
}

// endConsents ends those live consents that where selects, and all that rests
// on them, and returns their IDs. It fails with errUnchanged when there is
// none. A code that is made for one at the same moment is dead all the same,
// because its consent has ended.
func (t *tx) endConsents(ctx context.Context, who registry.Revoker, reason, where string, args ...any) ([]string, error) {
	n := len(args)
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		UPDATE consents SET ended_at = $%d, revoked_by = $%d, revoked_by_name = $%d, reason = $%d
		WHERE ended_at IS NULL AND expires_at > $%d AND %s RETURNING id`, n+1, n+2, n+3, n+4, n+1, where),
		slices.Concat(args, []any{t.now.Unix(), who, t.by.Name, reason})...)
	if err != nil {
		return nil, fmt.Errorf("end consents: %w", err)
	}
	ended, err := collect(rows, func(id *string) []any { return []any{id} })
	if err != nil {
		return nil, fmt.Errorf("end consents: %w", err)
	}
	if len(ended) == 0 {
		return nil, errUnchanged
	}
	_, err = t.ExecContext(ctx, fmt.Sprintf(`
		UPDATE families SET ended_at = $%d WHERE ended_at IS NULL
		AND consent_id IN (SELECT id FROM consents WHERE ended_at = $%d AND %s)`, n+1, n+1, where),
		slices.Concat(args, []any{t.now.Unix()})...)
	if err != nil {
		return nil, fmt.Errorf("end families: %w", err)
	}
	_, err = t.ExecContext(ctx, fmt.Sprintf(`
		UPDATE refresh_tokens SET successor = NULL WHERE successor IS NOT NULL
		AND family_id IN (SELECT f.id FROM families f WHERE f.consent_id IN (SELECT id FROM consents WHERE ended_at = $%d AND %s))`, n+1, where),
		slices.Concat(args, []any{t.now.Unix()})...)
	if err != nil {
		return nil, fmt.Errorf("wipe refresh tokens: %w", err)
	}
	return ended, nil
}

// consentRevoked returns the event of a consent that was just revoked.
func (t *tx) consentRevoked(ctx context.Context, id string) (registry.Event, error) {
	found, err := t.userConsents(ctx, `c.id = $1`, id)
	if err != nil {
		return registry.Event{}, err
	}
	c, target := found[0], registry.Target{Type: "application", ID: found[0].ClientID}
	if err := t.QueryRowContext(ctx, `SELECT name FROM applications WHERE id = $1`, c.ClientID).Scan(&target.Name); err != nil {
		return registry.Event{}, fmt.Errorf("read the application's name: %w", err)
	}
	return registry.Event{
		Action: "consent.revoke", Outcome: registry.Done, Target: target, Before: snapshot(consentRecord(c)),
		After: snapshot(map[string]any{"revoked_by": c.RevokedBy, "reason": c.Reason}),
	}, nil
}

// consentRecord is what an event of a revocation keeps of a consent.
func consentRecord(c registry.UserConsent) map[string]any {
	return map[string]any{"consent": c.ID, "user": c.UserID, "user_name": c.UserName, "user_email": c.UserEmail, "scopes": c.Allowed}
}
