package store_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// ledger is a client as a test registers it.
func ledger(change func(*registry.NewClient)) registry.NewClient {
	in := registry.NewClient{
		ClientDetails: registry.ClientDetails{
			Name: "Ledger Sync", Description: "Books orders.", Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic,
		},
		Scopes: []string{"orders:read", "audit.log:read"},
	}
	if change != nil {
		change(&in)
	}
	return in
}

// clerk makes a user who may manage applications but not permissions.
func clerk(t *testing.T, db *store.DB) registry.Actor {
	t.Helper()
	user := storetest.User(t, db, "Clerk", "clerk@example.com", false)
	err := db.Grant(t.Context(), registry.Operator, registry.GrantInput{
		Subject: registry.Subject{Type: registry.UserSubject, ID: user.ID},
		Service: "applications", Kind: registry.TemplateGrant, Key: "admin",
	})
	if err != nil {
		t.Fatal(err)
	}
	return user.Actor()
}

func TestCreateClient(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app, secret, err := db.CreateClient(t.Context(), admin, ledger(func(in *registry.NewClient) {
			in.Name, in.Description = "  Ledger \t Sync ", " Books\r\norders. "
			in.Templates = map[string]string{"orders": "editor", "audit": ""}
		}), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		want := registry.Application{
			ID: app.ID, Type: registry.OAuthClient, Origin: registry.TeamOrigin, Status: registry.Active,
			Name: "Ledger Sync", Description: "Books\norders.", Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic, Trust: registry.Unverified, TokenAlg: "ES256",
			CreatedAt: storetest.Noon, CreatedBy: admin.ID, CreatedByName: admin.Name,
		}
		if diff := cmp.Diff(want, app); diff != "" {
			t.Errorf("the application (-want +got):\n%s", diff)
		}
		record, err := db.ApplicationRecord(t.Context(), admin, app.ID)
		if err != nil {
			t.Fatal(err)
		}
		wantRecord := registry.ApplicationRecord{
			Application: want, Scopes: []string{"audit.log:read", "orders:read"},
			Permissions: []registry.HeldGrant{{Service: "orders", Kind: "template", Key: "editor"}},
			Owners:      []registry.Owner{{ID: admin.ID, Name: admin.Name, Email: "admin@example.com"}},
		}
		if diff := cmp.Diff(wantRecord, record); diff != "" {
			t.Errorf("as stored (-want +got):\n%s", diff)
		}
		client, err := db.OAuthClient(t.Context(), app.ID)
		if err != nil || len(client.Secrets) != 1 {
			t.Fatalf("got %+v, %v, want a client with one secret", client, err)
		}
		if registry.ParseSecret(secret.Reveal()).Hash() == "" || !secret.WellFormed() {
			t.Errorf("the secret %q is not well formed", secret.Reveal())
		}

		events, err := db.AuditEvents(t.Context(), admin, registry.AuditQuery{Action: "application.create"})
		if err != nil || len(events.Entries) != 1 {
			t.Fatalf("got %d events, %v, want one", len(events.Entries), err)
		}
		event := events.Entries[0].Event
		if event.Target != (registry.Target{Type: "application", ID: app.ID, Name: "Ledger Sync"}) || event.Before != "" || event.Actor.ID != admin.ID {
			t.Errorf("got event %+v", event)
		}
		var after map[string]any
		if err := json.Unmarshal([]byte(event.After), &after); err != nil {
			t.Fatal(err)
		}
		wantAfter := map[string]any{
			"name": "Ledger Sync", "description": "Books\norders.", "origin": "team", "grants": []any{"client_credentials"},
			"auth_method": "client_secret_basic", "token_alg": "ES256", "scopes": []any{"orders:read", "audit.log:read"},
			"permissions": []any{map[string]any{"service": "orders", "object": "", "kind": "template", "key": "editor"}},
		}
		if diff := cmp.Diff(wantAfter, after); diff != "" {
			t.Errorf("the event's after (-want +got):\n%s", diff)
		}
	})
}

// portal is a client that acts for users as a test registers it.
func portal(change func(*registry.NewClient)) registry.NewClient {
	in := registry.NewClient{
		ClientDetails: registry.ClientDetails{
			Name: "Portal", Grants: []string{registry.AuthorizationCode, registry.RefreshToken}, AuthMethod: registry.SecretBasic,
			RedirectURIs: []string{"https://portal.example/cb", "http://127.0.0.1/cb"}, HomePage: "https://portal.example", Trust: registry.Verified,
		},
		Scopes: []string{"orders:read", "openid", "profile"}, Required: []string{"orders:read", "orders:write"}, Logo: []byte("PNG"),
	}
	if change != nil {
		change(&in)
	}
	return in
}

const pngHash = "796120837694d3f3f29259cfeb25091698c2a0aa87873658d840b4993ee889b3" // of "PNG"

func TestCreateClientThatActsForUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := mustCreate(t, db, admin, portal(nil))
		want := registry.Application{
			ID: app.ID, Type: registry.OAuthClient, Origin: registry.TeamOrigin, Status: registry.Active, Name: "Portal",
			Grants: []string{registry.AuthorizationCode, registry.RefreshToken}, AuthMethod: registry.SecretBasic, TokenAlg: "ES256",
			RedirectURIs: []string{"https://portal.example/cb", "http://127.0.0.1/cb"}, HomePage: "https://portal.example", Trust: registry.Verified, Logo: pngHash,
			CreatedAt: storetest.Noon, CreatedBy: admin.ID, CreatedByName: admin.Name,
		}
		if diff := cmp.Diff(want, app); diff != "" {
			t.Errorf("the application (-want +got):\n%s", diff)
		}
		record, err := db.ApplicationRecord(t.Context(), admin, app.ID)
		if err != nil {
			t.Fatal(err)
		}
		wantRecord := registry.ApplicationRecord{
			Application: want, Scopes: []string{"openid", "orders:read", "profile"}, Required: []string{"openid", "orders:read"},
			Owners: []registry.Owner{{ID: admin.ID, Name: admin.Name, Email: "admin@example.com"}},
		}
		if diff := cmp.Diff(wantRecord, record); diff != "" {
			t.Errorf("as listed (-want +got):\n%s", diff)
		}
		details, err := db.Application(t.Context(), admin, app.ID)
		if diff := cmp.Diff(want, details.Application); err != nil || diff != "" || !slices.Equal(details.Required, wantRecord.Required) {
			t.Errorf("%v, required %v, as stored (-want +got):\n%s", err, details.Required, diff)
		}
		if png, err := db.Logo(t.Context(), pngHash); err != nil || string(png) != "PNG" {
			t.Errorf("the logo: got %q, %v", png, err)
		}
		if _, err := db.Logo(t.Context(), "x"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("no logo: got %v, want ErrNotFound", err)
		}

		var after map[string]any
		if err := json.Unmarshal([]byte(eventsOf(t, db, app.ID)[0].After), &after); err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]any{
			"redirect_uris": []any{"https://portal.example/cb", "http://127.0.0.1/cb"}, "home_page": "https://portal.example", "trust": "verified",
			"logo": pngHash, "required": []any{"openid", "orders:read"}, "grants": []any{"authorization_code", "refresh_token"},
		} {
			if diff := cmp.Diff(want, after[field]); diff != "" {
				t.Errorf("the event's %s (-want +got):\n%s", field, diff)
			}
		}
	})
}

// What is left out, or not for the client, is not stored.
func TestCreateClientWithLess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		public, secret, err := db.CreateClient(t.Context(), admin, portal(func(in *registry.NewClient) {
			in.AuthMethod, in.Trust, in.Logo, in.Scopes = registry.PublicClient, "", nil, []string{"orders:read"}
			in.Required = nil
		}), store.ShowOnce{SessionToken: "session"})
		if err != nil {
			t.Fatal(err)
		}
		d, err := db.Application(t.Context(), admin, public.ID)
		if err != nil || secret != (registry.Secret{}) || d.SecretsMade != 0 || d.Trust != registry.Unverified || d.Logo != "" || len(d.Required) != 0 {
			t.Errorf("public: got %+v with the secret %q, %v; want neither secret nor logo", d, secret.Reveal(), err)
		}
		if waits, err := db.SecretWaits(t.Context(), "session", public.ID); err != nil || waits {
			t.Errorf("public: a secret waits: %t, %v", waits, err)
		}
		machine := mustCreate(t, db, admin, portal(func(in *registry.NewClient) { in.Name, in.Grants = "Machine", []string{registry.ClientCredentials} }))
		d, err = db.Application(t.Context(), admin, machine.ID)
		if err != nil || len(d.RedirectURIs) != 0 || d.HomePage != "" || d.Trust != registry.Unverified || d.Logo != "" || len(d.Required) != 0 {
			t.Errorf("as itself: got %+v, %v; want nothing of what is for users", d, err)
		}
		platform := mustCreate(t, db, registry.Operator, portal(func(in *registry.NewClient) {
			in.Name, in.Trust, in.Origin = "Of the platform", "", registry.PlatformOrigin
		}))
		if platform.Trust != registry.Verified {
			t.Errorf("of the platform: got %s, want verified", platform.Trust)
		}
	})
}

