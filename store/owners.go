package store

import (
	"context"
	"errors"
	"fmt"

	"clientele/registry"
)

// AddOwner makes a user an owner of an application. It needs the permission to
// manage applications and, because an owner sees new secrets, what
// requireDelegation asks. Who is an owner stays so. It fails with
// registry.Invalid for a user who cannot sign in and when there are
// registry.MaxOwners, with registry.ErrNotFound when there is no such
// application or user, and with registry.ErrLocked.
func (db *DB) AddOwner(ctx context.Context, by registry.Actor, id, user string) error {
	err := db.change(ctx, by, changeOfOwners("application.add-owner", id), func(t *tx) (registry.Event, error) {
		app, owners, err := t.lockOwners(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if err := t.requireDelegation(ctx, app); err != nil {
			return registry.Event{}, err
		}
		u, err := t.userRow(ctx, user)
		switch {
		case err != nil:
			return registry.Event{}, err
		case ownerIn(owners, u.ID):
			return registry.Event{}, errUnchanged
		case u.Status() != registry.Active:
			return registry.Event{}, registry.Invalid{"user": u.Name + " cannot sign in at the moment. Choose someone who can."}
		case len(owners) >= registry.MaxOwners:
			return registry.Event{}, registry.Invalid{"user": fmt.Sprintf("It has %d owners, which is the most there can be. Remove one first.", len(owners))}
		}
		return registry.Event{Target: applicationTarget(app), After: snapshot(membership{User: u.ID, Name: u.Name})}, t.insertOwner(ctx, app.ID, u.ID)
	})
	if err != nil {
		return fmt.Errorf("add an owner: %w", err)
	}
	return nil
}

// RemoveOwner makes a user an owner of an application no more; it may be left
// without any. It needs the permission to manage applications. Who is none
// changes nothing. It fails with registry.ErrNotFound and registry.ErrLocked.
func (db *DB) RemoveOwner(ctx context.Context, by registry.Actor, id, user string) error {
	err := db.change(ctx, by, changeOfOwners("application.remove-owner", id), func(t *tx) (registry.Event, error) {
		app, owners, err := t.lockOwners(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		for _, o := range owners {
			if o.ID == user {
				_, err := t.ExecContext(ctx, `DELETE FROM application_owners WHERE application_id = $1 AND user_id = $2`, id, user)
				return registry.Event{Target: applicationTarget(app), Before: snapshot(membership{User: o.ID, Name: o.Name})}, err
			}
		}
		if _, err := t.userRow(ctx, user); err != nil {
			return registry.Event{}, err
		}
		return registry.Event{}, errUnchanged
	})
	if err != nil {
		return fmt.Errorf("remove an owner: %w", err)
	}
	return nil
}

// OwnerCandidates returns users who can sign in, are no owners of the
// application, and whose name or e-mail address contains text: the first
// registry.OwnersFound by name, and whether there are more. It needs the
// permission to manage applications, and finds nobody for no text.
func (db *DB) OwnerCandidates(ctx context.Context, by registry.Actor, id, text string) (found []registry.Owner, more bool, err error) {
	err = db.view(ctx, by, changeOfOwners("application.add-owner", id), func(t *tx) error {
		if text = registry.CleanSearch(text); text == "" {
			return nil
		}
		few, err := t.fewPeople(ctx, text)
		if err != nil {
			return err
		}
		s := t.userSelection(registry.UserQuery{Status: registry.Active, Search: text}, few)
		s.and("NOT EXISTS (SELECT 1 FROM application_owners o WHERE o.user_id = u.id AND o.application_id = " + s.bind(asText(id)) + ")")
		rows, err := t.QueryContext(ctx, fmt.Sprintf(`
			SELECT u.id, u.name, u.email, FALSE FROM users u WHERE %s ORDER BY %s, u.id LIMIT %d`, s.all(), t.sorted("u.name_key", few), registry.OwnersFound+1), s.args...)
		if err != nil {
			return err
		}
		found, err = collect(rows, ownerFields)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("look for owners: %w", err)
	}
	if len(found) > registry.OwnersFound {
		return found[:registry.OwnersFound], true, nil
	}
	return found, false, nil
}

// RequireOwner is Require for what whoever owns the application may do too.
func (db *DB) RequireOwner(ctx context.Context, by registry.Actor, action, id string, need registry.Permission) error {
	return db.view(ctx, by, intent{action: action, target: registry.ApplicationTarget(id)}, func(t *tx) error {
		return t.requireOwner(ctx, id, need)
	})
}

// requireOwner returns registry.Forbidden unless the actor owns the application
// or holds need.
func (t *tx) requireOwner(ctx context.Context, id string, need registry.Permission) error {
	err := t.require(ctx, need)
	if id == "" || !errors.Is(err, registry.ErrForbidden) {
		return err
	}
	owns, lookup := t.owns(ctx, id)
	if lookup != nil || owns {
		return lookup
	}
	return err
}

func changeOfOwners(action, id string) intent {
	return intent{action: action, need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
}

func ownerFields(o *registry.Owner) []any { return []any{&o.ID, &o.Name, &o.Email, &o.Disabled} }

func ownerIn(owners []registry.Owner, id string) bool {
	return registry.ApplicationDetails{Owners: owners}.OwnedBy(id)
}

// lockOwners returns an application that the actor may change, and its owners.
func (t *tx) lockOwners(ctx context.Context, id string) (app registry.Application, owners []registry.Owner, err error) {
	if app, err = t.lockApplication(ctx, id); err != nil {
		return app, nil, err
	}
	owners, err = t.owners(ctx, id)
	return app, owners, err
}

// owners returns who owns an application, by name.
func (t *tx) owners(ctx context.Context, id string) ([]registry.Owner, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT u.id, u.name, u.email, u.disabled_at IS NOT NULL FROM application_owners o JOIN users u ON u.id = o.user_id
		WHERE o.application_id = $1 ORDER BY u.name_key, u.id`, id)
	if err != nil {
		return nil, fmt.Errorf("read owners: %w", err)
	}
	return collect(rows, ownerFields)
}

func (t *tx) insertOwner(ctx context.Context, id, user string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO application_owners (application_id, user_id) VALUES ($1, $2)`, id, user)
	if err != nil {
		return fmt.Errorf("insert owner: %w", err)
	}
	return nil
}

// ownsLiving selects whether user $1 can sign in and owns a living application.
const ownsLiving = `EXISTS (SELECT 1 FROM application_owners o JOIN applications a ON a.id = o.application_id AND a.deleted_at IS NULL
	JOIN users u ON u.id = o.user_id AND u.disabled_at IS NULL WHERE o.user_id = $1`

// owns reports whether the actor is a user who owns the application, or with
// "" any; a deleted one belongs to nobody.
func (t *tx) owns(ctx context.Context, id string) (owns bool, err error) {
	if t.by.Type != registry.UserActor {
		return false, nil
	}
	err = t.QueryRowContext(ctx, `SELECT `+ownsLiving+` AND ($2 = '' OR o.application_id = $2))`, t.by.ID, asText(id)).Scan(&owns)
	if err != nil {
		return false, fmt.Errorf("look for an owner: %w", err)
	}
	return owns, nil
}

// onlyOwned leaves of a query what the actor owns, for one who may not view all
// applications. It fails with registry.Forbidden for one who owns none.
func (t *tx) onlyOwned(ctx context.Context, q *registry.ApplicationQuery) error {
	if q.Owner == registry.OwnedByViewer {
		q.Owner = t.by.ID
	}
	err := t.require(ctx, registry.ViewApplications)
	if !errors.Is(err, registry.ErrForbidden) {
		return err
	}
	owns, lookup := t.owns(ctx, "")
	if lookup != nil || !owns {
		return errors.Join(lookup, err)
	}
	q.Owner = t.by.ID
	return nil
}

// userName returns the name of a user, or "" when there is none of that ID.
func (t *tx) userName(ctx context.Context, id string) (name string, err error) {
	err = t.QueryRowContext(ctx, `SELECT COALESCE((SELECT name FROM users WHERE id = $1), '')`, asText(id)).Scan(&name)
	if err != nil {
		return "", fmt.Errorf("look for the owner: %w", err)
	}
	return name, nil
}

// ownedBy returns what a user owns.
func (t *tx) ownedBy(ctx context.Context, user string) (owned registry.Owned, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT count(*), count(CASE WHEN NOT EXISTS (
			SELECT 1 FROM application_owners p JOIN users u ON u.id = p.user_id AND u.disabled_at IS NULL
			WHERE p.application_id = o.application_id AND p.user_id <> o.user_id) THEN 1 END)
		FROM application_owners o JOIN applications a ON a.id = o.application_id AND a.deleted_at IS NULL WHERE o.user_id = $1`, user).
		Scan(&owned.Count, &owned.Alone)
	if err != nil || owned.Count == 0 {
		return owned, err
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		SELECT a.id, a.name, a.type FROM application_owners o JOIN applications a ON a.id = o.application_id AND a.deleted_at IS NULL
		WHERE o.user_id = $1 ORDER BY a.name_key, a.id LIMIT %d`, registry.OwnedShown), user)
	if err != nil {
		return owned, err
	}
	owned.Applications, err = collect(rows, func(a *registry.Application) []any { return []any{&a.ID, &a.Name, &a.Type} })
	return owned, err
}
