package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"clientele/oauth"
	"clientele/registry"
)

// publishedFor is how long a key must have been published before it signs, so
// that APIs which keep the key set for its max-age know it.
const publishedFor = 10 * time.Minute

// ErrKeyTooNew means that the next key may not be known to every API yet.
var ErrKeyTooNew = errors.New("the next key was published less than 10 minutes ago, so that APIs may not know it yet; wait, or add --force after a leak")

const sealedKey = "signing key"

// SigningKeys returns the keys that sign and verify tokens. They are at most 2 s old.
func (db *DB) SigningKeys(ctx context.Context) (*oauth.KeySet, error) {
	return cached(db, &db.keys, struct{}{}, func() (set *oauth.KeySet, err error) {
		err = db.inTx(ctx, registry.System, true, func(t *tx) error {
			keys, err := t.signingKeys(ctx, db.key)
			if err == nil {
				set, err = oauth.NewKeySet(keys, t.now)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("load signing keys: %w", err)
		}
		return set, nil
	})
}

// cachedKeysSign reports whether the keys in the cache, if there are any, can
// sign with alg.
func (db *DB) cachedKeysSign(alg string) bool {
	db.keys.mu.RLock()
	defer db.keys.mu.RUnlock()
	set, ok := db.keys.all[struct{}{}]
	if !ok {
		return true
	}
	_, can := set.Active(alg)
	return can
}

func (t *tx) signingKeys(ctx context.Context, key Key) ([]oauth.Key, error) {
	type row struct {
		id, alg                         string
		state                           oauth.KeyState
		sealed                          []byte
		createdAt, activatedAt, retired time.Time
	}
	rows, err := t.QueryContext(ctx, `SELECT id, alg, state, sealed, created_at, activated_at, retired_at FROM signing_keys ORDER BY created_at, id`)
	if err != nil {
		return nil, err
	}
	stored, err := collect(rows, func(r *row) []any {
		return []any{&r.id, &r.alg, &r.state, &r.sealed, seconds{&r.createdAt}, seconds{&r.activatedAt}, seconds{&r.retired}}
	})
	if err != nil {
		return nil, err
	}
	keys := make([]oauth.Key, len(stored))
	for i, r := range stored {
		private, err := key.open(sealedKey, r.sealed)
		if err != nil {
			return nil, fmt.Errorf("signing key %s cannot be opened with the key file, so that its row must be broken; restore a backup of the database: %w", r.id, err)
		}
		if keys[i], err = oauth.ParseKey(r.alg, private); err != nil {
			return nil, fmt.Errorf("signing key %s: %w", r.id, err)
		}
		keys[i].State, keys[i].CreatedAt, keys[i].ActivatedAt, keys[i].RetiredAt = r.state, r.createdAt, r.activatedAt, r.retired
	}
	return keys, nil
}

// firstKeys are the keys by which an algorithm is signed with for the first
// time. Its zero value is none.
type firstKeys struct {
	alg          string
	active, next oauth.Key
	seal         Key
}

// needsKeys ends a change that selects an algorithm for which there are no
// signing keys yet.
type needsKeys struct{ alg string }

func (e needsKeys) Error() string { return "there are no signing keys for " + e.alg }

// changeClient is change for an fn that may select how tokens are signed. When
// the first keys for that are missing, nothing is changed yet: they are made,
// outside the transaction, since an RSA key takes long and SQLite has one
// writer, and fn is run again with them.
func (db *DB) changeClient(ctx context.Context, by registry.Actor, in intent, fn func(*tx, firstKeys) (registry.Event, error)) error {
	var keys firstKeys
	for {
		err := db.change(ctx, by, in, func(t *tx) (registry.Event, error) { return fn(t, keys) })
		missing, ok := errors.AsType[needsKeys](err)
		if !ok {
			return err
		}
		if keys, err = db.makeFirstKeys(missing.alg); err != nil {
			return err
		}
	}
}

func (db *DB) makeFirstKeys(alg string) (keys firstKeys, err error) {
	keys = firstKeys{alg: alg, seal: db.key}
	if keys.active, err = oauth.GenerateKey(alg); err == nil {
		keys.next, err = oauth.GenerateKey(alg)
	}
	return keys, err
}

// ensureKeys inserts the first keys of alg where there are none, with an event
// of its own. It fails with needsKeys when they are not there to insert.
func (t *tx) ensureKeys(ctx context.Context, alg string, keys firstKeys) error {
	var present bool
	err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM signing_keys WHERE alg = $1)`, alg).Scan(&present)
	if err != nil || present {
		return err
	}
	if keys.alg != alg {
		return needsKeys{alg}
	}
	err = t.insertKey(ctx, keys.seal, keys.active, oauth.ActiveKey)
	if errors.Is(err, registry.ErrConflict) {
		return nil // someone else was faster, and both of theirs are there
	}
	if err == nil {
		err = t.insertKey(ctx, keys.seal, keys.next, oauth.NextKey)
	}
	if err != nil {
		return err
	}
	return t.appendEvent(ctx, registry.Event{
		Action: "keys.create", Outcome: registry.Done, Target: signingKeys,
		After: snapshot(map[string]string{"alg": alg, "active": keys.active.ID, "next": keys.next.ID}),
	})
}

// ensureSigningKeys makes the first keys of alg where there are none.
func (db *DB) ensureSigningKeys(ctx context.Context, alg string) error {
	keys, err := db.makeFirstKeys(alg)
	if err == nil {
		err = db.inTx(ctx, registry.System, false, func(t *tx) error { return t.ensureKeys(ctx, alg, keys) })
	}
	if err != nil {
		return fmt.Errorf("make signing keys: %w", err)
	}
	return nil
}

var signingKeys = registry.Target{Type: "signing_keys", ID: "signing_keys", Name: "Signing keys"}

// RotateKeys signs with the next key of every algorithm from now on, retires
// the one that signed so far, and publishes a new next one. It returns the IDs
// of the keys that sign now. Unless forced it fails with ErrKeyTooNew when a
// next key was published too recently for every API to know it.
func (db *DB) RotateKeys(ctx context.Context, by registry.Actor, force bool) (signing []string, err error) {
	what := intent{action: "keys.rotate", need: registry.ManageSettings, target: signingKeys}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		keys, err := t.signingKeys(ctx, db.key)
		if err != nil {
			return registry.Event{}, err
		}
		var retired, published []string
		signing = nil
		for _, k := range keys {
			if k.State == oauth.ActiveKey {
				retired = append(retired, k.ID)
				if err := t.setKeyState(ctx, k.ID, oauth.RetiredKey, "retired_at"); err != nil {
					return registry.Event{}, err
				}
			}
		}
		for _, k := range keys {
			if k.State != oauth.NextKey {
				continue
			}
			if !force && t.now.Sub(k.CreatedAt) < publishedFor {
				return registry.Event{}, ErrKeyTooNew
			}
			if err := t.setKeyState(ctx, k.ID, oauth.ActiveKey, "activated_at"); err != nil {
				return registry.Event{}, err
			}
			next, err := oauth.GenerateKey(k.Alg)
			if err == nil {
				err = t.insertKey(ctx, db.key, next, oauth.NextKey)
			}
			if err != nil {
				return registry.Event{}, err
			}
			signing, published = append(signing, k.ID), append(published, next.ID)
		}
		return registry.Event{
			Before: snapshot(map[string][]string{"active": retired}),
			After:  snapshot(map[string][]string{"active": signing, "next": published}),
		}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("rotate keys: %w", err)
	}
	return signing, nil
}

func (t *tx) setKeyState(ctx context.Context, id string, state oauth.KeyState, at string) error {
	_, err := t.ExecContext(ctx, `UPDATE signing_keys SET state = $1, `+at+` = $2 WHERE id = $3`, state, t.now.Unix(), id)
	return err
}

// insertKey writes a key. Where its algorithm has one in that state already it
// fails with registry.ErrConflict, and the transaction can go on.
func (t *tx) insertKey(ctx context.Context, seal Key, k oauth.Key, state oauth.KeyState) error {
	private, err := k.MarshalPrivate()
	if err != nil {
		return err
	}
	var activated time.Time
	if state == oauth.ActiveKey {
		activated = t.now
	}
	result, err := t.ExecContext(ctx, `
		INSERT INTO signing_keys (id, alg, state, sealed, created_at, activated_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		k.ID, k.Alg, state, seal.seal(sealedKey, private), t.now.Unix(), nullUnix(activated))
	if err != nil {
		return fmt.Errorf("insert signing key: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return cmp.Or(err, registry.ErrConflict)
	}
	return nil
}
