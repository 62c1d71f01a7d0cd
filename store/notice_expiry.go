package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clientele/registry"
)

// daysLeft is an SQL expression of the least of registry.ExpiryNoticeDays that a
// secret is not further from its end than, or 31. Its parameters are those of
// daysLeftArgs, from $1 on.
var daysLeft = func() string {
	var b strings.Builder
	b.WriteString("CASE")
	for i, days := range registry.ExpiryNoticeDays {
		fmt.Fprintf(&b, " WHEN expires_at <= $%d THEN %d", i+1, days)
	}
	return b.String() + " ELSE 31 END"
}()

func daysLeftArgs(now time.Time) []any {
	args := make([]any, len(registry.ExpiryNoticeDays))
	for i, days := range registry.ExpiryNoticeDays {
		args[i] = now.Add(time.Duration(days) * 24 * time.Hour).Unix()
	}
	return args
}

// noticeExpiry makes the notices of secrets that come near their end, each once
// a secret, its end and the days before it, whichever of several instances does
// it. That a secret ends soon is no news at the moment when it is given that end.
func (db *DB) noticeExpiry(ctx context.Context) error {
	for {
		var unseen, due bool
		now := daysLeftArgs(db.now())
		err := db.read.QueryRowContext(ctx, `
			SELECT EXISTS (SELECT 1 FROM secrets WHERE revoked_at IS NULL AND expires_at IS NOT NULL AND noticed_end <> expires_at),
				EXISTS (SELECT 1 FROM secrets WHERE `+dueSecrets+`)`, append(now, expiryForgotten(db.now()))...).Scan(&unseen, &due)
		if err != nil {
			return fmt.Errorf("look for secrets that end: %w", err)
		}
		if !unseen && !due {
			return nil
		}
		if err := db.inTx(ctx, registry.System, false, func(t *tx) error { return t.noticeExpiry(ctx) }); err != nil {
			return fmt.Errorf("notice secrets that end: %w", err)
		}
	}
}

// expiryForgotten is when a secret must have ended for nobody to be told any more.
func expiryForgotten(now time.Time) int64 { return now.Add(-30 * 24 * time.Hour).Unix() }

// dueSecrets is the condition of secrets that people are to be told of. After
// the parameters of daysLeft comes expiryForgotten.
var dueSecrets = fmt.Sprintf(`revoked_at IS NULL AND noticed_days > 0 AND expires_at <= $%d AND expires_at > $%d
	AND noticed_end = expires_at AND noticed_days > %s
	AND EXISTS (SELECT 1 FROM applications a WHERE a.id = secrets.application_id AND a.status = 'active' AND a.deleted_at IS NULL)`,
	len(registry.ExpiryNoticeDays), len(registry.ExpiryNoticeDays)+1, daysLeft)

func (t *tx) noticeExpiry(ctx context.Context) error {
	now := daysLeftArgs(t.now)
	_, err := t.ExecContext(ctx, `
		UPDATE secrets SET noticed_end = expires_at, noticed_days = `+daysLeft+`
		WHERE revoked_at IS NULL AND expires_at IS NOT NULL AND noticed_end <> expires_at`, now...)
	if err != nil {
		return err
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		UPDATE secrets SET noticed_days = %s WHERE %[2]s AND id IN (SELECT id FROM secrets WHERE %[2]s ORDER BY expires_at, id LIMIT %[3]d)
		RETURNING application_id, (SELECT name FROM applications WHERE id = application_id), prefix, name, expires_at, last_used_at, noticed_days`,
		daysLeft, dueSecrets, noticeBatch), append(now, expiryForgotten(t.now))...)
	if err != nil {
		return err
	}
	notices, err := collect(rows, func(n *registry.Notice) []any {
		return []any{&n.Target.ID, &n.Target.Name, &n.Detail.Secret, &n.Detail.Name, seconds{&n.Detail.Ends}, seconds{&n.Detail.UsedAt}, &n.Detail.Days}
	})
	if err != nil {
		return err
	}
	for _, n := range notices {
		n.Kind, n.At, n.Actor, n.Target.Type = registry.NoticeSecretExpiring, t.now, registry.System, "application"
		if n.Detail.Days == 0 {
			n.Kind = registry.NoticeSecretExpired
		}
		if err := t.insertNotice(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
