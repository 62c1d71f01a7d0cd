package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func group(t testing.TB, db *store.DB, name string, members ...string) registry.Group {
	t.Helper()
	g, err := db.CreateGroup(t.Context(), registry.Operator, registry.GroupInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range members {
		if err := db.AddMember(t.Context(), registry.Operator, g.ID, user); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func holds(t *testing.T, db *store.DB, user registry.Actor, p registry.Permission) bool {
	t.Helper()
	err := db.Require(t.Context(), user, "test", registry.Target{}, p)
	if err != nil && !errors.Is(err, registry.ErrForbidden) {
		t.Fatal(err)
	}
	return err == nil
}

func TestGroup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		member := storetest.User(t, db, "Member", "member@example.com", false)
		g, err := db.CreateGroup(t.Context(), admin, registry.GroupInput{Name: " Order  Clerks ", Description: " They\tsell "})
		if err != nil {
			t.Fatal(err)
		}
		if got := newest(t, db, g.ID); got.Action != "group.create" || got.Target.Name != "Order Clerks" || got.After != `{"name":"Order Clerks","description":"They sell"}` {
			t.Errorf("got %+v, want it told", got)
		}
		for _, wrong := range []registry.GroupInput{{}, {Name: strings.Repeat("x", 81)}, {Name: "a\u202eb"}, {Name: "ORDER CLERKS"}} {
			if _, err := db.CreateGroup(t.Context(), admin, wrong); !isInvalid(err, "name") {
				t.Errorf("%q: got %v, want the name refused", wrong.Name, err)
			}
		}

		viewer := registry.HeldGrant{Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"}
		if err := db.Grant(t.Context(), admin, registry.GrantInput{Subject: g.Subject(), Service: viewer.Service, Kind: viewer.Kind, Key: viewer.Key}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // once more changes nothing
			if err := db.AddMember(t.Context(), admin, g.ID, member.ID); err != nil {
				t.Fatal(err)
			}
		}
		added := eventsOf(t, db, g.ID)
		if got := added[len(added)-1]; len(added) != 3 || got.Action != "group.add-member" || got.After != `{"user":"`+member.ID+`","user_name":"Member"}` {
			t.Errorf("got %+v, want one addition told", added)
		}
		if !holds(t, db, member.Actor(), registry.ViewApplications) {
			t.Error("a member does not hold what the group does")
		}
		got, err := db.Group(t.Context(), admin, g.ID)
		if err != nil || got.Members != 1 || got.Grants != 1 || got.Services != "Applications" || got.Description != "They sell" || !slices.Equal(got.Held, []registry.HeldGrant{viewer}) {
			t.Errorf("got %+v and %v", got, err)
		}
		for name, q := range map[string]registry.UserQuery{"in": {MemberOf: g.ID}, "out": {OutsideOf: g.ID}} {
			page, err := db.Users(t.Context(), admin, q)
			if err != nil || len(page.Users) != 1 || page.Found.N != 1 || (page.Users[0].ID == member.ID) != (name == "in") {
				t.Errorf("%s: got %+v and %v", name, page, err)
			}
		}

		other := group(t, db, "Others")
		if err := db.UpdateGroup(t.Context(), admin, g.ID, registry.GroupInput{Name: "others"}); !isInvalid(err, "name") {
			t.Errorf("a name that another group has: got %v, want it refused", err)
		}
		for range 2 {
			if err := db.UpdateGroup(t.Context(), admin, g.ID, registry.GroupInput{Name: "Clerks"}); err != nil {
				t.Fatal(err)
			}
		}
		if got := newest(t, db, g.ID); got.Before != `{"name":"Order Clerks","description":"They sell"}` || got.After != `{"name":"Clerks"}` {
			t.Errorf("got %+v, want both told", got)
		}
		if page, err := db.SubjectGrants(t.Context(), admin, "applications", registry.SubjectQuery{Type: registry.GroupSubject}); err != nil || page.Grants[0].Name != "Clerks" {
			t.Errorf("got %+v and %v, want the new name in the list of subjects", page, err)
		}

		if err := db.RemoveMember(t.Context(), admin, other.ID, member.ID); err != nil {
			t.Errorf("who is not in it: got %v, want nothing changed", err)
		}
		if err := db.RemoveMember(t.Context(), admin, g.ID, member.ID); err != nil {
			t.Fatal(err)
		}
		if got := newest(t, db, g.ID); got.Action != "group.remove-member" || got.Before != `{"user":"`+member.ID+`","user_name":"Member"}` {
			t.Errorf("got %+v, want it told", got)
		}
		if holds(t, db, member.Actor(), registry.ViewApplications) {
			t.Error("who was taken out still holds what the group does")
		}
		for name, err := range map[string]error{
			"read": failure(db.Group(t.Context(), admin, "gr_none\x00")), "edit": db.UpdateGroup(t.Context(), admin, "gr_none", registry.GroupInput{Name: "x"}),
			"add": db.AddMember(t.Context(), admin, "gr_none", member.ID), "nobody": db.AddMember(t.Context(), admin, g.ID, "us_none\xff"),
			"remove": db.RemoveMember(t.Context(), admin, g.ID, "us_none"), "delete": db.DeleteGroup(t.Context(), admin, "gr_none", ""),
		} {
			if !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
	})
}

func failure[T any](_ T, err error) error { return err }

// With a group goes what it held, so that one made later under another ID has
// nothing of it.
func TestDeleteGroup(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		admin := storetest.Admin(t, db)
		member := storetest.User(t, db, "Member", "member@example.com", false)
		g := group(t, db, "Clerks", member.ID)
		give(t, db, g.Subject(), registry.ViewApplications)
		if err := db.DeleteGroup(t.Context(), admin, g.ID, "clerks"); !isInvalid(err, "confirm") {
			t.Errorf("got %v, want the name asked for", err)
		}
		if err := db.DeleteGroup(t.Context(), admin, g.ID, "Clerks "); err != nil {
			t.Fatal(err)
		}
		want := `{"name":"Clerks","permissions":[{"service":"applications","object":"","kind":"permission","key":"view"}],"members":["` + member.ID + `"]}`
		if got := newest(t, db, g.ID); got.Action != "group.delete" || got.Target.Name != "Clerks" || got.Before != want || got.After != "" {
			t.Errorf("got %+v, want all of it told", got)
		}
		if holds(t, db, member.Actor(), registry.ViewApplications) {
			t.Error("a member holds what the group held")
		}
		for _, table := range []string{"grants WHERE subject_type = 'group'", "group_members", "user_groups"} {
			var n int
			if err := raw(t, database).QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
				t.Errorf("%s: got %d rows and %v, want none", table, n, err)
			}
		}
	})
}

