package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
)

// token asks for a token with a secret of the application at path, and returns
// it with the status of the answer.
func (s *site) token(t *testing.T, path, secret string) (token string, answered answer) {
	t.Helper()
	id := strings.TrimPrefix(path, applicationsPath+"/")
	form := url.Values{"grant_type": {registry.ClientCredentials}, "client_id": {id}, "client_secret": {secret}}
	r := httptest.NewRequest(http.MethodPost, oauth.TokenPath, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answered = s.browser(t).send(r)
	_, token, _ = strings.Cut(answered.Body.String(), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	return token, answered
}

// shown takes the secret that waits for the browser.
func (b *browser) shown(path string) string {
	b.t.Helper()
	page := b.get(path + "/secret")
	page.has(http.StatusOK, "only time")
	return page.page().Find("#client-secret").AttrOr("value", "")
}

func TestAddSecret(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		first := b.shown(path)
		s.clock.Advance(time.Minute)
		b.get(path).has(http.StatusOK, "Add secret")
		page := b.get(path + "/secrets/new")
		page.has(http.StatusOK, "Add a secret", "beside the 1 it has", "Team policy allows 10 live secrets of an application.", "In 90 days")
		form := filled(page)
		if form.Get("until") != "ended" || form.Get("seen") != "1" {
			t.Errorf("got the form %v, want no end and the one secret seen", form)
		}

		typed := url.Values{"name": {strings.Repeat("x", 61)}, "until": {"at"}, "at": {"yesterday"}, "seen": {"1"}}
		for _, ask := range []*browser{b, b.withHTMX()} {
			again := ask.post(path+"/secrets/new", typed)
			again.has(http.StatusUnprocessableEntity, "at most 60 characters", "such as 2026-06-30 09:00")
			if got := filled(again); !slices.Equal(again.wrongFields(), []string{"name", "at"}) || got.Encode() != typed.Encode() {
				t.Errorf("got the form %v, wrong %v; want that it keeps what was typed", got, again.wrongFields())
			}
		}
		b.post(path+"/secrets/new", with(form, "seen", "x")).has(http.StatusBadRequest)

		form.Set("name", "CI runner")
		form.Set("until", "30d")
		for range 2 { // sent twice: the secret that the first made
			b.post(path+"/secrets/new", form).redirects(path + "/secret")
		}
		page = b.get(path + "/secret")
		page.has(http.StatusOK, "New secret for Ledger Sync", "It is the secret “CI runner”.", "It is accepted until 1 Jul 2026, 12:01:00 UTC.")
		second := page.page().Find("#client-secret").AttrOr("value", "")
		b.post(path+"/secrets/new", form).has(http.StatusConflict, "It has a new secret already", "made a new secret of")
		b.get(path).has(http.StatusOK, "CI runner", second[:9], first[:9], "1 Jul 2026, 12:01:00 UTC")
		for _, secret := range []string{first, second} {
			_, w := s.token(t, path, secret)
			w.has(http.StatusOK)
		}
		if d := s.details(t, path); d.SecretsMade != 2 || !d.Secrets[1].ExpiresAt.IsZero() {
			t.Errorf("got %+v, want two secrets, the first without an end", d.Secrets)
		}
	})
}

