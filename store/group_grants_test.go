package store_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// insertGroup makes a group of the members behind the store's back.
func insertGroup(t testing.TB, db *sql.DB, id, name string, members ...string) registry.Subject {
	t.Helper()
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO user_groups (id, name, name_key, description, created_at) VALUES ($1, $2, $3, '', 0)`, id, name, registry.NameKey(name))
	for _, user := range members {
		exec(`INSERT INTO group_members (group_id, user_id, added_at) VALUES ($1, $2, 0)`, id, user)
	}
	return registry.Subject{Type: registry.GroupSubject, ID: id}
}

func TestUsersHoldWhatTheirGroupsHold(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db, clock := raw(t, database), storetest.NewClock()
		s := storetest.Open(t, database, clock)
		member := storetest.User(t, s, "Member", "member@example.com", false)
		other := storetest.User(t, s, "Other", "other@example.com", false)
		group := insertGroup(t, db, "gr_clerks", "Clerks", member.ID)
		insertGroup(t, db, "gr_others", "Others", other.ID)
		app := registered(t, s, registry.Operator, func(in *registry.NewClient) { in.Scopes = []string{"audit.log:read"} })
		viewer := registry.GrantInput{Subject: group, Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"}
		if err := s.Grant(t.Context(), registry.Operator, viewer); err != nil {
			t.Fatal(err)
		}

		may := func(user registry.User) bool {
			t.Helper()
			session, err := s.Session(t.Context(), startSession(t, s, user))
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Application(t.Context(), user.Actor(), app.ID)
			if shown := session.May(registry.ViewApplications); shown != (err == nil) {
				t.Errorf("the session says %t, and the application %v", shown, err)
			}
			return err == nil
		}
		if !may(member) || may(other) {
			t.Errorf("got %t for the member and %t for another, want true and false", may(member), may(other))
		}
		if err := s.Require(t.Context(), registry.Actor{Type: "group", ID: group.ID}, "test", registry.Target{}, registry.ViewApplications); err != nil {
			t.Errorf("the group itself: got %v, want nil", err)
		}
		if err := s.Require(t.Context(), member.Actor(), "test", registry.Target{}, registry.ManageApplications); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("what the group does not hold: got %v, want ErrForbidden", err)
		}

		if _, err := db.ExecContext(t.Context(), `UPDATE users SET disabled_at = 1 WHERE id = $1`, member.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Application(t.Context(), member.Actor(), app.ID); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("disabled: got %v, want ErrForbidden", err)
		}
		if _, err := db.ExecContext(t.Context(), `UPDATE users SET disabled_at = NULL WHERE id = $1`, member.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Ungrant(t.Context(), registry.Operator, viewer); err != nil {
			t.Fatal(err)
		}
		if may(member) {
			t.Error("the member may still, after the group lost it")
		}
		for i, e := range eventsOf(t, s, group.ID) {
			want := []string{"permission.grant", "permission.revoke"}[i]
			if e.Action != want || e.Target != (registry.Target{Type: "group", ID: group.ID, Name: "Clerks"}) {
				t.Errorf("got %s of %v, want %s of the group", e.Action, e.Target, want)
			}
		}
	})
}

func TestGroupNamed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		s := storetest.Open(t, database, storetest.NewClock())
		want := insertGroup(t, raw(t, database), "gr_clerks", "Clerks")
		if got, err := s.GroupNamed(t.Context(), registry.Operator, "CLERKS"); got != want || err != nil {
			t.Errorf("got %v and %v, want %v", got, err, want)
		}
		if _, err := s.GroupNamed(t.Context(), registry.Operator, "Clerk\x00"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

// Who is an administrator through a group counts, but only with all it takes.
func TestLastAdministratorThroughAGroup(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		s := storetest.Open(t, database, storetest.NewClock())
		admin := storetest.Admin(t, s)
		member := storetest.User(t, s, "Member", "member@example.com", false)
		group := insertGroup(t, raw(t, database), "gr_admins", "Admins", member.ID)
		admins := func(of registry.Subject, service string) registry.GrantInput {
			return registry.GrantInput{Subject: of, Service: service, Kind: registry.TemplateGrant, Key: registry.AdminTemplate}
		}
		refused := func(what string, in registry.GrantInput) {
			t.Helper()
			if invalid, _ := errors.AsType[registry.Invalid](s.Ungrant(t.Context(), registry.Operator, in)); invalid["key"] == "" {
				t.Errorf("%s: it was not refused", what)
			}
		}
		change := func(what string, by func(*store.DB, registry.GrantInput) error, in registry.GrantInput) {
			t.Helper()
			if err := by(s, in); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		grant := func(s *store.DB, in registry.GrantInput) error { return s.Grant(t.Context(), registry.Operator, in) }
		ungrant := func(s *store.DB, in registry.GrantInput) error { return s.Ungrant(t.Context(), registry.Operator, in) }

		change("give the group users", grant, admins(group, "team"))
		refused("the group has users only", admins(admin.Subject(), "team"))
		// A permission that means nothing alone makes no administrator.
		manage := registry.GrantInput{Subject: group, Service: "authorization", Kind: registry.PermissionGrant, Key: registry.ManagePermissions.Key}
		change("give the group half of permissions", grant, manage)
		refused("the group cannot see permissions", admins(admin.Subject(), "team"))
		view := manage
		view.Subject, view.Key = member.Actor().Subject(), registry.ViewPermissions.Key
		change("give the member the rest", grant, view)
		change("the member is one", ungrant, admins(admin.Subject(), "team"))
		refused("the last one's group", admins(group, "team"))
		refused("what is the member's own", view)
	})
}

// The consent page tells users what they can do through their groups, too.
func TestConsentTellsOfGroups(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		user := c.who.By.Subject()
		group := insertGroup(t, c.raw, "gr_clerks", "Clerks", user.ID)
		viewer := registry.GrantInput{Subject: group, Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"}
		twice, single := viewer, viewer
		twice.Subject = user
		single.Kind, single.Key = registry.PermissionGrant, "manage"
		for _, in := range []registry.GrantInput{single, viewer, twice} {
			if err := c.Grant(t.Context(), registry.Operator, in); err != nil {
				t.Fatal(err)
			}
		}
		q, err := c.AskConsent(t.Context(), c.who, c.request(t, "applications:read"), "client_id="+c.client)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := q.Services[0].Held, []registry.HeldGrant{viewer.Held(), single.Held()}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
