package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clientele/registry"
)

const (
	// pageSize is how many applications a page of the list has.
	pageSize = 50
	// countLimit is how far matches are counted, and how many of those that no
	// index has in order are sorted.
	countLimit = 1000
)

// Applications returns a page of the applications that match the query; for who
// may not view them all, of those that they own. It
// fails with registry.Invalid when the query asks for what does not exist, or
// for a page that is no longer there; whatever is searched for is fine.
func (db *DB) Applications(ctx context.Context, by registry.Actor, q registry.ApplicationQuery) (page registry.ApplicationPage, err error) {
	q = q.Clean()
	what := intent{action: "application.list", target: registry.AllApplications}
	err = db.view(ctx, by, what, func(t *tx) error {
		if err := t.onlyOwned(ctx, &q); err != nil {
			return err
		}
		if err := registry.Check(q); err != nil {
			return err
		}
		if page, err = t.applicationPage(ctx, q); err != nil {
			return err
		}
		if q.Owner != "" {
			page.Owner, err = t.userName(ctx, q.Owner)
		}
		if err != nil || q.Filtered() || q.After != "" || q.Before != "" {
			return err
		}
		page.Unknown, err = t.failuresOf(ctx, "")
		return err
	})
	if err != nil {
		return registry.ApplicationPage{}, fmt.Errorf("list applications: %w", err)
	}
	return page, nil
}

// noSuchPage answers a cursor that was made up, or whose page is empty by now.
var noSuchPage = registry.Invalid{"page": "That page is no longer there."}

func (t *tx) applicationPage(ctx context.Context, q registry.ApplicationQuery) (page registry.ApplicationPage, err error) {
	search, err := t.search(ctx, q)
	if err != nil {
		return page, err
	}
	rows, err := search.rows(ctx)
	if err != nil {
		return page, err
	}
	more := len(rows) > pageSize
	rows = rows[:min(len(rows), pageSize)]
	switch {
	case q.Before != "" && !more: // all before fits on the first page, which others then fill
		q.Before, q.After = "", ""
		return t.applicationPage(ctx, q)
	case q.Before != "":
		slices.Reverse(rows)
	case q.After != "" && len(rows) == 0:
		return page, noSuchPage
	}
	var holding []string
	for _, r := range rows {
		page.Applications = append(page.Applications, r.ApplicationRow)
		if r.Permissions > 0 {
			holding = append(holding, r.ID)
		}
	}
	missing, err := t.beyond(ctx, registry.ApplicationSubject, holding)
	if err != nil {
		return page, err
	}
	for i, a := range page.Applications {
		page.Applications[i].Beyond = missing[a.ID] != nil
	}
	if q.Before != "" || q.After != "" {
		page.Prev = rows[0].cursor(q.Sort).String()
	}
	if q.Before != "" || more {
		page.Next = rows[len(rows)-1].cursor(q.Sort).String()
	}
	return page, search.count(ctx, rows, &page)
}

// listedRow is a row with the key that names are sorted by, and with what was
// found on the way to it.
type listedRow struct {
	registry.ApplicationRow
	nameKey string
	found   int // how many matched, up to one more than countLimit, if they were sorted
	team    int // how many of these are the team's
}

// cursor returns the row's place in the order.
func (r listedRow) cursor(sort registry.ApplicationSort) registry.Cursor {
	c := registry.Cursor{Sort: sort, ID: r.ID}
	at := r.LastUsedAt
	switch sort {
	case registry.SortName, registry.SortNameDown:
		c.Name = r.nameKey
		return c
	case registry.SortCreated, registry.SortCreatedDown:
		at = r.CreatedAt
	}
	if !at.IsZero() {
		c.Time = at.Unix()
	}
	return c
}

