package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// SetScopes makes the scopes that an application may ask for be those of in.
// It needs the permission to manage applications. What is as it was changes
// nothing. It fails with registry.Invalid when there is none, or one that the
// catalogue lacks, with registry.ErrNotFound, with registry.ErrLocked for an
// application of the platform, and with registry.ErrConflict when its scopes
// are not those the editor saw.
func (db *DB) SetScopes(ctx context.Context, by registry.Actor, id string, in registry.ScopeEdit) error {
	what := intent{
		action: "application.update-scopes", need: registry.ManageApplications,
		target: registry.ApplicationTarget(id),
	}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if err := t.lockMeta(ctx); err != nil { // the catalogue stays as it is checked against
			return registry.Event{}, err
		}
		app, err := t.lockApplication(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if app.Type != registry.OAuthClient {
			return registry.Event{}, registry.ErrNotFound
		}
		catalogue, err := t.catalogue(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if err := registry.CheckScopes(in, catalogue); err != nil {
			return registry.Event{}, err
		}
		held, err := t.scopesOf(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		before := keysOf(held, func(s registry.Scope) string { return s.Key })
		fixed, err := t.requiredScopes(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if in.Seen != nil && (differ(in.Seen, before) || differ(in.SeenRequired, fixed)) {
			return registry.Event{}, registry.ErrConflict
		}
		required := registry.RequiredScopes(app.Grants, in.Scopes, in.Required)
		var change scopeChange
		change.Added, change.Removed = registry.CompareScopes(before, in.Scopes)
		change.Required, change.Optional = registry.CompareRequired(fixed, required, in.Scopes)
		if len(change.Added)+len(change.Removed)+len(change.Required)+len(change.Optional) == 0 {
			return registry.Event{}, errUnchanged
		}
		return registry.Event{Target: applicationTarget(app), After: snapshot(change)}, t.writeScopes(ctx, id, change)
	})
	if err != nil {
		return fmt.Errorf("set scopes: %w", err)
	}
	return nil
}

// differ reports whether two sets of scopes differ.
func differ(a, b []string) bool {
	more, fewer := registry.CompareScopes(a, b)
	return len(more)+len(fewer) > 0
}

// scopeChange is what an event keeps of a change of scopes.
type scopeChange struct {
	Added    []string `json:"added,omitempty"`
	Removed  []string `json:"removed,omitempty"`
	Required []string `json:"required,omitempty"` // from now on
	Optional []string `json:"optional,omitempty"` // no longer required
}

// scopesOf returns the scopes that an application may ask for, in the
// catalogue's order.
func (t *tx) scopesOf(ctx context.Context, id string) ([]registry.Scope, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT s.key, s.name, s.description FROM application_scopes a
		JOIN scopes s ON s.key = a.scope JOIN services v ON v.key = s.service
		WHERE a.application_id = $1 ORDER BY v.builtin DESC, v.position, v.key, s.position`, id)
	if err != nil {
		return nil, fmt.Errorf("read scopes: %w", err)
	}
	return collect(rows, func(s *registry.Scope) []any { return []any{&s.Key, &s.Name, &s.Description} })
}

// requiredScopes returns the scopes of an application that users cannot leave
// out when they consent, sorted.
func (t *tx) requiredScopes(ctx context.Context, id string) ([]string, error) {
	rows, err := t.QueryContext(ctx, `SELECT scope FROM application_scopes WHERE application_id = $1 AND required ORDER BY scope`, id)
	if err != nil {
		return nil, fmt.Errorf("read required scopes: %w", err)
	}
	return collect(rows, func(scope *string) []any { return []any{scope} })
}

// scopeUses returns since when an application has each of its scopes, and when
// a token last carried it, sorted by scope.
func (t *tx) scopeUses(ctx context.Context, id string) ([]registry.ScopeUse, error) {
	rows, err := t.QueryContext(ctx, `SELECT scope, added_at, used_at FROM application_scopes WHERE application_id = $1 ORDER BY scope`, id)
	if err != nil {
		return nil, fmt.Errorf("read the use of scopes: %w", err)
	}
	return collect(rows, func(u *registry.ScopeUse) []any { return []any{&u.Scope, seconds{&u.AddedAt}, seconds{&u.UsedAt}} })
}

// writeScopes changes the scopes of an application, as was checked.
func (t *tx) writeScopes(ctx context.Context, id string, change scopeChange) error {
	for _, scope := range change.Removed {
		if _, err := t.ExecContext(ctx, `DELETE FROM application_scopes WHERE application_id = $1 AND scope = $2`, id, scope); err != nil {
			return fmt.Errorf("remove scope: %w", err)
		}
	}
	for _, scope := range change.Added {
		if err := t.insertScope(ctx, id, scope, false); err != nil {
			return err
		}
	}
	for required, scopes := range map[bool][]string{true: change.Required, false: change.Optional} {
		for _, scope := range scopes {
			_, err := t.ExecContext(ctx, `UPDATE application_scopes SET required = $1 WHERE application_id = $2 AND scope = $3`, required, id, scope)
			if err != nil {
				return fmt.Errorf("change scope: %w", err)
			}
		}
	}
	return nil
}

func (t *tx) insertScope(ctx context.Context, id, scope string, required bool) error {
	_, err := t.ExecContext(ctx, `INSERT INTO application_scopes (application_id, scope, required, added_at) VALUES ($1, $2, $3, $4)`,
		id, scope, required, t.now.Unix())
	if err != nil {
		return fmt.Errorf("insert scope: %w", err)
	}
	return nil
}

// ScopeUse returns how many living applications hold each scope. A scope that
// none holds is not in it.
func (db *DB) ScopeUse(ctx context.Context, by registry.Actor) (use map[string]int, err error) {
	use = map[string]int{}
	what := intent{action: "scope.list", need: registry.ViewApplications, target: registry.WholeCatalogue}
	err = db.view(ctx, by, what, func(t *tx) error {
		// All are counted in the index, and the few that are deleted taken off;
		// CROSS JOIN makes SQLite start with these.
		rows, err := t.QueryContext(ctx, `
			SELECT scope, CAST(sum(n) AS BIGINT) FROM (
				SELECT scope, count(*) AS n FROM application_scopes GROUP BY scope
				UNION ALL
				SELECT s.scope, -count(*) FROM applications a CROSS JOIN application_scopes s
				WHERE a.deleted_at IS NOT NULL AND s.application_id = a.id GROUP BY s.scope
			) AS counted GROUP BY scope HAVING sum(n) > 0`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var scope string
			var n int
			if err := rows.Scan(&scope, &n); err != nil {
				return err
			}
			use[scope] = n
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("count the use of scopes: %w", err)
	}
	return use, nil
}
