package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clientele/registry"
)

// applicationSearch answers a query in the cheapest of three ways.
//
// Origin, type, status and whether permissions are held take few values, and
// each order has an index that begins with them. A page is merged from the next
// rows of one range of that index for each combination of the values.
//
// Every other filter has an index of its own, which is in no order that anyone
// asks for. When one of them leaves at most countLimit applications, these are
// sorted; so are the first that many when its index covers all that was asked.
//
// When several filters each leave more, the merged ranges are gone through for
// rows that pass them all: there are enough for that to end soon.
type applicationSearch struct {
	t    *tx
	q    registry.ApplicationQuery
	lead int // of the query's filters, the one whose matches are sorted
}

// noLead says that no filter's matches are sorted, but ranges merged.
const noLead = -1

// search decides how to answer the query.
func (t *tx) search(ctx context.Context, q registry.ApplicationQuery) (*applicationSearch, error) {
	s := &applicationSearch{t: t, q: q, lead: noLead}
	filters := filtersOf(q)
	switch {
	case len(filters) == 0:
		return s, nil
	case len(filters) == 1 && filters[0].covers(q):
		s.lead = 0
		return s, nil
	}
	sizes, err := s.sizes(ctx)
	if err != nil {
		return nil, err
	}
	least := slices.Index(sizes, slices.Min(sizes))
	if sizes[least] <= countLimit || q.Status == registry.Deleted { // the ranges are of what lives
		s.lead = least
	}
	return s, nil
}

// sizes counts what each filter leaves by itself, up to countLimit and one.
func (s *applicationSearch) sizes(ctx context.Context) ([]int, error) {
	filters, sel := filtersOf(s.q), s.selection()
	counts, sizes := make([]string, len(filters)), make([]int, len(filters))
	into := make([]any, len(filters))
	for i, f := range filters {
		sel.start()
		f.lead(sel)
		counts[i], into[i] = sel.count(), &sizes[i]
	}
	err := s.t.QueryRowContext(ctx, "SELECT "+strings.Join(counts, ", "), sel.args...).Scan(into...)
	if err != nil {
		return nil, fmt.Errorf("estimate: %w", err)
	}
	return sizes, nil
}

// matches begins a selection of all that match, from the lead filter's index
// or, without one, from those of the facets.
func (s *applicationSearch) matches(sel *selection) {
	sel.start()
	for i, f := range filtersOf(s.q) {
		if i == s.lead {
			f.lead(sel)
		} else {
			f.narrow(sel)
		}
	}
	if s.q.Status == registry.Deleted {
		sel.and("a.deleted_at IS NOT NULL")
	} else {
		sel.and("a.deleted_at IS NULL")
	}
	facets := facetsOf(s.q)
	if s.lead != noLead { // what is left open need not be named
		facets = slices.DeleteFunc(facets, func(f facet) bool { return len(f.values) > 1 })
	}
	sel.facets(facets)
}

// of returns the same search for what one of the origins configured.
func (s *applicationSearch) of(origin registry.Origin) *applicationSearch {
	one := *s
	one.q.Origin = origin
	return &one
}

