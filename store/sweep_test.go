package store_test

import (
	"errors"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestSweep(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		user := storetest.User(t, db, "Demo", "demo@example.com", false)
		token, err := db.StartSession(t.Context(), store.Visit{UserID: user.ID})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Session(t.Context(), token); err != nil {
			t.Errorf("a live session: got %v, want it kept", err)
		}
		clock.Advance(store.SessionIdle)
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Session(t.Context(), token); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("an idle session: got %v, want it gone", err)
		}
	})
}

// Applications are gone for good, with all they held, when they were deleted
// longer ago than they are kept, and the audit log says so once.
func TestSweepPurgesApplications(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db := storetest.Open(t, database, clock)
		apply(t, db, demoCatalogue("demo"))
		seedApplications(t, database, 20) // cl_10 and cl_20 are deleted
		rows := raw(t, database)
		for _, statement := range []string{
			`UPDATE applications SET deleted_at = deleted_at + 30 WHERE id = 'cl_20'`,
			`INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
			VALUES ('application', 'cl_10', 'demo', '', 'template', 'viewer', 1, ''), ('application', 'cl_1', 'demo', '', 'template', 'viewer', 1, '')`,
			`INSERT INTO authentication_failures (application_id, day, reason, failures, last_at, last_address)
			VALUES ('cl_10', 1, 'wrong_secret', 1, 3000000000, ''), ('cl_1', 1, 'wrong_secret', 1, 3000000000, '')`,
		} {
			if _, err := rows.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(time.Unix(10, 0).Add(registry.DeletedFor).Sub(clock.Now()))
		for range 2 {
			if err := db.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for query, want := range map[string]int{
			`SELECT count(*) FROM applications`:                                      19,
			`SELECT count(*) FROM applications WHERE id = 'cl_10'`:                   0,
			`SELECT count(*) FROM application_scopes WHERE application_id = 'cl_10'`: 0,
			`SELECT count(*) FROM grants WHERE subject_type = 'application'`:         1,
			`SELECT count(*) FROM authentication_failures`:                           1,
		} {
			var got int
			if err := rows.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
				t.Errorf("%s: got %d %v, want %d", query, got, err, want)
			}
		}
		page, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Action: "application.purge"})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Entries) != 1 || page.Entries[0].Target.ID != "cl_10" || page.Entries[0].Actor.Name != "Clientele" {
			t.Errorf("got %+v, want one purge of cl_10 by Clientele", page.Entries)
		}
	})
}
