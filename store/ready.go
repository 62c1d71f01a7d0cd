package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"clientele/registry"
)

const (
	// probeEvery is how long the outcome of a trial write holds, so that those
	// who ask often do not keep the writer busy.
	probeEvery = 3 * time.Second
	// probePatience is how long a trial write may wait for other writers.
	probePatience = 5 * time.Second
)

// probe is the last trial write.
type probe struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Ready returns nil when the database answers, could be written a moment ago,
// and no damage was met since the start.
func (db *DB) Ready(ctx context.Context) error {
	if damage := db.damage.Load(); damage != nil {
		return *damage
	}
	var seq int64
	if err := db.read.QueryRowContext(ctx, `SELECT seq FROM audit_head`).Scan(&seq); err != nil {
		return db.noteDamage(ctx, err)
	}
	db.probe.mu.Lock()
	defer db.probe.mu.Unlock()
	if since := db.now().Sub(db.probe.at); since < 0 || since >= probeEvery {
		// Others are told the same outcome, whatever becomes of who asked first.
		trial, cancel := context.WithTimeout(context.WithoutCancel(ctx), probePatience)
		defer cancel()
		db.probe.err = db.tryWrite(trial)
		db.probe.at = db.now()
	}
	return db.probe.err
}

// tryWrite commits a write that leaves everything as it was. Neither database
// looks at whether a page is as it was before: it goes to the disk and is
// synced, as every change is.
func (db *DB) tryWrite(ctx context.Context) error {
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		for _, step := range []string{`UPDATE meta SET serves_from = serves_from + 1`, `UPDATE meta SET serves_from = serves_from - 1`} {
			if _, err := t.ExecContext(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the database cannot be written: %w", err)
	}
	return nil
}
