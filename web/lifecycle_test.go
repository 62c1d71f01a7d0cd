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

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// asked opens a question as htmx does, in the dialog.
func (b *browser) asked(path string) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("HX-Target", "dialog#modal")
	return b.withHTMX().send(r)
}

// filled returns what the form of a page would send.
func filled(a answer) url.Values {
	form := url.Values{}
	a.page().Find("main form, form[hx-post]").Last().Find("input, textarea").Each(func(_ int, field *goquery.Selection) {
		switch kind := field.AttrOr("type", ""); {
		case (kind == "radio" || kind == "checkbox") && !field.Is("[checked]"):
			return
		case field.Is("textarea"):
			form.Add(field.AttrOr("name", ""), field.Text())
			return
		}
		form.Add(field.AttrOr("name", ""), field.AttrOr("value", ""))
	})
	return form
}

func with(form url.Values, name, value string) url.Values {
	form = url.Values(http.Header(form).Clone())
	form.Set(name, value)
	return form
}

func TestRegenerate(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		b.get(path + "/secret") // so that none waits to be shown
		list := applicationsPath + "?q=ledger&sort=name"
		page := b.get(path + "/regenerate?back=" + url.QueryEscape(list))
		page.has(http.StatusOK, "Regenerate client secret?", "In 24 hours", "In 7 days", "Now", "At a time I choose", "It is 1 Jun 2026, 12:00 UTC now")
		form := filled(page)
		if form.Get("end") != "24h" || form.Get("seen") != "1" || form.Get("back") != list {
			t.Errorf("got the form %v, want an overlap of a day", form)
		}
		if got := page.page().Find(".dialog-foot a").AttrOr("href", ""); got != list {
			t.Errorf("got Cancel to %q, want %q", got, list)
		}

		// What is wrong is told, and changes nothing.
		for at, want := range map[string]string{"": "Choose the date and time", "soon": "such as", "2026-06-01T11:59": "in the future", "2027-01-01T00:00": "within 90 days"} {
			for _, ask := range []*browser{b, b.withHTMX()} {
				again := ask.post(path+"/regenerate", with(with(form, "end", "at"), "at", at))
				again.has(http.StatusUnprocessableEntity, want)
				if got := filled(again); !slices.Equal(again.wrongFields(), []string{"at"}) || got.Get("at") != at || got.Get("end") != "at" || got.Get("back") != list || got.Get("seen") != "1" {
					t.Errorf("%q: got the form %v, wrong %v; want that it keeps what was typed", at, got, again.wrongFields())
				}
			}
		}
		b.post(path+"/regenerate", with(form, "end", "never")).has(http.StatusUnprocessableEntity, "Choose when the current secret stops.")
		b.post(path+"/regenerate", with(form, "seen", "x")).has(http.StatusBadRequest)
		if n := s.details(t, path).SecretsMade; n != 1 {
			t.Fatalf("got %d secrets, want the one there was", n)
		}

		b.post(path+"/regenerate", form).redirects(path + "/secret")
		b.post(path+"/regenerate", form).redirects(path + "/secret") // sent twice: the secret that the first made
		b.withHTMX().post(path+"/regenerate", form).navigates(path + "/secret")
		d := s.details(t, path)
		if d.SecretsMade != 2 || !d.Secrets[1].ExpiresAt.Equal(s.clock.Now().Add(24*time.Hour)) {
			t.Errorf("got %+v, want one new secret, and the old to end in a day", d.Secrets)
		}
		shown := b.get(path + "/secret")
		shown.has(http.StatusOK, "only time")
		if got := registry.ParseSecret(shown.page().Find("#client-secret").AttrOr("value", "")); !got.WellFormed() || got.Prefix() != d.Secrets[0].Prefix {
			t.Errorf("got the secret %q, want the new one", got.Prefix())
		}

		// Once it was seen, the same confirmation is told so.
		b.post(path+"/regenerate", form).has(http.StatusConflict, "It has a new secret already", "First Admin")
		b.withHTMX().post(path+"/regenerate", form).has(http.StatusConflict, "It has a new secret already")
		other := s.signedIn(t, "second@example.com", true)
		other.post(path+"/regenerate", form).has(http.StatusConflict, "First Admin", "while this question was open")
		if n := s.details(t, path).SecretsMade; n != 2 {
			t.Errorf("got %d secrets, want 2", n)
		}

		// In the dialog of the list.
		dialog := b.asked(path + "/regenerate?back=" + url.QueryEscape(list))
		dialog.has(http.StatusOK, "Regenerate client secret?")
		if dialog.page().Find("nav, main").Length() != 0 || dialog.page().Find("form").AttrOr("hx-target", "") != "#modal" {
			t.Errorf("got %s, want just the dialog", dialog.Body)
		}
		b.withHTMX().post(path+"/regenerate", with(filled(dialog), "end", "now")).navigates(path + "/secret")
		if d := s.details(t, path); d.SecretsMade != 3 || d.Secrets[0].State(s.clock.Now()) == registry.SecretEnded && d.Secrets[1].State(s.clock.Now()) == registry.SecretEnded && d.Secrets[2].State(s.clock.Now()) == registry.SecretEnded {
			t.Errorf("got %+v, want a third that is live", d.Secrets)
		}
	})
}

