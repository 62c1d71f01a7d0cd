package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"clientele/oauth"
	"clientele/registry"
)

var _ oauth.Store = (*DB)(nil)

// OAuthClient returns what the protocol needs to know of the client, or
// oauth.ErrUnknownClient, also for a deleted one. It is at most 2 s old.
func (db *DB) OAuthClient(ctx context.Context, id string) (*oauth.Client, error) {
	client, err := db.callingApplication(ctx, id)
	if err == nil && client.Key {
		return nil, oauth.ErrUnknownClient
	}
	return client, err
}

// KeyHolder returns the living application that has the application key of that
// hash, or had it until it was ended, or oauth.ErrUnknownClient. It is at most
// 2 s old.
func (db *DB) KeyHolder(ctx context.Context, hash string) (*oauth.Client, error) {
	var id string
	err := db.read.QueryRowContext(ctx, `
		SELECT a.id FROM secrets s JOIN applications a ON a.id = s.application_id WHERE s.hash = $1 AND a.type = 'application_key'`, hash).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, oauth.ErrUnknownClient
	}
	if err != nil {
		return nil, fmt.Errorf("find the application of a key: %w", db.noteDamage(ctx, err))
	}
	return db.callingApplication(ctx, id)
}

// callingApplication returns what there is to know of an application that
// proves who it is, of either type.
func (db *DB) callingApplication(ctx context.Context, id string) (*oauth.Client, error) {
	return cached(db, &db.clients, id, func() (client *oauth.Client, err error) {
		err = db.inTx(ctx, registry.System, true, func(t *tx) error {
			client, err = t.oauthClient(ctx, id, db.issuer)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("load client: %w", err)
		}
		if !client.Key && !db.cachedKeysSign(client.TokenAlg) {
			db.forget() // another process made the first keys of its algorithm
		}
		return client, nil
	})
}

func (t *tx) oauthClient(ctx context.Context, id, issuer string) (*oauth.Client, error) {
	c := &oauth.Client{ID: id}
	err := t.QueryRowContext(ctx, `
		SELECT name, type = 'application_key', status = 'disabled', auth_method, token_alg FROM applications
		WHERE id = $1 AND deleted_at IS NULL`, id).Scan(&c.Name, &c.Key, &c.Disabled, &c.AuthMethod, &c.TokenAlg)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, oauth.ErrUnknownClient
	}
	if err != nil {
		return nil, err
	}
	rows, err := t.QueryContext(ctx, `SELECT grant_type FROM application_grant_types WHERE application_id = $1 ORDER BY grant_type`, id)
	if err != nil {
		return nil, err
	}
	if c.Grants, err = collect(rows, func(grant *string) []any { return []any{grant} }); err != nil {
		return nil, err
	}
	rows, err = t.QueryContext(ctx, `
		SELECT s.key, s.service, CASE v.audience WHEN '' THEN $2 ELSE v.audience END FROM application_scopes a
		JOIN scopes s ON s.key = a.scope JOIN services v ON v.key = s.service
		WHERE a.application_id = $1 ORDER BY v.builtin DESC, v.position, s.position`, id, issuer)
	if err != nil {
		return nil, err
	}
	if c.Scopes, err = collect(rows, func(s *oauth.Scope) []any { return []any{&s.Key, &s.Service, &s.Audience} }); err != nil {
		return nil, err
	}
	rows, err = t.QueryContext(ctx, `SELECT uri FROM redirect_uris WHERE application_id = $1 ORDER BY position`, id)
	if err != nil {
		return nil, err
	}
	if c.RedirectURIs, err = collect(rows, func(uri *string) []any { return []any{uri} }); err != nil {
		return nil, err
	}
	if c.Networks, err = t.networksOf(ctx, id); err != nil {
		return nil, err
	}
	rows, err = t.QueryContext(ctx, `
		SELECT id, hash, expires_at, paused FROM secrets WHERE application_id = $1 AND (revoked_at IS NULL OR paused)`, id)
	if err != nil {
		return nil, err
	}
	c.Secrets, err = collect(rows, func(s *oauth.Secret) []any { return []any{&s.ID, digest{&s.Hash}, seconds{&s.ExpiresAt}, &s.Paused} })
	return c, err
}

// digest scans a hex SHA-256.
type digest struct{ to *[32]byte }

func (d digest) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("scan %T as a hash", src)
	}
	if n, err := hex.Decode(d.to[:], []byte(text)); err != nil || n != len(d.to) {
		return fmt.Errorf("%q is not a SHA-256 in hex", text)
	}
	return nil
}
