package store_test

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// listed is what a test knows of an application that the list may show.
type listed struct {
	registry.ApplicationRow
	nameKey, searchText string
	scopes, owners      []string
	deleted             bool
	created, used       int64
}

// readListed reads all applications, without the store.
func readListed(t *testing.T, db *sql.DB) []listed {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `
		SELECT a.id, a.type, a.origin, a.status, a.name, a.name_key, a.search_text, a.created_at, a.last_used_at, a.grants, a.deleted_at IS NOT NULL,
			COALESCE((SELECT min(expires_at) FROM secrets s WHERE s.application_id = a.id AND revoked_at IS NULL AND expires_at > $1), 0),
			(SELECT count(*) FROM secrets s WHERE s.application_id = a.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1))
		FROM applications a`, storetest.Noon.Unix())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	byID := map[string]*listed{}
	for rows.Next() {
		var l listed
		var ends int64
		if err := rows.Scan(&l.ID, &l.Type, &l.Origin, &l.Status, &l.Name, &l.nameKey, &l.searchText, &l.created, &l.used, &l.Permissions, &l.deleted, &ends, &l.Secrets); err != nil {
			t.Fatal(err)
		}
		if ends > 0 {
			l.SecretEnds = time.Unix(ends, 0)
		}
		byID[l.ID] = &l
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	held, err := db.QueryContext(t.Context(), `SELECT application_id, scope FROM application_scopes`)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for held.Next() {
		var id, scope string
		if err := held.Scan(&id, &scope); err != nil {
			t.Fatal(err)
		}
		byID[id].scopes = append(byID[id].scopes, scope)
	}
	if err := held.Err(); err != nil {
		t.Fatal(err)
	}
	owned, err := db.QueryContext(t.Context(), `SELECT application_id, user_id FROM application_owners`)
	if err != nil {
		t.Fatal(err)
	}
	defer owned.Close()
	for owned.Next() {
		var id, user string
		if err := owned.Scan(&id, &user); err != nil {
			t.Fatal(err)
		}
		byID[id].owners = append(byID[id].owners, user)
	}
	if err := owned.Err(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	for _, l := range byID {
		all = append(all, *l)
	}
	return all
}

// matches says in Go what the store says in SQL.
func (l listed) matches(q registry.ApplicationQuery) bool {
	q = q.Clean()
	now := storetest.Noon
	long := now.AddDate(0, 0, -q.Unused()).Unix()
	switch {
	case l.deleted != (q.Status == registry.Deleted),
		q.Origin != "" && l.Origin != q.Origin,
		q.Type != "" && l.Type != q.Type,
		q.Status != "" && q.Status != registry.Deleted && l.Status != q.Status,
		q.Owner != "" && !slices.Contains(l.owners, q.Owner),
		q.Scope != "" && !slices.Contains(l.scopes, q.Scope),
		q.Attention == registry.Powerless && l.Permissions > 0,
		q.Attention == registry.Unowned && (l.Origin != registry.TeamOrigin || slices.Contains(l.owners, "us_owner1")), // the other is disabled
		q.Attention == registry.Unused && max(l.used, l.created) >= long,
		q.Attention == registry.Expiring && (l.SecretEnds.IsZero() || l.SecretEnds.Sub(now) > registry.ExpiringWithin):
		return false
	}
	if utf8.RuneCountInString(q.Search) < 3 {
		return strings.HasPrefix(l.nameKey, q.Search)
	}
	return strings.Contains(l.searchText, q.Search)
}

func inOrder(sort registry.ApplicationSort) func(a, b listed) int {
	key, down := sort.Key()
	return func(a, b listed) int {
		c := map[string]int{"name": cmp.Compare(a.nameKey, b.nameKey), "created": cmp.Compare(a.created, b.created), "used": cmp.Compare(a.used, b.used)}[key]
		c = cmp.Or(c, cmp.Compare(a.ID, b.ID))
		if down {
			return -c
		}
		return c
	}
}

// walkPages goes through all pages of a query and back, and returns the rows.
func walkPages(t *testing.T, db *store.DB, q registry.ApplicationQuery) (rows []registry.ApplicationRow, first registry.ApplicationPage) {
	t.Helper()
	var pages []registry.ApplicationPage
	for {
		page, err := db.Applications(t.Context(), registry.Operator, q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		pages = append(pages, page)
		rows = append(rows, page.Applications...)
		if (page.Prev != "") != (len(pages) > 1) {
			t.Errorf("page %d: got %q as the cursor of the page before", len(pages), page.Prev)
		}
		if page.Next == "" {
			break
		}
		if len(page.Applications) != 50 {
			t.Errorf("page %d: got %d rows, want 50, since there is another", len(pages), len(page.Applications))
		}
		q.After = page.Next
	}
	for i := len(pages) - 1; i > 0; i-- {
		q.After, q.Before = "", pages[i].Prev
		page, err := db.Applications(t.Context(), registry.Operator, q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if got, want := idsOf(page.Applications), idsOf(pages[i-1].Applications); !slices.Equal(got, want) {
			t.Errorf("back from page %d: got %v, want %v", i+1, got, want)
		}
	}
	return rows, pages[0]
}

func idsOf(rows []registry.ApplicationRow) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}

// Every filter in every order yields each match exactly once, in order, page by
// page and back, and counts what there is.
func TestApplicationsList(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		all := readListed(t, fillApplications(t, database, 230))
		db := storetest.Open(t, database, storetest.NewClock())
		for _, name := range slices.Sorted(maps.Keys(manyQueries())) {
			for _, origin := range []registry.Origin{"", registry.TeamOrigin, registry.PlatformOrigin} {
				q := manyQueries()[name]
				q.Origin = origin
				t.Run(fmt.Sprintf("%s of %s", name, cmp.Or(string(origin), "all")), func(t *testing.T) { testList(t, db, all, q) })
			}
		}
	})
}

