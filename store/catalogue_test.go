package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestCatalogueComesBackAsApplied(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		want, builtInServices := demoCatalogue("orders", "billing"), registry.BuiltIn().Services
		apply(t, db, want)
		got, err := db.Catalogue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, services := range [][]registry.Service{want.Services, builtInServices} {
			for i := range services {
				services[i].Granting = registry.Standard // where a file says nothing
			}
		}
		builtIn := len(builtInServices)
		if diff := cmp.Diff(builtInServices, got.Services[:builtIn]); diff != "" {
			t.Errorf("built-in services (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want.Services, got.Services[builtIn:]); diff != "" {
			t.Errorf("applied services (-want +got):\n%s", diff)
		}
	})
}

// Of containers and objects only what changes is written: whatever is added,
// renamed, removed and put in another order, the next reading is as applied.
func TestApplyCatalogueWritesObjectsThatChange(t *testing.T) {
	// A container is a key and its name, its objects are keys and their names.
	container := func(key, objects string) registry.Container {
		c := registry.Container{Key: key[:1], Name: "Name " + key}
		for o := range strings.FieldsSeq(objects) {
			c.Objects = append(c.Objects, registry.Object{Key: o[:1], Name: "Name " + o, Path: "/" + o})
		}
		return c
	}
	steps := [][]registry.Container{
		{container("a", "p q r s"), container("b", "p")},
		{container("a", "p q2 r s t")},
		{container("b", "x p"), container("a", "t q r2")},
		{container("c", ""), container("b2", "p x y"), container("a", "u t r2 q")},
		{container("a", "r q t z"), container("d", "p")},
		nil,
		{container("a", "p")},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i, step := range steps {
			c := demoCatalogue("orders")
			c.Services[0].Containers = step
			apply(t, db, c)
			got, err := db.Catalogue(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			service, _ := got.Service("orders")
			if diff := cmp.Diff(step, service.Containers); diff != "" {
				t.Errorf("step %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

func TestApplyCatalogueShowsWhatItChanges(t *testing.T) {
	changed := demoCatalogue("orders")
	changed.Services[0].Scopes = changed.Services[0].Scopes[:1]
	changed.Services[0].Scopes[0].Name = "Read orders"
	changed.Services[0].Permissions[1].Needs = nil
	changed.Services[0].Templates = append(changed.Services[0].Templates, registry.Template{Key: "admin", Name: "Admin", Permissions: []string{"edit"}})

	tests := []struct {
		name  string
		apply registry.Catalogue
		want  []string
	}{
		{"the same again", demoCatalogue("orders"), nil},
		{"another service leaves this one alone", demoCatalogue("billing"), []string{
			"+ service billing", "+ scope billing:read", "+ scope billing:write", "+ permission billing/view", "+ permission billing/edit",
			"+ template billing/viewer", "+ template billing/editor", "+ container billing/pool", "+ object billing/pool/one",
		}},
		{"added, changed, removed", changed, []string{
			"~ scope orders:read", "~ permission orders/edit", "+ template orders/admin", "- scope orders:write",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				apply(t, db, demoCatalogue("orders"))
				for _, dryRun := range []bool{true, false} {
					changes, err := db.ApplyCatalogue(t.Context(), registry.Operator, tt.apply, false, dryRun)
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, c := range changes {
						got = append(got, c.String())
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("dry run %v (-want +got):\n%s", dryRun, diff)
					}
				}
				again, err := db.ApplyCatalogue(t.Context(), registry.Operator, tt.apply, false, false)
				if err != nil || len(again) != 0 {
					t.Errorf("applied twice: got %v and %v, want nothing to change", again, err)
				}
			})
		})
	}
}

func TestApplyCatalogueRefuses(t *testing.T) {
	stolen := demoCatalogue("billing")
	stolen.Services[0].Scopes[0].Key = "orders:read"
	builtIn := demoCatalogue("audit")
	builtInScope := demoCatalogue("billing")
	builtInScope.Services[0].Scopes[0].Key = "audit.log:read"

	tests := []struct {
		name  string
		apply registry.Catalogue
		field string
	}{
		{"nothing", registry.Catalogue{}, "services"},
		{"another service's scope", stolen, "services[0].scopes[0].key"},
		{"a built-in service", builtIn, "services[0].key"},
		{"a built-in scope", builtInScope, "services[0].scopes[0].key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				apply(t, db, demoCatalogue("orders"))
				_, err := db.ApplyCatalogue(t.Context(), registry.Operator, tt.apply, true, false)
				invalid, ok := errors.AsType[registry.Invalid](err)
				if !ok || invalid[tt.field] == "" {
					t.Errorf("got %v, want Invalid for %s", err, tt.field)
				}
			})
		})
	}
}

func TestApplyCatalogueKeepsWhatIsInUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		app := newClient(t, db, "Payroll", "orders:read", "orders:write")
		if err := db.Grant(t.Context(), registry.Operator, registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: app.ID},
			Service: "orders", Kind: registry.TemplateGrant, Key: "editor",
		}); err != nil {
			t.Fatal(err)
		}
		smaller := demoCatalogue("orders")
		smaller.Services[0].Scopes = smaller.Services[0].Scopes[:1]
		smaller.Services[0].Templates = smaller.Services[0].Templates[:1]

		_, err := db.ApplyCatalogue(t.Context(), registry.Operator, smaller, false, false)
		if !errors.Is(err, registry.ErrConflict) || !strings.Contains(err.Error(), "scope orders:write is used by Payroll; template editor is used by Payroll") {
			t.Fatalf("got %v, want both uses named", err)
		}
		if _, err := db.ApplyCatalogue(t.Context(), registry.Operator, smaller, true, false); err != nil {
			t.Fatal(err)
		}
		client, err := db.OAuthClient(t.Context(), app.ID)
		if err != nil || len(client.Scopes) != 1 || client.Scopes[0].Key != "orders:read" {
			t.Errorf("got scopes %v and %v, want orders:read alone", client.Scopes, err)
		}
		if _, err := db.VerifyAudit(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func newClient(t *testing.T, db *store.DB, name string, scopes ...string) registry.Application {
	t.Helper()
	app, _, err := db.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{Name: name, Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
		Scopes:        scopes,
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	return app
}
