package web

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// invite invites somebody in the console, and returns the address of their
// page and what their link leads to.
func (b *browser) invite(form url.Values) (path, link string) {
	b.t.Helper()
	w := b.post("/admin/users/new", form)
	path = strings.TrimSuffix(w.Header().Get("Location"), "/link")
	w.redirects(path + "/link")
	return path, b.takeLink(path)
}

// takeLink returns what the link leads to that a user's page shows once.
func (b *browser) takeLink(path string) string {
	b.t.Helper()
	page := b.get(path + "/link")
	page.has(http.StatusOK, "This is the only time you will see the link")
	link, found := strings.CutPrefix(page.page().Find("#link").AttrOr("value", ""), storetest.Issuer)
	if !found {
		b.t.Fatalf("got the link %q", link)
	}
	return link
}

func codeOf(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("code")
}

var newcomer = url.Values{"name": {"New User"}, "email": {"new@example.com"}}

const newPassword = "four other words here"

func TestInviteUser(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		b.get("/admin/users").has(200, "First Admin", "Administrator", "Invite user", "1 user")
		b.get("/admin/users/new").has(200, "Administrator")
		wrong := b.post("/admin/users/new", url.Values{"name": {"A <b>"}, "email": {"nobody"}, "admin": {"true"}})
		wrong.has(422, "A &lt;b&gt;", "nobody")
		if got := complaints(wrong); !slices.Equal(got, []string{"email"}) || wrong.page().Find("[name=admin][checked]").Length() != 1 {
			t.Errorf("got complaints about %q, want the address, and the box still ticked", got)
		}
		b.post("/admin/users/new", url.Values{"name": {"Again"}, "email": {"ADMIN@example.com"}}).has(422, "Someone in the team has this e-mail address already.")

		w := b.post("/admin/users/new", newcomer)
		path := strings.TrimSuffix(w.Header().Get("Location"), "/link")
		b.post("/admin/users/new", newcomer).redirects(path + "/link") // sent twice
		if ahead := b.send(prefetch(path + "/link")); ahead.Code != http.StatusNoContent {
			t.Errorf("a browser that looks ahead: got %d, want nothing", ahead.Code)
		}
		link := b.takeLink(path)
		b.get(path+"/link").has(http.StatusGone, "That link was already shown")
		b.post("/admin/users/new", newcomer).has(422, "was invited with this e-mail address already")
		b.get("/admin/users?status=invited").has(200, "New User", "Invited", "1 user")
		b.get(path).has(200, "They have not accepted the invitation yet", "Make a new link", "in 7 days")

		guest := s.browser(t)
		guest.get(link).has(200, "Welcome to Harbor", "New User", "new@example.com")
		code := codeOf(t, link)
		bad := guest.post("/invitation", url.Values{"code": {code}, "new": {"short"}})
		bad.has(422, "Use at least 12 characters.")
		bad.lacks("short\"")
		b.post(path+"/invitation", nil).redirects(path + "/link")
		guest.get(link).has(404, "This link opens nothing")
		guest.post("/invitation", url.Values{"code": {code}, "new": {newPassword}}).has(404, "This link opens nothing")

		link = b.takeLink(path)
		guest.post("/invitation", url.Values{"code": {codeOf(t, link)}, "new": {newPassword}}).redirects("/")
		guest.get("/").has(200, "Nothing to see here yet")
		s.browser(t).get(link).has(http.StatusGone, "This link was used", "Sign in")
		s.browser(t).signIn("new@example.com", newPassword).redirects("/")
		b.get(path).has(200, "Accept an invitation", "Invite a user", "In 2 browsers")
		b.post(path+"/withdraw", nil).has(422, "has accepted the invitation meanwhile")

		path, link = b.invite(url.Values{"name": {"Late"}, "email": {"late@example.com"}})
		s.clock.Advance(8 * 24 * time.Hour)
		s.browser(t).get(link).has(http.StatusGone, "This link has expired", "8 Jun 2026")
		b = s.browser(t)
		b.signIn("admin@example.com", testPassword)
		b.get("/admin/users").has(200, "Invitation expired")
		b.post(path+"/withdraw", url.Values{"back": {"/admin/users?status=invited"}}).redirects("/admin/users?status=invited")
		b.get(path).has(404)
		s.browser(t).get(link).has(404, "This link opens nothing")
	})
}

