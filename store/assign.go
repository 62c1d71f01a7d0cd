package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"clientele/registry"
)

// SubjectsToPick returns a page of the subjects that hold nothing of a service
// themselves and may be given something, by name, and those that are picked. It
// needs the right to grant a part of the service. It fails with
// registry.ErrNotFound when the service has no permissions, and with
// registry.Invalid for a query that asks for what does not exist, for a page
// that is no longer there, or when too many are picked.
func (db *DB) SubjectsToPick(ctx context.Context, by registry.Actor, key string, q registry.PickQuery) (page registry.PickPage, err error) {
	err = db.viewToAssign(ctx, by, key, func(t *tx, _ registry.Service, _ registry.Granter) error {
		if err := registry.Check(q); err != nil {
			return err
		}
		if len(q.Picked) > registry.AssignedAtOnce {
			return registry.Invalid{"subject": fmt.Sprintf("Pick at most %d at a time. Assign permissions to these first.", registry.AssignedAtOnce)}
		}
		q.Search = registry.CleanSearch(q.Search)
		if page, err = t.pickPage(ctx, key, q); err != nil {
			return err
		}
		page.Picked, err = t.pickedSubjects(ctx, q.Picked)
		return err
	})
	if err != nil {
		return registry.PickPage{}, fmt.Errorf("list subjects to pick: %w", err)
	}
	return page, nil
}

// PickedSubjects returns the subjects of those names (see
// registry.SubjectName) that exist and may be given something, by name. It
// fails as SubjectsToPick does.
func (db *DB) PickedSubjects(ctx context.Context, by registry.Actor, key string, names []string) (picked []registry.PickedSubject, err error) {
	err = db.viewToAssign(ctx, by, key, func(t *tx, _ registry.Service, _ registry.Granter) error {
		picked, err = t.pickedSubjects(ctx, names[:min(len(names), registry.AssignedAtOnce+1)])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read picked subjects: %w", err)
	}
	return picked, nil
}

// viewToAssign runs fn in a read-only transaction for who may give permissions
// of a part of the service.
func (db *DB) viewToAssign(ctx context.Context, by registry.Actor, key string, fn func(*tx, registry.Service, registry.Granter) error) error {
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return err
	}
	return db.view(ctx, by, ofService("permission.grant", key), func(t *tx) error {
		service, known := catalogue.Service(key)
		g, err := t.granter(ctx)
		if err != nil {
			return err
		}
		if err := g.RequirePart(service); err != nil {
			return err
		}
		if !known || len(service.Permissions) == 0 {
			return registry.ErrNotFound
		}
		return fn(t, service, g)
	})
}

// lockService returns the catalogue, as it stays until the transaction ends, and
// the actor, for who may grant a part of the service.
func (t *tx) lockService(ctx context.Context, key string) (c registry.Catalogue, service registry.Service, g registry.Granter, err error) {
	if err = t.lockMeta(ctx); err != nil {
		return c, service, g, err
	}
	if c, err = t.catalogue(ctx); err != nil {
		return c, service, g, err
	}
	service, _ = c.Service(key)
	if g, err = t.granter(ctx); err == nil {
		err = g.RequirePart(service)
	}
	return c, service, g, err
}

// pickable is a kind of subject as it is selected to be picked.
type pickable struct {
	kind               registry.SubjectType
	from, key, columns string
	condition          string
}

var pickables = []pickable{
	{registry.ApplicationSubject, "applications a", "a.name_key", "a.id, a.name, a.id AS detail, a.status = 'disabled' AS off", "a.deleted_at IS NULL AND a.origin <> 'platform'"},
	{registry.GroupSubject, "user_groups a", "a.name_key", "a.id, a.name, a.id AS detail, FALSE AS off", "TRUE"},
	{registry.UserSubject, "users a", "a.name_key", "a.id, a.name, a.email AS detail, a.disabled_at IS NOT NULL AS off", "TRUE"},
}

// pickedRow is a subject with the key that it is sorted by.
type pickedRow struct {
	registry.PickedSubject
	key string
}

func (r pickedRow) cursor() string {
	return registry.Cursor{Sort: registry.SubjectsByName, Name: r.key, ID: registry.SubjectName(r.Subject)}.String()
}

func pickedFields(r *pickedRow) []any {
	return []any{&r.key, &r.Subject.Type, &r.Subject.ID, &r.Name, &r.Detail, &r.Disabled}
}

func (p pickable) selected() string {
	return p.key + " AS key, '" + string(p.kind) + "' AS type, " + p.columns
}

