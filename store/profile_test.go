package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

const another = "a very different one"

// signedInAs makes a user who is signed in, and returns the browser as well.
func signedInAs(t *testing.T, db *store.DB, name, email string) (registry.User, store.Browser) {
	t.Helper()
	user := storetest.User(t, db, name, email, false)
	_, device, err := db.SignIn(t.Context(), store.Credentials{Email: email, Password: password, Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	return user, store.Browser{Session: startSession(t, db, user), Device: device}
}

func edit(name, email, password string) registry.ProfileEdit {
	return registry.ProfileEdit{UserDetails: registry.UserDetails{Name: name, Email: email}, Password: password}
}

func TestUpdateProfileNamesEveryWrongField(t *testing.T) {
	tests := []struct {
		name   string
		in     registry.ProfileEdit
		fields []string
	}{
		{"nothing new", edit("Demo", "demo@example.com", ""), nil},
		{"empty", edit("", " ", ""), []string{"email", "name", "password"}},
		{"another name", edit(" Demo  Two ", "demo@example.com", ""), nil},
		{"another name needs no password", edit("Demo", "demo@example.com", "wrong"), nil},
		{"direction marks", edit("De\u202emo", "demo@example.com", ""), []string{"name"}},
		{"another address without the password", edit("Demo", "new@example.com", ""), []string{"password"}},
		{"another address with a wrong password", edit("Demo", "new@example.com", password+"!"), []string{"password"}},
		{"another spelling of the address", edit("Demo", "Demo@example.com", ""), []string{"password"}},
		{"no address, a bad name, a wrong password", edit("", "new", "wrong"), []string{"email", "name", "password"}},
		{"someone else's address", edit("Demo", "OTHER@example.com", password), []string{"email"}},
		{"another address", edit("Demo", "new@example.com", password), nil},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		storetest.User(t, db, "Other", "other@example.com", false)
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		for _, tt := range tests {
			err := db.UpdateProfile(t.Context(), demo.Actor(), tt.in, browser)
			invalid, _ := errors.AsType[registry.Invalid](err)
			if got := slices.Sorted(maps.Keys(invalid)); !slices.Equal(got, tt.fields) || (err != nil) != (tt.fields != nil) {
				t.Errorf("%s: got %v, want complaints about %v", tt.name, err, tt.fields)
			}
		}
		p, err := db.Profile(t.Context(), demo.Actor(), browser.Session)
		if err != nil || p.Email != "new@example.com" || p.Name != "Demo" {
			t.Errorf("got %+v %v, want Demo with the new address", p.User, err)
		}
		if _, _, err := db.SignIn(t.Context(), store.Credentials{Email: "new@example.com", Password: password}); err != nil {
			t.Errorf("signing in with the new address: got %v, want none", err)
		}
	})
}

// What is saved is in the audit log, as it was and as it is, and nothing else is.
func TestUpdateProfileIsRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		if err := db.UpdateProfile(t.Context(), demo.Actor(), edit("Demo Two", "two@example.com", password), browser); err != nil {
			t.Fatal(err)
		}
		got := newest(t, db, demo.ID)
		want := registry.Event{
			Actor: demo.Actor(), Action: "user.update", Outcome: registry.Done, Target: registry.Target{Type: "user", ID: demo.ID, Name: "Demo"},
			Before: `{"email":"demo@example.com","name":"Demo"}`, After: `{"email":"two@example.com","name":"Demo Two"}`,
			Seq: got.Seq, At: got.At, Hash: got.Hash,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := db.UpdateProfile(t.Context(), demo.Actor(), edit("Demo Two", "two@example.com", ""), browser); err != nil {
			t.Fatal(err)
		}
		if again := newest(t, db, demo.ID); again.Seq != got.Seq {
			t.Errorf("saved without a change: got the event %+v, want none", again)
		}
	})
}

