package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func named(name string) registry.NewApplicationKey {
	return registry.NewApplicationKey{KeyDetails: registry.KeyDetails{Name: name, Description: "Old <job>"}}
}

func newKey(t *testing.T, db *store.DB, by registry.Actor, name string) (registry.Application, registry.Secret) {
	t.Helper()
	app, key, err := db.CreateKey(t.Context(), by, named(name), store.ShowOnce{SessionToken: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	return app, key
}

// calls returns what the protocol says of a key that comes from an address.
func calls(t *testing.T, db *store.DB, clock *storetest.Clock, key registry.Secret) error {
	t.Helper()
	_, err := (&oauth.Server{Store: db, Now: clock.Now}).VerifyKey(t.Context(), key, "192.0.2.7")
	return err
}

func TestCreateKey(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app, key := newKey(t, db, admin, " Old   Job ")
		if !key.WellFormedKey() || key.WellFormed() || !strings.HasPrefix(key.Prefix(), "ak_") {
			t.Error("got a key that is not one")
		}
		if shown, err := db.TakeSecret(ctx, admin, "mine", app.ID); err != nil || shown != key {
			t.Errorf("got %v, want it to be shown to who made it", err)
		}
		got, err := db.Application(ctx, admin, app.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != "Old Job" || got.Type != registry.ApplicationKey || got.AuthMethod != "" || got.TokenAlg != "" || got.Public() || !got.ActsAsItself() ||
			len(got.Secrets) != 1 || !got.OwnedBy(admin.ID) || len(got.Scopes) != 0 {
			t.Errorf("got %+v, want an application key", got)
		}
		if event := newest(t, db, app.ID); event.Action != "application.create" || !strings.Contains(event.After, `"type":"application_key"`) || strings.Contains(event.After, key.Reveal()) {
			t.Errorf("got %+v, want the creation", event)
		}
		if err := calls(t, db, clock, key); err != nil {
			t.Errorf("the key: %v", err)
		}
		db.FlushUsage(ctx)
		if got, err = db.Application(ctx, admin, app.ID); err != nil || got.LastUsedAddress != "192.0.2.7" || got.Secrets[0].LastUsedAt.IsZero() || got.Days[registry.UsageDays-1] != 1 {
			t.Errorf("got %+v, %v; want its use", got, err)
		}
		if _, err := db.OAuthClient(ctx, app.ID); !errors.Is(err, oauth.ErrUnknownClient) {
			t.Errorf("as an OAuth client: got %v, want ErrUnknownClient", err)
		}
		for name, in := range map[string]registry.NewApplicationKey{"name": named("OLD job"), "name ": named(" ")} {
			if _, _, err := db.CreateKey(ctx, admin, in, store.ShowOnce{}); !isInvalid(err, strings.TrimSpace(name)) {
				t.Errorf("%+v: got %v, want its name refused", in, err)
			}
		}
		setPolicy(t, db, registry.CredentialPolicy{LongestLife: 30, LongestOverlap: 7, MostSecrets: 2})
		short, _ := newKey(t, db, admin, "Short")
		if details, _ := db.Application(ctx, admin, short.ID); !details.Secrets[0].ExpiresAt.Equal(clock.Now().AddDate(0, 0, 30)) {
			t.Errorf("got %+v, want the end of the policy", details.Secrets)
		}
		long := named("Long")
		long.First.Until = string(registry.UntilYear)
		long.Name = ""
		if _, _, err := db.CreateKey(ctx, admin, long, store.ShowOnce{}); !isInvalid(err, "name", "until") {
			t.Errorf("got %v, want all that is wrong: no name, and longer than the policy allows", err)
		}
	})
}

// A key lives as a secret does: several, paused, rotated, kept to networks,
// disabled with its application.
func TestKeysLiveLikeSecrets(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app, first := newKey(t, db, admin, "Old Job")
		wants := func(what string, key registry.Secret, ok bool) {
			t.Helper()
			if err := calls(t, db, clock, key); (err == nil) != ok {
				t.Errorf("%s: got %v, want accepted: %t", what, err, ok)
			}
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		second, err := db.AddSecret(ctx, admin, app.ID, registry.AddedSecret{SecretTerms: registry.SecretTerms{Name: "Second", Ends: clock.Now().Add(time.Hour)}}, store.ShowOnce{})
		must(err)
		wants("the first", first, true)
		wants("one more", second, second.WellFormedKey())
		id := secrets(t, db, app.ID)[second.Prefix()].ID
		must(db.PauseSecret(ctx, admin, app.ID, id))
		wants("paused", second, false)
		must(db.ResumeSecret(ctx, admin, app.ID, id))
		wants("resumed", second, true)
		clock.Advance(2 * time.Hour)
		wants("expired", second, false)
		third, err := db.RegenerateSecret(ctx, admin, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{})
		must(err)
		wants("in the overlap", first, true)
		wants("its successor", third, third.WellFormedKey())
		clock.Advance(25 * time.Hour)
		wants("after the overlap", first, false)
		must(db.SetStatus(ctx, admin, app.ID, registry.Disabled))
		wants("disabled", third, false)
		must(db.SetStatus(ctx, admin, app.ID, registry.Active))
		wants("enabled", third, true)
		networks, err := registry.NetworksInput{Networks: "198.51.100.0/24", Anyway: true}.Parse()
		must(err)
		must(db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Networks: networks, Anyway: true}))
		wants("from elsewhere", third, false)
		must(db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Anyway: true}))
		must(db.DeleteApplication(ctx, admin, app.ID, app.Name))
		wants("deleted", third, false)
		must(db.RestoreApplication(ctx, admin, app.ID, "Older Job"))
		wants("restored", third, true)
		db.FlushUsage(ctx)
		d, err := db.Application(ctx, admin, app.ID)
		if err != nil || d.Failures.Count < 4 || d.Name != "Older Job" {
			t.Errorf("got %+v, %v; want what failed counted", d.Failures, err)
		}

		must(db.UpdateKey(ctx, admin, app.ID, registry.KeyEdit{KeyDetails: registry.KeyDetails{Name: "Renamed"}, Seen: &registry.KeyDetails{Name: "Older Job", Description: "Old <job>"}}))
		if err := db.UpdateKey(ctx, admin, app.ID, registry.KeyEdit{KeyDetails: registry.KeyDetails{Name: "Again"}, Seen: &registry.KeyDetails{Name: "Older Job"}}); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("stale: got %v, want ErrConflict", err)
		}
		if err := db.UpdateKey(ctx, admin, app.ID, registry.KeyEdit{KeyDetails: registry.KeyDetails{Name: " "}}); !isInvalid(err, "name") {
			t.Errorf("no name: got %v, want Invalid", err)
		}
		if got := newest(t, db, app.ID); got.Action != "application.update" || got.After != `{"name":"Renamed","description":""}` {
			t.Errorf("got %s %s, want the new name", got.Action, got.After)
		}
		client := registered(t, db, admin, forAuditLog)
		for what, err := range map[string]error{
			"a client's details": db.UpdateKey(ctx, admin, client.ID, registry.KeyEdit{KeyDetails: registry.KeyDetails{Name: "X"}}),
			"a key's details":    db.UpdateClient(ctx, admin, app.ID, registry.ClientEdit{ClientDetails: client.Details()}),
			"a key's scopes":     db.SetScopes(ctx, admin, app.ID, registry.ScopeEdit{Scopes: []string{"audit.log:read"}}),
			"a client's move":    notMoved(t, db, admin, client.ID),
		} {
			if !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", what, err)
			}
		}
	})
}

