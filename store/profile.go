package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"clientele/registry"
)

// Browser is the tokens of the browser in which somebody is signed in.
type Browser struct {
	Session string
	Device  string // "" when it is not known
}

// Profile returns what users see of themselves, at most sessionsShown sessions
// included. It fails with registry.ErrNotFound for all but users.
func (db *DB) Profile(ctx context.Context, by registry.Actor, sessionToken string) (p registry.Profile, err error) {
	err = db.inTx(ctx, by, true, func(t *tx) error {
		who, err := t.ownAccount(ctx, "")
		if err != nil {
			return err
		}
		p.User = who.User
		if p.Sessions, err = t.sessionsOf(ctx, who.ID, hashToken(sessionToken)); err != nil {
			return err
		}
		return t.QueryRowContext(ctx, `SELECT notice_mail FROM users WHERE id = $1`, who.ID).Scan(&p.NoticeMail)
	})
	if err != nil {
		return registry.Profile{}, fmt.Errorf("read the profile: %w", err)
	}
	return p, nil
}

// UpdateProfile gives users a new name or e-mail address. Another address
// needs the password that they have, which counts as an attempt to sign in.
// What is as it was changes nothing. It fails with registry.Invalid, which
// names every wrong field, with registry.ErrConflict when the details are not
// those that the user saw, and with ThrottledError before a password is looked at.
func (db *DB) UpdateProfile(ctx context.Context, by registry.Actor, in registry.ProfileEdit, from Browser) error {
	in.UserDetails = in.Clean()
	was, err := db.Profile(ctx, by, "")
	if err != nil {
		return err
	}
	var proof proof
	if in.Email != was.Email {
		if proof, err = db.prove(ctx, by, in.Password, from); err != nil {
			return err
		}
	}
	what := intent{action: "user.update", target: userTarget(was.User)}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		who, err := t.lockOwnAccount(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if in.Seen != nil && len(in.Seen.Changes(who.Details())) > 0 {
			return registry.Event{}, registry.ErrConflict
		}
		if err := t.checkProfile(ctx, who, in, proof); err != nil {
			return registry.Event{}, err
		}
		changes := who.Details().Changes(in.UserDetails)
		if len(changes) == 0 {
			return registry.Event{}, errUnchanged
		}
		event := registry.Event{Target: userTarget(who.User)}
		event.Before, event.After = snapshotChanges(changes)
		_, err = t.ExecContext(ctx, `UPDATE users SET name = $1, email = $2, email_key = $3 WHERE id = $4`,
			in.Name, in.Email, registry.EmailKey(in.Email), who.ID)
		if isDuplicate(err, "email_key") {
			return event, registry.Invalid{"email": emailTaken}
		}
		return event, err
	})
	if err != nil {
		return fmt.Errorf("update the profile: %w", err)
	}
	return nil
}

