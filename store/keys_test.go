package store_test

import (
	"errors"
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
