package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
)

// newSecret registers a client in the browser and returns the address of the
// page that shows its secret.
func (b *browser) newSecret(name string) string {
	b.t.Helper()
	return b.register(name, url.Values{"scope": {"audit.log:read", "applications:read"}}) + "/secret"
}

func TestASecretIsShownOnce(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	page := b.newSecret("Ledger Sync")

	// Whatever is no person who opens the page does not use it up.
	with := func(method, header, value string) *http.Request {
		r := httptest.NewRequest(method, page, nil)
		if header != "" {
			r.Header.Set(header, value)
		}
		return r
	}
	for _, r := range []*http.Request{
		with(http.MethodHead, "", ""),
		with(http.MethodGet, "Sec-Purpose", "prefetch"),
		with(http.MethodGet, "Sec-Purpose", "prefetch;prerender"),
		with(http.MethodGet, "Purpose", "prefetch"),
		with(http.MethodGet, "X-Moz", "prefetch"),
		with(http.MethodGet, "Sec-Fetch-Mode", "cors"),
		with(http.MethodGet, "Sec-Fetch-Mode", "no-cors"),
	} {
		if w := b.send(r); w.Code != http.StatusNoContent || strings.Contains(w.Body.String(), "cs_") {
			t.Errorf("%s %v: got %d %s, want nothing", r.Method, r.Header, w.Code, w.Body)
		}
	}
	b.withHTMX().get(page).navigates(page)
	s.signedIn(t, "other@example.com", true).get(page).has(http.StatusGone, "already shown")

	r := with(http.MethodGet, "Sec-Fetch-Mode", "navigate")
	w := b.send(r)
	w.has(http.StatusOK, "Ledger Sync is ready", "only time", "It holds no permissions", "Assign permissions", "Test it now")
	if got := w.Header(); got.Get("Cache-Control") != "no-store" || got.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("got %v, want no-store and no-referrer", got)
	}
	shown := w.page()
	secret := registry.ParseSecret(shown.Find("#client-secret").AttrOr("value", ""))
	id := strings.TrimSuffix(strings.TrimPrefix(page, "/admin/applications/"), "/secret")
	for field, want := range map[string]string{
		"client-id": id, "token-endpoint": s.Issuer + "/oauth2/token", "scopes": "applications:read audit.log:read",
	} {
		if got := shown.Find("#"+field).AttrOr("value", ""); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
		if shown.Find(`button[data-copy="`+field+`"]`).Length() != 1 {
			t.Errorf("%s cannot be copied", field)
		}
	}
	if !secret.WellFormed() {
		t.Errorf("got the secret %q", secret.Reveal())
	}
	for _, title := range []string{"curl", "env", "go", "python", "javascript"} {
		if text := shown.Find("#snippet-" + title).Text(); !strings.Contains(text, secret.Reveal()) || !strings.Contains(text, id) {
			t.Errorf("%s: got %q, want the credentials in it", title, text)
		}
	}

	again := b.get(page)
	again.has(http.StatusGone, "That secret was already shown", "Regenerate secret", "/admin/applications/"+id+"/regenerate")
	if strings.Contains(again.Body.String(), secret.Reveal()) || strings.Contains(s.log.String(), secret.Reveal()) {
		t.Error("the secret is shown again, or logged")
	}
	b.get("/admin/applications/cl_unknown/secret").has(http.StatusNotFound)
}

func TestASecretNobodyCameForIsGone(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	page := b.newSecret("Ledger Sync")
	s.clock.Advance(store.ShownFor)
	b.get(page).has(http.StatusGone)
}

func TestARegeneratedSecretIsShownTheSameWay(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	path := b.register("Ledger Sync", url.Values{"scope": {"audit.log:read"}, "template.audit": {"admin"}})
	b.get(path+"/secret").has(http.StatusOK, "It holds Admin of Audit log.")
	user, err := s.Store.UserByEmail(t.Context(), registry.Operator, "admin@example.com")
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Hour)
	_, err = s.Store.RegenerateSecret(t.Context(), user.Actor(), strings.TrimPrefix(path, "/admin/applications/"),
		registry.Rotation{End: registry.EndInDay}, store.ShowOnce{SessionToken: b.cookies["session"]})
	if err != nil {
		t.Fatal(err)
	}
	b.get(path+"/secret").has(http.StatusOK, "New secret for Ledger Sync", "is accepted as well, until 2 Jun 2026, 13:00:00 UTC")
}