// checkProfile reports every rule that in breaks, those that need the database
// too.
func (t *tx) checkProfile(ctx context.Context, who account, in registry.ProfileEdit, p proof) error {
	err := registry.Check(in.UserDetails)
	invalid, broken := errors.AsType[registry.Invalid](err)
	if err != nil && !broken {
		return err
	}
	more := registry.Invalid{}
	if in.Email != who.Email {
		var taken bool
		err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE email_key = $1 AND id <> $2)`,
			asText(registry.EmailKey(in.Email)), who.ID).Scan(&taken)
		if err != nil {
			return fmt.Errorf("look for the address: %w", err)
		}
		if taken {
			more["email"] = emailTaken
		}
		if wrong := p.wrong(); wrong != "" {
			more["password"] = wrong
		} else if p.hash != who.passwordHash {
			return registry.ErrConflict
		}
	}
	if invalid = invalid.And(more); len(invalid) > 0 {
		return invalid
	}
	return nil
}

// SetNoticeMail says whether a user gets notices by e-mail too, where the rule of
// their kind says that users do. What is so already changes nothing. It fails
// with registry.ErrNotFound for all but users.
func (db *DB) SetNoticeMail(ctx context.Context, by registry.Actor, on bool) error {
	err := db.change(ctx, by, intent{action: "user.set-notice-mail"}, func(t *tx) (registry.Event, error) {
		who, err := t.lockOwnAccount(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		result, err := t.ExecContext(ctx, `UPDATE users SET notice_mail = $1 WHERE id = $2 AND notice_mail <> $1`, on, who.ID)
		if err != nil {
			return registry.Event{}, err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return registry.Event{}, cmp.Or(err, errUnchanged)
		}
		state := func(on bool) string { return snapshot(map[string]bool{"notices_by_email": on}) }
		return registry.Event{Target: userTarget(who.User), Before: state(!on), After: state(on)}, nil
	})
	if err != nil {
		return fmt.Errorf("choose notices by e-mail: %w", err)
	}
	return nil
}

// ChangePassword gives users another password, for which they need the one
// that they have; that counts as an attempt to sign in. It signs all their
// other browsers out, no longer knows them, and returns the new token of this
// one's session. It fails with registry.Invalid, which names every wrong field,
// with registry.ErrConflict when the password was changed meanwhile, with
// registry.ErrNotFound when the session was ended meanwhile, and with
// ThrottledError before a password is looked at.
func (db *DB) ChangePassword(ctx context.Context, by registry.Actor, in registry.PasswordChange, from Browser) (token string, err error) {
	proof, err := db.prove(ctx, by, in.Current, from)
	if err != nil {
		return "", err
	}
	if err := db.checkPasswordChange(ctx, in, proof); err != nil {
		return "", err
	}
	hash, err := db.passwords.hash(ctx, in.New)
	if err != nil {
		return "", err
	}
	token = newToken()
	what := intent{action: "user.change-password", target: userTarget(proof.User)}
	err = db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		who, err := t.lockOwnAccount(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		if who.passwordHash != proof.hash {
			return registry.Event{}, registry.ErrConflict
		}
		if _, err := t.ExecContext(ctx, `UPDATE users SET password_hash = $1 WHERE id = $2`, hash, who.ID); err != nil {
			return registry.Event{}, fmt.Errorf("write the password: %w", err)
		}
		if err := t.renewSession(ctx, who.ID, from.Session, token); err != nil {
			return registry.Event{}, err
		}
		ended, err := t.endSessions(ctx, who.ID, hashToken(token))
		if err != nil {
			return registry.Event{}, err
		}
		_, err = t.ExecContext(ctx, `DELETE FROM devices WHERE user_id = $1 AND hash <> $2`, who.ID, hashToken(from.Device))
		return registry.Event{Target: userTarget(who.User), After: snapshot(map[string]int{"sessions_ended": ended})}, err
	})
	if err != nil {
		return "", fmt.Errorf("change the password: %w", err)
	}
	return token, nil
}

func (db *DB) checkPasswordChange(ctx context.Context, in registry.PasswordChange, p proof) error {
	var team string
	if err := db.read.QueryRowContext(ctx, `SELECT COALESCE((SELECT name FROM team), '')`).Scan(&team); err != nil {
		return fmt.Errorf("read the team: %w", err)
	}
	err := in.Check(p.User, team)
	invalid, broken := errors.AsType[registry.Invalid](err)
	if err != nil && !broken {
		return err
	}
	more := registry.Invalid{}
	if wrong := p.wrong(); wrong != "" {
		more["current"] = wrong
	} else if in.New == in.Current {
		more["new"] = "Choose another password than the one you have."
	}
	if invalid = invalid.And(more); len(invalid) > 0 {
		return invalid
	}
	return nil
}

// proof is how it went when users were to prove that it is they who sit at
// their browser, by typing their password.
type proof struct {
	registry.User
	typed bool
	right bool
	hash  string // of the password that was right
}

// wrong says what is wrong with what was typed, or returns "".
func (p proof) wrong() string {
	switch {
	case p.right:
		return ""
	case p.typed:
		return "That is not your current password."
	default:
		return "Enter your current password."
	}
}

// prove compares what a user typed with the password that they have. It counts
// like an attempt to sign in, so that who found a browser open cannot guess on.
func (db *DB) prove(ctx context.Context, by registry.Actor, typed string, from Browser) (proof, error) {
	var who account
	err := db.inTx(ctx, by, false, func(t *tx) error {
		var err error
		if who, err = t.ownAccount(ctx, from.Device); err != nil || typed == "" {
			return err
		}
		return t.countAttempt(ctx, Credentials{Email: who.Email, Device: from.Device, Address: by.Address}, who.device)
	})
	if err != nil {
		return proof{}, fmt.Errorf("count a typed password: %w", err)
	}
	p := proof{User: who.User, typed: typed != ""}
	if !p.typed {
		return p, nil
	}
	if p.right, err = db.passwords.matches(ctx, typed, who.passwordHash); err != nil {
		return proof{}, err
	}
	if p.right {
		p.hash = who.passwordHash
	}
	return p, nil
}

// ownAccount returns the account of the user whose transaction it is, or
// registry.ErrNotFound for all but users who may sign in.
func (t *tx) ownAccount(ctx context.Context, device string) (account, error) {
	return t.scanOwnAccount(ctx, `
		SELECT id, email, name, created_at, password_hash,
			EXISTS (SELECT 1 FROM devices WHERE hash = $2 AND user_id = users.id AND expires_at > $3)
		FROM users WHERE id = $1 AND disabled_at IS NULL`, hashToken(device), t.now.Unix())
}

// lockOwnAccount is ownAccount, and makes others who want to change the
// account wait until the transaction ends.
func (t *tx) lockOwnAccount(ctx context.Context) (account, error) {
	return t.scanOwnAccount(ctx, `
		UPDATE users SET name = name WHERE id = $1 AND disabled_at IS NULL
		RETURNING id, email, name, created_at, password_hash, FALSE`)
}

func (t *tx) scanOwnAccount(ctx context.Context, statement string, args ...any) (a account, err error) {
	if t.by.Type != registry.UserActor {
		return a, registry.ErrNotFound
	}
	err = t.QueryRowContext(ctx, statement, slices.Concat([]any{t.by.ID}, args)...).Scan(
		&a.ID, &a.Email, &a.Name, seconds{&a.CreatedAt}, &a.passwordHash, &a.device)
	if errors.Is(err, sql.ErrNoRows) {
		return a, registry.ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("read the account: %w", err)
	}
	return a, nil
}

func userTarget(u registry.User) registry.Target {
	return registry.Target{Type: "user", ID: u.ID, Name: u.Name}
}
