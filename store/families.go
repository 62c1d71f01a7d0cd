package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele/oauth"
	"clientele/registry"
)

// retryWindow is how long a spent refresh token still yields its successor, for
// a client that the answer did not reach.
const retryWindow = 10 * time.Second

// successorPurpose seals a refresh token under the one that it succeeds.
const successorPurpose = "refresh token"

// authorizedColumns and authorizedFrom select what a family f still proves:
// neither it nor its consent has ended, and neither the user nor the client was
// cut off. $1 is now.
const (
	authorizedColumns = `f.id, c.id, f.application_id, u.id, u.name, u.email, f.nonce, f.signed_in_at, c.expires_at, f.scopes`
	authorizedFrom    = `families f
		JOIN consents c ON c.id = f.consent_id AND c.ended_at IS NULL AND c.expires_at > $1
		JOIN users u ON u.id = f.user_id AND u.disabled_at IS NULL
		JOIN applications a ON a.id = f.application_id AND a.status = 'active' AND a.deleted_at IS NULL`
)

// familyOf selects the family of the refresh token whose hash is $2.
const familyOf = `id IN (SELECT family_id FROM refresh_tokens WHERE hash = $2)`

// Family returns what the family still proves, or oauth.ErrNotGood. It is never
// older than the call.
func (db *DB) Family(ctx context.Context, id string) (a oauth.Authorized, err error) {
	err = db.inTx(ctx, registry.System, true, func(t *tx) error {
		a, err = t.authorized(ctx, `f.id = $2 AND f.spent_at IS NOT NULL`, id)
		return err
	})
	if err != nil {
		return oauth.Authorized{}, fmt.Errorf("read family: %w", err)
	}
	return a, nil
}

// authorized returns what the family that where selects still proves, or
// oauth.ErrNotGood.
func (t *tx) authorized(ctx context.Context, where string, args ...any) (a oauth.Authorized, err error) {
	var scopes string
	err = t.QueryRowContext(ctx, `SELECT `+authorizedColumns+` FROM `+authorizedFrom+` WHERE f.ended_at IS NULL AND `+where,
		append([]any{t.now.Unix()}, args...)...).Scan(
		&a.FamilyID, &a.ConsentID, &a.ClientID, &a.User.ID, &a.User.Name, &a.User.Email, &a.Nonce, seconds{&a.SignedInAt}, seconds{&a.EndsAt}, &scopes)
	if errors.Is(err, sql.ErrNoRows) {
		return a, oauth.ErrNotGood
	}
	if err != nil {
		return a, err
	}
	rows, err := t.QueryContext(ctx, `SELECT scope FROM consent_scopes WHERE consent_id = $1 AND allowed`, a.ConsentID)
	if err != nil {
		return a, err
	}
	allowed, err := collect(rows, func(scope *string) []any { return []any{scope} })
	a.Scopes = slices.DeleteFunc(strings.Fields(scopes), func(scope string) bool { return !slices.Contains(allowed, scope) })
	return a, err
}

// RedeemCode spends a code and returns what it proves with the first refresh
// token, or "" when none is wanted or the consent does not outlast an access
// token. The code stays unspent when accept fails, with that error. It fails
// with oauth.ErrNotGood, and with oauth.ErrReused when the client redeemed the
// code before: then all that it yielded is revoked.
func (db *DB) RedeemCode(ctx context.Context, by oauth.Caller, in oauth.CodeRedemption, accept func(oauth.Authorized) error) (a oauth.Authorized, refresh string, err error) {
	err = db.inTx(ctx, registry.System, false, func(t *tx) error {
		var family string
		err := t.QueryRowContext(ctx, `
			UPDATE families SET spent_at = $1
			WHERE code_hash = $2 AND application_id = $3 AND redirect_uri = $4 AND challenge = $5 AND code_expires_at > $1
			AND spent_at IS NULL AND ended_at IS NULL RETURNING id`,
			t.now.Unix(), hashToken(in.Code), by.ClientID, in.RedirectURI, in.Challenge).Scan(&family)
		if errors.Is(err, sql.ErrNoRows) {
			return t.whyNoCode(ctx, by.ClientID, in.Code)
		}
		if err != nil {
			return err
		}
		if a, err = t.authorized(ctx, `f.id = $2`, family); err != nil {
			return err
		}
		if err := accept(a); err != nil {
			return err
		}
		if in.Refresh && a.EndsAt.After(t.now.Add(oauth.AccessTokenLifetime)) {
			refresh, err = t.insertRefreshToken(ctx, family)
		}
		return err
	})
	if errors.Is(err, oauth.ErrReused) {
		err = errors.Join(err, db.endReused(ctx, by, `code_hash = $2`, hashToken(in.Code)))
	}
	if err != nil {
		return oauth.Authorized{}, "", fmt.Errorf("redeem code: %w", err)
	}
	return a, refresh, nil
}

