package store_test

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// fillGrants writes n grants of the service demo behind the store's back, to
// as many applications, users and groups as share them, and others to be told
// from them. It takes seconds for 100,000.
func fillGrants(t testing.TB, database string, n, applications int) *sql.DB {
	t.Helper()
	db := fillApplications(t, database, applications)
	no := "FALSE"
	if !store.IsPostgres(database) {
		no = "0"
	}
	execAll(t, db, `
		INSERT INTO services (key, name, description, audience, builtin, position) VALUES ('other', 'Other', 'Other', 'https://other.example', `+no+`, 2)`, `
		INSERT INTO permissions (service, key, name, description, position) VALUES ('demo', 'view', 'View', 'See it.', 0), ('demo', 'edit', 'Edit', 'Change it.', 1)`, `
		INSERT INTO templates (service, key, name, description, position) VALUES ('demo', 'viewer', 'Viewer', '', 0)`, `
		INSERT INTO template_permissions (service, template, permission) VALUES ('demo', 'viewer', 'view')`, `
		INSERT INTO containers (service, key, name, position) VALUES ('demo', 'pool', 'Pool', 0), ('demo', 'poo', 'Poo', 1)`, `
		WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 40)
		INSERT INTO objects (service, container, key, name, path, position) SELECT 'demo', 'pool', 'o' || i, 'Object ' || i, '/pool/' || i, i FROM n`, fmt.Sprintf(`
		WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO users (id, email, email_key, name, password_hash, created_at, disabled_at)
		SELECT 'us_' || i, 'u' || i || '@example.com', 'u' || i || '@example.com', CASE i %% 3 WHEN 0 THEN 'Ada ' WHEN 1 THEN 'Émile ' ELSE 'zoe ' END || i * 7919 %% 1009, '', 0,
			CASE WHEN i %% 9 = 0 THEN 5 END FROM n`, applications/2), fmt.Sprintf(`
		WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO user_groups (id, name, name_key, description, created_at) SELECT 'gr_' || i, 'Group ' || i, 'group ' || i, 'Of the tests', 0 FROM n`, max(applications/50, 3)), fmt.Sprintf(`
		WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d),
		thrown AS (SELECT i, (i + 17) * 2654435761 %% 4294967296 / 1024 AS a, (i + 5) * 2246822519 %% 4294967296 / 1024 AS b FROM n),
		what AS (SELECT i, a, b, CASE WHEN a %% 10 < 6 THEN 'application' WHEN a %% 10 < 9 THEN 'user' ELSE 'group' END AS t FROM thrown)
		INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
		SELECT t, CASE t WHEN 'application' THEN (SELECT id FROM applications WHERE row_id = 1 + b %% %d) WHEN 'user' THEN 'us_' || (1 + b %% %d) ELSE 'gr_' || (1 + b %% %d) END,
			CASE WHEN a / 16 %% 8 = 0 THEN 'other' ELSE 'demo' END, CASE a / 256 %% 5 WHEN 0 THEN '' WHEN 1 THEN 'pool' WHEN 2 THEN 'poo' ELSE 'pool/o' || (1 + b / 32 %% 40) END,
			CASE a / 64 %% 3 WHEN 0 THEN 'template' ELSE 'permission' END, CASE a / 64 %% 3 WHEN 0 THEN 'viewer' WHEN 1 THEN 'view' ELSE 'edit' END, i, 'us_1'
		FROM what WHERE TRUE ON CONFLICT DO NOTHING`, n, applications, applications/2, max(applications/50, 3)))
	return db
}

// grantRow is what a test knows of a grant that the list may show.
type grantRow struct {
	registry.HeldGrant
	subject           registry.Subject
	name, nameKey     string
	deleted, disabled bool
}

