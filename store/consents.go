package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele/registry"
)

// consentTerms are what a user, or a first-party client in their name, consents to.
type consentTerms struct {
	asked             bool
	allowed, declined []string // scopes
	lifetime          time.Duration
}

// lockConsent returns the actor's current consent to the client, or the zero
// Consent, and makes others who want to change one of theirs wait until the
// transaction ends. It fails with registry.ErrNotFound when the actor may not
// sign in any more, or the client was disabled or deleted.
func (t *tx) lockConsent(ctx context.Context, clientID string) (registry.Consent, error) {
	var good bool
	err := t.QueryRowContext(ctx, `
		UPDATE users SET name = name WHERE id = $1 AND disabled_at IS NULL
		RETURNING EXISTS (SELECT 1 FROM applications WHERE id = $2 AND type = 'oauth_client' AND status = 'active' AND deleted_at IS NULL)`,
		t.by.ID, clientID).Scan(&good)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !good {
		return registry.Consent{}, registry.ErrNotFound
	}
	if err != nil {
		return registry.Consent{}, fmt.Errorf("lock the user: %w", err)
	}
	return t.currentConsent(ctx, t.by.ID, clientID)
}

// consentColumns are the columns of consents c that consentFields scans.
const consentColumns = `c.id, c.user_id, c.application_id, c.asked, c.granted_at, c.expires_at, c.last_used_at, c.last_used_address, c.reused_at, c.ended_at, c.revoked_by, c.revoked_by_name, c.reason`

func consentFields(c *registry.Consent) []any {
	return []any{
		&c.ID, &c.UserID, &c.ClientID, &c.Asked,
		seconds{&c.GrantedAt},
		seconds{&c.ExpiresAt},
		seconds{&c.LastUsedAt},
		&c.LastUsedAddress,
		seconds{&c.ReusedAt},
		seconds{&c.EndedAt},
		&c.RevokedBy, &c.RevokedByName, &c.Reason,
	}
}

// currentConsent returns a user's consent to a client that has not ended,
// though it may have run out, or the zero Consent when there is none.
func (t *tx) currentConsent(ctx context.Context, userID, clientID string) (c registry.Consent, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT `+consentColumns+` FROM consents c WHERE c.user_id = $1 AND c.application_id = $2 AND c.ended_at IS NULL`, userID, clientID).Scan(consentFields(&c)...)
	if errors.Is(err, sql.ErrNoRows) {
		return registry.Consent{}, nil
	}
	if err != nil {
		return c, fmt.Errorf("read consent: %w", err)
	}
	return c, t.readConsentScopes(ctx, &c)
}

// readConsentScopes reads the scopes of consents, which are few enough to be
// named in one statement.
func (t *tx) readConsentScopes(ctx context.Context, consents ...*registry.Consent) error {
	byID, args, places := map[string]*registry.Consent{}, []any{}, []string{}
	for _, c := range consents {
		byID[c.ID] = c
		args = append(args, c.ID)
		places = append(places, fmt.Sprintf("$%d", len(args)))
	}
	if len(args) == 0 {
		return nil
	}
	return t.eachRow(ctx, `SELECT consent_id, scope, allowed FROM consent_scopes WHERE consent_id IN (`+strings.Join(places, ", ")+`) ORDER BY scope`, args, func(rows *sql.Rows) error {
		var id, scope string
		var allowed bool
		err := rows.Scan(&id, &scope, &allowed)
		c := byID[id]
		if c == nil {
			return err
		}
		if allowed {
			c.Allowed = append(c.Allowed, scope)
		} else {
			c.Declined = append(c.Declined, scope)
		}
		return err
	})
}

// lastRevoked reports whether the actor's last consent to the client was
// revoked, rather than having run out.
func (t *tx) lastRevoked(ctx context.Context, clientID string) (revoked bool, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT revoked_by <> '' FROM consents WHERE user_id = $1 AND application_id = $2
			ORDER BY (ended_at IS NULL) DESC, ended_at DESC, granted_at DESC LIMIT 1), $3)`, t.by.ID, clientID, false).Scan(&revoked)
	if err != nil {
		return false, fmt.Errorf("read the last consent: %w", err)
	}
	return revoked, nil
}

