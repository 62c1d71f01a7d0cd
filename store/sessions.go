package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele/registry"
)

const (
	// SessionLifetime is when a session ends, however much it is used.
	SessionLifetime = 7 * 24 * time.Hour
	// SessionIdle is how long a session may go unused.
	SessionIdle = 12 * time.Hour

	seenEvery = time.Minute // how exactly last use is kept
)

// Session is who a browser is signed in as.
type Session struct {
	User registry.User
	Team registry.Team   // without a name before there is one
	Held []registry.Held // permissions on the whole of built-in services, and of services whose permissions users may look after; for showing and hiding: use cases look themselves
	Owns bool            // an application
	Data string          // as Remember was told

	SignedInAt time.Time
}

// May reports whether the user held p when the session was read.
func (s Session) May(p registry.Permission) bool {
	return registry.Decide(s.Held, nil, registry.Question{Permission: p}).Allowed
}

// Visit is a browser that someone signs in with.
type Visit struct {
	UserID  string
	Address string
	Agent   string // its User-Agent
	Device  string // the token by which SignIn knows it; "" when someone comes without a password
}

// StartSession signs a user in and returns the token that says so, 256 random
// bits of which only a hash is kept. It fails with ErrSignIn for who may not
// sign in, and when the password was stopped since SignIn looked at it.
func (db *DB) StartSession(ctx context.Context, v Visit) (token string, err error) {
	token = newToken()
	err = db.inTx(ctx, registry.System, false, func(t *tx) error {
		err := t.onUser(ctx, `UPDATE users SET last_signed_in_at = $2 WHERE id = $1 AND disabled_at IS NULL`, v.UserID, t.now.Unix())
		if err != nil {
			return err
		}
		if v.Device != "" {
			err := t.QueryRowContext(ctx, `SELECT 1 FROM devices WHERE hash = $1 AND user_id = $2`, hashToken(v.Device), v.UserID).Scan(new(int))
			if errors.Is(err, sql.ErrNoRows) { // the password was stopped since it was looked at
				return ErrSignIn
			}
			if err != nil {
				return err
			}
		}
		_, err = t.ExecContext(ctx, `
			INSERT INTO sessions (hash, user_id, data, created_at, seen_at, expires_at, address, agent)
			VALUES ($1, $2, '', $3, $3, $4, $5, $6)`,
			hashToken(token), v.UserID, t.now.Unix(), t.now.Add(SessionLifetime).Unix(), v.Address, asText(v.Agent[:min(len(v.Agent), 200)]))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("start session: %w", err)
	}
	return token, nil
}

// sessionQuery finds the session of that hash which lives at that time and was in
// use since then.
const sessionQuery = `
	SELECT u.id, u.email, u.name, u.created_at, COALESCE(m.name, ''), COALESCE(m.logo_hash, ''), s.data, s.created_at, s.seen_at,
		EXISTS (SELECT 1 FROM application_owners o JOIN applications a ON a.id = o.application_id AND a.deleted_at IS NULL WHERE o.user_id = u.id)
	FROM sessions s JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL LEFT JOIN team m ON m.id = 1
	WHERE s.hash = $1 AND s.expires_at > $2 AND s.seen_at > $3`

// Session returns the live session with that token, or registry.ErrNotFound
// when there is none: signed out, idle for SessionIdle, older than
// SessionLifetime, or its user disabled.
func (db *DB) Session(ctx context.Context, token string) (Session, error) {
	var s Session
	var seen time.Time
	now := db.now()
	err := db.queryRow(ctx, sessionQuery,
		hashToken(token), now.Unix(), now.Add(-SessionIdle).Unix()).
		Scan(&s.User.ID, &s.User.Email, &s.User.Name, seconds{&s.User.CreatedAt}, &s.Team.Name, &s.Team.Logo, &s.Data, seconds{&s.SignedInAt}, seconds{&seen}, &s.Owns)
	if errors.Is(err, sql.ErrNoRows) {
		return s, registry.ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("read session: %w", db.noteDamage(ctx, err))
	}
	s.Held, err = collectHeld(db.query(ctx, heldByUserQuery, registry.UserSubject, s.User.ID, registry.ManageOwnPermissions))
	if err != nil {
		return s, err
	}
	if now.Sub(seen) >= seenEvery {
		db.sawSession(ctx, token)
	}
	return s, nil
}

// sawSession notes that a session is in use. That may fail while the database
// only reads; the session goes on.
func (db *DB) sawSession(ctx context.Context, token string) {
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE sessions SET seen_at = $1 WHERE hash = $2 AND seen_at < $1`, t.now.Unix(), hashToken(token))
		return err
	})
	if err != nil && ctx.Err() == nil {
		db.log.WarnContext(ctx, "a session's last use could not be noted", "err", err)
	}
}

// Remember keeps data with the session, for its next page. An ended session
// remembers nothing.
func (db *DB) Remember(ctx context.Context, token, data string) error {
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE sessions SET data = $1 WHERE hash = $2`, data, hashToken(token))
		return err
	})
	if err != nil {
		return fmt.Errorf("remember in session: %w", err)
	}
	return nil
}

