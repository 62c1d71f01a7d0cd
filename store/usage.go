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

// scopeUseEvery is how many seconds may pass until the use of a scope is
// written again: it is asked about in days.
const scopeUseEvery = 6 * 60 * 60

// usage collects what tokens were issued and refused until it is written down,
// so that a token costs no write.
type usage struct {
	flush sync.Mutex // held while some is written, so that who flushes next finds it there
	mu    sync.Mutex
	unwritten
}

// unwritten is what was collected. It grows with what is registered, and never
// with what strangers send.
type unwritten struct {
	clients  map[string]*lastUse
	secrets  map[string]*lastUse
	consents map[string]*lastUse
	scopes   map[clientScope]int64 // unix seconds
	days     map[clientDay]int64
	failures map[failureDay]*failures
	refusals []registry.Refusal
	refused  map[string]int // how many of refusals each caller has
}

type lastUse struct {
	at      int64 // unix seconds
	address string
}

type clientScope struct{ client, scope string }

type clientDay struct {
	client string
	day    int64
}

type failureDay struct {
	clientDay

	reason registry.FailureReason
}

type failures struct {
	n    int64
	last lastUse
}

func newUnwritten() unwritten {
	return unwritten{
		clients: map[string]*lastUse{}, secrets: map[string]*lastUse{}, consents: map[string]*lastUse{},
		scopes: map[clientScope]int64{}, days: map[clientDay]int64{}, failures: map[failureDay]*failures{}, refused: map[string]int{},
	}
}

// TokenIssued notes that a client got a token. It is written down within 5 s,
// and when the store is closed.
func (db *DB) TokenIssued(u oauth.Use) {
	at := u.At.Unix()
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	noteUse(db.usage.clients, u.ClientID, at, u.Address)
	noteUse(db.usage.secrets, u.SecretID, at, u.Address)
	noteUse(db.usage.consents, u.ConsentID, at, u.Address)
	for _, scope := range u.Scopes {
		key := clientScope{u.ClientID, scope}
		db.usage.scopes[key] = max(db.usage.scopes[key], at)
	}
	db.usage.days[clientDay{u.ClientID, at / secondsPerDay}]++
}

// AuthenticationFailed notes that someone did not prove to be a client. It is
// written down when a token would be.
func (db *DB) AuthenticationFailed(f oauth.Failure) {
	if db.observer != nil {
		db.observer.AuthenticationFailed(f.Reason)
	}
	at := f.At.Unix()
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	noteFailures(db.usage.failures, failureDay{clientDay{f.ClientID, at / secondsPerDay}, f.Reason}, 1, lastUse{at, f.Address})
}

// noteUse keeps the later of two uses of what has that ID; "" is nothing.
func noteUse(uses map[string]*lastUse, id string, at int64, address string) {
	if id == "" {
		return
	}
	last, ok := uses[id]
	if !ok {
		last = &lastUse{}
		uses[id] = last
	}
	if at >= last.at {
		last.at, last.address = at, address
	}
}

func noteFailures(all map[failureDay]*failures, day failureDay, n int64, last lastUse) {
	f, ok := all[day]
	if !ok {
		f = &failures{}
		all[day] = f
	}
	f.n += n
	if last.at >= f.last.at {
		f.last = last
	}
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

// FlushUsage writes down now what was used and refused so far. What cannot be
// written is kept for the next time.
func (db *DB) FlushUsage(ctx context.Context) {
	db.usage.flush.Lock()
	defer db.usage.flush.Unlock()
	db.usage.mu.Lock()
	seen := db.usage.unwritten
	db.usage.unwritten = newUnwritten()
	db.usage.mu.Unlock()
	if len(seen.clients) == 0 && len(seen.failures) == 0 && len(seen.refusals) == 0 {
		return
	}
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		if err := t.writeUsage(ctx, seen); err != nil {
			return err
		}
		if err := t.writeFailures(ctx, seen.failures); err != nil {
			return err
		}
		return t.writeRefusals(ctx, seen.refusals)
	})
	if err != nil {
		db.log.WarnContext(ctx, "last use could not be written yet", "err", err)
		db.keepUsage(seen)
	}
}

