package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

var left = registry.Reason{Reason: " Left  the team "}

// helpdesk makes a user who may manage users, and not permissions.
func helpdesk(t *testing.T, db *store.DB) registry.Actor {
	t.Helper()
	by := storetest.User(t, db, "Helpdesk", "helpdesk@example.com", false).Actor()
	give(t, db, by.Subject(), registry.ViewUsers)
	give(t, db, by.Subject(), registry.ManageUsers)
	return by
}

func TestDisableUser(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		user := c.who.By
		token := startSession(t, c.DB, registry.User{ID: user.ID})
		a, _ := c.tokens(t, "openid")
		for range 2 { // once more changes nothing
			if err := c.DisableUser(t.Context(), admin, user.ID, left); err != nil {
				t.Fatal(err)
			}
		}
		event := newest(t, c.DB, user.ID)
		if event.Action != "user.disable" || event.Target.Name != user.Name || event.Before != `{"status":"active"}` {
			t.Errorf("got %+v, want it told", event)
		}
		if n := c.number(t, `SELECT count(*) FROM audit_events WHERE action = 'user.disable'`); n != 1 {
			t.Errorf("got %d events, want 1", n)
		}
		if c.works(t, a) {
			t.Error("a token works that was issued for the user")
		}
		if err := c.EnableUser(t.Context(), admin, user.ID, registry.Reason{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Session(t.Context(), token); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("enabled again: got %v, want the session dead", err)
		}
		if !c.works(t, a) {
			t.Error("enabled again: want the consent in force again")
		}
		if err := c.EnableUser(t.Context(), admin, "us_none", registry.Reason{}); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("nobody: got %v, want ErrNotFound", err)
		}
		if err := c.DisableUser(t.Context(), admin, user.ID, registry.Reason{Reason: "a\u202eb"}); !isInvalid(err, "reason") {
			t.Errorf("a turned reason: got %v, want it refused", err)
		}
		if err := c.DisableUser(t.Context(), admin, admin.ID, left); !isInvalid(err, "user") {
			t.Errorf("oneself: got %v, want it refused", err)
		}
	})
}

func TestSignOutUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		user, browser := signedInAs(t, db, "Demo", "demo@example.com")
		if err := db.SignOutUser(t.Context(), admin, user.ID, left); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Session(t.Context(), browser.Session); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v, want the session dead", err)
		}
		if got := newest(t, db, user.ID); got.Action != "user.sign-out" || got.After != `{"reason":"Left the team","sessions_ended":1}` {
			t.Errorf("got %+v, want it told", got)
		}
		startSession(t, db, user)
	})
}

// Who only manages users gains nothing by that, and cannot turn against those
// who manage permissions.
func TestManagingUsersGivesNoPermissions(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		admin, by := storetest.Admin(t, db), helpdesk(t, db)
		plain := storetest.User(t, db, "Plain", "plain@example.com", false)
		holder := storetest.User(t, db, "Holder", "holder@example.com", false)
		give(t, db, holder.Actor().Subject(), registry.ReadAuditLog)
		member := storetest.User(t, db, "Member", "member@example.com", false)
		group := insertGroup(t, raw(t, database), "gr_auditors", "Auditors", member.ID)
		empty := insertGroup(t, raw(t, database), "gr_empty", "Empty")
		give(t, db, group, registry.ReadAuditLog)
		invited, err := db.InviteUser(t.Context(), admin, registry.NewInvitation{Name: "Next Admin", Email: "next@example.com", Admin: true}, store.Handover{})
		if err != nil {
			t.Fatal(err)
		}

		reset := func(id string) error {
			_, err := db.ResetPassword(t.Context(), by, id, left, store.Handover{})
			return err
		}
		invite := func(in registry.NewInvitation) error {
			in.Name, in.Email = "New", "new@example.com"
			_, err := db.InviteUser(t.Context(), by, in, store.Handover{})
			return err
		}
		renew := func(id string) error {
			_, err := db.RenewInvitation(t.Context(), by, id, store.Handover{})
			return err
		}
		for name, err := range map[string]error{
			"disable an administrator":     db.DisableUser(t.Context(), by, admin.ID, left),
			"enable an administrator":      db.EnableUser(t.Context(), by, admin.ID, left),
			"sign an administrator out":    db.SignOutUser(t.Context(), by, admin.ID, left),
			"reset an administrator":       reset(admin.ID),
			"reset who holds something":    reset(holder.ID),
			"reset who does by a group":    reset(member.ID),
			"invite an administrator":      invite(registry.NewInvitation{Admin: true}),
			"invite into a group":          invite(registry.NewInvitation{Groups: []string{group.ID}}),
			"renew an administrator":       renew(invited.User.ID),
			"withdraw a new administrator": db.WithdrawInvitation(t.Context(), by, invited.User.ID, left),
		} {
			if !errors.Is(err, registry.ErrForbidden) {
				t.Errorf("%s: got %v, want ErrForbidden", name, err)
			}
		}
		for name, err := range map[string]error{
			"reset who holds nothing":       reset(plain.ID),
			"disable who holds something":   db.DisableUser(t.Context(), by, holder.ID, left),
			"enable them":                   db.EnableUser(t.Context(), by, holder.ID, left),
			"sign out who holds something":  db.SignOutUser(t.Context(), by, member.ID, left),
			"invite into a group of nobody": invite(registry.NewInvitation{Groups: []string{empty.ID}}),
		} {
			if err != nil {
				t.Errorf("%s: got %v, want nil", name, err)
			}
		}
	})
}

