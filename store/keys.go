package store

import (
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
			return nil, fmt.Errorf("open signing key %s: %w", r.id, err)
		}
		if keys[i], err = oauth.ParseKey(r.alg, private); err != nil {
			return nil, fmt.Errorf("signing key %s: %w", r.id, err)
		}
		keys[i].State, keys[i].CreatedAt, keys[i].ActivatedAt, keys[i].RetiredAt = r.state, r.createdAt, r.activatedAt, r.retired
	}
	return keys, nil
}

// ensureSigningKeys makes the active and the next key of alg where there are none.
func (db *DB) ensureSigningKeys(ctx context.Context, alg string) error {
	what := intent{action: "keys.create", target: signingKeys}
	err := db.change(ctx, registry.System, what, func(t *tx) (registry.Event, error) {
		var present int
		if err := t.QueryRowContext(ctx, `SELECT count(*) FROM signing_keys WHERE alg = $1`, alg).Scan(&present); err != nil {
			return registry.Event{}, err
		}
		if present > 0 {
			return registry.Event{}, errUnchanged
		}
		active, err := t.insertKey(ctx, db.key, alg, oauth.ActiveKey)
		if err != nil {
			return registry.Event{}, err
		}
		next, err := t.insertKey(ctx, db.key, alg, oauth.NextKey)
		return registry.Event{After: snapshot(map[string]string{"alg": alg, "active": active, "next": next})}, err
	})
	if isDuplicate(err, "signing_keys") {
		return nil // another instance was quicker
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
			next, err := t.insertKey(ctx, db.key, k.Alg, oauth.NextKey)
			if err != nil {
				return registry.Event{}, err
			}
			signing, published = append(signing, k.ID), append(published, next)
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

func (t *tx) insertKey(ctx context.Context, seal Key, alg string, state oauth.KeyState) (string, error) {
	k, err := oauth.GenerateKey(alg)
	if err != nil {
		return "", err
	}
	private, err := k.MarshalPrivate()
	if err != nil {
		return "", err
	}
	var activated time.Time
	if state == oauth.ActiveKey {
		activated = t.now
	}
	_, err = t.ExecContext(ctx, `
		INSERT INTO signing_keys (id, alg, state, sealed, created_at, activated_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		k.ID, alg, state, seal.seal(sealedKey, private), t.now.Unix(), nullUnix(activated))
	return k.ID, err
}
