package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"clientele/registry"
)

// granter returns the actor as far as they may give and take permissions.
func (t *tx) granter(ctx context.Context) (registry.Granter, error) {
	if t.by.Type == registry.OperatorActor {
		return registry.EveryGranter, nil
	}
	held, err := t.actorHolds(ctx)
	return registry.GranterHolding(held), err
}

// requireToGrant returns registry.Forbidden unless the actor may give and take
// the permissions of a service on object. One that there is not is for those
// who may manage permissions.
func (t *tx) requireToGrant(ctx context.Context, service, object string) error {
	g, err := t.granter(ctx)
	if err != nil {
		return err
	}
	s := registry.Service{Key: service}
	err = t.QueryRowContext(ctx, `SELECT granting FROM services WHERE key = $1`, asText(service)).Scan(&s.Granting)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read who may grant: %w", err)
	}
	return g.Require(s, object)
}

// requireDelegation returns registry.Forbidden when a new secret of app would
// give the actor what it may not give itself: an application that holds
// permissions, owned by others, is for those who could give all of them. Its
// owners may go on rotating.
func (t *tx) requireDelegation(ctx context.Context, app registry.Application) error {
	owns, err := t.owns(ctx, app.ID)
	if err != nil || owns {
		return err
	}
	return t.requireToGive(ctx, registry.Subject{Type: registry.ApplicationSubject, ID: app.ID})
}

// requireOver returns registry.Forbidden when the user is an administrator and
// the actor could not make one: who only manages users cannot turn against
// those who manage permissions.
func (t *tx) requireOver(ctx context.Context, u registry.UserRow) error {
	if !u.Admin {
		return nil
	}
	return t.require(ctx, registry.ManagePermissions)
}

// requireToGive returns registry.Forbidden when somebody would gain by the
// actor what the actor could not give: all that the subject holds, itself or
// through its groups, disabled or not.
func (t *tx) requireToGive(ctx context.Context, s registry.Subject) error {
	missing, err := t.beyond(ctx, s.Type, []string{s.ID})
	if err == nil {
		err = missing[s.ID]
	}
	return err
}

// beyond returns, of the subjects of those IDs, each that holds what the actor
// could not give, with the registry.Forbidden that says what that takes.
func (t *tx) beyond(ctx context.Context, kind registry.SubjectType, ids []string) (map[string]error, error) {
	g, err := t.granter(ctx)
	if err != nil || t.by.Type == registry.OperatorActor || len(ids) == 0 {
		return nil, err
	}
	if g.May(registry.Service{Granting: registry.Standard}, "") { // and so every service that is not restricted
		if restricted, err := t.restricts(ctx); err != nil || !restricted {
			return nil, err
		}
	}
	s := &selection{dialect: t.dialect}
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = s.bind(asText(id))
	}
	given := func(subject, from string, where ...string) string {
		return `SELECT ` + subject + `, v.key, v.granting, CASE v.granting WHEN 'restricted' THEN g.object ELSE '' END
			FROM ` + from + ` JOIN services v ON v.key = g.service WHERE ` + strings.Join(where, " AND ") + ` AND ` + subject + ` IN (` + strings.Join(list, ", ") + `)`
	}
	query := given("g.subject_id", "grants g", "g.subject_type = "+s.bind(string(kind)))
	if kind == registry.UserSubject {
		query += ` UNION ` + given("m.user_id", "group_members m JOIN grants g ON g.subject_id = m.group_id", "g.subject_type = 'group'")
	} else {
		query = strings.Replace(query, "SELECT", "SELECT DISTINCT", 1)
	}
	rows, err := t.QueryContext(ctx, query, s.args...)
	if err != nil {
		return nil, fmt.Errorf("look for permissions: %w", err)
	}
	type holding struct {
		subject, object string
		service         registry.Service
	}
	all, err := collect(rows, func(h *holding) []any {
		return []any{&h.subject, &h.service.Key, &h.service.Granting, &h.object}
	})
	if err != nil {
		return nil, fmt.Errorf("look for permissions: %w", err)
	}
	missing := map[string]error{}
	for _, h := range all {
		if err := g.Require(h.service, h.object); err != nil {
			missing[h.subject] = err
		}
	}
	return missing, nil
}

// RequireToGive returns registry.Forbidden, and records that the action on
// target was refused, unless by holds need on the whole service and could give
// all that the subject holds.
func (db *DB) RequireToGive(ctx context.Context, by registry.Actor, action string, target registry.Target, need registry.Permission, subject registry.Subject) error {
	return db.view(ctx, by, intent{action: action, target: target}, func(t *tx) error {
		if err := t.require(ctx, need); err != nil {
			return err
		}
		return t.requireToGive(ctx, subject)
	})
}

// RequireToGrant returns registry.Forbidden, and records that the action on
// target was refused, unless by may give and take the permissions of a service
// on object.
func (db *DB) RequireToGrant(ctx context.Context, by registry.Actor, action string, target registry.Target, service, object string) error {
	return db.view(ctx, by, intent{action: action, target: target}, func(t *tx) error { return t.requireToGrant(ctx, service, object) })
}
