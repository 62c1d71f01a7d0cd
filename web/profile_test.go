package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
	"clientele/store/storetest"
)

const otherPassword = "a very different one"

func profileForm(name, email, password string) url.Values {
	return url.Values{
		"name": {name}, "email": {email}, "password": {password}, "seen_name": {"Demo User"}, "seen_email": {"demo@example.com"},
	}
}

// Everybody has a profile, whatever they may do, and nobody else has.
func TestEverybodyHasAProfile(t *testing.T) {
	s := newSite(t)
	s.browser(t).get("/profile").redirects("/login?return_to=%2Fprofile")
	for email, admin := range map[string]bool{"demo@example.com": false, "admin@example.com": true} {
		b := s.signedIn(t, email, admin)
		page := b.get("/profile")
		page.has(200, "Edit Profile", `value="`+email+`"`)
		for _, name := range []string{"Edit Profile", "OAuth Client Management"} {
			for _, place := range []string{`nav[aria-label="Your account"]`, "#profile-menu"} {
				link := page.page().Find(place + " a").FilterFunction(func(_ int, a *goquery.Selection) bool { return strings.TrimSpace(a.Text()) == name })
				if !strings.HasPrefix(link.AttrOr("href", ""), "/profile") {
					t.Errorf("%s in %s: got %q, want a link to it", name, place, link.AttrOr("href", ""))
				}
			}
		}
	}
	s.browser(t).get("/profile/password").redirects("/login?return_to=%2Fprofile%2Fpassword")
}

func TestUpdateProfile(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.signedIn(t, "demo@example.com", false)
		wrong := b.post("/profile", profileForm("", "new", "a canary"))
		wrong.has(422, "Enter a name.", "That is not your current password.", `value="new"`)
		if got := wrong.wrongFields(); !slices.Equal(got, []string{"name", "email", "password"}) {
			t.Errorf("got %q marked, want all three", got)
		}
		if strings.Contains(wrong.Body.String(), "a canary") {
			t.Error("the password came back")
		}
		b.withHTMX().post("/profile", profileForm("New Name", "new@example.com", "")).has(422, "Enter your current password.")
		b.post("/profile", profileForm("New Name", "new@example.com", testPassword)).redirects("/profile")
		b.get("/profile").has(200, `value="New Name"`, `value="new@example.com"`, "Saved")
		b.signIn("new@example.com", testPassword).redirects("/")
	})
}

// The second of two edits is told what the first changed, and keeps what it typed.
func TestNoticeMailIsTurnedOff(t *testing.T) {
	s := mailingSite(t)
	b := s.setUp(t)
	ticked := func() int { return b.get("/profile").page().Find("#notice-mail [name=on][checked]").Length() }
	if ticked() != 1 {
		t.Error("got it off, want it on until it is turned off")
	}
	b.post("/profile/notices/mail", url.Values{}).redirects("/profile#notices")
	if ticked() != 0 {
		t.Error("got it on, want it off")
	}
	b.post("/profile/notices/mail", url.Values{"on": {"true"}}).redirects("/profile#notices")
	if ticked() != 1 {
		t.Error("got it off, want it on")
	}
	b.post("/profile/notices/mail", url.Values{"on": {"maybe"}}).has(http.StatusBadRequest)
	s.Mail = false
	b.get("/profile").lacks("Notices by e-mail")
}

func TestUpdateProfileMeanwhile(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, "demo@example.com", false)
	b.post("/profile", profileForm("First", "demo@example.com", "")).redirects("/profile")
	second := b.post("/profile", profileForm("Demo User", "second@example.com", testPassword))
	second.has(http.StatusConflict, "It was changed while you were editing", `value="second@example.com"`, `value="First"`)
	form := profileForm("First", "second@example.com", testPassword)
	form.Set("seen_name", "First")
	b.post("/profile", form).redirects("/profile")
}