func (t *tx) pickPage(ctx context.Context, service string, q registry.PickQuery) (page registry.PickPage, err error) {
	order, beyond := "ASC", ">"
	if q.Before != "" {
		order, beyond = "DESC", "<"
	}
	var place registry.Cursor
	if cursor := q.Before + q.After; cursor != "" {
		if place, err = registry.ParseCursor(cursor, registry.SubjectsByName); err != nil {
			return page, noSuchPage
		}
	}
	at := registry.ParseSubjectName(place.ID)
	s := &selection{dialect: t.dialect, now: t.now}
	var parts []string
	for _, p := range pickables {
		if q.Type != "" && q.Type != p.kind {
			continue
		}
		few, err := t.fewFound(ctx, p, q.Search)
		if err != nil {
			return page, err
		}
		without, err := t.without(ctx, s, p, service, few)
		if err != nil {
			return page, err
		}
		key := t.sorted(p.key, few)
		for _, condition := range without {
			s.pick(p, q.Search, few)
			s.and(condition)
			if place.ID != "" {
				// Of one name, kinds follow each other: what of this kind is beyond the place?
				switch than := strings.Compare(string(p.kind), string(at.Type)); {
				case than == 0:
					s.and(fmt.Sprintf("(%s, a.id) %s (%s, %s)", key, beyond, s.bind(place.Name), s.bind(at.ID)))
				case than > 0 == (beyond == ">"):
					s.and(key + " " + beyond + "= " + s.bind(place.Name))
				default:
					s.and(key + " " + beyond + " " + s.bind(place.Name))
				}
			}
			parts = append(parts, fmt.Sprintf("SELECT * FROM (%s ORDER BY %s %s, a.id %s LIMIT %d) AS part", s.sql(p.selected()), key, order, order, pageSize+1))
		}
	}
	if len(parts) == 0 {
		if q.After != "" {
			return page, noSuchPage
		}
		return page, nil
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`SELECT key, type, id, name, detail, off FROM (%s) AS s ORDER BY key %s, type %s, id %s LIMIT %d`,
		strings.Join(parts, " UNION ALL "), order, order, order, pageSize+1), s.args...)
	if err != nil {
		return page, fmt.Errorf("read subjects: %w", err)
	}
	found, err := collect(rows, pickedFields)
	if err != nil {
		return page, fmt.Errorf("read subjects: %w", err)
	}
	more := len(found) > pageSize
	found = found[:min(len(found), pageSize)]
	switch {
	case q.Before != "" && !more: // all before fits on the first page, which others then fill
		q.Before, q.After = "", ""
		return t.pickPage(ctx, service, q)
	case q.Before != "":
		slices.Reverse(found)
	case q.After != "" && len(found) == 0:
		return page, noSuchPage
	}
	for _, r := range found {
		page.Subjects = append(page.Subjects, r.PickedSubject)
	}
	if q.Before != "" || q.After != "" {
		page.Prev = found[0].cursor()
	}
	if q.Before != "" || more {
		page.Next = found[len(found)-1].cursor()
	}
	return page, nil
}

// mostRanges is how many ranges of an index are merged to find subjects.
const mostRanges = 30

