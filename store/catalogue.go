package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"clientele/registry"
)

// Catalogue returns every service with what it offers, built-in services first.
func (db *DB) Catalogue(ctx context.Context) (registry.Catalogue, error) {
	return cached(db, &db.catalogue, struct{}{}, func() (c registry.Catalogue, err error) {
		err = db.inTx(ctx, registry.Operator, true, func(t *tx) error {
			c, err = t.catalogue(ctx)
			return err
		})
		if err != nil {
			return c, fmt.Errorf("read the catalogue: %w", err)
		}
		return c, nil
	})
}

func (t *tx) catalogue(ctx context.Context) (registry.Catalogue, error) {
	r := catalogueReader{t: t, ctx: ctx, services: map[string]*registry.Service{}}
	var order []string
	r.each(`SELECT key, name, description, audience, granting, builtin FROM services ORDER BY builtin DESC, position, key`, func(rows *sql.Rows) error {
		var s registry.Service
		err := rows.Scan(&s.Key, &s.Name, &s.Description, &s.Audience, &s.Granting, &s.BuiltIn)
		r.services[s.Key], order = &s, append(order, s.Key)
		return err
	})
	r.each(`SELECT service, key, name, description FROM scopes ORDER BY service, position`, func(rows *sql.Rows) error {
		var service string
		var s registry.Scope
		err := rows.Scan(&service, &s.Key, &s.Name, &s.Description)
		r.service(service).Scopes = append(r.service(service).Scopes, s)
		return err
	})
	r.each(`SELECT service, key, name, description FROM permissions ORDER BY service, position`, func(rows *sql.Rows) error {
		var service string
		var p registry.PermissionDef
		err := rows.Scan(&service, &p.Key, &p.Name, &p.Description)
		r.service(service).Permissions = append(r.service(service).Permissions, p)
		return err
	})
	r.each(`SELECT n.service, n.permission, n.needs FROM permission_needs n
		JOIN permissions p ON p.service = n.service AND p.key = n.needs ORDER BY n.service, n.permission, p.position`, func(rows *sql.Rows) error {
		var service, permission, needs string
		err := rows.Scan(&service, &permission, &needs)
		for i, p := range r.service(service).Permissions {
			if p.Key == permission {
				r.service(service).Permissions[i].Needs = append(p.Needs, needs)
			}
		}
		return err
	})
	r.each(`SELECT service, key, name, description FROM templates ORDER BY service, position`, func(rows *sql.Rows) error {
		var service string
		var one registry.Template
		err := rows.Scan(&service, &one.Key, &one.Name, &one.Description)
		r.service(service).Templates = append(r.service(service).Templates, one)
		return err
	})
	r.each(`SELECT x.service, x.template, x.permission FROM template_permissions x
		JOIN permissions p ON p.service = x.service AND p.key = x.permission ORDER BY x.service, x.template, p.position`, func(rows *sql.Rows) error {
		var service, template, permission string
		err := rows.Scan(&service, &template, &permission)
		for i, one := range r.service(service).Templates {
			if one.Key == template {
				r.service(service).Templates[i].Permissions = append(one.Permissions, permission)
			}
		}
		return err
	})
	r.each(`SELECT service, key, name FROM containers ORDER BY service, position`, func(rows *sql.Rows) error {
		var service string
		var c registry.Container
		err := rows.Scan(&service, &c.Key, &c.Name)
		r.service(service).Containers = append(r.service(service).Containers, c)
		return err
	})
	r.each(`SELECT service, container, key, name, path FROM objects ORDER BY service, container, position`, func(rows *sql.Rows) error {
		var service, container string
		var o registry.Object
		err := rows.Scan(&service, &container, &o.Key, &o.Name, &o.Path)
		for i, c := range r.service(service).Containers {
			if c.Key == container {
				r.service(service).Containers[i].Objects = append(c.Objects, o)
			}
		}
		return err
	})
	var c registry.Catalogue
	for _, key := range order {
		c.Services = append(c.Services, *r.services[key])
	}
	return c, r.err
}