// places returns a statement for the row_id, id and sort key k of a page's
// rows and the one after them, and the direction in which they are sorted by k
// and id. It fails when the query's cursor is none.
func (s *applicationSearch) places(sel *selection) (statement, direction string, err error) {
	key, down := s.q.Sort.Key()
	if s.q.Before != "" {
		down = !down
	}
	column, beyond := sortColumns[key], ">"
	direction = "ASC"
	if down {
		direction, beyond = "DESC", "<"
	}
	columns, after := "a.row_id, a.id, "+column+" AS k", ""
	if s.q.Before != "" || s.q.After != "" {
		cursor, err := registry.ParseCursor(s.q.Before+s.q.After, s.q.Sort)
		if err != nil {
			return "", "", noSuchPage
		}
		var k any = cursor.Time
		if key == "name" {
			k = cursor.Name
		}
		after = fmt.Sprintf("%s (%s, %s)", beyond, sel.bind(k), sel.bind(cursor.ID))
	}
	page := fmt.Sprintf(" ORDER BY k %s, id %s LIMIT %d", direction, direction, pageSize+1)
	if s.lead == noLead {
		if after != "" {
			after = "(" + column + ", a.id) " + after
		}
		return s.ranges(sel, columns+", 0 AS found, 0 AS team", after, page) + page, direction, nil
	}
	if after != "" {
		after = " WHERE (k, id) " + after
	}
	s.matches(sel)
	found := fmt.Sprintf("%s ORDER BY %s LIMIT %d", sel.sql(columns+", a.origin"), sel.order, countLimit+1)
	return `WITH matches AS MATERIALIZED (` + found + `)
		SELECT row_id, id, k, (SELECT count(*) FROM matches) AS found, (SELECT count(*) FROM matches WHERE origin = 'team') AS team
		FROM matches` + after + page, direction, nil
}

// ranges returns the part of a sort's index beyond a cursor, narrowed by all
// filters: the union of a page of each combination of facets, or a single range
// when no facet is asked for.
func (s *applicationSearch) ranges(sel *selection, columns, after, page string) string {
	sel.start()
	sel.and("a.deleted_at IS NULL")
	for _, f := range filtersOf(s.q) {
		f.narrow(sel)
	}
	if after != "" {
		sel.and(after)
	}
	ranges := []string{sel.sql(columns)}
	if !faceted(s.q) {
		return ranges[0]
	}
	for _, facet := range facetsOf(s.q) {
		var more []string
		for _, r := range ranges {
			for _, value := range facet.values {
				more = append(more, r+" AND "+sel.is(facet, value))
			}
		}
		ranges = more
	}
	for i, r := range ranges {
		ranges[i] = "SELECT * FROM (" + r + page + ") AS part"
	}
	return strings.Join(ranges, " UNION ALL ")
}

// faceted reports whether any facet is asked for.
func faceted(q registry.ApplicationQuery) bool {
	return q.Origin != "" || q.Type != "" || q.Status != "" || q.Attention == registry.Powerless
}

// sortColumns are the columns behind the keys of registry.ApplicationSort.
var sortColumns = map[string]string{"name": "a.name_key", "created": "a.created_at", "used": "a.last_used_at"}

// facet is a column that takes few values, and which of them are asked for, as
// SQL literals.
type facet struct {
	column string
	values []string
	flag   bool // TRUE or FALSE
}

// facetsOf returns the facets in the order in which indexes begin with them.
func facetsOf(q registry.ApplicationQuery) []facet {
	powerless := []string{"TRUE", "FALSE"}
	if q.Attention == registry.Powerless {
		powerless = powerless[:1]
	}
	return []facet{
		{"a.origin", pick(string(q.Origin), string(registry.TeamOrigin), string(registry.PlatformOrigin)), false},
		{"a.type", pick(string(q.Type), string(registry.OAuthClient), string(registry.ApplicationKey)), false},
		{"a.status", pick(string(q.Status), string(registry.Active), string(registry.Disabled)), false},
		{"(a.grants = 0 AND a.acts_as_itself)", powerless, true},
	}
}

// is is the condition that a facet has a value. PostgreSQL would take a flag
// that equals TRUE apart, and miss its index.
func (s *selection) is(f facet, value string) string {
	if s.dialect == postgres && f.flag {
		return f.column + " IS " + value
	}
	return f.column + " = " + value
}

// facets names the values of each facet, all of them if need be, so that an
// index that begins with facets can be used.
func (s *selection) facets(all []facet) {
	for _, f := range all {
		s.and(f.column + " IN (" + strings.Join(f.values, ", ") + ")")
	}
}

// pick returns, quoted, the one of all that is wanted, and all when none of
// them is.
func pick(wanted string, all ...string) []string {
	var quoted []string
	for _, v := range all {
		if v == wanted {
			return []string{"'" + v + "'"}
		}
		quoted = append(quoted, "'"+v+"'")
	}
	return quoted
}
