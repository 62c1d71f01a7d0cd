package store

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"clientele/registry"
)

// selection is a statement that selects from applications, called a, in the
// making.
type selection struct {
	dialect dialect
	now     time.Time
	args    []any
	from    string
	where   []string
	order   string // that of the index it begins with, or ""
}

func (s *applicationSearch) selection() *selection {
	return &selection{dialect: s.t.dialect, now: s.t.now}
}

// start begins anew, with the values that were bound before.
func (s *selection) start() { s.from, s.where, s.order = "applications a", nil, "" }

// bind returns the placeholder of a value.
func (s *selection) bind(value any) string {
	s.args = append(s.args, value)
	return fmt.Sprintf("$%d", len(s.args))
}

func (s *selection) and(conditions ...string) { s.where = append(s.where, conditions...) }

func (s *selection) sql(columns string) string {
	return "SELECT " + columns + " FROM " + s.from + " WHERE " + strings.Join(s.where, " AND ")
}

// count counts what is selected, up to countLimit and one.
func (s *selection) count() string {
	return fmt.Sprintf("(SELECT count(*) FROM (%s LIMIT %d) AS counted)", s.sql("1"), countLimit+1)
}

// filter narrows the list by what has an index of its own.
type filter interface {
	// lead begins a selection with that index, in its order.
	lead(*selection)
	// narrow adds a condition to a selection that begins elsewhere.
	narrow(*selection)
	// covers reports whether the index leads to what the query asks for
	// without going through much else.
	covers(registry.ApplicationQuery) bool
}

func filtersOf(q registry.ApplicationQuery) []filter {
	var all []filter
	switch n := utf8.RuneCountInString(q.Search); {
	case n == 0:
	case n < 3: // too short for the search index
		all = append(all, nameStart(q.Search))
	default:
		all = append(all, textSearch{q})
	}
	if q.Scope != "" {
		all = append(all, scopeHeld(q.Scope))
	}
	if q.Owner != "" {
		all = append(all, ownedBy(q.Owner))
	}
	switch q.Attention {
	case registry.Expiring:
		all = append(all, secretExpiring{})
	case registry.Unused:
		all = append(all, unusedLong{q.Unused()})
	case registry.Unowned:
		all = append(all, unowned{q.Origin})
	}
	if q.Status == registry.Deleted {
		all = append(all, lastDeleted{})
	}
	return all
}

// nameStart is the start of a name, folded.
type nameStart string

func (f nameStart) lead(s *selection) {
	f.narrow(s)
	s.order = "a.name_key, a.id"
}

func (f nameStart) narrow(s *selection) {
	s.and("a.name_key >= "+s.bind(string(f)), "a.name_key < "+s.bind(string(f)+string(utf8.MaxRune)))
}

func (nameStart) covers(q registry.ApplicationQuery) bool { return !faceted(q) }

// textSearch is three characters or more out of a name, client ID or creator,
// folded. SQLite's index has the facets too.
type textSearch struct{ q registry.ApplicationQuery }

func (f textSearch) lead(s *selection) {
	s.order = "a.row_id DESC"
	if s.dialect == sqlite {
		s.from, s.order = "applications_search f CROSS JOIN applications a", "f.rowid DESC"
		s.and("applications_search MATCH "+s.bind(f.query()), "a.row_id = f.rowid")
	}
	f.narrow(s)
}

func (f textSearch) narrow(s *selection) {
	if s.dialect == sqlite {
		s.and("instr(a.search_text, " + s.bind(f.q.Search) + ") > 0")
		return
	}
	s.and(`a.search_text LIKE ` + s.bind("%"+likeEscaper.Replace(f.q.Search)+"%") + ` ESCAPE '\'`)
}

func (textSearch) covers(q registry.ApplicationQuery) bool { return q.Attention != registry.Powerless }

// query is the search for FTS5.
func (f textSearch) query() string {
	query := "search_text : (" + trigrams(f.q.Search) + ")"
	for _, facet := range []struct{ column, value string }{
		{"origin", string(f.q.Origin)}, {"type", string(f.q.Type)}, {"status", string(f.q.Status)},
	} {
		if facet.value != "" && facet.value != string(registry.Deleted) {
			query += " AND " + facet.column + " : (" + trigrams(facet.value) + ")"
		}
	}
	return query
}

// trigrams returns the FTS5 query for what contains, folded, every third run of
// three characters of text, and the last: several times faster than the phrase,
// it leaves little to be compared.
func trigrams(text string) string {
	runes := []rune(registry.NameKey(text))
	var terms []string
	for i := 0; i < len(runes); i += 3 {
		term := string(runes[min(i, len(runes)-3):][:3])
		terms = append(terms, `"`+strings.ReplaceAll(term, `"`, `""`)+`"`)
	}
	return strings.Join(terms, " AND ")
}

