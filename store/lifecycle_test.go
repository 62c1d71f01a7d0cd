package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// forAuditLog is a client that needs no catalogue but the built-in one.
func forAuditLog(in *registry.NewClient) { in.Scopes = []string{"audit.log:read"} }

// give gives a subject a permission of a built-in service.
func give(t *testing.T, db *store.DB, to registry.Subject, p registry.Permission) {
	t.Helper()
	err := db.Grant(t.Context(), registry.Operator, registry.GrantInput{Subject: to, Service: p.Service, Kind: registry.PermissionGrant, Key: p.Key})
	if err != nil {
		t.Fatal(err)
	}
}

// newest returns the newest event of an application.
func newest(t *testing.T, db *store.DB, id string) registry.Event {
	t.Helper()
	page, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Target: id, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return page.Entries[0].Event
}

func TestSetStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		for _, step := range []struct {
			status registry.Status
			action string
		}{
			{registry.Active, "application.create"}, // it is already
			{registry.Disabled, "application.disable"},
			{registry.Disabled, "application.disable"},
			{registry.Active, "application.enable"},
		} {
			if err := db.SetStatus(t.Context(), admin, app.ID, step.status); err != nil {
				t.Fatal(err)
			}
			client, err := db.OAuthClient(t.Context(), app.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got := newest(t, db, app.ID); got.Action != step.action || client.Disabled != (step.status == registry.Disabled) {
				t.Errorf("%s: got %s as the last event, disabled %v; want %s", step.status, got.Action, client.Disabled, step.action)
			}
		}
		if got := newest(t, db, app.ID); got.Before != `{"status":"disabled"}` || got.After != `{"status":"active"}` || got.Target.Name != app.Name {
			t.Errorf("got the event %+v", got)
		}
	})
}

func TestDeleteApplication(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		for _, typed := range []string{"", "x", app.Name + "x", app.ID} {
			err := db.DeleteApplication(t.Context(), admin, app.ID, typed)
			if invalid, _ := errors.AsType[registry.Invalid](err); invalid["confirm"] == "" {
				t.Errorf("%q: got %v, want the name to be wrong", typed, err)
			}
		}
		if got := newest(t, db, app.ID); got.Action != "application.create" {
			t.Errorf("got the event %+v of what was not done", got)
		}
		if err := db.DeleteApplication(t.Context(), admin, app.ID, "  "+app.Name+" "); err != nil {
			t.Fatal(err)
		}
		if got := newest(t, db, app.ID); got.Action != "application.delete" || got.Target.Name != app.Name {
			t.Errorf("got the event %+v", got)
		}
		if _, err := db.OAuthClient(t.Context(), app.ID); !errors.Is(err, oauth.ErrUnknownClient) {
			t.Errorf("got %v for a deleted client, want that it is unknown", err)
		}
		for name, again := range map[string]error{
			"delete":     db.DeleteApplication(t.Context(), admin, app.ID, app.Name),
			"disable":    db.SetStatus(t.Context(), admin, app.ID, registry.Disabled),
			"end secret": db.EndSecret(t.Context(), admin, app.ID, "se_x"),
		} {
			if !errors.Is(again, registry.ErrNotFound) {
				t.Errorf("%s a deleted one: got %v, want ErrNotFound", name, again)
			}
		}
		if err := db.SetStatus(t.Context(), registry.Operator, "cl_\xff\x00", registry.Disabled); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("what is no text: got %v, want ErrNotFound", err)
		}
		if _, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndNow}, store.ShowOnce{}); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("regenerate a deleted one: got %v, want ErrNotFound", err)
		}
		other := registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = app.Name }) // the name is free
		page, err := db.Applications(t.Context(), admin, registry.ApplicationQuery{Status: registry.Deleted})
		if err != nil || len(page.Applications) != 1 || page.Applications[0].ID != app.ID || page.Applications[0].DeletedAt.IsZero() {
			t.Errorf("got %+v, %v, want %s among the deleted", page, err, app.ID)
		}
		page, err = db.Applications(t.Context(), admin, registry.ApplicationQuery{})
		if err != nil || len(page.Applications) != 1 || page.Applications[0].ID != other.ID {
			t.Errorf("got %+v, %v, want %s among the living", page, err, other.ID)
		}
	})
}

