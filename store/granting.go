package store

import (
	"context"
	"errors"
	"fmt"

	"clientele/registry"
)

// PermissionGranting returns who may grant the permissions of a service. It
// fails like PermissionService.
func (db *DB) PermissionGranting(ctx context.Context, by registry.Actor, key string) (v registry.GrantingView, err error) {
	err = db.viewService(ctx, by, key, func(t *tx, part registry.ServicePart) error {
		v.ServicePart = part
		g, err := t.granter(ctx)
		if err != nil {
			return err
		}
		restricted := part.Service
		restricted.Granting = registry.Restricted
		v.May, v.Holds = g.May(part.Service, ""), g.May(restricted, "")
		v.Holders, err = t.ownGranters(ctx, part.Service)
		return err
	})
	if err != nil {
		return registry.GrantingView{}, fmt.Errorf("read who may grant: %w", err)
	}
	return v, nil
}

// SetGranting changes who may grant the permissions of a service. It needs the
// right to grant them on the whole service as it is before. What is the same
// changes nothing. It fails with registry.ErrNotFound when there is no such
// service, and with registry.Invalid when it cannot be granted so, or nobody
// could grant then.
func (db *DB) SetGranting(ctx context.Context, by registry.Actor, key string, to registry.Granting) error {
	err := db.change(ctx, by, ofService("service.set-granting", key), func(t *tx) (registry.Event, error) {
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		if err := t.requireToGrant(ctx, key, ""); err != nil {
			return registry.Event{}, err
		}
		catalogue, err := t.catalogue(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		service, known := catalogue.Service(key)
		switch {
		case !known:
			return registry.Event{}, registry.ErrNotFound
		case service.Granting == to:
			return registry.Event{}, errUnchanged
		}
		if err := t.checkGranting(ctx, service, to); err != nil {
			return registry.Event{}, err
		}
		_, err = t.ExecContext(ctx, `UPDATE services SET granting = $1 WHERE key = $2`, to, key)
		return registry.Event{
			Target: registry.Target{Type: "service", ID: key, Name: service.Name},
			Before: snapshot(granting{service.Granting}), After: snapshot(granting{to}),
		}, err
	})
	if err != nil {
		return fmt.Errorf("change who may grant: %w", err)
	}
	return nil
}

// granting is what an event tells of who may grant.
type granting struct {
	Granting registry.Granting `json:"granting"`
}

// checkGranting returns registry.Invalid when a service cannot be granted so, or
// nobody could grant then.
func (t *tx) checkGranting(ctx context.Context, s registry.Service, to registry.Granting) error {
	if err := registry.CheckGranting(s, to); err != nil || to != registry.Restricted {
		return err
	}
	n, err := t.ownGranters(ctx, s)
	if err == nil && n == 0 {
		p, _ := s.Permission(registry.ManageOwnPermissions)
		err = registry.Invalid{"granting": fmt.Sprintf(
			"Nobody who can sign in holds “%s” on all of %s, so nobody could grant any more. Assign it to somebody first, and restrict the service then.", p.Name, s.Name)}
	}
	return err
}

// ownGranters returns how many users who can sign in could grant the permissions
// of a service if it were restricted.
func (t *tx) ownGranters(ctx context.Context, s registry.Service) (int, error) {
	if _, has := s.Permission(registry.ManageOwnPermissions); !has {
		return 0, nil
	}
	return t.signingIn(ctx, s.PermissionWithNeeds(registry.ManageOwnPermissions))
}

// signingIn returns how many users who can sign in hold all of those permissions
// on the whole service.
func (t *tx) signingIn(ctx context.Context, permissions []registry.Permission) (n int, err error) {
	err = t.QueryRowContext(ctx, `
		SELECT count(*) FROM users WHERE disabled_at IS NULL AND password_hash <> '' AND id IN (`+usersHolding(permissions)+`)`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count who may grant: %w", err)
	}
	return n, nil
}

// keepGranters does what may take the last administrator away, or the last who
// may grant permissions of a restricted service, and fails with registry.Invalid,
// told at field, when it did. What anybody holds must be locked.
func (t *tx) keepGranters(ctx context.Context, field string, do func() error) error {
	before, err := t.granters(ctx)
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	left, err := t.granters(ctx)
	if err != nil {
		return err
	}
	for key, now := range left {
		switch {
		case now.n > 0 || before[key].n == 0:
		case key == "":
			return registry.Invalid{field: "This is the last administrator. Make someone else one first, or nobody could manage users and permissions any more."}
		default:
			return registry.Invalid{field: fmt.Sprintf(
				"Nobody who can sign in would be left to grant permissions of %s, which is restricted. Assign “%s” on all of it to someone else first, or let administrators grant them again.", now.service, now.permission)}
		}
	}
	return nil
}

const restrictsQuery = `SELECT EXISTS (SELECT 1 FROM services WHERE granting = 'restricted')`

// restricts reports whether any service is restricted.
func (t *tx) restricts(ctx context.Context) (any bool, err error) {
	if err := t.QueryRowContext(ctx, restrictsQuery).Scan(&any); err != nil {
		return false, fmt.Errorf("look for restricted services: %w", err)
	}
	return any, nil
}

// granters is how many users who can sign in may grant something.
type granters struct {
	service, permission string // by name
	n                   int
}

// granters returns how many may make administrators, as "", and how many may
// grant the permissions of each restricted service.
func (t *tx) granters(ctx context.Context) (map[string]granters, error) {
	n, err := t.signingIn(ctx, registry.Administration())
	if err != nil {
		return nil, err
	}
	all := map[string]granters{"": {n: n}}
	if restricted, err := t.restricts(ctx); err != nil || !restricted {
		return all, err
	}
	catalogue, err := t.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range catalogue.Services {
		if s.Granting != registry.Restricted {
			continue
		}
		p, _ := s.Permission(registry.ManageOwnPermissions)
		if n, err = t.ownGranters(ctx, s); err != nil {
			return nil, err
		}
		all[s.Key] = granters{service: s.Name, permission: p.Name, n: n}
	}
	return all, nil
}

// settleGranting says of each service of a catalogue that is about to be
// applied who may grant: what it says, else as it is, and Standard of a new one.
// To change it takes the right to grant; to restrict what nobody could then
// grant is refused, except of a new service, of which the command line gives
// the first permission.
func (t *tx) settleGranting(ctx context.Context, old, c registry.Catalogue) (registry.Catalogue, error) {
	services := make([]registry.Service, len(c.Services))
	for i, s := range c.Services {
		was, known := old.Service(s.Key)
		switch {
		case s.Granting == "" && known:
			s.Granting = was.Granting
		case s.Granting == "":
			s.Granting = registry.Standard
		case known && s.Granting != was.Granting:
			if err := t.requireToGrant(ctx, s.Key, ""); err != nil {
				return c, err
			}
			if err := t.checkGranting(ctx, s, s.Granting); err != nil {
				return c, atService(i, err)
			}
		}
		if err := registry.CheckGranting(s, s.Granting); err != nil {
			return c, atService(i, err)
		}
		services[i] = s
	}
	return registry.Catalogue{Services: services}, nil
}

// atService tells where in a catalogue something is wrong.
func atService(i int, err error) error {
	invalid, ok := errors.AsType[registry.Invalid](err)
	if !ok {
		return err
	}
	placed := registry.Invalid{}
	for field, message := range invalid {
		placed[fmt.Sprintf("services[%d].%s", i, field)] = message
	}
	return placed
}
