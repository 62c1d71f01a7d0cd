package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// told returns the titles of what a user was told, newest first, after everybody
// was told; a star marks what is read.
func told(t *testing.T, db *store.DB, user registry.Actor) []string {
	t.Helper()
	if err := db.Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := db.OwnNotices(t.Context(), user, registry.NoticeQuery{})
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, n := range page.Notices {
		title := n.Title()
		if n.Read {
			title = "*" + title
		}
		all = append(all, title)
	}
	return all
}

func unread(t *testing.T, db *store.DB, user registry.Actor) int {
	t.Helper()
	token, err := db.StartSession(t.Context(), store.Visit{UserID: user.ID})
	if err != nil {
		t.Fatal(err)
	}
	session, err := db.Session(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	n, err := db.UnreadNotices(t.Context(), user, session.Held)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func templateOf(userID, service, key string) registry.GrantInput {
	return registry.GrantInput{Subject: registry.Subject{Type: registry.UserSubject, ID: userID}, Service: service, Kind: registry.TemplateGrant, Key: key}
}

// Administrators are told of each kind of thing, those whom it affects too, and
// nobody of what they did themselves.
func TestWhoIsTold(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		ctx, user := t.Context(), c.who.By
		admin := storetest.Admin(t, c.DB)
		other := storetest.User(t, c.DB, "Other Admin", "other@example.com", true).Actor()
		viewer := storetest.User(t, c.DB, "Viewer", "viewer@example.com", false).Actor()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		wants := func(who registry.Actor, what string, want ...string) {
			t.Helper()
			defer c.clock.Advance(time.Second) // so that the next is newer
			if got := told(t, c.DB, who); !slices.Equal(got[:min(len(got), len(want))], want) {
				t.Errorf("%s: %s was told %q, want %q", what, who.Name, got, want)
			}
		}
		must(c.Tell(ctx))
		c.clock.Advance(time.Second)
		for _, who := range []registry.Actor{admin, other} {
			must(c.ReadNotices(ctx, who, nil))
		}
		if got := unread(t, c.DB, admin); got != 0 {
			t.Errorf("got %d unread, want none", got)
		}

		app := registered(t, c.DB, admin, forAuditLog)
		wants(other, "a registration", "Application created: "+app.Name)
		wants(admin, "a registration", "*Application created: "+app.Name)

		must(c.Grant(ctx, admin, templateOf(viewer.ID, "applications", "viewer")))
		wants(other, "a grant", "Permissions changed: Viewer", "Application created: "+app.Name)
		wants(viewer, "a grant", "Permissions changed: Viewer")
		must(c.Ungrant(ctx, admin, templateOf(viewer.ID, "applications", "viewer")))
		wants(viewer, "a grant taken away", "Permissions changed: Viewer", "Permissions changed: Viewer")
		must(c.Grant(ctx, admin, templateOf(viewer.ID, "authorization", "admin")))
		wants(viewer, "what makes an administrator", "New administrator: Viewer")

		_, err := c.RegenerateSecret(ctx, admin, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{})
		must(err)
		wants(other, "a new secret", "Secret regenerated: "+app.Name)

		_, first := c.tokens(t)
		_, second, err := c.refresh(t, first)
		must(err)
		_, _, err = c.refresh(t, second)
		must(err)
		if _, _, err := c.refresh(t, first); !errors.Is(err, oauth.ErrReused) {
			t.Fatalf("got %v, want ErrReused", err)
		}
		wants(other, "reuse", "Refresh token reused: Orders App")
		wants(user, "reuse", "Refresh token reused: Orders App")

		c.tokens(t)
		must(c.RevokeConsentOf(ctx, admin, c.client, c.own(t).ID, registry.Revocation{Reason: "Lost laptop"}))
		wants(other, "a revocation", "Consent revoked by an administrator: Orders App")
		wants(user, "a revocation", "Consent revoked by an administrator: Orders App")
		page, err := c.OwnNotices(ctx, user, registry.NoticeQuery{})
		if err != nil || !page.Notices[0].Own || page.Notices[0].Text(true) != "Demo Admin revoked your consent. Reason: Lost laptop" {
			t.Errorf("got %+v %v, want the reason, as one's own", page.Notices[0], err)
		}

		c.tokens(t)
		must(c.RevokeConsent(ctx, user, c.own(t).ID))
		wants(user, "one's own revocation", "Consent revoked by an administrator: Orders App", "Refresh token reused: Orders App")
	})
}