// whyNoCode tells a code that the client redeemed before from any other that is
// not good.
func (t *tx) whyNoCode(ctx context.Context, clientID, code string) error {
	var reused bool
	err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM families WHERE code_hash = $1 AND application_id = $2 AND spent_at IS NOT NULL)`,
		hashToken(code), clientID).Scan(&reused)
	if err != nil {
		return err
	}
	if reused {
		return oauth.ErrReused
	}
	return oauth.ErrNotGood
}

// Refresh spends a client's refresh token and returns what it proves with the
// token that succeeds it. A token that was spent up to retryWindow ago, and
// whose successor was not used, yields the same successor. It stays unspent
// when accept fails, with that error. It fails with oauth.ErrNotGood, and with
// oauth.ErrReused for a token that was spent before: then the whole family is
// revoked.
func (db *DB) Refresh(ctx context.Context, by oauth.Caller, token string, accept func(oauth.Authorized) error) (a oauth.Authorized, next string, err error) {
	err = db.inTx(ctx, registry.System, false, func(t *tx) error {
		// A token of its own kind is locked first, so that of several at once each sees what the one before did.
		var family string
		var spent time.Time
		var sealed []byte
		err := t.QueryRowContext(ctx, `
			UPDATE refresh_tokens SET created_at = created_at
			WHERE hash = $1 AND EXISTS (SELECT 1 FROM families f WHERE f.id = family_id AND f.application_id = $2)
			RETURNING family_id, spent_at, successor`, hashToken(token), by.ClientID).Scan(&family, seconds{&spent}, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return oauth.ErrNotGood
		}
		if err != nil {
			return err
		}
		if a, err = t.authorized(ctx, `f.id = $2`, family); err != nil {
			return err
		}
		if !spent.IsZero() && (sealed == nil || !t.now.Before(spent.Add(retryWindow))) {
			return oauth.ErrReused
		}
		if err := accept(a); err != nil {
			return err
		}
		if !spent.IsZero() {
			plain, err := unseal([]byte(token), successorPurpose, sealed)
			next = string(plain)
			return err
		}
		next, err = t.succeed(ctx, family, token)
		return err
	})
	if errors.Is(err, oauth.ErrReused) {
		err = errors.Join(err, db.endReused(ctx, by, familyOf, hashToken(token)))
	}
	if err != nil {
		return oauth.Authorized{}, "", fmt.Errorf("refresh: %w", err)
	}
	return a, next, nil
}

// succeed spends a refresh token and returns the one that follows it. The one
// before it yields no successor any more: that was used.
func (t *tx) succeed(ctx context.Context, family, token string) (next string, err error) {
	// The comparison of spent_at, which is always true, has SQLite take the index of those few that keep a successor.
	if _, err := t.ExecContext(ctx, `UPDATE refresh_tokens SET successor = NULL WHERE family_id = $1 AND spent_at > 0 AND successor IS NOT NULL`, family); err != nil {
		return "", err
	}
	if next, err = t.insertRefreshToken(ctx, family); err != nil {
		return "", err
	}
	_, err = t.ExecContext(ctx, `UPDATE refresh_tokens SET spent_at = $1, successor = $2 WHERE hash = $3`,
		t.now.Unix(), seal([]byte(token), successorPurpose, []byte(next)), hashToken(token))
	return next, err
}

func (t *tx) insertRefreshToken(ctx context.Context, family string) (string, error) {
	token := "rt_" + rand.Text() + rand.Text()
	_, err := t.ExecContext(ctx, `INSERT INTO refresh_tokens (hash, family_id, created_at) VALUES ($1, $2, $3)`, hashToken(token), family, t.now.Unix())
	if err != nil {
		return "", fmt.Errorf("insert refresh token: %w", err)
	}
	return token, nil
}

// endReused ends a client's family, of which a code or a refresh token was used
// again, and has the user and the audit log told. One that ended before is no
// news.
func (db *DB) endReused(ctx context.Context, by oauth.Caller, where, arg string) error {
	return db.endFamily(context.WithoutCancel(ctx), by, "consent.reuse-detected", where, arg, func(t *tx, consent string) error {
		_, err := t.ExecContext(ctx, `UPDATE consents SET reused_at = $1 WHERE id = $2`, t.now.Unix(), consent)
		return err
	})
}

// endFamily ends a client's family that where selects by arg, as $2, and does
// then what more there is to do.
func (db *DB) endFamily(ctx context.Context, by oauth.Caller, action, where, arg string, then func(*tx, string) error) error {
	actor, err := db.caller(ctx, by)
	if err != nil {
		return err
	}
	what := intent{action: action, target: registry.Target{Type: "application", ID: by.ClientID, Name: actor.Name}}
	return db.change(ctx, actor, what, func(t *tx) (registry.Event, error) {
		var consent, user, name string
		err := t.QueryRowContext(ctx, `
			UPDATE families SET ended_at = $1 WHERE ended_at IS NULL AND `+where+` AND application_id = $3
			RETURNING consent_id, user_id, (SELECT name FROM users WHERE id = user_id)`,
			t.now.Unix(), arg, by.ClientID).Scan(&consent, &user, &name)
		if errors.Is(err, sql.ErrNoRows) {
			return registry.Event{}, errUnchanged
		}
		if err != nil {
			return registry.Event{}, err
		}
		return registry.Event{After: snapshot(map[string]any{"consent": consent, "user": user, "user_name": name})}, then(t, consent)
	})
}

// caller returns a client as the actor of its request, or registry.ErrNotFound.
func (db *DB) caller(ctx context.Context, by oauth.Caller) (registry.Actor, error) {
	actor, err := db.ApplicationActor(ctx, by.ClientID)
	actor.Address, actor.RequestID = by.Address, by.RequestID
	return actor, err
}

// EndFamily ends the family of a client's refresh token. It does nothing when
// the client has no such token.
func (db *DB) EndFamily(ctx context.Context, by oauth.Caller, token string) error {
	err := db.endFamily(ctx, by, "consent.sign-out", familyOf, hashToken(token), func(*tx, string) error { return nil })
	if err != nil {
		return fmt.Errorf("revoke a refresh token: %w", err)
	}
	return nil
}

// RevokeToken makes the access token of that jti be good for nothing, at once.
// until is when it would have ended.
func (db *DB) RevokeToken(ctx context.Context, jti string, until time.Time) error {
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING`, jti, until.Unix())
		return err
	})
	if err != nil {
		return fmt.Errorf("revoke an access token: %w", err)
	}
	return nil
}

