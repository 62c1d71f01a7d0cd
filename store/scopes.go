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
		if more, fewer := registry.CompareScopes(in.Seen, before); in.Seen != nil && len(more)+len(fewer) > 0 {
			return registry.Event{}, registry.ErrConflict
		}
		added, removed := registry.CompareScopes(before, in.Scopes)
		if len(added)+len(removed) == 0 {
			return registry.Event{}, errUnchanged
		}
		event := registry.Event{Target: applicationTarget(app), After: snapshot(scopeChange{added, removed})}
		return event, t.writeScopes(ctx, id, added, removed)
	})
	if err != nil {
		return fmt.Errorf("set scopes: %w", err)
	}
	return nil
}

// scopeChange is what an event keeps of a change of scopes.
type scopeChange struct {
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
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

// writeScopes changes the scopes of an application, as was checked.
func (t *tx) writeScopes(ctx context.Context, id string, added, removed []string) error {
	for _, scope := range removed {
		if _, err := t.ExecContext(ctx, `DELETE FROM application_scopes WHERE application_id = $1 AND scope = $2`, id, scope); err != nil {
			return fmt.Errorf("remove scope: %w", err)
		}
	}
	for _, scope := range added {
		if _, err := t.ExecContext(ctx, `INSERT INTO application_scopes (application_id, scope) VALUES ($1, $2)`, id, scope); err != nil {
			return fmt.Errorf("add scope: %w", err)
		}
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
