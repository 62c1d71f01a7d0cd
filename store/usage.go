package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"clientele/oauth"
	"clientele/registry"
)

// flushEvery keeps last use and counters at most 5 s behind, with time to write.
const flushEvery = 3 * time.Second

const secondsPerDay = 24 * 60 * 60

// usage collects what tokens were issued until it is written down, so that a
// token costs no write.
type usage struct {
	mu      sync.Mutex
	clients map[string]*lastUse
	secrets map[string]*lastUse
	days    map[clientDay]int64
}

type lastUse struct {
	at      int64 // unix seconds
	address string
}

type clientDay struct {
	client string
	day    int64
}

// TokenIssued notes that a client got a token. It is written down within 5 s,
// and when the store is closed.
func (db *DB) TokenIssued(u oauth.Use) {
	at := u.At.Unix()
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	if db.usage.clients == nil {
		db.usage.clients, db.usage.secrets, db.usage.days = map[string]*lastUse{}, map[string]*lastUse{}, map[clientDay]int64{}
	}
	noteUse(db.usage.clients, u.ClientID, at, u.Address)
	noteUse(db.usage.secrets, u.SecretID, at, u.Address)
	db.usage.days[clientDay{u.ClientID, at / secondsPerDay}]++
}

func noteUse(uses map[string]*lastUse, id string, at int64, address string) {
	last, ok := uses[id]
	if !ok {
		last = &lastUse{}
		uses[id] = last
	}
	if at >= last.at {
		last.at, last.address = at, address
	}
}

// flushUsage writes down what was used every few seconds, and once more when
// ctx ends.
func (db *DB) flushUsage(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			db.FlushUsage(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			db.FlushUsage(ctx)
		}
	}
}

// FlushUsage writes down now what was used so far. What cannot be written is
// kept for the next time.
func (db *DB) FlushUsage(ctx context.Context) {
	db.usage.mu.Lock()
	clients, secrets, days := db.usage.clients, db.usage.secrets, db.usage.days
	db.usage.clients, db.usage.secrets, db.usage.days = nil, nil, nil
	db.usage.mu.Unlock()
	if len(clients) == 0 {
		return
	}
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		return t.writeUsage(ctx, clients, secrets, days)
	})
	if err != nil {
		db.log.WarnContext(ctx, "last use could not be written yet", "err", err)
		db.keepUsage(clients, secrets, days)
	}
}

// writeUsage goes through rows in the order of their keys, so that two
// instances that do so at once wait for each other and never in a circle.
func (t *tx) writeUsage(ctx context.Context, clients, secrets map[string]*lastUse, days map[clientDay]int64) error {
	for _, id := range slices.Sorted(maps.Keys(clients)) {
		if _, err := t.ExecContext(ctx, `
			UPDATE applications SET last_used_at = $1, last_used_address = $2 WHERE id = $3 AND last_used_at <= $1`,
			clients[id].at, clients[id].address, id); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(secrets)) {
		if _, err := t.ExecContext(ctx, `
			UPDATE secrets SET last_used_at = $1, last_used_address = $2 WHERE id = $3 AND last_used_at <= $1`,
			secrets[id].at, secrets[id].address, id); err != nil {
			return err
		}
	}
	inOrder := slices.SortedFunc(maps.Keys(days), func(a, b clientDay) int {
		if a.client != b.client {
			if a.client < b.client {
				return -1
			}
			return 1
		}
		return int(a.day - b.day)
	})
	for _, d := range inOrder {
		// A purged application is counted no more.
		if _, err := t.ExecContext(ctx, `
			INSERT INTO application_days (application_id, day, tokens) SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM applications WHERE id = $1
			ON CONFLICT (application_id, day) DO UPDATE SET tokens = application_days.tokens + excluded.tokens`,
			d.client, d.day, days[d]); err != nil {
			return err
		}
	}
	return nil
}

// keepUsage puts back what could not be written.
func (db *DB) keepUsage(clients, secrets map[string]*lastUse, days map[clientDay]int64) {
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	if db.usage.clients == nil {
		db.usage.clients, db.usage.secrets, db.usage.days = clients, secrets, days
		return
	}
	for id, u := range clients {
		noteUse(db.usage.clients, id, u.at, u.address)
	}
	for id, u := range secrets {
		noteUse(db.usage.secrets, id, u.at, u.address)
	}
	for d, n := range days {
		db.usage.days[d] += n
	}
}
