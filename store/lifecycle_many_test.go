package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// several registers applications with these names and returns their IDs.
func several(t *testing.T, db *store.DB, by registry.Actor, names ...string) []string {
	t.Helper()
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = registered(t, db, by, func(in *registry.NewClient) { forAuditLog(in); in.Name = name }).ID
	}
	return ids
}

func TestDisableApplications(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		ids := several(t, db, admin, "One", "Two", "Three")
		if err := db.SetStatus(ctx, admin, ids[1], registry.Disabled); err != nil {
			t.Fatal(err)
		}
		was := newest(t, db, ids[1])
		n, err := db.DisableApplications(ctx, admin, []string{ids[2], ids[0], ids[1], ids[0], "cl_gone"})
		if err != nil || n != 2 {
			t.Errorf("got %d, %v, want the two that were enabled", n, err)
		}
		for i, id := range ids {
			client, err := db.OAuthClient(ctx, id)
			if err != nil || !client.Disabled {
				t.Errorf("%s: got %v, %v, want it disabled", id, client, err)
			}
			event := newest(t, db, id)
			if event.Action != "application.disable" || event.Target.Name != []string{"One", "Two", "Three"}[i] || (i == 1) != (event.Seq == was.Seq) {
				t.Errorf("%s: got the event %+v", id, event)
			}
		}
		if _, err := db.VerifyAudit(ctx, nil); err != nil {
			t.Errorf("the chain: %v", err)
		}
		if n, err := db.DisableApplications(ctx, admin, ids); n != 0 || err != nil {
			t.Errorf("again: got %d, %v, want nothing", n, err)
		}
	})
}

func TestDeleteApplications(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		ids := several(t, db, admin, "One", "Two")
		if _, err := db.DeleteApplications(ctx, admin, ids, "delete"); err == nil {
			t.Error("without the word: got no error")
		}
		locked := registered(t, db, registry.Operator, func(in *registry.NewClient) {
			forAuditLog(in)
			in.Name, in.Origin = "Locked", registry.PlatformOrigin
		})
		if _, err := db.DeleteApplications(ctx, admin, append(ids, locked.ID), "DELETE"); !errors.Is(err, registry.ErrLocked) {
			t.Errorf("with a locked one: got %v, want ErrLocked", err)
		}
		if apps, err := db.ApplicationsNamed(ctx, admin, ids); err != nil || len(apps) != 2 {
			t.Errorf("got %v, %v, want that a refusal deleted none", apps, err)
		}
		if n, err := db.DeleteApplications(ctx, admin, ids, " DELETE "); n != 2 || err != nil {
			t.Errorf("got %d, %v, want both deleted", n, err)
		}
		if apps, err := db.ApplicationsNamed(ctx, admin, ids); err != nil || len(apps) != 0 {
			t.Errorf("got %v, %v, want none left", apps, err)
		}
		tooMany := slices.Repeat([]string{"x"}, registry.MaxAtOnce+1)
		for i := range tooMany {
			tooMany[i] += string(rune('A' + i))
		}
		if _, err := db.DeleteApplications(ctx, admin, tooMany, "DELETE"); err == nil {
			t.Error("too many: got no error")
		}
	})
}

