package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func namesOf(subjects []registry.PickedSubject) (names []string) {
	for _, s := range subjects {
		names = append(names, s.Name)
	}
	return names
}

// Who can be picked is who holds nothing of the service, whatever they hold of
// others, after one of several grants is taken and after the last, and when
// there are more different sets of services than ranges are merged for.
func TestSubjectsToPickHoldNothing(t *testing.T) {
	services := []string{"s0", "s1", "s2", "s3", "s4", "s5"}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var all []registry.Service
		for _, key := range services {
			all = append(all, demoCatalogue(key).Services...)
		}
		for i := range all {
			all[i].Scopes = nil
		}
		apply(t, db, registry.Catalogue{Services: all})
		admin := storetest.Admin(t, db)
		holds := map[string]map[string]bool{}
		check := func(step string) {
			t.Helper()
			for _, service := range services {
				var want []string
				for name, held := range holds {
					if !held[service] {
						want = append(want, name)
					}
				}
				var got []string
				for q := (registry.PickQuery{Search: "holder"}); ; {
					page, err := db.SubjectsToPick(t.Context(), admin, service, q)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, namesOf(page.Subjects)...)
					if q.After = page.Next; q.After == "" {
						break
					}
				}
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s, %s: got %q, want %q", step, service, got, want)
				}
			}
		}
		give := func(id string, sets int) (inputs []registry.GrantInput) {
			for i, service := range services {
				if sets>>i&1 == 1 {
					for _, key := range []string{"viewer", "editor"} {
						inputs = append(inputs, registry.GrantInput{Subject: registry.Subject{Type: registry.GroupSubject, ID: id}, Service: service, Kind: registry.TemplateGrant, Key: key})
					}
				}
			}
			for _, in := range inputs {
				if err := db.Grant(t.Context(), admin, in); err != nil {
					t.Fatal(err)
				}
			}
			return inputs
		}
		var given []registry.GrantInput
		for n := range 64 {
			if n == 20 {
				check("few sets")
			}
			name := fmt.Sprintf("Holder %03d", n)
			g, err := db.CreateGroup(t.Context(), admin, registry.GroupInput{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			holds[name] = map[string]bool{}
			for i, service := range services {
				holds[name][service] = n>>i&1 == 1
			}
			given = give(g.ID, n)
		}
		check("many sets")
		for i, in := range given {
			if err := db.Ungrant(t.Context(), admin, in); err != nil {
				t.Fatal(err)
			}
			if i%2 == 1 {
				holds["Holder 063"][in.Service] = false
			}
			check(fmt.Sprintf("%d taken", i+1))
		}
	})
}