// Of two browsers that edit at once the second is told, and nothing is lost.
func TestUpdateProfileTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		seen := demo.Details()
		first, second := edit("First", "demo@example.com", ""), edit("Second", "demo@example.com", "")
		first.Seen, second.Seen = &seen, &seen
		if err := db.UpdateProfile(t.Context(), demo.Actor(), first, browser); err != nil {
			t.Fatal(err)
		}
		if err := db.UpdateProfile(t.Context(), demo.Actor(), second, browser); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("the second: got %v, want ErrConflict", err)
		}
		if got := second.Onto(registry.UserDetails{Name: "First", Email: "elsewhere@example.com"}); got != (registry.UserDetails{Name: "Second", Email: "elsewhere@example.com"}) {
			t.Errorf("got %+v, want the typed name and the address as it is", got)
		}
	})
}

func TestChangePassword(t *testing.T) {
	tests := []struct {
		name         string
		current, new string
		fields       []string
	}{
		{"nothing", "", "", []string{"current", "new"}},
		{"only the new one", "", another, []string{"current"}},
		{"only the one there is", password, "", []string{"new"}},
		{"wrong, and short", "wrong", "short", []string{"current", "new"}},
		{"common", password, "Password1234", []string{"new"}},
		{"made of the name", password, "I am Demosthenes", []string{"new"}},
		{"made of the team", password, "harbor team 2026", []string{"new"}},
		{"the same", password, password, []string{"new"}},
		{"right", password, another, nil},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		setUp(t, db, "Harbor Team")
		demo, browser := signedInAs(t, db, "Demosthenes", "demo@example.com")
		for _, tt := range tests {
			_, err := db.ChangePassword(t.Context(), demo.Actor(), registry.PasswordChange{Current: tt.current, New: tt.new}, browser)
			invalid, _ := errors.AsType[registry.Invalid](err)
			if got := slices.Sorted(maps.Keys(invalid)); !slices.Equal(got, tt.fields) || (err != nil) != (tt.fields != nil) {
				t.Errorf("%s: got %v, want complaints about %v", tt.name, err, tt.fields)
			}
		}
		event := newest(t, db, demo.ID)
		if event.Action != "user.change-password" || event.Target.ID != demo.ID || event.Actor.ID != demo.ID || strings.Contains(fmt.Sprint(event), another) {
			t.Errorf("got the event %+v, want the change by and to the user, without the password", event)
		}
		for typed, want := range map[string]error{password: store.ErrSignIn, another: nil} {
			if _, _, err := db.SignIn(t.Context(), store.Credentials{Email: "demo@example.com", Password: typed}); !errors.Is(err, want) {
				t.Errorf("signing in with %q: got %v, want %v", typed, err, want)
			}
		}
	})
}

// Whoever else is signed in is out, and this browser goes on under a new token.
func TestChangePasswordEndsOtherSessions(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		other, _ := signedInAs(t, db, "Other", "other@example.com")
		stolen, others := startSession(t, db, demo), startSession(t, db, other)
		_, foreign, err := db.SignIn(t.Context(), store.Credentials{Email: "demo@example.com", Password: password, Address: "192.0.2.2"})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Remember(t.Context(), browser.Session, "milk"); err != nil {
			t.Fatal(err)
		}
		renewed, err := db.ChangePassword(t.Context(), demo.Actor(), registry.PasswordChange{Current: password, New: another}, browser)
		if err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			token string
			alive bool
		}{
			"the old token":     {browser.Session, false},
			"the new token":     {renewed, true},
			"another browser's": {stolen, false},
			"somebody else's":   {others, true},
			"none":              {"", false},
		} {
			s, err := db.Session(t.Context(), tt.token)
			if alive := err == nil; alive != tt.alive {
				t.Errorf("%s: got %v, want it alive: %t", name, err, tt.alive)
			}
			if tt.token == renewed && s.Data != "milk" {
				t.Errorf("%s: got %q, want what the session remembered", name, s.Data)
			}
		}
		for range 10 {
			_ = attempt(t.Context(), db, "192.0.2.9", "")
		}
		for device, throttled := range map[string]bool{browser.Device: false, foreign: true} {
			if err := attempt(t.Context(), db, "192.0.2.9", device); isThrottled(err) != throttled {
				t.Errorf("the browser that changed it is known, others are not: got %v, want throttled %t", err, throttled)
			}
		}
		clock.Advance(store.SessionIdle)
		if _, err := db.Session(t.Context(), renewed); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the new token, idle: got %v, want it to end like any other", err)
		}
	})
}

