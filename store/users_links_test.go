package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func invited(t *testing.T, db *store.DB, by registry.Actor, email string) registry.UserLink {
	t.Helper()
	link, err := db.InviteUser(t.Context(), by, registry.NewInvitation{Name: " New  User ", Email: email}, store.Handover{})
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func open(t *testing.T, db *store.DB, link registry.UserLink, password string) error {
	t.Helper()
	_, err := db.OpenUserLink(t.Context(), registry.Actor{Address: "192.0.2.7"}, link.Code, registry.PasswordChange{New: password})
	return err
}

func mayEnter(t *testing.T, db *store.DB, email, password string) bool {
	t.Helper()
	user, _, err := db.SignIn(t.Context(), store.Credentials{Email: email, Password: password})
	if err == nil {
		startSession(t, db, user)
	}
	if err != nil && !errors.Is(err, store.ErrSignIn) {
		t.Fatal(err)
	}
	return err == nil
}

// A link works once, until it ends, is replaced or withdrawn, and says why it
// works no more.
func TestInvitation(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		setUp(t, db, "Harbor Team")
		admin := storetest.User(t, db, "Admin", "second-admin@example.com", true).Actor()
		link := invited(t, db, admin, "New@example.com ")
		if link.Kind != registry.InvitationLink || link.User.Name != "New User" || !link.ExpiresAt.Equal(clock.Now().Add(7*24*time.Hour)) {
			t.Errorf("got %+v", link)
		}
		if got, err := db.UserLink(t.Context(), link.Code); err != nil || got.User.ID != link.User.ID || got.Team != "Harbor Team" || got.Kind != registry.InvitationLink {
			t.Errorf("got %+v and %v, want what it is for", got, err)
		}
		if mayEnter(t, db, "new@example.com", "") {
			t.Error("one who was invited may sign in without a password")
		}
		if _, err := db.StartSession(t.Context(), store.Visit{UserID: link.User.ID}); !errors.Is(err, store.ErrSignIn) {
			t.Errorf("got %v, want no session for who was only invited", err)
		}
		_, err := db.InviteUser(t.Context(), admin, registry.NewInvitation{Name: "", Email: "NEW@example.com", Groups: []string{"gr_none"}}, store.Handover{})
		if !isInvalid(err, "name", "email", "group") {
			t.Errorf("got %v, want every wrong field", err)
		}
		for _, wrong := range []string{"", "short", "harbor team 2026", "password12345"} {
			if err := open(t, db, link, wrong); !isInvalid(err, "new") {
				t.Errorf("%q: got %v, want it refused", wrong, err)
			}
		}

		old := link
		if link, err = db.RenewInvitation(t.Context(), admin, link.User.ID, store.Handover{}); err != nil {
			t.Fatal(err)
		}
		if err := open(t, db, old, password); !errors.Is(err, store.LinkError{}) {
			t.Errorf("the replaced link: got %v, want it unknown", err)
		}
		if err := open(t, db, registry.UserLink{}, password); !errors.Is(err, store.LinkError{}) {
			t.Errorf("no code: got %v, want it unknown", err)
		}
		clock.Advance(7 * 24 * time.Hour)
		if err := open(t, db, link, password); !errors.Is(err, store.LinkError{ExpiredAt: link.ExpiresAt}) {
			t.Errorf("seven days later: got %v, want it expired", err)
		}
		if link, err = db.RenewInvitation(t.Context(), admin, link.User.ID, store.Handover{}); err != nil {
			t.Fatal(err)
		}

		// Of many who open it at once one succeeds.
		var mu sync.Mutex
		won := 0
		inParallel(8, func(int) {
			err := open(t, db, link, password)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, store.LinkError{Spent: true}) {
				t.Errorf("got %v, want it spent", err)
			}
		})
		if won != 1 || !mayEnter(t, db, "new@example.com", password) {
			t.Errorf("%d won, want 1 who may then sign in", won)
		}
		event := newest(t, db, link.User.ID)
		if event.Action != "user.accept-invitation" || event.Actor.ID != link.User.ID || event.Actor.Address != "192.0.2.7" || event.After != `{"status":"active"}` {
			t.Errorf("got %+v, want the user to have accepted", event)
		}
		if _, err := db.RenewInvitation(t.Context(), admin, link.User.ID, store.Handover{}); !isInvalid(err, "user") {
			t.Errorf("renew after it was accepted: got %v, want it refused", err)
		}
		if err := db.WithdrawInvitation(t.Context(), admin, link.User.ID, registry.Reason{}); !isInvalid(err, "user") {
			t.Errorf("withdraw after it was accepted: got %v, want it refused", err)
		}
		clock.Advance(38 * 24 * time.Hour)
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := open(t, db, link, password); !errors.Is(err, store.LinkError{}) {
			t.Errorf("a month after its end: got %v, want it forgotten", err)
		}
	})
}

