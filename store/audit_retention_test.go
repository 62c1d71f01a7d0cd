package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

const day = 24 * time.Hour

// Events that grow old are deleted from the start of the chain, which still can
// be verified from there on.
func TestAuditRetention(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := t.Context()
		admin := storetest.Admin(t, db)
		start, err := db.VerifyAudit(ctx, nil)
		if err != nil || start.Checkpoint != (store.Head{}) {
			t.Fatalf("got %+v %v, want all from the first", start, err)
		}
		for i := range 60 {
			clock.Advance(day)
			registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = fmt.Sprintf("App %02d", i) })
		}
		whole, err := db.VerifyAudit(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if again, err := db.VerifyAudit(ctx, nil); err != nil || again != whole {
			t.Errorf("kept for ever: got %+v %v, want nothing deleted", again, err)
		}

		loss, err := db.RetentionLoss(ctx, admin, 30)
		if want := registry.KeptSince(30, clock.Now()); err != nil || !loss.Sooner || loss.Events.N < 29 || !loss.Before.Equal(want) || want.Hour() != 0 {
			t.Errorf("got %+v %v, want what is older than %s", loss, err, want)
		}
		var invalid registry.Invalid
		for _, in := range []registry.RetentionEdit{{Days: 30}, {Days: 30, Confirm: "delete"}, {Days: 31, Confirm: "DELETE"}, {Days: -1, Confirm: "DELETE"}} {
			if err := db.SetAuditRetention(ctx, admin, in); !errors.As(err, &invalid) {
				t.Errorf("%+v: got %v, want Invalid", in, err)
			}
		}
		if _, err := db.RetentionLoss(ctx, admin, 31); !errors.As(err, &invalid) {
			t.Errorf("31 days: got %v, want Invalid", err)
		}
		if err := db.SetAuditRetention(ctx, admin, registry.RetentionEdit{Days: 30, Confirm: " DELETE "}); err != nil {
			t.Fatal(err)
		}
		if event := newest(t, db, "audit-log"); event.Action != "audit-log.set-retention" || event.Before != `{"days":0}` || event.After != `{"days":30}` {
			t.Errorf("got %+v, want the change", event)
		}
		if err := db.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		chain, err := db.VerifyAudit(ctx, nil)
		if err != nil || chain.Checkpoint.Seq != start.Seq+29 || chain.Seq != whole.Seq+2 {
			t.Fatalf("got %+v %v, want the first %d deleted", chain, err, start.Seq+29)
		}
		event := newest(t, db, "audit-log")
		if event.Action != "audit-log.prune" || event.Actor.ID != registry.System.ID || !strings.Contains(event.After, chain.Checkpoint.String()) {
			t.Errorf("got %+v, want that they were deleted, and the checkpoint", event)
		}
		page, err := db.AuditEvents(ctx, admin, registry.AuditQuery{Limit: 100})
		if err != nil || !page.CompleteSince.Equal(loss.Before) || page.Entries[len(page.Entries)-1].Seq != chain.Checkpoint.Seq+1 || page.Entries[len(page.Entries)-1].At.Before(loss.Before) {
			t.Errorf("got since %s and %v, want since %s", page.CompleteSince, err, loss.Before)
		}
		if _, err := db.AuditEvent(ctx, admin, 1); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the first: got %v, want ErrNotFound", err)
		}
		for what, expected := range map[string]*store.Head{"the checkpoint": &chain.Checkpoint, "a head since": &whole.Head} {
			if _, err := db.VerifyAudit(ctx, expected); err != nil {
				t.Errorf("%s: got %v, want it to be found", what, err)
			}
		}
		for what, expected := range map[string]*store.Head{"a head that is gone": &start.Head, "another checkpoint": {Seq: chain.Checkpoint.Seq, Hash: whole.Hash}} {
			if _, err := db.VerifyAudit(ctx, expected); !errors.As(err, new(*store.BrokenChainError)) {
				t.Errorf("%s: got %v, want BrokenChainError", what, err)
			}
		}
		if err := db.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if again, err := db.VerifyAudit(ctx, nil); err != nil || again != chain {
			t.Errorf("got %+v %v, want nothing more deleted that day", again, err)
		}

		if err := db.SetAuditRetention(ctx, admin, registry.RetentionEdit{Days: 365}); err != nil { // longer needs no confirmation
			t.Fatal(err)
		}
		clock.Advance(100 * day)
		if err := db.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if r, err := db.AuditRetention(ctx, admin); err != nil || r != (registry.AuditRetention{Days: 365, CompleteSince: loss.Before}) {
			t.Errorf("got %+v %v, want a year, and complete since as before", r, err)
		}
		clock.Advance(5 * 365 * day) // all is old
		if err := db.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if last, err := db.VerifyAudit(ctx, nil); err != nil || last.Seq != last.Checkpoint.Seq+1 {
			t.Errorf("got %+v %v, want that all was deleted but this", last, err)
		}
	})
}

