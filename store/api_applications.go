package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"

	"clientele/registry"
)

const callingQuery = `SELECT name FROM applications WHERE id = $1 AND deleted_at IS NULL`

// ApplicationActor returns the application as the one for whom something is
// done, or registry.ErrNotFound when it was deleted.
func (db *DB) ApplicationActor(ctx context.Context, id string) (registry.Actor, error) {
	by := registry.Actor{Type: registry.ApplicationActor, ID: id}
	err := db.queryRow(ctx, callingQuery, id).Scan(&by.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return registry.Actor{}, registry.ErrNotFound
	}
	if err != nil {
		return registry.Actor{}, fmt.Errorf("load the calling application: %w", err)
	}
	return by, nil
}

// RequireScope returns registry.MissingScope unless the scopes that by's token
// carries open the needed one. The refusal of the action on target is recorded.
func (db *DB) RequireScope(ctx context.Context, by registry.Actor, carried []string, needed, action string, target registry.Target) error {
	if registry.HasScope(carried, needed) {
		return nil
	}
	err := registry.MissingScope{Scope: needed}
	db.recordRefusal(ctx, by, action, target, err)
	return err
}

// ApplicationRecords returns up to limit living applications by name, those
// after the cursor when it is not "", and the cursor to go on from, or "" after
// the last. It fails with registry.Invalid when the cursor is none.
func (db *DB) ApplicationRecords(ctx context.Context, by registry.Actor, cursor string, limit int) (page []registry.ApplicationRecord, next string, err error) {
	what := intent{action: "application.list", need: registry.ViewApplications, target: registry.AllApplications}
	err = db.view(ctx, by, what, func(t *tx) error {
		var after registry.Cursor
		if cursor != "" {
			if after, err = registry.ParseCursor(cursor, registry.SortName); err != nil {
				return registry.Invalid{"cursor": "Use the cursor that came with the page before."}
			}
		}
		page, err = t.applicationRecords(ctx, `
			SELECT id FROM applications WHERE deleted_at IS NULL AND name_key > $1 ORDER BY name_key LIMIT $2`, after.Name, limit+1)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list applications: %w", err)
	}
	if len(page) > limit {
		page = page[:limit]
		last := page[limit-1]
		next = registry.Cursor{Sort: registry.SortName, Name: registry.NameKey(last.Name), ID: last.ID}.String()
	}
	return page, next, nil
}

// ApplicationRecord returns a living application, or registry.ErrNotFound.
func (db *DB) ApplicationRecord(ctx context.Context, by registry.Actor, id string) (record registry.ApplicationRecord, err error) {
	what := intent{action: "application.read", need: registry.ViewApplications, target: registry.ApplicationTarget(id)}
	err = db.view(ctx, by, what, func(t *tx) error {
		found, err := t.applicationRecords(ctx, `SELECT id FROM applications WHERE deleted_at IS NULL AND id = $1`, id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return registry.ErrNotFound
		}
		record = found[0]
		return nil
	})
	if err != nil {
		return registry.ApplicationRecord{}, fmt.Errorf("read application: %w", err)
	}
	return record, nil
}

// applicationRecords returns the applications whose IDs a statement selects, by name.
func (t *tx) applicationRecords(ctx context.Context, ids string, args ...any) ([]registry.ApplicationRecord, error) {
	rows, err := t.QueryContext(ctx, `SELECT `+applicationColumns+` FROM applications WHERE id IN (`+ids+`) ORDER BY name_key`, args...)
	if err != nil {
		return nil, err
	}
	records, err := collect(rows, func(r *registry.ApplicationRecord) []any { return applicationFields(&r.Application) })
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*registry.ApplicationRecord, len(records))
	for i := range records {
		byID[records[i].ID] = &records[i]
	}
	each := func(query string, into func(*sql.Rows) error) {
		if err == nil {
			err = t.eachRow(ctx, query, args, into)
		}
	}
	var id, key string
	each(`SELECT application_id, grant_type FROM application_grant_types WHERE application_id IN (`+ids+`) ORDER BY grant_type`, func(rows *sql.Rows) error {
		err := rows.Scan(&id, &key)
		byID[id].Grants = append(byID[id].Grants, key)
		return err
	})
	each(`SELECT application_id, uri FROM redirect_uris WHERE application_id IN (`+ids+`) ORDER BY position`, func(rows *sql.Rows) error {
		err := rows.Scan(&id, &key)
		byID[id].RedirectURIs = append(byID[id].RedirectURIs, key)
		return err
	})
	each(`SELECT application_id, network FROM application_networks WHERE application_id IN (`+ids+`) ORDER BY position`, func(rows *sql.Rows) error {
		var n netip.Prefix
		err := rows.Scan(&id, prefix{&n})
		byID[id].Networks = append(byID[id].Networks, n)
		return err
	})
	each(`SELECT o.application_id, u.id, u.name, u.email, u.disabled_at IS NOT NULL FROM application_owners o JOIN users u ON u.id = o.user_id
		WHERE o.application_id IN (`+ids+`) ORDER BY u.name_key, u.id`, func(rows *sql.Rows) error {
		var o registry.Owner
		err := rows.Scan(&id, &o.ID, &o.Name, &o.Email, &o.Disabled)
		byID[id].Owners = append(byID[id].Owners, o)
		return err
	})
	each(`SELECT application_id, hash FROM logos WHERE application_id IN (`+ids+`)`, func(rows *sql.Rows) error {
		err := rows.Scan(&id, &key)
		byID[id].Logo = key
		return err
	})
	each(`SELECT application_id, scope, required FROM application_scopes WHERE application_id IN (`+ids+`) ORDER BY scope`, func(rows *sql.Rows) error {
		var required bool
		err := rows.Scan(&id, &key, &required)
		byID[id].Scopes = append(byID[id].Scopes, key)
		if required {
			byID[id].Required = append(byID[id].Required, key)
		}
		return err
	})
	each(`SELECT subject_id, service, object, kind, key FROM grants
		WHERE subject_type = 'application' AND subject_id IN (`+ids+`) ORDER BY service, object, kind, key`, func(rows *sql.Rows) error {
		var g registry.HeldGrant
		err := rows.Scan(&id, &g.Service, &g.Object, &g.Kind, &g.Key)
		byID[id].Permissions = append(byID[id].Permissions, g)
		return err
	})
	return records, err
}

func (t *tx) eachRow(ctx context.Context, query string, args []any, fn func(*sql.Rows) error) error {
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