func TestChangePassword(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.signedIn(t, "demo@example.com", false)
		other := s.browser(t)
		other.signIn("demo@example.com", testPassword).redirects("/")
		before := b.cookies["session"]

		wrong := b.post("/profile/password", url.Values{"current": {"a canary"}, "new": {"short"}})
		wrong.has(422, "That is not your current password.", "Use at least 12 characters.")
		if got := wrong.wrongFields(); !slices.Equal(got, []string{"current", "new"}) || strings.Contains(wrong.Body.String(), "a canary") {
			t.Errorf("got %q marked, want both, and nothing typed given back", got)
		}
		if b.cookies["session"] != before {
			t.Error("got a new session for nothing")
		}
		b.post("/profile/password", url.Values{"current": {testPassword}, "new": {otherPassword}}).redirects("/profile")
		if b.cookies["session"] == before {
			t.Error("got the same session, want it under a new token")
		}
		b.get("/profile").has(200, "Your password is changed")
		other.get("/profile").redirects("/login?return_to=%2Fprofile")
		planted := s.browser(t)
		planted.cookies["session"] = before
		planted.get("/profile").redirects("/login?return_to=%2Fprofile")
		s.browser(t).signIn("demo@example.com", testPassword).has(422)
		s.browser(t).signIn("demo@example.com", otherPassword).redirects("/")
		b.withHTMX().post("/profile/password", url.Values{"current": {otherPassword}, "new": {testPassword}}).navigates("/profile")
	})
}

// Who found a browser signed in cannot guess the password there.
func TestProfileIsThrottled(t *testing.T) {
	s := newSite(t)
	b := s.signedIn(t, "demo@example.com", false)
	for range 5 {
		b.post("/profile/password", url.Values{"current": {"a guess"}, "new": {otherPassword}}).has(422)
		b.post("/profile", profileForm("Demo User", "mine@example.com", "a guess")).has(422)
	}
	for path, form := range map[string]url.Values{
		"/profile/password": {"current": {testPassword}, "new": {otherPassword}}, "/profile": profileForm("Demo User", "mine@example.com", testPassword),
	} {
		late := b.post(path, form)
		late.has(http.StatusTooManyRequests, "Too many attempts", "Try again in 15 minutes.")
		if got := late.Header().Get("Retry-After"); got != "900" {
			t.Errorf("%s: got Retry-After %q, want 900", path, got)
		}
	}
	b.post("/profile", profileForm("Only A Name", "demo@example.com", "")).redirects("/profile")
	s.clock.Advance(15 * time.Minute)
	b.post("/profile/password", url.Values{"current": {testPassword}, "new": {otherPassword}}).redirects("/profile")
}

func TestOwnSessions(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.signedIn(t, "demo@example.com", false)
		b.get("/profile").has(200, "This one")
		if got := b.get("/profile").page().Find(`form[action^="/profile/sessions/"]`).Length(); got != 0 {
			t.Errorf("got %d to sign out, want none but this one", got)
		}
		second, third := s.browser(t), s.browser(t)
		second.address, third.address = "192.0.2.2:1", "192.0.2.3:1"
		second.signIn("demo@example.com", testPassword).redirects("/")
		third.signIn("demo@example.com", testPassword).redirects("/")
		stranger := s.signedIn(t, "other@example.com", true)

		page := b.get("/profile")
		page.has(200, "192.0.2.2", "192.0.2.3", "Sign out all others")
		for _, secret := range []string{b.cookies["session"], second.cookies["session"]} {
			if strings.Contains(page.Body.String(), secret) {
				t.Error("the page holds the token of a session")
			}
		}
		var end string
		page.page().Find("tr").Each(func(_ int, row *goquery.Selection) {
			if strings.Contains(row.Text(), "192.0.2.2") {
				end = row.Find("form").AttrOr("action", "")
			}
		})
		stranger.post(end, nil).has(404)
		second.get("/profile").has(200)
		b.post(end, nil).redirects("/profile#sessions")
		second.get("/profile").redirects("/login?return_to=%2Fprofile")
		third.get("/profile").has(200)
		b.withHTMX().post("/profile/sessions/end", nil).navigates("/profile#sessions")
		third.get("/profile").redirects("/login?return_to=%2Fprofile")
		b.get("/profile").has(200, "signed out")
		stranger.get("/profile").has(200)
	})
}

// An event of a profile has words on its page, and no password.
func TestProfileInTheAuditLog(t *testing.T) {
	s := newSite(t)
	auditor := storetest.User(t, s.Store, "Auditor", "auditor@example.com", false)
	s.grant(t, auditor, registry.ReadAuditLog)
	b := s.signedIn(t, "demo@example.com", false)
	b.post("/profile/password", url.Values{"current": {testPassword}, "new": {otherPassword}}).redirects("/profile")
	b.post("/profile", profileForm("Renamed", "demo@example.com", "")).redirects("/profile")
	reader := s.browser(t)
	reader.signIn("auditor@example.com", testPassword).redirects("/")
	page := reader.get("/admin/audit-log?action=user.*")
	page.has(200, "Edit one&#39;s profile", "Change one&#39;s password", "Demo User")
	if strings.Contains(page.Body.String(), otherPassword) {
		t.Error("the password is in the audit log")
	}
}