// catalogueReader runs one query after another until one fails.
type catalogueReader struct {
	t        *tx
	ctx      context.Context
	services map[string]*registry.Service
	err      error
}

// service returns the service of that key. One that was added between two
// queries of a READ COMMITTED transaction is not part of the answer.
func (r *catalogueReader) service(key string) *registry.Service {
	if s, ok := r.services[key]; ok {
		return s
	}
	return &registry.Service{}
}

func (r *catalogueReader) each(query string, scan func(*sql.Rows) error) {
	if r.err != nil {
		return
	}
	rows, err := r.t.QueryContext(r.ctx, query)
	if err != nil {
		r.err = err
		return
	}
	defer rows.Close()
	for rows.Next() {
		if r.err = scan(rows); r.err != nil {
			return
		}
	}
	r.err = rows.Err()
}

// ApplyCatalogue makes the services that c names be as c says and returns what
// that changed. It leaves other services alone. It fails with registry.Invalid
// when c breaks a rule, and with registry.InUse when it would remove what is
// held or granted, unless removeInUse takes it from its holders as well. With
// dryRun it changes nothing and fails likewise.
func (db *DB) ApplyCatalogue(ctx context.Context, by registry.Actor, c registry.Catalogue, removeInUse, dryRun bool) ([]registry.CatalogueChange, error) {
	check := func() error { return registry.CheckCatalogue(c) }
	changes, err := db.applyCatalogue(ctx, by, c, check, removeInUse, dryRun)
	if err != nil {
		return changes, fmt.Errorf("apply the catalogue: %w", err)
	}
	return changes, nil
}

// applyBuiltIn writes the services that this binary serves itself.
func (db *DB) applyBuiltIn(ctx context.Context) error {
	trusted := func() error { return nil }
	_, err := db.applyCatalogue(ctx, registry.System, registry.BuiltIn(), trusted, true, false)
	return err
}

func (db *DB) applyCatalogue(ctx context.Context, by registry.Actor, c registry.Catalogue, check func() error, removeInUse, dryRun bool) (changes []registry.CatalogueChange, err error) {
	what := intent{action: "catalogue.apply", need: registry.ManageSettings, target: registry.WholeCatalogue}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if err := check(); err != nil {
			return registry.Event{}, err
		}
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		old, err := t.catalogue(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if c, err = t.settleGranting(ctx, old, c); err != nil {
			return registry.Event{}, err
		}
		changes, err = t.applyServices(ctx, old, c, 0, removeInUse, dryRun)
		return registry.Event{After: snapshot(map[string]any{"changes": changes})}, err
	})
	return changes, err
}

// applyServices makes the services of c, which begin at a position in the
// catalogue, be as c says, and returns what that changed, or errUnchanged.
func (t *tx) applyServices(ctx context.Context, old, c registry.Catalogue, position int, removeInUse, dryRun bool) ([]registry.CatalogueChange, error) {
	changes, err := registry.CompareCatalogue(old, c)
	if err != nil {
		return nil, err
	}
	return changes, t.keepGranters(ctx, "services", func() error {
		if err := t.clearForRemoval(ctx, changes, removeInUse); err != nil {
			return err
		}
		if len(changes) == 0 || dryRun {
			return errUnchanged
		}
		for i, s := range c.Services {
			before, _ := old.Service(s.Key)
			if err := t.writeService(ctx, before, s, position+i); err != nil {
				return fmt.Errorf("service %s: %w", s.Key, err)
			}
		}
		return nil
	})
}

// clearForRemoval fails when something that is to be removed is in use, or
// takes it from whoever uses it.
func (t *tx) clearForRemoval(ctx context.Context, changes []registry.CatalogueChange, removeInUse bool) error {
	var inUse registry.InUse
	for _, c := range changes {
		if c.Op != registry.Removed {
			continue
		}
		users, err := t.usersOf(ctx, c)
		if err != nil {
			return err
		}
		if len(users) > 0 && !removeInUse {
			inUse = append(inUse, registry.Usage{What: c.Kind + " " + c.Key, By: users})
			continue
		}
		if err := t.takeFromAll(ctx, c); err != nil {
			return err
		}
	}
	if len(inUse) > 0 {
		return inUse
	}
	return nil
}

