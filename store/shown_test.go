package store_test

import (
	"bytes"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestASecretIsShownOnce(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app, want, err := db.CreateClient(t.Context(), admin, ledger(nil), store.ShowOnce{SessionToken: "session"})
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []struct{ name, session, app string }{
			{"another session", "sessioN", app.ID}, {"no session", "", app.ID}, {"another application", "session", "cl_other"},
		} {
			if got, err := db.TakeSecret(t.Context(), admin, other.session, other.app); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: got %q, %v, want ErrNotFound", other.name, got.Reveal(), err)
			}
		}

		var taken atomic.Int32
		inParallel(50, func(int) {
			got, err := db.TakeSecret(t.Context(), admin, "session", app.ID)
			switch {
			case err == nil && got == want:
				taken.Add(1)
			case !errors.Is(err, registry.ErrNotFound):
				t.Errorf("got %v, want the secret or ErrNotFound", err)
			}
		})
		if taken.Load() != 1 {
			t.Errorf("%d of 50 were shown the secret, want 1", taken.Load())
		}
	})
}

func TestASecretWaitsFiveMinutes(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		for i, tt := range []struct {
			after time.Duration
			want  error
		}{{store.ShownFor - time.Second, nil}, {store.ShownFor, registry.ErrNotFound}} {
			in := ledger(func(in *registry.NewClient) { in.Name += string(rune('A' + i)) })
			app, _, err := db.CreateClient(t.Context(), admin, in, store.ShowOnce{SessionToken: "session"})
			if err != nil {
				t.Fatal(err)
			}
			clock.Advance(tt.after)
			if _, err := db.TakeSecret(t.Context(), admin, "session", app.ID); !errors.Is(err, tt.want) {
				t.Errorf("after %v: got %v, want %v", tt.after, err, tt.want)
			}
		}
	})
}

// Only someone who has both the database and the cookie could read a secret
// that waits to be shown; nobody could read one that was.
func TestASecretIsStoredSealed(t *testing.T) {
	path := storetest.SQLite(t)
	db := storetest.Open(t, path, storetest.NewClock())
	apply(t, db, demoCatalogue("orders"))
	_, secret, err := db.CreateClient(t.Context(), registry.Operator, ledger(nil), store.ShowOnce{SessionToken: "the session's token"})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range []string{secret.Reveal(), "the session's token"} {
			if bytes.Contains(content, []byte(canary)) {
				t.Errorf("%s holds %q", file, canary)
			}
		}
	}
}
