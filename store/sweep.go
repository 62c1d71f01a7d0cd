package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele/registry"
)

// failuresKept is how long failed authentications are kept, with the address
// of the last: longer than anything shows them.
const failuresKept = 30 * 24 * time.Hour

// linksKept is how long a link can still say that it was used or has expired.
const linksKept = 30 * 24 * time.Hour

// Sweep removes what has run out: sessions, known browsers, attempts to sign
// in, old failures of clients to do so, links to choose a password and what was to send them, drafts, old deliveries, secrets that nobody came to see, questions and codes that nobody
// answered or redeemed, refusals, consents and applications that ended longer
// ago than they are kept, and events that are older than that.
func (db *DB) Sweep(ctx context.Context) error {
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		for statement, until := range map[string]time.Time{
			`DELETE FROM sessions WHERE expires_at <= $1`:                                       t.now,
			`DELETE FROM sessions WHERE seen_at <= $1`:                                          t.now.Add(-SessionIdle),
			`DELETE FROM devices WHERE expires_at <= $1`:                                        t.now,
			`DELETE FROM drafts WHERE expires_at <= $1`:                                         t.now,
			`DELETE FROM shown_secrets WHERE expires_at <= $1`:                                  t.now,
			`DELETE FROM signin_attempts WHERE starts <= $1`:                                    t.now.Add(-attemptWindow),
			`DELETE FROM consent_requests WHERE expires_at <= $1`:                               t.now,
			`DELETE FROM revoked_tokens WHERE expires_at <= $1`:                                 t.now,
			`DELETE FROM families WHERE spent_at IS NULL AND code_expires_at <= $1`:             t.now.Add(-time.Hour),
			`DELETE FROM consents WHERE ended_at IS NULL AND expires_at <= $1`:                  t.now.Add(-registry.EndedConsentKept),
			`DELETE FROM authentication_failures WHERE last_at <= $1`:                           t.now.Add(-failuresKept),
			`DELETE FROM user_links WHERE expires_at <= $1`:                                     t.now.Add(-linksKept),
			`DELETE FROM notices WHERE at <= CAST($1 AS BIGINT) * 1000 AND told_at IS NOT NULL`: t.now.Add(-registry.NoticeKept),
			`DELETE FROM refusals WHERE at <= $1`:                                               t.now.Add(-registry.RefusalKept),
			`DELETE FROM deliveries WHERE at <= CAST($1 AS BIGINT) * 1000`:                      t.now.Add(-registry.DeliveriesKept),
			endedConsents: t.now.Add(-registry.EndedConsentKept),
			endedLinks:    t.now,
		} {
			if _, err := t.ExecContext(ctx, statement, until.Unix()); err != nil {
				return err
			}
		}
		_, err := t.ExecContext(ctx, `DELETE FROM refusals WHERE at < (SELECT at FROM refusals ORDER BY at DESC LIMIT 1 OFFSET $1)`, refusalsKept)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove what has run out: %w", err)
	}
	if err := db.purgeApplications(ctx); err != nil {
		return err
	}
	return db.pruneAudit(ctx)
}

// endedConsents removes those that ended, but for the last one of a user and a
// client that was revoked: a first-party client asks once after that, however
// long ago it was.
const endedConsents = `
	DELETE FROM consents WHERE ended_at <= $1 AND (revoked_by = '' OR EXISTS (
		SELECT 1 FROM consents later WHERE later.user_id = consents.user_id AND later.application_id = consents.application_id
		AND later.granted_at > consents.granted_at))`

// purgeApplications removes the applications that were deleted longer ago than
// registry.DeletedFor, each with its own event.
func (db *DB) purgeApplications(ctx context.Context) error {
	rows, err := db.read.QueryContext(ctx, `SELECT id FROM applications WHERE deleted_at <= $1 ORDER BY deleted_at`,
		db.now().Add(-registry.DeletedFor).Unix())
	if err != nil {
		return fmt.Errorf("look for deleted applications: %w", err)
	}
	ids, err := collect(rows, func(id *string) []any { return []any{id} })
	if err != nil {
		return fmt.Errorf("look for deleted applications: %w", err)
	}
	for _, id := range ids {
		if err := db.purgeApplication(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) purgeApplication(ctx context.Context, id string) error {
	target := registry.ApplicationTarget(id)
	err := db.change(ctx, registry.System, intent{action: "application.purge", target: target}, func(t *tx) (registry.Event, error) {
		err := t.QueryRowContext(ctx, `DELETE FROM applications WHERE id = $1 AND deleted_at IS NOT NULL RETURNING name`, id).Scan(&target.Name)
		if errors.Is(err, sql.ErrNoRows) { // another instance was faster
			return registry.Event{}, errUnchanged
		}
		if err == nil {
			_, err = t.ExecContext(ctx, `DELETE FROM grants WHERE subject_type = 'application' AND subject_id = $1`, id)
		}
		if err == nil {
			_, err = t.ExecContext(ctx, `DELETE FROM authentication_failures WHERE application_id = $1`, id)
		}
		return registry.Event{Target: target}, err
	})
	if err != nil {
		return fmt.Errorf("purge application %s: %w", id, err)
	}
	return nil
}