// mailed returns the one message that the courier would send now, sent or not.
func (s *site) mailed(t *testing.T, how registry.Attempt) registry.DueDelivery {
	t.Helper()
	due, err := s.Store.TakeDeliveries(t.Context(), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("got %d messages and %v, want one", len(due), err)
	}
	if err := s.Store.Delivered(t.Context(), due[0].Delivery, how); err != nil {
		t.Fatal(err)
	}
	return due[0]
}

// mailingSite is a site that sends e-mail.
func mailingSite(t *testing.T) *site {
	t.Helper()
	clock := storetest.NewClock()
	return siteOn(storetest.OpenMailing(t, storetest.SQLite(t), clock), clock, func(s *Server) { s.Mail = true })
}

func TestInviteUserByMail(t *testing.T) {
	s := mailingSite(t)
	b := s.setUp(t)
	if got := b.get("/admin/users/new").page().Find("[name=mail][checked]").AttrOr("value", ""); got != "true" {
		t.Errorf("got %q chosen, want e-mail", got)
	}
	byHand := url.Values{"name": {"New User"}, "email": {"nobody"}, "mail": {"false"}}
	if got := b.post("/admin/users/new", byHand).page().Find("[name=mail][checked]").AttrOr("value", ""); got != "false" {
		t.Errorf("got %q chosen after a mistake, want what was", got)
	}
	b.post("/admin/users/new", url.Values{"name": {"New User"}, "email": {"new@example.com"}, "mail": {"maybe"}}).has(http.StatusBadRequest)

	form := maps.Clone(newcomer)
	form.Set("mail", "true")
	w := b.post("/admin/users/new", form)
	path := w.Header().Get("Location")
	w.redirects(path)
	b.post("/admin/users/new", form).redirects(path) // sent twice
	b.get(path).has(200, "The link is on its way by e-mail", "It is being sent to new@example.com by e-mail.")
	b.get(path+"/link").has(http.StatusGone, "That link goes by e-mail", "make another")

	first := s.mailed(t, registry.Attempt{Status: 451, Answer: "Come <back> later"})
	b.get(path).has(200, "The invitation has not reached them yet", "is tried again", "451: Come &lt;back&gt; later")
	b.post(path+"/invitation", url.Values{"mail": {"true"}}).redirects(path)
	s.browser(t).get(first.Link.Path()).has(404, "This link opens nothing")
	second := s.mailed(t, registry.Attempt{Delivered: true, Status: 250})
	page := b.get(path)
	page.has(200, "It was sent to new@example.com by e-mail, at 1 Jun 2026")
	page.lacks(second.Link.Code.Reveal())

	guest := s.browser(t)
	guest.get(second.Link.Path()).has(200, "Welcome to Harbor", "New User")
	guest.post("/invitation", url.Values{"code": {second.Link.Code.Reveal()}, "new": {newPassword}}).redirects("/")
	b.get(path).lacks("It was sent")
	s.clock.Advance(store.ShownFor + time.Minute)
	b.post("/admin/users/new", form).has(422, "Someone in the team has this e-mail address already.")

	b.post(path+"/reset-password", url.Values{"mail": {"true"}}).redirects(path)
	reset := s.mailed(t, registry.Attempt{Delivered: true, Status: 250})
	b.get(path).has(200, "Their password was reset", "It was sent to new@example.com by e-mail")
	guest.get(reset.Link.Path()).has(200, "Choose a new password")

	s.Mail = false // it was started without a mail server
	b.post(path+"/reset-password", url.Values{"mail": {"false"}}).redirects(path + "/link")
	b.get(path + "/reset-password").lacks("By e-mail")
}

