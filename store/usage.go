package store

import (
	"cmp"
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
	mu    sync.Mutex
	since uses
}

// uses are what was used since they were written down last; nil when nothing was.
type uses struct {
	clients, secrets, consents map[string]lastUse
	days                       map[clientDay]int64 // tokens issued
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
	used := lastUse{u.At.Unix(), u.Address}
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	since := &db.usage.since
	note(&since.clients, u.ClientID, used)
	note(&since.secrets, u.SecretID, used)
	note(&since.consents, u.ConsentID, used)
	count(&since.days, clientDay{u.ClientID, used.at / secondsPerDay}, 1)
}

// note keeps the later of two uses of what has that ID; "" is nothing.
func note(all *map[string]lastUse, id string, used lastUse) {
	if id == "" {
		return
	}
	if *all == nil {
		*all = map[string]lastUse{}
	}
	if last, ok := (*all)[id]; !ok || used.at >= last.at {
		(*all)[id] = used
	}
}

func count(all *map[clientDay]int64, day clientDay, tokens int64) {
	if *all == nil {
		*all = map[clientDay]int64{}
	}
	(*all)[day] += tokens
}

// flushUsage writes down what was used every few seconds, and once more when
// ctx ends. It also wipes what is kept for seconds only.
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
			db.forgetSuccessors(ctx)
		}
	}
}

// FlushUsage writes down now what was used so far. What cannot be written is
// kept for the next time.
func (db *DB) FlushUsage(ctx context.Context) {
	db.usage.mu.Lock()
	since := db.usage.since
	db.usage.since = uses{}
	db.usage.mu.Unlock()
	if len(since.clients) == 0 {
		return
	}
	err := db.inTx(ctx, registry.System, false, func(t *tx) error { return t.writeUsage(ctx, since) })
	if err != nil {
		db.log.WarnContext(ctx, "last use could not be written yet", "err", err)
		db.keepUsage(since)
	}
}

// writeUsage goes through rows in the order of their keys, so that two
// instances that do so at once wait for each other and never in a circle.
func (t *tx) writeUsage(ctx context.Context, since uses) error {
	for _, kind := range []struct {
		table string
		used  map[string]lastUse
	}{{"applications", since.clients}, {"secrets", since.secrets}, {"consents", since.consents}} {
		for _, id := range slices.Sorted(maps.Keys(kind.used)) {
			_, err := t.ExecContext(ctx, `
				UPDATE `+kind.table+` SET last_used_at = $1, last_used_address = $2 WHERE id = $3 AND last_used_at <= $1`,
				kind.used[id].at, kind.used[id].address, id)
			if err != nil {
				return err
			}
		}
	}
	inOrder := slices.SortedFunc(maps.Keys(since.days), func(a, b clientDay) int {
		return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.day, b.day))
	})
	for _, d := range inOrder {
		// A purged application is counted no more.
		if _, err := t.ExecContext(ctx, `
			INSERT INTO application_days (application_id, day, tokens) SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM applications WHERE id = $1
			ON CONFLICT (application_id, day) DO UPDATE SET tokens = application_days.tokens + excluded.tokens`,
			d.client, d.day, since.days[d]); err != nil {
			return err
		}
	}
	return nil
}

// keepUsage puts back what could not be written.
func (db *DB) keepUsage(unwritten uses) {
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	since := &db.usage.since
	for id, used := range unwritten.clients {
		note(&since.clients, id, used)
	}
	for id, used := range unwritten.secrets {
		note(&since.secrets, id, used)
	}
	for id, used := range unwritten.consents {
		note(&since.consents, id, used)
	}
	for day, tokens := range unwritten.days {
		count(&since.days, day, tokens)
	}
}
