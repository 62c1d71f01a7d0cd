package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// seedEvents writes n events, one a second from Noon on, of seven users and two
// applications, behind the store's back: the chain is not theirs.
func seedEvents(t testing.TB, database string, n int) {
	t.Helper()
	db := raw(t, database)
	for _, statement := range []string{
		`DELETE FROM audit_events`,
		fmt.Sprintf(`UPDATE audit_head SET seq = %d`, n),
		fmt.Sprintf(`
		INSERT INTO audit_events (seq, at, actor_type, actor_id, actor_name, action, outcome, target_type, target_id, target_name, address, request_id, before, after, hash)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT i, %d + i * 1000,
			CASE i %% 9 WHEN 7 THEN 'application' WHEN 8 THEN 'application' ELSE 'user' END,
			CASE i %% 9 WHEN 7 THEN 'cl_one' WHEN 8 THEN 'cl_two' ELSE 'us_' || (i %% 9) END,
			CASE i %% 9 WHEN 7 THEN 'Demo One' WHEN 8 THEN 'Demo Two' ELSE 'Demo User ' || (i %% 9) END,
			CASE i %% 4 WHEN 0 THEN 'application.create' WHEN 1 THEN 'application.update' WHEN 2 THEN 'applications' ELSE 'user.create' END,
			CASE i %% 20 WHEN 0 THEN 'refused' ELSE 'done' END,
			'application', 'cl_' || (i %% (%d / 20)), 'Demo', '', '', '', '', ''
		FROM n`, n, storetest.Noon.UnixMilli(), n),
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAuditEvents(t *testing.T) {
	const n = 1000
	second := func(i int) time.Time { return storetest.Noon.Add(time.Duration(i) * time.Second) }
	tests := []struct {
		name string
		q    registry.AuditQuery
		want func(registry.AuditEntry) bool
	}{
		{"everything", registry.AuditQuery{}, func(registry.AuditEntry) bool { return true }},
		{"in large pages", registry.AuditQuery{Limit: 200}, func(registry.AuditEntry) bool { return true }},
		{"actor by ID", registry.AuditQuery{Actor: "us_3"}, func(e registry.AuditEntry) bool { return e.Actor.ID == "us_3" }},
		{"actor by name", registry.AuditQuery{Actor: "demo user 3"}, func(e registry.AuditEntry) bool { return e.Actor.ID == "us_3" }},
		{"several actors", registry.AuditQuery{Actor: "USER"}, func(e registry.AuditEntry) bool { return e.Actor.Type == registry.UserActor }},
		{"no actor", registry.AuditQuery{Actor: "Nobody"}, func(registry.AuditEntry) bool { return false }},
		{"no actor by wildcard", registry.AuditQuery{Actor: "%"}, func(registry.AuditEntry) bool { return false }},
		{"action", registry.AuditQuery{Action: "application.create"}, func(e registry.AuditEntry) bool { return e.Action == "application.create" }},
		{"area", registry.AuditQuery{Action: "application.*"}, func(e registry.AuditEntry) bool { return strings.HasPrefix(e.Action, "application.") }},
		{"refused", registry.AuditQuery{Outcome: registry.Refused}, func(e registry.AuditEntry) bool { return e.Outcome == registry.Refused }},
		{"done", registry.AuditQuery{Outcome: registry.Done}, func(e registry.AuditEntry) bool { return e.Outcome == registry.Done }},
		{"target", registry.AuditQuery{Target: "cl_7"}, func(e registry.AuditEntry) bool { return e.Target.ID == "cl_7" }},
		{"no target by wildcard", registry.AuditQuery{Target: "%%%"}, func(registry.AuditEntry) bool { return false }},
		{"from", registry.AuditQuery{From: second(400)}, func(e registry.AuditEntry) bool { return !e.At.Before(second(400)) }},
		{"from between two milliseconds", registry.AuditQuery{From: second(400).Add(1)}, func(e registry.AuditEntry) bool { return e.At.After(second(400)) }},
		{"to", registry.AuditQuery{To: second(400)}, func(e registry.AuditEntry) bool { return e.At.Before(second(400)) }},
		{"from and to", registry.AuditQuery{From: second(200), To: second(500)}, func(e registry.AuditEntry) bool {
			return !e.At.Before(second(200)) && e.At.Before(second(500))
		}},
		{"all at once", registry.AuditQuery{Actor: "User", Action: "application.*", Outcome: registry.Refused, From: second(100), To: second(900)}, func(e registry.AuditEntry) bool {
			return e.Actor.Type == registry.UserActor && registry.Area(e.Action) == "application" && e.Outcome == registry.Refused &&
				!e.At.Before(second(100)) && e.At.Before(second(900))
		}},
		{"done by several, to a target", registry.AuditQuery{Target: "cl_3", Actor: "User", Outcome: registry.Done}, func(e registry.AuditEntry) bool {
			return e.Target.ID == "cl_3" && e.Actor.Type == registry.UserActor && e.Outcome == registry.Done
		}},
	}
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		seedEvents(t, database, n)
		everything := walk(t, db, registry.AuditQuery{})
		if len(everything) != n || everything[0].Seq != n {
			t.Fatalf("got %d events, the first is %d; want %d, newest first", len(everything), everything[0].Seq, n)
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var want []int64
				for _, e := range everything {
					if tt.want(e) {
						want = append(want, e.Seq)
					}
				}
				if none := strings.HasPrefix(tt.name, "no "); none != (len(want) == 0) {
					t.Fatalf("the test wants %d events", len(want))
				}
				if got := seqs(walk(t, db, tt.q)); !slices.Equal(got, want) {
					t.Errorf("got %d events %v, want %d %v", len(got), got, len(want), want)
				}
			})
		}
	})
}