func TestSubjectsToPick(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		ledger := registered(t, db, admin, nil)
		if err := db.Grant(t.Context(), admin, toApplication(ledger.ID, "orders", registry.TemplateGrant, "viewer", "")); err != nil {
			t.Fatal(err)
		}
		other := registered(t, db, admin, func(in *registry.NewClient) { in.Name = "Demo 000" })
		for i := range 70 {
			storetest.User(t, db, fmt.Sprintf("Demo %03d", i), fmt.Sprintf("u%d@demo.example", i), false)
		}
		pick := func(q registry.PickQuery) registry.PickPage {
			t.Helper()
			page, err := db.SubjectsToPick(t.Context(), admin, "orders", q)
			if err != nil {
				t.Fatal(err)
			}
			return page
		}
		first := pick(registry.PickQuery{})
		second := pick(registry.PickQuery{After: first.Next})
		all := append(namesOf(first.Subjects), namesOf(second.Subjects)...)
		if slices.Contains(all, "Ledger Sync") || !slices.Contains(all, "Demo 069") || len(all) != 72 || second.Next != "" {
			t.Errorf("got %d: %q, want 70 users, the administrator and one application", len(all), all)
		}
		if want := []string{"Demo 000", "Demo 000", "Demo 001"}; !slices.Equal(namesOf(first.Subjects)[1:4], want) && !slices.Equal(namesOf(first.Subjects)[:3], want) {
			t.Errorf("got %q first, want it by name", namesOf(first.Subjects)[:4])
		}
		back := pick(registry.PickQuery{Before: second.Prev})
		if !slices.Equal(namesOf(back.Subjects), namesOf(first.Subjects)) || back.Prev != "" {
			t.Errorf("back: got %q, want the first page", namesOf(back.Subjects))
		}
		name := registry.SubjectName(registry.Subject{Type: registry.ApplicationSubject, ID: other.ID})
		for _, tt := range []struct {
			name string
			q    registry.PickQuery
			want []string
		}{
			{"kind", registry.PickQuery{Type: registry.ApplicationSubject}, []string{"Demo 000"}},
			{"name", registry.PickQuery{Search: "MO 00", Type: registry.ApplicationSubject}, []string{"Demo 000"}},
			{"mail", registry.PickQuery{Search: "u42@"}, []string{"Demo 042"}},
			{"beginning", registry.PickQuery{Search: "u7"}, []string{"Demo 007"}},
			{"nobody", registry.PickQuery{Search: "nobody"}, nil},
			{"no groups", registry.PickQuery{Type: registry.GroupSubject}, nil},
		} {
			tt.q.Picked = []string{name, "user:gone", "nonsense"}
			page := pick(tt.q)
			if got := namesOf(page.Subjects); !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
			}
			if got := namesOf(page.Picked); !slices.Equal(got, []string{"Demo 000"}) {
				t.Errorf("%s: picked %q", tt.name, got)
			}
		}
		for _, q := range []registry.PickQuery{{Type: "robot"}, {After: "x"}, {Picked: make([]string, registry.AssignedAtOnce+1)}} {
			if _, err := db.SubjectsToPick(t.Context(), admin, "orders", q); !errors.As(err, new(registry.Invalid)) {
				t.Errorf("%+v: got %v, want Invalid", q, err)
			}
		}
		if _, err := db.SubjectsToPick(t.Context(), admin, "openid", registry.PickQuery{}); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("a service without permissions: got %v, want ErrNotFound", err)
		}
	})
}

func TestAssignSeveralAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, nil)
		user := storetest.User(t, db, "Demo User", "user@demo.example", false).Actor().Subject()
		in := registry.Assignment{
			Service: "orders", Object: "pool/one", Grants: []string{"template:viewer", "permission:edit"},
			Subjects: []registry.Subject{{Type: registry.ApplicationSubject, ID: app.ID}, user},
		}
		wrong := in
		wrong.Subjects = append(slices.Clone(in.Subjects), registry.Subject{Type: registry.UserSubject, ID: "gone"})
		if err := db.Assign(t.Context(), admin, wrong); !isInvalid(err, "subject") {
			t.Errorf("one is gone: got %v, want a complaint about subject", err)
		}
		if got := eventsOf(t, db, user.ID); len(got) != 1 {
			t.Errorf("got %d events, want only that the user was added", len(got))
		}
		inParallel(5, func(int) {
			if err := db.Assign(t.Context(), admin, in); err != nil {
				t.Error(err)
			}
		})
		for _, s := range in.Subjects {
			n := 0
			for _, e := range eventsOf(t, db, s.ID) {
				if e.Action == "permission.grant" {
					n++
				}
			}
			if n != 2 {
				t.Errorf("%s: got %d events, want one for each grant", s.Type, n)
			}
		}
		page, err := db.SubjectGrants(t.Context(), admin, "orders", registry.SubjectQuery{Object: "pool/one"})
		if err != nil || len(page.Grants) != 4 {
			t.Errorf("got %+v, %v, want four grants", page.Grants, err)
		}
		if err := db.Assign(t.Context(), admin, registry.Assignment{Service: "orders", Object: "gone"}); !isInvalid(err, "subject", "grant") {
			t.Errorf("nothing chosen: got %v", err)
		}
		in.Object, in.Grants = "gone", []string{"template:gone"}
		if err := db.Assign(t.Context(), admin, in); !isInvalid(err, "object", "grant") {
			t.Errorf("unknown: got %v", err)
		}
	})
}