// EndSession signs a browser out. Its token is dead at once on every instance,
// and a secret it was still to be shown is lost.
func (db *DB) EndSession(ctx context.Context, token string) error {
	err := db.inTx(ctx, registry.System, false, func(t *tx) error { return t.endSession(ctx, hashToken(token)) })
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

func (t *tx) endSession(ctx context.Context, hash string) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM shown_secrets WHERE session_hash = $1`, hash); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1`, hash)
	return err
}

// sessionsShown is how many of their sessions users are shown.
const sessionsShown = 100

// EndOwnSession signs one of a user's browsers out, by the ID that Profile
// gives it. It fails with registry.ErrNotFound when the user has no such session.
func (db *DB) EndOwnSession(ctx context.Context, by registry.Actor, id string) error {
	err := db.inTx(ctx, by, false, func(t *tx) error {
		hashes, err := t.sessionHashes(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(hashes, func(hash string) bool { return sessionID(hash) == id })
		if i < 0 {
			return registry.ErrNotFound
		}
		return t.endSession(ctx, hashes[i])
	})
	if err != nil {
		return fmt.Errorf("end own session: %w", err)
	}
	return nil
}

// EndOtherSessions signs all of a user's browsers out but the one with that
// token.
func (db *DB) EndOtherSessions(ctx context.Context, by registry.Actor, token string) error {
	err := db.inTx(ctx, by, false, func(t *tx) error {
		hashes, err := t.sessionHashes(ctx)
		if err != nil {
			return err
		}
		if !slices.Contains(hashes, hashToken(token)) { // it was signed out itself
			return registry.ErrNotFound
		}
		_, err = t.endSessions(ctx, by.ID, hashToken(token))
		return err
	})
	if err != nil {
		return fmt.Errorf("end other sessions: %w", err)
	}
	return nil
}

// sessionHashes returns the hashes of the sessions of the user whose
// transaction it is.
func (t *tx) sessionHashes(ctx context.Context) ([]string, error) {
	if t.by.Type != registry.UserActor {
		return nil, registry.ErrNotFound
	}
	rows, err := t.QueryContext(ctx, `SELECT hash FROM sessions WHERE user_id = $1`, t.by.ID)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(hash *string) []any { return []any{hash} })
}

// endSessions signs all of a user's browsers out but one, and returns how many.
func (t *tx) endSessions(ctx context.Context, userID, exceptHash string) (int, error) {
	_, err := t.ExecContext(ctx, `
		DELETE FROM shown_secrets WHERE session_hash IN (SELECT hash FROM sessions WHERE user_id = $1 AND hash <> $2)`, userID, exceptHash)
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	result, err := t.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = $1 AND hash <> $2`, userID, exceptHash)
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// renewSession gives a user's session another token. A secret that it was
// still to be shown is lost, because the old token sealed it.
func (t *tx) renewSession(ctx context.Context, userID, token, renewed string) error {
	result, err := t.ExecContext(ctx, `UPDATE sessions SET hash = $1 WHERE hash = $2 AND user_id = $3`, hashToken(renewed), hashToken(token), userID)
	if err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return registry.ErrNotFound
	}
	_, err = t.ExecContext(ctx, `DELETE FROM shown_secrets WHERE session_hash = $1`, hashToken(token))
	return err
}

// sessionsOf returns a user's live sessions: the current one, then the last used.
func (t *tx) sessionsOf(ctx context.Context, userID, currentHash string) ([]registry.UserSession, error) {
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		SELECT hash, agent, address, created_at, seen_at, hash = $2 FROM sessions
		WHERE user_id = $1 AND expires_at > $3 AND seen_at > $4
		ORDER BY hash = $2 DESC, seen_at DESC, hash LIMIT %d`, sessionsShown),
		userID, currentHash, t.now.Unix(), t.now.Add(-SessionIdle).Unix())
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	all, err := collect(rows, func(s *registry.UserSession) []any {
		return []any{&s.ID, &s.Agent, &s.Address, seconds{&s.SignedInAt}, seconds{&s.SeenAt}, &s.Current}
	})
	for i := range all {
		all[i].ID = sessionID(all[i].ID)
	}
	return all, err
}

// sessionID returns the name of a session on pages, which tells nobody its
// token, nor the hash of that.
func sessionID(hash string) string {
	sum := sha256.Sum256([]byte("name of a session: " + hash))
	return hex.EncodeToString(sum[:16])
}

// newToken returns a token of 260 random bits, of which hashToken is stored.
func newToken() string { return rand.Text() + rand.Text() }

// hashToken returns what is stored of a session token, device token or setup
// code. A plain hash is enough because they are random.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// asText returns what a client sent as text that PostgreSQL takes, too.
func asText(sent string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(sent, "?"), "\x00", "?")
}
