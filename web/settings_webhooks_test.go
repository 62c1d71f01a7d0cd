package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
)

var toChat = url.Values{"url": {"https://hooks.example.com/in?key=1"}, "description": {"Chat"}, "kind": {"application.created", "secret.expired"}}

// addWebhook returns the address of a new webhook and its secret.
func (b *browser) addWebhook(form url.Values) (path, secret string) {
	b.t.Helper()
	next := b.post("/admin/settings/webhooks/new", form).Header().Get("Location")
	path, found := strings.CutSuffix(next, "/secret")
	if !found {
		b.t.Fatalf("got %q, want the page with the secret", next)
	}
	return path, b.get(next).page().Find("#webhook-secret").AttrOr("value", "")
}

func TestWebhookPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		const list = "/admin/settings/webhooks"
		admin.get(list).has(http.StatusOK, "There are no webhooks")
		wrong := admin.post(list+"/new", url.Values{"url": {"https://10.0.0.1/in"}, "description": {"Chat"}})
		wrong.has(http.StatusUnprocessableEntity, "10.0.0.1 is in a private network", "Choose at least one notice.", `value="https://10.0.0.1/in"`, `value="Chat"`)
		if got := wrong.wrongFields(); !slices.Equal(got, []string{"url", "kind"}) {
			t.Errorf("got %q marked, want the URL and the notices", got)
		}
		path, secret := admin.addWebhook(toChat)
		if !strings.HasPrefix(secret, "whsec_") {
			t.Errorf("got %q, want a secret", secret)
		}
		admin.get(path+"/secret").has(http.StatusGone, "That secret was already shown")
		page := admin.get(list)
		page.has(http.StatusOK, "Chat", "hooks.example.com", "Application created, secret expired")
		page.lacks("key=1")
		admin.get(path).has(http.StatusOK, "https://hooks.example.com/in?key=1", "Nothing was sent in the last 30 days")

		admin.post(path+"/test", nil).redirects(path)
		admin.get(path).has(http.StatusOK, "Waiting", "Not tried yet")
		due, err := s.Store.TakeDeliveries(t.Context(), 1)
		if err != nil || len(due) != 1 {
			t.Fatalf("got %v %v, want the test", due, err)
		}
		if err := s.Store.Delivered(t.Context(), due[0].Delivery, registry.Attempt{Status: 500, Answer: "<b>" + strings.Repeat("broken ", 100)}); err != nil {
			t.Fatal(err)
		}
		page = admin.get(path)
		page.has(http.StatusOK, "500: &lt;b&gt;broken", "Retrying", "Tried once, next in", "Nothing has reached it since")
		again := page.page().Find(`form[action$="/again"]`).AttrOr("action", "")
		admin.withHTMX().post(again, url.Values{"back": {path}}).navigates(path)
		admin.post(again, url.Values{"back": {"https://elsewhere.example/"}}).redirects(path)
		admin.post(path+"/deliveries/none/again", nil).has(http.StatusNotFound)
		admin.get(path+"?before=none").has(http.StatusUnprocessableEntity, "That page is no longer there.")

		admin.get(path+"/edit").has(http.StatusOK, `value="https://hooks.example.com/in?key=1"`, "Save changes")
		admin.post(path+"/edit", url.Values{"url": {"ftp://x"}, "kind": {"nonsense"}}).has(http.StatusUnprocessableEntity, "Enter a URL such as", "Choose at least one notice.")
		admin.post(path+"/edit", url.Values{"url": {"https://other.example.com"}, "kind": {"application.created"}}).redirects(path)
		admin.get(path).has(http.StatusOK, "Saved", "other.example.com")

		admin.get(path+"/rotate").has(http.StatusOK, "Make a new secret of other.example.com?")
		admin.withHTMX().post(path+"/rotate", nil).navigates(path + "/secret")
		if got := admin.get(path+"/secret").page().Find("#webhook-secret").AttrOr("value", ""); got == secret || !strings.HasPrefix(got, "whsec_") {
			t.Errorf("got %q, want another secret", got)
		}
		for page, want := range map[string]string{"disable": "Turn off", "enable": "Turn on", "delete": "Delete"} {
			admin.get(path+"/"+page).has(http.StatusOK, want+" other.example.com?")
		}
		admin.post(path+"/disable", nil).redirects(path)
		admin.get(path).has(http.StatusOK, "The webhook is off", "Turn on…")
		admin.post(path+"/enable", nil).redirects(path)
		admin.post(path+"/delete", nil).redirects(list)
		admin.get(list).has(http.StatusOK, "The webhook is deleted", "There are no webhooks")
		for _, gone := range []string{"", "/edit", "/rotate", "/enable", "/disable", "/delete", "/secret"} {
			admin.get(path + gone).has(http.StatusNotFound)
		}

		s.holding(t, "settings@example.com", registry.ManageSettings).get(list).has(http.StatusOK)
		viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
		viewer.get(list).has(http.StatusNotFound)
		viewer.post(list+"/new", toChat).has(http.StatusNotFound)
	})
}

