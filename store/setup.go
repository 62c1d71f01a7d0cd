package store

import (
	"context"
	"errors"
	"fmt"

	"clientele/registry"
)

// ErrSetupCode means that a setup link's code is not one that was printed.
var ErrSetupCode = errors.New("unknown setup code")

// NewSetupCode returns the code of a new link to the setup page. It is not
// needed any more once there is a user. Codes of links printed before stay good.
func (db *DB) NewSetupCode(ctx context.Context) (code string, needed bool, err error) {
	code = newToken()
	err = db.inTx(ctx, registry.System, false, func(t *tx) error {
		if needed, err = t.needsSetup(ctx); err != nil || !needed {
			return err
		}
		_, err := t.ExecContext(ctx, `INSERT INTO setup_codes (hash, created_at) VALUES ($1, $2)`, hashToken(code), t.now.Unix())
		return err
	})
	if err != nil || !needed {
		return "", false, err
	}
	return code, true, nil
}

// CheckSetupCode returns nil when code opens the setup page, ErrSetupCode when
// it does not, and registry.ErrNotFound once there is a user.
func (db *DB) CheckSetupCode(ctx context.Context, code string) error {
	return db.inTx(ctx, registry.System, true, func(t *tx) error { return t.checkSetupCode(ctx, code) })
}

// Setup makes the team and its first administrator, for who holds a setup
// code. from says where the request came from. It fails like CheckSetupCode,
// and with registry.Invalid; of many at once one succeeds.
func (db *DB) Setup(ctx context.Context, from registry.Actor, code string, in registry.Setup) (registry.User, error) {
	if err := db.CheckSetupCode(ctx, code); err != nil { // before a password is hashed for just anyone
		return registry.User{}, err
	}
	in = in.Clean()
	in.Admin = true
	if err := registry.Check(in); err != nil {
		return registry.User{}, err
	}
	hash, err := db.passwords.hash(ctx, in.Password)
	if err != nil {
		return registry.User{}, err
	}
	var user registry.User
	what := intent{action: "team.create", target: registry.Target{Type: "team", ID: "team", Name: in.Team}}
	err = db.change(ctx, from, what, func(t *tx) (registry.Event, error) {
		if err := t.checkSetupCode(ctx, code); err != nil {
			return registry.Event{}, err
		}
		if err := t.insertTeam(ctx, in.Team); err != nil {
			return registry.Event{}, err
		}
		var err error
		if user, err = t.insertUser(ctx, in.NewUser, hash); err != nil {
			return registry.Event{}, err
		}
		t.by = user.Actor()
		t.by.Address, t.by.RequestID = from.Address, from.RequestID
		return registry.Event{After: snapshot(map[string]string{"name": in.Team})}, t.appendEvent(ctx, userCreated(user, true))
	})
	if err != nil {
		return registry.User{}, fmt.Errorf("set up: %w", err)
	}
	return user, nil
}

func (t *tx) checkSetupCode(ctx context.Context, code string) error {
	if needed, err := t.needsSetup(ctx); err != nil {
		return err
	} else if !needed {
		return registry.ErrNotFound
	}
	var known bool
	err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM setup_codes WHERE hash = $1)`, hashToken(code)).Scan(&known)
	if err != nil {
		return fmt.Errorf("look for the setup code: %w", err)
	}
	if !known {
		return ErrSetupCode
	}
	return nil
}

func (t *tx) needsSetup(ctx context.Context) (needed bool, err error) {
	err = t.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 FROM team)`).Scan(&needed)
	if err != nil {
		return false, fmt.Errorf("look for a team: %w", err)
	}
	return needed, nil
}

// insertTeam writes the one row that all who set up race for, and spends every
// setup code.
func (t *tx) insertTeam(ctx context.Context, name string) error {
	result, err := t.ExecContext(ctx, `INSERT INTO team (id, name, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`, name, t.now.Unix())
	if err != nil {
		return fmt.Errorf("insert team: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return registry.ErrNotFound
	}
	_, err = t.ExecContext(ctx, `DELETE FROM setup_codes`)
	return err
}
