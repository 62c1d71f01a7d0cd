package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestApplicationsReport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders", "stock"))
		admin := storetest.Admin(t, db)
		subject := func(app registry.Application) registry.Subject {
			return registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}
		}
		full := registered(t, db, admin, func(in *registry.NewClient) { in.Scopes = []string{"orders:write", "orders:read"} })
		for _, g := range []registry.GrantInput{
			{Subject: subject(full), Service: "orders", Kind: registry.TemplateGrant, Key: "editor"},
			{Subject: subject(full), Service: "orders", Kind: registry.PermissionGrant, Key: "view"},
			{Subject: subject(full), Service: "stock", Object: "pool/one", Kind: registry.PermissionGrant, Key: "view"},
			{Subject: subject(full), Service: "stock", Object: "pool", Kind: registry.TemplateGrant, Key: "viewer"},
		} {
			if err := db.Grant(t.Context(), admin, g); err != nil {
				t.Fatal(err)
			}
		}
		registered(t, db, admin, func(in *registry.NewClient) { in.Name, in.Scopes = "A plain one", []string{"audit.log:read"} })
		gone := registered(t, db, admin, func(in *registry.NewClient) { in.Name, in.Scopes = "Gone", []string{"audit.log:read"} })
		if err := db.DeleteApplication(t.Context(), admin, gone.ID, gone.Name); err != nil {
			t.Fatal(err)
		}

		var got []string
		err := db.ApplicationsReport(t.Context(), admin, func(l registry.ReportLine) error {
			got = append(got, strings.Join([]string{
				l.Application.Name, l.ServiceKey, strings.Join(l.Scopes, " "), l.ObjectID, l.ObjectName, l.Path, strings.Join(l.Templates, " "), strings.Join(l.Actions, " "),
			}, "|"))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"A plain one|audit|audit.log:read|||||",
			"Ledger Sync|orders|orders:read orders:write||||Editor|view edit",
			"Ledger Sync|stock||pool|Pool||Viewer|view",
			"Ledger Sync|stock||pool/one|One|/pool/one||view",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the report (-want +got):\n%s", diff)
		}
		events := eventsOf(t, db, "applications")
		if len(events) != 1 || events[0].Action != "application.download" || events[0].Actor.ID != admin.ID {
			t.Errorf("got the events %+v, want a download by %s", events, admin.Name)
		}
	})
}

// A report of many is read in parts, misses none and breaks off when it is told to.
func TestLongApplicationsReport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		const many = 205
		var want, got []string
		for i := range many {
			name := fmt.Sprintf("Demo %03d", i)
			want = append(want, name)
			registered(t, db, admin, func(in *registry.NewClient) { in.Name, in.Scopes = name, []string{"audit.log:read"} })
		}
		err := db.ApplicationsReport(t.Context(), admin, func(l registry.ReportLine) error {
			got = append(got, l.Application.Name)
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %d lines, %v, want %d", len(got), err, many)
		}
		full := errors.New("disk full")
		lines := 0
		err = db.ApplicationsReport(t.Context(), admin, func(registry.ReportLine) error { lines++; return full })
		if !errors.Is(err, full) || lines != 1 {
			t.Errorf("got %v after %d lines, want %v after one", err, lines, full)
		}
	})
}