func TestChangeGrants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		user := storetest.User(t, db, "Demo User", "user@demo.example", false).Actor().Subject()
		assign := registry.Assignment{Service: "orders", Grants: []string{"template:viewer"}, Subjects: []registry.Subject{user}}
		if err := db.Assign(t.Context(), admin, assign); err != nil {
			t.Fatal(err)
		}
		assign.Object, assign.Grants = "pool", []string{"permission:view"}
		if err := db.Assign(t.Context(), admin, assign); err != nil {
			t.Fatal(err)
		}
		row := registry.GrantRow(user, registry.HeldGrant{Object: "pool", Kind: registry.PermissionGrant, Key: "view"})
		change := registry.GrantChange{Service: "orders", Rows: []string{row}, Grants: []string{"permission:view", "permission:edit"}}
		effects, err := db.GrantEffects(t.Context(), admin, change)
		if err != nil || len(effects) != 1 || len(effects[0].Stays) != 1 || effects[0].Stays[0].Template != "viewer" {
			t.Errorf("effects: got %+v, %v, want that it stays by the template", effects, err)
		}
		for range 2 { // twice is once
			if err := db.ChangeGrants(t.Context(), admin, change); err != nil {
				t.Fatal(err)
			}
		}
		change.Remove, change.Grants = true, nil
		for range 2 {
			if err := db.ChangeGrants(t.Context(), admin, change); err != nil {
				t.Fatal(err)
			}
		}
		change.Remove, change.Grants = false, []string{"permission:edit"} // it is gone, and is not given anew
		if err := db.ChangeGrants(t.Context(), admin, change); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range eventsOf(t, db, user.ID)[1:] {
			got = append(got, e.Action+" "+e.Before+e.After)
		}
		want := []string{
			`permission.grant {"service":"orders","object":"","kind":"template","key":"viewer"}`,
			`permission.grant {"service":"orders","object":"pool","kind":"permission","key":"view"}`,
			`permission.grant {"service":"orders","object":"pool","kind":"permission","key":"edit"}`,
			`permission.revoke {"service":"orders","object":"pool","kind":"permission","key":"view"}`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%q, want\n%q", got, want)
		}
		for _, tt := range []struct {
			in    registry.GrantChange
			field string
		}{
			{registry.GrantChange{Service: "orders", Remove: true}, "row"},
			{registry.GrantChange{Service: "orders", Rows: []string{"x"}, Remove: true}, "row"},
			{registry.GrantChange{Service: "orders", Rows: []string{row}}, "grant"},
			{registry.GrantChange{Service: "orders", Rows: []string{row}, Grants: []string{"permission:gone"}}, "grant"},
		} {
			if err := db.ChangeGrants(t.Context(), admin, tt.in); !isInvalid(err, tt.field) {
				t.Errorf("%+v: got %v, want a complaint about %s", tt.in, err, tt.field)
			}
		}
	})
}

func TestTheLastAdministratorStaysWhenSeveralAreChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		row := registry.GrantRow(admin.Subject(), registry.HeldGrant{Kind: registry.TemplateGrant, Key: "admin"})
		for _, in := range []registry.GrantChange{
			{Service: "authorization", Rows: []string{row}, Remove: true},
			{Service: "authorization", Rows: []string{row}, Grants: []string{"permission:view-permissions"}},
		} {
			if err := db.ChangeGrants(t.Context(), admin, in); !isInvalid(err, "row") {
				t.Errorf("%+v: got %v, want that the last administrator stays", in, err)
			}
		}
		if err := db.Require(t.Context(), admin, "x", registry.Target{}, registry.ManagePermissions); err != nil {
			t.Errorf("got %v, want the administrator as before", err)
		}
	})
}