// A form that was shown before the mail server went away keeps what was typed.
func TestInviteUserByMailWithoutMail(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	form := maps.Clone(newcomer)
	form.Set("mail", "true")
	w := b.post("/admin/users/new", form)
	w.has(422, "new@example.com", "No e-mail is sent now. Hand the link over yourself.")
	if got := w.page().Find("[name=mail][checked]").AttrOr("value", ""); got != "false" || w.page().Find("[name=mail][disabled]").Length() != 1 {
		t.Errorf("got %q chosen, want the other way", got)
	}
	user, _ := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
	b.post("/admin/users/"+user.ID+"/reset-password", url.Values{"mail": {"true"}}).has(422, "Reset the password of Demo User?", "No e-mail is sent now.")
}

func prefetch(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Sec-Purpose", "prefetch")
	return r
}

func TestInvitedAdministrator(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	_, link := b.invite(url.Values{"name": {"Second Admin"}, "email": {"second@example.com"}, "admin": {"true"}})
	second := s.browser(t).withHTMX()
	second.post("/invitation", url.Values{"code": {codeOf(t, link)}, "new": {newPassword}}).navigates("/")
	second.htmx = false
	second.get("/admin/users").has(200, "Invite user", "Second Admin")
}

func TestDisableAndEnableUser(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		user, guest := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
		_, family := s.consented(t, user, "Orders App")
		path := "/admin/users/" + user.ID
		b.get(path).has(200, "1 may act for them", "In 2 browsers", "Disable…")
		b.get(path+"/disable?back=/admin/users").has(200, "Disable Demo User?", "up to 15 minutes")
		long := b.withHTMX().post(path+"/disable", url.Values{"reason": {strings.Repeat("x", 201)}})
		long.has(422, "Use at most 200 characters.", strings.Repeat("x", 201))
		b.post(path+"/disable", url.Values{"reason": {"Left the team"}, "back": {"//evil.example"}}).redirects(path)
		b.get(path).has(200, "The user is disabled", "They are disabled", "Disable a user")
		guest.get("/profile").redirects("/login?return_to=%2Fprofile")
		guest.signIn("demo@example.com", testPassword).has(422)
		if s.works(t, family) {
			t.Error("what acts for a disabled user still works")
		}
		b.get("/admin/audit-log?target="+user.ID).has(200, "Disable a user")
		b.get("/admin/users?status=disabled").has(200, "Demo User")
		b.post(path+"/reset-password", nil).has(422, "is disabled. Enable the user first.")
		b.post(path+"/enable", nil).redirects(path)
		guest.signIn("demo@example.com", testPassword).redirects("/")
		if !s.works(t, family) {
			t.Error("want the consent in force again")
		}
		b.get("/admin/users/us_none/disable").has(404)
		b.post("/admin/users/us_none/disable", nil).has(404)
	})
}

func TestResetPasswordOfUser(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	user, guest := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
	path := "/admin/users/" + user.ID
	b.withHTMX().get(path+"/reset-password").has(200, "Reset the password of Demo User?", "good once and for 24 hours", "It could go by e-mail if the operator named a mail server with --smtp-url.")
	b.withHTMX().post(path+"/reset-password", url.Values{"reason": {"Forgot it"}}).navigates(path + "/link")
	link := b.takeLink(path)
	if !strings.HasPrefix(link, "/new-password?code=") {
		t.Errorf("got the link %s", link)
	}
	guest.get("/profile").redirects("/login?return_to=%2Fprofile")
	guest.signIn("demo@example.com", testPassword).has(422)
	b.get(path).has(200, "Their password was reset", "Reset a user&#39;s password")
	guest.get(link).has(200, "Choose a new password", "demo@example.com")
	guest.post("/new-password", url.Values{"code": {codeOf(t, link)}, "new": {newPassword}}).redirects("/")
	guest.get("/profile").has(200)
	guest.post("/new-password", url.Values{"code": {codeOf(t, link)}, "new": {newPassword}}).has(http.StatusGone, "This link was used")
	b.get(path).lacks("Their password was reset")
}