func TestDisableAndEnable(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		list := applicationsPath + "?status=active"
		page := b.get(path + "/disable?back=" + url.QueryEscape(list))
		page.has(http.StatusOK, "Disable Ledger Sync?", "Disable application", "up to 15 minutes")
		for range 2 { // the second time changes nothing
			b.post(path+"/disable", filled(page)).redirects(list)
		}
		b.get(list).has(http.StatusOK, "The application is disabled", "No applications match")
		if got := s.details(t, path).Status; got != registry.Disabled {
			t.Errorf("got %s, want it disabled", got)
		}
		enable := b.asked(path + "/enable")
		enable.has(http.StatusOK, "Enable Ledger Sync?")
		b.withHTMX().post(path+"/enable", filled(enable)).navigates(path)
		b.get(path).has(http.StatusOK, "The application is enabled")
		if got := s.details(t, path).Status; got != registry.Active {
			t.Errorf("got %s, want it active", got)
		}
		b.post(path+"/disable", url.Values{"back": {"https://evil.example/"}}).redirects(path)
	})
}

func TestDelete(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		page := b.asked(path + "/delete?back=" + url.QueryEscape(applicationsPath+"?q=led"))
		page.has(http.StatusOK, "Delete Ledger Sync?")
		if got := page.page().Find("label strong").Text(); got != "Ledger Sync" {
			t.Errorf("got %q to type, want the name", got)
		}
		form := filled(page)
		for _, typed := range []string{"", "ledger sync", "<b>"} {
			for _, ask := range []*browser{b, b.withHTMX()} {
				again := ask.post(path+"/delete", with(form, "confirm", typed))
				again.has(http.StatusUnprocessableEntity, "exactly: Ledger Sync")
				if got := filled(again); got.Get("confirm") != typed || got.Get("back") != applicationsPath+"?q=led" || !slices.Equal(again.wrongFields(), []string{"confirm"}) {
					t.Errorf("%q: got the form %v, want what was typed", typed, got)
				}
			}
		}
		b.get(path).has(http.StatusOK)
		b.withHTMX().post(path+"/delete", with(form, "confirm", "Ledger Sync")).navigates(applicationsPath + "?q=led")
		b.get(applicationsPath).has(http.StatusOK, "The application is deleted", "Register the first OAuth client")
		b.get(applicationsPath+"?status=deleted").has(http.StatusOK, "Ledger Sync", "Gone in 30 days")
		for _, gone := range []string{"", "/regenerate", "/disable", "/enable", "/delete"} {
			b.get(path+gone).has(http.StatusNotFound, "Page not found")
		}
		for _, gone := range []string{"/regenerate", "/disable", "/enable", "/delete"} {
			b.post(path+gone, url.Values{"end": {"now"}, "confirm": {"Ledger Sync"}}).has(http.StatusNotFound)
		}
		// From the application's own page there is no way back to it.
		again := b.register("Ledger Sync", url.Values{"scope": {"audit.log:read"}})
		b.post(again+"/delete", url.Values{"confirm": {"Ledger Sync"}, "back": {again}}).redirects(applicationsPath)
	})
}

