package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

var toAll = registry.WebhookInput{URL: "https://hooks.example.com/in?key=hidden", Description: "Chat", Kinds: []registry.NoticeKind{registry.NoticeApplicationCreated, registry.NoticeWebhookStopped}}

func hooked(t *testing.T, db *store.DB, by registry.Actor) registry.Webhook {
	t.Helper()
	w, err := db.CreateWebhook(t.Context(), by, toAll, store.ShowOnce{SessionToken: "s"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// due tells everybody and returns what is to be sent.
func due(t *testing.T, db *store.DB, n int) []registry.DueDelivery {
	t.Helper()
	if err := db.Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := db.TakeDeliveries(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func delivered(t *testing.T, db *store.DB, d registry.DueDelivery, how registry.Attempt) {
	t.Helper()
	if err := db.Delivered(t.Context(), d.Delivery, how); err != nil {
		t.Fatal(err)
	}
}

var (
	accepts = registry.Attempt{Delivered: true, Status: 204}
	refuses = registry.Attempt{Status: 503, Answer: "busy"}
)

func deliveries(t *testing.T, db *store.DB, id string) []registry.Delivery {
	t.Helper()
	page, err := db.Deliveries(t.Context(), registry.Operator, id, registry.DeliveryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Deliveries
}

func TestWebhooks(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := t.Context()
		admin := storetest.Admin(t, db)
		var invalid registry.Invalid
		_, err := db.CreateWebhook(ctx, admin, registry.WebhookInput{URL: "http://10.0.0.1/"}, store.ShowOnce{})
		if !errors.As(err, &invalid) || invalid["url"] == "" || invalid["kind"] == "" {
			t.Errorf("got %v, want URL and kinds wrong", err)
		}
		w := hooked(t, db, admin)
		event := newest(t, db, w.ID)
		if event.Action != "webhook.create" || strings.Contains(event.After, "hidden") || !strings.Contains(event.After, "hooks.example.com") {
			t.Errorf("got %+v, want the host and not the URL", event)
		}
		first, err := db.TakeWebhookSecret(ctx, admin, "s", w.ID)
		if err != nil || !strings.HasPrefix(first.Reveal(), "whsec_") {
			t.Fatalf("got %v, want a secret", err)
		}
		if _, err := db.TakeWebhookSecret(ctx, admin, "s", w.ID); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("again: got %v, want ErrNotFound", err)
		}

		app := registered(t, db, admin, forAuditLog)
		if _, err := db.RegenerateSecret(ctx, admin, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		all := due(t, db, 10)
		if len(all) != 1 || all[0].Title() != "Application created: "+app.Name || all[0].URL != toAll.URL || len(all[0].Secrets) != 1 || all[0].Secrets[0] != first || all[0].Attempts != 1 {
			t.Fatalf("got %+v, want the registration alone, with address and secret", all)
		}
		if more := due(t, db, 10); len(more) != 0 {
			t.Errorf("got %d taken twice", len(more))
		}
		delivered(t, db, all[0], accepts)
		if log := deliveries(t, db, w.ID); len(log) != 1 || log[0].State != registry.DeliveryDelivered || log[0].Status != 204 || !log[0].NextAt.Before(clock.Now()) {
			t.Errorf("got %+v, want it delivered", log)
		}

		if err := db.RotateWebhookSecret(ctx, admin, w.ID, store.ShowOnce{SessionToken: "s"}); err != nil {
			t.Fatal(err)
		}
		newer, err := db.TakeWebhookSecret(ctx, admin, "s", w.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range [][]registry.Secret{{newer, first}, {newer}} {
			if err := db.SendTest(ctx, admin, w.ID); err != nil {
				t.Fatal(err)
			}
			all = due(t, db, 10)
			if len(all) != 1 || all[0].Title() != "Test" || fmt.Sprint(reveal(all[0].Secrets)) != fmt.Sprint(reveal(want)) {
				t.Errorf("got %+v, want a test signed by %d", all, len(want))
			}
			delivered(t, db, all[0], accepts)
			clock.Advance(registry.WebhookOverlap)
		}

		registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Held" })
		if err := db.Tell(ctx); err != nil {
			t.Fatal(err)
		}
		if err := db.SetWebhookOn(ctx, admin, w.ID, false); err != nil {
			t.Fatal(err)
		}
		if log := deliveries(t, db, w.ID); log[0].State != registry.DeliveryWaiting || !log[0].NextAt.IsZero() {
			t.Errorf("got %+v, want it held", log[0])
		}
		registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Unsent" })
		if all := due(t, db, 10); len(all) != 0 {
			t.Errorf("got %+v sent to one that is off", all)
		}
		clock.Advance(time.Second) // so that it is the newest
		if err := db.SendTest(ctx, admin, w.ID); err != nil {
			t.Fatal(err)
		}
		test := due(t, db, 10)
		if len(test) != 1 {
			t.Fatalf("got %d, want a test of one that is off", len(test))
		}
		delivered(t, db, test[0], refuses)
		if log := deliveries(t, db, w.ID); log[0].State != registry.DeliveryFailed {
			t.Errorf("got %+v, want it tried once", log[0])
		}
		if err := db.SetWebhookOn(ctx, admin, w.ID, true); err != nil {
			t.Fatal(err)
		}
		if all := due(t, db, 10); len(all) != 1 || all[0].Title() != "Application created: Held" {
			t.Errorf("got %+v, want what was held, and nothing of what happened while it was off", all)
		}

		changed := toAll
		changed.URL, changed.Kinds = "https://other.example.com", changed.Kinds[:1]
		if err := db.UpdateWebhook(ctx, admin, w.ID, changed, nil); err != nil {
			t.Fatal(err)
		}
		seq := newest(t, db, w.ID).Seq
		if err := db.UpdateWebhook(ctx, admin, w.ID, changed, nil); err != nil || newest(t, db, w.ID).Seq != seq {
			t.Errorf("the same: got %v and another event, want nothing", err)
		}
		if got, err := db.Webhook(ctx, admin, w.ID); err != nil || len(got.Changes(changed)) > 0 || !got.On {
			t.Errorf("got %+v %v, want it changed", got, err)
		}
		if err := db.UpdateWebhook(ctx, admin, w.ID, registry.WebhookInput{}, &toAll); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("by who saw it as it was: got %v, want ErrConflict", err)
		}
		if err := db.UpdateWebhook(ctx, admin, w.ID, toAll, &changed); err != nil {
			t.Errorf("by who saw it as it is: got %v", err)
		}
		if err := db.DeleteWebhook(ctx, admin, w.ID); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"read": second(db.Webhook(ctx, admin, w.ID)), "update": db.UpdateWebhook(ctx, admin, w.ID, changed, nil), "test": db.SendTest(ctx, admin, w.ID),
			"off": db.SetWebhookOn(ctx, admin, w.ID, false), "rotate": db.RotateWebhookSecret(ctx, admin, w.ID, store.ShowOnce{}),
			"delete": db.DeleteWebhook(ctx, admin, w.ID), "again": db.SendAgain(ctx, admin, w.ID, "msg"), "log": second(db.Deliveries(ctx, admin, w.ID, registry.DeliveryQuery{})),
		} {
			if !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		for range registry.MaxWebhooks {
			hooked(t, db, admin)
		}
		if _, err := db.CreateWebhook(ctx, admin, toAll, store.ShowOnce{}); !errors.As(err, &invalid) {
			t.Errorf("one more: got %v, want Invalid", err)
		}
		if all, err := db.Webhooks(ctx, admin); err != nil || len(all) != registry.MaxWebhooks {
			t.Errorf("got %d %v, want all", len(all), err)
		}
	})
}

func reveal(secrets []registry.Secret) (all []string) {
	for _, s := range secrets {
		all = append(all, s.Reveal())
	}
	return all
}

// A delivery is attempted again, later each time, and given up after five days;
// then the webhook is turned off and people are told.
func TestDeliveriesAreTriedAgain(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := t.Context()
		admin := storetest.Admin(t, db)
		w, other := hooked(t, db, admin), hooked(t, db, admin)
		registered(t, db, admin, forAuditLog)
		attempts, start := 0, clock.Now()
		for clock.Now().Sub(start) < 6*24*time.Hour {
			for _, d := range due(t, db, 10) {
				if d.WebhookID == other.ID {
					delivered(t, db, d, accepts)
					continue
				}
				attempts++
				if d.Attempts != attempts {
					t.Fatalf("got attempt %d, want %d", d.Attempts, attempts)
				}
				delivered(t, db, d, refuses)
			}
			clock.Advance(5 * time.Minute)
		}
		log := deliveries(t, db, w.ID)
		if len(log) != 1 || log[0].State != registry.DeliveryFailed || log[0].Status != 503 || log[0].Answer != "busy" || attempts < 15 || attempts > 40 {
			t.Errorf("got %+v after %d attempts, want it failed", log, attempts)
		}
		got, err := db.Webhook(ctx, admin, w.ID)
		if err != nil || got.On || got.StoppedAt.IsZero() || got.FailingSince.IsZero() {
			t.Errorf("got %+v %v, want it off", got, err)
		}
		if event := newest(t, db, w.ID); event.Action != "webhook.stop" || event.Actor.ID != registry.System.ID {
			t.Errorf("got %+v, want that the system turned it off", event)
		}
		if titles := told(t, db, admin); titles[0] != "Webhook turned off: Chat" {
			t.Errorf("got %q, want the administrator told", titles)
		}
		if log := deliveries(t, db, other.ID); len(log) != 2 || log[0].Title() != "Webhook turned off: Chat" || log[0].State != registry.DeliveryDelivered {
			t.Errorf("got %+v, want the other webhook told", log)
		}

		if err := db.SetWebhookOn(ctx, admin, w.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := db.SendAgain(ctx, admin, w.ID, log[0].ID); err != nil {
			t.Fatal(err)
		}
		again := due(t, db, 10)
		if len(again) != 1 || again[0].ID != log[0].ID {
			t.Fatalf("got %+v, want the same once more", again)
		}
		delivered(t, db, again[0], accepts)
		if got, err := db.Webhook(ctx, admin, w.ID); err != nil || !got.On || !got.FailingSince.IsZero() || deliveries(t, db, w.ID)[0].State != registry.DeliveryDelivered {
			t.Errorf("got %+v %v, want all well again", got, err)
		}

		clock.Advance(registry.DeliveriesKept)
		if err := db.Sweep(ctx); err != nil || len(deliveries(t, db, w.ID)) != 0 {
			t.Errorf("got %v, want none that old", err)
		}
	})
}

// Who dies after an attempt leaves it to the next, under the same ID; what comes
// late changes nothing but that it was accepted.
func TestDeliveriesOfTheDead(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		w := hooked(t, db, admin)
		registered(t, db, admin, forAuditLog)
		first := due(t, db, 10)
		clock.Advance(59 * time.Second)
		if early := due(t, db, 10); len(early) != 0 {
			t.Errorf("got %+v while another may be at it", early)
		}
		clock.Advance(2 * time.Second)
		next := due(t, db, 10)
		if len(next) != 1 || next[0].ID != first[0].ID || next[0].Attempts != 2 {
			t.Fatalf("got %+v, want the same again", next)
		}
		delivered(t, db, first[0], refuses) // late
		if log := deliveries(t, db, w.ID); log[0].Status != 0 {
			t.Errorf("got %+v, want what comes late not to count", log)
		}
		delivered(t, db, first[0], accepts)
		delivered(t, db, next[0], refuses)
		if log := deliveries(t, db, w.ID); log[0].State != registry.DeliveryDelivered {
			t.Errorf("got %+v, want it delivered", log)
		}
		clock.Advance(time.Hour)
		if more := due(t, db, 10); len(more) != 0 {
			t.Errorf("got %+v after it was accepted", more)
		}
	})
}

func TestPagesOfDeliveries(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := t.Context()
		admin := storetest.Admin(t, db)
		w := hooked(t, db, admin)
		const made = 60
		for i := range made {
			if err := db.SendTest(ctx, admin, w.ID); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				clock.Advance(time.Second)
			}
		}
		seen := map[string]bool{}
		var q registry.DeliveryQuery
		for pages := 1; ; pages++ {
			page, err := db.Deliveries(ctx, admin, w.ID, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range page.Deliveries {
				seen[d.ID] = true
			}
			if !page.Older {
				back, err := db.Deliveries(ctx, admin, w.ID, registry.DeliveryQuery{After: page.Deliveries[0].ID})
				if err != nil || len(back.Deliveries) != registry.DeliveryPageSize || !back.Newer || !back.Older || pages != 3 || len(seen) != made {
					t.Errorf("got %d on %d pages and %+v %v, want %d on 3", len(seen), pages, back, err, made)
				}
				break
			}
			q.Before = page.Deliveries[len(page.Deliveries)-1].ID
		}
		var invalid registry.Invalid
		if _, err := db.Deliveries(ctx, admin, w.ID, registry.DeliveryQuery{Before: "none\x00"}); !errors.As(err, &invalid) {
			t.Errorf("got %v, want Invalid", err)
		}
	})
}