// formOf returns what the form of a page has in it, as a browser would post it.
func formOf(w answer, id string) url.Values {
	form := url.Values{}
	w.page().Find("#" + id + " [name]").Each(func(_ int, field *goquery.Selection) {
		name := field.AttrOr("name", "")
		value, has := field.Attr("value")
		switch kind := field.AttrOr("type", ""); {
		case kind == "checkbox" && field.Is(":not([checked])"):
		case kind == "checkbox" && !has:
			form.Add(name, "on")
		case field.Is("textarea"):
			form.Add(name, strings.TrimPrefix(field.Text(), "\n"))
		default:
			form.Add(name, value)
		}
	})
	return form
}

// Of two who edit the same, the second is told what the first changed, and loses
// nothing of what they typed.
func TestSettingsMeanwhile(t *testing.T) {
	s := newSite(t)
	admin := s.setUp(t)
	path, _ := admin.addWebhook(toChat)
	first, second := formOf(admin.get(path+"/edit"), "webhook"), formOf(admin.get(path+"/edit"), "webhook")
	first.Set("url", "https://new.example.com/in")
	admin.post(path+"/edit", first).redirects(path)
	second.Set("description", "Alarms")
	told := admin.post(path+"/edit", second)
	told.has(http.StatusConflict, "Someone changed it while you were editing", "https://hooks.example.com/in?key=1", "https://new.example.com/in", `value="Alarms"`)
	admin.post(path+"/edit", formOf(told, "webhook")).redirects(path)
	admin.get(path).has(http.StatusOK, "Alarms", "https://new.example.com/in")
	third := formOf(admin.get(path+"/edit"), "webhook")
	third.Set("url", "ftp://x")
	wrong := admin.post(path+"/edit", third)
	wrong.has(http.StatusUnprocessableEntity, "Enter a URL such as")
	if got := formOf(wrong, "webhook")["seen_url"]; !slices.Equal(got, []string{"https://new.example.com/in"}) {
		t.Errorf("got %q seen after a mistake, want it as it was", got)
	}

	rule := "/admin/settings/notices/secret.expired"
	first, second = formOf(admin.get(rule), "rule"), formOf(admin.get(rule), "rule")
	first.Set("addresses", "list@example.com")
	admin.post(rule, first).redirects("/admin/settings/notices")
	second.Del("affected")
	told = admin.post(rule, second)
	told.has(http.StatusConflict, "Someone changed it while you were editing", "E-mail to other addresses", "list@example.com")
	if got := formOf(told, "rule"); got.Has("affected") || got.Get("addresses") != "list@example.com" {
		t.Errorf("got %v, want what both chose", got)
	}
	admin.post(rule, formOf(told, "rule")).redirects("/admin/settings/notices")
	admin.post(rule, url.Values{"on": {"true"}, "admins": {"true"}, "seen": {"nonsense"}}).redirects("/admin/settings/notices")
}