func TestMigrateKey(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app, key := newKey(t, db, admin, "Old Job")
		owner := storetest.User(t, db, "Owner", "owner@demo.example", false)
		networks, err := registry.NetworksInput{Networks: "192.0.2.0/24\n2001:db8::/32"}.Parse()
		for _, err := range []error{
			err, db.AddOwner(ctx, admin, app.ID, owner.ID), db.RemoveOwner(ctx, admin, app.ID, admin.ID), db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Networks: networks}),
			db.Grant(ctx, admin, registry.GrantInput{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, Service: "audit", Kind: registry.PermissionGrant, Key: "use-audit-log-api"}),
			db.Grant(ctx, admin, registry.GrantInput{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		in := registry.KeyMigration{Name: "New Job", AuthMethod: registry.SecretPost, Scopes: []string{"audit.log:read"}}
		manager := holding(t, db, "manager@demo.example", registry.ViewApplications, registry.ManageApplications)
		if _, _, err := db.MigrateKey(ctx, manager, app.ID, in, store.ShowOnce{}); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("who may not grant: got %v, want ErrForbidden", err)
		}
		for _, field := range []string{"name", "auth_method", "scope"} {
			wrong := in
			switch field {
			case "name":
				wrong.Name = app.Name
			case "auth_method":
				wrong.AuthMethod = registry.PublicClient
			case "scope":
				wrong.Scopes = nil
			}
			if _, _, err := db.MigrateKey(ctx, admin, app.ID, wrong, store.ShowOnce{}); !isInvalid(err, field) {
				t.Errorf("%s: got %v, want Invalid", field, err)
			}
		}
		client, secret, err := db.MigrateKey(ctx, admin, app.ID, in, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.Application(ctx, admin, client.ID)
		if err != nil || got.Type != registry.OAuthClient || got.Description != "Old <job>" || !slices.Equal(got.ScopeKeys(), in.Scopes) || !slices.Equal(got.Networks, networks) ||
			len(got.Permissions) != 2 || !slices.Equal(ownersOf(t, db, client.ID), []string{"Owner"}) || got.MovesFrom.ID != app.ID || got.MovesTo.ID != "" {
			t.Errorf("got %+v, %v; want what the key had", got, err)
		}
		if !accepted(t, db, client.ID, secret, clock.Now()) || calls(t, db, clock, key) != nil {
			t.Error("both must work until the key is ended")
		}
		page, err := db.Applications(ctx, admin, registry.ApplicationQuery{Search: "new job"})
		if err != nil || page.Applications[0].Permissions != 2 {
			t.Errorf("got %+v, %v; want its permissions counted", page, err)
		}
		db.FlushUsage(ctx)
		old, err := db.Application(ctx, admin, app.ID)
		if err != nil || old.MovesTo.ID != client.ID || old.MovesTo.Name != "New Job" || len(old.Permissions) != 2 {
			t.Errorf("got %+v, %v; want the client beside it", old.MovesTo, err)
		}
		if got, err = db.Application(ctx, admin, client.ID); err != nil || got.MovesFrom.LastUsedAddress != "192.0.2.7" {
			t.Errorf("got %+v, %v; want when the key was last used", got.MovesFrom, err)
		}
		if event := newest(t, db, app.ID); event.Action != "application.migrate" || !strings.Contains(event.After, client.ID) {
			t.Errorf("got %+v, want the move", event)
		}
		if event := newest(t, db, client.ID); event.Action != "application.create" {
			t.Errorf("got %+v, want the creation", event)
		}
		in.Name = "Newer Job"
		if _, _, err := db.MigrateKey(ctx, admin, app.ID, in, store.ShowOnce{}); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("again: got %v, want ErrConflict", err)
		}
		if err := db.DeleteApplication(ctx, admin, client.ID, client.Name); err != nil {
			t.Fatal(err)
		}
		if _, _, err := db.MigrateKey(ctx, admin, app.ID, in, store.ShowOnce{}); err != nil {
			t.Errorf("once the client is gone: %v", err)
		}
	})
}

func notMoved(t *testing.T, db *store.DB, by registry.Actor, id string) error {
	t.Helper()
	_, _, err := db.MigrateKey(t.Context(), by, id, registry.KeyMigration{}, store.ShowOnce{})
	return err
}