// However many instances take deliveries at once, each goes to one.
func TestDeliveriesInRaces(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			clock, address := storetest.NewClock(), database(t)
			instances := []*store.DB{storetest.Open(t, address, clock), storetest.Open(t, address, clock)}
			admin := storetest.Admin(t, instances[0])
			w := hooked(t, instances[0], admin)
			const made, takers = 100, 4
			for range made {
				if err := instances[0].SendTest(t.Context(), admin, w.ID); err != nil {
					t.Fatal(err)
				}
			}
			taken := make(chan []registry.DueDelivery, takers)
			for i := range takers {
				go func() {
					var mine []registry.DueDelivery
					for range made {
						all, err := instances[i%2].TakeDeliveries(t.Context(), 7)
						if err != nil {
							t.Error(err)
						}
						if len(all) == 0 {
							break
						}
						mine = append(mine, all...)
					}
					taken <- mine
				}()
			}
			seen := map[string]int{}
			for range takers {
				for _, d := range <-taken {
					seen[d.ID]++
				}
			}
			for _, d := range due(t, instances[0], made) { // what a loser of a race left
				seen[d.ID]++
			}
			for id, n := range seen {
				if n > 1 {
					t.Errorf("%s was taken %d times", id, n)
				}
			}
			if len(seen) != made {
				t.Errorf("got %d taken, want %d", len(seen), made)
			}
		})
	}
}