// Two changes of the same password at once: one holds, and the other is told.
func TestChangePasswordRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		var changed atomic.Int64
		var racers sync.WaitGroup
		for i := range 4 {
			racers.Go(func() {
				in := registry.PasswordChange{Current: password, New: fmt.Sprintf("%s %d", another, i)}
				_, err := db.ChangePassword(t.Context(), demo.Actor(), in, browser)
				switch {
				case err == nil:
					changed.Add(1)
				case !errors.Is(err, registry.ErrConflict) && !isInvalid(err, "current"):
					t.Errorf("a loser: got %v, want it told", err)
				}
			})
		}
		racers.Wait()
		if changed.Load() != 1 {
			t.Errorf("got %d changes, want 1", changed.Load())
		}
	})
}

// Who sits at a signed-in browser cannot guess the password: what is typed
// there counts as attempts to sign in do, and together with them.
func TestPasswordsTypedInTheProfileAreThrottled(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		guess := func(i int, from store.Browser) error {
			if i%2 == 0 {
				_, err := db.ChangePassword(t.Context(), demo.Actor(), registry.PasswordChange{Current: "a guess", New: another}, from)
				return err
			}
			return db.UpdateProfile(t.Context(), demo.Actor(), edit("Demo", "mine@example.com", "a guess"), from)
		}
		for _, from := range []store.Browser{browser, {Session: browser.Session}} { // known, and with the cookie left out
			clock.Advance(15 * time.Minute)
			for i := range 7 {
				if err := guess(i, from); isThrottled(err) || err == nil {
					t.Fatalf("guess %d: got %v, want it refused", i+1, err)
				}
			}
			for range 3 {
				_ = attempt(t.Context(), db, "", from.Device)
			}
			_, err := db.ChangePassword(t.Context(), demo.Actor(), registry.PasswordChange{Current: password, New: another}, from)
			if !isThrottled(err) {
				t.Errorf("right, but the eleventh: got %v, want it throttled", err)
			}
			if err := attempt(t.Context(), db, "", from.Device); !isThrottled(err) {
				t.Errorf("signing in after that: got %v, want it throttled", err)
			}
			if err := db.UpdateProfile(t.Context(), demo.Actor(), edit("Demo Two", "demo@example.com", ""), from); err != nil {
				t.Errorf("what needs no password: got %v, want none", err)
			}
		}
	})
}

