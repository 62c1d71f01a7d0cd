package store_test

import (
	"errors"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// stewardedOrders is a service that can be restricted.
func stewardedOrders(granting registry.Granting) registry.Catalogue {
	return registry.Catalogue{Services: []registry.Service{{
		Key: "orders", Name: "Orders", Description: "Takes orders.", Audience: "https://api.example.com/orders", Granting: granting,
		Scopes: []registry.Scope{{Key: "orders:read", Name: "Read orders", Description: "Opens reading orders."}},
		Permissions: []registry.PermissionDef{
			{Key: "view", Name: "View orders", Description: "See orders."},
			{Key: registry.ManageOwnPermissions, Name: "Steward", Description: "Say who may do what with orders.", Needs: []string{"view"}},
		},
		Templates: []registry.Template{
			{Key: "viewer", Name: "Viewer", Permissions: []string{"view"}}, {Key: "steward", Name: "Steward", Permissions: []string{"view", registry.ManageOwnPermissions}},
		},
		Containers: []registry.Container{{Key: "pool", Name: "Pool", Objects: []registry.Object{{Key: "one", Name: "One"}}}, {Key: "lake", Name: "Lake"}},
	}}}
}

func TestRestrictedService(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		apply(t, db, stewardedOrders(""))
		admin := storetest.User(t, db, "Admin", "admin@example.com", true).Actor()
		steward := storetest.User(t, db, "Steward", "steward@example.com", false).Actor()
		clerk := storetest.User(t, db, "Clerk", "clerk@example.com", false).Actor()
		user := storetest.User(t, db, "User", "user@example.com", false)
		give := func(to registry.Subject, key, object string) registry.GrantInput {
			return registry.GrantInput{Subject: to, Service: "orders", Object: object, Kind: registry.TemplateGrant, Key: key}
		}
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Errorf("got %v, want it done", err)
			}
		}
		forbidden := func(err error, missing registry.Permission) {
			t.Helper()
			if got, is := errors.AsType[registry.Forbidden](err); !is || got.Missing != missing {
				t.Errorf("got %v, want %s to be missing", err, missing)
			}
		}
		invalid := func(err error, field string) {
			t.Helper()
			if wrong, is := errors.AsType[registry.Invalid](err); !is || wrong[field] == "" {
				t.Errorf("got %v, want it refused at %s", err, field)
			}
		}
		own := registry.Permission{Service: "orders", Key: registry.ManageOwnPermissions}
		viewer := give(user.Actor().Subject(), "viewer", "")

		// Nobody could grant then.
		invalid(db.SetGranting(ctx, admin, "orders", registry.Restricted), "granting")
		ok(db.Grant(ctx, admin, give(steward.Subject(), "steward", "")))
		ok(db.Grant(ctx, admin, give(clerk.Subject(), "steward", "pool")))
		forbidden(db.Grant(ctx, steward, viewer), registry.ManagePermissions)
		forbidden(db.SetGranting(ctx, steward, "orders", registry.Restricted), registry.ManagePermissions)
		invalid(db.SetGranting(ctx, admin, "orders", "sometimes"), "granting")
		invalid(db.SetGranting(ctx, admin, "team", registry.Restricted), "granting")
		if err := db.SetGranting(ctx, admin, "none", registry.Restricted); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		ok(db.SetGranting(ctx, admin, "orders", registry.Restricted))
		ok(db.Grant(ctx, registry.Operator, viewer))

		// An administrator sees, and gives and takes nothing any more.
		forbidden(db.Grant(ctx, admin, viewer), own)
		forbidden(db.Ungrant(ctx, admin, viewer), own)
		forbidden(db.Assign(ctx, admin, registry.Assignment{Service: "orders", Subjects: []registry.Subject{user.Actor().Subject()}, Grants: []string{"template:viewer"}}), own)
		row := registry.GrantRow(viewer.Subject, viewer.Held())
		change := registry.GrantChange{Service: "orders", Rows: []string{row}, Remove: true}
		forbidden(db.ChangeGrants(ctx, admin, change), own)
		_, err := db.GrantEffects(ctx, admin, change)
		forbidden(err, own)
		_, err = db.SubjectsToPick(ctx, admin, "orders", registry.PickQuery{})
		forbidden(err, own)
		if view, err := db.PermissionGranting(ctx, admin, "orders"); err != nil || view.May || view.Holds || view.Holders != 1 || view.Granting != registry.Restricted {
			t.Errorf("got %+v and %v, want one holder and no right to change it", view, err)
		}
		if g, err := db.SubjectGrants(ctx, admin, "orders", registry.SubjectQuery{}); err != nil || len(g.Grants) != 3 {
			t.Errorf("got %+v and %v, want three grants seen", g, err)
		}
		forbidden(db.SetGranting(ctx, admin, "orders", registry.Standard), own)

		// Its steward does, and a steward of a part on that part.
		ok(db.Grant(ctx, steward, give(user.Actor().Subject(), "viewer", "lake")))
		ok(db.Grant(ctx, clerk, give(user.Actor().Subject(), "viewer", "pool/one")))
		for _, object := range []string{"", "lake", "poo", "pool2", "nowhere"} {
			forbidden(db.Grant(ctx, clerk, give(user.Actor().Subject(), "steward", object)), own)
		}
		forbidden(db.ChangeGrants(ctx, clerk, change), own)
		_, err = db.GrantEffects(ctx, clerk, change)
		forbidden(err, own)
		if page, err := db.SubjectsToPick(ctx, clerk, "orders", registry.PickQuery{}); err != nil || len(page.Subjects) != 1 {
			t.Errorf("got %+v and %v, want the administrator to pick", page, err)
		}
		forbidden(db.Grant(ctx, steward, registry.GrantInput{Subject: user.Actor().Subject(), Service: "audit", Kind: registry.TemplateGrant, Key: "admin"}), registry.ManagePermissions)

		// Nobody gains what they could not give: neither by a group, nor by a secret, nor by an account.
		group, err := db.CreateGroup(ctx, admin, registry.GroupInput{Name: "Order clerks"})
		ok(err)
		ok(db.Grant(ctx, clerk, give(group.Subject(), "viewer", "pool")))
		forbidden(db.AddMember(ctx, admin, group.ID, user.ID), own)
		ok(db.Grant(ctx, admin, registry.GrantInput{Subject: clerk.Subject(), Service: "team", Kind: registry.TemplateGrant, Key: "admin"}))
		ok(db.AddMember(ctx, clerk, group.ID, user.ID))
		if page, err := db.Groups(ctx, admin, registry.GroupQuery{}); err != nil || !page.Groups[0].Beyond {
			t.Errorf("got %+v and %v, want a group beyond the administrator", page, err)
		}
		if page, err := db.Users(ctx, clerk, registry.UserQuery{Search: "user@"}); err != nil || !page.Users[0].Beyond { // who holds on all of it
			t.Errorf("got %+v and %v, want a user beyond the clerk", page, err)
		}
		_, err = db.ResetPassword(ctx, admin, user.ID, registry.Reason{}, store.Handover{})
		forbidden(err, own)
		app := registered(t, db, registrar(t, db), func(c *registry.NewClient) { c.Scopes = []string{"orders:read"} })
		ok(db.Grant(ctx, steward, give(registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, "viewer", "")))
		_, err = db.AddSecret(ctx, admin, app.ID, registry.AddedSecret{}, store.ShowOnce{})
		forbidden(err, own)
		if page, err := db.Applications(ctx, admin, registry.ApplicationQuery{}); err != nil || !page.Applications[0].Beyond {
			t.Errorf("got %+v and %v, want an application beyond the administrator", page, err)
		}

		// The last of them stays one.
		invalid(db.Ungrant(ctx, steward, give(steward.Subject(), "steward", "")), "key")
		invalid(db.DisableUser(ctx, admin, steward.ID, registry.Reason{}), "user")
		less := stewardedOrders("")
		less.Services[0].Templates = less.Services[0].Templates[:1]
		_, err = db.ApplyCatalogue(ctx, registry.Operator, less, true, false)
		invalid(err, "services")
		ok(db.SetGranting(ctx, steward, "orders", registry.Standard))
		ok(db.Ungrant(ctx, admin, give(steward.Subject(), "steward", "")))
		page, err := db.AuditEvents(ctx, registry.Operator, registry.AuditQuery{Action: "service.set-granting", Outcome: registry.Done, Limit: 9})
		if err != nil || len(page.Entries) != 2 || page.Entries[0].After != `{"granting":"standard"}` {
			t.Errorf("got %+v and %v, want both changes recorded", page.Entries, err)
		}
	})
}

