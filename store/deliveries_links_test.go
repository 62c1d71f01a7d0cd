package store_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

var byMail = store.Handover{ByMail: true, Show: store.ShowOnce{SessionToken: "one"}}

// mailWorld is a store that sends e-mail, its rows, and who invites.
type mailWorld struct {
	*store.DB
	address string
	clock   *storetest.Clock
	rows    *sql.DB
	admin   registry.Actor
}

func eachMailWorld(t *testing.T, test func(*testing.T, mailWorld)) {
	t.Helper()
	eachDatabase(t, func(t *testing.T, database string) {
		w := mailWorld{address: database, clock: storetest.NewClock(), rows: raw(t, database)}
		w.DB = storetest.OpenMailing(t, database, w.clock)
		setUp(t, w.DB, "Harbor Team")
		w.admin = storetest.User(t, w.DB, "Demo Admin", "demo-admin@example.com", true).Actor()
		test(t, w)
	})
}

func (w mailWorld) invite(t *testing.T, email string) registry.UserLink {
	t.Helper()
	link, err := w.InviteUser(t.Context(), w.admin, registry.NewInvitation{Name: "New User", Email: email}, byMail)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// take returns the one message that is to be sent now.
func (w mailWorld) take(t *testing.T) registry.DueDelivery {
	t.Helper()
	all := due(t, w.DB, 10)
	if len(all) != 1 {
		t.Fatalf("got %d messages, want 1", len(all))
	}
	return all[0]
}

// sealed counts the links that are kept to be sent.
func (w mailWorld) sealed(t *testing.T) (n int) {
	t.Helper()
	if err := w.rows.QueryRowContext(t.Context(), `SELECT count(link_code) FROM deliveries`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (w mailWorld) mailTo(t *testing.T, id string) registry.Delivery {
	t.Helper()
	u, err := w.User(t.Context(), w.admin, id)
	if err != nil {
		t.Fatal(err)
	}
	return u.LinkMail
}

// A link is sent until the mail server accepts it, each time under the same ID,
// and not kept after that.
func TestLinkIsSentByMail(t *testing.T) {
	eachMailWorld(t, func(t *testing.T, w mailWorld) {
		link := w.invite(t, "new@example.com")
		if event := newest(t, w.DB, link.User.ID); event.Action != "user.invite" || !strings.Contains(event.After, `"link_sent":"by e-mail"`) || strings.Contains(event.After, link.Code.Reveal()) {
			t.Errorf("got %+v, want the way told, and not the link", event)
		}
		if _, err := w.TakeUserLink(t.Context(), w.admin, "one", link.User.ID); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v, want it not shown as well", err)
		}
		if got := w.mailTo(t, link.User.ID); got.State != registry.DeliveryWaiting || got.Attempts != 0 || got.Email != "new@example.com" {
			t.Errorf("got %+v, want it waiting", got)
		}
		if got := due(t, storetest.Open(t, w.address, w.clock), 10); len(got) != 0 {
			t.Errorf("got %+v from who sends no e-mail", got)
		}
		first := w.take(t)
		want := registry.UserLink{Kind: registry.InvitationLink, Code: link.Code, User: registry.User{Name: "New User"}, Team: "Harbor Team", By: "Demo Admin", ExpiresAt: link.ExpiresAt}
		if first.Link != want || first.Email != "new@example.com" || first.UserID != link.User.ID {
			t.Errorf("got %+v, want the link with all that the message says", first)
		}
		delivered(t, w.DB, first, registry.Attempt{Status: 451, Answer: "later"})
		if got := w.mailTo(t, link.User.ID); got.Answer != "later" || got.State != registry.DeliveryWaiting || !got.NextAt.After(w.clock.Now()) || w.sealed(t) != 1 {
			t.Errorf("got %+v, want it to be tried again", got)
		}
		w.clock.Advance(10 * time.Second)
		second := w.take(t)
		if second.ID != first.ID || second.Link != want || second.Attempts != 2 {
			t.Errorf("got %+v, want the same again", second)
		}
		delivered(t, w.DB, second, accepts)
		if got := w.mailTo(t, link.User.ID); got.State != registry.DeliveryDelivered || !got.TriedAt.Equal(w.clock.Now()) || w.sealed(t) != 0 {
			t.Errorf("got %+v and %d links kept, want it sent and forgotten", got, w.sealed(t))
		}
		if err := open(t, w.DB, second.Link, password); err != nil {
			t.Errorf("got %v, want what was sent to open", err)
		}
	})
}

// A link that opens nothing any more is neither sent nor kept.
func TestDeadLinkIsNotSent(t *testing.T) {
	eachMailWorld(t, func(t *testing.T, w mailWorld) {
		reset := func(t *testing.T, id string) registry.UserLink {
			t.Helper()
			link, err := w.ResetPassword(t.Context(), w.admin, id, left, byMail)
			if err != nil {
				t.Fatal(err)
			}
			return link
		}
		gone := func(t *testing.T) {
			t.Helper()
			if all := due(t, w.DB, 10); len(all) != 0 || w.sealed(t) != 0 {
				t.Errorf("got %d messages and %d links kept, want none", len(all), w.sealed(t))
			}
		}
		t.Run("opened", func(t *testing.T) {
			link := w.invite(t, "opened@example.com")
			if err := open(t, w.DB, link, password); err != nil {
				t.Fatal(err)
			}
			gone(t)
		})
		t.Run("withdrawn", func(t *testing.T) {
			link := w.invite(t, "withdrawn@example.com")
			if err := w.WithdrawInvitation(t.Context(), w.admin, link.User.ID, left); err != nil {
				t.Fatal(err)
			}
			gone(t)
		})
		t.Run("disabled", func(t *testing.T) {
			user := storetest.User(t, w.DB, "Disabled", "disabled@example.com", false)
			reset(t, user.ID)
			if err := w.DisableUser(t.Context(), w.admin, user.ID, left); err != nil {
				t.Fatal(err)
			}
			gone(t)
		})
		t.Run("replaced while it is sent", func(t *testing.T) {
			user := storetest.User(t, w.DB, "Replaced", "replaced@example.com", false)
			reset(t, user.ID)
			old := w.take(t)
			newer := reset(t, user.ID)
			delivered(t, w.DB, old, refuses)
			got := w.take(t)
			if got.Link.Code != newer.Code || got.Link.Kind != registry.ResetLink || got.ID == old.ID {
				t.Errorf("got %+v, want the newer alone", got)
			}
			delivered(t, w.DB, got, accepts)
			gone(t)
		})
		t.Run("handed over instead", func(t *testing.T) {
			link := w.invite(t, "instead@example.com")
			if _, err := w.RenewInvitation(t.Context(), w.admin, link.User.ID, store.Handover{}); err != nil {
				t.Fatal(err)
			}
			if got := w.mailTo(t, link.User.ID); got.ID != "" {
				t.Errorf("got %+v, want no message", got)
			}
			gone(t)
		})
		t.Run("expired", func(t *testing.T) {
			user := storetest.User(t, w.DB, "Expired", "expired@example.com", false)
			reset(t, user.ID)
			delivered(t, w.DB, w.take(t), refuses)
			w.clock.Advance(24 * time.Hour)
			if all := due(t, w.DB, 10); len(all) != 0 {
				t.Errorf("got %+v, want nothing sent", all)
			}
			if err := w.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := w.mailTo(t, user.ID); got.State != registry.DeliveryFailed || got.Answer != refuses.Answer || !got.NextAt.IsZero() {
				t.Errorf("got %+v, want it given up", got)
			}
			gone(t)
		})
		t.Run("given up", func(t *testing.T) {
			link := w.invite(t, "given-up@example.com")
			w.clock.Advance(registry.DeliveryTried)
			delivered(t, w.DB, w.take(t), refuses)
			if got := w.mailTo(t, link.User.ID); got.State != registry.DeliveryFailed {
				t.Errorf("got %+v, want it given up", got)
			}
			gone(t)
		})
	})
}

// Without a mail server nothing is made that nobody could get.
func TestLinkByMailNeedsMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		admin := storetest.Admin(t, db)
		user := storetest.User(t, db, "Demo", "demo@example.com", false)
		_, err := db.InviteUser(t.Context(), admin, registry.NewInvitation{Name: "New User", Email: "new@example.com"}, byMail)
		if !isInvalid(err, "mail") {
			t.Errorf("invite: got %v, want it refused", err)
		}
		if _, err := db.ResetPassword(t.Context(), admin, user.ID, left, byMail); !isInvalid(err, "mail") {
			t.Errorf("reset: got %v, want it refused", err)
		}
		if _, err := db.UserByEmail(t.Context(), admin, "new@example.com"); !errors.Is(err, registry.ErrNotFound) || !mayEnter(t, db, "demo@example.com", password) {
			t.Errorf("got %v, want nobody invited and no password stopped", err)
		}
	})
}
