package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clientele/registry"
)

// SetStatus enables or disables an application. It takes effect at once for
// token requests and our own APIs. It needs the permission to manage
// applications; setting the status that it has changes nothing. It fails with
// registry.ErrNotFound and, for an application of the platform, registry.ErrLocked.
func (db *DB) SetStatus(ctx context.Context, by registry.Actor, id string, status registry.Status) error {
	action := "application.enable"
	if status == registry.Disabled {
		action = "application.disable"
	}
	what := intent{action: action, need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if status != registry.Active && status != registry.Disabled {
			return registry.Event{}, registry.Invalid{"status": "Choose active or disabled."}
		}
		app, err := t.lockApplication(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if app.Status == status {
			return registry.Event{}, errUnchanged
		}
		_, err = t.ExecContext(ctx, `UPDATE applications SET status = $1 WHERE id = $2`, status, id)
		return registry.Event{
			Target: applicationTarget(app),
			Before: snapshot(map[string]any{"status": app.Status}), After: snapshot(map[string]any{"status": status}),
		}, err
	})
	if err != nil {
		return fmt.Errorf("set status: %w", err)
	}
	return nil
}

// DisableApplications disables several applications at once and returns how
// many it disabled; those that were, or are gone, it leaves as they are. Each
// has its own event. Otherwise it is like SetStatus: one that is locked fails all.
func (db *DB) DisableApplications(ctx context.Context, by registry.Actor, ids []string) (int, error) {
	what := intent{action: "application.disable", need: registry.ManageApplications, target: registry.AllApplications}
	n, err := db.changeApplications(ctx, by, what, ids, func(t *tx, app registry.Application) (registry.Event, error) {
		if app.Status == registry.Disabled {
			return registry.Event{}, errUnchanged
		}
		_, err := t.ExecContext(ctx, `UPDATE applications SET status = $1 WHERE id = $2`, registry.Disabled, app.ID)
		return registry.Event{
			Before: snapshot(map[string]any{"status": app.Status}), After: snapshot(map[string]any{"status": registry.Disabled}),
		}, err
	})
	if err != nil {
		return 0, fmt.Errorf("disable applications: %w", err)
	}
	return n, nil
}

// DeleteApplications ends several applications at once, as DeleteApplication
// does, and returns how many. It fails with registry.Invalid unless typed is
// registry.ConfirmDelete. Otherwise it is like DisableApplications.
func (db *DB) DeleteApplications(ctx context.Context, by registry.Actor, ids []string, typed string) (int, error) {
	what := intent{action: "application.delete", need: registry.ManageApplications, target: registry.AllApplications}
	n, err := db.changeApplications(ctx, by, what, ids, func(t *tx, app registry.Application) (registry.Event, error) {
		if strings.TrimSpace(typed) != registry.ConfirmDelete {
			return registry.Event{}, registry.Invalid{"confirm": "Type " + registry.ConfirmDelete + ", in capitals."}
		}
		return t.deleteApplication(ctx, app)
	})
	if err != nil {
		return 0, fmt.Errorf("delete applications: %w", err)
	}
	return n, nil
}

