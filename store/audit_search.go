package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clientele/registry"
)

func (t *tx) auditPage(ctx context.Context, q registry.AuditQuery) (registry.AuditPage, error) {
	s := auditSearch{t: t, forward: q.After != 0, limit: cmp.Or(q.Limit, registry.AuditPageSize)}
	if err := s.read(ctx, q); err != nil || s.nothing {
		return registry.AuditPage{}, err
	}
	rows, err := t.QueryContext(ctx, s.statement(), s.args...)
	if err != nil {
		return registry.AuditPage{}, err
	}
	entries, err := collect(rows, entryFields)
	if err != nil {
		return registry.AuditPage{}, err
	}
	more := len(entries) > s.limit
	entries = entries[:min(len(entries), s.limit)]
	switch {
	case !s.forward:
		return registry.AuditPage{Entries: entries, Newer: q.Before != 0, Older: more}, nil
	case !more: // all that is newer fits on the first page, which older events then fill
		q.After = 0
		return t.auditPage(ctx, q)
	}
	slices.Reverse(entries)
	return registry.AuditPage{Entries: entries, Newer: true, Older: true}, nil
}

// auditSearch builds the statement that reads a page. Whatever is asked for, it
// goes along an index that yields the events in the order of the log, from
// where the page starts, and stops when the page is full.
type auditSearch struct {
	t       *tx
	limit   int
	forward bool     // towards newer events
	nothing bool     // no event can match
	index   string   // the one to go along
	starts  []string // conditions, each of which leads to a stretch of the index
	filters []string // conditions on all events
	args    []any
}

// read takes in what q asks for. The most telling condition comes last and
// decides which index to go along.
func (s *auditSearch) read(ctx context.Context, q registry.AuditQuery) error {
	s.index, s.starts = "audit_events_at", []string{"TRUE"}
	if err := s.bound(ctx, q); err != nil {
		return err
	}
	switch q.Outcome {
	case "":
	case registry.Refused:
		s.index, s.starts = "audit_events_refused", []string{"outcome = 'refused'"} // in so many words: the index is partial
	default:
		s.filters = append(s.filters, "outcome = "+s.arg(q.Outcome))
	}
	if area, ok := strings.CutSuffix(q.Action, ".*"); ok {
		s.along("audit_events_area", "area", area)
	} else if q.Action != "" {
		s.along("audit_events_action", "action", q.Action)
	}
	if q.Actor != "" {
		actors, err := s.t.actorsNamed(ctx, q.Actor)
		if err != nil {
			return err
		}
		s.along("audit_events_actor", "actor_id", actors...)
	}
	if q.Target != "" {
		targets, err := s.t.targetsNamed(ctx, q.Target)
		if err != nil {
			return err
		}
		s.along("audit_events_target", "target_id", targets...)
	}
	return nil
}

// bound limits the search to a stretch of time and of the log.
func (s *auditSearch) bound(ctx context.Context, q registry.AuditQuery) error {
	before, err := s.place(ctx, q.Before)
	if err != nil {
		return err
	}
	after, err := s.place(ctx, q.After)
	if err != nil {
		return err
	}
	// Of two bounds at one end only the tighter is given, so that no index has
	// to go through what lies between them.
	switch {
	case !before.IsZero() && (q.To.IsZero() || before.Before(q.To)):
		s.filters = append(s.filters, fmt.Sprintf("(at, seq) < (%s, %s)", s.arg(before.UnixMilli()), s.arg(q.Before)))
	case !q.To.IsZero():
		s.filters = append(s.filters, "at < "+s.arg(ceilMilli(q.To)))
	}
	switch {
	case !after.IsZero() && !after.Before(q.From):
		s.filters = append(s.filters, fmt.Sprintf("(at, seq) > (%s, %s)", s.arg(after.UnixMilli()), s.arg(q.After)))
	case !q.From.IsZero():
		s.filters = append(s.filters, "at >= "+s.arg(ceilMilli(q.From)))
	}
	return nil
}

// ceilMilli returns the first millisecond that is not before at.
func ceilMilli(at time.Time) int64 { return at.Add(time.Millisecond - 1).UnixMilli() }

// place returns when the event to go on from happened, and the zero time for
// the event 0.
func (s *auditSearch) place(ctx context.Context, seq int64) (at time.Time, err error) {
	if seq == 0 {
		return time.Time{}, nil
	}
	err = s.t.QueryRowContext(ctx, `SELECT at FROM audit_events WHERE seq = $1`, seq).Scan(milliseconds{&at})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, registry.Invalid{"cursor": "Start again from the first page: there is no event to go on from."}
	}
	return at, err
}