// writeUsage goes through rows in the order of their keys, so that two
// instances that do so at once wait for each other and never in a circle.
func (t *tx) writeUsage(ctx context.Context, seen unwritten) error {
	for _, kind := range []struct {
		table string
		uses  map[string]*lastUse
	}{{"applications", seen.clients}, {"secrets", seen.secrets}, {"consents", seen.consents}} {
		for _, id := range slices.Sorted(maps.Keys(kind.uses)) {
			_, err := t.ExecContext(ctx, `
				UPDATE `+kind.table+` SET last_used_at = $1, last_used_address = $2 WHERE id = $3 AND last_used_at <= $1`,
				kind.uses[id].at, kind.uses[id].address, id)
			if err != nil {
				return err
			}
		}
	}
	for _, s := range slices.SortedFunc(maps.Keys(seen.scopes), clientScope.compare) {
		_, err := t.ExecContext(ctx, `UPDATE application_scopes SET used_at = $1 WHERE application_id = $2 AND scope = $3 AND used_at <= $4`,
			seen.scopes[s], s.client, s.scope, seen.scopes[s]-scopeUseEvery)
		if err != nil {
			return err
		}
	}
	for _, d := range slices.SortedFunc(maps.Keys(seen.days), clientDay.compare) {
		// A purged application is counted no more.
		if _, err := t.ExecContext(ctx, `
			INSERT INTO application_days (application_id, day, tokens) SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM applications WHERE id = $1
			ON CONFLICT (application_id, day) DO UPDATE SET tokens = application_days.tokens + excluded.tokens`,
			d.client, d.day, seen.days[d]); err != nil {
			return err
		}
	}
	return nil
}

// writeFailures goes through rows in the order of their keys, as writeUsage does.
func (t *tx) writeFailures(ctx context.Context, all map[failureDay]*failures) error {
	inOrder := slices.SortedFunc(maps.Keys(all), func(a, b failureDay) int {
		return cmp.Or(a.compare(b.clientDay), cmp.Compare(a.reason, b.reason))
	})
	for _, d := range inOrder {
		f := all[d]
		if _, err := t.ExecContext(ctx, `
			INSERT INTO authentication_failures (application_id, day, reason, failures, last_at, last_address)
			SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS TEXT)
			WHERE $1 = '' OR EXISTS (SELECT 1 FROM applications WHERE id = $1)
			ON CONFLICT (application_id, day, reason) DO UPDATE SET failures = authentication_failures.failures + excluded.failures,
			last_address = CASE WHEN excluded.last_at >= authentication_failures.last_at THEN excluded.last_address ELSE authentication_failures.last_address END,
			last_at = CASE WHEN excluded.last_at >= authentication_failures.last_at THEN excluded.last_at ELSE authentication_failures.last_at END`,
			d.client, d.day, d.reason, f.n, f.last.at, f.last.address); err != nil {
			return err
		}
	}
	return nil
}

func (s clientScope) compare(to clientScope) int {
	return cmp.Or(cmp.Compare(s.client, to.client), cmp.Compare(s.scope, to.scope))
}

func (d clientDay) compare(to clientDay) int {
	return cmp.Or(cmp.Compare(d.client, to.client), cmp.Compare(d.day, to.day))
}

// keepUsage puts back what could not be written.
func (db *DB) keepUsage(seen unwritten) {
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	for id, u := range seen.clients {
		noteUse(db.usage.clients, id, u.at, u.address)
	}
	for id, u := range seen.secrets {
		noteUse(db.usage.secrets, id, u.at, u.address)
	}
	for id, u := range seen.consents {
		noteUse(db.usage.consents, id, u.at, u.address)
	}
	for s, at := range seen.scopes {
		db.usage.scopes[s] = max(db.usage.scopes[s], at)
	}
	for d, n := range seen.days {
		db.usage.days[d] += n
	}
	for d, f := range seen.failures {
		noteFailures(db.usage.failures, d, f.n, f.last)
	}
	for _, r := range seen.refusals {
		db.usage.note(r)
	}
}
