package store_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

const password = "correct horse battery"

func TestCreateUserNamesEveryWrongField(t *testing.T) {
	right := registry.NewUser{Email: "demo@example.com", Name: "Demo", Password: password}
	tests := []struct {
		name   string
		change func(*registry.NewUser)
		fields []string
	}{
		{"right", func(*registry.NewUser) {}, nil},
		{"empty", func(u *registry.NewUser) { *u = registry.NewUser{} }, []string{"email", "name", "password"}},
		{"no address", func(u *registry.NewUser) { u.Email = "demo" }, []string{"email"}},
		{"a NUL in the address", func(u *registry.NewUser) { u.Email = "de\x00mo@example.com" }, []string{"email"}},
		{"taken, and a bad name", func(u *registry.NewUser) { u.Email, u.Name = " ADMIN@example.com ", "De\u202emo" }, []string{"email", "name"}},
		{"short password", func(u *registry.NewUser) { u.Password = "eleven char" }, []string{"password"}},
		{"long password", func(u *registry.NewUser) { u.Password = strings.Repeat("é*3xY", 26) }, []string{"password"}},
		{"password of 128 characters", func(u *registry.NewUser) { u.Password = strings.Repeat("é*3xY7wq", 16) }, nil},
		{"common password", func(u *registry.NewUser) { u.Password = "Password1234" }, []string{"password"}},
		{"one letter over and over", func(u *registry.NewUser) { u.Password = "aaaaaaaaaaaaaaaa" }, []string{"password"}},
		{"name in the password", func(u *registry.NewUser) { u.Name, u.Password = "De Mo", "blue-demo-table" }, []string{"password"}},
		{"address in the password", func(u *registry.NewUser) { u.Password = "my DEMO account 1" }, []string{"password"}},
		{"the product in the password", func(u *registry.NewUser) { u.Password = "I like Clientele" }, []string{"password"}},
		{"the team in the password", func(u *registry.NewUser) { u.Password = "harbor team 2026" }, []string{"password"}},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		setUp(t, db, "Harbor Team")
		for _, tt := range tests {
			in := right
			tt.change(&in)
			_, err := db.CreateUser(t.Context(), registry.Operator, in)
			invalid, _ := errors.AsType[registry.Invalid](err)
			if got := slices.Sorted(maps.Keys(invalid)); !slices.Equal(got, tt.fields) {
				t.Errorf("%s: got %v, want complaints about %v", tt.name, err, tt.fields)
			}
			if err == nil {
				right.Email = "next-" + right.Email
			}
		}
	})
}

func TestOnlyWhoMayGrantMakesAdministrators(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clerk := storetest.User(t, db, "Clerk", "clerk@example.com", false)
		give(t, db, clerk.Actor().Subject(), registry.ViewUsers)
		give(t, db, clerk.Actor().Subject(), registry.ManageUsers)
		in := registry.NewUser{Email: "new@example.com", Name: "New", Password: password, Admin: true}
		if _, err := db.CreateUser(t.Context(), clerk.Actor(), in); !errors.Is(err, registry.ErrForbidden) {
			t.Errorf("an administrator: got %v, want ErrForbidden", err)
		}
		in.Admin = false
		if _, err := db.CreateUser(t.Context(), clerk.Actor(), in); err != nil {
			t.Errorf("a user: got %v, want none", err)
		}
	})
}

func TestUserByEmail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		demo := storetest.User(t, db, "Demo", "Demo@example.com", false)
		for email, want := range map[string]error{"demo@EXAMPLE.com ": nil, "none@example.com": registry.ErrNotFound, "": registry.ErrNotFound} {
			got, err := db.UserByEmail(t.Context(), registry.Operator, email)
			if !errors.Is(err, want) || (err == nil && got != demo) {
				t.Errorf("%q: got %+v %v, want %v", email, got, err, want)
			}
		}
	})
}

// setUp sets the team up and returns its first administrator.
func setUp(t *testing.T, db *store.DB, team string) registry.User {
	t.Helper()
	code, needed, err := db.NewSetupCode(t.Context())
	if err != nil || !needed {
		t.Fatalf("got %v, needed %t, want a setup code", err, needed)
	}
	user, err := db.Setup(t.Context(), registry.Actor{Address: "192.0.2.1"}, code, newSetup(team, "admin@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func newSetup(team, email string) registry.Setup {
	return registry.Setup{Team: team, NewUser: registry.NewUser{Email: email, Name: "First Admin", Password: password}}
}