func TestSignOutUserEverywhere(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	user, guest := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
	path := "/admin/users/" + user.ID
	b.get(path+"/sign-out").has(200, "Sign Demo User out everywhere?", "go on acting for them")
	b.post(path+"/sign-out", nil).redirects(path)
	guest.get("/profile").redirects("/login?return_to=%2Fprofile")
	guest.signIn("demo@example.com", testPassword).redirects("/")
}

// On one's own page there is nothing of what one does to others.
func TestOwnUserPage(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	own := b.get("/admin/users").page().Find(".who-name").AttrOr("href", "")
	page := b.get(own)
	page.has(200, "Edit Profile")
	page.lacks("Disable…", "Reset password…")
	for _, deed := range []string{"disable", "reset-password", "sign-out"} {
		b.get(own+"/"+deed).has(200, "This is you", "Only another administrator can disable you.")
		b.post(own+"/"+deed, nil).has(422, "This is you")
	}
	b.get(own).has(200)
}

// Each sees only what they may do, and is refused the rest.
func TestUsersByViewer(t *testing.T) {
	s := newSite(t)
	s.setUp(t)
	admin := storetest.User(t, s.Store, "Second Admin", "second@example.com", true)
	plain := storetest.User(t, s.Store, "Plain", "plain@example.com", false)
	holder := storetest.User(t, s.Store, "Holder", "holder@example.com", false)
	s.grant(t, holder, registry.ReadAuditLog)
	viewer := s.holding(t, "viewer@example.com", registry.ViewUsers)
	helpdesk := s.holding(t, "helpdesk@example.com", registry.ViewUsers, registry.ManageUsers)
	nobody := s.holding(t, "nobody@example.com", registry.ViewApplications)

	items := func(b *browser, u registry.User) []string {
		return b.get("/admin/users/" + u.ID).page().Find("#actions a").Map(trimmed)
	}
	for _, tt := range []struct {
		name string
		got  []string
		want []string
	}{
		{"viewer", items(viewer, plain), nil},
		{"helpdesk, of who holds nothing", items(helpdesk, plain), []string{"Reset password…", "Sign out everywhere…", "Disable…"}},
		{"helpdesk, of who holds something", items(helpdesk, holder), []string{"Sign out everywhere…", "Disable…"}},
		{"helpdesk, of an administrator", items(helpdesk, admin), nil},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	for _, tt := range []struct {
		name string
		b    *browser
		path string
		want int
	}{
		{"viewer invites", viewer, "/admin/users/new", 403},
		{"viewer disables", viewer, "/admin/users/" + plain.ID + "/disable", 403},
		{"helpdesk disables an administrator", helpdesk, "/admin/users/" + admin.ID + "/disable", 403},
		{"helpdesk resets an administrator", helpdesk, "/admin/users/" + admin.ID + "/reset-password", 403},
		{"helpdesk resets who holds something", helpdesk, "/admin/users/" + holder.ID + "/reset-password", 403},
		{"nobody invites", nobody, "/admin/users/new", 404},
		{"nobody disables", nobody, "/admin/users/" + plain.ID + "/disable", 404},
	} {
		if w := tt.b.get(tt.path); w.Code != tt.want {
			t.Errorf("%s: got %d for the page, want %d", tt.name, w.Code, tt.want)
		}
		if w := tt.b.post(tt.path, newcomer); w.Code != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.want)
		}
	}
	helpdesk.get("/admin/users/new").has(200)
	helpdesk.get("/admin/users/new").lacks("Holds the Admin template")
	helpdesk.post("/admin/users/new", url.Values{"name": {"New"}, "email": {"new@example.com"}, "admin": {"true"}}).has(403)
	viewer.get("/admin/users/" + plain.ID + "/link").has(403)
	for _, path := range []string{"/admin/users", "/admin/users.csv", "/admin/users/" + plain.ID} {
		nobody.get(path).has(404)
		viewer.get(path).has(200)
	}
	if slices.Contains(nobody.get("/").page().Find("nav a").Map(trimmed), "Users") {
		t.Error("got Users in the navigation of who may not view them")
	}
	viewer.get("/admin/users").lacks("Invite user", "Actions for")
}