// Who may manage users and not permissions gains nothing by groups, and takes
// nothing from those who may.
func TestNobodyGainsByGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		by := helpdesk(t, db)
		member := storetest.User(t, db, "Member", "member@example.com", false)
		powerful, harmless := group(t, db, "Powerful", member.ID), group(t, db, "Harmless")
		give(t, db, powerful.Subject(), registry.ReadAuditLog)
		for name, do := range map[string]func(registry.Group) error{
			"edit": func(g registry.Group) error {
				return db.UpdateGroup(t.Context(), by, g.ID, registry.GroupInput{Name: "New " + g.Name})
			},
			"add":    func(g registry.Group) error { return db.AddMember(t.Context(), by, g.ID, by.ID) },
			"remove": func(g registry.Group) error { return db.RemoveMember(t.Context(), by, g.ID, member.ID) },
		} {
			if err := do(powerful); !errors.Is(err, registry.ErrForbidden) {
				t.Errorf("%s: got %v, want ErrForbidden", name, err)
			}
			if err := do(harmless); err != nil {
				t.Errorf("%s of a group that holds nothing: got %v", name, err)
			}
		}
		if err := db.DeleteGroup(t.Context(), by, powerful.ID, "Powerful"); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("delete: got %v, want ErrForbidden", err)
		}
		if err := db.DeleteGroup(t.Context(), by, harmless.ID, "New Harmless"); err != nil {
			t.Errorf("delete a group that holds nothing: got %v", err)
		}
		if holds(t, db, by, registry.ReadAuditLog) {
			t.Error("somebody gained")
		}
	})
}