func TestRestore(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		b.get(path + "/restore").has(http.StatusNotFound)
		b.post(path+"/delete", url.Values{"confirm": {"Ledger Sync"}}).redirects(applicationsPath)
		list := applicationsPath + "?status=deleted"
		b.get(list).has(http.StatusOK, "Restore…")
		page := b.asked(path + "/restore?back=" + url.QueryEscape(list))
		page.has(http.StatusOK, "Restore Ledger Sync?", "with its secrets, scopes, permissions and consents", ", and gets tokens again.")
		form := filled(page)
		if form.Get("name") != "Ledger Sync" || form.Get("back") != list {
			t.Errorf("got the form %v, want its name", form)
		}
		b.register("Ledger Sync", url.Values{"scope": {"audit.log:read"}})
		for _, ask := range []*browser{b, b.withHTMX()} {
			again := ask.post(path+"/restore", form)
			again.has(http.StatusUnprocessableEntity, "Another application has this name already.")
			if got := filled(again); got.Encode() != form.Encode() {
				t.Errorf("got the form %v, want what was typed", got)
			}
		}
		b.withHTMX().post(path+"/restore", with(form, "name", "Ledger Again")).navigates(path)
		b.get(path).has(http.StatusOK, "Ledger Again", "The application is back")
		b.post(path+"/restore", form).redirects(path) // sent twice
		b.get(path).has(http.StatusOK, "Ledger Again")
	})
}

func TestManyApplications(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		locked := s.platformApplication(t)
		ids := []string{idIn(path)}
		for _, name := range []string{"Old One", "Old Two"} {
			ids = append(ids, idIn(b.register(name, url.Values{"scope": {"audit.log:read"}})))
		}
		s.clock.Advance(40 * 24 * time.Hour)
		b.signIn("admin@example.com", testPassword)
		list := applicationsPath + "?attention=unused&days=30"
		unused := b.get(list)
		unused.has(http.StatusOK, "Unused for 30 days", "Disable ticked…", "Delete ticked…")
		if n := unused.page().Find("input.tick").Length(); n != 3 {
			t.Errorf("got %d boxes to tick, want one for each but the locked one", n)
		}
		if n := b.get(applicationsPath).page().Find("input.tick").Length(); n != 0 {
			t.Errorf("got %d boxes to tick where nothing is to be cleaned up", n)
		}

		query := url.Values{"id": {ids[1], ids[2], idIn(locked), "cl_gone"}, "back": {list}}
		page := b.get(applicationsPath + "/disable?" + query.Encode())
		page.has(http.StatusOK, "Disable 2 applications?", "Old One", "Old Two", "Left as they are, because they are disabled already, or locked: Scheduler")
		form := filled(page)
		b.post(applicationsPath+"/disable", form).redirects(list)
		b.get(list).has(http.StatusOK, "2 applications are disabled")
		b.post(applicationsPath+"/disable", form).redirects(list)
		b.get(list).has(http.StatusOK, "Nothing was left to change")
		b.get(applicationsPath+"/disable?"+query.Encode()).has(http.StatusUnprocessableEntity, "Nothing to change", "Back to the list")
		b.get(applicationsPath+"/disable").has(http.StatusUnprocessableEntity, "Nothing to change")

		page = b.get(applicationsPath + "/delete?" + query.Encode())
		page.has(http.StatusOK, "Delete 2 applications?", "to confirm")
		form = filled(page)
		again := b.post(applicationsPath+"/delete", with(form, "confirm", "delete"))
		again.has(http.StatusUnprocessableEntity, "Type DELETE, in capitals.", "Old Two")
		if got := filled(again); got.Encode() != with(form, "confirm", "delete").Encode() {
			t.Errorf("got the form %v, want what was typed", got)
		}
		b.post(applicationsPath+"/delete", with(form, "confirm", "DELETE")).redirects(list)
		b.get(applicationsPath+"?status=deleted").has(http.StatusOK, "2 applications are deleted", "Old One", "Old Two")
		b.post(applicationsPath+"/delete", url.Values{"id": {idIn(locked)}, "confirm": {"DELETE"}}).has(http.StatusForbidden, "platform")

		viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
		for _, page := range []string{"/disable", "/delete"} {
			viewer.get(applicationsPath+page+"?id="+ids[0]).has(http.StatusForbidden, "applications/manage")
			viewer.post(applicationsPath+page, url.Values{"id": ids[:1], "confirm": {"DELETE"}}).has(http.StatusForbidden, "applications/manage")
		}
		viewer.get(path+"/restore").has(http.StatusForbidden, "applications/manage")
		b.get(path).has(http.StatusOK, "Ledger Sync")
	})
}

