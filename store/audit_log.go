package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele/registry"
)

// auditLog is the target of what is done to the log itself.
// AuditEvents returns the page of the audit log that q asks for, and reads
// little more than that of a log of any length. It fails with registry.Invalid
// when the event to go on from does not exist, and when a part of a name fits
// too many. It needs the permission to read the log or, for what was done to one
// application, to own that.
func (db *DB) AuditEvents(ctx context.Context, by registry.Actor, q registry.AuditQuery) (page registry.AuditPage, err error) {
	what := intent{action: "audit-log.read", need: registry.ReadAuditLog, target: registry.WholeAuditLog}
	if q.Target != "" {
		what.owner, what.target = true, registry.ApplicationTarget(q.Target)
	}
	err = db.view(ctx, by, what, func(t *tx) error {
		if page, err = t.auditPage(ctx, q); err != nil {
			return err
		}
		retention, err := t.auditRetention(ctx)
		page.CompleteSince = retention.CompleteSince
		return err
	})
	if err != nil {
		return registry.AuditPage{}, fmt.Errorf("read the audit log: %w", err)
	}
	return page, nil
}

// AuditEvent returns one event, or registry.ErrNotFound.
func (db *DB) AuditEvent(ctx context.Context, by registry.Actor, seq int64) (entry registry.AuditEntry, err error) {
	what := intent{action: "audit-log.read", need: registry.ReadAuditLog, target: registry.WholeAuditLog}
	err = db.view(ctx, by, what, func(t *tx) error {
		err := t.QueryRowContext(ctx, `SELECT `+entryColumns+` FROM audit_events e WHERE seq = $1`, seq).Scan(entryFields(&entry)...)
		if errors.Is(err, sql.ErrNoRows) {
			return registry.ErrNotFound
		}
		return err
	})
	if err != nil {
		return registry.AuditEntry{}, fmt.Errorf("read audit event %d: %w", seq, err)
	}
	return entry, nil
}

// exportBatch is how many events an export reads in one transaction, so that
// none is held open for as long as somebody downloads.
const exportBatch = 1000

// AuditExport passes every event that q matches to yield, newest first, and
// records that it was downloaded, which is then its newest event. It fails
// before the first event like AuditEvents, and later with what yield returns.
func (db *DB) AuditExport(ctx context.Context, by registry.Actor, q registry.AuditQuery, yield func(registry.Event) error) error {
	what := intent{action: "audit-log.download", need: registry.ReadAuditLog, target: registry.WholeAuditLog}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		q.Before, q.After, q.Limit = 0, 0, 1
		_, err := t.auditPage(ctx, q)
		return registry.Event{After: filterSnapshot(q)}, err
	})
	if err != nil {
		return fmt.Errorf("download the audit log: %w", err)
	}
	q.Limit = exportBatch
	for {
		page, err := db.AuditEvents(ctx, by, q)
		if err != nil {
			return fmt.Errorf("download the audit log: %w", err)
		}
		for _, entry := range page.Entries {
			if err := yield(entry.Event); err != nil {
				return err
			}
			q.Before = entry.Seq
		}
		if !page.Older {
			return nil
		}
	}
}

func filterSnapshot(q registry.AuditQuery) string {
	filter := map[string]string{}
	for name, value := range map[string]string{
		"actor": q.Actor, "action": q.Action, "outcome": string(q.Outcome), "target": q.Target,
	} {
		if value != "" {
			filter[name] = value
		}
	}
	if !q.From.IsZero() {
		filter["from"] = q.From.Format(rfc3339Milli)
	}
	if !q.To.IsZero() {
		filter["before"] = q.To.Format(rfc3339Milli)
	}
	return snapshot(map[string]any{"filter": filter})
}

const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

// entryColumns are the columns of audit_events e that entryFields scans.
const entryColumns = eventColumns + `, target_type = 'application' AND EXISTS (SELECT 1 FROM applications WHERE id = target_id AND deleted_at IS NULL)`

func entryFields(e *registry.AuditEntry) []any {
	return append(eventFields(&e.Event), &e.TargetLives)
}
