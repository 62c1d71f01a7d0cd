package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/registry"
)

// makeKey makes an application key in the console and returns its address and
// the key.
func (b *browser) makeKey(name string) (path, key string) {
	b.t.Helper()
	shown := b.post("/admin/applications/new/application-key", url.Values{"name": {name}, "until": {"ended"}}).Header().Get("Location")
	path, found := strings.CutSuffix(shown, "/secret")
	if !found {
		b.t.Fatalf("got %q, want the page that shows the key", shown)
	}
	page := b.get(shown)
	page.has(200, name+" is ready", "Application key", "AppKey ak_", "/api/v1/me", "It holds no permissions")
	page.lacks("Client ID", "Token endpoint", "Test it now")
	b.get(shown).has(410, "That key was already shown")
	key = page.page().Find("#client-secret").AttrOr("value", "")
	if !registry.ParseSecret(key).WellFormedKey() {
		b.t.Fatalf("got %q, want a key", key)
	}
	return path, key
}

// callWith calls the REST API with an Authorization header.
func (s *site) callWith(t *testing.T, path, authorization string) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", authorization)
	return s.browser(t).send(r)
}

func (s *site) grantTo(t *testing.T, path, service, template string) {
	t.Helper()
	in := registry.GrantInput{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: idIn(path)}, Service: service, Kind: registry.TemplateGrant, Key: template}
	if err := s.Store.Grant(t.Context(), registry.Operator, in); err != nil {
		t.Fatal(err)
	}
}

// A key opens our own APIs as far as its permissions go, and nothing else.
func TestKeysAtTheAPI(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		path, key := b.makeKey("Old Job")
		var me struct {
			Type, ID, Name string
			ClientID       string     `json:"client_id"`
			Scopes         []string   `json:"scopes"`
			ExpiresAt      *time.Time `json:"expires_at"`
		}
		w := s.callWith(t, "/api/v1/me", "AppKey "+key)
		w.has(200)
		if err := json.Unmarshal(w.Body.Bytes(), &me); err != nil || me.Type != "application" || me.ID != idIn(path) || me.Name != "Old Job" || me.ExpiresAt != nil || me.Scopes == nil {
			t.Errorf("got %s, %v; want the application", w.Body, err)
		}
		for _, api := range []string{"/api/v1/applications", "/api/v1/applications/" + idIn(path), "/api/v1/audit-log"} {
			s.callWith(t, api, "AppKey "+key).has(403, "Old Job lacks the permission", idIn(path)+"/permissions")
		}
		s.grantTo(t, path, "applications", "viewer")
		s.callWith(t, "/api/v1/applications", "appkey  "+key).has(200, `"type":"application_key"`, `"auth_method":""`)
		s.callWith(t, "/api/v1/audit-log", "AppKey "+key).has(403)

		for header, want := range map[string]string{
			"AppKey " + key + "x": "The application key is wrong.", "AppKey": "The application key is wrong.", "Bearer " + key: "not a signed JWT", "Basic " + key: "Send an access token",
			"AppKey " + registry.NewSecret().Reveal(): "The application key is wrong.", "AppKey " + registry.NewKey().Reveal(): "The application key is wrong.",
		} {
			w := s.callWith(t, "/api/v1/me", header)
			w.has(401, want)
			if got := w.Header().Get("WWW-Authenticate"); strings.HasPrefix(header, "AppKey") != strings.HasPrefix(got, `AppKey realm="Clientele", error="invalid_token"`) {
				t.Errorf("%.10s: got the challenge %q", header, got)
			}
		}
		s.callWith(t, "/oauth2/userinfo", "AppKey "+key).has(401)
		for _, endpoint := range []string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"} {
			form := url.Values{"grant_type": {"client_credentials"}, "client_id": {idIn(path)}, "client_secret": {key}, "token": {"x"}}
			r := httptest.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			s.browser(t).send(r).has(401, "invalid_client")
		}

		id := s.details(t, path).Secrets[0].ID
		b.post(path+"/secrets/"+id+"/pause", nil).redirects(path + "#secrets")
		s.callWith(t, "/api/v1/me", "AppKey "+key).has(401, "paused")
		b.post(path+"/secrets/"+id+"/resume", nil).redirects(path + "#secrets")
		b.post(path+"/disable", nil)
		s.callWith(t, "/api/v1/me", "AppKey "+key).has(401, "disabled")
		b.post(path+"/enable", nil)
		b.post(path+"/regenerate", filled(b.get(path+"/regenerate"))).redirects(path + "/secret")
		b.get(path+"/secret").has(200, "New key for Old Job", "ak_")
		s.callWith(t, "/api/v1/me", "AppKey "+key).has(200) // in the overlap
		s.Store.FlushUsage(t.Context())
		b.get(path).has(200, "Requests per day", "in the last 7 days")
		if got := s.details(t, path); got.Failures.Count != 2 || got.LastUsedAt.IsZero() {
			t.Errorf("got %+v, want two failures and its use", got.Failures)
		}
	})
}

