package store

import (
	"context"
	"fmt"
	"unicode/utf8"
)

// fewPeople is how many people are looked up by name and sorted. Where more
// match, there are enough of them in any order.
const fewPeople = 2000

// fewPeople reports whether a search finds so few people that its index is the
// way to them.
func (t *tx) fewPeople(ctx context.Context, search string) (bool, error) {
	if search == "" {
		return false, nil
	}
	s, from := &selection{dialect: t.dialect}, "users u"
	if t.dialect == sqlite && utf8.RuneCountInString(search) >= 3 {
		from = "users_search"
		s.and("users_search MATCH " + s.bind(trigrams(search)))
	} else {
		s.personNamed("u", search, true)
	}
	var n int
	err := t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) AS found`, from, s.all(), fewPeople+1), s.args...).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("estimate: %w", err)
	}
	return n <= fewPeople, nil
}

// personNamed selects, from users under an alias, those whose name or address
// contains three characters or more, or begins with fewer. It goes by the index
// of the search when that is to lead.
func (s *selection) personNamed(alias, search string, lead bool) {
	matches := s.contains
	if utf8.RuneCountInString(search) < 3 {
		matches = s.begins
	} else if lead {
		s.and(s.personIndexed(alias, search))
	}
	s.and("(" + matches(s.dialect.folded(alias+".name_key", search), search) + " OR " + matches(alias+".email_key", search) + ")")
}

// personIndexed is the condition by which an index finds all people whose name
// or address contains three characters or more, and perhaps some others.
func (s *selection) personIndexed(alias, search string) string {
	if s.dialect == postgres {
		return s.contains("("+alias+".name_key || chr(10) || "+alias+".email_key)", search)
	}
	return alias + ".row_id IN (SELECT rowid FROM users_search WHERE users_search MATCH " + s.bind(trigrams(search)) + ")"
}

// sorted returns what to sort by in place of a column, so that SQLite sorts the
// few that another index led to, instead of reading all in the column's order.
func (t *tx) sorted(column string, few bool) string {
	if few && t.dialect == sqlite {
		return "+" + column
	}
	return column
}