func TestWithdrawInvitation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db := storetest.Open(t, database, storetest.NewClock())
		rows := raw(t, database)
		admin := storetest.Admin(t, db)
		insertGroup(t, rows, "gr_clerks", "Clerks")
		in := registry.NewInvitation{Name: "New User", Email: "new@example.com", Admin: true, Groups: []string{"gr_clerks"}}
		link, err := db.InviteUser(t.Context(), admin, in, store.Handover{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := db.User(t.Context(), admin, link.User.ID)
		if err != nil || !u.Admin || u.Groups != 1 || u.Status() != registry.Invited || !u.LinkEnds.Equal(link.ExpiresAt) {
			t.Errorf("got %+v and %v, want who was invited with all that they were given", u, err)
		}
		for name, err := range map[string]error{
			"disable": db.DisableUser(t.Context(), admin, u.ID, left),
			"enable":  db.EnableUser(t.Context(), admin, u.ID, left),
		} {
			if !isInvalid(err, "user") {
				t.Errorf("%s: got %v, want it refused", name, err)
			}
		}
		if _, err := db.ResetPassword(t.Context(), admin, u.ID, left, store.Handover{}); !isInvalid(err, "user") {
			t.Errorf("reset: got %v, want it refused", err)
		}
		// One who has not accepted keeps nobody from being the last administrator.
		err = db.DisableUser(t.Context(), registry.Operator, admin.ID, registry.Reason{})
		if !isInvalid(err, "user") {
			t.Errorf("the last administrator: got %v, want it refused", err)
		}
		if err := db.WithdrawInvitation(t.Context(), admin, u.ID, left); err != nil {
			t.Fatal(err)
		}
		if err := open(t, db, link, password); !errors.Is(err, store.LinkError{}) {
			t.Errorf("got %v, want the link unknown", err)
		}
		var remain int
		err = rows.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM users WHERE id = $1) + (SELECT count(*) FROM grants WHERE subject_id = $1)
			+ (SELECT count(*) FROM group_members) + (SELECT count(*) FROM user_links)`, u.ID).Scan(&remain)
		if err != nil || remain != 0 {
			t.Errorf("got %d rows and %v, want none", remain, err)
		}
		if got := newest(t, db, u.ID); got.Action != "user.withdraw-invitation" || got.Before == "" || got.After != `{"reason":"Left the team"}` {
			t.Errorf("got %+v, want it told", got)
		}
		invited(t, db, admin, "new@example.com") // the address is free
	})
}

func TestResetPassword(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		user, browser := signedInAs(t, db, "Demo", "demo@example.com")
		first, err := db.ResetPassword(t.Context(), admin, user.ID, left, store.Handover{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Session(t.Context(), browser.Session); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v, want the session dead", err)
		}
		if mayEnter(t, db, "demo@example.com", password) {
			t.Error("the old password still opens")
		}
		link, err := db.ResetPassword(t.Context(), admin, user.ID, left, store.Handover{})
		if err != nil || !link.ExpiresAt.Equal(clock.Now().Add(24*time.Hour)) {
			t.Fatalf("got %+v and %v, want a link for a day", link, err)
		}
		if err := open(t, db, first, password); !errors.Is(err, store.LinkError{}) {
			t.Errorf("the older link: got %v, want it unknown", err)
		}
		if err := open(t, db, link, "four other words here"); err != nil {
			t.Fatal(err)
		}
		if !mayEnter(t, db, "demo@example.com", "four other words here") || newest(t, db, user.ID).Action != "user.set-password" {
			t.Errorf("want the new password to open, and to be told of")
		}
		if err := open(t, db, link, password); !errors.Is(err, store.LinkError{Spent: true}) {
			t.Errorf("once more: got %v, want it spent", err)
		}

		// A link ends with the account.
		if link, err = db.ResetPassword(t.Context(), admin, user.ID, left, store.Handover{}); err != nil {
			t.Fatal(err)
		}
		if err := db.DisableUser(t.Context(), admin, user.ID, left); err != nil {
			t.Fatal(err)
		}
		if err := open(t, db, link, password); !errors.Is(err, store.LinkError{}) {
			t.Errorf("disabled: got %v, want the link dead", err)
		}
		if _, err := db.ResetPassword(t.Context(), admin, user.ID, left, store.Handover{}); !isInvalid(err, "user") {
			t.Errorf("disabled: got %v, want it refused", err)
		}
		if _, err := db.ResetPassword(t.Context(), admin, admin.ID, left, store.Handover{}); !isInvalid(err, "user") {
			t.Errorf("oneself: got %v, want it refused", err)
		}
		if _, err := db.ResetPassword(t.Context(), registry.Operator, admin.ID, left, store.Handover{}); !isInvalid(err, "user") {
			t.Errorf("the last administrator: got %v, want it refused", err)
		}
	})
}

// A link is shown once, in the session that made it.
func TestTakeUserLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		link, err := db.InviteUser(t.Context(), admin, registry.NewInvitation{Name: "New User", Email: "new@example.com"}, store.Handover{Show: store.ShowOnce{SessionToken: "one"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.TakeUserLink(t.Context(), admin, "another", link.User.ID); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("another session: got %v, want ErrNotFound", err)
		}
		if got, err := db.TakeUserLink(t.Context(), admin, "one", link.User.ID); err != nil || got != link.Code {
			t.Errorf("got %v, want the code", err)
		}
		if _, err := db.TakeUserLink(t.Context(), admin, "one", link.User.ID); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("again: got %v, want ErrNotFound", err)
		}
	})
}

// Whoever signs in with a password while it is stopped is not signed in
// afterwards, however long it took to look at it.
func TestStoppedPasswordStartsNoSession(t *testing.T) {
	stop := map[string]func(db *store.DB, by registry.Actor, id string) error{
		"reset": func(db *store.DB, by registry.Actor, id string) error {
			_, err := db.ResetPassword(t.Context(), by, id, registry.Reason{}, store.Handover{})
			return err
		},
		"disable": func(db *store.DB, by registry.Actor, id string) error {
			return db.DisableUser(t.Context(), by, id, registry.Reason{})
		},
	}
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db := storetest.Open(t, database, clock)
		admin := storetest.Admin(t, db)
		rows := raw(t, database)
		for name, stop := range stop {
			for i := range 10 {
				email := fmt.Sprintf("%s%d@example.com", name, i)
				user := storetest.User(t, db, "Demo", email, false)
				var entered, stopped error
				var wait sync.WaitGroup
				wait.Go(func() {
					var device string
					if _, device, entered = db.SignIn(t.Context(), store.Credentials{Email: email, Password: password, Address: email}); entered == nil {
						_, entered = db.StartSession(t.Context(), store.Visit{UserID: user.ID, Device: device})
					}
				})
				wait.Go(func() {
					time.Sleep(time.Duration(i) * 5 * time.Millisecond) // a hash takes about 20
					stopped = stop(db, admin, user.ID)
				})
				wait.Wait()
				if stopped != nil || entered != nil && !errors.Is(entered, store.ErrSignIn) {
					t.Fatalf("%s: got %v and %v, want it stopped, and the sign-in refused if anything", name, stopped, entered)
				}
				var sessions, devices int
				err := rows.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM sessions WHERE user_id = $1), (SELECT count(*) FROM devices WHERE user_id = $1)`, user.ID).
					Scan(&sessions, &devices)
				if err != nil || sessions != 0 || name == "reset" && devices != 0 {
					t.Errorf("%s: got %d sessions, %d known browsers and %v, want none", name, sessions, devices, err)
				}
			}
		}

		// The moment between the password and the session is covered, too.
		user := storetest.User(t, db, "Demo", "demo@example.com", false)
		_, device, err := db.SignIn(t.Context(), store.Credentials{Email: "demo@example.com", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ResetPassword(t.Context(), admin, user.ID, registry.Reason{}, store.Handover{}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.StartSession(t.Context(), store.Visit{UserID: user.ID, Device: device}); !errors.Is(err, store.ErrSignIn) {
			t.Errorf("got %v, want no session", err)
		}
	})
}
