package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func startSession(t *testing.T, db *store.DB, user registry.User) string {
	t.Helper()
	token, err := db.StartSession(t.Context(), store.Visit{UserID: user.ID, Address: "192.0.2.1", Agent: strings.Repeat("é\x00", 500) + "\xff"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSessionKnowsItsUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := setUp(t, db, "Harbor")
		nobody := storetest.User(t, db, "Nobody", "nobody@example.com", false)
		for _, tt := range []struct {
			user registry.User
			may  bool
		}{{admin, true}, {nobody, false}} {
			s, err := db.Session(t.Context(), startSession(t, db, tt.user))
			if err != nil {
				t.Fatal(err)
			}
			if s.User != tt.user || s.Team.Name != "Harbor" {
				t.Errorf("got %+v of %q, want %+v of Harbor", s.User, s.Team, tt.user)
			}
			for _, p := range []registry.Permission{registry.ViewApplications, registry.ManageUsers, registry.ReadAuditLog} {
				if s.May(p) != tt.may {
					t.Errorf("%s may %s: got %t, want %t", tt.user.Name, p, s.May(p), tt.may)
				}
			}
		}
	})
}

func TestSessionEnds(t *testing.T) {
	used := func(t *testing.T, db *store.DB, clock *storetest.Clock, token string, d time.Duration) {
		t.Helper()
		for end := clock.Now().Add(d); clock.Now().Before(end); {
			clock.Advance(min(6*time.Hour, end.Sub(clock.Now())))
			if _, err := db.Session(t.Context(), token); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name  string
		until func(*testing.T, *store.DB, *storetest.Clock, string)
		alive bool
	}{
		{"almost idle", func(_ *testing.T, _ *store.DB, c *storetest.Clock, _ string) {
			c.Advance(store.SessionIdle - time.Second)
		}, true},
		{"idle", func(_ *testing.T, _ *store.DB, c *storetest.Clock, _ string) { c.Advance(store.SessionIdle) }, false},
		{"in use for almost a week", func(t *testing.T, db *store.DB, c *storetest.Clock, token string) {
			used(t, db, c, token, store.SessionLifetime-time.Second)
		}, true},
		{"in use for a week", func(t *testing.T, db *store.DB, c *storetest.Clock, token string) {
			used(t, db, c, token, store.SessionLifetime)
		}, false},
		{"signed out", func(t *testing.T, db *store.DB, _ *storetest.Clock, token string) {
			if err := db.EndSession(t.Context(), token); err != nil {
				t.Error(err)
			}
		}, false},
		{"another's signed out", func(t *testing.T, db *store.DB, _ *storetest.Clock, _ string) {
			if err := db.EndSession(t.Context(), "another"); err != nil {
				t.Error(err)
			}
		}, true},
	}
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		user := storetest.User(t, db, "Demo", "demo@example.com", false)
		for _, tt := range tests {
			token := startSession(t, db, user)
			tt.until(t, db, clock, token)
			_, err := db.Session(t.Context(), token)
			if alive := err == nil; alive != tt.alive || (!alive && !errors.Is(err, registry.ErrNotFound)) {
				t.Errorf("%s: got %v, want it alive: %t", tt.name, err, tt.alive)
			}
		}
	})
}

func TestSessionRemembers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		token := startSession(t, db, storetest.User(t, db, "Demo", "demo@example.com", false))
		if err := db.Remember(t.Context(), token, "milk"); err != nil {
			t.Fatal(err)
		}
		if s, err := db.Session(t.Context(), token); err != nil || s.Data != "milk" {
			t.Errorf("got %q %v, want milk", s.Data, err)
		}
	})
}

// A disabled user is signed out everywhere at once, and cannot sign in.
func TestDisabledUserIsSignedOut(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		user := storetest.User(t, db, "Demo", "demo@example.com", true)
		token := startSession(t, db, user)
		if _, err := raw(t, database).ExecContext(t.Context(), `UPDATE users SET disabled_at = 1`); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Session(t.Context(), token); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v, want the session dead", err)
		}
		_, _, err := db.SignIn(t.Context(), store.Credentials{Email: "demo@example.com", Password: password})
		if !errors.Is(err, store.ErrSignIn) {
			t.Errorf("signing in: got %v, want ErrSignIn", err)
		}
	})
}