func TestKeyPages(t *testing.T) {
	s := newSite(t)
	b, client := s.withApplication(t)
	b.get("/admin/applications").has(200, "Discouraged: a static key")
	b.get("/admin/applications/new/application-key").has(200, "Application keys are discouraged", "Register an OAuth client instead")
	wrong := b.post("/admin/applications/new/application-key", url.Values{"name": {"ledger sync"}, "description": {"kept <b>"}, "until": {string(registry.UntilYear)}})
	wrong.has(422, "Another application has this name already", "kept &lt;b&gt;", `value="`+string(registry.UntilYear)+`" checked`)
	path, _ := b.makeKey("Old Job")
	page := b.get(path)
	page.has(200, "Application ID", "Application keys are discouraged", "Move to an OAuth client", "Keys", "Add key", "Regenerate key", "It holds no permissions", "Keys have no scopes")
	page.lacks("Edit scopes", "Tokens signed with", "Grant type", ">Test<", "Client ID")
	b.get("/admin/applications?type=application_key").has(200, "Old Job", "Application key", "1 application")

	form := filled(b.get(path + "/edit"))
	b.post(path+"/edit", with(form, "description", "Moves in spring")).redirects(path)
	b.post(path+"/edit", with(form, "description", "Moves in autumn")).has(409, "Someone changed it while you were editing", "Moves in spring", "Moves in autumn")
	b.post(path+"/edit", with(filled(b.get(path+"/edit")), "name", " ")).has(422, "Enter a name.")
	for _, page := range []string{"/scopes", "/scopes/review?scope=orders:read", "/test", "/connect"} {
		b.get(path + page).has(404)
	}
	b.post(path+"/scopes/review", url.Values{"scope": {"orders:read"}}).has(404)
	b.get(path+"/secrets/new").has(200, "Add a key")
	b.get(path+"/networks").has(200, "every request with one of its keys")
	b.post(path+"/networks", url.Values{"networks": {"192.0.2.0/24"}}).redirects(path)
	b.get(client + "/migrate").has(404)
	b.post(client+"/migrate", url.Values{"name": {"X"}}).has(404)
}

func TestMigrateKey(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, _ := s.withApplication(t)
		path, key := b.makeKey("Old Job")
		s.grantTo(t, path, "orders", "viewer")
		s.grantTo(t, path, "applications", "viewer")
		manager := s.holding(t, "manager@demo.example", registry.ViewApplications, registry.ManageApplications)
		manager.get(path + "/migrate").has(403)
		manager.post(path+"/migrate", url.Values{"name": {"Mine"}, "auth_method": {"client_secret_basic"}, "scope": {"orders:read"}}).has(403)
		manager.get(path).lacks("Move to an OAuth client")

		page := b.get(path + "/migrate")
		page.has(200, "Viewer of Demo orders", "Old Job client", "both work until you end the key")
		form := filled(page)
		if got := form["scope"]; !slices.Contains(got, "orders:read") || !slices.Contains(got, "applications:read") || slices.Contains(got, "audit.log:read") {
			t.Errorf("got %q ticked, want those of the services it has permissions of", got)
		}
		again := b.post(path+"/migrate", url.Values{"name": {"Old Job"}, "auth_method": {"client_secret_post"}})
		again.has(422, "Another application has this name already", "Choose at least one scope", `value="client_secret_post" checked`)
		form.Set("auth_method", "client_secret_post")
		form["scope"] = []string{"orders:read", "applications:read"}
		shown := b.post(path+"/migrate", form).Header().Get("Location")
		b.post(path+"/migrate", form).redirects(shown) // sent twice
		page = b.get(shown)
		page.has(200, "Old Job client is ready", "Viewer of Demo orders")
		secret := page.page().Find("#client-secret").AttrOr("value", "")
		next := strings.TrimSuffix(shown, "/secret")

		s.callWith(t, "/api/v1/applications", "AppKey "+key).has(200)
		w := s.tokens(t, next, secret, func(int, answer) {})
		s.callWith(t, "/api/v1/applications", "Bearer "+w).has(200)
		s.Store.FlushUsage(t.Context())
		b.get(path).has(200, "It moves to an OAuth client", `href="`+next+`"`, "Something still uses the key")
		b.get(next).has(200, "It takes over from an application key", `href="`+path+`"`)
		s.clock.Advance(8 * 24 * time.Hour)
		b.signIn("admin@example.com", testPassword)
		b.get(next).has(200, "Nothing used the key for 7 days")
		b.get(path+"/migrate").has(409, "It moves already", "Old Job client")
		b.post(path+"/migrate", form).has(409)
		b.post(path+"/disable", nil)
		b.get(next).has(200, "Disabled")
	})
}
