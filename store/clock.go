package store

import (
	"context"
	"fmt"
	"time"
)

// checkClock warns when the newest event lies ahead: tokens would be accepted
// for longer than they last, and new ones end too early for others.
func (db *DB) checkClock(ctx context.Context) error {
	var at int64 // milliseconds
	if err := db.read.QueryRowContext(ctx, `SELECT COALESCE(MAX(at), 0) FROM audit_events`).Scan(&at); err != nil {
		return fmt.Errorf("read the newest event: %w", err)
	}
	if newest := time.UnixMilli(at).UTC(); newest.Sub(db.now()) > time.Minute {
		db.log.WarnContext(ctx, "the clock of this machine is behind the newest event of the audit log; compare it with the true time and correct it, or tokens are accepted for too long",
			"clock", db.now().UTC(), "newest_event", newest)
	}
	return nil
}
