package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"clientele/registry"
)

// Grant gives a user, a group or an application a permission or a template of
// a service. It needs the right to grant that: see registry.Granter. What the
// subject holds already changes nothing. It fails with registry.Invalid when the
// catalogue lacks what is named, with registry.ErrNotFound when there is no
// such subject, and with registry.ErrLocked for an application of the platform.
func (db *DB) Grant(ctx context.Context, by registry.Actor, in registry.GrantInput) error {
	err := db.change(ctx, by, changeOfGrant("permission.grant", in), func(t *tx) (registry.Event, error) {
		target, err := t.lockToGrant(ctx, in)
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
		target, err := t.lockToGrant(ctx, in)
		if err != nil {
			return registry.Event{}, err
		}
		err = t.keepGranters(ctx, "key", func() error { return t.deleteGrant(ctx, in) })
		return registry.Event{Target: target, Before: snapshot(in.Held())}, err
	})
	if err != nil {
		return fmt.Errorf("take permission: %w", err)
	}
	return nil
}

func changeOfGrant(action string, in registry.GrantInput) intent {
	return intent{action: action, target: registry.Target{Type: string(in.Subject.Type), ID: in.Subject.ID}}
}

// lockToGrant is lockSubject for who may give and take what in names.
func (t *tx) lockToGrant(ctx context.Context, in registry.GrantInput) (registry.Target, error) {
	if err := t.lockMeta(ctx); err != nil { // so that who may grant stays as it is
		return registry.Target{}, err
	}
	if err := t.requireToGrant(ctx, in.Service, in.Object); err != nil {
		return registry.Target{}, err
	}
	return t.lockSubject(ctx, in.Subject)
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
		return t.named(ctx, `SELECT name FROM users WHERE id = $1`, s)
	case registry.GroupSubject:
		return t.named(ctx, `SELECT name FROM user_groups WHERE id = $1`, s)
	default:
		return registry.Target{}, registry.ErrNotFound
	}
}

// named returns the subject whose name the query selects by its ID, or
// registry.ErrNotFound.
func (t *tx) named(ctx context.Context, query string, s registry.Subject) (registry.Target, error) {
	target := registry.Target{Type: string(s.Type), ID: s.ID}
	err := t.QueryRowContext(ctx, query, asText(s.ID)).Scan(&target.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return target, registry.ErrNotFound
	}
	if err != nil {
		return target, fmt.Errorf("name the %s: %w", s.Type, err)
	}
	return target, nil
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

// requireGrant returns errUnchanged when the subject does not hold the grant.
func (t *tx) requireGrant(ctx context.Context, in registry.GrantInput) error {
	return t.countGrant(ctx, in.Subject, 0, `
		UPDATE grants SET key = key WHERE subject_type = $1 AND subject_id = $2 AND service = $3 AND object = $4 AND kind = $5 AND key = $6`,
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

// usersHolding selects, as id, the users who hold all of those permissions on
// the whole service, by themselves or through a group, whether they can sign in
// or not. It reads what everybody holds of their services.
func usersHolding(permissions []registry.Permission) string {
	return `
		SELECT COALESCE(m.user_id, g.subject_id) AS id FROM grants g
		LEFT JOIN group_members m ON g.subject_type = 'group' AND m.group_id = g.subject_id ` + holding(permissions) + `
		AND (g.subject_type = 'user' OR m.user_id IS NOT NULL)
		GROUP BY COALESCE(m.user_id, g.subject_id) HAVING ` + held + fmt.Sprintf(` = %d`, len(permissions))
}

// userHolds is the condition that the user of that ID, an expression, is one of
// usersHolding. It reads what that user holds.
func userHolds(id string, permissions []registry.Permission) string {
	return `(
		SELECT ` + held + ` FROM (SELECT 'user' AS type, ` + id + ` AS id UNION ALL SELECT 'group', group_id FROM group_members WHERE user_id = ` + id + `) AS h
		JOIN grants g ON g.subject_type = h.type AND g.subject_id = h.id ` + holding(permissions) + fmt.Sprintf(`) = %d`, len(permissions))
}

// holding narrows grants g to those that give one of the permissions on the
// whole service.
func holding(permissions []registry.Permission) string {
	all, services := make([]string, len(permissions)), make([]string, len(permissions))
	for i, p := range permissions {
		all[i], services[i] = fmt.Sprintf("('%s', '%s')", p.Service, p.Key), "'"+p.Service+"'" // keys are safe as they are
	}
	return `
		LEFT JOIN template_permissions p ON g.kind = 'template' AND p.service = g.service AND p.template = g.key
		WHERE g.object = '' AND g.service IN (` + strings.Join(services, ", ") + `) AND (g.service, CASE g.kind WHEN 'permission' THEN g.key ELSE p.permission END) IN (VALUES ` + strings.Join(all, ", ") + `)`
}

// held counts the permissions that grants narrowed by holding give.
const held = `count(DISTINCT g.service || '/' || COALESCE(p.permission, g.key))`

// GroupNamed returns the group of that name as a holder of permissions, or
// registry.ErrNotFound. It needs the permission to view permissions.
func (db *DB) GroupNamed(ctx context.Context, by registry.Actor, name string) (registry.Subject, error) {
	group := registry.Subject{Type: registry.GroupSubject}
	what := intent{action: "group.read", need: registry.ViewPermissions, target: registry.Target{Type: "group"}}
	err := db.view(ctx, by, what, func(t *tx) error {
		err := t.QueryRowContext(ctx, `SELECT id FROM user_groups WHERE name_key = $1`, asText(registry.NameKey(name))).Scan(&group.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return registry.ErrNotFound
		}
		return err
	})
	if err != nil {
		return registry.Subject{}, fmt.Errorf("find the group: %w", err)
	}
	return group, nil
}
