package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele/registry"
)

// Handover says how a new link gets to its user: by e-mail, or by whoever made it
// and sees it once.
type Handover struct {
	ByMail bool
	Show   ShowOnce
}

// words are what an event says of it.
func (h Handover) words() string {
	if h.ByMail {
		return "by e-mail"
	}
	return "by hand"
}

// InviteUser makes a user who may sign in once they accept, with all that the
// invitation gives them, and returns the link by which they do. Only its hash
// is kept, and its code sealed for the page or the e-mail that hands it over. It
// needs the permission to manage users, and the one to manage permissions for an
// administrator and for a group that holds any. It fails with registry.Invalid,
// which names every wrong field, also when no e-mail is sent here.
func (db *DB) InviteUser(ctx context.Context, by registry.Actor, in registry.NewInvitation, to Handover) (link registry.UserLink, err error) {
	in = in.Clean()
	what := intent{action: "user.invite", need: registry.ManageUsers, target: registry.Target{Type: "user", Name: in.Name}}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		if in.Admin {
			if err := t.require(ctx, registry.ManagePermissions); err != nil {
				return registry.Event{}, err
			}
		}
		groups, err := t.checkInvitation(ctx, in)
		if err != nil {
			return registry.Event{}, err
		}
		user, err := t.insertUser(ctx, registry.NewUser{Name: in.Name, Email: in.Email, Admin: in.Admin}, "")
		if err == nil {
			err = t.setUser(ctx, user.ID, `invited_at = created_at, disabled_at = created_at`)
		}
		for _, g := range groups {
			if err == nil {
				err = t.insertMember(ctx, g.ID, user.ID)
			}
		}
		if err == nil {
			link, err = db.newLink(ctx, t, registry.InvitationLink, user, to)
		}
		return registry.Event{Target: userTarget(user), After: snapshot(struct {
			Email    string   `json:"email"`
			Name     string   `json:"name"`
			Admin    bool     `json:"admin"`
			Groups   []string `json:"groups,omitempty"`
			LinkEnds string   `json:"link_ends"`
			LinkSent string   `json:"link_sent"`
		}{user.Email, user.Name, in.Admin, groupNames(groups), rfc3339(link.ExpiresAt), to.words()})}, err
	})
	if err != nil {
		return registry.UserLink{}, fmt.Errorf("invite the user: %w", err)
	}
	return link, nil
}

