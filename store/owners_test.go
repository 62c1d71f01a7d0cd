package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// holding makes a user who holds these permissions of built-in services.
func holding(t *testing.T, db *store.DB, email string, held ...registry.Permission) registry.Actor {
	t.Helper()
	by := storetest.User(t, db, email, email, false).Actor()
	for _, p := range held {
		in := registry.GrantInput{Subject: by.Subject(), Service: p.Service, Kind: registry.PermissionGrant, Key: p.Key}
		if err := db.Grant(t.Context(), registry.Operator, in); err != nil {
			t.Fatal(err)
		}
	}
	return by
}

func ownersOf(t *testing.T, db *store.DB, id string) []string {
	t.Helper()
	app, err := db.Application(t.Context(), registry.Operator, id)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, o := range app.Owners {
		names = append(names, o.Name)
	}
	return names
}

func TestOwners(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		if got := ownersOf(t, db, app.ID); !slices.Equal(got, []string{"Demo Admin"}) {
			t.Errorf("got the owners %q, want who made it", got)
		}
		if made := registered(t, db, registry.Operator, func(in *registry.NewClient) { forAuditLog(in); in.Name = "By hand" }); len(ownersOf(t, db, made.ID)) != 0 {
			t.Error("the command line owns what it made")
		}
		alice := storetest.User(t, db, "Alice Demo", "alice@demo.example", false)
		for range 2 { // the second time nothing changes
			if err := db.AddOwner(ctx, admin, app.ID, alice.ID); err != nil {
				t.Fatal(err)
			}
		}
		if got := newest(t, db, app.ID); got.Action != "application.add-owner" || got.After != `{"user":"`+alice.ID+`","user_name":"Alice Demo"}` {
			t.Errorf("got %s %s, want whom it was given", got.Action, got.After)
		}
		if n := len(eventsOf(t, db, app.ID)); n != 2 {
			t.Errorf("got %d events, want two", n)
		}
		found, more, err := db.OwnerCandidates(ctx, admin, app.ID, "DEMO")
		if err != nil || more || len(found) != 0 {
			t.Errorf("got %+v, %t, %v; want nobody who owns it", found, more, err)
		}
		bob := storetest.User(t, db, "Bob", "bob@demo.example", false)
		off := storetest.User(t, db, "Off", "off@demo.example", false)
		if err := db.DisableUser(ctx, admin, off.ID, registry.Reason{}); err != nil {
			t.Fatal(err)
		}
		if found, _, err = db.OwnerCandidates(ctx, admin, app.ID, "demo.ex"); err != nil || len(found) != 1 || found[0].ID != bob.ID || found[0].Email != bob.Email {
			t.Errorf("got %+v, %v; want who can sign in", found, err)
		}
		if found, _, err = db.OwnerCandidates(ctx, admin, app.ID, " "); err != nil || len(found) != 0 {
			t.Errorf("got %+v, %v; want nobody for nothing", found, err)
		}
		if err := db.AddOwner(ctx, admin, app.ID, off.ID); !isInvalid(err, "user") {
			t.Errorf("got %v, want that who is disabled cannot be one", err)
		}
		for _, ids := range [][2]string{{app.ID, "us_none"}, {"cl_none", bob.ID}} {
			if err := db.AddOwner(ctx, admin, ids[0], ids[1]); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
			if err := db.RemoveOwner(ctx, admin, ids[0], ids[1]); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
		}
		owned, err := db.User(ctx, admin, alice.ID)
		if err != nil || owned.Owned.Count != 1 || owned.Owned.Alone != 0 || owned.Owned.Applications[0].Name != app.Name {
			t.Errorf("got %+v, %v; want what she owns beside others", owned.Owned, err)
		}
		for _, user := range []string{admin.ID, admin.ID, bob.ID} {
			if err := db.RemoveOwner(ctx, admin, app.ID, user); err != nil {
				t.Fatal(err)
			}
		}
		if owned, err = db.User(ctx, admin, alice.ID); err != nil || owned.Owned.Alone != 1 {
			t.Errorf("got %+v, %v; want what she owns alone", owned.Owned, err)
		}
		if err := db.RemoveOwner(ctx, admin, app.ID, alice.ID); err != nil || len(ownersOf(t, db, app.ID)) != 0 {
			t.Errorf("got %v, want nobody to own it", err)
		}
		for i := range registry.MaxOwners {
			u := storetest.User(t, db, "One of many", fmt.Sprintf("n%d@demo.example", i), false)
			if err := db.AddOwner(ctx, admin, app.ID, u.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.AddOwner(ctx, admin, app.ID, bob.ID); !isInvalid(err, "user") {
			t.Errorf("got %v, want one too many", err)
		}
		locked := registered(t, db, registry.Operator, func(in *registry.NewClient) {
			forAuditLog(in)
			in.Name, in.Origin = "Locked", registry.PlatformOrigin
		})
		if err := db.AddOwner(ctx, admin, locked.ID, bob.ID); !errors.Is(err, registry.ErrLocked) {
			t.Errorf("got %v, want ErrLocked", err)
		}
	})
}

