package store_test

import (
	"fmt"
	"maps"
	"testing"

	"clientele/registry"
	"clientele/store/storetest"
)

// seedApplications writes n applications behind the store's back. Each holds
// demo:read and every second demo:write; every tenth is deleted.
func seedApplications(t testing.TB, database string, n int) {
	t.Helper()
	db := raw(t, database)
	for _, statement := range []string{
		`
		INSERT INTO applications (id, type, origin, status, name, name_key, description, auth_method, token_alg, created_at, created_by, created_by_name, deleted_at, search_text)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(n) + `)
		SELECT 'cl_' || i, 'oauth_client', 'team', 'active', 'Demo ' || i, 'demo ' || i, '', 'client_secret_basic', 'ES256', i, '', 'Command line',
			CASE WHEN i % 10 = 0 THEN i END, 'demo ' || i || ' cl_' || i
		FROM n`,
		`INSERT INTO application_scopes (application_id, scope) SELECT id, 'demo:read' FROM applications`,
		`INSERT INTO application_scopes (application_id, scope) SELECT id, 'demo:write' FROM applications WHERE created_at % 2 = 1`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestScopeUse(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		apply(t, db, demoCatalogue("demo"))
		if use, err := db.ScopeUse(t.Context(), registry.Operator); err != nil || len(use) != 0 {
			t.Errorf("without applications: got %v, %v; want none", use, err)
		}
		seedApplications(t, database, 100)
		use, err := db.ScopeUse(t.Context(), registry.Operator)
		if want := map[string]int{"demo:read": 90, "demo:write": 50}; err != nil || !maps.Equal(use, want) {
			t.Errorf("got %v, %v; want %v", use, err, want)
		}
	})
}

func BenchmarkScopeUse(b *testing.B) {
	for kind, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(kind, func(b *testing.B) {
			database := database(b)
			db := storetest.Open(b, database, storetest.NewClock())
			apply(b, db, demoCatalogue("demo"))
			seedApplications(b, database, 100_000)
			for b.Loop() {
				if _, err := db.ScopeUse(b.Context(), registry.Operator); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