// Two administrators who do away with each other at once, each in their own
// way, leave one who can sign in.
func TestAdministratorsCannotLockEverybodyOut(t *testing.T) {
	type deed struct {
		name string
		do   func(db *store.DB, by, other registry.Actor) error
	}
	deeds := []deed{
		{"disable", func(db *store.DB, by, other registry.Actor) error {
			return db.DisableUser(t.Context(), by, other.ID, registry.Reason{})
		}},
		{"reset", func(db *store.DB, by, other registry.Actor) error {
			_, err := db.ResetPassword(t.Context(), by, other.ID, registry.Reason{}, store.Handover{})
			return err
		}},
		{"demote", func(db *store.DB, by, other registry.Actor) error {
			return db.Ungrant(t.Context(), by, registry.GrantInput{Subject: other.Subject(), Service: "team", Kind: registry.TemplateGrant, Key: registry.AdminTemplate})
		}},
		{"demote oneself", func(db *store.DB, by, _ registry.Actor) error {
			return db.Ungrant(t.Context(), by, registry.GrantInput{Subject: by.Subject(), Service: "team", Kind: registry.TemplateGrant, Key: registry.AdminTemplate})
		}},
	}
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db, second := storetest.Open(t, database, clock), storetest.Open(t, database, clock) // two instances
		rows := raw(t, database)
		for i, one := range deeds {
			for j, another := range deeds {
				execAll(t, rows, `UPDATE users SET disabled_at = 1`)
				a := storetest.User(t, db, "A", fmt.Sprintf("a%d%d@example.com", i, j), true).Actor()
				b := storetest.User(t, db, "B", fmt.Sprintf("b%d%d@example.com", i, j), true).Actor()
				var wait sync.WaitGroup
				errs := make([]error, 2)
				wait.Go(func() { errs[0] = one.do(db, a, b) })
				wait.Go(func() { errs[1] = another.do(second, b, a) })
				wait.Wait()
				left := 0
				for _, who := range []registry.Actor{a, b} {
					u, err := db.User(t.Context(), registry.Operator, who.ID)
					if err != nil {
						t.Fatal(err)
					}
					if u.Admin && u.Status() == registry.Active && u.LinkEnds.IsZero() {
						left++
					}
				}
				if left == 0 {
					t.Errorf("%s and %s: got %v and %v, and nobody is left", one.name, another.name, errs[0], errs[1])
				}
				for _, err := range errs {
					if err != nil && !errors.As(err, new(registry.Invalid)) && !errors.Is(err, registry.ErrForbidden) {
						t.Errorf("%s and %s: got %v, want a refusal", one.name, another.name, err)
					}
				}
			}
		}
	})
}