func TestSessionsOfTheProfile(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		_, foreign := signedInAs(t, db, "Other", "other@example.com")
		start := func(address string) string {
			clock.Advance(time.Minute)
			token, err := db.StartSession(t.Context(), store.Visit{UserID: demo.ID, Address: address, Agent: "curl/8"})
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		first, second := start("192.0.2.10"), start("192.0.2.20")
		list := func(current string) []registry.UserSession {
			p, err := db.Profile(t.Context(), demo.Actor(), current)
			if err != nil {
				t.Fatal(err)
			}
			return p.Sessions
		}
		got := list(first)
		want := []registry.UserSession{
			{Agent: "curl/8", Address: "192.0.2.10", SignedInAt: storetest.Noon.Add(time.Minute), SeenAt: storetest.Noon.Add(time.Minute), Current: true},
			{Agent: "curl/8", Address: "192.0.2.20", SignedInAt: storetest.Noon.Add(2 * time.Minute), SeenAt: storetest.Noon.Add(2 * time.Minute)},
			{Agent: got[2].Agent, Address: "192.0.2.1", SignedInAt: storetest.Noon, SeenAt: storetest.Noon},
		}
		for i := range want {
			want[i].ID = got[i].ID
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, token := range []string{first, second, foreign.Session} {
			if err := db.EndOwnSession(t.Context(), demo.Actor(), token); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("by its token: got %v, want ErrNotFound", err)
			}
		}
		theirs, err := db.Profile(t.Context(), registry.Actor{Type: registry.UserActor, ID: demo.ID}, foreign.Session)
		if err != nil || slices.ContainsFunc(theirs.Sessions, func(s registry.UserSession) bool { return s.Current }) {
			t.Errorf("got %+v %v, want somebody else's token to be none of these", theirs.Sessions, err)
		}
		if err := db.EndOwnSession(t.Context(), demo.Actor(), got[1].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Session(t.Context(), second); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("signed out: got %v, want it dead", err)
		}
		if err := db.EndOtherSessions(t.Context(), demo.Actor(), second); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("all but one that ended: got %v, want ErrNotFound", err)
		}
		if err := db.EndOtherSessions(t.Context(), demo.Actor(), first); err != nil {
			t.Fatal(err)
		}
		for token, alive := range map[string]bool{first: true, browser.Session: false, foreign.Session: true} {
			if _, err := db.Session(t.Context(), token); (err == nil) != alive {
				t.Errorf("after signing all others out: got %v, want it alive: %t", err, alive)
			}
		}
		clock.Advance(store.SessionIdle)
		if got := list(first); len(got) > 0 {
			t.Errorf("idle: got %+v, want none", got)
		}
	})
}

// Nobody but users has a profile, and nobody reaches another's.
func TestProfileIsOnesOwn(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		demo, browser := signedInAs(t, db, "Demo", "demo@example.com")
		other, theirs := signedInAs(t, db, "Other", "other@example.com")
		p, err := db.Profile(t.Context(), other.Actor(), theirs.Session)
		if err != nil {
			t.Fatal(err)
		}
		tries := map[string]func(registry.Actor) error{
			"profile": func(by registry.Actor) error { _, err := db.Profile(t.Context(), by, ""); return err },
			"update": func(by registry.Actor) error {
				return db.UpdateProfile(t.Context(), by, edit("X", "x@example.com", password), theirs)
			},
			"password": func(by registry.Actor) error {
				_, err := db.ChangePassword(t.Context(), by, registry.PasswordChange{Current: password, New: another}, theirs)
				return err
			},
			"session": func(by registry.Actor) error { return db.EndOwnSession(t.Context(), by, p.Sessions[0].ID) },
			"others":  func(by registry.Actor) error { return db.EndOtherSessions(t.Context(), by, theirs.Session) },
		}
		for _, by := range []registry.Actor{registry.Operator, registry.System, {}, {Type: registry.ApplicationActor, ID: other.ID}, {Type: registry.UserActor, ID: "us_none"}} {
			for name, try := range tries {
				if err := try(by); !errors.Is(err, registry.ErrNotFound) {
					t.Errorf("%s by %+v: got %v, want ErrNotFound", name, by, err)
				}
			}
		}
		for _, name := range []string{"password", "session", "others"} {
			if err := tries[name](demo.Actor()); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s of another user: got %v, want ErrNotFound", name, err)
			}
		}
		if _, _, err := db.SignIn(t.Context(), store.Credentials{Email: "demo@example.com", Password: password}); err != nil {
			t.Errorf("got %v, want the password unchanged where the session was another's", err)
		}
		if _, err := raw(t, database).ExecContext(t.Context(), `UPDATE users SET disabled_at = 1`); err != nil {
			t.Fatal(err)
		}
		if err := db.UpdateProfile(t.Context(), demo.Actor(), edit("X", "demo@example.com", ""), browser); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("disabled: got %v, want ErrNotFound", err)
		}
	})
}
