package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clientele/store"
	"clientele/store/storetest"
)

func TestSignIn(t *testing.T) {
	tests := []struct {
		name            string
		email, password string
		want            error
	}{
		{"right", "demo@example.com", password, nil},
		{"address in capitals", " DEMO@Example.com", password, nil},
		{"wrong password", "demo@example.com", password + "!", store.ErrSignIn},
		{"password with a space", "demo@example.com", password + " ", store.ErrSignIn},
		{"nobody", "nobody@example.com", password, store.ErrSignIn},
		{"nothing", "", "", store.ErrSignIn},
		{"no text", "demo\x00@example.com\xff", "\x00\xff", store.ErrSignIn},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		storetest.User(t, db, "Demo", "demo@example.com", false)
		for _, tt := range tests {
			user, device, err := db.SignIn(t.Context(), store.Credentials{Email: tt.email, Password: tt.password, Address: "192.0.2.1"})
			if !errors.Is(err, tt.want) || (err == nil) != (user.Email == "demo@example.com") || (err == nil) != (device != "") {
				t.Errorf("%s: got %q %v, want %v", tt.name, user.Email, err, tt.want)
			}
		}
	})
}

// attempt signs in to demo@example.com with a wrong password.
func attempt(ctx context.Context, db *store.DB, address, device string) error {
	_, _, err := db.SignIn(ctx, store.Credentials{Email: "demo@example.com", Password: "a wrong guess", Address: address, Device: device})
	return err
}

func TestSignInIsThrottledPerAccount(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		storetest.User(t, db, "Demo", "demo@example.com", false)
		clock.Advance(5 * time.Minute)
		for i := range 10 {
			if err := attempt(t.Context(), db, fmt.Sprintf("192.0.2.%d", i), ""); !errors.Is(err, store.ErrSignIn) {
				t.Fatalf("attempt %d: got %v, want ErrSignIn", i+1, err)
			}
		}
		_, _, err := db.SignIn(t.Context(), store.Credentials{Email: "demo@example.com", Password: password, Address: "198.51.100.1"})
		throttled, _ := errors.AsType[store.ThrottledError](err)
		if throttled.RetryAfter != 10*time.Minute {
			t.Errorf("right, but the eleventh: got %v, want to wait for the rest of the quarter hour", err)
		}
		for range 11 {
			_, _, err = db.SignIn(t.Context(), store.Credentials{Email: "nobody@example.com", Password: "a guess", Address: "192.0.2.77"})
		}
		if _, ok := errors.AsType[store.ThrottledError](err); !ok {
			t.Errorf("nobody's account: got %v, want it throttled as any other", err)
		}
		clock.Advance(10 * time.Minute)
		if _, _, err := db.SignIn(t.Context(), store.Credentials{Email: "demo@example.com", Password: password, Address: "198.51.100.1"}); err != nil {
			t.Errorf("in the next quarter hour: got %v, want none", err)
		}
	})
}

func TestSignInIsThrottledPerAddress(t *testing.T) {
	tests := []struct {
		name    string
		address func(i int) string
		last    bool // throttled
	}{
		{"one address", func(int) string { return "192.0.2.1" }, true},
		{"one IPv6 network", func(i int) string { return fmt.Sprintf("2001:db8:0:1::%x", i) }, true},
		{"many addresses", func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, false},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, tt := range tests {
			var err error
			for i := range 51 {
				_, _, err = db.SignIn(t.Context(), store.Credentials{Email: fmt.Sprintf("%d@%.3s.example", i, tt.name), Address: tt.address(i)})
			}
			if _, throttled := errors.AsType[store.ThrottledError](err); throttled != tt.last {
				t.Errorf("%s: got %v, want throttled %t", tt.name, err, tt.last)
			}
		}
	})
}

// A browser that signed in before gets in while someone else uses up the
// account's attempts, and its own attempts are counted, too.
func TestKnownBrowserHasItsOwnAllowance(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		storetest.User(t, db, "Demo", "demo@example.com", false)
		right := store.Credentials{Email: "demo@example.com", Password: password, Address: "192.0.2.1"}
		_, device, err := db.SignIn(t.Context(), right)
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			_ = attempt(t.Context(), db, "192.0.2.1", "")
		}
		right.Device = device
		_, same, err := db.SignIn(t.Context(), right)
		if err != nil || same != device {
			t.Errorf("the known browser: got %v and device %q, want it let in as %q", err, same, device)
		}
		for range 9 {
			_ = attempt(t.Context(), db, "192.0.2.1", device)
		}
		if err := attempt(t.Context(), db, "198.51.100.9", device); !isThrottled(err) {
			t.Errorf("its eleventh attempt: got %v, want it throttled", err)
		}
		storetest.User(t, db, "Other", "other@example.com", false)
		clock.Advance(15 * time.Minute)
		for range 10 {
			_, _, _ = db.SignIn(t.Context(), store.Credentials{Email: "other@example.com", Address: "198.51.100.9", Device: device})
		}
		if _, _, err := db.SignIn(t.Context(), store.Credentials{Email: "other@example.com", Address: "198.51.100.9", Device: device}); !isThrottled(err) {
			t.Errorf("someone else's account: got %v, want the account's own allowance", err)
		}
		clock.Advance(store.DeviceLifetime)
		for range 10 {
			_ = attempt(t.Context(), db, "198.51.100.9", "")
		}
		if err := attempt(t.Context(), db, "198.51.100.9", device); !isThrottled(err) {
			t.Errorf("a browser long forgotten: got %v, want the account's allowance", err)
		}
	})
}

func isThrottled(err error) bool {
	_, ok := errors.AsType[store.ThrottledError](err)
	return ok
}

// Attempts at the same moment are all counted before a password is looked at.
func TestSignInRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		storetest.User(t, db, "Demo", "demo@example.com", false)
		var hashed atomic.Int64
		var racers sync.WaitGroup
		for range 40 {
			racers.Go(func() {
				if errors.Is(attempt(t.Context(), db, "192.0.2.1", ""), store.ErrSignIn) {
					hashed.Add(1)
				}
			})
		}
		racers.Wait()
		if hashed.Load() != 10 {
			t.Errorf("got %d passwords looked at, want 10", hashed.Load())
		}
	})
}