// consentClientColumns are the columns of applications a and logos l that
// consentClientFields scans.
const consentClientColumns = `a.id, a.name, a.description, COALESCE(l.hash, ''), a.home_page, a.trust, a.origin, a.created_by_name, a.created_at`

func consentClientFields(c *registry.ConsentClient) []any {
	return []any{&c.ID, &c.Name, &c.Description, &c.Logo, &c.HomePage, &c.Trust, &c.Origin, &c.CreatedByName, seconds{&c.CreatedAt}}
}

// consentClient returns what users are told of a living client, or
// registry.ErrNotFound.
func (t *tx) consentClient(ctx context.Context, id string) (c registry.ConsentClient, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT `+consentClientColumns+` FROM applications a LEFT JOIN logos l ON l.application_id = a.id
		WHERE a.id = $1 AND a.deleted_at IS NULL`, id).Scan(consentClientFields(&c)...)
	if errors.Is(err, sql.ErrNoRows) {
		return c, registry.ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("read client: %w", err)
	}
	return c, nil
}

// writeConsent makes the terms part of the actor's consent to a client: a live
// one is renewed, and otherwise a new one begins, so that it never revives what
// rested on the one before. Scopes that the terms do not speak of stay as they
// were. It returns the consent as it is then, with the event.
func (t *tx) writeConsent(ctx context.Context, client registry.ConsentClient, before registry.Consent, terms consentTerms) (registry.Consent, registry.Event, error) {
	after := registry.Consent{
		ID: before.ID, UserID: t.by.ID, ClientID: client.ID, Asked: terms.asked, GrantedAt: t.now, ExpiresAt: t.now.Add(terms.lifetime),
		Allowed: terms.allowed, Declined: terms.declined,
	}
	renewed := before.Live(t.now)
	var err error
	switch {
	case renewed:
		after.Allowed, after.Declined = merge(before.Allowed, terms.allowed, terms.declined), merge(before.Declined, terms.declined, terms.allowed)
		_, err = t.ExecContext(ctx, `UPDATE consents SET asked = $1, granted_at = $2, expires_at = $3 WHERE id = $4`,
			after.Asked, after.GrantedAt.Unix(), after.ExpiresAt.Unix(), after.ID)
		if err == nil {
			_, err = t.ExecContext(ctx, `DELETE FROM consent_scopes WHERE consent_id = $1`, after.ID)
		}
	case before.ID != "": // it ran out
		if _, err = t.ExecContext(ctx, `UPDATE consents SET ended_at = expires_at WHERE id = $1`, before.ID); err != nil {
			break
		}
		fallthrough
	default:
		after.ID = registry.NewConsentID()
		_, err = t.ExecContext(ctx, `INSERT INTO consents (id, user_id, application_id, asked, granted_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			after.ID, after.UserID, after.ClientID, after.Asked, after.GrantedAt.Unix(), after.ExpiresAt.Unix())
	}
	for allowed, scopes := range map[bool][]string{true: after.Allowed, false: after.Declined} {
		for _, scope := range scopes {
			if err == nil {
				_, err = t.ExecContext(ctx, `INSERT INTO consent_scopes (consent_id, scope, allowed) VALUES ($1, $2, $3)`, after.ID, scope, allowed)
			}
		}
	}
	if err != nil {
		return after, registry.Event{}, fmt.Errorf("write consent: %w", err)
	}
	event := registry.Event{
		Action: "consent.grant", Target: registry.Target{Type: "application", ID: client.ID, Name: client.Name}, After: snapshotConsent(after),
	}
	if renewed {
		event.Action, event.Before = "consent.renew", snapshotConsent(before)
		if lost, _ := registry.CompareScopes(after.Allowed, before.Allowed); len(lost) > 0 {
			event.Action = "consent.narrow"
		}
	}
	return after, event, nil
}

// merge returns old and more, each once and sorted, without what is dropped.
func merge(old, more, dropped []string) []string {
	all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(old, more))))
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(dropped, s) })
}

// snapshotConsent returns what an event keeps of a consent.
func snapshotConsent(c registry.Consent) string {
	return snapshot(map[string]any{
		"consent": c.ID, "user": c.UserID, "scopes": c.Allowed, "declined": c.Declined, "asked": c.Asked, "until": endText(c.ExpiresAt),
	})
}
