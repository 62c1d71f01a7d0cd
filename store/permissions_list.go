package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"clientele/registry"
)

// ofService is to look at the permissions of a service, or of all.
func ofService(action, key string) intent {
	if key == "" {
		return intent{action: action, target: registry.WholeCatalogue}
	}
	return intent{action: action, target: registry.Target{Type: "service", ID: key, Name: key}}
}

// PermissionServices returns the services that have permissions and whose key,
// name or description contains the search, with how many subjects hold
// anything of each. It shows the actor those parts that registry.Reach says,
// and fails with registry.Forbidden when that is nothing.
func (db *DB) PermissionServices(ctx context.Context, by registry.Actor, search string) (all []registry.ServiceSubjects, err error) {
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	err = db.view(ctx, by, ofService("permission.list", ""), func(t *tx) error {
		reach, err := t.reach(ctx)
		if err != nil {
			return err
		}
		for _, s := range catalogue.Services {
			part, some := reach.Of(s)
			if !some || len(s.Permissions) == 0 || !s.Mentions(search) {
				continue
			}
			one := registry.ServiceSubjects{ServicePart: part}
			if err := t.countSubjects(ctx, &one); err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return all, nil
}

// PermissionService returns a service as far as the actor may look at its
// permissions. It fails with registry.Forbidden when the actor may look at
// none, and with registry.ErrNotFound when not at those of that service.
func (db *DB) PermissionService(ctx context.Context, by registry.Actor, key string) (part registry.ServicePart, err error) {
	err = db.viewService(ctx, by, key, func(_ *tx, found registry.ServicePart) error {
		part = found
		return nil
	})
	if err != nil {
		return part, fmt.Errorf("read the service: %w", err)
	}
	return part, nil
}

// SubjectGrants returns a page of what subjects hold of a service, by their
// names. It fails like PermissionService, and with registry.Invalid when the
// query asks for what does not exist, or for a page that is no longer there.
func (db *DB) SubjectGrants(ctx context.Context, by registry.Actor, key string, q registry.SubjectQuery) (page registry.SubjectPage, err error) {
	err = db.viewService(ctx, by, key, func(t *tx, part registry.ServicePart) error {
		if err := registry.Check(q); err != nil {
			return err
		}
		page, err = t.subjectPage(ctx, part, q)
		return err
	})
	if err != nil {
		return registry.SubjectPage{}, fmt.Errorf("list subjects: %w", err)
	}
	return page, nil
}

// GrantUse counts the subjects that were given each template and permission
// of a service. It fails like PermissionService.
func (db *DB) GrantUse(ctx context.Context, by registry.Actor, key string) (use registry.GrantUse, err error) {
	err = db.viewService(ctx, by, key, func(t *tx, part registry.ServicePart) error {
		use, err = t.grantUse(ctx, part)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count subjects: %w", err)
	}
	return use, nil
}

// viewService runs fn in a read-only transaction with what the actor may look
// at of a service.
func (db *DB) viewService(ctx context.Context, by registry.Actor, key string, fn func(*tx, registry.ServicePart) error) error {
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return err
	}
	return db.view(ctx, by, ofService("permission.list", key), func(t *tx) error {
		reach, err := t.reach(ctx)
		if err != nil {
			return err
		}
		service, known := catalogue.Service(key)
		part, some := reach.Of(service)
		if !known || !some || len(service.Permissions) == 0 {
			return registry.ErrNotFound
		}
		return fn(t, part)
	})
}

// reach returns whose permissions the actor may look at, or
// registry.Forbidden when that is nobody's.
func (t *tx) reach(ctx context.Context) (registry.Reach, error) {
	if t.by.Type == registry.OperatorActor {
		return registry.Everything, nil
	}
	held, err := t.actorHolds(ctx)
	if err != nil {
		return registry.Reach{}, err
	}
	reach := registry.PermissionReach(held)
	if !reach.Any() {
		return reach, registry.Forbidden{Missing: registry.ViewPermissions}
	}
	return reach, nil
}

// grantsIn begins a selection of the grants g of a part of a service. Those of
// deleted applications count for nothing until these are restored.
func (t *tx) grantsIn(part registry.ServicePart) *selection {
	s := &selection{dialect: t.dialect, now: t.now, from: "grants g"}
	s.and("g.service = "+s.bind(part.Key),
		"NOT (g.subject_type = 'application' AND g.subject_id IN (SELECT id FROM applications WHERE deleted_at IS NOT NULL))")
	if len(part.Only) > 0 {
		rows := make([]string, len(part.Only))
		for i, object := range part.Only {
			rows[i] = "(CAST(" + s.bind(object) + " AS TEXT))"
		}
		s.and(`EXISTS (WITH mine (o) AS (VALUES ` + strings.Join(rows, ", ") + `)
			SELECT 1 FROM mine WHERE g.object = o OR substr(g.object, 1, length(o) + 1) = o || '/')`)
	}
	return s
}

// with returns a selection that has another condition too.
func (s selection) with(condition string) *selection {
	s.where = append(s.where[:len(s.where):len(s.where)], condition)
	return &s
}

// countSubjects counts who holds anything of a part of a service, each up to
// countLimit and one.
func (t *tx) countSubjects(ctx context.Context, s *registry.ServiceSubjects) error {
	sel := t.grantsIn(s.ServicePart)
	count := func(kind registry.SubjectType) string {
		return sel.with("g.subject_type = '" + string(kind) + "'").countDistinct("g.subject_key, g.subject_id")
	}
	var users, groups, applications int
	err := t.QueryRowContext(ctx, "SELECT "+strings.Join([]string{
		count(registry.UserSubject), count(registry.GroupSubject), count(registry.ApplicationSubject),
	}, ", "), sel.args...).Scan(&users, &groups, &applications)
	if err != nil {
		return fmt.Errorf("count subjects: %w", err)
	}
	s.Users, s.Groups, s.Applications = counted(users), counted(groups), counted(applications)
	return nil
}

// countDistinct counts the different values of columns that are selected, up
// to countLimit and one. In the order of an index they are few steps.
func (s *selection) countDistinct(columns string) string {
	return fmt.Sprintf("(SELECT count(*) FROM (%s LIMIT %d) AS counted)", s.sql("DISTINCT "+columns), countLimit+1)
}

func (t *tx) grantUse(ctx context.Context, part registry.ServicePart) (registry.GrantUse, error) {
	sel := t.grantsIn(part)
	var names, counts []string
	add := func(kind registry.GrantKind, key string) {
		names = append(names, registry.GrantName(kind, key))
		counts = append(counts, sel.with("g.kind = '"+string(kind)+"' AND g.key = "+sel.bind(key)).countDistinct("g.subject_key, g.subject_type, g.subject_id"))
	}
	for _, m := range part.Templates {
		add(registry.TemplateGrant, m.Key)
	}
	for _, p := range part.Permissions {
		add(registry.PermissionGrant, p.Key)
	}
	found, into := make([]int, len(names)), make([]any, len(names))
	for i := range found {
		into[i] = &found[i]
	}
	if err := t.QueryRowContext(ctx, "SELECT "+strings.Join(counts, ", "), sel.args...).Scan(into...); err != nil {
		return nil, err
	}
	use := registry.GrantUse{}
	for i, name := range names {
		use[name] = counted(found[i])
	}
	return use, nil
}

// subjectSelection selects the grants g that a query asks for, and returns the
// columns that they are to be ordered by: those that are not the same in all.
func (t *tx) subjectSelection(ctx context.Context, part registry.ServicePart, q registry.SubjectQuery) (s *selection, order []string, err error) {
	s = t.grantsIn(part)
	fixed := map[string]any{}
	if q.Type != "" {
		fixed["subject_type"] = q.Type
	}
	if q.Grant != "" {
		kind, key := registry.ParseGrantName(q.Grant)
		fixed["kind"], fixed["key"] = kind, key
	}
	if q.Object == registry.OnWholeService {
		fixed["object"] = ""
	} else if q.Object != "" {
		fixed["object"] = q.Object
	}
	few, err := t.searchSubjects(ctx, s, registry.CleanSearch(q.Search))
	if err != nil {
		return nil, nil, err
	}
	// SQLite is to begin with what leaves least: subjects by name, then an object, then a permission.
	rest := ""
	if t.dialect == sqlite && (few || q.Object != "" && q.Object != registry.OnWholeService) {
		rest = "+"
	}
	if t.dialect == sqlite && few {
		s.where[0] = "+" + s.where[0] // the service, with which all indexes but that by subjects begin
	}
	for _, column := range grantOrder {
		value, is := fixed[column]
		switch {
		case !is:
			order = append(order, column)
		case column == "object" && !few:
			s.and("g.object = " + s.bind(value))
		default:
			s.and(rest + "g." + column + " = " + s.bind(value))
		}
	}
	return s, order, nil
}

// fewSubjects is how many subjects are looked up by name: what they hold is sorted.
const fewSubjects = 250

// searchSubjects narrows a selection to subjects whose name contains the
// search or, under three characters, begins with it. Few are looked up first,
// and then what they hold; of many, there are enough among any grants.
func (t *tx) searchSubjects(ctx context.Context, s *selection, search string) (few bool, err error) {
	key := t.dialect.folded("g.subject_key", search)
	switch n := utf8.RuneCountInString(search); {
	case n == 0:
		return false, nil
	case n < 3:
		s.and(s.begins(key, search))
		return false, nil
	}
	var found int
	all := &selection{dialect: t.dialect}
	subjects := all.subjectsNamed(search)
	err = t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (%s LIMIT %d) AS found`, subjects, fewSubjects+1), all.args...).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("find subjects: %w", err)
	}
	if found > fewSubjects {
		s.and(s.contains(key, search))
		return false, nil
	}
	s.from = "(" + s.subjectsNamed(search) + ") AS m CROSS JOIN grants g"
	s.and("g.subject_type = m.type", "g.subject_id = m.id")
	return true, nil
}

// subjectsNamed is a query for the types and IDs of the subjects whose name
// contains three characters or more.
func (s *selection) subjectsNamed(search string) string {
	applications := &selection{dialect: s.dialect, args: s.args}
	applications.start()
	textSearch{registry.ApplicationQuery{Search: registry.NameKey(search)}}.lead(applications)
	s.args = applications.args
	applications.and(s.contains("a.name_key", search))
	return applications.sql("'application' AS type, a.id AS id") + `
		UNION ALL SELECT 'user', id FROM users u WHERE ` + s.personIndexed("u", search) + ` AND ` + s.contains(s.dialect.folded("u.name_key", search), search) + `
		UNION ALL SELECT 'group', id FROM user_groups WHERE ` + s.contains("name_key", search)
}

// begins is the condition that a folded name begins with a search.
func (s *selection) begins(name, search string) string {
	folded := registry.NameKey(search)
	return fmt.Sprintf("(%s >= %s AND %s < %s)", name, s.bind(folded), name, s.bind(folded+string(utf8.MaxRune)))
}

// contains is the condition that a folded name contains a search.
func (s *selection) contains(name, search string) string {
	folded := registry.NameKey(search)
	if s.dialect == postgres {
		return name + ` LIKE ` + s.bind("%"+likeEscaper.Replace(folded)+"%") + ` ESCAPE '\'`
	}
	return "instr(" + name + ", " + s.bind(folded) + ") > 0"
}

// grantOrder is how lists of grants are ordered, and what tells one from another.
var grantOrder = []string{"subject_key", "subject_type", "subject_id", "object", "kind", "key"}

// subjectCursor is the place of a grant in that order.
func subjectCursor(g listedGrant) string {
	id := strings.Join([]string{string(g.Subject.Type), g.Subject.ID, g.Object, string(g.Kind), g.Key}, " ")
	return registry.Cursor{Sort: registry.SubjectsByName, Name: g.subjectKey, ID: id}.String()
}

// placeOf returns the values of grantOrder that a cursor has.
func placeOf(cursor string) (map[string]any, error) {
	c, err := registry.ParseCursor(cursor, registry.SubjectsByName)
	values := append([]string{c.Name}, strings.Split(c.ID, " ")...)
	if err != nil || len(values) != len(grantOrder) {
		return nil, noSuchPage
	}
	place := map[string]any{}
	for i, column := range grantOrder {
		place[column] = values[i]
	}
	return place, nil
}

// listedGrant is a grant with the key that it is sorted by.
type listedGrant struct {
	registry.SubjectGrant
	subjectKey string
}

func (t *tx) subjectPage(ctx context.Context, part registry.ServicePart, q registry.SubjectQuery) (page registry.SubjectPage, err error) {
	s, order, err := t.subjectSelection(ctx, part, q)
	if err != nil {
		return page, err
	}
	count := s.count()
	args := slices.Clone(s.args)
	direction, beyond := "ASC", ">"
	if q.Before != "" {
		direction, beyond = "DESC", "<"
	}
	if q.Before != "" || q.After != "" {
		place, err := placeOf(q.Before + q.After)
		if err != nil {
			return page, err
		}
		var columns, values []string
		for _, column := range order {
			columns, values = append(columns, "g."+column), append(values, s.bind(place[column]))
		}
		s.and(fmt.Sprintf("(%s) %s (%s)", strings.Join(columns, ", "), beyond, strings.Join(values, ", ")))
	}
	found, err := t.listGrants(ctx, s, order, direction, pageSize+1)
	if err != nil {
		return page, err
	}
	more := len(found) > pageSize
	found = found[:min(len(found), pageSize)]
	switch {
	case q.Before != "" && !more: // all before fits on the first page, which others then fill
		q.Before, q.After = "", ""
		return t.subjectPage(ctx, part, q)
	case q.Before != "":
		slices.Reverse(found)
	case q.After != "" && len(found) == 0:
		return page, noSuchPage
	}
	for _, g := range found {
		page.Grants = append(page.Grants, g.SubjectGrant)
	}
	if q.Before != "" || q.After != "" {
		page.Prev = subjectCursor(found[0])
	}
	if q.Before != "" || more {
		page.Next = subjectCursor(found[len(found)-1])
	}
	var n int
	if err := t.QueryRowContext(ctx, "SELECT "+count, args...).Scan(&n); err != nil {
		return page, fmt.Errorf("count grants: %w", err)
	}
	page.Found = counted(n)
	return page, nil
}

// listGrants returns the first of the grants that are selected, with what
// lists show of their subjects.
func (t *tx) listGrants(ctx context.Context, s *selection, order []string, direction string, limit int) ([]listedGrant, error) {
	ordered := func(table string) string {
		columns := make([]string, len(order))
		for i, column := range order {
			columns[i] = table + "." + column + " " + direction
		}
		return " ORDER BY " + strings.Join(columns, ", ")
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		SELECT l.subject_key, l.subject_type, l.subject_id, l.service, l.object, l.kind, l.key, l.granted_at, COALESCE(b.name, ''),
			COALESCE(u.name, c.name, a.name, l.subject_id), COALESCE(u.email, c.id, a.id, ''),
			(u.disabled_at IS NOT NULL OR a.status = 'disabled') IS TRUE, (a.origin = 'platform') IS TRUE
		FROM (%s%s LIMIT %d) AS l
		LEFT JOIN users u ON l.subject_type = 'user' AND u.id = l.subject_id
		LEFT JOIN user_groups c ON l.subject_type = 'group' AND c.id = l.subject_id
		LEFT JOIN applications a ON l.subject_type = 'application' AND a.id = l.subject_id
		LEFT JOIN users b ON b.id = l.granted_by%s`,
		s.sql("g.subject_key, g.subject_type, g.subject_id, g.service, g.object, g.kind, g.key, g.granted_at, g.granted_by"),
		ordered("g"), limit, ordered("l")), s.args...)
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return collect(rows, func(g *listedGrant) []any {
		return []any{
			&g.subjectKey, &g.Subject.Type, &g.Subject.ID, &g.Service, &g.Object, &g.Kind, &g.Key,
			seconds{&g.GrantedAt},
			&g.GrantedBy,
			&g.Name, &g.Detail, &g.Disabled, &g.Locked,
		}
	})
}
