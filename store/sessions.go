package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	Team string          // name of the team, or ""
	Held []registry.Held // permissions on the whole of built-in services, for showing and hiding; use cases look themselves
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
}

// StartSession signs a user in and returns the token that says so, 256 random
// bits of which only a hash is kept.
func (db *DB) StartSession(ctx context.Context, v Visit) (token string, err error) {
	token = newToken()
	err = db.inTx(ctx, registry.System, false, func(t *tx) error {
		_, err := t.ExecContext(ctx, `
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

// Session returns the live session with that token, or registry.ErrNotFound
// when there is none: signed out, idle for SessionIdle, older than
// SessionLifetime, or its user disabled.
func (db *DB) Session(ctx context.Context, token string) (Session, error) {
	var s Session
	var seen time.Time
	now := db.now()
	rows, err := db.read.QueryContext(ctx, `
		SELECT u.id, u.email, u.name, u.created_at, COALESCE((SELECT name FROM team), ''), s.data, s.created_at, s.seen_at,
			COALESCE(g.service, ''), CASE g.kind WHEN 'permission' THEN g.key ELSE COALESCE(p.permission, '') END, COALESCE(p.template, '')
		FROM sessions s
		JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
		LEFT JOIN grants g ON g.subject_type = 'user' AND g.subject_id = u.id AND g.object = ''
			AND g.service IN (SELECT key FROM services WHERE builtin)
		LEFT JOIN template_permissions p ON g.kind = 'template' AND p.service = g.service AND p.template = g.key
		WHERE s.hash = $1 AND s.expires_at > $2 AND s.seen_at > $3`,
		hashToken(token), now.Unix(), now.Add(-SessionIdle).Unix())
	if err != nil {
		return s, fmt.Errorf("read session: %w", err)
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		var h registry.Held
		if err := rows.Scan(&s.User.ID, &s.User.Email, &s.User.Name, seconds{&s.User.CreatedAt}, &s.Team, &s.Data, seconds{&s.SignedInAt}, seconds{&seen},
			&h.Permission.Service, &h.Permission.Key, &h.Template); err != nil {
			return s, fmt.Errorf("read session: %w", err)
		}
		found = true
		if h.Permission.Key != "" {
			s.Held = append(s.Held, h)
		}
	}
	if err := rows.Err(); err != nil {
		return s, fmt.Errorf("read session: %w", err)
	}
	if !found {
		return s, registry.ErrNotFound
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
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		if _, err := t.ExecContext(ctx, `DELETE FROM shown_secrets WHERE session_hash = $1`, hashToken(token)); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1`, hashToken(token))
		return err
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
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
