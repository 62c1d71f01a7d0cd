package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clientele/registry"
)

// Groups returns a page of the groups that match the query, by name. It needs
// the permission to view users. It fails with registry.Invalid when the query
// asks for a page that is no longer there.
func (db *DB) Groups(ctx context.Context, by registry.Actor, q registry.GroupQuery) (page registry.GroupPage, err error) {
	what := intent{action: "group.list", need: registry.ViewUsers, target: registry.AllGroups}
	err = db.view(ctx, by, what, func(t *tx) error {
		page, err = t.groupPage(ctx, q)
		return err
	})
	if err != nil {
		return registry.GroupPage{}, fmt.Errorf("list groups: %w", err)
	}
	return page, nil
}

func (t *tx) groupPage(ctx context.Context, q registry.GroupQuery) (page registry.GroupPage, err error) {
	s := &selection{dialect: t.dialect}
	if search := registry.NameKey(registry.CleanSearch(q.Search)); search != "" {
		s.and("c.name_key LIKE " + s.bind("%"+likeEscaper.Replace(search)+"%") + ` ESCAPE '\'`)
	}
	var n int
	err = t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM user_groups c WHERE %s LIMIT %d) AS found`, s.all(), countLimit+1), s.args...).Scan(&n)
	if err != nil {
		return page, fmt.Errorf("count groups: %w", err)
	}
	page.Found = counted(n)
	order, beyond := "ASC", ">"
	if q.Before != "" {
		order, beyond = "DESC", "<"
	}
	if q.Before != "" || q.After != "" {
		cursor, err := registry.ParseCursor(q.Before+q.After, registry.SortName)
		if err != nil {
			return page, noSuchPage
		}
		s.and(fmt.Sprintf("c.name_key %s %s", beyond, s.bind(cursor.Name))) // which no two groups share
	}
	found, err := t.groupRows(ctx, fmt.Sprintf("%s ORDER BY c.name_key %s LIMIT %d", s.all(), order, pageSize+1), s.args...)
	if err != nil {
		return page, err
	}
	more := len(found) > pageSize
	page.Groups = found[:min(len(found), pageSize)]
	if err := t.markBeyond(ctx, page.Groups); err != nil {
		return page, err
	}
	switch {
	case q.Before != "" && !more: // all before fits on the first page, which others then fill
		q.Before, q.After = "", ""
		return t.groupPage(ctx, q)
	case q.Before != "":
		slices.Reverse(page.Groups)
	case q.After != "" && len(page.Groups) == 0:
		return page, noSuchPage
	}
	if q.Before != "" || q.After != "" {
		page.Prev = groupCursor(page.Groups[0])
	}
	if q.Before != "" || more {
		page.Next = groupCursor(page.Groups[len(page.Groups)-1])
	}
	return page, nil
}

// markBeyond marks the groups that were given what the actor could not give.
func (t *tx) markBeyond(ctx context.Context, groups []registry.GroupRow) error {
	var holding []string
	for _, g := range groups {
		if g.Grants > 0 {
			holding = append(holding, g.ID)
		}
	}
	missing, err := t.beyond(ctx, registry.GroupSubject, holding)
	for i, g := range groups {
		groups[i].Beyond = missing[g.ID] != nil
	}
	return err
}

func groupCursor(g registry.GroupRow) string {
	return registry.Cursor{Sort: registry.SortName, Name: registry.NameKey(g.Name), ID: g.ID}.String()
}

// groupRows returns the groups that where selects of user_groups c.
func (t *tx) groupRows(ctx context.Context, where string, args ...any) ([]registry.GroupRow, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT c.id, c.name, c.description, c.created_at,
			(SELECT count(*) FROM group_members m WHERE m.group_id = c.id),
			(SELECT count(*) FROM grants g WHERE g.subject_type = 'group' AND g.subject_id = c.id),
			COALESCE((SELECT string_agg(v.name, ', ' ORDER BY v.builtin DESC, v.position, v.key) FROM services v
				WHERE EXISTS (SELECT 1 FROM grants g WHERE g.subject_type = 'group' AND g.subject_id = c.id AND g.service = v.key)), '')
		FROM user_groups c WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	all, err := collect(rows, func(g *registry.GroupRow) []any {
		return []any{&g.ID, &g.Name, &g.Description, seconds{&g.CreatedAt}, &g.Members, &g.Grants, &g.Services}
	})
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	return all, nil
}

// Group returns a group with what it holds, or registry.ErrNotFound. It needs
// the permission to view users, who are its members.
func (db *DB) Group(ctx context.Context, by registry.Actor, id string) (g registry.GroupAccount, err error) {
	err = db.view(ctx, by, intent{action: "group.read", need: registry.ViewUsers, target: groupID(id)}, func(t *tx) error {
		found, err := t.groupRow(ctx, id)
		if err != nil {
			return err
		}
		rows := []registry.GroupRow{found}
		if err := t.markBeyond(ctx, rows); err != nil {
			return err
		}
		g.GroupRow = rows[0]
		g.Held, err = t.grantsTo(ctx, g.Subject())
		return err
	})
	if err != nil {
		return registry.GroupAccount{}, fmt.Errorf("read the group: %w", err)
	}
	return g, nil
}

// groupID returns the target of what is done to the group of that ID, whose
// name is not known yet.
func groupID(id string) registry.Target { return registry.Target{Type: "group", ID: id} }

func groupTarget(g registry.Group) registry.Target {
	return registry.Target{Type: "group", ID: g.ID, Name: g.Name}
}

// groupRow returns the group of that ID, or registry.ErrNotFound.
func (t *tx) groupRow(ctx context.Context, id string) (registry.GroupRow, error) {
	found, err := t.groupRows(ctx, `c.id = $1`, asText(id))
	if err == nil && len(found) == 0 {
		err = registry.ErrNotFound
	}
	if err != nil {
		return registry.GroupRow{}, err
	}
	return found[0], nil
}

// CreateGroup makes a group that holds nothing and has no members. It needs the
// permission to manage users. It fails with registry.Invalid, which names every
// wrong field, also when there is a group of that name.
func (db *DB) CreateGroup(ctx context.Context, by registry.Actor, in registry.GroupInput) (g registry.Group, err error) {
	in = in.Clean()
	what := intent{action: "group.create", need: registry.ManageUsers, target: registry.Target{Type: "group", Name: in.Name}, input: in}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		g = registry.Group{ID: registry.NewGroupID(), Name: in.Name}
		_, err := t.ExecContext(ctx, `
			INSERT INTO user_groups (id, name, name_key, description, created_at) VALUES ($1, $2, $3, $4, $5)`,
			g.ID, in.Name, registry.NameKey(in.Name), in.Description, t.now.Unix())
		return registry.Event{Target: groupTarget(g), After: snapshot(in)}, groupNameFree(err)
	})
	if err != nil {
		return registry.Group{}, fmt.Errorf("make the group: %w", err)
	}
	return g, nil
}

// groupNameFree tells of a name that another group has.
func groupNameFree(err error) error {
	if isDuplicate(err, "name_key") {
		return registry.Invalid{"name": "There is a group of this name already. Choose another."}
	}
	return err
}

// UpdateGroup changes what a group is called. It needs the permission to manage
// users, and the one to manage permissions when the group holds any. What is
// the same changes nothing. It fails as CreateGroup does, and with
// registry.ErrNotFound.
func (db *DB) UpdateGroup(ctx context.Context, by registry.Actor, id string, in registry.GroupInput) error {
	in = in.Clean()
	what := changeOfGroup("group.update", id)
	what.input = in
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		g, err := t.lockGroup(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		before := registry.GroupInput{Name: g.Name, Description: g.Description}
		if before == in {
			return registry.Event{}, errUnchanged
		}
		_, err = t.ExecContext(ctx, `UPDATE user_groups SET name = $1, name_key = $2, description = $3 WHERE id = $4`,
			in.Name, registry.NameKey(in.Name), in.Description, id)
		return registry.Event{Target: groupTarget(registry.Group{ID: id, Name: in.Name}), Before: snapshot(before), After: snapshot(in)}, groupNameFree(err)
	})
	if err != nil {
		return fmt.Errorf("change the group: %w", err)
	}
	return nil
}

// changeOfGroup is what somebody who manages users does to a group; see
// lockGroup for one that holds permissions.
func changeOfGroup(action, id string) intent {
	return intent{action: action, need: registry.ManageUsers, target: groupID(id)}
}

// lockGroup returns a group that stays as it is until the transaction ends, as
// does what anybody holds, or registry.ErrNotFound. Who is to change one that
// holds permissions must be able to grant these: else they could give them to
// themselves, or take them from those who may.
func (t *tx) lockGroup(ctx context.Context, id string) (registry.GroupRow, error) {
	if err := t.lockMeta(ctx); err != nil {
		return registry.GroupRow{}, fmt.Errorf("lock the group: %w", err)
	}
	g, err := t.groupRow(ctx, id)
	if err == nil {
		err = t.requireToGive(ctx, g.Subject())
	}
	return g, err
}

// membership is what an event tells of who came into a group or left it.
type membership struct {
	User  string `json:"user"`
	Name  string `json:"user_name"`
	Admin bool   `json:"admin,omitempty"` // an administrator because of it
}

// AddMember puts a user into a group, with all that it holds. It needs what
// UpdateGroup needs. Who is in it already stays so. It fails with
// registry.ErrNotFound when there is no such group or user.
func (db *DB) AddMember(ctx context.Context, by registry.Actor, group, user string) error {
	err := db.change(ctx, by, changeOfGroup("group.add-member", group), func(t *tx) (registry.Event, error) {
		g, u, in, err := t.lockMember(ctx, group, user)
		if err == nil && in {
			err = errUnchanged
		}
		if err == nil {
			err = t.insertMember(ctx, g.ID, u.ID)
		}
		if err != nil {
			return registry.Event{}, err
		}
		now, err := t.userRow(ctx, u.ID)
		return registry.Event{Target: groupTarget(g.Group), After: snapshot(membership{u.ID, u.Name, now.Admin && !u.Admin})}, err
	})
	if err != nil {
		return fmt.Errorf("add to the group: %w", err)
	}
	return nil
}

// RemoveMember takes a user out of a group, and from them what they hold
// through it alone. It needs what UpdateGroup needs. Who is not in it changes
// nothing. It fails with registry.ErrNotFound when there is no such group or
// user, and with registry.Invalid for the last administrator.
func (db *DB) RemoveMember(ctx context.Context, by registry.Actor, group, user string) error {
	err := db.change(ctx, by, changeOfGroup("group.remove-member", group), func(t *tx) (registry.Event, error) {
		g, u, in, err := t.lockMember(ctx, group, user)
		if err == nil && !in {
			err = errUnchanged
		}
		if err != nil {
			return registry.Event{}, err
		}
		err = t.keepGranters(ctx, "group", func() error {
			_, err := t.ExecContext(ctx, `DELETE FROM group_members WHERE group_id = $1 AND user_id = $2`, g.ID, u.ID)
			return err
		})
		return registry.Event{Target: groupTarget(g.Group), Before: snapshot(membership{User: u.ID, Name: u.Name})}, err
	})
	if err != nil {
		return fmt.Errorf("take out of the group: %w", err)
	}
	return nil
}

// lockMember returns a group and a user, as lockGroup does, and whether they
// are in it.
func (t *tx) lockMember(ctx context.Context, group, user string) (g registry.GroupRow, u registry.UserRow, in bool, err error) {
	if g, err = t.lockGroup(ctx, group); err != nil {
		return g, u, false, err
	}
	if u, err = t.lockUser(ctx, user); err != nil {
		return g, u, false, err
	}
	err = t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM group_members WHERE group_id = $1 AND user_id = $2)`, g.ID, u.ID).Scan(&in)
	return g, u, in, err
}

