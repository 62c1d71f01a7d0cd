package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"clientele/registry"
)

// ErrSignIn means that no user who may sign in has that e-mail address and
// password. It does not say which of the two is wrong.
var ErrSignIn = errors.New("wrong e-mail address or password")

// ThrottledError means that too many sign-ins were attempted: by one browser,
// from one address, to one account, or by so many that passwords wait in line.
type ThrottledError struct{ RetryAfter time.Duration }

func (e ThrottledError) Error() string {
	return fmt.Sprintf("too many sign-in attempts, try again in %s", e.RetryAfter)
}

// What may be attempted in a quarter hour. A browser that signed in before has
// an allowance of its own, so that nobody can use up someone else's.
const (
	attemptWindow      = 15 * time.Minute
	attemptsPerAccount = 10
	attemptsPerDevice  = 10
	attemptsPerAddress = 50
)

// DeviceLifetime is how long a browser is known that signed in.
const DeviceLifetime = 180 * 24 * time.Hour

// Credentials are what someone signs in with.
type Credentials struct {
	Email    string `form:"email"`
	Password string `form:"password"`
	Device   string `form:"-"` // the token of a browser that signed in before, or ""
	Address  string `form:"-"` // where the request came from
}

// account is what signing in needs to know of a user.
type account struct {
	registry.User
	passwordHash string
	device       bool // the browser signed in to it before
}

// SignIn returns the user with those credentials, and a token by which the
// browser is known next time. It fails with ErrSignIn, and with ThrottledError
// before a password is looked at. It takes as long for an address that nobody
// has, or whose user is disabled, as for a wrong password.
func (db *DB) SignIn(ctx context.Context, in Credentials) (user registry.User, device string, err error) {
	var who account
	err = db.inTx(ctx, registry.System, false, func(t *tx) error {
		if who, err = t.account(ctx, in); err != nil {
			return err
		}
		return t.countAttempt(ctx, in, who.device)
	})
	if err != nil {
		return user, "", fmt.Errorf("count a sign-in: %w", err)
	}
	right, err := db.passwords.matches(ctx, in.Password, who.passwordHash)
	if err != nil {
		return user, "", err
	}
	if !right || !who.DisabledAt.IsZero() {
		return user, "", ErrSignIn
	}
	device, err = db.knowDevice(ctx, who, in.Device)
	return who.User, device, err
}

// account returns the account with the e-mail address, or an empty one.
func (t *tx) account(ctx context.Context, in Credentials) (a account, err error) {
	key := registry.EmailKey(in.Email)
	err = t.QueryRowContext(ctx, `
		SELECT id, email, name, created_at, disabled_at, password_hash,
			EXISTS (SELECT 1 FROM devices WHERE hash = $2 AND user_id = users.id AND expires_at > $3)
		FROM users WHERE email_key = $1`, asText(key), hashToken(in.Device), t.now.Unix()).Scan(
		&a.ID, &a.Email, &a.Name, seconds{&a.CreatedAt}, seconds{&a.DisabledAt}, &a.passwordHash, &a.device)
	if errors.Is(err, sql.ErrNoRows) {
		return account{}, nil
	}
	return a, err
}

// countAttempt counts an attempt before its password costs anything, in one
// statement a bucket, so that attempts at once are all counted. It fails with
// ThrottledError when there were too many.
func (t *tx) countAttempt(ctx context.Context, in Credentials, knownDevice bool) error {
	if knownDevice {
		return t.countIn(ctx, "device:"+hashToken(in.Device), attemptsPerDevice)
	}
	if err := t.countIn(ctx, "address:"+network(in.Address), attemptsPerAddress); err != nil {
		return err
	}
	typed := sha256.Sum256([]byte(registry.EmailKey(in.Email))) // people type passwords there, too
	return t.countIn(ctx, "account:"+hex.EncodeToString(typed[:]), attemptsPerAccount)
}

func (t *tx) countIn(ctx context.Context, bucket string, limit int) error {
	starts := t.now.Truncate(attemptWindow)
	var attempts int
	// Of two instances whose clocks differ, the one ahead begins the next quarter hour.
	err := t.QueryRowContext(ctx, `
		INSERT INTO signin_attempts (bucket, starts, attempts) VALUES ($1, $2, 1)
		ON CONFLICT (bucket) DO UPDATE SET
			attempts = CASE WHEN signin_attempts.starts >= excluded.starts THEN signin_attempts.attempts + 1 ELSE 1 END,
			starts = CASE WHEN signin_attempts.starts >= excluded.starts THEN signin_attempts.starts ELSE excluded.starts END
		RETURNING attempts`, bucket, starts.Unix()).Scan(&attempts)
	if err != nil {
		return err
	}
	if attempts > limit {
		return ThrottledError{RetryAfter: starts.Add(attemptWindow).Sub(t.now)}
	}
	return nil
}

// network returns what of an address one caller cannot change at will: all of
// IPv4, the first 64 bits of IPv6.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	prefix, _ := ip.Prefix(64) // cannot fail for IPv6
	return prefix.String()
}

// knowDevice makes the browser known to the account for DeviceLifetime from
// now, and returns its token. It fails with ErrSignIn when the password, which
// takes long to be looked at, was stopped meanwhile.
func (db *DB) knowDevice(ctx context.Context, who account, device string) (string, error) {
	if !who.device {
		device = newToken()
	}
	err := db.inTx(ctx, registry.System, false, func(t *tx) error {
		// A lock, so that who stops the password comes before, or finds the browser to forget.
		err := t.onUser(ctx, `UPDATE users SET id = id WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL`, who.ID, who.passwordHash)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `
			INSERT INTO devices (hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at`,
			hashToken(device), who.ID, t.now.Unix(), t.now.Add(DeviceLifetime).Unix())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("remember the browser: %w", err)
	}
	return device, nil
}

// onUser runs an update of one user's row, and fails with ErrSignIn when that
// user may not sign in any more.
func (t *tx) onUser(ctx context.Context, statement string, args ...any) error {
	result, err := t.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return ErrSignIn
	}
	return nil
}
