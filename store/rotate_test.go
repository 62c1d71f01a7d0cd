package store_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// secrets returns an application's secrets by prefix.
func secrets(t *testing.T, db *store.DB, id string) map[string]registry.ClientSecret {
	t.Helper()
	d, err := db.Application(t.Context(), registry.Operator, id)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]registry.ClientSecret{}
	for _, s := range d.Secrets {
		all[s.Prefix] = s
	}
	return all
}

// accepted reports whether the protocol would accept the secret.
func accepted(t *testing.T, db *store.DB, id string, s registry.Secret, now time.Time) bool {
	t.Helper()
	client, err := db.OAuthClient(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range client.Secrets {
		if hex.EncodeToString(known.Hash[:]) == s.Hash() {
			return known.ExpiresAt.IsZero() || now.Before(known.ExpiresAt)
		}
	}
	return false
}

func TestRegenerateSecret(t *testing.T) {
	tests := []struct {
		name     string
		rotation registry.Rotation
		ends     time.Duration // of the old secret, from now; 0: at once, with its tokens
	}{
		{"now", registry.Rotation{End: registry.EndNow}, 0},
		{"in a day", registry.Rotation{End: registry.EndInDay}, 24 * time.Hour},
		{"in a week", registry.Rotation{End: registry.EndInWeek}, 7 * 24 * time.Hour},
		{"at a time", registry.Rotation{End: registry.EndAt, At: storetest.Noon.Add(90 * time.Minute)}, 90 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
				admin := storetest.Admin(t, db)
				app, old, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
				if err != nil {
					t.Fatal(err)
				}
				made, err := db.RegenerateSecret(t.Context(), admin, app.ID, tt.rotation, store.ShowOnce{})
				if err != nil {
					t.Fatal(err)
				}
				all := secrets(t, db, app.ID)
				if got := all[made.Prefix()]; got.State(clock.Now()) != registry.SecretLive || got.CreatedByName != admin.Name {
					t.Errorf("got the new secret %+v, want a live one", got)
				}
				was := all[old.Prefix()]
				if tt.ends == 0 {
					if !was.RevokedAt.Equal(clock.Now()) || accepted(t, db, app.ID, old, clock.Now()) {
						t.Errorf("got the old secret %+v, want it ended now", was)
					}
				} else if !was.RevokedAt.IsZero() || !was.ExpiresAt.Equal(clock.Now().Add(tt.ends)) {
					t.Errorf("got the old secret %+v, want it to end in %s, and its tokens not", was, tt.ends)
				}
				for _, after := range []time.Duration{tt.ends - time.Second, tt.ends} {
					if after < 0 {
						continue
					}
					now := storetest.Noon.Add(after)
					if got, want := accepted(t, db, app.ID, old, now), after < tt.ends; got != want {
						t.Errorf("the old secret after %s: accepted %v, want %v", after, got, want)
					}
					if !accepted(t, db, app.ID, made, now) {
						t.Errorf("the new secret is not accepted after %s", after)
					}
				}
				event := newest(t, db, app.ID)
				if event.Action != "application.regenerate-secret" || event.Target.Name != app.Name ||
					!strings.Contains(event.Before, old.Prefix()) || !strings.Contains(event.After, made.Prefix()) || !strings.Contains(event.Before, "never") {
					t.Errorf("got the event %+v", event)
				}
				for _, secret := range []registry.Secret{old, made} {
					if text := event.Before + event.After; strings.Contains(text, secret.Reveal()) || strings.Contains(text, secret.Hash()) {
						t.Errorf("a secret is in the event %s", text)
					}
				}
			})
		})
	}
}

// An end that was set before is never put off.
func TestRegeneratingPutsNoEndOff(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app, first, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		regenerate := func(end registry.RotationEnd) registry.Secret {
			t.Helper()
			s, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: end}, store.ShowOnce{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		second := regenerate(registry.EndInDay)
		clock.Advance(time.Hour)
		third := regenerate(registry.EndInWeek)
		all := secrets(t, db, app.ID)
		for secret, want := range map[registry.Secret]time.Time{
			first: storetest.Noon.Add(24 * time.Hour), second: storetest.Noon.Add(time.Hour + 7*24*time.Hour), third: {},
		} {
			if got := all[secret.Prefix()].ExpiresAt; !got.Equal(want) {
				t.Errorf("%s: got the end %s, want %s", secret.Prefix(), got, want)
			}
		}
		clock.Advance(24 * time.Hour) // the first has ended by itself
		regenerate(registry.EndNow)
		all = secrets(t, db, app.ID)
		if !all[first.Prefix()].RevokedAt.IsZero() || all[second.Prefix()].RevokedAt.IsZero() || all[third.Prefix()].RevokedAt.IsZero() {
			t.Errorf("got %+v, want the two that were live ended now", all)
		}
	})
}

func TestRegenerateSecretRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		before := secrets(t, db, app.ID)
		for name, tt := range map[string]struct {
			id       string
			rotation registry.Rotation
			wrong    string // the field
			want     error
		}{
			"no end":     {app.ID, registry.Rotation{}, "end", nil},
			"past":       {app.ID, registry.Rotation{End: registry.EndAt, At: storetest.Noon}, "at", nil},
			"too far":    {app.ID, registry.Rotation{End: registry.EndAt, At: storetest.Noon.AddDate(0, 0, 91)}, "at", nil},
			"no such":    {"cl_none", registry.Rotation{End: registry.EndNow}, "", registry.ErrNotFound},
			"not as was": {app.ID, registry.Rotation{End: registry.EndNow, Seen: 2}, "", registry.ErrConflict},
		} {
			_, err := db.RegenerateSecret(t.Context(), admin, tt.id, tt.rotation, store.ShowOnce{})
			invalid, _ := errors.AsType[registry.Invalid](err)
			if tt.wrong != "" && invalid[tt.wrong] == "" || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if after := secrets(t, db, app.ID); len(after) != 1 || after[firstKey(before)] != before[firstKey(before)] {
			t.Errorf("got %+v, want %+v as before", after, before)
		}
	})
}

func firstKey[V any](m map[string]V) string {
	for k := range m {
		return k
	}
	return ""
}

// Of many who confirm the same question, one makes a new secret.
func TestOneConfirmationMakesOneSecret(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		const racers = 20
		for round := 1; round <= 3; round++ {
			errs := make([]error, racers)
			var all sync.WaitGroup
			for i := range racers {
				all.Go(func() {
					_, errs[i] = db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndInDay, Seen: round}, store.ShowOnce{})
				})
			}
			all.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else if !errors.Is(err, registry.ErrConflict) {
					t.Errorf("got %v, want ErrConflict", err)
				}
			}
			d, err := db.Application(t.Context(), admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			if won != 1 || d.SecretsMade != round+1 {
				t.Errorf("round %d: %d won, and there are %d secrets; want one and %d", round, won, d.SecretsMade, round+1)
			}
		}
		if _, err := db.VerifyAudit(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestEndSecret(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app, old, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		made, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndInWeek}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		other := registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Other" })
		id := secrets(t, db, app.ID)[old.Prefix()].ID
		for _, wrong := range []struct{ app, secret string }{{app.ID, "se_none"}, {other.ID, id}, {"cl_none", id}} {
			if err := db.EndSecret(t.Context(), admin, wrong.app, wrong.secret); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%v: got %v, want ErrNotFound", wrong, err)
			}
		}
		for range 2 { // the second time changes nothing
			if err := db.EndSecret(t.Context(), admin, app.ID, id); err != nil {
				t.Fatal(err)
			}
			clock.Advance(time.Minute)
		}
		if got := secrets(t, db, app.ID)[old.Prefix()]; !got.RevokedAt.Equal(storetest.Noon) {
			t.Errorf("got %+v, want it ended at noon", got)
		}
		if accepted(t, db, app.ID, old, clock.Now()) || !accepted(t, db, app.ID, made, clock.Now()) {
			t.Error("want the old secret refused and the new one accepted")
		}
		events := eventsOf(t, db, app.ID)
		if last := events[len(events)-1]; last.Action != "application.end-secret" || !strings.Contains(last.Before, old.Prefix()) || !strings.Contains(last.After, "now") || len(events) != 3 {
			t.Errorf("got %d events, the last %+v", len(events), last)
		}
	})
}

// The session that made a secret knows that it waits, until it was seen.
func TestSecretWaits(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		waits := func(session string) bool {
			t.Helper()
			waits, err := db.SecretWaits(t.Context(), session, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			return waits
		}
		if waits("mine") {
			t.Error("a secret waits that was not made")
		}
		for _, seen := range []func(){
			func() {
				if _, err := db.TakeSecret(t.Context(), admin, "mine", app.ID); err != nil {
					t.Error(err)
				}
			},
			func() { clock.Advance(store.ShownFor) },
		} {
			if _, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndNow}, store.ShowOnce{SessionToken: "mine"}); err != nil {
				t.Fatal(err)
			}
			if !waits("mine") || waits("other") {
				t.Errorf("waits in mine: %v, in another: %v; want it in mine", waits("mine"), waits("other"))
			}
			if seen(); waits("mine") {
				t.Error("it still waits")
			}
		}
	})
}