// DeleteGroup removes a group, and with it what its members hold through it
// alone. confirm is its name. It needs what UpdateGroup needs. It fails with
// registry.ErrNotFound, and with registry.Invalid when confirm is not the name
// or nobody would be left who can manage users and permissions.
func (db *DB) DeleteGroup(ctx context.Context, by registry.Actor, id, confirm string) error {
	err := db.change(ctx, by, changeOfGroup("group.delete", id), func(t *tx) (registry.Event, error) {
		g, err := t.lockGroup(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if strings.TrimSpace(confirm) != g.Name {
			return registry.Event{}, registry.Invalid{"confirm": fmt.Sprintf("Type the group’s name exactly: %s", g.Name)}
		}
		before, err := t.wholeGroup(ctx, g)
		if err != nil {
			return registry.Event{}, err
		}
		err = t.keepGranters(ctx, "group", func() error {
			for _, statement := range []string{
				`DELETE FROM grants WHERE subject_type = 'group' AND subject_id = $1`,
				`DELETE FROM user_groups WHERE id = $1`, // its members with it
			} {
				if _, err := t.ExecContext(ctx, statement, g.ID); err != nil {
					return err
				}
			}
			return nil
		})
		return registry.Event{Target: groupTarget(g.Group), Before: before}, err
	})
	if err != nil {
		return fmt.Errorf("delete the group: %w", err)
	}
	return nil
}

// wholeGroup returns what an event tells of a group that goes: what it held,
// and who was in it.
func (t *tx) wholeGroup(ctx context.Context, g registry.GroupRow) (string, error) {
	held, err := t.grantsTo(ctx, g.Subject())
	if err != nil {
		return "", err
	}
	rows, err := t.QueryContext(ctx, `SELECT user_id FROM group_members WHERE group_id = $1 ORDER BY user_id`, g.ID)
	if err != nil {
		return "", fmt.Errorf("read members: %w", err)
	}
	members, err := collect(rows, func(id *string) []any { return []any{id} })
	if err != nil {
		return "", fmt.Errorf("read members: %w", err)
	}
	return snapshot(struct {
		registry.GroupInput
		Permissions []registry.HeldGrant `json:"permissions,omitempty"`
		Members     []string             `json:"members,omitempty"`
	}{registry.GroupInput{Name: g.Name, Description: g.Description}, held, members}), nil
}