// walk goes through all pages to the oldest event and back, and returns what it saw.
func walk(t *testing.T, db *store.DB, q registry.AuditQuery) []registry.AuditEntry {
	t.Helper()
	var pages []registry.AuditPage
	var all []registry.AuditEntry
	for {
		page, err := db.AuditEvents(t.Context(), registry.Operator, q)
		if err != nil {
			t.Fatal(err)
		}
		if page.Newer != (len(pages) > 0) {
			t.Fatalf("page %d says that there are newer events: %t", len(pages), page.Newer)
		}
		pages, all = append(pages, page), append(all, page.Entries...)
		if !page.Older {
			break
		}
		q.Before = page.Entries[len(page.Entries)-1].Seq
	}
	q.Before = 0
	for i := len(pages) - 1; i > 0; i-- {
		q.After = pages[i].Entries[0].Seq
		page, err := db.AuditEvents(t.Context(), registry.Operator, q)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := seqs(page.Entries), seqs(pages[i-1].Entries); !slices.Equal(got, want) || page.Newer != (i > 1) || !page.Older {
			t.Fatalf("going back to page %d: got %v, newer %t, older %t; want %v", i-1, got, page.Newer, page.Older, want)
		}
	}
	return all
}

func seqs(entries []registry.AuditEntry) []int64 {
	var all []int64
	for _, e := range entries {
		all = append(all, e.Seq)
	}
	return all
}

func TestAuditEventsRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for name, q := range map[string]registry.AuditQuery{
			"older than none": {Before: 1 << 40}, "newer than none": {After: -1},
		} {
			_, err := db.AuditEvents(t.Context(), registry.Operator, q)
			if invalid, ok := errors.AsType[registry.Invalid](err); !ok || invalid["cursor"] == "" {
				t.Errorf("%s: got %v, want an invalid cursor", name, err)
			}
		}
		if _, err := db.AuditEvent(t.Context(), registry.Operator, 1<<40); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("an event that is not there: got %v, want ErrNotFound", err)
		}
	})
}

func TestAuditEventsNamesThatFitTooMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 51 {
			by := registry.Actor{Type: registry.OperatorActor, ID: fmt.Sprint("demo", i), Name: fmt.Sprint("Demo ", i)}
			if _, err := db.ApplyCatalogue(t.Context(), by, demoCatalogue(fmt.Sprint("demo", i)), false, false); err != nil {
				t.Fatal(err)
			}
		}
		_, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Actor: "demo"})
		if invalid, ok := errors.AsType[registry.Invalid](err); !ok || invalid["actor"] == "" {
			t.Errorf("got %v, want to be asked for more of the name", err)
		}
		page, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Actor: "demo 50"})
		if err != nil || len(page.Entries) != 1 {
			t.Errorf("got %d events, %v; want 1", len(page.Entries), err)
		}
	})
}

func TestAuditExport(t *testing.T) {
	const n = 2500 // more than two batches
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		seedEvents(t, database, n)
		var got []registry.Event
		q := registry.AuditQuery{Action: "application.*", From: storetest.Noon, Before: 5, Limit: 3}
		err := db.AuditExport(t.Context(), registry.Operator, q, func(e registry.Event) error {
			got = append(got, e)
			return nil
		})
		if err != nil || len(got) != n/2 || got[len(got)-1].Seq != 1 {
			t.Errorf("got %d events, %v; want %d down to the first", len(got), err, n/2)
		}
		download := walk(t, db, registry.AuditQuery{Action: "audit-log.download"})
		want := `{"filter":{"action":"application.*","from":"2026-06-01T12:00:00.000Z"}}`
		if len(download) != 1 || download[0].After != want || download[0].Target.ID != "audit-log" {
			t.Errorf("got %+v, want one download of %s", download, want)
		}

		stopped := errors.New("the browser went away")
		if err := db.AuditExport(t.Context(), registry.Operator, q, func(registry.Event) error { return stopped }); !errors.Is(err, stopped) {
			t.Errorf("got %v, want %v", err, stopped)
		}
		before := len(walk(t, db, registry.AuditQuery{Action: "audit-log.download"}))
		nobody := registry.Actor{Type: registry.UserActor, ID: "us_nobody", Name: "Nobody"}
		err = db.AuditExport(t.Context(), nobody, q, func(registry.Event) error { t.Error("an event for nobody"); return nil })
		refused := walk(t, db, registry.AuditQuery{Action: "audit-log.download"})
		if !errors.Is(err, registry.ErrForbidden) || len(refused) != before+1 || refused[0].Outcome != registry.Refused {
			t.Errorf("by nobody: got %v and %d events, want it refused and recorded", err, len(refused)-before)
		}
	})
}

// A page costs the same at any length of the log, whatever is asked for.
func BenchmarkAuditEvents(b *testing.B) {
	const n = 100_000
	at := func(i int) time.Time { return storetest.Noon.Add(time.Duration(i) * time.Second) }
	databases := map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres}
	for kind, database := range databases {
		b.Run(kind, func(b *testing.B) {
			database := database(b)
			db := storetest.Open(b, database, storetest.NewClock())
			seedEvents(b, database, n)
			if _, err := raw(b, database).ExecContext(b.Context(), `ANALYZE`); err != nil {
				b.Fatal(err)
			}
			for name, q := range map[string]registry.AuditQuery{
				"newest":                 {},
				"oldest":                 {Before: 51},
				"back to newer":          {After: 51},
				"actor":                  {Actor: "us_3"},
				"several actors":         {Actor: "user"},
				"action":                 {Action: "user.create"},
				"area":                   {Action: "application.*"},
				"refused":                {Outcome: registry.Refused},
				"target":                 {Target: "cl_7"},
				"a day long ago":         {From: at(100), To: at(200)},
				"actor, long ago":        {Actor: "us_3", To: at(1000)},
				"actor and action":       {Actor: "us_3", Action: "user.create"},
				"actor and other action": {Actor: "us_3", Action: "team.create"},
			} {
				b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
					for b.Loop() {
						if _, err := db.AuditEvents(b.Context(), registry.Operator, q); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