// usersOf names the living applications, the users and the groups that hold
// what is to be removed.
func (t *tx) usersOf(ctx context.Context, c registry.CatalogueChange) ([]string, error) {
	var rows *sql.Rows
	var err error
	if c.Kind == "scope" {
		rows, err = t.QueryContext(ctx, `
			SELECT a.name FROM application_scopes s JOIN applications a ON a.id = s.application_id
			WHERE s.scope = $1 AND a.deleted_at IS NULL ORDER BY a.name_key`, c.Key)
	} else {
		where, args := grantsOf(c)
		if where == "" {
			return nil, nil
		}
		rows, err = t.QueryContext(ctx, `
			SELECT DISTINCT COALESCE(a.name, u.name, c.name, g.subject_id) FROM grants g
			LEFT JOIN applications a ON g.subject_type = 'application' AND a.id = g.subject_id
			LEFT JOIN users u ON g.subject_type = 'user' AND u.id = g.subject_id
			LEFT JOIN user_groups c ON g.subject_type = 'group' AND c.id = g.subject_id
			WHERE a.deleted_at IS NULL AND `+where+` ORDER BY 1`, args...)
	}
	if err != nil {
		return nil, err
	}
	return collect(rows, func(name *string) []any { return []any{name} })
}

// takeFromAll removes what is to be removed from whoever holds it, the deleted included.
func (t *tx) takeFromAll(ctx context.Context, c registry.CatalogueChange) error {
	if c.Kind == "scope" {
		_, err := t.ExecContext(ctx, `DELETE FROM application_scopes WHERE scope = $1`, c.Key)
		return err
	}
	where, args := grantsOf(c)
	if where == "" {
		return nil
	}
	if _, err := t.ExecContext(ctx, `DELETE FROM grants AS g WHERE `+where, args...); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `
		UPDATE applications SET grants = (SELECT count(*) FROM grants WHERE subject_type = 'application' AND subject_id = id)
		WHERE grants > 0`)
	return err
}

// grantsOf is the condition on grants g that name what is to be removed, or "".
func grantsOf(c registry.CatalogueChange) (string, []any) {
	switch c.Kind {
	case "permission", "template":
		return `g.service = $1 AND g.kind = $2 AND g.key = $3`, []any{c.Service, c.Kind, c.Key}
	case "container", "object":
		return `g.service = $1 AND g.object = $2`, []any{c.Service, c.Key}
	default:
		return "", nil
	}
}

// writeService makes one service's rows be as s says, which were as old says.
func (t *tx) writeService(ctx context.Context, old, s registry.Service, position int) error {
	w := catalogueWriter{t: t, ctx: ctx}
	w.exec(`INSERT INTO services (key, name, description, audience, granting, builtin, position) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (key) DO UPDATE SET name = excluded.name, description = excluded.description, audience = excluded.audience,
			granting = excluded.granting, position = excluded.position`,
		s.Key, s.Name, s.Description, s.Audience, s.Granting, s.BuiltIn, position)
	w.exec(`DELETE FROM permission_needs WHERE service = $1`, s.Key)
	w.exec(`DELETE FROM template_permissions WHERE service = $1`, s.Key)

	w.keepOnly("scopes", s.Key, keysOf(s.Scopes, func(x registry.Scope) string { return x.Key }))
	for i, x := range s.Scopes {
		w.exec(`INSERT INTO scopes (key, service, name, description, position) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (key) DO UPDATE SET name = excluded.name, description = excluded.description, position = excluded.position`,
			x.Key, s.Key, x.Name, x.Description, i)
	}
	w.keepOnly("permissions", s.Key, keysOf(s.Permissions, func(x registry.PermissionDef) string { return x.Key }))
	for i, x := range s.Permissions {
		w.exec(`INSERT INTO permissions (service, key, name, description, position) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (service, key) DO UPDATE SET name = excluded.name, description = excluded.description, position = excluded.position`,
			s.Key, x.Key, x.Name, x.Description, i)
	}
	for _, x := range s.Permissions {
		for _, needs := range x.Needs {
			w.exec(`INSERT INTO permission_needs (service, permission, needs) VALUES ($1, $2, $3)`, s.Key, x.Key, needs)
		}
	}
	w.keepOnly("templates", s.Key, keysOf(s.Templates, func(x registry.Template) string { return x.Key }))
	for i, x := range s.Templates {
		w.exec(`INSERT INTO templates (service, key, name, description, position) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (service, key) DO UPDATE SET name = excluded.name, description = excluded.description, position = excluded.position`,
			s.Key, x.Key, x.Name, x.Description, i)
		for _, permission := range x.Permissions {
			w.exec(`INSERT INTO template_permissions (service, template, permission) VALUES ($1, $2, $3)`, s.Key, x.Key, permission)
		}
	}
	w.writeContainers(s.Key, old.Containers, s.Containers)
	return w.err
}

