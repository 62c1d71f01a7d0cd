package store_test

import (
	"context"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// A database that cannot be written is not ready, says so to who writes, and
// still serves who reads. It goes on by itself once it can be written.
func TestReadyMeansWritable(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db := storetest.Open(t, database, clock)
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		ready := func(want bool) {
			t.Helper()
			var err error
			for range 5 { // PostgreSQL cuts connections off to stop writes, which is noticed as each is used
				clock.Advance(time.Minute)
				if err = db.Ready(t.Context()); err == nil || store.Unwritable(err) {
					break
				}
			}
			if (err == nil) != want || !want && !store.Unwritable(err) {
				t.Errorf("got %v, want ready: %t", err, want)
			}
		}
		ready(true)
		before := head(t, db)
		schema, err := store.Migrate(t.Context(), storetest.Options(database, clock), true)
		if err != nil {
			t.Fatal(err)
		}

		allow := storetest.StopWrites(t, database)
		ready(false)
		for range 3 {
			if err := db.SetStatus(t.Context(), admin, app.ID, registry.Disabled); !store.Unwritable(err) || !store.Unavailable(err) {
				t.Errorf("disable: got %v, want that nothing can be written", err)
			}
			d, err := db.Application(t.Context(), admin, app.ID)
			if err != nil || d.Status != registry.Active {
				t.Errorf("read: got %q, %v; want it as it was", d.Status, err)
			}
		}
		allow()
		ready(true)
		if after := head(t, db); after != before {
			t.Errorf("the audit log went on from %v to %v", before, after)
		}
		if err := db.SetStatus(t.Context(), admin, app.ID, registry.Disabled); err != nil {
			t.Errorf("once it can be written: got %v, want none", err)
		}
		if now, err := store.Migrate(t.Context(), storetest.Options(database, clock), true); err != nil || now != schema {
			t.Errorf("the trial writes left %+v, %v; want %+v", now, err, schema)
		}
	})
}

// However often it is asked, the writer is tried once every few seconds: what
// was found holds until then, also when the one who asked first went away.
func TestReadyIsEasyOnTheWriter(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db := storetest.Open(t, database, clock)
		if err := db.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		holder := raw(t, database)
		tx, err := holder.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), `UPDATE meta SET serves_from = serves_from + 1`); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Second)
		for range 100 { // another holds the row, so that a trial write would wait
			hurry, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := db.Ready(hurry); err != nil {
				t.Errorf("got %v, want what was found 2 s ago", err)
			}
			cancel()
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Second)
		if err := db.Ready(t.Context()); err != nil {
			t.Errorf("got %v, want ready", err)
		}
	})
}
