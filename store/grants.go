package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele/registry"
)

// Grant gives a user or an application a permission or a template of a
// service. It needs the permission to manage permissions. What the subject
// holds already changes nothing. It fails with registry.Invalid when the
// catalogue lacks what is named, with registry.ErrNotFound when there is no
// such subject, and with registry.ErrLocked for an application of the platform.
func (db *DB) Grant(ctx context.Context, by registry.Actor, in registry.GrantInput) error {
	err := db.change(ctx, by, changeOfGrant("permission.grant", in), func(t *tx) (registry.Event, error) {
		target, err := t.lockSubject(ctx, in.Subject)
		if err != nil {
			return registry.Event{}, err
		}
		catalogue, err := t.catalogue(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if err := registry.CheckGrant(in, catalogue); err != nil {
			return registry.Event{}, err
		}
		return registry.Event{Target: target, After: snapshot(in.Held())}, t.insertGrant(ctx, in)
	})
	if err != nil {
		return fmt.Errorf("grant permission: %w", err)
	}
	return nil
}

// Ungrant takes from a subject what Grant gave it. What the subject does not
// hold changes nothing. It fails like Grant, and with registry.Invalid when
// nobody would be left who can manage users and permissions.
func (db *DB) Ungrant(ctx context.Context, by registry.Actor, in registry.GrantInput) error {
	err := db.change(ctx, by, changeOfGrant("permission.revoke", in), func(t *tx) (registry.Event, error) {
		target, err := t.lockSubject(ctx, in.Subject)
		if err != nil {
			return registry.Event{}, err
		}
		administrators, err := t.administrators(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if err := t.deleteGrant(ctx, in); err != nil {
			return registry.Event{}, err
		}
		left, err := t.administrators(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if administrators > 0 && left == 0 {
			return registry.Event{}, registry.Invalid{"key": "This is the last administrator. Make someone else one first, or nobody could manage users and permissions any more."}
		}
		return registry.Event{Target: target, Before: snapshot(in.Held())}, nil
	})
	if err != nil {
		return fmt.Errorf("take permission: %w", err)
	}
	return nil
}

func changeOfGrant(action string, in registry.GrantInput) intent {
	return intent{
		action: action, need: registry.ManagePermissions,
		target: registry.Target{Type: string(in.Subject.Type), ID: in.Subject.ID},
	}
}

// lockSubject returns a living subject as an event's target. What it holds and
// what the catalogue offers stays as it is until the transaction ends.
func (t *tx) lockSubject(ctx context.Context, s registry.Subject) (registry.Target, error) {
	if err := t.lockMeta(ctx); err != nil {
		return registry.Target{}, err
	}
	switch s.Type {
	case registry.ApplicationSubject:
		app, err := t.lockApplication(ctx, s.ID)
		return applicationTarget(app), err
	case registry.UserSubject:
		target := registry.Target{Type: "user", ID: s.ID}
		err := t.QueryRowContext(ctx, `SELECT name FROM users WHERE id = $1`, s.ID).Scan(&target.Name)
		if errors.Is(err, sql.ErrNoRows) {
			err = registry.ErrNotFound
		}
		return target, err
	default:
		return registry.Target{}, registry.ErrNotFound
	}
}

// insertGrant gives what was checked. It returns errUnchanged when the subject
// holds that already.
func (t *tx) insertGrant(ctx context.Context, in registry.GrantInput) error {
	return t.countGrant(ctx, in.Subject, +1, `
		INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		in.Subject.Type, in.Subject.ID, in.Service, in.Object, in.Kind, in.Key, t.now.Unix(), t.by.ID)
}

// deleteGrant takes a grant. It returns errUnchanged when the subject does not
// hold it.
func (t *tx) deleteGrant(ctx context.Context, in registry.GrantInput) error {
	return t.countGrant(ctx, in.Subject, -1, `
		DELETE FROM grants WHERE subject_type = $1 AND subject_id = $2 AND service = $3 AND object = $4 AND kind = $5 AND key = $6`,
		in.Subject.Type, in.Subject.ID, in.Service, in.Object, in.Kind, in.Key)
}

// countGrant runs a statement that adds or takes one grant, and keeps the
// number of them that an application's row has.
func (t *tx) countGrant(ctx context.Context, s registry.Subject, n int, statement string, args ...any) error {
	result, err := t.ExecContext(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("write grant: %w", err)
	}
	if changed, err := result.RowsAffected(); err != nil {
		return fmt.Errorf("write grant: %w", err)
	} else if changed == 0 {
		return errUnchanged
	}
	if s.Type != registry.ApplicationSubject {
		return nil
	}
	if _, err := t.ExecContext(ctx, `UPDATE applications SET grants = grants + $1 WHERE id = $2`, n, s.ID); err != nil {
		return fmt.Errorf("count grants: %w", err)
	}
	return nil
}

// administrators returns how many users can manage users and permissions, and
// so make others administrators.
func (t *tx) administrators(ctx context.Context) (n int, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT count(*) FROM (
			SELECT g.subject_id FROM grants g
			JOIN users u ON u.id = g.subject_id AND u.disabled_at IS NULL
			LEFT JOIN template_permissions p ON g.kind = 'template' AND p.service = g.service AND p.template = g.key
			WHERE g.subject_type = 'user' AND g.object = ''
			AND CASE g.kind WHEN 'permission' THEN g.key ELSE p.permission END = CASE g.service WHEN $1 THEN $2 WHEN $3 THEN $4 END
			GROUP BY g.subject_id HAVING count(DISTINCT g.service) = 2
		) AS those`,
		registry.ManageUsers.Service, registry.ManageUsers.Key, registry.ManagePermissions.Service, registry.ManagePermissions.Key).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count administrators: %w", err)
	}
	return n, nil
}
