package store

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"clientele/registry"
)

// SetNetworks keeps an application to networks; with none it may be used from
// anywhere. It holds at once for token requests and, for what the client does
// as itself or a key is sent with, for our own APIs. It needs the permission to manage applications.
// The networks it has change nothing. It fails with registry.Invalid when they
// leave out an address that the client or one of its live secrets was last used
// from, unless in.Anyway is said; with registry.ErrNotFound and
// registry.ErrLocked; and with registry.ErrConflict when the networks are not
// those the editor saw.
func (db *DB) SetNetworks(ctx context.Context, by registry.Actor, id string, in registry.NetworksEdit) error {
	what := intent{action: "application.set-networks", need: registry.ManageApplications, target: registry.ApplicationTarget(id)}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.lockApplication(ctx, id)
		switch {
		case err != nil:
			return registry.Event{}, err
		case in.Seen != nil && !slices.Equal(*in.Seen, app.Networks):
			return registry.Event{}, registry.ErrConflict
		case slices.Equal(in.Networks, app.Networks):
			return registry.Event{}, errUnchanged
		case len(in.Networks) > registry.MaxNetworks:
			return registry.Event{}, registry.Invalid{"networks": fmt.Sprintf("Enter at most %d networks.", registry.MaxNetworks)}
		}
		live, err := t.liveSecrets(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		usedFrom := []string{app.LastUsedAddress}
		for _, s := range live {
			usedFrom = append(usedFrom, s.LastUsedAddress)
		}
		if err := in.CheckUse(usedFrom); err != nil {
			return registry.Event{}, err
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM application_networks WHERE application_id = $1`, id); err != nil {
			return registry.Event{}, err
		}
		for i, n := range in.Networks {
			if _, err := t.ExecContext(ctx, `INSERT INTO application_networks (application_id, network, position) VALUES ($1, $2, $3)`, id, n.String(), i); err != nil {
				return registry.Event{}, err
			}
		}
		event := registry.Event{Target: applicationTarget(app)}
		event.Before = snapshot(map[string]any{"networks": registry.NetworkTexts(app.Networks)})
		event.After = snapshot(map[string]any{"networks": registry.NetworkTexts(in.Networks)})
		return event, nil
	})
	if err != nil {
		return fmt.Errorf("set networks: %w", err)
	}
	return nil
}

// networksOf returns where a client may be used from.
func (t *tx) networksOf(ctx context.Context, id string) ([]netip.Prefix, error) {
	rows, err := t.QueryContext(ctx, `SELECT network FROM application_networks WHERE application_id = $1 ORDER BY position`, id)
	if err != nil {
		return nil, fmt.Errorf("read networks: %w", err)
	}
	networks, err := collect(rows, func(n *netip.Prefix) []any { return []any{prefix{n}} })
	if err != nil {
		return nil, fmt.Errorf("read networks: %w", err)
	}
	return networks, nil
}

// prefix scans a network in CIDR notation.
type prefix struct{ to *netip.Prefix }

func (n prefix) Scan(src any) (err error) {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("scan %T as a network", src)
	}
	*n.to, err = netip.ParsePrefix(text)
	return err
}
