package store

import (
	"context"
	"fmt"

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

// DeleteApplication ends an application: it gets no more tokens, those it has
// stop working here, and its name is free again. It is kept as deleted for
// registry.DeletedFor. It needs the permission to manage applications, and
// fails with registry.Invalid unless typedName is its name.
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
		_, err = t.ExecContext(ctx, `UPDATE applications SET deleted_at = $1 WHERE id = $2`, t.now.Unix(), id)
		return registry.Event{Target: applicationTarget(app), Before: snapshot(map[string]any{"name": app.Name, "status": app.Status})}, err
	})
	if err != nil {
		return fmt.Errorf("delete application: %w", err)
	}
	return nil
}