// Of a revocation for all, each user is told.
func TestAllWhomItAffectsAreTold(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		second, third := c.as(t, "Second", "second@example.com"), c.as(t, "Third", "third@example.com")
		c.tokens(t)
		second.tokens(t)
		if err := c.RevokeAllConsentsOf(t.Context(), admin, c.client, registry.Revocation{Reason: "A leak"}); err != nil {
			t.Fatal(err)
		}
		want := []string{"Consent revoked by an administrator: Orders App"}
		for _, who := range []registry.Actor{c.who.By, second.who.By} {
			if got := told(t, c.DB, who); !slices.Equal(got, want) {
				t.Errorf("%s was told %q, want %q", who.Name, got, want)
			}
		}
		if got := told(t, c.DB, third.who.By); len(got) != 0 {
			t.Errorf("got %q told to who had no consent, want nothing", got)
		}
	})
}

// The rule of a kind decides, from then on.
func TestNoticeRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		admin := storetest.Admin(t, db)
		other := storetest.User(t, db, "Other Admin", "other@example.com", true).Actor()
		if err := db.Tell(ctx); err != nil {
			t.Fatal(err)
		}
		before := len(told(t, db, other))
		off := registry.NoticeRule{Kind: registry.NoticeApplicationCreated}
		if err := db.SetNoticeRule(ctx, admin, off, nil); err != nil {
			t.Fatal(err)
		}
		registered(t, db, admin, forAuditLog)
		if got := told(t, db, other); len(got) != before {
			t.Errorf("got %q with the kind off, want nothing new", got)
		}
		rules, err := db.NoticeRules(ctx, admin)
		if err != nil || len(rules) != len(registry.NoticeTypes) || rules[0] != off || !rules[1].On {
			t.Errorf("got %+v %v, want the first off and the others on", rules, err)
		}
		event := newest(t, db, "application.created")
		if event.Action != "team.set-notice-rule" || event.After != `{"on":false,"administrators":false,"affected":false}` {
			t.Errorf("got %+v, want the change", event)
		}
		if err := db.SetNoticeRule(ctx, admin, off, nil); err != nil || newest(t, db, "application.created").Seq != event.Seq {
			t.Errorf("again: got %v and another event, want nothing changed", err)
		}
		seen := registry.NoticeRule{Kind: off.Kind, On: true, Admins: true}
		if err := db.SetNoticeRule(ctx, admin, seen, &seen); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("by who saw it on: got %v, want ErrConflict", err)
		}
		var invalid registry.Invalid
		if err := db.SetNoticeRule(ctx, admin, registry.NoticeRule{Kind: registry.NoticeApplicationCreated, On: true, Affected: true}, &off); !errors.As(err, &invalid) {
			t.Errorf("told to nobody: got %v, want Invalid", err)
		}
		if err := db.SetNoticeRule(ctx, admin, registry.NoticeRule{Kind: "none", On: true}, nil); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("no such kind: got %v, want ErrNotFound", err)
		}
	})
}

