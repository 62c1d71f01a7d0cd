package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func toApplication(id, service string, kind registry.GrantKind, key, object string) registry.GrantInput {
	return registry.GrantInput{
		Subject: registry.Subject{Type: registry.ApplicationSubject, ID: id}, Service: service, Kind: kind, Key: key, Object: object,
	}
}

// registered is a client that was registered with the details of ledger, changed.
func registered(t *testing.T, db *store.DB, by registry.Actor, change func(*registry.NewClient)) registry.Application {
	t.Helper()
	app, _, err := db.CreateClient(t.Context(), by, ledger(change), store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// eventsOf returns what was done to a target, oldest first.
func eventsOf(t *testing.T, db *store.DB, target string) []registry.Event {
	t.Helper()
	page, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Target: target})
	if err != nil {
		t.Fatal(err)
	}
	events := make([]registry.Event, len(page.Entries))
	for i, entry := range page.Entries {
		events[len(events)-1-i] = entry.Event
	}
	return events
}

func TestGrantAndUngrant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, nil)
		template := toApplication(app.ID, "orders", registry.TemplateGrant, "viewer", "")
		single := toApplication(app.ID, "orders", registry.PermissionGrant, "edit", "pool/one")
		for _, in := range []registry.GrantInput{single, template, template} { // twice is once
			if err := db.Grant(t.Context(), admin, in); err != nil {
				t.Fatal(err)
			}
		}
		held := func() []registry.HeldGrant {
			d, err := db.Application(t.Context(), admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			return d.Permissions
		}
		if got, want := held(), []registry.HeldGrant{template.Held(), single.Held()}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := grantCount(t, db, app.ID); got != 2 {
			t.Errorf("the list counts %d grants, want 2", got)
		}
		for _, in := range []registry.GrantInput{template, template, toApplication(app.ID, "gone", registry.PermissionGrant, "view", "")} {
			if err := db.Ungrant(t.Context(), admin, in); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := held(), []registry.HeldGrant{single.Held()}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := grantCount(t, db, app.ID); got != 1 {
			t.Errorf("the list counts %d grants, want 1", got)
		}

		target := registry.Target{Type: "application", ID: app.ID, Name: app.Name}
		want := []registry.Event{
			{Action: "permission.grant", After: `{"service":"orders","object":"pool/one","kind":"permission","key":"edit"}`},
			{Action: "permission.grant", After: `{"service":"orders","object":"","kind":"template","key":"viewer"}`},
			{Action: "permission.revoke", Before: `{"service":"orders","object":"","kind":"template","key":"viewer"}`},
		}
		got := eventsOf(t, db, app.ID)[1:]
		if len(got) != len(want) {
			t.Fatalf("got %d events, want %d", len(got), len(want))
		}
		for i, e := range got {
			if e.Action != want[i].Action || e.Before != want[i].Before || e.After != want[i].After || e.Target != target || e.Outcome != registry.Done {
				t.Errorf("event %d: got %+v, want %+v about %v", i, e, want[i], target)
			}
		}
	})
}

// grantCount returns how many grants the applications list says an application holds.
func grantCount(t *testing.T, db *store.DB, id string) int {
	t.Helper()
	page, err := db.Applications(t.Context(), registry.Operator, registry.ApplicationQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range page.Applications {
		if row.ID == id {
			return row.Permissions
		}
	}
	t.Fatalf("%s is not in the list", id)
	return 0
}

func TestGrantRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, nil)
		platform := registered(t, db, registry.Operator, func(in *registry.NewClient) {
			in.Name, in.Origin = "Of the platform", registry.PlatformOrigin
		})
		tests := []struct {
			name string
			by   registry.Actor
			in   registry.GrantInput
			want error
		}{
			{"may manage applications only", clerk(t, db), toApplication(app.ID, "orders", registry.TemplateGrant, "viewer", ""), registry.ErrForbidden},
			{"unknown application", admin, toApplication("cl_none", "orders", registry.TemplateGrant, "viewer", ""), registry.ErrNotFound},
			{"unknown user", admin, registry.GrantInput{Subject: registry.Subject{Type: registry.UserSubject, ID: "us_none"}, Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}, registry.ErrNotFound},
			{"unknown group", admin, registry.GrantInput{Subject: registry.Subject{Type: registry.GroupSubject, ID: app.ID}, Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}, registry.ErrNotFound},
			{"unknown kind of subject", admin, registry.GrantInput{Subject: registry.Subject{Type: "team", ID: app.ID}, Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}, registry.ErrNotFound},
			{"of the platform", admin, toApplication(platform.ID, "orders", registry.TemplateGrant, "viewer", ""), registry.ErrLocked},
		}
		for _, tt := range tests {
			for name, change := range map[string]func(registry.GrantInput) error{
				"grant":   func(in registry.GrantInput) error { return db.Grant(t.Context(), tt.by, in) },
				"ungrant": func(in registry.GrantInput) error { return db.Ungrant(t.Context(), tt.by, in) },
			} {
				if err := change(tt.in); !errors.Is(err, tt.want) {
					t.Errorf("%s, %s: got %v, want %v", name, tt.name, err, tt.want)
				}
			}
		}
		err := db.Grant(t.Context(), admin, toApplication(app.ID, "orders", registry.TemplateGrant, "owner", "attic"))
		invalid, _ := errors.AsType[registry.Invalid](err)
		if invalid["key"] == "" || invalid["object"] == "" {
			t.Errorf("got %v, want what is wrong with key and object", err)
		}
		if err := db.Grant(t.Context(), registry.Operator, toApplication(platform.ID, "orders", registry.TemplateGrant, "viewer", "")); err != nil {
			t.Errorf("the operator on the platform's: got %v, want nil", err)
		}
	})
}

func TestLastAdministratorStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first := storetest.Admin(t, db)
		second := storetest.User(t, db, "Second", "second@example.com", true).Actor()
		adminOf := func(who registry.Actor, service string) registry.GrantInput {
			return registry.GrantInput{Subject: who.Subject(), Service: service, Kind: registry.TemplateGrant, Key: registry.AdminTemplate}
		}
		// Each takes the other's at once: one of them stays.
		var wait sync.WaitGroup
		errs := make([]error, 2)
		wait.Go(func() { errs[0] = db.Ungrant(t.Context(), first, adminOf(second, "authorization")) })
		wait.Go(func() { errs[1] = db.Ungrant(t.Context(), second, adminOf(first, "authorization")) })
		wait.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got %v and %v, want one to be refused", errs[0], errs[1])
		}
		last := first
		if errs[0] != nil {
			last = second
		}
		for _, service := range []string{"team", "authorization"} {
			err := db.Ungrant(t.Context(), registry.Operator, adminOf(last, service))
			if invalid, _ := errors.AsType[registry.Invalid](err); invalid["key"] == "" {
				t.Errorf("the last administrator's %s: got %v, want it to be refused", service, err)
			}
		}
		// What makes nobody an administrator can be taken.
		if err := db.Ungrant(t.Context(), registry.Operator, adminOf(last, "audit")); err != nil {
			t.Errorf("got %v, want nil", err)
		}
		// Held one by one, the permissions make an administrator too.
		third := storetest.User(t, db, "Third", "third@example.com", false).Actor()
		for _, p := range registry.Administration() {
			in := registry.GrantInput{Subject: third.Subject(), Service: p.Service, Kind: registry.PermissionGrant, Key: p.Key}
			if err := db.Grant(t.Context(), registry.Operator, in); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Ungrant(t.Context(), third, adminOf(last, "team")); err != nil {
			t.Errorf("with another administrator: got %v, want nil", err)
		}
	})
}