// An owner who holds nothing looks after the secrets of what is theirs, and
// reaches nothing else.
func TestOwnersReach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		mine := registered(t, db, admin, forAuditLog)
		other := registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Other" })
		if err := db.Grant(ctx, admin, registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: mine.ID}, Service: "audit", Kind: registry.PermissionGrant, Key: "use-audit-log-api",
		}); err != nil {
			t.Fatal(err)
		}
		owner := storetest.User(t, db, "Owner", "owner@demo.example", false).Actor()
		if _, err := db.Applications(ctx, owner, registry.ApplicationQuery{}); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("who owns nothing: got %v, want ErrForbidden", err)
		}
		if err := db.AddOwner(ctx, admin, mine.ID, owner.ID); err != nil {
			t.Fatal(err)
		}
		for _, q := range []registry.ApplicationQuery{{}, {Owner: registry.OwnedByViewer}, {Owner: admin.ID}, {Origin: registry.TeamOrigin}, {Search: mine.Name[:3]}, {Type: registry.OAuthClient}} {
			page, err := db.Applications(ctx, owner, q)
			if err != nil || len(page.Applications) != 1 || page.Applications[0].ID != mine.ID || !page.Applications[0].Owned || page.Owner != "Owner" {
				t.Errorf("%+v: got %+v, %v; want only what is theirs", q, page, err)
			}
		}
		token, err := db.StartSession(ctx, store.Visit{UserID: owner.ID})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := db.Session(ctx, token); err != nil || !s.Owns {
			t.Errorf("got %t, %v; want the session to say so", s.Owns, err)
		}
		reach := func(id string) map[string]error {
			app, _ := db.Application(ctx, registry.Operator, id)
			secret := app.Secrets[0].ID
			_, view := db.Application(ctx, owner, id)
			_, audit := db.AuditEvents(ctx, owner, registry.AuditQuery{Target: id})
			_, count := db.CountConsents(ctx, owner, id)
			_, add := db.AddSecret(ctx, owner, id, registry.AddedSecret{SecretTerms: registry.SecretTerms{Name: "Mine"}}, store.ShowOnce{SessionToken: "x"})
			_, take := db.TakeSecret(ctx, owner, "x", id)
			if add != nil && errors.Is(take, registry.ErrNotFound) {
				take = nil
			}
			_, rotate := db.RegenerateSecret(ctx, owner, id, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{})
			return map[string]error{
				"view": view, "audit": audit, "count": count, "add": add, "take": take, "rotate": rotate,
				"update": db.UpdateSecret(ctx, owner, id, secret, registry.SecretEdit{SecretTerms: registry.SecretTerms{Name: "New"}}),
				"pause":  db.PauseSecret(ctx, owner, id, secret), "resume": db.ResumeSecret(ctx, owner, id, secret), "end": db.EndSecret(ctx, owner, id, secret),
				"require": db.RequireOwner(ctx, owner, "page.view", id, registry.ViewApplications),
			}
		}
		for what, err := range reach(mine.ID) {
			if err != nil {
				t.Errorf("%s of one's own: %v", what, err)
			}
		}
		for what, err := range reach(other.ID) {
			if !errors.Is(err, registry.ErrForbidden) {
				t.Errorf("%s of another's: got %v, want ErrForbidden", what, err)
			}
		}
		for what, err := range map[string]error{
			"details": db.UpdateClient(ctx, owner, mine.ID, registry.ClientEdit{ClientDetails: mine.Details()}), "status": db.SetStatus(ctx, owner, mine.ID, registry.Disabled),
			"scopes": db.SetScopes(ctx, owner, mine.ID, registry.ScopeEdit{Scopes: []string{"audit.log:read"}}), "owners": db.AddOwner(ctx, owner, mine.ID, owner.ID),
			"deleting": db.DeleteApplication(ctx, owner, mine.ID, mine.Name), "the whole log": errorOf(db.AuditEvents(ctx, owner, registry.AuditQuery{})),
			"any log": errorOf(db.AuditEvents(ctx, owner, registry.AuditQuery{Actor: mine.ID})),
		} {
			if !errors.Is(err, registry.ErrForbidden) {
				t.Errorf("%s: got %v, want ErrForbidden", what, err)
			}
		}
		if err := db.DisableUser(ctx, admin, owner.ID, registry.Reason{}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Application(ctx, owner, mine.ID); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("disabled: got %v, want ErrForbidden", err)
		}
	})
}