func TestCreateClientNamesEveryWrongField(t *testing.T) {
	templates := func(of ...string) func(*registry.NewClient) {
		return func(in *registry.NewClient) { in.Templates = map[string]string{of[0]: of[1]} }
	}
	tests := []struct {
		name   string
		change func(*registry.NewClient)
		fields []string
	}{
		{"nothing", func(in *registry.NewClient) { *in = registry.NewClient{} }, []string{"auth_method", "grant", "name", "scope"}},
		{"taken name", func(in *registry.NewClient) { in.Name = " TAKEN  name" }, []string{"name"}},
		{"taken name and all else", func(in *registry.NewClient) {
			in.Name, in.Description, in.Grants, in.AuthMethod, in.Scopes = "Taken name", strings.Repeat("x", 501), nil, "mtls", []string{"nowhere:read"}
			in.TokenAlg = "HS256"
		}, []string{"auth_method", "description", "grant", "name", "scope", "token_alg"}},
		{"nothing for users", func(in *registry.NewClient) {
			*in = portal(nil)
			in.RedirectURIs, in.HomePage, in.Trust = []string{" ", "\n"}, "portal", "friend"
		}, []string{"home_page", "redirect_uris", "trust"}},
		{"public, as itself", func(in *registry.NewClient) { in.AuthMethod = registry.PublicClient }, []string{"auth_method"}},
		{"refresh tokens as itself", func(in *registry.NewClient) { in.Grants = append(in.Grants, registry.RefreshToken) }, []string{"grant"}},
		{"long name", func(in *registry.NewClient) { in.Name = strings.Repeat("ä", 81) }, []string{"name"}},
		{"a NUL in the name", func(in *registry.NewClient) { in.Name = "Led\x00ger" }, []string{"name"}},
		{"unknown scope", func(in *registry.NewClient) { in.Scopes = []string{"orders:read", "orders:refund"} }, []string{"scope"}},
		{"the same scope twice", func(in *registry.NewClient) { in.Scopes = []string{"orders:read", "orders:read"} }, []string{"scope"}},
		{"unknown template", templates("orders", "owner"), []string{"template.orders"}},
		{"template of an unknown service", templates("elsewhere", "viewer"), []string{"template.elsewhere"}},
		{"template of a service without a scope", templates("applications", "viewer"), []string{"template.applications"}},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		mustCreate(t, db, admin, ledger(func(in *registry.NewClient) { in.Name = "Taken name" }))
		before := head(t, db)
		for _, tt := range tests {
			_, secret, err := db.CreateClient(t.Context(), admin, ledger(tt.change), store.ShowOnce{})
			invalid, _ := errors.AsType[registry.Invalid](err)
			if got := slices.Sorted(maps.Keys(invalid)); !slices.Equal(got, tt.fields) || secret != (registry.Secret{}) {
				t.Errorf("%s: got %v, want complaints about %v", tt.name, err, tt.fields)
			}
		}
		if after := head(t, db); after != before {
			t.Errorf("the audit log went on from %v to %v", before, after)
		}
	})
}

func TestWhoMayCreateClients(t *testing.T) {
	withTemplate := func(in *registry.NewClient) { in.Templates = map[string]string{"orders": "viewer"} }
	forPlatform := func(in *registry.NewClient) { in.Origin = registry.PlatformOrigin }
	tests := []struct {
		name    string
		change  func(*registry.NewClient)
		clerk   error
		admin   error
		command error
	}{
		{"a client", nil, nil, nil, nil},
		{"one with permissions", withTemplate, registry.Forbidden{Missing: registry.ManagePermissions}, nil, nil},
		{"one of the platform", forPlatform, registry.ErrForbidden, registry.ErrForbidden, nil},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		clerk, admin := clerk(t, db), storetest.Admin(t, db)
		for _, tt := range tests {
			for by, want := range map[registry.Actor]error{clerk: tt.clerk, admin: tt.admin, registry.Operator: tt.command} {
				in := ledger(tt.change)
				in.Name = tt.name + by.Name
				app, _, err := db.CreateClient(t.Context(), by, in, store.ShowOnce{})
				if !errors.Is(err, want) {
					t.Errorf("%s by %s: got %v, want %v", tt.name, by.Name, err, want)
				}
				if in.Origin == registry.PlatformOrigin && err == nil && (app.CreatedBy != "" || app.CreatedByName != "Platform") {
					t.Errorf("%s by %s: created by %q %q, want the platform", tt.name, by.Name, app.CreatedBy, app.CreatedByName)
				}
			}
		}
	})
}

func TestOneOfManyGetsTheName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		var created atomic.Int32
		inParallel(20, func(int) {
			_, _, err := db.CreateClient(t.Context(), admin, ledger(nil), store.ShowOnce{})
			invalid, _ := errors.AsType[registry.Invalid](err)
			switch {
			case err == nil:
				created.Add(1)
			case len(invalid) != 1 || invalid["name"] == "":
				t.Errorf("got %v, want a complaint about the name", err)
			}
		})
		if created.Load() != 1 {
			t.Errorf("created %d clients of one name, want 1", created.Load())
		}
	})
}

func TestCheckDetails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := mustCreate(t, db, admin, ledger(nil))
		details := ledger(nil).ClientDetails
		if err := db.CheckDetails(t.Context(), admin, app.ID, details); err != nil {
			t.Errorf("its own name: got %v, want none", err)
		}
		err := db.CheckDetails(t.Context(), admin, "", details)
		if invalid, _ := errors.AsType[registry.Invalid](err); len(invalid) != 1 || invalid["name"] == "" {
			t.Errorf("another's name: got %v, want a complaint about it", err)
		}
	})
}

func mustCreate(t *testing.T, db *store.DB, by registry.Actor, in registry.NewClient) registry.Application {
	t.Helper()
	app, _, err := db.CreateClient(t.Context(), by, in, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func head(t *testing.T, db *store.DB) store.Head {
	t.Helper()
	head, err := db.VerifyAudit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return head.Head
}

// inParallel runs n calls of fn at once and waits for all.
func inParallel(n int, fn func(i int)) {
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	running.Wait()
}