// The last administrator is one also through a group, whichever of several goes
// first.
func TestLastAdministratorStaysInAGroup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		users := []registry.User{
			storetest.User(t, db, "First", "first@example.com", false), storetest.User(t, db, "Second", "second@example.com", false),
		}
		g := group(t, db, "Admins")
		for _, p := range registry.Administration() {
			give(t, db, g.Subject(), p)
		}
		for i, u := range users {
			if err := db.AddMember(t.Context(), registry.Operator, g.ID, u.ID); err != nil {
				t.Fatal(err)
			}
			if got := newest(t, db, g.ID); !strings.Contains(got.After, `"admin":true`) {
				t.Errorf("%d: got %s, want a new administrator told", i, got.After)
			}
		}
		var mu sync.Mutex
		refused := 0
		inParallel(2, func(i int) { // each takes the other out
			err := db.RemoveMember(t.Context(), users[i].Actor(), g.ID, users[1-i].ID)
			mu.Lock()
			defer mu.Unlock()
			if isInvalid(err, "group") || errors.Is(err, registry.ErrForbidden) { // the other was first
				refused++
			} else if err != nil {
				t.Error(err)
			}
		})
		if refused != 1 {
			t.Errorf("%d were refused, want 1 of two who take each other out", refused)
		}
		if err := db.DeleteGroup(t.Context(), registry.Operator, g.ID, "Admins"); !isInvalid(err, "group") {
			t.Errorf("got %v, want the group kept", err)
		}
		if got, err := db.Group(t.Context(), registry.Operator, g.ID); err != nil || got.Members != 1 || got.Grants == 0 {
			t.Errorf("got %+v and %v, want one administrator left", got, err)
		}
	})
}

func TestGroupsAreListedPageByPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const n = 120
		for i := range n {
			group(t, db, fmt.Sprintf("Group %03d É_", i*37%n))
		}
		for search, want := range map[string]int{"": n, "GROUP 00": 10, "é_": n, "_%": 0, "nothing": 0} {
			q, names := registry.GroupQuery{Search: search}, []string{}
			for {
				page, err := db.Groups(t.Context(), registry.Operator, q)
				if err != nil || page.Found.N != want {
					t.Fatalf("%q: got %+v and %v, want %d found", search, page.Found, err, want)
				}
				for _, g := range page.Groups {
					names = append(names, g.Name)
				}
				if page.Prev != "" {
					back, err := db.Groups(t.Context(), registry.Operator, registry.GroupQuery{Search: search, Before: page.Prev})
					if err != nil || back.Next == "" || back.Groups[len(back.Groups)-1].Name >= page.Groups[0].Name {
						t.Errorf("%q: got %+v and %v before the page", search, back, err)
					}
				}
				if q.After = page.Next; q.After == "" {
					break
				}
			}
			if len(names) != want || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != want {
				t.Errorf("%q: got %d names, want %d in order", search, len(names), want)
			}
		}
		for _, q := range []registry.GroupQuery{{After: "nonsense"}, {Before: "\x00"}, {After: registry.Cursor{Sort: registry.SortName, Name: "zzz", ID: "z"}.String()}} {
			if _, err := db.Groups(t.Context(), registry.Operator, q); !isInvalid(err, "page") {
				t.Errorf("%+v: got %v, want the page refused", q, err)
			}
		}
	})
}
