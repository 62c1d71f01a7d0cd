package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestRotateKeys(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		active := func() string {
			t.Helper()
			set, err := db.SigningKeys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			key, ok := set.Active(oauth.ES256)
			if !ok {
				t.Fatal("no active key")
			}
			return key.ID
		}
		published := func(id string) bool {
			t.Helper()
			set, err := db.SigningKeys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return strings.Contains(string(set.JWKS()), id)
		}
		first := active()
		if _, err := db.RotateKeys(t.Context(), registry.Operator, false); !errors.Is(err, store.ErrKeyTooNew) {
			t.Errorf("at once: got %v, want ErrKeyTooNew", err)
		}
		clock.Advance(time.Hour)
		signing, err := db.RotateKeys(t.Context(), registry.Operator, false)
		if err != nil || len(signing) != 1 {
			t.Fatalf("got %v and %v, want one key", signing, err)
		}
		if second := active(); second != signing[0] || second == first {
			t.Errorf("active is %s, want %s and not %s", second, signing[0], first)
		}
		if !published(first) {
			t.Error("the retired key is gone while its tokens live")
		}
		if _, err := db.RotateKeys(t.Context(), registry.Operator, true); err != nil {
			t.Errorf("forced: got %v, want none", err)
		}
		clock.Advance(time.Hour)
		if _, err := db.RotateKeys(t.Context(), registry.Operator, false); err != nil {
			t.Fatal(err)
		}
		if published(first) {
			t.Error("the first key is still published an hour after its last token ended")
		}
	})
}

// keyOf returns the ID of the key that signs with alg.
func keyOf(t *testing.T, db *store.DB, alg string) string {
	t.Helper()
	set, err := db.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, ok := set.Active(alg)
	if !ok {
		t.Fatalf("no active %s key", alg)
	}
	return key.ID
}

// byRSA is a client for the audit log whose tokens are signed with RS256.
func byRSA(name string) func(*registry.NewClient) {
	return func(in *registry.NewClient) {
		forAuditLog(in)
		in.Name, in.TokenAlg = name, registry.RS256
	}
}

// The first client to choose an algorithm has its keys made in the same
// change, with an event of its own; the next ones use them.
func TestFirstKeysOfAnAlgorithm(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		made := func() []registry.AuditEntry {
			t.Helper()
			page, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Action: "keys.create", Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return page.Entries
		}
		set, err := db.SigningKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := set.Active(oauth.RS256); ok {
			t.Error("there is an RS256 key that nobody needs")
		}
		invalid := ledger(byRSA(""))
		if _, _, err := db.CreateClient(t.Context(), admin, invalid, store.ShowOnce{}); !isInvalid(err, "name") || len(made()) != 1 {
			t.Errorf("refused: got %v and %d keys made, want a complaint about the name and only those of ES256", err, len(made()))
		}
		mustCreate(t, db, admin, ledger(byRSA("One")))
		first := keyOf(t, db, oauth.RS256)
		for _, what := range []string{"another client", "an edit"} {
			if what == "an edit" {
				app := mustCreate(t, db, admin, ledger(forAuditLog))
				details := app.Details()
				details.TokenAlg = registry.RS256
				if err := db.UpdateClient(t.Context(), admin, app.ID, registry.ClientEdit{ClientDetails: details}); err != nil {
					t.Fatal(err)
				}
			} else {
				mustCreate(t, db, admin, ledger(byRSA("Two")))
			}
			if got := keyOf(t, db, oauth.RS256); got != first {
				t.Errorf("%s: signs with %s, want %s as before", what, got, first)
			}
		}
		events := made()
		if len(events) != 2 || events[0].Actor.ID != admin.ID || !strings.Contains(events[0].After, `"alg":"RS256"`) || !strings.Contains(events[0].After, first) {
			t.Errorf("got %+v, want one event for RS256 by who chose it", events)
		}
		head(t, db)

		clock.Advance(time.Hour)
		signing, err := db.RotateKeys(t.Context(), registry.Operator, false)
		if err != nil || len(signing) != 2 {
			t.Fatalf("rotated to %v, %v; want a key of each algorithm", signing, err)
		}
		if got := keyOf(t, db, oauth.RS256); got == first || !slices.Contains(signing, got) {
			t.Errorf("signs with %s, want another than %s of %v", got, first, signing)
		}
	})
}

// Instances that need the first keys of an algorithm at once end up with the
// same ones, also one that had looked for keys before.
func TestFirstKeysAreMadeOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		instances := []*store.DB{storetest.Open(t, database, clock), storetest.Open(t, database, clock)}
		keyOf(t, instances[0], oauth.ES256)
		keyOf(t, instances[1], oauth.ES256)
		apps := make([]registry.Application, 6)
		inParallel(len(apps), func(i int) {
			var err error
			apps[i], _, err = instances[i%2].CreateClient(t.Context(), registry.Operator, ledger(byRSA(fmt.Sprint("Client ", i))), store.ShowOnce{})
			if err != nil {
				t.Error(err)
			}
		})
		for i, app := range apps {
			there := instances[(i+1)%2]
			if client, err := there.OAuthClient(t.Context(), app.ID); err != nil || client.TokenAlg != oauth.RS256 {
				t.Errorf("got %+v, %v; want a client that signs with RS256", client, err)
			}
		}
		if here, there := keyOf(t, instances[0], oauth.RS256), keyOf(t, instances[1], oauth.RS256); here != there {
			t.Errorf("one signs with %s, the other with %s", here, there)
		}
		var keys int
		if err := raw(t, database).QueryRowContext(t.Context(), `SELECT count(*) FROM signing_keys WHERE alg = 'RS256'`).Scan(&keys); err != nil || keys != 2 {
			t.Errorf("got %d RS256 keys, %v; want an active and a next one", keys, err)
		}
		head(t, instances[0])
	})
}

// A client that another process registered with a new algorithm gets tokens at
// once, although the keys were looked for before they were made.
func TestFirstKeysMadeElsewhereSignAtOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		here, there := storetest.Open(t, database, clock), storetest.Open(t, database, clock)
		keyOf(t, here, oauth.ES256) // into the cache
		app := mustCreate(t, there, registry.Operator, ledger(byRSA("Elsewhere")))
		if client, err := here.OAuthClient(t.Context(), app.ID); err != nil || client.TokenAlg != oauth.RS256 {
			t.Fatalf("got %+v, %v; want a client that signs with RS256", client, err)
		}
		keyOf(t, here, oauth.RS256)
	})
}

func TestStartRefusesAnotherKeyFile(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		options := storetest.Options(database, storetest.NewClock())
		storetest.Open(t, database, storetest.NewClock())
		options.Key = store.NewKey()
		_, err := store.Open(t.Context(), options)
		if want := "the key file belongs to another database; name this one's with --key-file"; message(err) != want {
			t.Errorf("got %q, want %q", message(err), want)
		}
	})
}