// A paused secret and its tokens are refused everywhere, until it is resumed.
func TestPauseSecret(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		id := strings.TrimPrefix(path, applicationsPath+"/")
		secret := b.shown(path)
		asker := s.client(t, "Asker", "audit.log:read").may(t, registry.IntrospectTokens)
		secretID := s.details(t, path).Secrets[0].ID
		token, w := s.token(t, path, secret)
		w.has(http.StatusOK)
		s.clock.Advance(time.Minute)
		other := registry.AddedSecret{SecretTerms: registry.SecretTerms{Name: "other"}}
		if _, err := s.Store.AddSecret(t.Context(), registry.Operator, id, other, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		good := func(want bool) {
			t.Helper()
			inactive := `{"active":false}`
			form := url.Values{"token": {token}}
			r := tokenRequest(form, asker.id, asker.secret)
			r.URL.Path = oauth.IntrospectPath
			if got := strings.TrimSpace(s.browser(t).send(r).Body.String()); (got != inactive) != want {
				t.Errorf("introspection: got %s, want it to be good: %t", got, want)
			}
			me := s.call(t, "/api/v1/me", token)
			if (me.Code == http.StatusOK) != want || !want && !strings.Contains(me.Body.String()+me.Header().Get("WWW-Authenticate"), "The secret that obtained the token is paused.") {
				t.Errorf("our API: got %d %s, want it to be good: %t", me.Code, me.Body, want)
			}
			_, w := s.token(t, path, secret)
			if want {
				w.has(http.StatusOK)
			} else {
				w.has(http.StatusUnauthorized, "invalid_client", "paused. Use another one, or ask an administrator to resume it.")
			}
		}
		good(true)
		address := path + "/secrets/" + secretID
		b.get(address + "/resume").redirects(path + "#secrets") // it is not paused
		asked := b.get(address + "/pause")
		asked.has(http.StatusOK, "Pause secret", "Ledger Sync", "until you resume it")
		asked.lacks("the only one")
		b.asked(address+"/pause").has(http.StatusOK, "Pause secret")
		for range 2 {
			b.post(address+"/pause", nil).redirects(path + "#secrets")
			good(false)
		}
		s.Store.FlushUsage(t.Context())
		b.get(path).has(http.StatusOK, "Paused", "Resume…", "the secret was paused")
		b.get(address + "/pause").redirects(path + "#secrets")
		b.get(address+"/resume").has(http.StatusOK, "Resume secret", "It was paused just now")
		b.withHTMX().post(address+"/resume", nil).navigates(path + "#secrets")
		dialog := httptest.NewRequest(http.MethodPost, address+"/resume", nil)
		dialog.Header.Set("Hx-Current-Url", "http://localhost:8080"+path+"#secrets")
		b.withHTMX().send(dialog).navigates(path) // else the browser would only scroll
		good(true)

		b.get(address+"/end").has(http.StatusOK, "End secret", "for good", "pause it first")
		b.post(address+"/end", nil).redirects(path + "#secrets")
		for _, page := range []string{"/end", "/pause", "/resume", "/edit"} {
			b.get(address + page).redirects(path + "#secrets")
		}
		for _, change := range []string{"/pause", "/resume", "/edit"} {
			b.post(address+change, url.Values{"until": {"ended"}}).has(http.StatusConflict, "changed meanwhile")
		}
		b.get(path+"/secrets/"+s.details(t, path).Secrets[0].ID+"/end").has(http.StatusOK, "It is the only one that is accepted")
		for _, page := range []string{"/end", "/pause", "/resume", "/edit"} {
			b.get(path + "/secrets/se_none" + page).has(http.StatusNotFound)
			b.post(path+"/secrets/se_none"+page, url.Values{"until": {"ended"}}).has(http.StatusNotFound)
		}
	})
}

func TestEditSecret(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		secret := s.details(t, path).Secrets[0]
		address := path + "/secrets/" + secret.ID + "/edit"
		form := filled(b.get(address))
		if form.Get("name") != "" || form.Get("until") != "ended" {
			t.Errorf("got the form %v, want the secret as it is", form)
		}
		again := b.post(address, with(with(with(form, "until", "at"), "at", "2026-05-01T00:00"), "name", "Nightly"))
		again.has(http.StatusUnprocessableEntity, "in the future")
		if got := filled(again); got.Get("name") != "Nightly" || got.Get("at") != "2026-05-01T00:00" || !slices.Equal(again.wrongFields(), []string{"at"}) {
			t.Errorf("got the form %v, want what was typed", got)
		}
		changed := with(with(form, "name", "Nightly"), "until", "90d")
		b.post(address, changed).redirects(path + "#secrets")
		b.get(path).has(http.StatusOK, "Saved", "Nightly", "30 Aug 2026, 12:00:00 UTC")

		meanwhile := b.post(address, with(with(form, "name", "Weekly"), "until", "ended")) // as it was before
		meanwhile.has(http.StatusConflict, "Someone changed it while you were editing", "“Nightly”", "30 Aug 2026")
		if got := filled(meanwhile); got.Get("name") != "Weekly" || got.Get("until") != "ended" {
			t.Errorf("got the form %v, want what was typed", got)
		}
		b.post(address, filled(meanwhile)).redirects(path + "#secrets")
		if got := s.details(t, path).Secrets[0].Terms(); got.Name != "Weekly" || !got.Ends.IsZero() {
			t.Errorf("got %+v, want what was saved last", got)
		}
	})
}

