package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"clientele/registry"
)

// pruneBatch is how many events go in one transaction.
const pruneBatch = 2000

// AuditRetention returns how long events are kept. It needs the permission to
// manage settings.
func (db *DB) AuditRetention(ctx context.Context, by registry.Actor) (r registry.AuditRetention, err error) {
	err = db.view(ctx, by, readRetention, func(t *tx) error {
		r, err = t.auditRetention(ctx)
		return err
	})
	if err != nil {
		return registry.AuditRetention{}, fmt.Errorf("read how long events are kept: %w", err)
	}
	return r, nil
}

var readRetention = intent{action: "audit-log.read-retention", need: registry.ManageSettings, target: registry.WholeAuditLog}

func (t *tx) auditRetention(ctx context.Context) (r registry.AuditRetention, err error) {
	var before int64
	err = t.QueryRowContext(ctx, `SELECT keep_days, pruned_before FROM audit_head WHERE id = 1`).Scan(&r.Days, &before)
	if before != 0 {
		r.CompleteSince = time.UnixMilli(before).UTC()
	}
	return r, err
}

// RetentionLoss returns what would be deleted if events were kept for that many
// days. It needs the permission to manage settings, and fails with
// registry.Invalid when that cannot be chosen.
func (db *DB) RetentionLoss(ctx context.Context, by registry.Actor, days int) (loss registry.RetentionLoss, err error) {
	err = db.view(ctx, by, readRetention, func(t *tx) error {
		if !slices.Contains(registry.Retentions, days) {
			return registry.RetentionEdit{Days: days}.Check(days)
		}
		now, err := t.auditRetention(ctx)
		if err != nil {
			return err
		}
		loss = registry.RetentionLoss{Days: days, Sooner: registry.RetentionEdit{Days: days}.Check(now.Days) != nil}
		if days == 0 {
			return nil
		}
		loss.Before = registry.KeptSince(days, t.now)
		var n int
		err = t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM audit_events WHERE at < $1 LIMIT %d) AS old`, countLimit+1), loss.Before.UnixMilli()).Scan(&n)
		loss.Events = counted(n)
		return err
	})
	if err != nil {
		return registry.RetentionLoss{}, fmt.Errorf("count what would be deleted: %w", err)
	}
	return loss, nil
}

// SetAuditRetention says how long events are kept from then on; Sweep deletes
// what is older. It needs the permission to manage settings. It fails with
// registry.Invalid, also when events are to go sooner and that is not confirmed.
func (db *DB) SetAuditRetention(ctx context.Context, by registry.Actor, in registry.RetentionEdit) error {
	what := intent{action: "audit-log.set-retention", need: registry.ManageSettings, target: registry.WholeAuditLog}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		was, err := t.auditRetention(ctx)
		if err == nil {
			err = in.Check(was.Days)
		}
		if err == nil && was.Days == in.Days {
			err = errUnchanged
		}
		if err == nil {
			_, err = t.ExecContext(ctx, `UPDATE audit_head SET keep_days = $1 WHERE id = 1`, in.Days)
		}
		return registry.Event{Before: snapshot(registry.RetentionEdit{Days: was.Days}), After: snapshot(in)}, err
	})
	if err != nil {
		return fmt.Errorf("set how long events are kept: %w", err)
	}
	return nil
}

// pruneAudit deletes the events that are older than they are kept, some at a
// time. What goes is the start of the chain, whose last hash stays, so that the
// rest can still be verified. Each time is an event itself.
func (db *DB) pruneAudit(ctx context.Context) error {
	for more := true; more; {
		more = false
		err := db.change(ctx, registry.System, intent{action: "audit-log.prune", target: registry.WholeAuditLog}, func(t *tx) (event registry.Event, err error) {
			event, more, err = t.prune(ctx)
			return event, err
		})
		if err != nil {
			return fmt.Errorf("delete old events: %w", err)
		}
	}
	return nil
}

// prune deletes up to pruneBatch events, and reports whether there may be more.
// It holds the head from the start, so that no other instance deletes the same.
func (t *tx) prune(ctx context.Context) (event registry.Event, more bool, err error) {
	var days int
	var from, before int64 // the time before which events went already
	err = t.QueryRowContext(ctx, `UPDATE audit_head SET keep_days = keep_days WHERE id = 1 RETURNING keep_days, pruned_seq, pruned_before`).Scan(&days, &from, &before)
	if err != nil || days == 0 {
		return event, false, errors.Join(err, errUnchanged)
	}
	since := registry.KeptSince(days, t.now).UnixMilli()
	// What is older than any that stays: events have the order of the chain, which is not always that of clocks.
	var last registry.Event
	err = t.QueryRowContext(ctx, fmt.Sprintf(`
		SELECT seq, hash FROM audit_events WHERE seq > $1 AND seq <= $1 + %d
		AND seq < COALESCE((SELECT min(seq) FROM (SELECT seq FROM audit_events WHERE seq > $1 AND seq <= $1 + %[1]d AND at >= $2) AS kept), $1 + %[1]d + 1)
		ORDER BY seq DESC LIMIT 1`, pruneBatch), from, since).Scan(&last.Seq, &last.Hash)
	if errors.Is(err, sql.ErrNoRows) { // nothing is that old
		err = errUnchanged
	}
	if err != nil {
		return event, false, err
	}
	_, err = t.ExecContext(ctx, `DELETE FROM audit_events WHERE seq <= $1`, last.Seq)
	if err == nil {
		_, err = t.ExecContext(ctx, `UPDATE audit_head SET pruned_seq = $1, pruned_hash = $2, pruned_before = $3 WHERE id = 1`, last.Seq, last.Hash, max(before, since))
	}
	event.After = snapshot(map[string]any{
		"first": from + 1, "last": last.Seq, "kept_for_days": days, "checkpoint": Head{last.Seq, last.Hash}.String(),
	})
	return event, last.Seq == from+pruneBatch, err
}
