package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestSetupMakesTheTeamAndItsAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first, _, err := db.NewSetupCode(t.Context()) // printed before a restart; still good
		if err != nil {
			t.Fatal(err)
		}
		if err := db.CheckSetupCode(t.Context(), "guess"); !errors.Is(err, store.ErrSetupCode) {
			t.Errorf("a guess: got %v, want ErrSetupCode", err)
		}
		if _, err := db.Setup(t.Context(), registry.Actor{}, "guess", newSetup("Harbor", "admin@example.com")); !errors.Is(err, store.ErrSetupCode) {
			t.Errorf("set up by a guess: got %v, want ErrSetupCode", err)
		}
		admin := setUp(t, db, "Harbor")
		for _, p := range []registry.Permission{
			registry.ManageUsers, registry.ManageSettings, registry.ManageApplications, registry.ManagePermissions, registry.ReadAuditLog,
		} {
			if err := db.Require(t.Context(), admin.Actor(), "test", registry.Target{}, p); err != nil {
				t.Errorf("the administrator: got %v, want %s", err, p)
			}
		}
		if err := db.CheckSetupCode(t.Context(), first); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("after set-up: got %v, want ErrNotFound", err)
		}
		if _, needed, err := db.NewSetupCode(t.Context()); err != nil || needed {
			t.Errorf("after set-up: got %v, needed %t, want no code", err, needed)
		}
	})
}

// Fifty people who set up at once make one team, one administrator, and the
// two events that say so.
func TestSetupRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		code, _, err := db.NewSetupCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before, err := db.VerifyAudit(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var won atomic.Int64
		var racers sync.WaitGroup
		for i := range 50 {
			racers.Go(func() {
				_, err := db.Setup(t.Context(), registry.Actor{}, code, newSetup("Harbor", fmt.Sprintf("admin%d@example.com", i)))
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, registry.ErrNotFound) && !errors.Is(err, store.ErrSetupCode) && !errors.As(err, new(store.ThrottledError)): // the code was spent while it was looked at; a slow machine tells some to wait
					t.Errorf("a loser: got %v, want ErrNotFound", err)
				}
			})
		}
		racers.Wait()
		after, err := db.VerifyAudit(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if won.Load() != 1 || after.Seq-before.Seq != 2 {
			t.Errorf("got %d teams and %d events, want 1 and 2", won.Load(), after.Seq-before.Seq)
		}
	})
}