func testList(t *testing.T, db *store.DB, all []listed, q registry.ApplicationQuery) {
	t.Helper()
	sorts := everySort
	if q.Origin != "" {
		sorts = []registry.ApplicationSort{registry.SortName, registry.SortUsedDown}
	}
	for _, sort := range sorts {
		q.Sort = sort
		want := slices.DeleteFunc(slices.Clone(all), func(l listed) bool { return !l.matches(q) })
		slices.SortFunc(want, inOrder(sort))
		got, first := walkPages(t, db, q)
		if len(got) != len(want) {
			t.Fatalf("%s: got %d rows, want %d", sort, len(got), len(want))
		}
		for i := range got {
			if got[i].ID != want[i].ID {
				t.Fatalf("%s: got %q as row %d, want %q", sort, got[i].Name, i, want[i].Name)
			}
			if got[i].Scopes != len(want[i].scopes) || got[i].Secrets != want[i].Secrets || !got[i].SecretEnds.Equal(want[i].SecretEnds) || got[i].Permissions != want[i].Permissions {
				t.Fatalf("%s: got %+v, want %+v", sort, got[i], want[i])
			}
		}
		for origin, c := range map[registry.Origin]registry.Count{"": first.All, registry.TeamOrigin: first.Team, registry.PlatformOrigin: first.Platform} {
			q := q
			q.Origin = origin
			n := len(slices.DeleteFunc(slices.Clone(all), func(l listed) bool { return !l.matches(q) }))
			if c != (registry.Count{N: n}) {
				t.Errorf("%s: got %+v of %q, want %d", sort, c, origin, n)
			}
		}
		if first.Partial {
			t.Errorf("%s: got a part, want all", sort)
		}
	}
}

