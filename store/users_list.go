package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clientele/registry"
)

// Users returns a page of the users that match the query. It needs the
// permission to view users. It fails with registry.Invalid when the query asks
// for what does not exist, or for a page that is no longer there.
func (db *DB) Users(ctx context.Context, by registry.Actor, q registry.UserQuery) (page registry.UserPage, err error) {
	q = q.Clean()
	what := intent{action: "user.list", need: registry.ViewUsers, target: registry.AllUsers}
	err = db.view(ctx, by, what, func(t *tx) error {
		if err := registry.Check(q); err != nil {
			return err
		}
		page, err = t.userPage(ctx, q, pageSize)
		return err
	})
	if err != nil {
		return registry.UserPage{}, fmt.Errorf("list users: %w", err)
	}
	return page, nil
}

// UsersReport passes every user to yield, by name, and records that they were
// downloaded. It needs the permission to view users. It fails before the
// first, or with what yield returns.
func (db *DB) UsersReport(ctx context.Context, by registry.Actor, yield func(registry.UserRow) error) error {
	what := intent{action: "user.download", need: registry.ViewUsers, target: registry.AllUsers}
	err := db.change(ctx, by, what, func(*tx) (registry.Event, error) { return registry.Event{}, nil })
	if err != nil {
		return fmt.Errorf("report users: %w", err)
	}
	q := registry.UserQuery{}.Clean()
	for {
		var page registry.UserPage
		err := db.view(ctx, by, what, func(t *tx) error {
			page, err = t.userPage(ctx, q, reportBatch)
			if _, gone := errors.AsType[registry.Invalid](err); gone { // who was left has been removed meanwhile
				return nil
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("report users: %w", err)
		}
		for _, u := range page.Users {
			if err := yield(u); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		q.After = page.Next
	}
}

// userPage returns a page of so many of the users.
func (t *tx) userPage(ctx context.Context, q registry.UserQuery, size int) (page registry.UserPage, err error) {
	few, err := t.fewPeople(ctx, q.Search)
	if err != nil {
		return page, err
	}
	s := t.userSelection(q, few)
	key, down := q.Sort.Key()
	column := map[string]string{"name": "u.name_key", "used": "u.last_signed_in_at"}[key]
	if q.Before != "" {
		down = !down
	}
	order, beyond := "ASC", ">"
	if down {
		order, beyond = "DESC", "<"
	}
	column = t.sorted(column, few)
	if q.Before != "" || q.After != "" {
		cursor, err := registry.ParseCursor(q.Before+q.After, q.Sort)
		if err != nil {
			return page, noSuchPage
		}
		var k any = cursor.Time
		if key == "name" {
			k = cursor.Name
		}
		s.and(fmt.Sprintf("(%s, u.id) %s (%s, %s)", column, beyond, s.bind(k), s.bind(cursor.ID)))
	}
	found, err := t.userRows(ctx, fmt.Sprintf("%s ORDER BY %s %s, u.id %s LIMIT %d", s.all(), column, order, order, size+1), s.args...)
	if err != nil {
		return page, err
	}
	more := len(found) > size
	found = found[:min(len(found), size)]
	switch {
	case q.Before != "" && !more: // all before fits on the first page, which others then fill
		q.Before, q.After = "", ""
		return t.userPage(ctx, q, size)
	case q.Before != "":
		slices.Reverse(found)
	case q.After != "" && len(found) == 0:
		return page, noSuchPage
	}
	if page.Users, err = t.withBeyond(ctx, found); err != nil {
		return page, err
	}
	if q.Before != "" || q.After != "" {
		page.Prev = found[0].cursor(q.Sort)
	}
	if q.Before != "" || more {
		page.Next = found[len(found)-1].cursor(q.Sort)
	}
	if size == pageSize {
		page.Found, err = t.countUsers(ctx, q, few)
	}
	return page, err
}

func (t *tx) countUsers(ctx context.Context, q registry.UserQuery, few bool) (registry.Count, error) {
	s := t.userSelection(q, few)
	var n int
	err := t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM users u WHERE %s LIMIT %d) AS found`, s.all(), countLimit+1), s.args...).Scan(&n)
	if err != nil {
		return registry.Count{}, fmt.Errorf("count users: %w", err)
	}
	return counted(n), nil
}

// withBeyond returns users with whether they hold what the actor could not give.
func (t *tx) withBeyond(ctx context.Context, found []listedUser) ([]registry.UserRow, error) {
	var holding []string
	for _, u := range found {
		if u.Holds {
			holding = append(holding, u.ID)
		}
	}
	missing, err := t.beyond(ctx, registry.UserSubject, holding)
	if err != nil {
		return nil, err
	}
	users := make([]registry.UserRow, len(found))
	for i, u := range found {
		users[i], users[i].Beyond = u.UserRow, missing[u.ID] != nil
	}
	return users, nil
}

// userSelection selects, from users u, those that the query asks for: by the
// search's index when it finds few.
func (t *tx) userSelection(q registry.UserQuery, few bool) *selection {
	s := &selection{dialect: t.dialect, now: t.now}
	switch q.Status {
	case registry.Active:
		s.and("u.disabled_at IS NULL")
	case registry.Invited:
		s.and("u.disabled_at IS NOT NULL", "u.invited_at IS NOT NULL")
	case registry.Disabled:
		s.and("u.disabled_at IS NOT NULL", "u.invited_at IS NULL")
	}
	if q.MemberOf != "" {
		s.and("u.id IN (SELECT user_id FROM group_members WHERE group_id = " + s.bind(asText(q.MemberOf)) + ")")
	}
	if q.OutsideOf != "" {
		s.and("u.id NOT IN (SELECT user_id FROM group_members WHERE group_id = " + s.bind(asText(q.OutsideOf)) + ")")
	}
	if q.Search != "" {
		s.personNamed("u", q.Search, few)
	}
	return s
}

// all returns the conditions of the selection, of which there may be none.
func (s *selection) all() string {
	return strings.Join(append([]string{"TRUE"}, s.where...), " AND ")
}

// listedUser is a user with the key that names are sorted by.
type listedUser struct {
	registry.UserRow
	nameKey string
}

// cursor returns the user's place in the order.
func (u listedUser) cursor(sort registry.ApplicationSort) string {
	c := registry.Cursor{Sort: sort, ID: u.ID}
	if key, _ := sort.Key(); key == "name" {
		c.Name = u.nameKey
	} else if !u.LastSignedInAt.IsZero() {
		c.Time = u.LastSignedInAt.Unix()
	}
	return c.String()
}

// userRows returns the users that where selects of users u.
func (t *tx) userRows(ctx context.Context, where string, args ...any) ([]listedUser, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT u.id, u.email, u.name, u.created_at, u.disabled_at, u.invited_at, u.last_signed_in_at, u.name_key, u.password_hash = '',
			(SELECT count(*) FROM group_members m WHERE m.user_id = u.id),
			`+userHolds("u.id", registry.Administration())+`,
			EXISTS (SELECT 1 FROM grants g WHERE g.subject_type = 'user' AND g.subject_id = u.id)
				OR EXISTS (SELECT 1 FROM group_members m JOIN grants g ON g.subject_type = 'group' AND g.subject_id = m.group_id WHERE m.user_id = u.id),
			(SELECT max(expires_at) FROM user_links l WHERE l.user_id = u.id AND l.spent_at IS NULL)
		FROM users u WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	all, err := collect(rows, func(u *listedUser) []any {
		return []any{
			&u.ID, &u.Email, &u.Name,
			seconds{&u.CreatedAt},
			seconds{&u.DisabledAt},
			seconds{&u.InvitedAt},
			seconds{&u.LastSignedInAt},
			&u.nameKey, &u.NoPassword, &u.Groups, &u.Admin, &u.Holds,
			seconds{&u.LinkEnds},
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return all, nil
}

// User returns a user with what they hold, or registry.ErrNotFound. It needs
// the permission to view users.
func (db *DB) User(ctx context.Context, by registry.Actor, id string) (u registry.UserAccount, err error) {
	err = db.view(ctx, by, intent{action: "user.read", need: registry.ViewUsers, target: userID(id)}, func(t *tx) error {
		if u.UserRow, err = t.userRow(ctx, id); err != nil {
			return err
		}
		rows, err := t.withBeyond(ctx, []listedUser{{UserRow: u.UserRow}})
		if err != nil {
			return err
		}
		u.UserRow = rows[0]
		return t.readAccount(ctx, &u)
	})
	if err != nil {
		return registry.UserAccount{}, fmt.Errorf("read the user: %w", err)
	}
	return u, nil
}

// userID returns the target of what is done to the user of that ID, whose name
// is not known yet.
func userID(id string) registry.Target { return registry.Target{Type: "user", ID: id} }

// userRow returns the user of that ID, or registry.ErrNotFound.
func (t *tx) userRow(ctx context.Context, id string) (registry.UserRow, error) {
	found, err := t.userRows(ctx, `u.id = $1`, asText(id))
	if err == nil && len(found) == 0 {
		err = registry.ErrNotFound
	}
	if err != nil {
		return registry.UserRow{}, err
	}
	return found[0].UserRow, nil
}

// readAccount reads what belongs to a user.
func (t *tx) readAccount(ctx context.Context, u *registry.UserAccount) error {
	rows, err := t.QueryContext(ctx, `
		SELECT c.id, c.name FROM group_members m JOIN user_groups c ON c.id = m.group_id WHERE m.user_id = $1 ORDER BY c.name_key`, u.ID)
	if err == nil {
		u.MemberOf, err = collect(rows, func(g *registry.Group) []any { return []any{&g.ID, &g.Name} })
	}
	if err == nil {
		u.Held, err = t.accountGrants(ctx, u.ID)
	}
	if err == nil {
		err = t.QueryRowContext(ctx, `
			SELECT (SELECT count(*) FROM sessions WHERE user_id = $1 AND expires_at > $2 AND seen_at > $3),
				(SELECT count(*) FROM consents c JOIN applications a ON a.id = c.application_id AND a.deleted_at IS NULL
				WHERE c.user_id = $1 AND c.ended_at IS NULL AND c.expires_at > $2)`,
			u.ID, t.now.Unix(), t.now.Add(-SessionIdle).Unix()).Scan(&u.Browsers, &u.Consents)
	}
	if err == nil {
		u.Owned, err = t.ownedBy(ctx, u.ID)
	}
	if err == nil {
		u.LinkMail, err = t.linkMail(ctx, u.ID)
	}
	if err != nil {
		return fmt.Errorf("read what the user has: %w", err)
	}
	return nil
}

// accountGrants returns what a user was given and what their groups were,
// service by service in the catalogue's order, also of one who is disabled.
func (t *tx) accountGrants(ctx context.Context, id string) ([]registry.AccountGrant, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT g.service, g.object, g.kind, g.key, h.group_id, h.group_name FROM (
			SELECT 'user' AS type, CAST($1 AS TEXT) AS id, '' AS group_id, '' AS group_name
			UNION ALL SELECT 'group', c.id, c.id, c.name FROM group_members m JOIN user_groups c ON c.id = m.group_id WHERE m.user_id = $1
		) AS h
		JOIN grants g ON g.subject_type = h.type AND g.subject_id = h.id
		JOIN services v ON v.key = g.service
		LEFT JOIN permissions p ON g.kind = 'permission' AND p.service = g.service AND p.key = g.key
		LEFT JOIN templates m ON g.kind = 'template' AND m.service = g.service AND m.key = g.key
		ORDER BY v.builtin DESC, v.position, v.key, g.kind DESC, COALESCE(p.position, m.position), g.key, g.object, h.group_name, h.group_id`, id)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(g *registry.AccountGrant) []any {
		return []any{&g.Service, &g.Object, &g.Kind, &g.Key, &g.Group.ID, &g.Group.Name}
	})
}

// lockUser returns a user who stays as they are until the transaction ends, or
// registry.ErrNotFound. What anybody holds stays as it is too.
func (t *tx) lockUser(ctx context.Context, id string) (registry.UserRow, error) {
	if err := t.lockMeta(ctx); err != nil {
		return registry.UserRow{}, fmt.Errorf("lock the user: %w", err)
	}
	result, err := t.ExecContext(ctx, `UPDATE users SET id = id WHERE id = $1`, asText(id))
	if err != nil {
		return registry.UserRow{}, fmt.Errorf("lock the user: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return registry.UserRow{}, err
	} else if n == 0 {
		return registry.UserRow{}, registry.ErrNotFound
	}
	return t.userRow(ctx, id)
}

// setUser changes one user's row.
func (t *tx) setUser(ctx context.Context, id, set string, args ...any) error {
	_, err := t.ExecContext(ctx, `UPDATE users SET `+set+` WHERE id = $1`, slices.Concat([]any{id}, args)...)
	if err != nil {
		return fmt.Errorf("change the user: %w", err)
	}
	return nil
}