// without returns conditions that together select those of a kind that hold
// nothing of the service. Each reads a range of an index, in the order of names:
// of the subjects that hold something of just one set of services. It is a
// single one that does not when few are looked at anyway, or when the ranges
// were more than mostRanges.
func (t *tx) without(ctx context.Context, s *selection, p pickable, service string, few bool) ([]string, error) {
	each := func() []string {
		return []string{fmt.Sprintf(`NOT EXISTS (SELECT 1 FROM grants g WHERE g.subject_type = '%s' AND g.subject_id = a.id AND g.service = %s)`, p.kind, s.bind(service))}
	}
	if few {
		return each(), nil
	}
	next := "(SELECT a.holding FROM " + p.from + " WHERE " + p.condition + "%s ORDER BY a.holding LIMIT 1)"
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		WITH RECURSIVE sets (holding) AS (SELECT %s UNION ALL SELECT %s FROM sets s WHERE s.holding IS NOT NULL)
		SELECT holding FROM sets WHERE holding IS NOT NULL LIMIT %d`,
		fmt.Sprintf(next, ""), fmt.Sprintf(next, " AND a.holding > s.holding"), 2*mostRanges))
	if err != nil {
		return nil, fmt.Errorf("read what subjects hold something of: %w", err)
	}
	sets, err := collect(rows, func(set *string) []any { return []any{set} })
	if err != nil {
		return nil, fmt.Errorf("read what subjects hold something of: %w", err)
	}
	all := len(sets) // there may be more
	sets = slices.DeleteFunc(sets, func(set string) bool { return slices.Contains(strings.Fields(set), service) })
	if all == 2*mostRanges || len(sets) > mostRanges {
		return each(), nil
	}
	ranges := make([]string, len(sets))
	for i, set := range sets {
		ranges[i] = "a.holding = " + s.bind(set)
	}
	return ranges, nil
}

// fewFound reports whether the search leaves so few of a kind that its own
// index is the way to those of them that hold nothing.
func (t *tx) fewFound(ctx context.Context, p pickable, search string) (bool, error) {
	switch {
	case p.kind == registry.UserSubject:
		return t.fewPeople(ctx, search)
	case p.kind == registry.GroupSubject || utf8.RuneCountInString(search) < 3:
		return false, nil
	}
	s := &selection{dialect: t.dialect}
	s.start()
	textSearch{registry.ApplicationQuery{Search: registry.NameKey(search)}}.lead(s)
	var n int
	if err := t.QueryRowContext(ctx, "SELECT "+s.count(), s.args...).Scan(&n); err != nil {
		return false, fmt.Errorf("estimate: %w", err)
	}
	return n <= countLimit, nil
}

// pick begins a selection of those of a kind, called a, that match the search,
// from the search's index when it finds few.
func (s *selection) pick(p pickable, search string, few bool) {
	s.from, s.where = p.from, nil
	switch {
	case search == "":
	case p.kind == registry.UserSubject:
		s.personNamed("a", search, few)
	case utf8.RuneCountInString(search) < 3:
		s.and(s.begins(p.key, search))
	default:
		if few {
			textSearch{registry.ApplicationQuery{Search: registry.NameKey(search)}}.lead(s)
		}
		s.and(s.contains(p.key, search))
	}
	s.and(p.condition)
}

// pickedSubjects returns those of the names that are subjects which may be given
// something, by name.
func (t *tx) pickedSubjects(ctx context.Context, names []string) ([]registry.PickedSubject, error) {
	s := &selection{dialect: t.dialect}
	var parts []string
	for _, p := range pickables {
		var ids []string
		for _, name := range names {
			if subject := registry.ParseSubjectName(name); subject.Type == p.kind {
				ids = append(ids, s.bind(subject.ID))
			}
		}
		if len(ids) > 0 {
			s.from, s.where = p.from, []string{p.condition, "a.id IN (" + strings.Join(ids, ", ") + ")"}
			parts = append(parts, s.sql(p.selected()))
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`SELECT key, type, id, name, detail, off FROM (%s) AS s ORDER BY key, type, id`, strings.Join(parts, " UNION ALL ")), s.args...)
	if err != nil {
		return nil, fmt.Errorf("read picked subjects: %w", err)
	}
	found, err := collect(rows, pickedFields)
	if err != nil {
		return nil, fmt.Errorf("read picked subjects: %w", err)
	}
	picked := make([]registry.PickedSubject, len(found))
	for i, r := range found {
		picked[i] = r.PickedSubject
	}
	return picked, nil
}

// Assign gives several subjects what is chosen of a service, with an event for
// each grant, all or nothing. What a subject holds already changes nothing, so
// that assigning twice is assigning once. It needs the right to grant there, and
// fails with registry.Invalid when something is not chosen,
// unknown or gone, and with registry.ErrLocked for an application of the
// platform.
func (db *DB) Assign(ctx context.Context, by registry.Actor, in registry.Assignment) error {
	err := db.changeAll(ctx, by, ofService("permission.grant", in.Service), func(t *tx) (events []registry.Event, err error) {
		catalogue, service, granter, err := t.lockService(ctx, in.Service)
		if err == nil {
			err = granter.Require(service, in.Object)
		}
		if err != nil {
			return nil, err
		}
		if err := registry.CheckAssignment(in, catalogue); err != nil {
			return nil, err
		}
		for _, g := range in.Inputs() {
			event, err := t.giveOne(ctx, g)
			switch {
			case errors.Is(err, registry.ErrNotFound):
				return nil, registry.Invalid{"subject": "One of them is no longer there. Pick again."}
			case errors.Is(err, errUnchanged):
			case err != nil:
				return nil, err
			default:
				events = append(events, event)
			}
		}
		return events, nil
	})
	if err != nil {
		return fmt.Errorf("assign permissions: %w", err)
	}
	return nil
}

// giveOne gives what was checked and returns its event, or errUnchanged.
func (t *tx) giveOne(ctx context.Context, g registry.GrantInput) (registry.Event, error) {
	target, err := t.lockSubject(ctx, g.Subject)
	if err != nil {
		return registry.Event{}, err
	}
	return registry.Event{Action: "permission.grant", Target: target, After: snapshot(g.Held())}, t.insertGrant(ctx, g)
}

// GrantEffects returns those of the grants of a change that are still held, as
// lists show them, with what of each its subject goes on holding by other ways
// when all of them are taken away. It needs the right to grant them, and
// fails with registry.Invalid when the change names no grants,
// and with registry.ErrNotFound when the service has no permissions.
func (db *DB) GrantEffects(ctx context.Context, by registry.Actor, in registry.GrantChange) (all []registry.GrantEffect, err error) {
	err = db.viewToAssign(ctx, by, in.Service, func(t *tx, service registry.Service, granter registry.Granter) error {
		inputs, err := in.Inputs()
		if err != nil {
			return err
		}
		for _, g := range inputs {
			if err := granter.Require(service, g.Object); err != nil {
				return err
			}
		}
		all, err = t.grantEffects(ctx, in.Service, inputs)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at what would change: %w", err)
	}
	return all, nil
}

func (t *tx) grantEffects(ctx context.Context, service string, inputs []registry.GrantInput) ([]registry.GrantEffect, error) {
	s := t.grantsIn(registry.ServicePart{Service: registry.Service{Key: service}})
	rows := make([]string, len(inputs))
	for i, g := range inputs {
		rows[i] = fmt.Sprintf("(g.subject_type = %s AND g.subject_id = %s AND g.object = %s AND g.kind = %s AND g.key = %s)",
			s.bind(g.Subject.Type), s.bind(g.Subject.ID), s.bind(g.Object), s.bind(g.Kind), s.bind(g.Key))
	}
	s.and("(" + strings.Join(rows, " OR ") + ")")
	found, err := t.listGrants(ctx, s, grantOrder, "ASC", len(inputs))
	if err != nil {
		return nil, err
	}
	gone := map[registry.Subject][]registry.HeldGrant{}
	for _, g := range found {
		gone[g.Subject] = append(gone[g.Subject], g.HeldGrant)
	}
	held := map[registry.Subject][]registry.Held{}
	all := make([]registry.GrantEffect, len(found))
	for i, g := range found {
		if _, read := held[g.Subject]; !read {
			if held[g.Subject], err = collectHeld(t.QueryContext(ctx, heldInQuery, g.Subject.Type, asText(g.Subject.ID), service)); err != nil {
				return nil, err
			}
		}
		all[i] = registry.GrantEffect{SubjectGrant: g.SubjectGrant, Stays: registry.StaysAfter(held[g.Subject], gone[g.Subject], g.HeldGrant)}
	}
	return all, nil
}

// ChangeGrants takes grants of a service away and, unless it is a removal, gives
// their subjects others on the same parts of the service, with an event for each
// grant taken or given, all or nothing. Grants that are no longer held are left
// alone, so that changing twice is changing once. It needs the right to grant
// them, and fails with registry.Invalid when the change names no
// grants or gives what is unknown, or when nobody would be left who can manage
// users and permissions, and with registry.ErrLocked for an application of the
// platform.
func (db *DB) ChangeGrants(ctx context.Context, by registry.Actor, in registry.GrantChange) error {
	err := db.changeAll(ctx, by, ofService("permission.revoke", in.Service), func(t *tx) (events []registry.Event, err error) {
		catalogue, service, granter, err := t.lockService(ctx, in.Service)
		if err != nil {
			return nil, err
		}
		inputs, err := in.Inputs()
		if err != nil {
			return nil, err
		}
		for _, g := range inputs {
			if err := granter.Require(service, g.Object); err != nil {
				return nil, err
			}
		}
		if err := registry.CheckGrantChange(in, catalogue); err != nil {
			return nil, err
		}
		err = t.keepGranters(ctx, "row", func() error {
			for _, g := range inputs {
				done, err := t.replaceGrant(ctx, g, in)
				if err != nil {
					return err
				}
				events = append(events, done...)
			}
			return nil
		})
		return events, err
	})
	if err != nil {
		return fmt.Errorf("change permissions: %w", err)
	}
	return nil
}

// replaceGrant takes the grant away, should it still be held, and gives what the
// change gives instead.
func (t *tx) replaceGrant(ctx context.Context, g registry.GrantInput, in registry.GrantChange) (events []registry.Event, err error) {
	target, err := t.lockSubject(ctx, g.Subject)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	take := t.deleteGrant
	kept := !in.Remove && slices.Contains(in.Grants, registry.GrantName(g.Kind, g.Key))
	if kept {
		take = t.requireGrant
	}
	switch err := take(ctx, g); {
	case errors.Is(err, errUnchanged):
		return nil, nil
	case err != nil:
		return nil, err
	case !kept:
		events = append(events, registry.Event{Target: target, Before: snapshot(g.Held())})
	}
	if in.Remove {
		return events, nil
	}
	instead := registry.Assignment{Service: g.Service, Subjects: []registry.Subject{g.Subject}, Object: g.Object, Grants: in.Grants}
	for _, given := range instead.Inputs() {
		event, err := t.giveOne(ctx, given)
		if errors.Is(err, errUnchanged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}
