package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// SyncObjects makes the containers and objects of a service be as edit makes
// them of those that are there, and returns what that changed. It goes the way
// of ApplyCatalogue. It needs the permission to manage objects: of every
// service, or the service's own. It fails with registry.ErrNotFound when there is no
// such service, with what edit returns, with registry.Invalid when they break a
// rule or the service is built in, and with registry.InUse when it would remove
// what somebody holds something on, unless removeInUse takes that away as well.
func (db *DB) SyncObjects(ctx context.Context, by registry.Actor, key string, edit registry.ObjectEdit, removeInUse bool) (changes []registry.CatalogueChange, err error) {
	err = db.change(ctx, by, ofService("service.sync-objects", key), func(t *tx) (registry.Event, error) {
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		if err := t.requireToSync(ctx, key); err != nil {
			return registry.Event{}, err
		}
		old, err := t.catalogue(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		service, known := old.Service(key)
		switch {
		case !known:
			return registry.Event{}, registry.ErrNotFound
		case service.BuiltIn:
			return registry.Event{}, registry.Invalid{"service": "A built-in service has no containers. Name a service of the platform."}
		}
		if service.Containers, err = edit(service.Containers); err != nil {
			return registry.Event{}, err
		}
		if err := registry.CheckContainers(service.Containers); err != nil {
			return registry.Event{}, err
		}
		position := 0
		if err := t.QueryRowContext(ctx, `SELECT position FROM services WHERE key = $1`, key).Scan(&position); err != nil {
			return registry.Event{}, fmt.Errorf("read the service: %w", err)
		}
		changes, err = t.applyServices(ctx, old, registry.Catalogue{Services: []registry.Service{service}}, position, removeInUse, false)
		return registry.Event{
			Target: registry.Target{Type: "service", ID: key, Name: service.Name},
			After:  snapshot(map[string]any{"changes": changes}),
		}, err
	})
	if err != nil {
		return nil, fmt.Errorf("sync objects: %w", err)
	}
	return changes, nil
}

// requireToSync returns registry.Forbidden unless the actor may manage the
// objects of every service, or holds a permission of that name of this service.
func (t *tx) requireToSync(ctx context.Context, service string) error {
	if t.by.Type == registry.OperatorActor {
		return nil
	}
	held, err := t.actorHolds(ctx)
	if err != nil {
		return err
	}
	for _, p := range []registry.Permission{registry.ManageObjects, {Service: service, Key: registry.ManageObjects.Key}} {
		if registry.Decide(held, nil, registry.Question{Permission: p}).Allowed {
			return nil
		}
	}
	return registry.Forbidden{Missing: registry.ManageObjects}
}
