package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"clientele/registry"
)

// Members returns up to limit users with their groups, by name, those after the
// cursor when it is not "", and the cursor to go on from, or "" after the last.
// It needs the permission to read members. It fails with registry.Invalid when
// the cursor is none.
func (db *DB) Members(ctx context.Context, by registry.Actor, cursor string, limit int) (members []registry.Member, next string, err error) {
	err = db.view(ctx, by, intent{action: "user.list", need: registry.ReadMembers, target: registry.AllUsers}, func(t *tx) error {
		q := registry.UserQuery{After: cursor}.Clean()
		if _, err := registry.ParseCursor(cursor, q.Sort); cursor != "" && err != nil {
			return registry.Invalid{"cursor": "Use the cursor that came with the page before."}
		}
		page, err := t.userPage(ctx, q, limit)
		if _, gone := errors.AsType[registry.Invalid](err); gone { // who was left has been removed meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		next = page.Next
		members, err = t.withGroups(ctx, page.Users)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list members: %w", err)
	}
	return members, next, nil
}

// withGroups returns users with the groups that they are in, by name.
func (t *tx) withGroups(ctx context.Context, users []registry.UserRow) ([]registry.Member, error) {
	members := make([]registry.Member, len(users))
	at := make(map[string]int, len(users))
	s := &selection{dialect: t.dialect}
	ids := make([]string, len(users))
	for i, u := range users {
		members[i].UserRow, at[u.ID], ids[i] = u, i, s.bind(u.ID)
	}
	if len(users) == 0 {
		return members, nil
	}
	rows, err := t.QueryContext(ctx, `
		SELECT m.user_id, c.id, c.name FROM group_members m JOIN user_groups c ON c.id = m.group_id
		WHERE m.user_id IN (`+strings.Join(ids, ", ")+`) ORDER BY c.name_key`, s.args...)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	type membership struct {
		user  string
		group registry.Group
	}
	found, err := collect(rows, func(m *membership) []any { return []any{&m.user, &m.group.ID, &m.group.Name} })
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	for _, m := range found {
		members[at[m.user]].MemberOf = append(members[at[m.user]].MemberOf, m.group)
	}
	return members, nil
}
