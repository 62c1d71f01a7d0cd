package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// requireDelegation returns registry.Forbidden when a new secret of app would
// give the actor what it may not give itself: an application that holds
// permissions, owned by others, is for those who may manage permissions.
// Its owners may go on rotating.
func (t *tx) requireDelegation(ctx context.Context, app registry.Application) error {
	owns, err := t.owns(ctx, app.ID)
	if err != nil || owns {
		return err
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

// requireOver returns registry.Forbidden when the user is an administrator and
// the actor could not make one: who only manages users cannot turn against
// those who manage permissions.
func (t *tx) requireOver(ctx context.Context, u registry.UserRow) error {
	if !u.Admin {
		return nil
	}
	return t.require(ctx, registry.ManagePermissions)
}

// requireToGive returns registry.Forbidden when somebody would gain by the
// actor what the actor could not give: all that the subject holds, itself or
// through its groups, disabled or not.
func (t *tx) requireToGive(ctx context.Context, s registry.Subject) error {
	var holds bool
	err := t.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM grants WHERE (subject_type = $1 AND subject_id = $2)
			OR ($1 = 'user' AND subject_type = 'group' AND subject_id IN (SELECT group_id FROM group_members WHERE user_id = $2)))`,
		s.Type, asText(s.ID)).Scan(&holds)
	if err != nil {
		return fmt.Errorf("look for permissions: %w", err)
	}
	if !holds {
		return nil
	}
	return t.require(ctx, registry.ManagePermissions)
}