// placedObject is an object's row. Objects may be many: those that stay as they
// are, in their place, are not written.
type placedObject struct {
	registry.Object
	position int
}

// writeContainers makes the containers of a service and their objects be as
// after says, which were as before says.
func (w *catalogueWriter) writeContainers(service string, before, after []registry.Container) {
	gone := map[string]map[string]placedObject{} // by container and key
	for _, c := range before {
		gone[c.Key] = map[string]placedObject{}
		for i, o := range c.Objects {
			gone[c.Key][o.Key] = placedObject{o, i}
		}
	}
	for i, c := range after {
		w.exec(`INSERT INTO containers (service, key, name, position) VALUES ($1, $2, $3, $4)
			ON CONFLICT (service, key) DO UPDATE SET name = excluded.name, position = excluded.position`, service, c.Key, c.Name, i)
		for j, o := range c.Objects {
			if gone[c.Key][o.Key] != (placedObject{o, j}) {
				w.exec(`INSERT INTO objects (service, container, key, name, path, position) VALUES ($1, $2, $3, $4, $5, $6)
					ON CONFLICT (service, container, key) DO UPDATE SET name = excluded.name, path = excluded.path, position = excluded.position`,
					service, c.Key, o.Key, o.Name, o.Path, j)
			}
			delete(gone[c.Key], o.Key)
		}
		for key := range gone[c.Key] {
			w.exec(`DELETE FROM objects WHERE service = $1 AND container = $2 AND key = $3`, service, c.Key, key)
		}
		delete(gone, c.Key)
	}
	for key := range gone { // with their objects
		w.exec(`DELETE FROM containers WHERE service = $1 AND key = $2`, service, key)
	}
}

// catalogueWriter runs one statement after another until one fails.
type catalogueWriter struct {
	t   *tx
	ctx context.Context
	err error
}

func (w *catalogueWriter) exec(statement string, args ...any) {
	if w.err == nil {
		_, w.err = w.t.ExecContext(w.ctx, statement, args...)
	}
}

// keepOnly deletes the rows of a service in one of three tables whose key is
// not among keys.
func (w *catalogueWriter) keepOnly(table, service string, keys []string) {
	if w.err != nil {
		return
	}
	rows, err := w.t.QueryContext(w.ctx, `SELECT key FROM `+table+` WHERE service = $1`, service)
	if err != nil {
		w.err = err
		return
	}
	present, err := collect(rows, func(key *string) []any { return []any{key} })
	w.err = err
	for _, key := range present {
		if !slices.Contains(keys, key) {
			w.exec(`DELETE FROM `+table+` WHERE service = $1 AND key = $2`, service, key)
		}
	}
}

func keysOf[T any](all []T, key func(T) string) []string {
	keys := make([]string, len(all))
	for i, one := range all {
		keys[i] = key(one)
	}
	return keys
}
