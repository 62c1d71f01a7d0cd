package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestApplicationRecords(t *testing.T) {
	const n = 25
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		apply(t, db, demoCatalogue("demo"))
		seedApplications(t, database, n)
		for _, statement := range []string{
			`INSERT INTO application_grant_types (application_id, grant_type) VALUES ('cl_7', 'client_credentials')`,
			`INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
			VALUES ('application', 'cl_7', 'demo', '', 'template', 'viewer', 1, ''), ('application', 'cl_7', 'demo', 'pool/one', 'permission', 'edit', 1, ''),
				('application', 'cl_8', 'demo', '', 'template', 'editor', 1, ''), ('user', 'cl_7', 'demo', '', 'template', 'editor', 1, '')`,
		} {
			if _, err := raw(t, database).ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}

		var names []string
		var seventh registry.ApplicationRecord
		pages, cursor := 0, ""
		for {
			page, next, err := db.ApplicationRecords(t.Context(), registry.Operator, cursor, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				names = append(names, r.Name)
				if r.ID == "cl_7" {
					seventh = r
				}
			}
			pages++
			if cursor = next; next == "" {
				break
			}
		}
		if len(names) != n-n/10 || pages != 3 || !slices.IsSorted(names) {
			t.Errorf("got %d names on %d pages, want %d sorted ones on 3: %v", len(names), pages, n-n/10, names)
		}
		want := registry.ApplicationRecord{
			Application: seventh.Application,
			Scopes:      []string{"demo:read", "demo:write"},
			Permissions: []registry.HeldGrant{
				{Service: "demo", Kind: "template", Key: "viewer"},
				{Service: "demo", Object: "pool/one", Kind: "permission", Key: "edit"},
			},
		}
		want.Grants = []string{registry.ClientCredentials}
		if diff := cmp.Diff(want, seventh); diff != "" {
			t.Errorf("the seventh application (-want +got):\n%s", diff)
		}
		one, err := db.ApplicationRecord(t.Context(), registry.Operator, "cl_7")
		if diff := cmp.Diff(want, one); err != nil || diff != "" {
			t.Errorf("alone: %v (-want +got):\n%s", err, diff)
		}
		for _, id := range []string{"cl_10", "cl_nobody", ""} { // deleted, never there
			if _, err := db.ApplicationRecord(t.Context(), registry.Operator, id); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("application %q: got %v, want ErrNotFound", id, err)
			}
		}
	})
}

func TestApplicationRecordsRefusesCursors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		byTime := registry.Cursor{Sort: registry.SortCreated, Time: 1, ID: "cl_1"}.String()
		for _, cursor := range []string{"x", "' OR 1=1 --", byTime} {
			_, _, err := db.ApplicationRecords(t.Context(), registry.Operator, cursor, 10)
			if invalid, ok := errors.AsType[registry.Invalid](err); !ok || invalid["cursor"] == "" {
				t.Errorf("cursor %q: got %v, want it refused", cursor, err)
			}
		}
	})
}

func TestRequireScope(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		by := registry.Actor{Type: registry.ApplicationActor, ID: "cl_demo", Name: "Demo"}
		if err := db.RequireScope(t.Context(), by, []string{"audit.log:read"}, "audit.log:read", "audit-log.read", registry.WholeAuditLog); err != nil {
			t.Errorf("with the scope: got %v, want nil", err)
		}
		err := db.RequireScope(t.Context(), by, []string{"applications:read"}, "audit.log:read", "audit-log.read", registry.WholeAuditLog)
		if !errors.Is(err, registry.MissingScope{Scope: "audit.log:read"}) || !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("without it: got %v, want MissingScope", err)
		}
		refusals := walk(t, db, registry.AuditQuery{Actor: "cl_demo", Outcome: registry.Refused})
		if len(refusals) != 1 || refusals[0].Action != "audit-log.read" || refusals[0].Target != registry.WholeAuditLog || refusals[0].After != `{"missing_scope":"audit.log:read"}` {
			t.Errorf("got the refusals %+v, want one that names the scope", refusals)
		}
	})
}

func TestApplicationActor(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		apply(t, db, demoCatalogue("demo"))
		seedApplications(t, database, 10)
		by, err := db.ApplicationActor(t.Context(), "cl_1")
		if want := (registry.Actor{Type: registry.ApplicationActor, ID: "cl_1", Name: "Demo 1"}); err != nil || by != want {
			t.Errorf("got %+v, %v; want %+v", by, err, want)
		}
		if _, err := db.ApplicationActor(t.Context(), "cl_10"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("a deleted application: got %v, want ErrNotFound", err)
		}
	})
}
