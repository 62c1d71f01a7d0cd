package store

import (
	"context"
	"fmt"
	"time"

	"clientele/registry"
)

// Observer is told what the store does, as often as it does it.
type Observer interface {
	Transaction(readOnly bool, took time.Duration)
	AuthenticationFailed(reason registry.FailureReason)
}

// Backlog is how much waits to be done.
type Backlog struct {
	Deliveries uint64 // messages that are not accepted yet; no more than mostDeliveries are counted
	Uses       uint64 // last uses and counters to be written down
	Writers    uint64 // who wait for the one writer of SQLite
}

const mostDeliveries = 10_000

// Backlog returns how much waits to be done.
func (db *DB) Backlog(ctx context.Context) (waiting Backlog, err error) {
	err = db.inTx(ctx, registry.System, true, func(t *tx) error {
		return t.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE due_at IS NOT NULL LIMIT $1) AS waiting`, mostDeliveries).Scan(&waiting.Deliveries)
	})
	if err != nil {
		return Backlog{}, fmt.Errorf("count deliveries: %w", err)
	}
	db.usage.mu.Lock()
	u := &db.usage.unwritten
	waiting.Uses = uint64(len(u.clients) + len(u.secrets) + len(u.consents) + len(u.scopes) + len(u.days) + len(u.failures) + len(u.refusals))
	db.usage.mu.Unlock()
	db.writer.mu.Lock()
	waiting.Writers = uint64(len(db.writer.waiting))
	db.writer.mu.Unlock()
	return waiting, nil
}