// Who may no longer see something does not, even when they were told of it; who
// is disabled is told nothing.
func TestNoticesOfWhatOneMayNotSee(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		admin := storetest.Admin(t, db)
		other := storetest.User(t, db, "Other", "other@example.com", false).Actor()
		manage := templateOf(other.ID, "applications", "admin")
		if err := db.Grant(ctx, admin, manage); err != nil {
			t.Fatal(err)
		}
		app := registered(t, db, admin, forAuditLog)
		if got := told(t, db, other); len(got) != 2 || got[0] != "Application created: "+app.Name && got[1] != "Application created: "+app.Name {
			t.Fatalf("got %q, want the registration and the grant", got)
		}
		page, err := db.OwnNotices(ctx, other, registry.NoticeQuery{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(page.Notices, func(n registry.OwnNotice) bool { return n.Kind == registry.NoticeApplicationCreated })
		id := page.Notices[i].ID
		if err := db.Ungrant(ctx, admin, manage); err != nil {
			t.Fatal(err)
		}
		if got := told(t, db, other); !slices.Equal(got, []string{"Permissions changed: Other", "Permissions changed: Other"}) {
			t.Errorf("got %q, want only what affects them", got)
		}
		if n := unread(t, db, other); n != 2 {
			t.Errorf("got %d unread, want 2", n)
		}
		for name, who := range map[string]registry.Actor{"who lost the permission": other, "who is none": registry.Operator} {
			if _, err := db.OwnNotice(ctx, who, id); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		if _, err := db.OwnNotice(ctx, admin, id); err != nil {
			t.Errorf("an administrator: got %v, want none", err)
		}
		for name, err := range map[string]error{
			"list": second(db.OwnNotices(ctx, registry.Operator, registry.NoticeQuery{})), "read": db.ReadNotices(ctx, registry.Operator, nil),
		} {
			if !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s by the command line: got %v, want ErrNotFound", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A list is read page by page, and read notices leave the unread ones.
func TestPagesOfNotices(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx := t.Context()
		admin := storetest.Admin(t, db)
		if err := db.Tell(ctx); err != nil {
			t.Fatal(err)
		}
		if err := db.ReadNotices(ctx, admin, nil); err != nil {
			t.Fatal(err)
		}
		const made = 60
		for i := range made {
			if i%2 == 0 { // so that pairs have the same time
				clock.Advance(time.Second)
			}
			registered(t, db, registry.Operator, func(in *registry.NewClient) { forAuditLog(in); in.Name = fmt.Sprintf("App %02d", i) })
		}
		if got := told(t, db, admin); len(got) != registry.NoticePageSize {
			t.Fatalf("got %d on the first page, want %d", len(got), registry.NoticePageSize)
		}
		if n := unread(t, db, admin); n != 10 {
			t.Errorf("got %d unread, want the count to stop at 10", n)
		}
		var all []string
		q := registry.NoticeQuery{Unread: true}
		var pages []registry.NoticePage
		for {
			page, err := db.OwnNotices(ctx, admin, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range page.Notices {
				all = append(all, n.Target.Name)
			}
			pages = append(pages, page)
			if !page.Older {
				break
			}
			q.Before = page.Notices[len(page.Notices)-1].ID
		}
		slices.Sort(all)
		if all = slices.Compact(all); len(all) != made || len(pages) != 3 || pages[0].Newer || !pages[2].Newer {
			t.Errorf("got %d different ones on %d pages, want %d on 3", len(all), len(pages), made)
		}
		back, err := db.OwnNotices(ctx, admin, registry.NoticeQuery{Unread: true, After: pages[2].Notices[0].ID})
		if err != nil || back.Notices[0].ID != pages[1].Notices[0].ID || !back.Newer || !back.Older {
			t.Errorf("got %v %v, want the second page", back.Notices, err)
		}
		var invalid registry.Invalid
		if _, err := db.OwnNotices(ctx, admin, registry.NoticeQuery{Before: "nt_none"}); !errors.As(err, &invalid) {
			t.Errorf("no such place: got %v, want Invalid", err)
		}

		first := pages[0].Notices
		if n, err := db.OwnNotice(ctx, admin, first[0].ID); err != nil || n.Title() != first[0].Title() || !n.Read {
			t.Errorf("got %+v %v, want the first, read", n, err)
		}
		if err := db.ReadNotices(ctx, admin, []string{first[1].ID, "\x00"}); err != nil {
			t.Fatal(err)
		}
		page, err := db.OwnNotices(ctx, admin, registry.NoticeQuery{Unread: true})
		if err != nil || page.Notices[0].ID != first[2].ID {
			t.Errorf("got %v %v, want the first two gone", page.Notices[0].Title(), err)
		}
		if err := db.ReadNotices(ctx, admin, nil); err != nil || unread(t, db, admin) != 0 {
			t.Errorf("got %v, want none unread", err)
		}

		clock.Advance(registry.NoticeKept)
		if err := db.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if page, err := db.OwnNotices(ctx, admin, registry.NoticeQuery{}); err != nil || len(page.Notices) != 0 {
			t.Errorf("got %v %v, want none that old", page.Notices, err)
		}
	})
}

// Each secret, end and number of days is told of once, also by several
// instances, and not when the end is chosen so near.
func TestExpiryIsToldOnce(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			clock, address := storetest.NewClock(), database(t)
			instances := []*store.DB{storetest.Open(t, address, clock), storetest.Open(t, address, clock), storetest.Open(t, address, clock)}
			db := instances[0]
			admin := storetest.Admin(t, db)
			app := registered(t, db, admin, forAuditLog)
			rotate := func(after time.Duration) {
				t.Helper()
				rotation := registry.Rotation{End: registry.EndAt, At: clock.Now().Add(after)}
				if _, err := db.RegenerateSecret(t.Context(), admin, app.ID, rotation, store.ShowOnce{}); err != nil {
					t.Fatal(err)
				}
			}
			const day = 24 * time.Hour
			rotate(40 * day)
			seen := map[string]int{}
			passes := func() (titles []string) {
				t.Helper()
				failed := make(chan error, len(instances))
				for _, db := range instances {
					go func() { failed <- db.Tell(t.Context()) }()
				}
				for range instances {
					if err := <-failed; err != nil {
						t.Error(err)
					}
				}
				page, err := db.OwnNotices(t.Context(), admin, registry.NoticeQuery{})
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range page.Notices {
					if n.Kind != registry.NoticeSecretExpiring && n.Kind != registry.NoticeSecretExpired || seen[n.ID] > 0 {
						continue
					}
					seen[n.ID]++
					titles = append(titles, fmt.Sprintf("%s %d %s", n.Kind, n.Detail.Days, n.Target.Name))
				}
				return titles
			}
			for _, step := range []struct {
				after time.Duration
				want  string
			}{
				{0, ""},
				{9 * day, ""},
				{day, "secret.expiring 30 " + app.Name},
				{time.Hour, ""},
				{15 * day, ""},
				{day, "secret.expiring 14 " + app.Name},
				{12 * day, "secret.expiring 7 " + app.Name},
				{23 * time.Hour, "secret.expiring 1 " + app.Name},
				{day, "secret.expired 0 " + app.Name},
				{day, ""},
			} {
				clock.Advance(step.after)
				for range 2 {
					if got := strings.Join(passes(), ", "); got != step.want {
						t.Errorf("at %s: got %q, want %q", clock.Now(), got, step.want)
					}
					step.want = ""
				}
			}
			rotate(3 * day) // nearer than 7 days at once: nobody needs to be told
			for _, want := range []string{"", "", "secret.expiring 1 " + app.Name, "secret.expired 0 " + app.Name} {
				if got := strings.Join(passes(), ", "); got != want {
					t.Errorf("at %s: got %q, want %q", clock.Now(), got, want)
				}
				clock.Advance(day)
			}
			if err := db.SetStatus(t.Context(), admin, app.ID, registry.Disabled); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A notice is made with what it is about or not at all, and several instances
// that tell at once tell each person once.
func TestNoticesAreToldOnceInRaces(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			clock, address := storetest.NewClock(), database(t)
			instances := []*store.DB{storetest.Open(t, address, clock), storetest.Open(t, address, clock)}
			db := instances[0]
			admin := storetest.Admin(t, db)
			if err := db.Tell(t.Context()); err != nil {
				t.Fatal(err)
			}
			const made = 250
			rows := raw(t, address)
			for i := range made {
				execAll(t, rows, fmt.Sprintf(`INSERT INTO notices (id, kind, at, actor_type, actor_id, actor_name, target_type, target_id, target_name, user_id, detail)
					VALUES ('nt_%d', 'application.created', %d, 'operator', 'cli', 'Command line', 'application', 'cl_%d', 'App', '', '{}')`, i, clock.Now().UnixMilli(), i))
			}
			failed := make(chan error)
			for i := range 4 {
				go func() { failed <- instances[i%2].Tell(t.Context()) }()
			}
			for range 4 {
				if err := <-failed; err != nil {
					t.Error(err)
				}
			}
			var told, people int
			err := rows.QueryRowContext(t.Context(), `
				SELECT count(*), count(DISTINCT notice_id || user_id) FROM user_notices WHERE user_id = '`+admin.ID+`' AND notice_id IN (SELECT id FROM notices WHERE target_name = 'App')`).Scan(&told, &people)
			if err != nil || told != made || people != made {
				t.Errorf("got %d told, %d different %v, want %d", told, people, err, made)
			}
		})
	}
}
