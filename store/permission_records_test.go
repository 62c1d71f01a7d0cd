package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// The list of who may do what has every subject once for each place, in pages
// of any size, and says of each place what the decision says.
func TestPermissionRecords(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		fillGrants(t, database, 600, 60)
		s := storetest.Open(t, database, storetest.NewClock())
		execAll(t, raw(t, database), `INSERT INTO group_members (group_id, user_id, added_at) VALUES ('gr_1', 'us_2', 0), ('gr_1', 'us_9', 0), ('gr_2', 'us_2', 0)`)

		list := func(q store.PermissionQuery, limit int) (all []registry.PermissionRecord) {
			t.Helper()
			for cursor := ""; ; {
				page, next, err := s.PermissionRecords(t.Context(), registry.Operator, q, cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				if all = append(all, page...); next == "" {
					return all
				}
				if len(page) != limit {
					t.Fatalf("a page of %d, want %d", len(page), limit)
				}
				cursor = next
			}
		}
		line := func(r registry.PermissionRecord) string {
			return fmt.Sprint(r.Subject.Subject, r.Groups, r.Templates, r.Service.Key, r.Object, r.ObjectName, r.Actions)
		}
		lines := func(all []registry.PermissionRecord) (texts []string) {
			for _, r := range all {
				texts = append(texts, line(r))
			}
			return texts
		}
		all := list(store.PermissionQuery{}, 1000)
		want := lines(all)
		if len(want) < 200 || len(slices.Compact(slices.Sorted(slices.Values(want)))) != len(want) {
			t.Fatalf("%d records, some of them twice", len(want))
		}
		for _, limit := range []int{1, 7, len(want)} {
			if got := lines(list(store.PermissionQuery{}, limit)); !slices.Equal(got, want) {
				t.Errorf("in pages of %d: got %d records, want the same %d", limit, len(got), len(want))
			}
		}
		// Each says what the decision says, and nobody is missing.
		said := map[registry.AccessQuestion]bool{}
		for _, r := range all {
			for _, action := range r.Actions {
				q := registry.AccessQuestion{Subject: r.Subject.Subject, Question: registry.Question{Permission: registry.Permission{Service: r.Service.Key, Key: action}, Object: r.Object}}
				said[q] = true
				if answers, err := s.Evaluate(t.Context(), registry.Operator, []registry.AccessQuestion{q}, ""); err != nil || !answers[0].Allowed {
					t.Errorf("%s: %+v and %v, want it allowed", line(r), answers, err)
				}
			}
		}
		for _, g := range readGrants(t, raw(t, database)) {
			if g.Kind != registry.PermissionGrant {
				continue
			}
			q := registry.AccessQuestion{Subject: g.subject, Question: registry.Question{Permission: registry.Permission{Service: g.Service, Key: g.Key}, Object: g.Object}}
			if said[q] == (g.deleted || g.disabled) {
				t.Errorf("%v: listed %t, deleted %t, disabled %t", q, said[q], g.deleted, g.disabled)
			}
		}
		for _, user := range []string{"us_2", "us_9"} { // the latter is disabled
			found := list(store.PermissionQuery{Subject: registry.Subject{Type: registry.UserSubject, ID: user}, Service: "demo"}, 50)
			throughGroup := slices.ContainsFunc(found, func(r registry.PermissionRecord) bool { return slices.Contains(r.Groups, "Group 1") })
			if throughGroup != (user == "us_2") || slices.ContainsFunc(found, func(r registry.PermissionRecord) bool { return r.Subject.Subject.ID != user || r.Service.Key != "demo" }) {
				t.Errorf("%s: got %v", user, lines(found))
			}
		}

		var report []string
		if err := s.PermissionsReport(t.Context(), registry.Operator, func(r registry.PermissionRecord) error {
			report = append(report, line(r))
			return nil
		}); err != nil || !slices.Equal(report, want) {
			t.Errorf("the report has %d lines and %v, want %d", len(report), err, len(want))
		}
		if e := eventsOf(t, s, "permissions"); len(e) != 1 || e[0].Action != "permission.download" {
			t.Errorf("got %v, want the event of the download", e)
		}
		for _, cursor := range []string{"x", strings.Repeat("x", 3000), registry.Cursor{Sort: "record", ID: "user us_1"}.String()} {
			if _, _, err := s.PermissionRecords(t.Context(), registry.Operator, store.PermissionQuery{}, cursor, 5); !errors.As(err, &registry.Invalid{}) {
				t.Errorf("%q: got %v, want Invalid", cursor, err)
			}
		}
	})
}

// Who looks after part of a service sees that part.
func TestPermissionRecordsReach(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		fillGrants(t, database, 600, 60)
		s := storetest.Open(t, database, storetest.NewClock())
		execAll(t, raw(t, database), `INSERT INTO permissions (service, key, name, description, position) VALUES ('demo', 'manage-permissions', 'Manage permissions', '', 2)`,
			`INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by) VALUES ('user', 'us_1', 'demo', 'pool', 'permission', 'manage-permissions', 0, '')`)
		records, _, err := s.PermissionRecords(t.Context(), registry.Actor{Type: registry.UserActor, ID: "us_1"}, store.PermissionQuery{}, "", 1000)
		if err != nil || len(records) < 50 {
			t.Fatalf("got %d records and %v", len(records), err)
		}
		for _, r := range records {
			if r.Service.Key != "demo" || r.Object != "pool" && !strings.HasPrefix(r.Object, "pool/") {
				t.Errorf("they see %s %q", r.Service.Key, r.Object)
			}
		}
	})
}