// registrar manages applications.
func registrar(t *testing.T, db *store.DB) registry.Actor {
	t.Helper()
	u := storetest.User(t, db, "Registrar", "registrar@example.com", false)
	in := registry.GrantInput{Subject: u.Actor().Subject(), Service: "applications", Kind: registry.TemplateGrant, Key: "admin"}
	if err := db.Grant(t.Context(), registry.Operator, in); err != nil {
		t.Fatal(err)
	}
	return u.Actor()
}

// A catalogue file restricts a new service at once, and one that is there only
// when somebody could grant then. What it does not say stays.
func TestGrantingInACatalogueFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		granting := func() registry.Granting {
			t.Helper()
			c, err := db.Catalogue(ctx)
			if err != nil {
				t.Fatal(err)
			}
			s, _ := c.Service("orders")
			return s.Granting
		}
		for _, step := range []struct {
			file, want registry.Granting
		}{{"", registry.Standard}, {registry.Standard, registry.Standard}} {
			apply(t, db, stewardedOrders(step.file))
			if got := granting(); got != step.want {
				t.Errorf("%q in the file: got %q, want %q", step.file, got, step.want)
			}
		}
		_, err := db.ApplyCatalogue(ctx, registry.Operator, stewardedOrders(registry.Restricted), false, false)
		if invalid, ok := errors.AsType[registry.Invalid](err); !ok || invalid["services[0].granting"] == "" {
			t.Errorf("got %v, want it refused: nobody could grant", err)
		}
		user := storetest.User(t, db, "Steward", "steward@example.com", false)
		in := registry.GrantInput{Subject: user.Actor().Subject(), Service: "orders", Kind: registry.TemplateGrant, Key: "steward"}
		if err := db.Grant(ctx, registry.Operator, in); err != nil {
			t.Fatal(err)
		}
		for _, file := range []registry.Granting{registry.Restricted, "", registry.Restricted} {
			apply(t, db, stewardedOrders(file))
			if got := granting(); got != registry.Restricted {
				t.Errorf("%q in the file: got %q, want it restricted", file, got)
			}
		}
		gone := stewardedOrders("")
		gone.Services[0].Permissions, gone.Services[0].Templates = gone.Services[0].Permissions[:1], nil
		_, err = db.ApplyCatalogue(ctx, registry.Operator, gone, true, false)
		if invalid, ok := errors.AsType[registry.Invalid](err); !ok || invalid["services[0].granting"] == "" {
			t.Errorf("got %v, want it refused: its holders grant", err)
		}
	})
}
