package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// consented makes a client, has the user consent to all its scopes for a
// month, and returns its ID and the family of the tokens that it then got.
func (s *site) consented(t *testing.T, user registry.User, name string) (client, family string) {
	t.Helper()
	app, _, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{Name: name, Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
		Scopes:        []string{"profile", "audit.log:read"},
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	return app.ID, s.consent(t, user, app.ID)
}

func (s *site) consent(t *testing.T, user registry.User, client string) (family string) {
	t.Helper()
	ctx := t.Context()
	known, err := s.Store.OAuthClient(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Store.StartSession(ctx, store.Visit{UserID: user.ID})
	if err != nil {
		t.Fatal(err)
	}
	who := store.SignedIn{By: user.Actor(), Token: token, At: s.clock.Now()}
	in := oauth.AuthorizationRequest{Client: known, Scopes: known.Scopes, RedirectURI: "https://app.example/cb", Challenge: "challenge", MaxAge: -1}
	q, err := s.Store.AskConsent(ctx, who, in, "client_id="+client)
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.Store.AnswerConsent(ctx, who, q.ID, in, registry.ConsentAnswer{Scopes: in.ScopeKeys(), For: "month"})
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := s.Store.RedeemCode(ctx, oauth.Caller{ClientID: client},
		oauth.CodeRedemption{Code: code, RedirectURI: in.RedirectURI, Challenge: in.Challenge}, func(oauth.Authorized) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return a.FamilyID
}

// works reports whether what a user consented to still does.
func (s *site) works(t *testing.T, family string) bool {
	t.Helper()
	_, err := s.Store.Family(t.Context(), family)
	return err == nil
}

// userAndBrowser makes a user who is signed in.
func (s *site) userAndBrowser(t *testing.T, name, email string, admin bool) (registry.User, *browser) {
	t.Helper()
	user := storetest.User(t, s.Store, name, email, admin)
	b := s.browser(t)
	b.signIn(email, testPassword).redirects("/")
	return user, b
}

// links returns the addresses of links with that label.
func (a answer) links(label string) []string {
	a.t.Helper()
	return a.page().Find("a").FilterFunction(func(_ int, link *goquery.Selection) bool {
		return link.AttrOr("aria-label", strings.TrimSpace(link.Text())) == label
	}).Map(func(_ int, link *goquery.Selection) string { return link.AttrOr("href", "") })
}

func (a answer) link(label string) string {
	a.t.Helper()
	found := a.links(label)
	if len(found) == 0 {
		a.t.Fatalf("got no link %q in %s", label, a.page().Find("main").Text())
	}
	return found[0]
}

// clicks counts the clicks and touches that it takes to revoke a consent from
// a page: on a desktop by a link of the sidebar, on a phone, where that is
// hidden, by the account's in the top bar.
func clicks(t *testing.T, b *browser, from, first, label string) int {
	t.Helper()
	page := b.get(from)
	n := 1
	page = b.get(page.link(first))
	n++
	asked := b.get(page.link(label))
	n++
	form := asked.page().Find("main form")
	b.post(form.AttrOr("action", ""), url.Values{"back": {form.Find(`[name="back"]`).AttrOr("value", "")}})
	return n
}

// From any page, revoking takes three clicks.
func TestRevokingTakesThreeClicks(t *testing.T) {
	s := newSite(t)
	user, b := s.userAndBrowser(t, "Demo User", "demo@example.com", true)
	for _, first := range []string{"OAuth Client Management", "DU: Demo User, Edit Profile"} {
		for i, from := range []string{"/", "/admin/applications", "/admin/scopes", "/admin/audit-log", "/profile", "/nowhere"} {
			if from == "/" {
				from = b.get(from).Header().Get("Location")
			}
			name := fmt.Sprintf("App %d by %s", i, first[:2])
			_, family := s.consented(t, user, name)
			if got := clicks(t, b, from, first, "Revoke "+name); got != 3 || s.works(t, family) {
				t.Errorf("from %s by %s: got %d clicks, and it works: %t; want it revoked by 3", from, first, got, s.works(t, family))
			}
		}
	}
}

func TestOwnConsents(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		user, b := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
		b.get("/profile/oauth-clients").has(200, "No application acts for you", "choose Allow")
		_, kept := s.consented(t, user, "Kept App")
		_, ended := s.consented(t, user, "Ended App")
		page := b.get("/profile/oauth-clients")
		page.has(200, "Kept App", "Ended App", "Read the audit log", "Last used: ", "Revoke all")
		b.get("/profile").has(200, "Kept App", "Ended App")
		_, stranger := s.userAndBrowser(t, "Stranger", "stranger@example.com", true)

		ask := page.link("Revoke Ended App")
		for _, address := range []string{ask, "/profile/oauth-clients/co_none/revoke"} {
			stranger.get(address).has(404, "Page not found")
			stranger.post(strings.Split(address, "?")[0], nil).has(404)
		}
		if !s.works(t, ended) {
			t.Fatal("a stranger revoked it")
		}
		b.get(ask).has(200, "Revoke Ended App?", "Applications that check tokens offline may accept the last one for up to 15 minutes.")
		revoke := strings.Split(ask, "?")[0]
		b.post(revoke, url.Values{"back": {"//evil.example"}}).redirects("/profile/oauth-clients")
		if s.works(t, ended) || !s.works(t, kept) {
			t.Error("want just the one that was revoked ended")
		}
		b.get("/profile/oauth-clients").has(200, "Revoked. Applications that check", "Ended in the last 30 days", "You revoked it")
		b.get(ask).redirects("/profile/oauth-clients")
		b.post(revoke, nil).redirects("/profile/oauth-clients") // once more changes nothing

		b.get("/profile/oauth-clients/revoke").has(200, "Revoke all 1 application?")
		b.withHTMX().post("/profile/oauth-clients/revoke", nil).navigates("/profile/oauth-clients")
		if s.works(t, kept) {
			t.Error("want all of them ended")
		}
		b.get("/profile/oauth-clients/revoke").redirects("/profile/oauth-clients")
		b.get("/profile/oauth-clients?q=x").has(200, "No applications match")
	})
}

func TestOwnConsentsAreSearched(t *testing.T) {
	s := newSite(t)
	user, b := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
	for _, name := range []string{"One", "Two", "Three", "Four", "Five"} {
		s.consented(t, user, name)
	}
	if b.get("/profile/oauth-clients").page().Find("[role=search]").Length() != 0 {
		t.Error("got a search for five, want none")
	}
	s.consented(t, user, "Six <b>")
	page := b.get("/profile/oauth-clients?q=IX")
	page.has(200, "Six &lt;b&gt;", "1 application")
	if page.page().Find("[role=search]").Length() != 1 || len(page.links("Revoke One")) != 0 {
		t.Error("want a search, and only what it finds")
	}
	back := page.link("Revoke Six <b>")
	if !strings.HasSuffix(back, "?back="+url.QueryEscape("/profile/oauth-clients?q=IX")) {
		t.Errorf("got %q, want the way back to the search", back)
	}
}

// What happened to a consent is told for as long as it is listed.
func TestUsersAreToldWhatHappened(t *testing.T) {
	s := newSite(t)
	user, b := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
	admin, _ := s.userAndBrowser(t, "Demo Admin", "admin@example.com", true)
	client, _ := s.consented(t, user, "Orders App")
	own, err := s.Store.OwnConsents(t.Context(), user.Actor(), "")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Store.RevokeConsentOf(t.Context(), admin.Actor(), client, own.Live[0].ID, registry.Revocation{Reason: "Its vendor was breached"})
	if err != nil {
		t.Fatal(err)
	}
	b.get("/profile/oauth-clients").has(200, "Revoked by Demo Admin", "Reason: Its vendor was breached")
	s.clock.Advance(registry.EndedConsentKept)
	b.signIn("demo@example.com", testPassword)
	if strings.Contains(b.get("/profile/oauth-clients").Body.String(), "breached") {
		t.Error("a month later: want it no longer told")
	}
}

// A code that is presented twice ends what it led to, and its user is told.
func TestUsersAreToldOfReuse(t *testing.T) {
	s := newSite(t)
	user, b := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
	client, family := s.consented(t, user, "Orders App")
	ctx, by := t.Context(), oauth.Caller{ClientID: client}
	known, err := s.Store.OAuthClient(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	in := oauth.AuthorizationRequest{Client: known, Scopes: known.Scopes, RedirectURI: "https://app.example/cb", Challenge: "challenge", MaxAge: -1}
	code, err := s.Store.Authorize(ctx, store.SignedIn{By: user.Actor(), At: s.clock.Now()}, in)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		redemption := oauth.CodeRedemption{Code: code, RedirectURI: in.RedirectURI, Challenge: in.Challenge}
		_, _, err = s.Store.RedeemCode(ctx, by, redemption, func(oauth.Authorized) error { return nil })
	}
	if err == nil || !s.works(t, family) {
		t.Fatalf("got %v, want the second refused, and what another code led to alive", err)
	}
	b.get("/profile/oauth-clients").has(200, "Orders App was signed out for your safety", "1 Jun 2026, 12:00:00 UTC")
	b.get("/profile").has(200, "Orders App was signed out for your safety")
}

func TestApplicationConsents(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		first, b := s.userAndBrowser(t, "Ada Demo", "ada@example.com", false)
		second, _ := s.userAndBrowser(t, "Ben =Demo", "ben@example.com", false)
		_, admin := s.userAndBrowser(t, "Demo Admin", "admin@example.com", true)
		viewerUser, viewer := s.userAndBrowser(t, "Viewer", "viewer@example.com", false)
		s.grant(t, viewerUser, registry.ViewApplications)
		client, one := s.consented(t, first, "Orders App")
		two := s.consent(t, second, client)
		list := "/admin/applications/" + client + "/consents"

		admin.get("/admin/applications/"+client).has(200, "2 users let it act for them.")
		if got := admin.get("/admin/applications/" + client).link("See consents"); got != list {
			t.Errorf("got %q, want %s", got, list)
		}
		admin.get(list).has(200, "Ada Demo", "ben@example.com", "2 users")
		admin.get(list+"?q=BEN").has(200, "ben@example.com", "1 user")
		admin.get(list+"?after=nonsense").has(422, "That page is no longer there")
		admin.get(list + "?state=nonsense").has(422)
		b.get(list).has(404)

		look := viewer.get(list)
		look.has(200, "Ada Demo")
		if len(look.links("Revoke the consent of Ada Demo")) > 0 || len(look.links("Revoke all…")) > 0 {
			t.Error("got a way to revoke, for who may only look")
		}
		ask := admin.get(list).link("Revoke the consent of Ada Demo")
		for _, address := range []string{ask, list + "/revoke"} {
			viewer.get(address).has(403)
			viewer.post(address, url.Values{"reason": {"Because"}}).has(403)
			b.get(address).has(404)
		}
		admin.get(strings.Replace(ask, client, "cl_none", 1)).has(404)

		wrong := admin.withHTMX().post(ask, url.Values{"reason": {strings.Repeat("x", 201)}})
		wrong.has(422, "Use at most 200 characters.", strings.Repeat("x", 201))
		admin.get(ask).has(200, "Revoke the consent of Ada Demo?")
		admin.post(ask, url.Values{"reason": {"Lost laptop"}}).redirects(list)
		if s.works(t, one) || !s.works(t, two) {
			t.Error("want just the one that was revoked ended")
		}
		admin.get(ask).redirects(list)
		admin.get(list+"?state=ended").has(200, "Ada Demo", "Revoked by Demo Admin", "Lost laptop")

		if got := admin.post(list+"/revoke", nil).wrongFields(); !slices.Equal(got, []string{"reason"}) {
			t.Errorf("all without a reason: got %q marked", got)
		}
		admin.get(list+"/revoke").has(200, "1 user lets it act for them.")
		admin.withHTMX().post(list+"/revoke", url.Values{"reason": {"Breached"}}).navigates(list)
		if s.works(t, two) {
			t.Error("want all ended")
		}
		admin.get(list).has(200, "No user lets it act for them")
		admin.get("/admin/audit-log?target="+client).has(200, "Revoke consent", "Allow an application to act for one")

		file := viewer.get(list + ".csv")
		file.has(200, "Ada Demo,ada@example.com", "Lost laptop", "Breached", "Ben =Demo", storetest.Noon.Format(time.RFC3339))
		if got := file.Header().Get("Content-Disposition"); !strings.Contains(got, "consents.csv") || strings.Count(file.Body.String(), "\n") != 3 {
			t.Errorf("got %q and %s", got, file.Body)
		}
		b.get(list + ".csv").has(http.StatusNotFound)
	})
}