// scopeHeld is a scope that applications may ask for.
type scopeHeld string

func (f scopeHeld) lead(s *selection) {
	s.from, s.order = "application_scopes h CROSS JOIN applications a", "h.application_id"
	s.and("h.scope = "+s.bind(string(f)), "a.id = h.application_id")
}

func (scopeHeld) covers(q registry.ApplicationQuery) bool { return !faceted(q) }

func (f scopeHeld) narrow(s *selection) {
	s.and("EXISTS (SELECT 1 FROM application_scopes h WHERE h.application_id = a.id AND h.scope = " + s.bind(string(f)) + ")")
}

// ownedBy is a user who owns applications, by ID.
type ownedBy string

func (f ownedBy) lead(s *selection) {
	s.from, s.order = "application_owners o CROSS JOIN applications a", "o.application_id"
	s.and("o.user_id = "+s.bind(asText(string(f))), "a.id = o.application_id")
}

func (ownedBy) covers(q registry.ApplicationQuery) bool { return !faceted(q) }

func (f ownedBy) narrow(s *selection) {
	s.and("EXISTS (SELECT 1 FROM application_owners o WHERE o.application_id = a.id AND o.user_id = " + s.bind(asText(string(f))) + ")")
}

// secretExpiring is a live secret that ends within registry.ExpiringWithin.
type secretExpiring struct{}

func (secretExpiring) ends(s *selection) (condition, now string) {
	now = s.bind(s.now.Unix())
	return "e.revoked_at IS NULL AND e.expires_at > " + now + " AND e.expires_at <= " + s.bind(s.now.Add(registry.ExpiringWithin).Unix()), now
}

func (f secretExpiring) lead(s *selection) {
	ends, now := f.ends(s)
	s.from, s.order = "secrets e CROSS JOIN applications a", "e.expires_at, e.id"
	// An application with several such secrets is selected by the first to end.
	s.and(ends, "a.id = e.application_id", `NOT EXISTS (SELECT 1 FROM secrets f WHERE f.application_id = e.application_id
		AND f.revoked_at IS NULL AND f.expires_at > `+now+` AND (f.expires_at, f.id) < (e.expires_at, e.id))`)
}

func (secretExpiring) covers(q registry.ApplicationQuery) bool { return !faceted(q) }

func (f secretExpiring) narrow(s *selection) {
	ends, _ := f.ends(s)
	s.and("EXISTS (SELECT 1 FROM secrets e WHERE e.application_id = a.id AND " + ends + ")")
}

// unusedLong is no use for so many days.
type unusedLong struct{ days int }

func (unusedLong) covers(q registry.ApplicationQuery) bool { return !faceted(q) }

func (f unusedLong) since(s *selection) string { return s.bind(s.now.AddDate(0, 0, -f.days).Unix()) }

func (f unusedLong) lead(s *selection) {
	const idleSince = "CASE WHEN a.last_used_at > a.created_at THEN a.last_used_at ELSE a.created_at END" // as its index has it
	s.and(idleSince + " < " + f.since(s))
	s.order = idleSince + ", a.id"
}

// narrow says the same in two halves, by which an index in either order begins
// at the right place.
func (f unusedLong) narrow(s *selection) {
	since := f.since(s)
	s.and("a.last_used_at < "+since, "a.created_at < "+since)
}

// unowned is that nobody who can sign in owns it, and somebody could: none of
// the platform's, should these be asked for.
type unowned struct{ asked registry.Origin }

func (f unowned) lead(s *selection) {
	s.and("a.unowned = TRUE") // as its index has it
	f.narrow(s)
	s.order = "a.name_key, a.id"
}

func (unowned) covers(q registry.ApplicationQuery) bool { return !faceted(q) }

// narrow says it so that SQLite does not take the index of lead for another
// order, and sort all that it finds there.
func (f unowned) narrow(s *selection) {
	if f.asked == registry.PlatformOrigin {
		s.and("FALSE") // rather than look at all of them
	}
	s.and("a.unowned <> FALSE")
}

// lastDeleted is what was deleted and is still kept.
type lastDeleted struct{}

func (f lastDeleted) lead(s *selection) {
	f.narrow(s)
	s.order = "a.deleted_at DESC, a.id"
}

func (lastDeleted) covers(registry.ApplicationQuery) bool { return true }

func (lastDeleted) narrow(s *selection) { s.and("a.deleted_at IS NOT NULL") }
