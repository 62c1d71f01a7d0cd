package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// fillUsers adds so many users behind the store's back: every tenth disabled,
// every fifteenth invited, and some that never signed in.
func fillUsers(t testing.TB, database string, n int) {
	t.Helper()
	execAll(t, raw(t, database), fmt.Sprintf(`
		INSERT INTO users (id, email, email_key, name, password_hash, created_at, disabled_at, invited_at, last_signed_in_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT 'us_' || i, 'User' || i || '@example.com', 'user' || i || '@example.com', CASE WHEN i %% 7 = 0 THEN 'Twin' ELSE 'User ' || (i * 7919 %% 1000) END, 'x', i,
			CASE WHEN i %% 10 = 0 OR i %% 15 = 0 THEN i END, CASE WHEN i %% 15 = 0 THEN i END, CASE WHEN i %% 3 = 0 THEN 0 ELSE i %% 100 END FROM n`, n))
}

func walkUsers(t *testing.T, db *store.DB, q registry.UserQuery) (ids []string, first registry.UserPage) {
	t.Helper()
	for n := 0; ; n++ {
		page, err := db.Users(t.Context(), registry.Operator, q)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = page
		}
		for _, u := range page.Users {
			ids = append(ids, u.ID)
		}
		if page.Next == "" {
			break
		}
		q.After = page.Next
	}
	return ids, first
}

func TestUsersAreListedPageByPage(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		const n = 2220 // more than are looked up by the index of a search
		fillUsers(t, database, n)
		for name, tt := range map[string]struct {
			q    registry.UserQuery
			want int
		}{
			"by name":            {registry.UserQuery{}, n},
			"by name, down":      {registry.UserQuery{Sort: registry.SortNameDown}, n},
			"by sign-in":         {registry.UserQuery{Sort: registry.SortUsed}, n},
			"by sign-in, down":   {registry.UserQuery{Sort: registry.SortUsedDown}, n},
			"active":             {registry.UserQuery{Status: registry.Active}, n - n/10 - n/15 + n/30},
			"invited":            {registry.UserQuery{Status: registry.Invited, Sort: registry.SortUsedDown}, n / 15},
			"disabled":           {registry.UserQuery{Status: registry.Disabled}, n/10 - n/30},
			"by part of a name":  {registry.UserQuery{Search: "TWIN"}, n / 7},
			"by an address":      {registry.UserQuery{Search: "uSer33@EXAMPLE"}, 1},
			"by all addresses":   {registry.UserQuery{Search: "example.com", Sort: registry.SortUsed}, n},
			"by a beginning":     {registry.UserQuery{Search: "tW"}, n / 7},
			"by what all have":   {registry.UserQuery{Search: "u"}, n},
			"a wildcard is none": {registry.UserQuery{Search: "%_%"}, 0},
			"no one":             {registry.UserQuery{Search: "nobody"}, 0},
		} {
			ids, first := walkUsers(t, db, tt.q)
			distinct := slices.Compact(slices.Sorted(slices.Values(ids)))
			counted := registry.Count{N: min(tt.want, 1000), More: tt.want > 1000}
			if len(ids) != tt.want || len(distinct) != tt.want || first.Found != counted || first.Prev != "" {
				t.Errorf("%s: got %d users, %d of them different, counted as %+v; want %d", name, len(ids), len(distinct), first.Found, tt.want)
			}
			if first.Next == "" {
				continue
			}
			q := tt.q
			q.After = first.Next
			second, err := db.Users(t.Context(), registry.Operator, q)
			if err != nil {
				t.Fatal(err)
			}
			q.After, q.Before = "", second.Prev
			back, err := db.Users(t.Context(), registry.Operator, q)
			if err != nil || len(back.Users) != len(first.Users) || back.Users[0] != first.Users[0] || back.Prev != "" {
				t.Errorf("%s: the way back leads to %+v %v, want the first page", name, back, err)
			}
		}
		for _, q := range []registry.UserQuery{{After: "nonsense"}, {Status: "deleted"}, {Sort: "created"}, {After: registry.Cursor{Sort: registry.SortName, Name: "zzz", ID: "z"}.String()}} {
			if _, err := db.Users(t.Context(), registry.Operator, q); !errors.As(err, new(registry.Invalid)) {
				t.Errorf("%+v: got %v, want Invalid", q, err)
			}
		}
		reported := 0
		err := db.UsersReport(t.Context(), registry.Operator, func(registry.UserRow) error { reported++; return nil })
		if err != nil || reported != n {
			t.Errorf("got %d users in the report and %v, want %d", reported, err, n)
		}
		if got := newest(t, db, "users"); got.Action != "user.download" {
			t.Errorf("got %s as the last event, want the download", got.Action)
		}
	})
}

// What a user holds is told with the group through which they do, and an
// administrator is told from the rest.
func TestUserTellsWhatTheyHold(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db := storetest.Open(t, database, clock)
		admin := storetest.Admin(t, db)
		user, _ := signedInAs(t, db, "Member", "member@example.com")
		group := insertGroup(t, raw(t, database), "gr_clerks", "Clerks", user.ID)
		viewer := registry.HeldGrant{Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"}
		for _, s := range []registry.Subject{group, user.Actor().Subject()} {
			if err := db.Grant(t.Context(), admin, registry.GrantInput{Subject: s, Service: viewer.Service, Kind: viewer.Kind, Key: viewer.Key}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.User(t.Context(), admin, user.ID)
		if err != nil {
			t.Fatal(err)
		}
		clerks := registry.Group{ID: "gr_clerks", Name: "Clerks"}
		want := []registry.AccountGrant{{HeldGrant: viewer}, {HeldGrant: viewer, Group: clerks}}
		if !slices.Equal(got.Held, want) || !slices.Equal(got.MemberOf, []registry.Group{clerks}) || got.Groups != 1 || got.Admin || !got.Holds || got.Browsers != 1 {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if !got.LastSignedInAt.Equal(storetest.Noon) || got.Status() != registry.Active {
			t.Errorf("got %s as the last sign-in, %s", got.LastSignedInAt, got.Status())
		}
		clock.Advance(store.SessionIdle)
		for id, want := range map[string]bool{admin.ID: true, user.ID: false} {
			if got, err := db.User(t.Context(), admin, id); err != nil || got.Admin != want || got.Browsers != 0 {
				t.Errorf("%s: got %+v and %v, want an administrator: %t", id, got, err, want)
			}
		}
		for _, p := range registry.Administration() {
			give(t, db, group, p)
		}
		if got, err := db.User(t.Context(), admin, user.ID); err != nil || !got.Admin {
			t.Errorf("got %+v and %v, want an administrator through the group", got.UserRow, err)
		}
		if _, err := db.User(t.Context(), admin, "us_none\x00"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("nobody: got %v, want ErrNotFound", err)
		}
	})
}

func BenchmarkUsers(b *testing.B) {
	database := storetest.SQLite(b)
	db := storetest.Open(b, database, storetest.NewClock())
	fillUsers(b, database, 100_000)
	for name, q := range map[string]registry.UserQuery{
		"first page": {}, "last signed in": {Sort: registry.SortUsedDown}, "disabled": {Status: registry.Disabled},
		"search": {Search: "user99"}, "search for nobody": {Search: "no such person"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := db.Users(b.Context(), registry.Operator, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
