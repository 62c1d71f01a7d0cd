package store_test

import (
	"errors"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestMakeAndRemoveAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		first := storetest.User(t, db, "First", "first@example.com", true)
		user := storetest.User(t, db, "User", "user@example.com", false)
		admin := func() registry.UserAccount {
			t.Helper()
			u, err := db.User(ctx, registry.Operator, user.ID)
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		events := func(action string) int {
			t.Helper()
			page, err := db.AuditEvents(ctx, registry.Operator, registry.AuditQuery{Target: user.ID, Action: action, Limit: 50})
			if err != nil {
				t.Fatal(err)
			}
			return len(page.Entries)
		}
		for range 2 { // twice is once
			if err := db.MakeAdministrator(ctx, first.Actor(), user.ID); err != nil {
				t.Fatal(err)
			}
		}
		if u := admin(); !u.Admin || len(u.Held) != 4 {
			t.Errorf("got %+v, want an administrator by four templates", u)
		}
		if n := events("permission.grant"); n != 4 {
			t.Errorf("got %d events, want one for each template", n)
		}
		invalid := func(err error, field string) {
			t.Helper()
			if wrong, ok := errors.AsType[registry.Invalid](err); !ok || wrong[field] == "" {
				t.Errorf("got %v, want it refused at %s", err, field)
			}
		}
		invalid(db.RemoveAdministrator(ctx, first.Actor(), first.ID), "user") // oneself
		for range 2 {
			if err := db.RemoveAdministrator(ctx, first.Actor(), user.ID); err != nil {
				t.Fatal(err)
			}
		}
		if u := admin(); u.Admin || len(u.Held) != 0 || events("permission.revoke") != 4 {
			t.Errorf("got %+v, want nothing held", u)
		}

		// By single permissions: not by these templates.
		for _, p := range registry.Administration() {
			if err := db.Grant(ctx, registry.Operator, registry.GrantInput{Subject: user.Actor().Subject(), Service: p.Service, Kind: registry.PermissionGrant, Key: p.Key}); err != nil {
				t.Fatal(err)
			}
		}
		invalid(db.RemoveAdministrator(ctx, first.Actor(), user.ID), "user")
		if err := db.MakeAdministrator(ctx, first.Actor(), "us_none"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestLastAdministratorIsNotRemoved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		last := storetest.User(t, db, "Last", "last@example.com", true)
		err := db.RemoveAdministrator(t.Context(), registry.Operator, last.ID)
		if invalid, ok := errors.AsType[registry.Invalid](err); !ok || invalid["user"] == "" {
			t.Errorf("got %v, want the last administrator kept", err)
		}
	})
}