// Who is told of a notice gets an e-mail when its rule says so, and each address
// of the rule; who did it gets none. Without a mail server nothing waits for one.
func TestMailOfNotices(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			clock, address := storetest.NewClock(), database(t)
			mailing, silent := storetest.OpenMailing(t, address, clock), storetest.Open(t, address, clock)
			admin := storetest.Admin(t, silent)
			other := storetest.User(t, silent, "Other Admin", "other@example.com", true).Actor()
			due(t, silent, 10)
			rule := registry.NoticeRule{Kind: registry.NoticeApplicationCreated, On: true, Admins: true, Email: true, Addresses: " list@example.com\n\nother@example.com \r\nlist@example.com"}
			if err := silent.SetNoticeRule(t.Context(), admin, rule, nil); err != nil {
				t.Fatal(err)
			}
			var invalid registry.Invalid
			if err := silent.SetNoticeRule(t.Context(), admin, registry.NoticeRule{Kind: rule.Kind, On: true, Addresses: "nobody"}, nil); !errors.As(err, &invalid) || invalid["addresses"] != "Line 1: Enter an e-mail address such as name@example.com." {
				t.Errorf("got %v, want the address wrong", err)
			}
			to := func(db *store.DB) (all []string) {
				t.Helper()
				for _, d := range due(t, db, 10) {
					all = append(all, d.Email)
					delivered(t, db, d, registry.Attempt{Answer: "later"})
				}
				slices.Sort(all)
				return all
			}
			registered(t, silent, admin, forAuditLog)
			if got := to(silent); len(got) != 0 {
				t.Errorf("got %q without a mail server", got)
			}
			registered(t, silent, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Second" })
			if got := to(mailing); !slices.Equal(got, []string{"list@example.com", "other@example.com"}) {
				t.Errorf("got e-mails to %q, want the other administrator and the list", got)
			}
			trouble, err := silent.MailTrouble(t.Context(), admin)
			if err != nil || trouble != (registry.MailTrouble{Messages: 2, Answer: "later", TriedAt: clock.Now()}) {
				t.Errorf("got %+v %v, want both waiting", trouble, err)
			}
			clock.Advance(10 * time.Second)
			if got := to(silent); len(got) != 0 {
				t.Errorf("got %q to be sent by who cannot", got)
			}
			if got := to(mailing); len(got) != 2 {
				t.Errorf("got %q, want both again", got)
			}

			// Who turns their own off still is one of the rule's addresses, as long as the rule says so.
			for _, on := range []bool{false, true} {
				if err := silent.SetNoticeMail(t.Context(), other, on); err != nil {
					t.Fatal(err)
				}
				for _, addresses := range []string{"", "other@example.com"} {
					rule.Addresses = addresses
					if err := silent.SetNoticeRule(t.Context(), admin, rule, nil); err != nil {
						t.Fatal(err)
					}
					registered(t, silent, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = fmt.Sprint("Told ", on, addresses) })
					var got []string
					for _, d := range due(t, mailing, 10) {
						got = append(got, d.Email+" as "+cmp.Or(d.UserID, "address"))
						delivered(t, mailing, d, accepts)
					}
					want := map[bool]string{true: "other@example.com as " + other.ID, false: "other@example.com as address"}[on]
					if addresses == "" && !on && len(got) > 0 || (addresses != "" || on) && !slices.Equal(got, []string{want}) {
						t.Errorf("on %t, addresses %q: got %q", on, addresses, got)
					}
				}
			}
			if event := newest(t, silent, other.ID); event.Action != "user.set-notice-mail" || event.Before != `{"notices_by_email":false}` || event.After != `{"notices_by_email":true}` {
				t.Errorf("got %+v, want it told", event)
			}
			if err := silent.SetNoticeMail(t.Context(), registry.Operator, false); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("the operator: got %v, want ErrNotFound", err)
			}
		})
	}
}
