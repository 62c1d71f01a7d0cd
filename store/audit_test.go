package store_test

import (
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// raw opens the database behind the store's back, as an attacker with the file would.
func raw(t testing.TB, database string) *sql.DB {
	t.Helper()
	driver := "sqlite"
	if store.IsPostgres(database) {
		driver = "pgx"
	}
	db, err := sql.Open(driver, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// eachDatabase runs a test on the address of an empty database of each kind.
func eachDatabase(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, storetest.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.Postgres(t)) })
}

func demoCatalogue(names ...string) registry.Catalogue {
	var c registry.Catalogue
	for _, name := range names {
		c.Services = append(c.Services, registry.Service{
			Key: name, Name: "Demo " + name, Description: "A service of the tests.", Audience: "https://" + name + ".example.com",
			Scopes: []registry.Scope{
				{Key: name + ":read", Name: "Read", Description: "Opens reading."},
				{Key: name + ":write", Name: "Write", Description: "Opens writing."},
			},
			Permissions: []registry.PermissionDef{
				{Key: "view", Name: "View", Description: "See it."},
				{Key: "edit", Name: "Edit", Description: "Change it.", Needs: []string{"view"}},
			},
			Templates: []registry.Template{
				{Key: "viewer", Name: "Viewer", Permissions: []string{"view"}},
				{Key: "editor", Name: "Editor", Permissions: []string{"view", "edit"}},
			},
			Containers: []registry.Container{{Key: "pool", Name: "Pool", Objects: []registry.Object{{Key: "one", Name: "One", Path: "/pool/one"}}}},
		})
	}
	return c
}

func apply(t testing.TB, db *store.DB, c registry.Catalogue) {
	t.Helper()
	if _, err := db.ApplyCatalogue(t.Context(), registry.Operator, c, false, false); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyAuditNamesTheFirstBrokenEvent(t *testing.T) {
	tests := []struct {
		name   string
		tamper []string
		want   string
	}{
		{"untouched", nil, ""},
		{"actor renamed", []string{`UPDATE audit_events SET actor_name = 'Somebody Else' WHERE seq = 3`}, "broken at event 3: it is not as it was written"},
		{"letter moved between fields", []string{`UPDATE audit_events SET target_type = 'catalogu', target_id = 'ecatalogue' WHERE seq = 4`}, "broken at event 4"},
		{"removed from the middle", []string{`DELETE FROM audit_events WHERE seq = 3`}, "broken at event 3: it is missing"},
		{"removed from the end", []string{`DELETE FROM audit_events WHERE seq = 5`}, "broken at event 5: the log ends before its head"},
		{"rehashed but not its successors", []string{
			`UPDATE audit_events SET hash = '0000000000000000000000000000000000000000000000000000000000000000' WHERE seq = 2`,
		}, "broken at event 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, database string) {
				db := storetest.Open(t, database, storetest.NewClock())
				for _, name := range []string{"alpha", "beta", "gamma"} { // after 2 events of the first start
					apply(t, db, demoCatalogue(name))
				}
				attacker := raw(t, database)
				for _, statement := range tt.tamper {
					if _, err := attacker.ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}
				_, err := db.VerifyAudit(t.Context(), nil)
				if got := message(err); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestVerifyAuditFindsARewrittenHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("alpha"))
		head, err := db.VerifyAudit(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, db, demoCatalogue("beta"))
		if _, err := db.VerifyAudit(t.Context(), &head.Head); err != nil {
			t.Errorf("a head from before: got %v, want none", err)
		}
		other := store.Head{Seq: head.Seq, Hash: strings.Repeat("0", 64)}
		if _, err := db.VerifyAudit(t.Context(), &other); !errors.As(err, new(*store.BrokenChainError)) {
			t.Errorf("a head of another history: got %v, want BrokenChainError", err)
		}
		ahead := store.Head{Seq: head.Seq + 9, Hash: head.Hash}
		if _, err := db.VerifyAudit(t.Context(), &ahead); !errors.As(err, new(*store.BrokenChainError)) {
			t.Errorf("a head the log does not reach: got %v, want BrokenChainError", err)
		}
	})
}

// Writers of two instances at once append without a fork.
func TestAuditChainNeverForks(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		instances := []*store.DB{storetest.Open(t, database, clock), storetest.Open(t, database, clock)}
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				name := "service" + string(rune('a'+i))
				_, err := instances[i%2].ApplyCatalogue(t.Context(), registry.Operator, demoCatalogue(name), false, false)
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		head, err := instances[0].VerifyAudit(t.Context(), nil)
		if err != nil || head.Seq != 18 {
			t.Errorf("got head %d and %v, want 18 and none", head.Seq, err)
		}
	})
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