// ApplicationsNamed returns the living applications that have these IDs, by
// name. It fails with registry.Invalid for more than registry.MaxAtOnce.
func (db *DB) ApplicationsNamed(ctx context.Context, by registry.Actor, ids []string) (apps []registry.Application, err error) {
	what := intent{action: "application.list", need: registry.ViewApplications, target: registry.AllApplications}
	err = db.view(ctx, by, what, func(t *tx) error {
		switch {
		case len(ids) > registry.MaxAtOnce:
			return tooManyAtOnce
		case len(ids) == 0:
			return nil
		}
		s, marks := &selection{}, make([]string, len(ids))
		for i, id := range ids {
			marks[i] = s.bind(asText(id))
		}
		found, err := t.applicationRecords(ctx, `SELECT id FROM applications WHERE deleted_at IS NULL AND id IN (`+strings.Join(marks, ", ")+`)`, s.args...)
		for _, r := range found {
			apps = append(apps, r.Application)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list applications: %w", err)
	}
	return apps, nil
}

var tooManyAtOnce = registry.Invalid{"id": fmt.Sprintf("Choose at most %d applications.", registry.MaxAtOnce)}

// changeApplications has fn change each of the living applications in one
// transaction. Whatever else locks several of them waits until it is through,
// so that none wait for each other in a circle.
func (db *DB) changeApplications(ctx context.Context, by registry.Actor, what intent, ids []string, fn func(*tx, registry.Application) (registry.Event, error)) (n int, err error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	err = db.changeAll(ctx, by, what, func(t *tx) (events []registry.Event, err error) {
		if len(ids) > registry.MaxAtOnce {
			return nil, tooManyAtOnce
		}
		if err := t.lockMeta(ctx); err != nil {
			return nil, err
		}
		for _, id := range ids {
			app, err := t.lockApplication(ctx, id)
			if errors.Is(err, registry.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			event, err := fn(t, app)
			if errors.Is(err, errUnchanged) {
				continue
			}
			if err != nil {
				return nil, err
			}
			event.Target = applicationTarget(app)
			events = append(events, event)
		}
		n = len(events)
		return events, nil
	})
	return n, err
}

// DeleteApplication ends an application: it gets no more tokens, those it has
// stop working here, and its name is free again. It is kept as deleted for
// registry.DeletedFor, and RestoreApplication brings it back. It needs the
// permission to manage applications, and fails with registry.Invalid unless
// typedName is its name.
func (db *DB) DeleteApplication(ctx context.Context, by registry.Actor, id, typedName string) error {
	what := intent{action: "application.delete", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockApplication(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		if typed := (registry.ClientDetails{Name: typedName}).Clean().Name; typed != app.Name {
			return registry.Event{}, registry.Invalid{"confirm": fmt.Sprintf("Type the application’s name exactly: %s", app.Name)}
		}
		return t.deleteApplication(ctx, app)
	})
	if err != nil {
		return fmt.Errorf("delete application: %w", err)
	}
	return nil
}

func (t *tx) deleteApplication(ctx context.Context, app registry.Application) (registry.Event, error) {
	_, err := t.ExecContext(ctx, `UPDATE applications SET deleted_at = $1 WHERE id = $2`, t.now.Unix(), app.ID)
	return registry.Event{Target: applicationTarget(app), Before: snapshot(map[string]any{"name": app.Name, "status": app.Status})}, err
}

// DeletedApplication returns an application that was deleted and is still kept,
// or registry.ErrNotFound. It needs the permission to manage applications.
func (db *DB) DeletedApplication(ctx context.Context, by registry.Actor, id string) (app registry.Application, err error) {
	what := intent{action: "application.restore", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err = db.view(ctx, by, what, func(t *tx) error {
		app, err = t.scanApplication(ctx, `SELECT `+applicationColumns+` FROM applications WHERE id = $1 AND deleted_at IS NOT NULL`, asText(id))
		return err
	})
	if err != nil {
		return registry.Application{}, fmt.Errorf("read deleted application: %w", err)
	}
	return app, nil
}

// RestoreApplication brings a deleted application back as it was, with its
// secrets, scopes, permissions and consents, under that name: its own may be
// another's by now. It needs the permission to manage applications. One that
// lives is left as it is. It fails with registry.Invalid, registry.ErrLocked,
// and with registry.ErrNotFound once it is no longer kept.
func (db *DB) RestoreApplication(ctx context.Context, by registry.Actor, id, name string) error {
	what := intent{action: "application.restore", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.scanApplication(ctx, `
			UPDATE applications SET description = description WHERE id = $1 AND deleted_at IS NOT NULL RETURNING `+applicationColumns, asText(id))
		switch {
		case errors.Is(err, registry.ErrNotFound):
			if _, err = t.application(ctx, asText(id)); err == nil {
				err = errUnchanged
			}
			return registry.Event{}, err
		case err != nil:
			return registry.Event{}, err
		case app.Locked() && t.by.Type != registry.OperatorActor:
			return registry.Event{}, registry.ErrLocked
		}
		details := registry.KeyDetails{Name: name, Description: app.Description}.Clean() // whatever it is, the rest stays
		if err := t.checkDetails(ctx, app.ID, details.Name, details); err != nil {
			return registry.Event{}, err
		}
		_, err = t.ExecContext(ctx, `UPDATE applications SET deleted_at = NULL, name = $1, name_key = $2, search_text = $3 WHERE id = $4`,
			details.Name, registry.NameKey(details.Name), registry.SearchText(details.Name, app.ID, app.CreatedByName), app.ID)
		if isDuplicate(err, "name") {
			return registry.Event{}, registry.Invalid{"name": nameTaken}
		}
		if details.Name != app.Name {
			before, after := snapshotChanges(app.KeyDetails().Changes(details))
			app.Name = details.Name
			return registry.Event{Target: applicationTarget(app), Before: before, After: after}, err
		}
		return registry.Event{Target: applicationTarget(app)}, err
	})
	if err != nil {
		return fmt.Errorf("restore application: %w", err)
	}
	return nil
}