// Two instances that sweep at once, while others write, leave a whole chain, and
// delete each event once.
func TestPruningInRaces(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		ctx, clock := t.Context(), storetest.NewClock()
		instances := []*store.DB{storetest.Open(t, database, clock), storetest.Open(t, database, clock)}
		admin := storetest.Admin(t, instances[0])
		lengthen(t, raw(t, database), clock.Now(), 4500) // more than two batches
		if _, err := instances[0].VerifyAudit(ctx, nil); err != nil {
			t.Fatal(err)
		}
		clock.Advance(40 * day)
		if err := instances[0].SetAuditRetention(ctx, admin, registry.RetentionEdit{Days: 30, Confirm: "DELETE"}); err != nil {
			t.Fatal(err)
		}
		before, err := instances[0].VerifyAudit(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		for i := range 4 {
			go func() { failed <- instances[i%2].Sweep(ctx) }()
			go func() {
				_, err := instances[i%2].ApplyCatalogue(ctx, registry.Operator, demoCatalogue("service"+string(rune('a'+i))), false, false)
				failed <- err
			}()
		}
		for range 8 {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
		chain, err := instances[1].VerifyAudit(ctx, nil)
		if err != nil || chain.Checkpoint.Seq != before.Seq-1 {
			t.Errorf("got %+v %v, want all deleted before event %d", chain, err, before.Seq)
		}
		page, err := instances[1].AuditEvents(ctx, admin, registry.AuditQuery{Action: "audit-log.prune"})
		if err != nil || len(page.Entries) != 3 {
			t.Errorf("got %d deletions %v, want 3 of up to 2,000", len(page.Entries), err)
		}
	})
}

// lengthen appends n events to the chain, as they would have been written.
func lengthen(t *testing.T, rows *sql.DB, at time.Time, n int) {
	t.Helper()
	tx, err := rows.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := registry.Event{At: at, Actor: registry.Operator, Action: "application.list", Outcome: registry.Refused, Target: registry.AllApplications}
	var previous string
	if err := tx.QueryRowContext(t.Context(), `SELECT seq, hash FROM audit_head`).Scan(&e.Seq, &previous); err != nil {
		t.Fatal(err)
	}
	for range n {
		e.Seq++
		e.Hash = e.ChainHash(previous)
		previous = e.Hash
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO audit_events (seq, at, actor_type, actor_id, actor_name, action, outcome, target_type, target_id, target_name, address, request_id, before, after, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', '', '', $11)`,
			e.Seq, at.UnixMilli(), e.Actor.Type, e.Actor.ID, e.Actor.Name, e.Action, e.Outcome, e.Target.Type, e.Target.ID, e.Target.Name, e.Hash)
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.ExecContext(t.Context(), `UPDATE audit_head SET seq = $1, hash = $2`, e.Seq, e.Hash); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
