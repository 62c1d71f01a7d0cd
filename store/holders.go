package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"clientele/registry"
)

// fewMembers is how many memberships are sorted by their users' names. Of more,
// users are looked through by name until enough are found to be in a group.
const fewMembers = 2000

// Holders returns a page of the users and applications that hold a permission
// of a service on an object, by themselves or through groups, by their names.
// Those who are disabled hold nothing. It fails like PermissionService, and
// with registry.Invalid for a permission or an object that there is not, or a
// page that is no longer there.
func (db *DB) Holders(ctx context.Context, by registry.Actor, service string, q registry.HolderQuery) (page registry.HolderPage, err error) {
	err = db.viewService(ctx, by, service, func(t *tx, part registry.ServicePart) error {
		if _, known := part.Permission(q.Permission); !known {
			return registry.Invalid{"permission": "Choose a permission of the service."}
		}
		if _, known := part.ObjectName(q.Object); !known || !part.Covers(q.Object) {
			return registry.Invalid{"object": "Choose a container or an object that there is and that you may look at."}
		}
		var after registry.Cursor
		if q.After != "" {
			if after, err = registry.ParseCursor(q.After, registry.SubjectsByName); err != nil {
				return noSuchPage
			}
		}
		page, err = t.holderPage(ctx, part.Service, q, after)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("list who holds a permission: %w", err)
	}
	return page, nil
}

// holderKey is a subject and its place in a list by name.
type holderKey struct {
	name string
	registry.Subject
}

func (k holderKey) compare(to holderKey) int {
	return cmp.Or(cmp.Compare(k.name, to.name), cmp.Compare(k.Type, to.Type), cmp.Compare(k.ID, to.ID))
}

func (t *tx) holderPage(ctx context.Context, service registry.Service, q registry.HolderQuery, after registry.Cursor) (page registry.HolderPage, err error) {
	keys, err := t.directHolders(ctx, service, q, after)
	if err != nil {
		return page, err
	}
	members, err := t.memberHolders(ctx, service, q, after)
	if err != nil {
		return page, err
	}
	keys = append(keys, members...)
	slices.SortFunc(keys, holderKey.compare)
	keys = slices.Compact(keys)
	if len(keys) > pageSize {
		keys = keys[:pageSize]
		last := keys[pageSize-1]
		page.Next = registry.Cursor{Sort: registry.SubjectsByName, Name: last.name, ID: registry.SubjectName(last.Subject)}.String()
	}
	question := registry.Question{Permission: registry.Permission{Service: service.Key, Key: q.Permission}, Object: q.Object}
	for _, k := range keys {
		held, err := t.heldOn(ctx, k.Subject, service.Key, q.Object)
		if err != nil {
			return page, err
		}
		subject, err := t.subjectName(ctx, k.Subject)
		if err != nil {
			return page, err
		}
		page.Holders = append(page.Holders, registry.Holder{
			Subject: subject, By: registry.Needed(held, service, question)[0].By, Lacks: registry.Decide(held, nil, question).MissingPermission,
		})
	}
	return page, nil
}

// giving is the condition that a grant g gives a permission of a service on an
// object or on what is above it: one for each way and place, each in the order
// of an index.
func (s *selection) giving(service registry.Service, q registry.HolderQuery) (ways []string) {
	container, _, _ := strings.Cut(q.Object, "/")
	of := "g.service = " + s.bind(service.Key) + " AND "
	for _, object := range slices.Compact([]string{"", container, q.Object}) {
		on := of + "g.object = " + s.bind(object) + " AND "
		ways = append(ways, on+"g.kind = 'permission' AND g.key = "+s.bind(q.Permission))
		for _, template := range service.Templates {
			if slices.Contains(template.Permissions, q.Permission) {
				ways = append(ways, on+"g.kind = 'template' AND g.key = "+s.bind(template.Key))
			}
		}
	}
	return ways
}

// directHolders returns the first of the users and applications that were given
// the permission themselves.
func (t *tx) directHolders(ctx context.Context, service registry.Service, q registry.HolderQuery, after registry.Cursor) ([]holderKey, error) {
	s := &selection{dialect: t.dialect}
	var parts []string
	for _, way := range s.giving(service, q) {
		if after.ID != "" {
			at := registry.ParseSubjectName(after.ID)
			way += fmt.Sprintf(" AND (g.subject_key, g.subject_type, g.subject_id) > (%s, %s, %s)", s.bind(after.Name), s.bind(at.Type), s.bind(at.ID))
		}
		parts = append(parts, fmt.Sprintf(`SELECT * FROM (
			SELECT DISTINCT g.subject_key, g.subject_type, g.subject_id FROM grants g WHERE %s AND (
				g.subject_type = 'user' AND EXISTS (SELECT 1 FROM users u WHERE u.id = g.subject_id AND u.disabled_at IS NULL)
				OR g.subject_type = 'application' AND EXISTS (SELECT 1 FROM applications a WHERE a.id = g.subject_id AND a.status = 'active' AND a.deleted_at IS NULL))
			ORDER BY g.subject_key, g.subject_type, g.subject_id LIMIT %d) AS way%d`, way, pageSize+1, len(parts)))
	}
	return t.holderKeys(ctx, strings.Join(parts, " UNION "), s.args)
}

// memberHolders returns the first of the users who are in a group that was given
// the permission.
func (t *tx) memberHolders(ctx context.Context, service registry.Service, q registry.HolderQuery, after registry.Cursor) ([]holderKey, error) {
	s := &selection{dialect: t.dialect}
	groups := "(SELECT g.subject_id FROM grants g WHERE g.subject_type = 'group' AND (" + strings.Join(s.giving(service, q), " OR ") + "))"
	var members int
	if err := t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM group_members m WHERE m.group_id IN %s LIMIT %d) AS counted`, groups, fewMembers+1), s.args...).Scan(&members); err != nil {
		return nil, fmt.Errorf("count members: %w", err)
	}
	if members == 0 {
		return nil, nil
	}
	beyond := ""
	if after.ID != "" {
		at := registry.ParseSubjectName(after.ID)
		beyond = fmt.Sprintf(" AND (u.name_key, 'user', u.id) > (%s, %s, %s)", s.bind(after.Name), s.bind(at.Type), s.bind(at.ID))
	}
	query := `SELECT DISTINCT u.name_key, 'user', u.id FROM group_members m JOIN users u ON u.id = m.user_id WHERE m.group_id IN ` + groups
	if members > fewMembers {
		query = `SELECT u.name_key, 'user', u.id FROM users u WHERE EXISTS (SELECT 1 FROM group_members m WHERE m.user_id = u.id AND m.group_id IN ` + groups + `)`
	}
	return t.holderKeys(ctx, query+beyond+fmt.Sprintf(` AND u.disabled_at IS NULL ORDER BY u.name_key, u.id LIMIT %d`, pageSize+1), s.args)
}

func (t *tx) holderKeys(ctx context.Context, query string, args []any) ([]holderKey, error) {
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read who holds a permission: %w", err)
	}
	keys, err := collect(rows, func(k *holderKey) []any { return []any{&k.name, &k.Type, &k.ID} })
	if err != nil {
		return nil, fmt.Errorf("read who holds a permission: %w", err)
	}
	return keys, nil
}
