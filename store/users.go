package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele/registry"
)

// CreateUser makes a user, who may sign in at once. It needs the permission to
// manage users, and for an administrator also the one to manage permissions.
// It fails with registry.Invalid, which names every wrong field, also when
// someone has the e-mail address already.
func (db *DB) CreateUser(ctx context.Context, by registry.Actor, in registry.NewUser) (registry.User, error) {
	in = in.Clean()
	hash, err := db.passwords.hash(ctx, in.Password) // beforehand: it takes long, and writers wait for each other
	if err != nil {
		return registry.User{}, err
	}
	var user registry.User
	what := intent{action: "user.create", need: registry.ManageUsers, target: registry.Target{Type: "user", Name: in.Name}}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if in.Admin {
			if err := t.require(ctx, registry.ManagePermissions); err != nil {
				return registry.Event{}, err
			}
		}
		if err := t.checkUser(ctx, in); err != nil {
			return registry.Event{}, err
		}
		var err error
		user, err = t.insertUser(ctx, in, hash)
		return userCreated(user, in.Admin), err
	})
	if err != nil {
		return registry.User{}, fmt.Errorf("create user: %w", err)
	}
	return user, nil
}

func userCreated(u registry.User, admin bool) registry.Event {
	return registry.Event{
		Action: "user.create", Outcome: registry.Done,
		Target: registry.Target{Type: "user", ID: u.ID, Name: u.Name},
		After:  snapshot(map[string]any{"email": u.Email, "name": u.Name, "admin": admin}),
	}
}

// checkUser reports every rule that in breaks, those that need the database
// too.
func (t *tx) checkUser(ctx context.Context, in registry.NewUser) error {
	var team string
	var taken bool
	err := t.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT name FROM team), ''), EXISTS (SELECT 1 FROM users WHERE email_key = $1)`,
		asText(registry.EmailKey(in.Email))).Scan(&team, &taken)
	if err != nil {
		return fmt.Errorf("look for the user: %w", err)
	}
	err = registry.Check(registry.Setup{Team: team, NewUser: in})
	invalid, broken := errors.AsType[registry.Invalid](err)
	if err != nil && !broken {
		return err
	}
	if broken {
		delete(invalid, "team") // not asked for here
	}
	if taken && invalid["email"] == "" {
		if invalid == nil {
			invalid = registry.Invalid{}
		}
		invalid["email"] = emailTaken
	}
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

const emailTaken = "Someone in the team has this e-mail address already."

// insertUser writes a user whose input was checked. An administrator gets the
// Admin template of every built-in service.
func (t *tx) insertUser(ctx context.Context, in registry.NewUser, passwordHash string) (registry.User, error) {
	u := registry.User{ID: registry.NewUserID(), Email: in.Email, Name: in.Name, CreatedAt: t.now}
	_, err := t.ExecContext(ctx, `
		INSERT INTO users (id, email, email_key, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID, u.Email, registry.EmailKey(u.Email), u.Name, passwordHash, u.CreatedAt.Unix())
	if isDuplicate(err, "email_key") {
		return u, registry.Invalid{"email": emailTaken}
	}
	if err == nil && in.Admin {
		_, err = t.ExecContext(ctx, `
			INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
			SELECT 'user', CAST($1 AS TEXT), t.service, '', 'template', t.key, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM templates t
			JOIN services s ON s.key = t.service WHERE s.builtin AND t.key = 'admin'`,
			u.ID, t.now.Unix(), t.by.ID)
	}
	if err != nil {
		return u, fmt.Errorf("insert user: %w", err)
	}
	return u, nil
}

// Require returns registry.Forbidden, and records that the action on target was
// refused, unless by holds need on the whole service.
func (db *DB) Require(ctx context.Context, by registry.Actor, action string, target registry.Target, need registry.Permission) error {
	return db.view(ctx, by, intent{action: action, target: target}, func(t *tx) error { return t.require(ctx, need) })
}

// UserByEmail returns the user who signs in with that address, or
// registry.ErrNotFound. It needs the permission to manage users.
func (db *DB) UserByEmail(ctx context.Context, by registry.Actor, email string) (u registry.User, err error) {
	what := intent{action: "user.read", need: registry.ManageUsers, target: registry.Target{Type: "user"}}
	err = db.view(ctx, by, what, func(t *tx) error {
		err := t.QueryRowContext(ctx, `
			SELECT id, email, name, created_at, disabled_at FROM users WHERE email_key = $1`, asText(registry.EmailKey(email))).
			Scan(&u.ID, &u.Email, &u.Name, seconds{&u.CreatedAt}, seconds{&u.DisabledAt})
		if errors.Is(err, sql.ErrNoRows) {
			return registry.ErrNotFound
		}
		return err
	})
	if err != nil {
		return registry.User{}, fmt.Errorf("find the user: %w", err)
	}
	return u, nil
}
