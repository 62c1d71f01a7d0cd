package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// requireDelegation returns registry.Forbidden when a new secret of app would
// give the actor what it may not give itself: an application that holds
// permissions, registered by someone else, is for those who may manage
// permissions. Who registered it may go on rotating.
func (t *tx) requireDelegation(ctx context.Context, app registry.Application) error {
	if t.by.Type == registry.UserActor && app.CreatedBy == t.by.ID {
		return nil
	}
	var grants int
	if err := t.QueryRowContext(ctx, `SELECT grants FROM applications WHERE id = $1`, app.ID).Scan(&grants); err != nil {
		return fmt.Errorf("count permissions: %w", err)
	}
	if grants == 0 {
		return nil
	}
	return t.require(ctx, registry.ManagePermissions)
}
