package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"clientele/registry"
)

// Logo returns the PNG whose SHA-256 in hex the hash is, as far as it is the
// team's or some application's logo, or registry.ErrNotFound.
func (db *DB) Logo(ctx context.Context, hash string) (png []byte, err error) {
	err = db.read.QueryRowContext(ctx, `SELECT png FROM logos WHERE hash = $1 UNION ALL SELECT logo FROM team WHERE logo_hash = $1 AND logo IS NOT NULL LIMIT 1`, hash).Scan(&png)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, registry.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read logo: %w", err)
	}
	return png, nil
}

// changeLogo does with an application's logo what the edit says, and returns
// the hash of the one it has then, or "". A client that never asks users has none.
func (t *tx) changeLogo(ctx context.Context, app registry.Application, d registry.ClientDetails, edit registry.LogoEdit) (hash string, err error) {
	switch {
	case d.ActsForUsers() && edit.PNG != nil:
		return t.writeLogo(ctx, app.ID, edit.PNG)
	case d.ActsForUsers() && !edit.Remove:
		return app.Logo, nil
	}
	if _, err := t.ExecContext(ctx, `DELETE FROM logos WHERE application_id = $1`, app.ID); err != nil {
		return "", fmt.Errorf("remove logo: %w", err)
	}
	return "", nil
}

// writeLogo gives an application a logo, and returns its hash.
func (t *tx) writeLogo(ctx context.Context, id string, png []byte) (hash string, err error) {
	hash = hashLogo(png)
	_, err = t.ExecContext(ctx, `
		INSERT INTO logos (application_id, hash, png) VALUES ($1, $2, $3)
		ON CONFLICT (application_id) DO UPDATE SET hash = excluded.hash, png = excluded.png`, id, hash, png)
	if err != nil {
		return "", fmt.Errorf("write logo: %w", err)
	}
	return hash, nil
}

// hashLogo returns the hash by which a logo has its address.
func hashLogo(png []byte) string {
	sum := sha256.Sum256(png)
	return hex.EncodeToString(sum[:])
}

// logoHash returns the hash of an application's logo, or "" when it has none.
func (t *tx) logoHash(ctx context.Context, id string) (hash string, err error) {
	err = t.QueryRowContext(ctx, `SELECT hash FROM logos WHERE application_id = $1`, id).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read logo: %w", err)
	}
	return hash, nil
}