// What the platform made is changed by the operator only; who may look may not
// change anything.
func TestWhoMayChangeApplications(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		viewer := storetest.User(t, db, "Demo Viewer", "viewer@example.com", false).Actor()
		give(t, db, viewer.Subject(), registry.ViewApplications)
		team := registered(t, db, admin, forAuditLog)
		platform := registered(t, db, registry.Operator, func(in *registry.NewClient) {
			forAuditLog(in)
			in.Name, in.Origin = "Made by a service", registry.PlatformOrigin
		})
		changes := map[string]func(by registry.Actor, app registry.Application) error{
			"disable": func(by registry.Actor, app registry.Application) error {
				return db.SetStatus(t.Context(), by, app.ID, registry.Disabled)
			},
			"regenerate": func(by registry.Actor, app registry.Application) error {
				_, err := db.RegenerateSecret(t.Context(), by, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{})
				return err
			},
			"end secret": func(by registry.Actor, app registry.Application) error {
				d, err := db.Application(t.Context(), registry.Operator, app.ID)
				if err != nil {
					return err
				}
				return db.EndSecret(t.Context(), by, app.ID, d.Secrets[0].ID)
			},
			"delete": func(by registry.Actor, app registry.Application) error {
				return db.DeleteApplication(t.Context(), by, app.ID, app.Name)
			},
		}
		for _, name := range []string{"disable", "regenerate", "end secret", "delete"} {
			err := changes[name](viewer, team)
			if forbidden, ok := errors.AsType[registry.Forbidden](err); !ok || forbidden.Missing != registry.ManageApplications {
				t.Errorf("%s by a viewer: got %v, want that %s is missing", name, err, registry.ManageApplications)
			}
			if got := newest(t, db, team.ID); got.Outcome != registry.Refused || got.Target.Name != team.Name {
				t.Errorf("%s by a viewer: got the event %+v, want a refusal on %s", name, got, team.Name)
			}
			if err := changes[name](admin, platform); !errors.Is(err, registry.ErrLocked) || !errors.Is(err, registry.ErrForbidden) {
				t.Errorf("%s what the platform made: got %v, want ErrLocked", name, err)
			}
			if err := changes[name](registry.Operator, platform); err != nil {
				t.Errorf("%s what the platform made, by the operator: %v", name, err)
			}
		}
	})
}

// A refusal says on what: an application by its name, and never an ID that was
// made up.
func TestRefusedViewsHaveATarget(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		nobody := storetest.User(t, db, "Nobody", "nobody@example.com", false).Actor()
		app := registered(t, db, registry.Operator, forAuditLog)
		for _, id := range []string{app.ID, "cl_made_up", "cl_made_up_too", "\x00"} {
			if _, err := db.Application(t.Context(), nobody, id); !errors.Is(err, registry.ErrForbidden) {
				t.Errorf("%q: got %v, want ErrForbidden", id, err)
			}
		}
		if _, err := db.Applications(t.Context(), nobody, registry.ApplicationQuery{}); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("the list: got %v, want ErrForbidden", err)
		}
		page, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Outcome: registry.Refused, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		var got []registry.Target
		for _, e := range page.Entries {
			got = append(got, e.Target)
		}
		want := []registry.Target{registry.AllApplications, {Type: "application"}, {Type: "application", ID: app.ID, Name: app.Name}}
		if !slices.Equal(got, want) {
			t.Errorf("refused on %+v, want on %+v", got, want)
		}
	})
}

// A new secret of an application that holds permissions is for its maker, and
// for those who may manage permissions.
func TestRegeneratingNeedsDelegation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		maker := storetest.User(t, db, "Demo Maker", "maker@example.com", false).Actor()
		other := storetest.User(t, db, "Demo Other", "other@example.com", false).Actor()
		for _, user := range []registry.Actor{maker, other} {
			give(t, db, user.Subject(), registry.ViewApplications)
			give(t, db, user.Subject(), registry.ManageApplications)
		}
		app := registered(t, db, maker, forAuditLog)
		regenerate := func(by registry.Actor) error {
			_, err := db.RegenerateSecret(t.Context(), by, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{})
			return err
		}
		for _, by := range []registry.Actor{maker, other, admin} {
			if err := regenerate(by); err != nil {
				t.Errorf("%s, no permissions: %v", by.Name, err)
			}
		}
		give(t, db, registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, registry.ReadAuditLog)
		for _, by := range []registry.Actor{maker, admin, registry.Operator} {
			if err := regenerate(by); err != nil {
				t.Errorf("%s: %v", by.Name, err)
			}
		}
		err := regenerate(other)
		if forbidden, ok := errors.AsType[registry.Forbidden](err); !ok || forbidden.Missing != registry.ManagePermissions {
			t.Errorf("%s: got %v, want that %s is missing", other.Name, err, registry.ManagePermissions)
		}
	})
}

// Two instances see at once, or within two seconds, that an application is disabled.
func TestDisablingReachesOtherInstances(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		here, there := storetest.Open(t, database, clock), storetest.Open(t, database, clock)
		admin := storetest.Admin(t, here)
		app := registered(t, here, admin, forAuditLog)
		if client, err := there.OAuthClient(t.Context(), app.ID); err != nil || client.Disabled {
			t.Fatalf("got %+v, %v, want an enabled client", client, err)
		}
		if err := here.SetStatus(t.Context(), admin, app.ID, registry.Disabled); err != nil {
			t.Fatal(err)
		}
		if client, err := here.OAuthClient(t.Context(), app.ID); err != nil || !client.Disabled {
			t.Errorf("here: got %+v, %v, want a disabled client", client, err)
		}
		clock.Advance(2*time.Second + time.Millisecond)
		if client, err := there.OAuthClient(t.Context(), app.ID); err != nil || !client.Disabled {
			t.Errorf("there, 2 s later: got %+v, %v, want a disabled client", client, err)
		}
	})
}
