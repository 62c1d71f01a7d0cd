package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// Who holds a permission is everyone whom the decision allows it, by name, and
// nobody else, whether groups are small or large.
func TestHolders(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		fillGrants(t, database, 900, 300)
		s := storetest.Open(t, database, storetest.NewClock())
		db := raw(t, database)
		execAll(t, db, `INSERT INTO group_members (group_id, user_id, added_at) SELECT 'gr_1', id, 0 FROM users WHERE id IN ('us_2', 'us_9', 'us_77', 'us_120')`)
		allowed := func(object string) (want []registry.Subject) {
			for _, kind := range []struct{ of, table string }{{"user", "users"}, {"application", "applications"}} {
				rows, err := db.QueryContext(t.Context(), "SELECT id FROM "+kind.table)
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				var asked []registry.AccessQuestion
				for rows.Next() {
					q := registry.AccessQuestion{Question: registry.Question{Permission: registry.Permission{Service: "demo", Key: "view"}, Object: object}}
					q.Subject.Type = registry.SubjectType(kind.of)
					if err := rows.Scan(&q.Subject.ID); err != nil {
						t.Fatal(err)
					}
					asked = append(asked, q)
				}
				if err := rows.Err(); err != nil {
					t.Fatal(err)
				}
				answers, err := s.Evaluate(t.Context(), registry.Operator, asked, registry.ExecuteAll)
				if err != nil {
					t.Fatal(err)
				}
				for i, a := range answers {
					if a.Allowed {
						want = append(want, asked[i].Subject)
					}
				}
			}
			return want
		}
		list := func(object string) (got []registry.Subject) {
			t.Helper()
			var names []string
			for after := ""; ; {
				page, err := s.Holders(t.Context(), registry.Operator, "demo", registry.HolderQuery{Permission: "view", Object: object, After: after})
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range page.Holders {
					if len(h.By) == 0 {
						t.Errorf("%v: nothing gives it", h.Subject)
					}
					got, names = append(got, h.Subject.Subject), append(names, asciiLower(h.Subject.Name))
				}
				if after = page.Next; after == "" {
					if !store.IsPostgres(database) && !slices.IsSorted(names) {
						t.Errorf("not by name: %v", names)
					}
					return got
				}
			}
		}
		compare := func(object string) {
			t.Helper()
			order := func(a, b registry.Subject) int {
				return strings.Compare(registry.SubjectName(a), registry.SubjectName(b))
			}
			got, want := list(object), allowed(object)
			slices.SortFunc(got, order)
			slices.SortFunc(want, order)
			if len(want) < 20 || !slices.Equal(got, want) {
				t.Errorf("on %q: got %d %v, want %d %v", object, len(got), got, len(want), want)
			}
		}
		for _, object := range []string{"", "pool", "pool/o7"} {
			compare(object)
		}
		// Memberships enough that users are looked through by name.
		execAll(t, db, `
			WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 450)
			INSERT INTO users (id, email, email_key, name, password_hash, created_at) SELECT 'mb_' || i, 'm' || i, 'm' || i, 'Member ' || i % 105, '', 0 FROM n`,
			`INSERT INTO group_members (group_id, user_id, added_at) SELECT g.id, u.id, 0 FROM users u, user_groups g WHERE u.id LIKE 'mb_%' AND g.id > 'gr_1'`,
			`INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
			SELECT 'group', id, 'demo', '', 'template', 'viewer', 0, '' FROM user_groups WHERE id > 'gr_1' ON CONFLICT DO NOTHING`)
		var members int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM group_members WHERE group_id > 'gr_1'`).Scan(&members); err != nil || members <= 2000 {
			t.Fatalf("got %d members, %v; want more than are sorted by name", members, err)
		}
		compare("pool")

		for field, q := range map[string]registry.HolderQuery{
			"permission": {Permission: "fly"}, "object": {Permission: "view", Object: "nowhere"}, "page": {Permission: "view", After: "x"},
		} {
			_, err := s.Holders(t.Context(), registry.Operator, "demo", q)
			if invalid, _ := errors.AsType[registry.Invalid](err); invalid[field] == "" {
				t.Errorf("%+v: got %v, want Invalid about the %s", q, err, field)
			}
		}
	})
}