// checkInvitation returns the groups that an invitation names, or every rule
// that it breaks.
func (t *tx) checkInvitation(ctx context.Context, in registry.NewInvitation) ([]registry.Group, error) {
	err := registry.Check(in)
	invalid, broken := errors.AsType[registry.Invalid](err)
	if err != nil && !broken {
		return nil, err
	}
	more := registry.Invalid{}
	var taken, invited bool
	err = t.QueryRowContext(ctx, `SELECT count(*) > 0, count(invited_at) > 0 FROM users WHERE email_key = $1`,
		asText(registry.EmailKey(in.Email))).Scan(&taken, &invited)
	if err != nil {
		return nil, fmt.Errorf("look for the user: %w", err)
	}
	if taken {
		more["email"] = emailTaken
	}
	if invited {
		more["email"] = "Someone was invited with this e-mail address already. Find them in the list to make a new link."
	}
	var groups []registry.Group
	for _, id := range in.Groups {
		var g registry.Group
		err := t.QueryRowContext(ctx, `SELECT id, name FROM user_groups WHERE id = $1`, asText(id)).Scan(&g.ID, &g.Name)
		if errors.Is(err, sql.ErrNoRows) {
			more["group"] = "One of the groups is no longer there. Choose from those that are."
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for the group: %w", err)
		}
		if err := t.requireToGive(ctx, registry.Subject{Type: registry.GroupSubject, ID: g.ID}); err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	if invalid = invalid.And(more); len(invalid) > 0 {
		return nil, invalid
	}
	return groups, nil
}

// insertMember puts a user into a group.
func (t *tx) insertMember(ctx context.Context, group, user string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO group_members (group_id, user_id, added_at) VALUES ($1, $2, $3)`, group, user, t.now.Unix())
	if err != nil {
		return fmt.Errorf("add to the group: %w", err)
	}
	return nil
}

func groupNames(groups []registry.Group) []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.Name)
	}
	return names
}

// RenewInvitation makes a new link for a user who has not accepted yet; the
// old one is dead. It needs the permission to manage users, and the one to
// manage permissions when the user was given any. It fails with
// registry.Invalid for who has accepted.
func (db *DB) RenewInvitation(ctx context.Context, by registry.Actor, id string, to Handover) (link registry.UserLink, err error) {
	err = db.change(ctx, by, changeOfUser("user.renew-invitation", id, nil), func(t *tx) (registry.Event, error) {
		u, err := t.lockInvited(ctx, id)
		if err == nil {
			err = t.requireToGive(ctx, u.Actor().Subject())
		}
		if err == nil {
			link, err = db.newLink(ctx, t, registry.InvitationLink, u.User, to)
		}
		return registry.Event{Target: userTarget(u.User), After: snapshot(accountChange{LinkEnds: rfc3339(link.ExpiresAt), LinkSent: to.words()})}, err
	})
	if err != nil {
		return registry.UserLink{}, fmt.Errorf("renew the invitation: %w", err)
	}
	return link, nil
}

// WithdrawInvitation removes a user who has not accepted yet. It needs the
// permission to manage users, and for an administrator also the one to manage
// permissions. It fails with registry.Invalid for who has accepted.
func (db *DB) WithdrawInvitation(ctx context.Context, by registry.Actor, id string, in registry.Reason) error {
	in = in.Clean()
	err := db.change(ctx, by, changeOfUser("user.withdraw-invitation", id, in), func(t *tx) (registry.Event, error) {
		u, err := t.lockInvited(ctx, id)
		if err == nil {
			err = t.requireOver(ctx, u)
		}
		for _, statement := range []string{
			`DELETE FROM grants WHERE subject_type = 'user' AND subject_id = $1`,
			`DELETE FROM users WHERE id = $1`,
		} {
			if err == nil {
				_, err = t.ExecContext(ctx, statement, id)
			}
		}
		return registry.Event{
			Target: userTarget(u.User), Before: snapshot(map[string]string{"email": u.Email, "name": u.Name}),
			After: snapshot(accountChange{Reason: in.Reason}),
		}, err
	})
	if err != nil {
		return fmt.Errorf("withdraw the invitation: %w", err)
	}
	return nil
}

// lockInvited is lockUser for who has not accepted the invitation yet.
func (t *tx) lockInvited(ctx context.Context, id string) (registry.UserRow, error) {
	u, err := t.lockUser(ctx, id)
	if err == nil && u.Status() != registry.Invited {
		err = registry.Invalid{"user": u.Name + " has accepted the invitation meanwhile."}
	}
	return u, err
}

// ResetPassword stops a user's password at once, signs them out everywhere,
// and returns the link by which they choose another. An older link is dead. It
// needs the permission to manage users, and the one to manage permissions when
// the user holds any. It fails with registry.Invalid for oneself, for the last
// administrator, and for who cannot sign in.
func (db *DB) ResetPassword(ctx context.Context, by registry.Actor, id string, in registry.Reason, to Handover) (link registry.UserLink, err error) {
	in = in.Clean()
	err = db.change(ctx, by, changeOfUser("user.reset-password", id, in), func(t *tx) (registry.Event, error) {
		u, err := t.lockOther(ctx, id)
		if err == nil {
			err = t.requireToGive(ctx, u.Actor().Subject())
		}
		switch {
		case err != nil:
			return registry.Event{}, err
		case u.Status() == registry.Invited:
			return registry.Event{}, notAccepted(u)
		case u.Status() == registry.Disabled:
			return registry.Event{}, registry.Invalid{"user": u.Name + " is disabled. Enable the user first."}
		}
		ended := 0
		err = t.keepGranters(ctx, "user", func() error {
			if err := t.setUser(ctx, id, `password_hash = ''`); err != nil {
				return err
			}
			if ended, err = t.forgetBrowsers(ctx, id); err != nil {
				return err
			}
			link, err = db.newLink(ctx, t, registry.ResetLink, u.User, to)
			return err
		})
		return registry.Event{Target: userTarget(u.User), After: snapshot(accountChange{
			Reason: in.Reason, SessionsEnded: ended, LinkEnds: rfc3339(link.ExpiresAt), LinkSent: to.words(),
		})}, err
	})
	if err != nil {
		return registry.UserLink{}, fmt.Errorf("reset the password: %w", err)
	}
	return link, nil
}

// newLink makes the one link by which a user chooses a password, and has it
// handed over. It fails with registry.Invalid when that cannot be.
func (db *DB) newLink(ctx context.Context, t *tx, kind registry.LinkKind, u registry.User, to Handover) (registry.UserLink, error) {
	link := registry.UserLink{Kind: kind, Code: registry.ParseSecret(newToken()), User: u, By: t.by.Name, ExpiresAt: t.now.Add(kind.Lifetime())}
	if to.ByMail && !db.mail {
		return link, registry.Invalid{"mail": "No e-mail is sent now. Hand the link over yourself."}
	}
	if err := t.endLinks(ctx, u.ID); err != nil {
		return link, err
	}
	_, err := t.ExecContext(ctx, `INSERT INTO user_links (hash, user_id, kind, made_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		link.Code.Hash(), u.ID, kind, link.By, t.now.Unix(), link.ExpiresAt.Unix())
	if err != nil {
		return link, fmt.Errorf("write the link: %w", err)
	}
	if to.ByMail {
		return link, t.queueLink(ctx, db.key, link)
	}
	return link, t.showOnce(ctx, to.Show, u.ID, link.Code)
}

// endLinks makes all of a user's links dead that were not opened. What was to
// send them goes with them.
func (t *tx) endLinks(ctx context.Context, id string) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM user_links WHERE user_id = $1 AND spent_at IS NULL`, id); err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	return nil
}

// TakeUserLink returns the code of a link that was made for a user in the
// session, and forgets it. It needs the permission to manage users. It fails
// like TakeSecret.
func (db *DB) TakeUserLink(ctx context.Context, by registry.Actor, sessionToken, id string) (code registry.Secret, err error) {
	what := intent{action: "user.show-link", need: registry.ManageUsers, target: userID(id)}
	err = db.aside(ctx, by, what, func(t *tx) error {
		code, err = t.takeShown(ctx, sessionToken, id)
		return err
	})
	if err != nil {
		return registry.Secret{}, fmt.Errorf("take the link: %w", err)
	}
	return code, nil
}

// LinkError means that a link opens nothing any more.
type LinkError struct {
	Spent     bool      // it was opened before
	ExpiredAt time.Time // zero unless it has expired
}

func (e LinkError) Error() string {
	switch {
	case e.Spent:
		return "the link was used before"
	case !e.ExpiredAt.IsZero():
		return "the link has expired"
	default:
		return "the link is unknown, was replaced or withdrawn"
	}
}

// UserLink returns what a link is for, or LinkError when it is no longer good.
func (db *DB) UserLink(ctx context.Context, code registry.Secret) (link registry.UserLink, err error) {
	err = db.inTx(ctx, registry.System, true, func(t *tx) error {
		link, err = t.userLink(ctx, code)
		return err
	})
	return link, err
}

func (t *tx) userLink(ctx context.Context, code registry.Secret) (registry.UserLink, error) {
	link := registry.UserLink{Code: code}
	var spent time.Time
	u := &link.User
	err := t.QueryRowContext(ctx, `
		SELECT l.kind, l.expires_at, l.spent_at, u.id, u.email, u.name, u.created_at, COALESCE((SELECT name FROM team), '')
		FROM user_links l JOIN users u ON u.id = l.user_id WHERE l.hash = $1`, code.Hash()).
		Scan(&link.Kind, seconds{&link.ExpiresAt}, seconds{&spent}, &u.ID, &u.Email, &u.Name, seconds{&u.CreatedAt}, &link.Team)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return registry.UserLink{}, LinkError{}
	case err != nil:
		return registry.UserLink{}, fmt.Errorf("look for the link: %w", err)
	case !spent.IsZero():
		return registry.UserLink{}, LinkError{Spent: true}
	case !t.now.Before(link.ExpiresAt):
		return registry.UserLink{}, LinkError{ExpiredAt: link.ExpiresAt}
	}
	return link, nil
}

// OpenUserLink gives the user of a link the password, once, and lets them sign
// in with it. from says where the request came from. It fails with LinkError,
// and with registry.Invalid for a password that will not do; of many at once
// one succeeds.
func (db *DB) OpenUserLink(ctx context.Context, from registry.Actor, code registry.Secret, in registry.PasswordChange) (registry.User, error) {
	link, err := db.UserLink(ctx, code) // before a password is hashed for just anyone
	if err != nil {
		return registry.User{}, err
	}
	if err := in.Check(link.User, link.Team); err != nil {
		return registry.User{}, err
	}
	hash, err := db.passwords.hash(ctx, in.New)
	if err != nil {
		return registry.User{}, err
	}
	what := intent{action: "user.accept-invitation", target: userTarget(link.User)}
	err = db.change(ctx, from, what, func(t *tx) (registry.Event, error) {
		if err := t.spendLink(ctx, code, link.User.ID, hash); err != nil {
			return registry.Event{}, err
		}
		t.by = link.User.Actor()
		t.by.Address, t.by.RequestID = from.Address, from.RequestID
		if link.Kind == registry.ResetLink {
			return registry.Event{Action: "user.set-password"}, nil
		}
		return registry.Event{
			Before: snapshot(accountChange{Status: registry.Invited}), After: snapshot(accountChange{Status: registry.Active}),
		}, t.setUser(ctx, link.User.ID, `invited_at = NULL, disabled_at = NULL`)
	})
	if err != nil {
		return registry.User{}, fmt.Errorf("open the link: %w", err)
	}
	return link.User, nil
}

// spendLink spends a link that is still good, has it sent no more, and gives its
// user the password.
func (t *tx) spendLink(ctx context.Context, code registry.Secret, userID, passwordHash string) error {
	if err := t.lockMeta(ctx); err != nil { // before the link's row, as those do who end it
		return fmt.Errorf("spend the link: %w", err)
	}
	result, err := t.ExecContext(ctx, `UPDATE user_links SET spent_at = $2 WHERE hash = $1 AND spent_at IS NULL AND expires_at > $2`, code.Hash(), t.now.Unix())
	if err != nil {
		return fmt.Errorf("spend the link: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		_, err := t.userLink(ctx, code) // says why
		return err
	}
	if _, err := t.ExecContext(ctx, `DELETE FROM deliveries WHERE link_hash = $1`, code.Hash()); err != nil {
		return fmt.Errorf("stop sending the link: %w", err)
	}
	return t.setUser(ctx, userID, `password_hash = $2`, passwordHash)
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