// rows returns the rows of a page and, if there is one, the next. Before a
// cursor they are in the opposite order.
func (s *applicationSearch) rows(ctx context.Context) ([]listedRow, error) {
	sel := s.selection()
	places, direction, err := s.places(sel)
	if err != nil {
		return nil, err
	}
	now, viewer := sel.bind(s.t.now.Unix()), sel.bind(s.t.by.ID)
	rows, err := s.t.QueryContext(ctx, `
		SELECT a.id, a.type, a.origin, a.status, a.name, a.name_key, a.created_at, a.created_by, a.created_by_name,
			a.last_used_at, a.last_used_address, a.deleted_at, a.grants, a.auth_method,
			(SELECT string_agg(grant_type, ' ') FROM application_grant_types WHERE application_id = a.id),
			place.found, place.team,
			(SELECT count(*) FROM application_scopes WHERE application_id = a.id),
			(SELECT count(*) FROM secrets WHERE application_id = a.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > `+now+`)),
			(SELECT min(expires_at) FROM secrets WHERE application_id = a.id AND revoked_at IS NULL AND expires_at > `+now+`),
			EXISTS (SELECT 1 FROM application_owners WHERE application_id = a.id AND user_id = `+viewer+`)
		FROM (`+places+`) AS place CROSS JOIN applications a WHERE a.row_id = place.row_id
		ORDER BY place.k `+direction+`, place.id `+direction, sel.args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r *listedRow) []any {
		return []any{
			&r.ID, &r.Type, &r.Origin, &r.Status, &r.Name, &r.nameKey,
			seconds{&r.CreatedAt},
			&r.CreatedBy, &r.CreatedByName,
			seconds{&r.LastUsedAt},
			&r.LastUsedAddress,
			seconds{&r.DeletedAt},
			&r.Permissions, &r.AuthMethod,
			words{&r.Grants},
			&r.found, &r.team, &r.Scopes, &r.Secrets,
			seconds{&r.SecretEnds},
			&r.Owned,
		}
	})
}

// count counts what matches, of each origin, as far as that is cheap: with an
// index up to countLimit, and otherwise no further than the page shows.
func (s *applicationSearch) count(ctx context.Context, rows []listedRow, page *registry.ApplicationPage) error {
	switch {
	case s.lead == noLead && len(filtersOf(s.q)) == 0:
		return s.countRanges(ctx, page)
	case s.lead == noLead:
		page.All, page.Team, page.Platform = registry.Count{N: len(rows), More: true}, registry.Count{More: true}, registry.Count{More: true}
		*countOf(page, s.q.Origin) = registry.Count{N: len(page.Applications), More: page.Prev != "" || page.Next != ""}
		return nil
	}
	var found, all, team int
	if len(rows) > 0 {
		found, team = rows[0].found, rows[0].team
	}
	if all = found; s.q.Origin != "" {
		sel := s.selection()
		s.of("").matches(sel)
		err := s.t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*), count(CASE WHEN origin = 'team' THEN 1 END) FROM (%s LIMIT %d) AS found`,
			sel.sql("a.origin"), countLimit+1), sel.args...).Scan(&all, &team)
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
	}
	page.All, page.Team, page.Platform = counted(all), counted(team), counted(all-team)
	page.Team.More, page.Platform.More = page.All.More, page.All.More // at least so many of more
	if s.q.Origin != "" {
		*countOf(page, s.q.Origin) = counted(found)
	}
	page.Partial = found > countLimit
	return nil
}

// countRanges counts in the indexes that begin with the facets.
func (s *applicationSearch) countRanges(ctx context.Context, page *registry.ApplicationPage) error {
	sel := s.selection()
	columns := make([]string, 2)
	for i, origin := range []registry.Origin{registry.TeamOrigin, registry.PlatformOrigin} {
		s.of(origin).matches(sel)
		columns[i] = sel.count()
	}
	var team, platform int
	err := s.t.QueryRowContext(ctx, "SELECT "+strings.Join(columns, ", "), sel.args...).Scan(&team, &platform)
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	page.All, page.Team, page.Platform = counted(team+platform), counted(team), counted(platform)
	return nil
}

func countOf(page *registry.ApplicationPage, origin registry.Origin) *registry.Count {
	switch origin {
	case registry.TeamOrigin:
		return &page.Team
	case registry.PlatformOrigin:
		return &page.Platform
	default:
		return &page.All
	}
}

func counted(n int) registry.Count {
	return registry.Count{N: min(n, countLimit), More: n > countLimit}
}
