package store

import (
	"context"
	"fmt"
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
// sorted; so are the first that many when it is all that was asked for.
//
// When several filters each leave more, the merged ranges are gone through for
// rows that pass them all: there are enough for that to end soon.
type applicationSearch struct {
	t       *tx
	q       registry.ApplicationQuery
	filters []filter
	lead    filter // whose matches are sorted; nil: ranges are merged
}

// search decides how to answer the query.
func (t *tx) search(ctx context.Context, q registry.ApplicationQuery) (*applicationSearch, error) {
	s := &applicationSearch{t: t, q: q, filters: filtersOf(q)}
	switch {
	case len(s.filters) == 0:
		return s, nil
	case len(s.filters) == 1 && (!s.faceted() || q.Status == registry.Deleted):
		s.lead = s.filters[0]
		return s, nil
	}
	sizes, err := s.sizes(ctx)
	if err != nil {
		return nil, err
	}
	least := 0
	for i, n := range sizes {
		if n < sizes[least] {
			least = i
		}
	}
	if sizes[least] <= countLimit || q.Status == registry.Deleted { // the ranges are of what lives
		s.lead = s.filters[least]
	}
	return s, nil
}

// sizes counts what each filter leaves by itself, up to countLimit and one.
func (s *applicationSearch) sizes(ctx context.Context) ([]int, error) {
	sel := s.selection()
	counts, sizes := make([]string, len(s.filters)), make([]int, len(s.filters))
	into := make([]any, len(s.filters))
	for i, f := range s.filters {
		sel.start()
		f.lead(sel)
		counts[i], into[i] = sel.count(), &sizes[i]
	}
	err := s.t.QueryRowContext(ctx, "SELECT "+strings.Join(counts, ", "), sel.args...).Scan(into...)
	return sizes, err
}

// matches begins a selection of all that match, from the lead filter's index
// or, without one, from those of the facets.
func (s *applicationSearch) matches(sel *selection) {
	sel.start()
	if s.lead != nil {
		s.lead.lead(sel)
	}
	for _, f := range s.filters {
		if f != s.lead {
			f.narrow(sel)
		}
	}
	if s.q.Status == registry.Deleted {
		sel.and("a.deleted_at IS NOT NULL")
	} else {
		sel.and("a.deleted_at IS NULL")
	}
	for _, facet := range facetsOf(s.q) {
		if len(facet.values) == 1 || s.lead == nil { // all values of one, so that an index that begins with it can be used
			sel.and(facet.column + " IN (" + strings.Join(facet.values, ", ") + ")")
		}
	}
}

// places returns a statement for the row_id, id and sort key k of a page's
// rows and the one after them, and the direction in which they are sorted by k and
// id. It fails when the
// query's cursor is none.
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
	after := ""
	if s.q.Before != "" || s.q.After != "" {
		cursor, err := registry.ParseCursor(s.q.Before+s.q.After, s.q.Sort)
		if err != nil {
			return "", "", noSuchPage
		}
		var k any = cursor.Time
		if key == "name" {
			k = cursor.Name
		}
		after = fmt.Sprintf(" AND (k, id) %s (%s, %s)", beyond, sel.bind(k), sel.bind(cursor.ID))
	}
	page := fmt.Sprintf(" ORDER BY k %s, id %s LIMIT %d", direction, direction, pageSize+1)
	if s.lead == nil {
		after = strings.NewReplacer("k", column, "id", "a.id").Replace(after)
		return s.ranges(sel, "a.row_id, a.id, "+column+" AS k, 0 AS found, 0 AS team", after) + page, direction, nil
	}
	// All origins are found, so that they can be counted; one may be shown.
	all := *s
	all.q.Origin = ""
	all.matches(sel)
	found := fmt.Sprintf("%s ORDER BY %s LIMIT %d", sel.sql("a.row_id, a.id, a.origin, "+column+" AS k"), sel.order, countLimit+1)
	shown := "origin IN (" + strings.Join(facetsOf(s.q)[0].values, ", ") + ")"
	return `SELECT row_id, id, k, found, team FROM (
			SELECT *, count(*) OVER () AS found, count(CASE WHEN origin = 'team' THEN 1 END) OVER () AS team FROM (` + found + `) AS matches
		) AS counted WHERE ` + shown + after + page, direction, nil
}

// ranges returns the part of a sort's index beyond a cursor, narrowed by all
// filters: the union of one range for each combination of facets, or a single
// one when no facet is asked for.
func (s *applicationSearch) ranges(sel *selection, columns, after string) string {
	sel.start()
	sel.and("a.deleted_at IS NULL")
	for _, f := range s.filters {
		f.narrow(sel)
	}
	ranges := []string{sel.sql(columns) + after}
	if !s.faceted() {
		return ranges[0]
	}
	for _, facet := range facetsOf(s.q) {
		var more []string
		for _, r := range ranges {
			for _, value := range facet.values {
				more = append(more, r+" AND "+facet.column+" = "+value)
			}
		}
		ranges = more
	}
	return strings.Join(ranges, " UNION ALL ")
}

// faceted reports whether any facet is asked for.
func (s *applicationSearch) faceted() bool {
	return s.q.Origin != "" || s.q.Type != "" || s.q.Status != "" || s.q.Attention == registry.Powerless
}

// sortColumns are the columns behind the keys of registry.ApplicationSort.
var sortColumns = map[string]string{"name": "a.name_key", "created": "a.created_at", "used": "a.last_used_at"}

// facet is a column that takes few values, and which of them are asked for, as
// SQL literals.
type facet struct {
	column string
	values []string
}

// facetsOf returns the facets in the order in which indexes begin with them.
func facetsOf(q registry.ApplicationQuery) []facet {
	powerless := []string{"TRUE", "FALSE"}
	if q.Attention == registry.Powerless {
		powerless = powerless[:1]
	}
	return []facet{
		{"a.origin", pick(string(q.Origin), string(registry.TeamOrigin), string(registry.PlatformOrigin))},
		{"a.type", pick(string(q.Type), string(registry.OAuthClient), string(registry.ApplicationKey))},
		{"a.status", pick(string(q.Status), string(registry.Active), string(registry.Disabled))},
		{"(a.grants = 0)", powerless},
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