// idIn returns the ID of the application whose page is at path.
func idIn(path string) string { return strings.TrimPrefix(path, applicationsPath+"/") }

func TestWhoMayNotChange(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		platform := s.platformApplication(t)
		viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
		auditor := s.holding(t, "auditor@example.com", registry.ReadAuditLog)
		form := url.Values{"end": {"now"}, "confirm": {"Ledger Sync"}}
		for _, page := range []string{"/regenerate", "/disable", "/enable", "/delete"} {
			viewer.get(path+page).has(http.StatusForbidden, "applications/manage")
			viewer.post(path+page, form).has(http.StatusForbidden, "applications/manage")
			viewer.withHTMX().post(path+page, form).has(http.StatusForbidden, "applications/manage")
			auditor.get(path + page).has(http.StatusNotFound)
			auditor.post(path+page, form).has(http.StatusNotFound)
			b.get(platform+page).has(http.StatusForbidden, "Made by a platform service")
			b.post(platform+page, url.Values{"end": {"now"}, "confirm": {"Scheduler"}}).has(http.StatusForbidden, "Made by a platform service")
			b.get(applicationsPath + "/cl_none" + page).has(http.StatusNotFound)
			b.post(applicationsPath+"/cl_none"+page, form).has(http.StatusNotFound)
		}
		if d := s.details(t, path); d.Status != registry.Active || d.SecretsMade != 1 {
			t.Errorf("got %+v, want it as it was", d)
		}
		if d := s.details(t, platform); d.Status != registry.Active || d.SecretsMade != 1 {
			t.Errorf("got %+v, want it as it was", d)
		}

		// Who may manage applications but not permissions sees no new secret of what holds some.
		manager := s.holding(t, "manager@example.com", registry.ViewApplications, registry.ManageApplications)
		manager.get(path + "/regenerate").has(http.StatusOK)
		err := s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: strings.TrimPrefix(path, applicationsPath+"/")},
			Service: "orders", Kind: registry.PermissionGrant, Key: "view",
		})
		if err != nil {
			t.Fatal(err)
		}
		manager.get(path+"/regenerate").has(http.StatusForbidden, "authorization/manage-permissions")
		manager.post(path+"/regenerate", form).has(http.StatusForbidden, "authorization/manage-permissions")
		manager.post(path+"/disable", nil).redirects(path)
	})
}

// The whole rotation: both secrets work during the overlap, the old one never after it.
func TestRotationAtTheTokenEndpoint(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := storetest.Admin(t, s.Store)
		app, old, err := s.Store.CreateClient(t.Context(), admin, registry.NewClient{
			ClientDetails: registry.ClientDetails{Name: "Ledger Sync", Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
			Scopes:        []string{"audit.log:read"},
		}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		made, err := s.Store.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		token := func(secret registry.Secret) int {
			r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader("grant_type=client_credentials"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(app.ID, secret.Reveal())
			return s.browser(t).send(r).Code
		}
		for _, step := range []struct {
			after     time.Duration
			old, made int
		}{
			{0, http.StatusOK, http.StatusOK},
			{24*time.Hour - time.Second, http.StatusOK, http.StatusOK},
			{time.Second, http.StatusUnauthorized, http.StatusOK},
		} {
			s.clock.Advance(step.after)
			if gotOld, gotMade := token(old), token(made); gotOld != step.old || gotMade != step.made {
				t.Errorf("%s later: got %d for the old and %d for the new, want %d and %d", step.after, gotOld, gotMade, step.old, step.made)
			}
		}
		if err := s.Store.SetStatus(t.Context(), admin, app.ID, registry.Disabled); err != nil {
			t.Fatal(err)
		}
		if got := token(made); got != http.StatusUnauthorized && got != http.StatusBadRequest {
			t.Errorf("disabled: got %d, want it refused", got)
		}
	})
}