// One click makes the successor of a secret that ends soon.
func TestOneClickFollowsAnEndingSecret(t *testing.T) {
	s := newSite(t)
	b, path := s.withApplication(t)
	secret := s.details(t, path).Secrets[0]
	terms := registry.SecretTerms{Name: "CI", Ends: s.clock.Now().AddDate(0, 0, 20)}
	err := s.Store.UpdateSecret(t.Context(), registry.Operator, strings.TrimPrefix(path, applicationsPath+"/"), secret.ID, registry.SecretEdit{SecretTerms: terms})
	if err != nil {
		t.Fatal(err)
	}
	page := b.get(path)
	page.has(http.StatusOK, "The secret in use ends in 20 days", "nothing follows it", "both are accepted until 21 Jun 2026, 12:00:00 UTC")
	note := page.page().Find(".notes form")
	form := url.Values{}
	note.Find("input").Each(func(_ int, in *goquery.Selection) { form.Add(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	for range 2 { // sent twice: the secret that the first made
		b.post(note.AttrOr("action", ""), form).redirects(path + "/secret")
	}
	b.get(path+"/secret").has(http.StatusOK, "It is the secret “CI”.", "is accepted as well, until 21 Jun 2026, 12:00:00 UTC")
	d := s.details(t, path)
	if d.SecretsMade != 2 || !d.Secrets[1].ExpiresAt.Equal(terms.Ends) || d.Secrets[1].ReplacedBy != d.Secrets[0].ID {
		t.Errorf("got %+v, want one successor, and the end as it was", d.Secrets)
	}
	b.get(path).lacks("The secret in use ends")

	// A single secret is regenerated from its own menu.
	one := path + "/regenerate?secret=" + d.Secrets[0].ID
	ask := b.get(one)
	ask.has(http.StatusOK, "in place of CI ("+d.Secrets[0].Prefix)
	b.post(path+"/regenerate", with(filled(ask), "end", "now")).redirects(path + "/secret")
	if d := s.details(t, path); d.Secrets[0].Name != "CI" || d.Secrets[2].State(s.clock.Now()) != registry.SecretEnding {
		t.Errorf("got %+v, want the other one left alone", d.Secrets)
	}
	b.get(one).redirects(path) // it has ended
	b.get(path + "/regenerate?secret=se_none").redirects(path)
}

func TestWhoMayChangeSecrets(t *testing.T) {
	s := newSite(t)
	admin, path := s.withApplication(t)
	locked := s.platformApplication(t)
	viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
	manager := s.holding(t, "manager@example.com", registry.ViewApplications, registry.ManageApplications)
	nobody := s.signedIn(t, "nobody@example.com", false)
	admin.post(path+"/permissions", url.Values{"service": {"orders"}, "grant": {"template:viewer"}})
	secret := func(path string) string { return "/secrets/" + s.details(t, path).Secrets[0].ID }
	for _, page := range []string{"/secrets/new", secret(path) + "/edit", secret(path) + "/pause", secret(path) + "/resume", secret(path) + "/end"} {
		form := url.Values{"until": {"ended"}}
		viewer.get(path+page).has(http.StatusForbidden, "applications/manage")
		viewer.post(path+page, form).has(http.StatusForbidden, "applications/manage")
		nobody.get(path + page).has(http.StatusNotFound)
		nobody.post(path+page, form).has(http.StatusNotFound)
		page = strings.Replace(page, secret(path), secret(locked), 1)
		admin.get(locked+page).has(http.StatusForbidden, "platform")
		admin.post(locked+page, form).has(http.StatusForbidden, "platform")
	}
	// Whoever may not give permissions must not see a secret that yields some.
	manager.get(path+"/secrets/new").has(http.StatusForbidden, "authorization/manage-permissions")
	manager.post(path+"/secrets/new", url.Values{"until": {"ended"}}).has(http.StatusForbidden, "authorization/manage-permissions")
	manager.post(path+secret(path)+"/pause", nil).redirects(path + "#secrets")
	page := manager.get(path)
	page.has(http.StatusOK, "Others own it")
	page.lacks("Add secret")
}

func TestCredentialPolicyPage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		const address = "/admin/settings/credentials"
		b.get(path).has(http.StatusOK, "Settings")
		form := filled(b.get(address))
		if form.Get("longest_life") != "" || form.Get("longest_overlap") != "90" || form.Get("most_secrets") != "10" {
			t.Errorf("got the form %v, want the default", form)
		}
		typed := with(with(with(form, "longest_life", "soon"), "longest_overlap", "-1"), "most_secrets", "")
		for _, ask := range []*browser{b, b.withHTMX()} {
			again := ask.post(address, typed)
			again.has(http.StatusUnprocessableEntity, "or nothing for no limit", "from 0 to 90", "from 1 to 20")
			if got := filled(again); got.Encode() != typed.Encode() {
				t.Errorf("got the form %v, want what was typed", got)
			}
		}
		strict := with(with(with(form, "longest_life", "30"), "longest_overlap", "3"), "most_secrets", "2")
		b.post(address, strict).redirects(address)
		b.get(address).has(http.StatusOK, "Saved", "1 live secret ends later than it allows, or never.", "Ledger Sync")
		meanwhile := b.post(address, with(form, "most_secrets", "3"))
		meanwhile.has(http.StatusConflict, "Someone changed it while you were editing", "secrets may live 30 days, overlap for 3 days, and 2 may be live at once")
		if got := filled(meanwhile); got.Get("most_secrets") != "3" || got.Get("seen_most") != "2" {
			t.Errorf("got the form %v, want what was typed, and what is in force as seen", got)
		}

		// It explains itself where it bites, and before it does.
		b.get(path+"/secrets/new").has(http.StatusOK, "Team policy lets a secret live 30 days at most.", "Until 1 Jul 2026, 12:00:00 UTC at the latest")
		b.post(path+"/secrets/new", url.Values{"until": {"ended"}, "seen": {"1"}}).has(http.StatusUnprocessableEntity, "Choose an end until 2026-07-01 12:00 UTC: team policy lets")
		page := b.get(path + "/regenerate")
		page.has(http.StatusOK, "The new one ends on 1 Jul 2026: team policy lets a secret live 30 days at most.", "Team policy allows an overlap of 3 days at most.")
		b.post(path+"/regenerate", with(filled(page), "end", "7d")).has(http.StatusUnprocessableEntity, "Choose an earlier end: team policy allows an overlap of 3 days at most.")
		b.post(path+"/regenerate", filled(page)).redirects(path + "/secret")
		b.get(path+"/secret").has(http.StatusOK, "It is accepted until 1 Jul 2026")
		b.get(path+"/secrets/new").has(http.StatusOK, "It has as many secrets as it may", "team policy allows 2 live secrets")
		b.post(path+"/secrets/new", url.Values{"until": {"30d"}}).has(http.StatusUnprocessableEntity, "It has as many secrets as it may")
		b.post(path+"/regenerate", url.Values{"end": {"24h"}}).has(http.StatusUnprocessableEntity, "Choose Now, or end another one first.")
		b.get(b.register("Other", url.Values{"scope": {"audit.log:read"}})+"/secret").has(http.StatusOK, "is ready", "It is accepted until 1 Jul 2026")

		s.clock.Advance(31 * 24 * time.Hour)
		b.signIn("admin@example.com", testPassword)
		b.get(address).has(http.StatusOK, "Nothing: every live secret is as the policy wants it.")

		viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
		viewer.get(address).has(http.StatusNotFound)
		viewer.post(address, strict).has(http.StatusNotFound)
		viewer.get(applicationsPath).lacks(`href="/admin/settings"`)
		setter := s.holding(t, "setter@example.com", registry.ManageSettings)
		setter.post(address, filled(setter.get(address))).redirects(address)
	})
}