// Where more match than are sorted or counted, what is listed is still right,
// and says what it leaves out.
func TestLongApplicationsList(t *testing.T) {
	tests := map[string]struct {
		query         registry.ApplicationQuery
		all, platform registry.Count
		partial       bool
	}{
		"all":                {registry.ApplicationQuery{}, registry.Count{N: 1000, More: true}, registry.Count{N: 338}, false},
		"a dense filter":     {registry.ApplicationQuery{Scope: "demo.s1"}, registry.Count{N: 1000, More: true}, registry.Count{N: 102, More: true}, true},
		"a dense search":     {registry.ApplicationQuery{Search: "cl_"}, registry.Count{N: 1000, More: true}, registry.Count{N: 102, More: true}, true},
		"two dense filters":  {registry.ApplicationQuery{Search: "cl_", Scope: "demo.s1"}, registry.Count{N: 50, More: true}, registry.Count{More: true}, false},
		"a search, platform": {registry.ApplicationQuery{Search: "cl_", Origin: registry.PlatformOrigin}, registry.Count{N: 1000, More: true}, registry.Count{N: 336}, false},
		"a scope, platform":  {registry.ApplicationQuery{Scope: "demo.s1", Origin: registry.PlatformOrigin}, registry.Count{N: 50, More: true}, registry.Count{N: 50, More: true}, false},
		"a sparse filter":    {registry.ApplicationQuery{Search: "cl_", Scope: "demo.s4"}, registry.Count{N: 286}, registry.Count{N: 22}, false},
	}
	eachDatabase(t, func(t *testing.T, database string) {
		all := readListed(t, fillApplications(t, database, 3400))
		db := storetest.Open(t, database, storetest.NewClock())
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				for _, sort := range []registry.ApplicationSort{registry.SortUsedDown, registry.SortName} {
					q := tt.query
					q.Sort = sort
					want := slices.DeleteFunc(slices.Clone(all), func(l listed) bool { return !l.matches(q) })
					slices.SortFunc(want, inOrder(sort))
					got, first := walkPages(t, db, q)
					if first.Partial != tt.partial || first.All.More != tt.all.More || first.Platform.More != tt.platform.More {
						t.Errorf("got %+v and %+v, a part %v; want about %+v and %+v, %v", first.All, first.Platform, first.Partial, tt.all, tt.platform, tt.partial)
					}
					if tt.partial {
						kept := map[string]bool{}
						for _, r := range got {
							kept[r.ID] = true
						}
						want = slices.DeleteFunc(want, func(l listed) bool { return !kept[l.ID] })
						if len(kept) != 1001 {
							t.Errorf("got %d different rows, want 1001", len(kept))
						}
					}
					wanted := make([]registry.ApplicationRow, len(want))
					for i, l := range want {
						wanted[i] = l.ApplicationRow
					}
					if !slices.Equal(idsOf(got), idsOf(wanted)) {
						t.Errorf("%s: got %d rows that are not the %d there are, in order", sort, len(got), len(wanted))
					}
				}
			})
		}
	})
}

// Whatever is searched for is an answer, and no page is made up.
func TestStrangeApplicationQueries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, func(in *registry.NewClient) { in.Name, in.Scopes = `Odd "%_\' * ^ name`, []string{"audit.log:read"} })
		for _, search := range []string{
			`"`, `""`, `"""`, `%`, `%%%`, `_`, `___`, `\`, `\\\`, `'`, `'''`, `*`, `a*b`, `^odd`, `NEAR(a b)`, `a AND`, `AND OR NOT`, `col:x`, `-odd`, `(`, `{odd}`,
			"\x00", "od\x00d", "\xff\xfe\xfd", "🚀", "🚀🚀🚀", "İ", "ẞẞẞ", "\u202eodd", strings.Repeat("x", 100_000), strings.Repeat(`"`, 300), `a "b" c`,
		} {
			for _, scope := range []string{"", "audit.log:read"} {
				page, err := db.Applications(t.Context(), admin, registry.ApplicationQuery{Search: search, Scope: scope})
				if err != nil {
					t.Errorf("%.20q: %v", search, err)
				}
				if slices.Contains([]string{`%%%`, `___`, `a*b`, `AND OR NOT`}, search) && len(page.Applications) > 0 {
					t.Errorf("%q: got %q", search, page.Applications[0].Name)
				}
			}
		}
		for _, search := range []string{`"%_`, `\' *`, `* ^`, `"%_\'`, app.ID, strings.ToUpper(app.ID), admin.Name} {
			page, err := db.Applications(t.Context(), admin, registry.ApplicationQuery{Search: search})
			if err != nil || len(page.Applications) != 1 {
				t.Errorf("%q: got %d, %v, want the application", search, len(page.Applications), err)
			}
		}

		good := registry.Cursor{Sort: registry.SortUsedDown, Time: 5, ID: "cl_a"}.String()
		for name, q := range map[string]registry.ApplicationQuery{
			"made up":           {After: "xyz"},
			"SQL":               {After: "1) OR 1=1 --"},
			"made up, backward": {Before: "xyz"},
			"cut off":           {After: good[:len(good)-2]},
			"other order":       {After: good, Sort: registry.SortName},
			"beyond the end":    {After: registry.Cursor{Sort: registry.SortUsedDown, Time: -5, ID: "cl_a"}.String()},
			"both":              {After: good, Before: good},
		} {
			_, err := db.Applications(t.Context(), admin, q)
			if invalid, _ := errors.AsType[registry.Invalid](err); invalid["page"] == "" {
				t.Errorf("%s: got %v, want the page to be invalid", name, err)
			}
		}
		for _, id := range []string{"' OR 1=1 --", "\u0085", strings.Repeat("z", 500)} {
			if _, err := db.Applications(t.Context(), admin, registry.ApplicationQuery{
				Sort: registry.SortName, Before: registry.Cursor{Sort: registry.SortName, Name: id, ID: id}.String(),
			}); err != nil {
				t.Errorf("%.20q: %v", id, err)
			}
		}
	})
}
