package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store/storetest"
)

// With damaged pages under it a server says so, whoever asks and whatever they
// prove who they are with. Nobody is refused for what could not be read.
func TestDamagedDatabase(t *testing.T) {
	database, clock := storetest.SQLite(t), storetest.NewClock()
	s := siteOn(storetest.Open(t, database, clock), clock)
	b := s.setUp(t)
	c := s.client(t, "Ledger Sync", applicationsScope).may(t, registry.ViewApplications)
	token := c.token(t, "")
	_, key := b.makeKey("Old Job")
	b.get("/readyz").has(200)

	storetest.Damage(t, database, 1, 1<<20)
	clock.Advance(10 * time.Minute) // past what caches are trusted for
	const title = "The database is damaged"
	for name, w := range map[string]answer{
		"a page":         b.get(applicationsPath),
		"a page by htmx": b.withHTMX().get(applicationsPath),
		"a change":       b.post(applicationsPath+"/"+c.id+"/disable", nil),
		"sign in":        s.browser(t).signIn("admin@example.com", testPassword),
		"a wrong one":    s.browser(t).signIn("admin@example.com", "wrong"),
		"nobody's":       s.browser(t).signIn("nobody@example.com", testPassword),
	} {
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), title) {
			t.Errorf("%s: got %d %q, want 503 with %q", name, w.Code, w.page().Find("h1, h2").Text(), title)
		}
	}
	grant := url.Values{"grant_type": {registry.ClientCredentials}}
	introspect := httptest.NewRequest(http.MethodPost, "/oauth2/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	introspect.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	introspect.SetBasicAuth(c.id, c.secret)
	other := s.browser(t)
	for name, w := range map[string]answer{
		"token":               other.send(tokenRequest(grant, c.id, c.secret)),
		"token, wrong secret": other.send(tokenRequest(grant, c.id, "wrong")),
		"token, nobody":       other.send(tokenRequest(grant, "cl_nobody", "wrong")),
		"introspect":          other.send(introspect),
		"signing keys":        other.get("/oauth2/jwks"),
		"API":                 s.callWith(t, "/api/v1/applications", "Bearer "+token),
		"API with a key":      s.callWith(t, "/api/v1/me", "AppKey "+key),
		"readyz":              other.get("/readyz"),
	} {
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "malformed") {
			t.Errorf("%s: got %d %s, want 503 and no cause", name, w.Code, w.Body)
		}
	}
	b.get("/healthz").has(200)
}