func errorOf[T any](_ T, err error) error { return err }

// Whoever manages applications and may not grant becomes no owner, nor makes
// others owners, of what holds permissions: owners see its secrets.
func TestOwnersAndDelegation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		manager := holding(t, db, "manager@demo.example", registry.ViewApplications, registry.ManageApplications)
		app := registered(t, db, admin, forAuditLog)
		grant := registry.GrantInput{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, Service: "audit", Kind: registry.PermissionGrant, Key: "use-audit-log-api"}
		rotate := func() error {
			_, err := db.RegenerateSecret(ctx, manager, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{})
			return err
		}
		if err := rotate(); err != nil {
			t.Errorf("what holds nothing: %v", err)
		}
		if err := db.Grant(ctx, admin, grant); err != nil {
			t.Fatal(err)
		}
		if err := db.AddOwner(ctx, manager, app.ID, manager.ID); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("owner by oneself: got %v, want ErrForbidden", err)
		}
		if err := rotate(); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("another's: got %v, want ErrForbidden", err)
		}
		if err := db.AddOwner(ctx, admin, app.ID, manager.ID); err != nil {
			t.Fatal(err)
		}
		if err := rotate(); err != nil {
			t.Errorf("one's own: %v", err)
		}
		if err := db.RemoveOwner(ctx, manager, app.ID, manager.ID); err != nil {
			t.Fatal(err)
		}
		if err := rotate(); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("once one's own: got %v, want ErrForbidden", err)
		}
	})
}

// Owners are told of their secrets, as long as they own the application.
func TestOwnersAreTold(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		owner := storetest.User(t, db, "Owner", "owner@demo.example", false).Actor()
		if err := db.AddOwner(ctx, admin, app.ID, owner.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := db.RegenerateSecret(ctx, admin, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Second)
		if got := told(t, db, owner); !slices.Equal(got, []string{"Secret regenerated: " + app.Name}) {
			t.Errorf("got %q, want the new secret", got)
		}
		clock.Advance(25 * time.Hour)
		if got := told(t, db, owner); len(got) != 2 || got[0] != "Secret expired: "+app.Name {
			t.Errorf("got %q, want the old one's end", got)
		}
		page, err := db.OwnNotices(ctx, owner, registry.NoticeQuery{})
		if err != nil || page.Notices[0].Own || !page.Notices[0].Owner || unread(t, db, owner) != 2 {
			t.Errorf("got %+v, %v; want it as an owner's", page.Notices, err)
		}
		if err := db.RemoveOwner(ctx, admin, app.ID, owner.ID); err != nil {
			t.Fatal(err)
		}
		if got := told(t, db, owner); len(got) != 0 || unread(t, db, owner) != 0 {
			t.Errorf("got %q, want nothing of what is not theirs", got)
		}
	})
}

// An application has no owner when nobody who can sign in owns it: the list, the
// record and the application's page agree.
func TestUnowned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app := registered(t, db, registry.Operator, forAuditLog)
		user := storetest.User(t, db, "Alice Demo", "alice@demo.example", false)
		steps := []struct {
			name    string
			do      func() error
			unowned bool
			owners  []registry.Owner
		}{
			{"made by the command line", func() error { return nil }, true, nil},
			{"given an owner", func() error { return db.AddOwner(ctx, admin, app.ID, user.ID) }, false, []registry.Owner{{ID: user.ID, Name: user.Name, Email: user.Email}}},
			{"who is disabled", func() error { return db.DisableUser(ctx, admin, user.ID, left) }, true, []registry.Owner{{ID: user.ID, Name: user.Name, Email: user.Email, Disabled: true}}},
			{"and enabled", func() error { return db.EnableUser(ctx, admin, user.ID, left) }, false, []registry.Owner{{ID: user.ID, Name: user.Name, Email: user.Email}}},
			{"and removed", func() error { return db.RemoveOwner(ctx, admin, app.ID, user.ID) }, true, nil},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			page, err := db.Applications(ctx, admin, registry.ApplicationQuery{Attention: registry.Unowned})
			if err != nil {
				t.Fatal(err)
			}
			record, err := db.ApplicationRecord(ctx, admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			details, err := db.Application(ctx, admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			if listed := len(page.Applications) == 1; listed != step.unowned || details.Abandoned() != step.unowned || !slices.Equal(record.Owners, step.owners) {
				t.Errorf("%s: got listed %t, abandoned %t and owners %+v", step.name, listed, details.Abandoned(), record.Owners)
			}
		}
	})
}