// along makes the search go along an index, to where column is one of values.
// What it went along before becomes a filter.
func (s *auditSearch) along(index, column string, values ...string) {
	if len(values) == 0 {
		s.nothing = true
	}
	s.filters = append(s.filters, "("+strings.Join(s.starts, " OR ")+")")
	s.index, s.starts = index, nil
	for _, value := range values {
		s.starts = append(s.starts, column+" = "+s.arg(value))
	}
}

// arg adds an argument and returns its placeholder.
func (s *auditSearch) arg(value any) string {
	s.args = append(s.args, value)
	return fmt.Sprintf("$%d", len(s.args))
}

// statement takes the first events of each stretch, and of these the first.
func (s *auditSearch) statement() string {
	order, from := `ORDER BY at DESC, seq DESC`, `audit_events`
	if s.forward {
		order = `ORDER BY at, seq`
	}
	if s.t.dialect == sqlite { // it has no statistics to choose by; PostgreSQL has
		from += ` INDEXED BY ` + s.index
	}
	stretches := make([]string, len(s.starts))
	for i, start := range s.starts {
		stretches[i] = fmt.Sprintf(`SELECT at, seq FROM (SELECT at, seq FROM %s WHERE %s %s LIMIT %d) AS s%d`,
			from, strings.Join(append([]string{start}, s.filters...), " AND "), order, s.limit+1, i)
	}
	return fmt.Sprintf(`SELECT %s FROM audit_events e WHERE seq IN (SELECT seq FROM (%s) AS s %s LIMIT %d) %s`,
		entryColumns, strings.Join(stretches, ` UNION ALL `), order, s.limit+1, order)
}

// tooMany is how many actors or applications a part of a name may fit.
const tooMany = 50

// actorsNamed returns the IDs of those who are in the log with that ID, or
// whose name, as it last was, contains text. It fails with registry.Invalid
// when these are too many.
func (t *tx) actorsNamed(ctx context.Context, text string) ([]string, error) {
	// From one actor to the next along the index, however many events each has.
	rows, err := t.QueryContext(ctx, `
		WITH RECURSIVE actors (id) AS (
			SELECT min(actor_id) FROM audit_events
			UNION ALL
			SELECT (SELECT min(actor_id) FROM audit_events WHERE actor_id > actors.id) FROM actors WHERE id IS NOT NULL
		)
		SELECT id, (SELECT actor_name FROM audit_events WHERE actor_id = actors.id ORDER BY at DESC, seq DESC LIMIT 1)
		FROM actors WHERE id IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("find actors: %w", err)
	}
	type actor struct{ id, name string }
	all, err := collect(rows, func(a *actor) []any { return []any{&a.id, &a.name} })
	if err != nil {
		return nil, fmt.Errorf("find actors: %w", err)
	}
	var ids []string
	for _, a := range all {
		if a.id == text || strings.Contains(registry.NameKey(a.name), registry.NameKey(text)) {
			ids = append(ids, a.id)
		}
	}
	if len(ids) > tooMany {
		return nil, registry.Invalid{"actor": fmt.Sprintf("This fits more than %d users and applications. Type more of the name.", tooMany)}
	}
	return ids, nil
}

// targetsNamed returns the ID that text is and those of the applications, even
// if deleted, whose name contains it. It fails with registry.Invalid when these
// are too many.
func (t *tx) targetsNamed(ctx context.Context, text string) ([]string, error) {
	name := registry.NameKey(text)
	query, args := `SELECT id FROM applications WHERE search_text LIKE $1 ESCAPE '\' AND name_key LIKE $1 ESCAPE '\'`, []any{"%" + likeEscaper.Replace(name) + "%"}
	switch {
	case utf8.RuneCountInString(name) < 3: // too short for the search index
		query, args = `SELECT id FROM applications WHERE name_key = $1`, []any{name}
	case t.dialect == sqlite:
		query = `SELECT id FROM applications WHERE row_id IN (SELECT rowid FROM applications_search WHERE search_text MATCH $2) AND name_key LIKE $1 ESCAPE '\'`
		args = append(args, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`%s LIMIT %d`, query, tooMany+1), args...)
	if err != nil {
		return nil, fmt.Errorf("find applications: %w", err)
	}
	ids, err := collect(rows, func(id *string) []any { return []any{id} })
	if err != nil {
		return nil, fmt.Errorf("find applications: %w", err)
	}
	if len(ids) > tooMany {
		return nil, registry.Invalid{"target": fmt.Sprintf("This fits more than %d applications. Type more of the name, or the client ID.", tooMany)}
	}
	return append(ids, text), nil
}

// likeEscaper takes their meaning from the wildcards of LIKE … ESCAPE '\'.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