const revokedQuery = `SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = $1)`

// TokenRevoked reports whether the access token of that jti was revoked by its
// client. It is never older than the call.
func (db *DB) TokenRevoked(ctx context.Context, jti string) (revoked bool, err error) {
	err = db.queryRow(ctx, revokedQuery, jti).Scan(&revoked)
	if err != nil {
		return false, fmt.Errorf("look for a revoked token: %w", db.noteDamage(ctx, err))
	}
	return revoked, nil
}

// MayIntrospect returns nil when the client holds the permission to introspect
// tokens, and otherwise registry.Forbidden, which is recorded.
func (db *DB) MayIntrospect(ctx context.Context, by oauth.Caller) error {
	actor, err := db.caller(ctx, by)
	if err != nil {
		return err
	}
	return db.Require(ctx, actor, "token.introspect", registry.ApplicationTarget(by.ClientID), registry.IntrospectTokens)
}

// forgetSuccessors wipes the refresh tokens that were kept for a retry, once
// it is too late for that.
func (db *DB) forgetSuccessors(ctx context.Context) {
	until := db.now().Add(-retryWindow).Unix()
	var any bool
	err := db.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM refresh_tokens WHERE successor IS NOT NULL AND spent_at <= $1)`, until).Scan(&any)
	if err == nil && any {
		err = db.inTx(ctx, registry.System, false, func(t *tx) error {
			_, err := t.ExecContext(ctx, `UPDATE refresh_tokens SET successor = NULL WHERE successor IS NOT NULL AND spent_at <= $1`, until)
			return err
		})
	}
	if err != nil && ctx.Err() == nil {
		db.log.WarnContext(ctx, "refresh tokens kept for a retry could not be wiped yet", "err", err)
	}
}