func readGrants(t *testing.T, db *sql.DB) []grantRow {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `
		SELECT g.service, g.object, g.kind, g.key, g.subject_type, g.subject_id, COALESCE(a.name, u.name, c.name),
			COALESCE(a.deleted_at IS NOT NULL, FALSE), COALESCE(a.status = 'disabled', u.disabled_at IS NOT NULL)
		FROM grants g
		LEFT JOIN applications a ON g.subject_type = 'application' AND a.id = g.subject_id
		LEFT JOIN users u ON g.subject_type = 'user' AND u.id = g.subject_id
		LEFT JOIN user_groups c ON g.subject_type = 'group' AND c.id = g.subject_id
		WHERE g.service = 'demo'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []grantRow
	for rows.Next() {
		var r grantRow
		var disabled sql.NullBool
		if err := rows.Scan(&r.Service, &r.Object, &r.Kind, &r.Key, &r.subject.Type, &r.subject.ID, &r.name, &r.deleted, &disabled); err != nil {
			t.Fatal(err)
		}
		r.nameKey, r.disabled = registry.NameKey(r.name), disabled.Bool && r.subject.Type != registry.GroupSubject
		if r.subject.Type == registry.UserSubject && !strings.Contains(fmt.Sprintf("%T", db.Driver()), "stdlib") {
			r.nameKey = asciiLower(r.name)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// asciiLower folds as SQLite does.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// matches says in Go what the store says in SQL.
func (r grantRow) matches(q registry.SubjectQuery) bool {
	kind, key := registry.ParseGrantName(q.Grant)
	switch {
	case r.deleted,
		q.Type != "" && r.subject.Type != q.Type,
		q.Grant != "" && (r.Kind != kind || r.Key != key),
		q.Object == registry.OnWholeService && r.Object != "",
		q.Object != "" && q.Object != registry.OnWholeService && r.Object != q.Object:
		return false
	}
	if utf8.RuneCountInString(q.Search) < 3 {
		return strings.HasPrefix(registry.NameKey(r.name), registry.NameKey(q.Search))
	}
	return strings.Contains(registry.NameKey(r.name), registry.NameKey(q.Search))
}

func (r grantRow) id() string {
	return strings.Join([]string{r.nameKey, string(r.subject.Type), r.subject.ID, r.Object, string(r.Kind), r.Key}, "\x00")
}

func subjectQueries() map[string]registry.SubjectQuery {
	return map[string]registry.SubjectQuery{
		"all":                    {},
		"users":                  {Type: registry.UserSubject},
		"groups":                 {Type: registry.GroupSubject},
		"a template":             {Grant: "template:viewer"},
		"a permission":           {Grant: "permission:edit"},
		"what there is not":      {Grant: "permission:nothing"},
		"no name of a grant":     {Grant: "nothing"},
		"whole service":          {Object: registry.OnWholeService},
		"a container":            {Object: "pool"},
		"an object":              {Object: "pool/o7"},
		"no such object":         {Object: "attic"},
		"search":                 {Search: "sync"},
		"search, case":           {Search: "GROUP 1"},
		"search accents":         {Search: "ÉMILE 1"},
		"search one accent":      {Search: "é"},
		"search signs":           {Search: "100% Über_C"},
		"search nothing":         {Search: "nobody of that name"},
		"users, template":        {Type: registry.UserSubject, Grant: "template:viewer"},
		"users on an object":     {Type: registry.UserSubject, Object: "pool/o7"},
		"all filters":            {Type: registry.ApplicationSubject, Grant: "permission:view", Object: "pool", Search: "b"},
		"template on an object":  {Grant: "template:viewer", Object: "pool/o9"},
		"applications, search":   {Type: registry.ApplicationSubject, Search: "billing"},
		"groups on no container": {Type: registry.GroupSubject, Object: registry.OnWholeService},
	}
}

// Every filter yields each match exactly once, by name, page by page and back,
// and counts what there is.
func TestSubjectGrantsList(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		all := readGrants(t, fillGrants(t, database, 1500, 120))
		db := storetest.Open(t, database, storetest.NewClock())
		for name, q := range subjectQueries() {
			t.Run(name, func(t *testing.T) { testSubjectList(t, db, all, q) })
		}
		for name, q := range map[string]registry.SubjectQuery{
			"forged cursor":   {After: "x"},
			"other's cursor":  {After: registry.Cursor{Sort: registry.SortName, Name: "a", ID: "cl_1"}.String()},
			"short cursor":    {Before: registry.Cursor{Sort: registry.SubjectsByName, Name: "a", ID: "user us_1"}.String()},
			"beyond the last": {After: registry.Cursor{Sort: registry.SubjectsByName, Name: "\U0010ffff", ID: "user z z z z"}.String()},
			"unknown kind":    {Type: "robot"},
		} {
			_, err := db.SubjectGrants(t.Context(), registry.Operator, "demo", q)
			if _, wrong := errors.AsType[registry.Invalid](err); !wrong {
				t.Errorf("%s: got %v, want it to be invalid", name, err)
			}
		}
	})
}

func testSubjectList(t *testing.T, db *store.DB, all []grantRow, q registry.SubjectQuery) {
	t.Helper()
	want := slices.DeleteFunc(slices.Clone(all), func(r grantRow) bool { return !r.matches(q) })
	slices.SortFunc(want, func(a, b grantRow) int { return cmp.Compare(a.id(), b.id()) })
	var pages []registry.SubjectPage
	var got []registry.SubjectGrant
	for {
		page, err := db.SubjectGrants(t.Context(), registry.Operator, "demo", q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		pages, got = append(pages, page), append(got, page.Grants...)
		if (page.Prev != "") != (len(pages) > 1) {
			t.Errorf("page %d: got %q as the cursor of the page before", len(pages), page.Prev)
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %d grants, want %d", len(got), len(want))
	}
	for i, g := range got {
		if g.Subject != want[i].subject || g.HeldGrant != want[i].HeldGrant || g.Name != want[i].name || g.Disabled != want[i].disabled {
			t.Fatalf("got %+v as grant %d, want %+v", g, i, want[i])
		}
	}
	if n := pages[0].Found; n.N != min(len(want), 1000) || n.More != (len(want) > 1000) {
		t.Errorf("got %+v found, want %d", n, len(want))
	}
	for i := len(pages) - 1; i > 0; i-- {
		q.After, q.Before = "", pages[i].Prev
		page, err := db.SubjectGrants(t.Context(), registry.Operator, "demo", q)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(page.Grants, pages[i-1].Grants) {
			t.Errorf("back from page %d: got %v, want %v", i+1, page.Grants, pages[i-1].Grants)
		}
	}
}

// The cards and the templates count subjects, not grants, and none that is deleted.
func TestSubjectCounts(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		all := readGrants(t, fillGrants(t, database, 1500, 120))
		db := storetest.Open(t, database, storetest.NewClock())
		count := func(matches func(grantRow) bool) registry.Count {
			holders := map[registry.Subject]bool{}
			for _, r := range all {
				if !r.deleted && matches(r) {
					holders[r.subject] = true
				}
			}
			return registry.Count{N: len(holders)}
		}
		services, err := db.PermissionServices(t.Context(), registry.Operator, "DEMO")
		if err != nil || len(services) != 1 {
			t.Fatalf("got %v, %v, want the one service", services, err)
		}
		for kind, got := range map[registry.SubjectType]registry.Count{
			registry.UserSubject: services[0].Users, registry.GroupSubject: services[0].Groups, registry.ApplicationSubject: services[0].Applications,
		} {
			if want := count(func(r grantRow) bool { return r.subject.Type == kind }); got != want {
				t.Errorf("%s: got %+v, want %+v", kind, got, want)
			}
		}
		use, err := db.GrantUse(t.Context(), registry.Operator, "demo")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"template:viewer", "permission:view", "permission:edit"} {
			kind, key := registry.ParseGrantName(name)
			if want := count(func(r grantRow) bool { return r.Kind == kind && r.Key == key }); use[name] != want {
				t.Errorf("%s: got %+v, want %+v", name, use[name], want)
			}
		}
	})
}

// A list goes by the names that subjects have now.
func TestSubjectGrantsFollowNames(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		rows := raw(t, database)
		db := storetest.Open(t, database, storetest.NewClock())
		apply(t, db, demoCatalogue("orders"))
		user := storetest.User(t, db, "Bea", "bea@example.com", false)
		group := insertGroup(t, rows, "gr_1", "Clerks")
		app := registered(t, db, registry.Operator, func(in *registry.NewClient) { in.Name = "Alpha"; in.Scopes = []string{"audit.log:read"} })
		for _, s := range []registry.Subject{{Type: registry.ApplicationSubject, ID: app.ID}, user.Actor().Subject(), group} {
			err := db.Grant(t.Context(), registry.Operator, registry.GrantInput{Subject: s, Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"})
			if err != nil {
				t.Fatal(err)
			}
		}
		names := func(search string) string {
			t.Helper()
			page, err := db.SubjectGrants(t.Context(), registry.Operator, "orders", registry.SubjectQuery{Search: search})
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, g := range page.Grants {
				all = append(all, g.Name)
			}
			return strings.Join(all, " ")
		}
		if got := names(""); got != "Alpha Bea Clerks" {
			t.Errorf("got %s, want Alpha Bea Clerks", got)
		}
		edit := registry.ProfileEdit{UserDetails: registry.UserDetails{Name: "Zoe", Email: "bea@example.com"}}
		if err := db.UpdateProfile(t.Context(), user.Actor(), edit, store.Browser{}); err != nil {
			t.Fatal(err)
		}
		details := registry.ClientEdit{ClientDetails: registry.ClientDetails{Name: "Middle", Grants: app.Grants, AuthMethod: app.AuthMethod}}
		if err := db.UpdateClient(t.Context(), registry.Operator, app.ID, details); err != nil {
			t.Fatal(err)
		}
		execAll(t, rows, `UPDATE user_groups SET name = 'Yard', name_key = 'yard'`)
		if got := names(""); got != "Middle Yard Zoe" {
			t.Errorf("renamed: got %s, want Middle Yard Zoe", got)
		}
		if got := names("yar") + names("clerk"); got != "Yard" {
			t.Errorf("found %q, want Yard by its new name only", got)
		}
		if err := db.DeleteApplication(t.Context(), registry.Operator, app.ID, "Middle"); err != nil {
			t.Fatal(err)
		}
		if got := names(""); got != "Yard Zoe" {
			t.Errorf("deleted: got %s, want Yard Zoe", got)
		}
	})
}

// Who looks after a part of a service's permissions sees that part, and
// nothing else.
func TestPermissionReach(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		rows := raw(t, database)
		db := storetest.Open(t, database, storetest.NewClock())
		c := demoCatalogue("orders", "stock")
		for i := range c.Services {
			c.Services[i].Permissions = append(c.Services[i].Permissions, registry.PermissionDef{Key: registry.ManageOwnPermissions, Name: "Manage permissions", Description: "Change who may do what."})
			c.Services[i].Containers = []registry.Container{
				{Key: "pool", Name: "Pool", Objects: []registry.Object{{Key: "one", Name: "One"}, {Key: "two", Name: "Two"}}}, {Key: "poo", Name: "Poo"},
			}
		}
		apply(t, db, c)
		group := insertGroup(t, rows, "gr_1", "Clerks")
		grant := func(s registry.Subject, service, key, object string) {
			t.Helper()
			err := db.Grant(t.Context(), registry.Operator, registry.GrantInput{Subject: s, Service: service, Kind: registry.PermissionGrant, Key: key, Object: object})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, object := range []string{"", "pool", "poo", "pool/one", "pool/two"} {
			grant(group, "orders", "view", object)
			grant(group, "stock", "view", object)
		}
		who := func(name string, held ...[3]string) registry.Actor {
			user := storetest.User(t, db, name, strings.ReplaceAll(strings.ToLower(name), " ", ".")+"@example.com", false)
			for _, h := range held {
				grant(user.Actor().Subject(), h[0], h[1], h[2])
			}
			return user.Actor()
		}
		viewer := who("Viewer", [3]string{"authorization", "view-permissions", ""})
		whole := who("Whole", [3]string{"orders", registry.ManageOwnPermissions, ""})
		pool := who("Of the pool", [3]string{"orders", registry.ManageOwnPermissions, "pool"})
		one := who("Of one", [3]string{"orders", registry.ManageOwnPermissions, "pool/one"}, [3]string{"orders", registry.ManageOwnPermissions, "poo"})
		half := who("Of nothing", [3]string{"authorization", registry.ManageOwnPermissions, ""}) // which means nothing without view-permissions
		nobody := who("Nobody")

		tests := []struct {
			by            registry.Actor
			orders, stock string // the objects on which Clerks are seen to hold something, or why not
			containers    string
		}{
			{viewer, " poo pool pool/one pool/two", " poo pool pool/one pool/two", "pool[one two] poo[]"},
			{whole, " poo pool pool/one pool/two", "not found", "pool[one two] poo[]"},
			{pool, "pool pool/one pool/two", "not found", "pool[one two]"},
			{one, "poo pool/one", "not found", "pool[one] poo[]"},
			{half, "forbidden", "forbidden", ""},
			{nobody, "forbidden", "forbidden", ""},
		}
		for _, tt := range tests {
			seen := func(service string) string {
				page, err := db.SubjectGrants(t.Context(), tt.by, service, registry.SubjectQuery{Type: registry.GroupSubject})
				switch {
				case errors.Is(err, registry.ErrForbidden):
					return "forbidden"
				case errors.Is(err, registry.ErrNotFound):
					return "not found"
				case err != nil:
					t.Fatal(err)
				}
				var objects []string
				for _, g := range page.Grants {
					objects = append(objects, g.Object)
				}
				return strings.Join(objects, " ")
			}
			if got := seen("orders"); got != tt.orders {
				t.Errorf("%s, orders: got %q, want %q", tt.by.Name, got, tt.orders)
			}
			if got := seen("stock"); got != tt.stock {
				t.Errorf("%s, stock: got %q, want %q", tt.by.Name, got, tt.stock)
			}
			part, err := db.PermissionService(t.Context(), tt.by, "orders")
			var containers []string
			for _, c := range part.Containers {
				containers = append(containers, fmt.Sprintf("%s%v", c.Key, slices.Collect(func(yield func(string) bool) {
					for _, o := range c.Objects {
						if !yield(o.Key) {
							return
						}
					}
				})))
			}
			if got := strings.Join(containers, " "); got != tt.containers {
				t.Errorf("%s: got the containers %q, %v, want %q", tt.by.Name, got, err, tt.containers)
			}
			services, err := db.PermissionServices(t.Context(), tt.by, "")
			if (err != nil) != (tt.orders == "forbidden") || err == nil && (len(services) > 1) != (tt.stock != "not found") {
				t.Errorf("%s: got %d services, %v", tt.by.Name, len(services), err)
			}
			for _, s := range services {
				if want := map[bool]int{true: 1}[s.Key == "orders" || s.Key == "stock"]; s.Groups.N != want {
					t.Errorf("%s, %s: got %d groups, want %d", tt.by.Name, s.Key, s.Groups.N, want)
				}
			}
			session, err := db.Session(t.Context(), startSession(t, db, registry.User{ID: tt.by.ID}))
			if err != nil || registry.PermissionReach(session.Held).Any() != (tt.orders != "forbidden") {
				t.Errorf("%s: the session says otherwise, %v", tt.by.Name, err)
			}
		}
		if _, err := db.PermissionService(t.Context(), viewer, "none"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("no such service: got %v, want ErrNotFound", err)
		}
	})
}

// BenchmarkPermissions reads the permissions pages at 100,000 grants and 10,000
// applications, and reports what half and 99 of 100 of them took at most.
// LIST_BAR=1 holds them to slowestPage, on a machine that is quiet.
//
//	e2e/postgres.sh go test ./store -run '^$' -bench Permissions -benchtime 20x
func BenchmarkPermissions(b *testing.B) {
	for _, database := range []struct {
		name string
		make func(testing.TB) string
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		b.Run(database.name, func(b *testing.B) {
			address := database.make(b)
			filled := fillGrants(b, address, 120_000, 10_000)
			if store.IsPostgres(address) {
				execAll(b, filled, "VACUUM ANALYZE") // as autovacuum does before long
			}
			db := storetest.Open(b, address, storetest.NewClock())
			for _, name := range slices.Sorted(maps.Keys(subjectQueries())) {
				q := subjectQueries()[name]
				b.Run(name, func(b *testing.B) {
					benchmarkPages(b, func() {
						for q.After = ""; ; {
							page, err := db.SubjectGrants(b.Context(), registry.Operator, "demo", q)
							if err != nil {
								b.Fatal(err)
							}
							if q.After == "" && page.Next != "" {
								q.After = page.Next
								continue
							}
							return
						}
					})
				})
			}
			b.Run("services", func(b *testing.B) {
				benchmarkPages(b, func() {
					if _, err := db.PermissionServices(b.Context(), registry.Operator, ""); err != nil {
						b.Fatal(err)
					}
				})
			})
			for name, q := range map[string]registry.PickQuery{
				"all": {}, "users": {Type: registry.UserSubject}, "applications": {Type: registry.ApplicationSubject},
				"many_found": {Search: "ada"}, "few_found": {Search: "u4999@"}, "none_found": {Search: "nobody"}, "beginning": {Search: "zo"},
			} {
				b.Run("pick/"+name, func(b *testing.B) {
					benchmarkPages(b, func() {
						if _, err := db.SubjectsToPick(b.Context(), registry.Operator, "demo", q); err != nil {
							b.Fatal(err)
						}
					})
				})
			}
			execAll(b, filled, `
				INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
				SELECT 'user', id, 'demo', '', 'permission', 'view', 0, 'us_1' FROM users WHERE TRUE ON CONFLICT DO NOTHING`, `
				INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
				SELECT 'group', id, 'demo', '', 'permission', 'view', 0, 'us_1' FROM user_groups WHERE TRUE ON CONFLICT DO NOTHING`, `
				INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
				SELECT 'application', id, 'demo', '', 'permission', 'view', 0, 'us_1' FROM applications WHERE row_id > 5 ON CONFLICT DO NOTHING`)
			if store.IsPostgres(address) {
				execAll(b, filled, "VACUUM ANALYZE")
			}
			for name, q := range map[string]registry.PickQuery{"all": {}, "users": {Type: registry.UserSubject}, "many_found": {Search: "ada"}, "none_found": {Search: "nobody"}} {
				b.Run("pick/nearly_all_hold/"+name, func(b *testing.B) {
					benchmarkPages(b, func() {
						if _, err := db.SubjectsToPick(b.Context(), registry.Operator, "demo", q); err != nil {
							b.Fatal(err)
						}
					})
				})
			}
			b.Run("templates", func(b *testing.B) {
				benchmarkPages(b, func() {
					if _, err := db.GrantUse(b.Context(), registry.Operator, "demo"); err != nil {
						b.Fatal(err)
					}
				})
			})
		})
	}
}

func benchmarkPages(b *testing.B, read func()) {
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		read()
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	p99 := times[len(times)*99/100]
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(p99.Microseconds()), "p99-µs")
	if os.Getenv("LIST_BAR") != "" && p99 > slowestPage {
		b.Errorf("99 of 100 took up to %s, want %s at most", p99, slowestPage)
	}
}