func TestUsersList(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		storetest.User(t, s.Store, "=Formula", "formula@example.com", false)
		for _, tt := range []struct {
			query string
			want  []string
		}{
			{"", []string{"=Formula", "First Admin"}},
			{"?sort=-name", []string{"First Admin", "=Formula"}},
			{"?sort=-used", []string{"First Admin", "=Formula"}},
			{"?q=FORMULA%40", []string{"=Formula"}},
			{"?status=active&q=first", []string{"First Admin"}},
			{"?q=nobody", nil},
		} {
			w := b.get("/admin/users" + tt.query)
			if got := w.page().Find(".who-name").Map(func(_ int, a *goquery.Selection) string { return a.Text() }); w.Code != 200 || !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %d %q, want %q", tt.query, w.Code, got, tt.want)
			}
		}
		b.get("/admin/users?q=nobody").has(200, "No users match")
		b.get("/admin/users?status=invited").has(200, "Nobody is invited")
		b.get("/admin/users?after=nonsense").has(422, "That page is no longer there")
		b.get("/admin/users?status=nonsense&sort=nonsense").has(422, "There is no such list")
		file := b.get("/admin/users.csv")
		file.has(200, "'=Formula,formula@example.com,active,no,0,2026-06-01T12:00:00Z,never", "First Admin,admin@example.com,active,yes,0,")
	})
}

func TestAdministratorsAreMadeAndRemoved(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		user, guest := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
		path := "/admin/users/" + user.ID
		page := b.get(path)
		page.has(200, "May do in the console", "Make administrator…")
		if got := page.page().Find("#console").Closest("section").Find("small").Map(trimmed); !slices.Equal(got, []string{"Nothing", "Nothing", "Nothing", "Nothing"}) {
			t.Errorf("got %q, want nothing that they may do", got)
		}
		b.withHTMX().get(path+"/administrator").has(200, "Make Demo User an administrator?", "every built-in service")
		b.htmx = false
		b.post(path+"/administrator", url.Values{"back": {path}}).redirects(path)
		b.get(path).has(200, "The user is an administrator", "View users, Manage users", "Remove administrator…")
		guest.get("/admin/settings").has(200)

		b.post(path+"/administrator/remove", nil).redirects(path)
		guest.get("/admin/settings").has(404)
		for _, p := range registry.Administration() {
			s.grant(t, user, p)
		}
		b.post(path+"/administrator/remove", nil).has(422, "Nothing was done", "by single permissions")
		own := groupOf(b.get("/admin/users?q=first").page().Find(".who-name").AttrOr("href", "")).ID
		b.get("/admin/users/"+own+"/administrator/remove").has(200, "This is you")
		b.post("/admin/users/"+own+"/administrator/remove", nil).has(422, "This is you")
	})
}

// Who is to hold something is taken along to the service.
func TestAssignFromTheSubject(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	group := b.makeGroup("Clerks")
	services := b.get(b.get(group).link("Assign permissions"))
	services.has(200, "Choose the service of which Clerks is to hold permissions")
	to := services.page().Find("main a.who-name").Last().AttrOr("href", "")
	b.get(to).has(200, "Clerks", "Use audit log API")
	b.post(strings.Split(to, "?")[0], url.Values{"subject": {registry.SubjectName(groupOf(group))}, "grant": {"template:admin"}}).redirects("/admin/permissions/audit")
	b.get(group).has(200, "Audit log")
	b.get("/admin/permissions?subject=group:none").has(404)
	s.holding(t, "viewer@example.com", registry.ViewPermissions).get("/admin/permissions?subject=" + registry.SubjectName(groupOf(group))).has(403)
}
