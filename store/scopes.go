package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// ScopeUse returns how many living applications hold each scope. A scope that
// none holds is not in it.
func (db *DB) ScopeUse(ctx context.Context, by registry.Actor) (use map[string]int, err error) {
	use = map[string]int{}
	err = db.view(ctx, by, "scope.list", registry.ViewApplications, func(t *tx) error {
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
