package store

import (
	"context"
	"errors"
	"fmt"

	"clientele/registry"
)

// MakeAdministrator gives a user the Admin template of every built-in service,
// with an event for each that they did not hold. It needs the permission to
// manage permissions. It fails with registry.ErrNotFound, and with
// registry.Invalid for oneself.
func (db *DB) MakeAdministrator(ctx context.Context, by registry.Actor, id string) error {
	err := db.changeAll(ctx, by, changeOfAdministrator("permission.grant", id), func(t *tx) ([]registry.Event, error) {
		u, err := t.lockOther(ctx, id)
		if err != nil {
			return nil, err
		}
		return eachAdminTemplate(u, func(g registry.GrantInput) (registry.Event, error) {
			return registry.Event{After: snapshot(g.Held())}, t.insertGrant(ctx, g)
		})
	})
	if err != nil {
		return fmt.Errorf("make an administrator: %w", err)
	}
	return nil
}

// RemoveAdministrator takes those templates from a user again, with an event for
// each. What they hold in other ways stays. It needs the permission to manage
// permissions. It fails with registry.ErrNotFound, and with registry.Invalid for
// oneself, for the last administrator, and for who is one by none of these
// templates.
func (db *DB) RemoveAdministrator(ctx context.Context, by registry.Actor, id string) error {
	err := db.changeAll(ctx, by, changeOfAdministrator("permission.revoke", id), func(t *tx) (events []registry.Event, err error) {
		u, err := t.lockOther(ctx, id)
		if err != nil {
			return nil, err
		}
		err = t.keepGranters(ctx, "user", func() error {
			events, err = eachAdminTemplate(u, func(g registry.GrantInput) (registry.Event, error) {
				return registry.Event{Before: snapshot(g.Held())}, t.deleteGrant(ctx, g)
			})
			return err
		})
		if err == nil && len(events) == 0 && u.Admin {
			err = registry.Invalid{"user": u.Name + " is an administrator by single permissions, or through a group. Take these away under Permissions, or on the page of the group."}
		}
		return events, err
	})
	if err != nil {
		return fmt.Errorf("remove an administrator: %w", err)
	}
	return nil
}

func changeOfAdministrator(action, id string) intent {
	return intent{action: action, need: registry.ManagePermissions, target: userID(id)}
}

// eachAdminTemplate gives or takes each template that makes a user an
// administrator, and returns the events of those that this changed.
func eachAdminTemplate(u registry.UserRow, change func(registry.GrantInput) (registry.Event, error)) (events []registry.Event, err error) {
	for _, service := range registry.BuiltIn().Services {
		if _, has := service.Template(registry.AdminTemplate); !has {
			continue
		}
		event, err := change(registry.GrantInput{Subject: u.Actor().Subject(), Service: service.Key, Kind: registry.TemplateGrant, Key: registry.AdminTemplate})
		if errors.Is(err, errUnchanged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		event.Target = userTarget(u.User)
		events = append(events, event)
	}
	return events, nil
}
