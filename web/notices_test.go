package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// tell has people told of what was done so far.
func (s *site) tell(t *testing.T) {
	t.Helper()
	if err := s.Store.Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The bell counts what somebody has not read; a notice leads to what it is
// about, and is read then.
func TestNotices(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.browser(t).get("/profile/notices").redirects("/login?return_to=%2Fprofile%2Fnotices")
		first := s.setUp(t)
		b := s.signedIn(t, "second@example.com", true)
		bell := func() string {
			return b.get("/profile").page().Find(`.topbar a[href="/profile/notices"]`).AttrOr("aria-label", "")
		}
		s.tell(t)
		b.post("/profile/notices/read", nil).redirects("/profile/notices")
		if got := bell(); got != "Notices" {
			t.Errorf("got %q, want nothing unread", got)
		}
		path := strings.TrimSuffix(first.register("Ledger Sync", url.Values{"scope": {"audit.log:read"}}), "/secret")
		s.tell(t)
		if got := bell(); got != "1 unread, notices" {
			t.Errorf("got %q, want one unread", got)
		}
		list := b.get("/profile/notices?show=unread")
		list.has(http.StatusOK, "Application created: Ledger Sync", "First Admin registered it.", "New")
		notice := list.link("Application created: Ledger Sync")
		s.signedIn(t, "nobody@example.com", false).get(notice).has(http.StatusNotFound)
		b.get(notice).redirects(path)
		if got := bell(); got != "Notices" {
			t.Errorf("got %q, want it read", got)
		}
		b.get("/profile/notices?show=unread").lacks("Ledger Sync")
		b.get("/profile/notices").has(http.StatusOK, "Application created: Ledger Sync")

		for i := range 12 {
			first.register("App "+string(rune('A'+i)), url.Values{"scope": {"audit.log:read"}})
		}
		s.tell(t)
		if got := bell(); got != "9+ unread, notices" {
			t.Errorf("got %q, want the count to stop", got)
		}
		one := b.get("/profile/notices?show=unread").page().Find(`button[name="notice"]`).AttrOr("value", "")
		b.withHTMX().post("/profile/notices/read", url.Values{"notice": {one}, "back": {"/profile/notices?show=unread"}}).navigates("/profile/notices?show=unread")
		b.get("/profile/notices?show=unread").lacks(one)
		b.post("/profile/notices/read", url.Values{"back": {"//elsewhere.example"}}).redirects("/profile/notices")
		b.get("/profile/notices?show=unread").has(http.StatusOK, "You have read them all")
		b.get("/profile/notices?before=nt_none").has(http.StatusUnprocessableEntity, "That page is no longer there.")
	})
}

// Users are told what affects them, and where to look.
func TestNoticesOfUsers(t *testing.T) {
	s := newSite(t)
	admin := s.setUp(t)
	user, b := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
	client, _ := s.consented(t, user, "Orders App")
	admin.post("/admin/applications/"+client+"/consents/revoke", url.Values{"reason": {"Lost <laptop>"}})
	s.tell(t)
	list := b.get("/profile/notices")
	list.has(http.StatusOK, "Consent revoked by an administrator: Orders App", "Reason: Lost &lt;laptop&gt;")
	b.get(list.link("Consent revoked by an administrator: Orders App")).redirects("/profile/oauth-clients")
}

func TestNoticeSettings(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		list := admin.get("/admin/settings/notices")
		list.has(http.StatusOK, "Secret expires soon", "Administrators, the user it acts for")
		page := list.link("Application created")
		admin.get(page).has(http.StatusOK, "An application is registered.", "applications/manage")
		wrong := admin.post(page, url.Values{"on": {"true"}})
		wrong.has(http.StatusUnprocessableEntity, "Choose who is told, or turn the notice off.")
		admin.withHTMX().post(page, url.Values{"admins": {"true"}}).navigates("/admin/settings/notices")
		admin.get("/admin/settings/notices").has(http.StatusOK, "Saved", "Nobody", "Off")
		rules, err := s.Store.NoticeRules(t.Context(), registry.Operator)
		want := registry.NoticeRule{Kind: registry.NoticeApplicationCreated, Admins: true}
		if err != nil || rules[0] != want {
			t.Errorf("got %+v %v, want %+v", rules[0], err, want)
		}
		admin.get(page).has(http.StatusOK, "No e-mail is sent now.")
		wrong = admin.post(page, url.Values{"on": {"true"}, "admins": {"true"}, "email": {"true"}, "addresses": {"list@example.com\r\n nobody"}})
		wrong.has(http.StatusUnprocessableEntity, "Line 2: Enter an e-mail address such as name@example.com.", "list@example.com")
		if got := wrong.wrongFields(); !slices.Equal(got, []string{"addresses"}) {
			t.Errorf("got %q marked, want the addresses", got)
		}
		admin.post(page, url.Values{"on": {"true"}, "admins": {"true"}, "email": {"true"}, "addresses": {"list@example.com"}}).redirects("/admin/settings/notices")
		admin.get("/admin/settings/notices").has(http.StatusOK, "Administrators, 1 address, by e-mail too")
		for _, path := range []string{"/admin/settings/notices/none", "/admin/settings/notices/%00"} {
			admin.get(path).has(http.StatusNotFound)
			admin.post(path, url.Values{"on": {"true"}, "admins": {"true"}}).has(http.StatusNotFound)
		}
		viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
		viewer.get("/admin/settings/notices").has(http.StatusNotFound)
		viewer.post(page, url.Values{"on": {"true"}}).has(http.StatusNotFound)
	})
}

// BenchmarkBell measures what the bell adds to a page: for who has 10,000
// notices, none of them read.
func BenchmarkBell(b *testing.B) {
	db := storetest.OpenSQLite(b, storetest.NewClock())
	admin := storetest.User(b, db, "Demo Admin", "admin@example.com", true)
	for i := range 10_000 {
		kind := registry.GrantInput{Subject: registry.Subject{Type: registry.UserSubject, ID: admin.ID}, Service: "applications", Kind: registry.PermissionGrant, Key: "view"}
		var err error
		if i%2 == 0 {
			err = db.Grant(b.Context(), registry.Operator, kind)
		} else {
			err = db.Ungrant(b.Context(), registry.Operator, kind)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Tell(b.Context()); err != nil {
		b.Fatal(err)
	}
	token, err := db.StartSession(b.Context(), store.Visit{UserID: admin.ID})
	if err != nil {
		b.Fatal(err)
	}
	session, err := db.Session(b.Context(), token)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("session", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.Session(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unread", func(b *testing.B) {
		for b.Loop() {
			if n, err := db.UnreadNotices(b.Context(), admin.Actor(), session.Held); err != nil || n != 10 {
				b.Fatal(n, err)
			}
		}
	})
}