func TestRestoreApplication(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app, secret, err := db.CreateClient(ctx, admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		give(t, db, registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, registry.ReadAuditLog)
		if err := db.DeleteApplication(ctx, admin, app.ID, app.Name); err != nil {
			t.Fatal(err)
		}
		if _, err := db.OAuthClient(ctx, app.ID); !errors.Is(err, oauth.ErrUnknownClient) {
			t.Fatalf("deleted: got %v", err)
		}
		if got, err := db.DeletedApplication(ctx, admin, app.ID); err != nil || got.Name != app.Name {
			t.Errorf("got %v, %v, want it among the deleted", got, err)
		}
		clock.Advance(29 * 24 * time.Hour)
		registered(t, db, admin, forAuditLog) // takes its name
		invalid, _ := errors.AsType[registry.Invalid](db.RestoreApplication(ctx, admin, app.ID, app.Name))
		if invalid["name"] == "" {
			t.Errorf("under a name that is taken: got %v", invalid)
		}
		if invalid, _ := errors.AsType[registry.Invalid](db.RestoreApplication(ctx, admin, app.ID, "  ")); invalid["name"] == "" {
			t.Errorf("without a name: got %v", invalid)
		}
		if err := db.RestoreApplication(ctx, admin, app.ID, " Ledger   Again "); err != nil {
			t.Fatal(err)
		}
		if !accepted(t, db, app.ID, secret, clock.Now()) {
			t.Error("its secret is not accepted")
		}
		back, err := db.Application(ctx, admin, app.ID)
		if err != nil || back.Name != "Ledger Again" || len(back.Permissions) != 1 || len(back.Scopes) != 1 {
			t.Errorf("got %+v, %v, want it as it was under its new name", back, err)
		}
		page, err := db.Applications(ctx, admin, registry.ApplicationQuery{Search: "ledger again"})
		if err != nil || len(page.Applications) != 1 {
			t.Errorf("got %v, %v, want that it is found by its name", page.Applications, err)
		}
		event := newest(t, db, app.ID)
		if event.Action != "application.restore" || event.Target.Name != "Ledger Again" || event.Before != `{"name":"Ledger Sync"}` || event.After != `{"name":"Ledger Again"}` {
			t.Errorf("got the event %+v", event)
		}
		if err := db.RestoreApplication(ctx, admin, app.ID, "Whatever"); err != nil || newest(t, db, app.ID).Seq != event.Seq {
			t.Errorf("once it lives: got %v, want that it is left as it is", err)
		}
		if err := db.RestoreApplication(ctx, admin, "cl_nobody", "x"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("of none: got %v, want ErrNotFound", err)
		}
	})
}

func TestUnusedForAnyDays(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		ids := several(t, db, admin, "Used", "Never used")
		clock.Advance(20 * 24 * time.Hour)
		db.TokenIssued(oauth.Use{ClientID: ids[0], Address: "192.0.2.1", At: clock.Now()})
		db.FlushUsage(ctx)
		clock.Advance(10 * 24 * time.Hour)
		for _, tt := range []struct {
			days string
			want int
		}{{"", 0}, {"5", 2}, {"9", 2}, {"11", 1}, {"29", 1}, {"31", 0}, {"soon", 0}, {"-4", 2}, {"99999999999999999999", 0}} {
			page, err := db.Applications(ctx, admin, registry.ApplicationQuery{Attention: registry.Unused, Days: tt.days})
			if err != nil || len(page.Applications) != tt.want {
				t.Errorf("unused for %q days: got %d, %v, want %d", tt.days, len(page.Applications), err, tt.want)
			}
		}
	})
}

// What locks several applications at once never waits in a circle for another
// that does, in whatever order each names them.
func TestManyAtOnceRaces(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		ids := several(t, db, admin, "One", "Two", "Three", "Four")
		var subjects []registry.Subject
		for _, id := range slices.Backward(ids) {
			subjects = append(subjects, registry.Subject{Type: registry.ApplicationSubject, ID: id})
		}
		give := registry.Assignment{Service: "audit", Subjects: subjects, Grants: []string{registry.GrantName(registry.PermissionGrant, "use-audit-log-api")}}
		for range 50 {
			var group sync.WaitGroup
			for _, change := range []func() error{
				func() error { _, err := db.DisableApplications(ctx, admin, ids); return err },
				func() error { _, err := db.DisableApplications(ctx, admin, ids); return err },
				func() error { return db.Assign(ctx, admin, give) },
			} {
				group.Go(func() {
					if err := change(); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			for i, id := range ids {
				client, err := db.OAuthClient(ctx, id)
				if err != nil || !client.Disabled {
					t.Fatalf("%s: got %v, %v, want it disabled", id, client, err)
				}
				if err := db.SetStatus(ctx, admin, id, registry.Active); err != nil {
					t.Fatal(err)
				}
				if err := db.Ungrant(ctx, admin, give.Inputs()[len(ids)-1-i]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := db.VerifyAudit(ctx, nil); err != nil {
			t.Errorf("the chain: %v", err)
		}
	})
}
