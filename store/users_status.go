package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// accountChange is what an event tells of an account.
type accountChange struct {
	Status        registry.Status `json:"status,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	SessionsEnded int             `json:"sessions_ended,omitempty"`
	LinkEnds      string          `json:"link_ends,omitempty"` // RFC 3339
	LinkSent      string          `json:"link_sent,omitempty"` // Handover.words
}

// changeOfUser is what somebody who manages users does to one of them.
func changeOfUser(action, id string, in any) intent {
	return intent{action: action, need: registry.ManageUsers, target: userID(id), input: in}
}

// DisableUser keeps a user out at once: their sessions end, the links to choose
// a password die, and nothing acts for them any more. One who is disabled stays
// so. It needs the permission to manage users, and for an administrator also
// the one to manage permissions. It fails with registry.Invalid for oneself,
// for who was only invited, and for the last administrator.
func (db *DB) DisableUser(ctx context.Context, by registry.Actor, id string, in registry.Reason) error {
	in = in.Clean()
	err := db.change(ctx, by, changeOfUser("user.disable", id, in), func(t *tx) (registry.Event, error) {
		u, err := t.lockOther(ctx, id)
		switch {
		case err != nil:
			return registry.Event{}, err
		case u.Status() == registry.Disabled:
			return registry.Event{}, errUnchanged
		case u.Status() == registry.Invited:
			return registry.Event{}, notAccepted(u)
		}
		ended := 0
		err = t.keepGranters(ctx, "user", func() error {
			if err := t.setUser(ctx, id, `disabled_at = $2`, t.now.Unix()); err != nil {
				return err
			}
			if err := t.endLinks(ctx, id); err != nil {
				return err
			}
			ended, err = t.endSessions(ctx, id, "")
			return err
		})
		return registry.Event{
			Target: userTarget(u.User),
			Before: snapshot(accountChange{Status: registry.Active}),
			After:  snapshot(accountChange{Status: registry.Disabled, Reason: in.Reason, SessionsEnded: ended}),
		}, err
	})
	if err != nil {
		return fmt.Errorf("disable the user: %w", err)
	}
	return nil
}

// EnableUser lets a disabled user in again, with the password and the
// permissions that they had; what acted for them may go on. One who is not
// disabled stays as they are. It needs what DisableUser needs, and fails with
// registry.Invalid for who was only invited.
func (db *DB) EnableUser(ctx context.Context, by registry.Actor, id string, in registry.Reason) error {
	in = in.Clean()
	err := db.change(ctx, by, changeOfUser("user.enable", id, in), func(t *tx) (registry.Event, error) {
		u, err := t.lockOther(ctx, id)
		switch {
		case err != nil:
			return registry.Event{}, err
		case u.Status() == registry.Active:
			return registry.Event{}, errUnchanged
		case u.Status() == registry.Invited:
			return registry.Event{}, notAccepted(u)
		}
		return registry.Event{
			Target: userTarget(u.User),
			Before: snapshot(accountChange{Status: registry.Disabled}),
			After:  snapshot(accountChange{Status: registry.Active, Reason: in.Reason}),
		}, t.setUser(ctx, id, `disabled_at = NULL`)
	})
	if err != nil {
		return fmt.Errorf("enable the user: %w", err)
	}
	return nil
}

// SignOutUser ends all of a user's sessions, so that every browser has to sign
// in again, also those that were known before. Applications go on acting for
// them. It needs what DisableUser needs, and fails with registry.Invalid for
// oneself.
func (db *DB) SignOutUser(ctx context.Context, by registry.Actor, id string, in registry.Reason) error {
	in = in.Clean()
	err := db.change(ctx, by, changeOfUser("user.sign-out", id, in), func(t *tx) (registry.Event, error) {
		u, err := t.lockOther(ctx, id)
		if err != nil {
			return registry.Event{}, err
		}
		ended, err := t.forgetBrowsers(ctx, id)
		return registry.Event{Target: userTarget(u.User), After: snapshot(accountChange{Reason: in.Reason, SessionsEnded: ended})}, err
	})
	if err != nil {
		return fmt.Errorf("sign the user out: %w", err)
	}
	return nil
}

// lockOther is lockUser for what people cannot do to themselves, nor to an
// administrator unless they could make one.
func (t *tx) lockOther(ctx context.Context, id string) (registry.UserRow, error) {
	u, err := t.lockUser(ctx, id)
	if err != nil {
		return u, err
	}
	if t.by.Type == registry.UserActor && t.by.ID == u.ID {
		return u, registry.Invalid{"user": "You cannot do this to yourself. Ask another administrator, or use Edit Profile."}
	}
	return u, t.requireOver(ctx, u)
}

// forgetBrowsers signs a user out everywhere, makes no browser known to them
// any more, and returns how many sessions that ended.
func (t *tx) forgetBrowsers(ctx context.Context, id string) (int, error) {
	if _, err := t.ExecContext(ctx, `DELETE FROM devices WHERE user_id = $1`, id); err != nil {
		return 0, fmt.Errorf("forget browsers: %w", err)
	}
	return t.endSessions(ctx, id, "")
}

func notAccepted(u registry.UserRow) error {
	return registry.Invalid{"user": u.Name + " has not accepted the invitation yet. Withdraw it, or make a new link."}
}
