package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// apiClient is an application that calls the API.
type apiClient struct {
	s          *site
	id, secret string
}

// client registers an application, without permissions.
func (s *site) client(t *testing.T, name string, scopes ...string) apiClient {
	t.Helper()
	app, secret, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{Name: name, Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
		Scopes:        scopes,
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	return apiClient{s, app.ID, secret.Reveal()}
}

// may gives the application a permission.
func (a apiClient) may(t *testing.T, p registry.Permission) apiClient {
	t.Helper()
	err := a.s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{
		Subject: registry.Subject{Type: registry.ApplicationSubject, ID: a.id}, Service: p.Service, Kind: registry.PermissionGrant, Key: p.Key,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// token gets a token from the token endpoint.
func (a apiClient) token(t *testing.T, scope string) string {
	t.Helper()
	form := url.Values{"grant_type": {registry.ClientCredentials}}
	if scope != "" {
		form.Set("scope", scope)
	}
	r := httptest.NewRequest(http.MethodPost, oauth.TokenPath, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(a.id, a.secret)
	w := a.s.ask(t, r)
	var answer oauth.TokenResponse
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("got %d %s, want a token", w.Code, w.Body)
	}
	return answer.AccessToken
}

// call calls the API with a token, or without one when it is "".
func (s *site) call(t *testing.T, path, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return s.ask(t, r)
}

// problemOf returns the problem that an answer tells of.
func problemOf(t *testing.T, w *httptest.ResponseRecorder) problemDocument {
	t.Helper()
	var p problemDocument
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("got %d %s, want a problem: %v", w.Code, w.Body, err)
	}
	for name, want := range map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store", "Access-Control-Allow-Origin": ""} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	if p.Status != w.Code || p.Title != http.StatusText(w.Code) || p.RequestID != w.Header().Get("X-Request-Id") || p.Detail == "" {
		t.Errorf("got %+v with the status %d and request ID %s, want these in it", p, w.Code, w.Header().Get("X-Request-Id"))
	}
	return p
}

const (
	auditScope        = "audit.log:read"
	applicationsScope = "applications:read"
	membersScope      = registry.MembersScope
	permissionsScope  = "authorization.permissions:read"
	evaluateScope     = "authorization.access:evaluate"
)

func TestAPIAuthorization(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		both := []string{auditScope, applicationsScope, membersScope, permissionsScope}
		all := s.client(t, "Demo All", both...).may(t, registry.ReadAuditLog).may(t, registry.ViewApplications).may(t, registry.ReadMembers).may(t, registry.ViewPermissions)
		powerless := s.client(t, "Demo Powerless", both...)
		for _, endpoint := range []struct {
			path, scope, other string
			need               registry.Permission
			service, name      string
		}{
			{"/api/v1/audit-log", auditScope, applicationsScope, registry.ReadAuditLog, "Audit log", "Use audit log API"},
			{"/api/v1/applications", applicationsScope, auditScope, registry.ViewApplications, "Applications", "View applications"},
			{"/api/v1/applications/" + all.id, applicationsScope, auditScope, registry.ViewApplications, "Applications", "View applications"},
			{"/api/v1/members", membersScope, auditScope, registry.ReadMembers, "Team", "Import members"},
			{"/api/v1/permissions", permissionsScope, auditScope, registry.ViewPermissions, "Authorization", "View permissions"},
		} {
			if w := s.call(t, endpoint.path, all.token(t, endpoint.scope)); w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s with scope and permission: got %d %s, want 200", endpoint.path, w.Code, w.Body)
			}

			w := s.call(t, endpoint.path, powerless.token(t, endpoint.scope))
			p := problemOf(t, w)
			want := missingPermission{
				Service: endpoint.need.Service, ServiceName: endpoint.service, Key: endpoint.need.Key, Name: endpoint.name,
				AssignAt: s.Issuer + "/admin/applications/" + powerless.id + "/permissions",
			}
			if w.Code != 403 || p.MissingPermission == nil || *p.MissingPermission != want || w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%s without permission: got %d %s, want 403 with %+v", endpoint.path, w.Code, w.Body, want)
			}
			for _, text := range []string{"Demo Powerless", endpoint.name, endpoint.need.String(), want.AssignAt} {
				if !strings.Contains(p.Detail, text) {
					t.Errorf("%s without permission: got %q, want %q in it", endpoint.path, p.Detail, text)
				}
			}

			w = s.call(t, endpoint.path, all.token(t, endpoint.other))
			p = problemOf(t, w)
			challenge := w.Header().Get("WWW-Authenticate")
			if w.Code != 403 || p.Error != "insufficient_scope" || p.MissingScope != endpoint.scope || p.MissingPermission != nil ||
				!strings.Contains(challenge, `error="insufficient_scope"`) || !strings.Contains(challenge, `scope="`+endpoint.scope+`"`) {
				t.Errorf("%s without scope: got %d %s and %s, want 403 with insufficient_scope", endpoint.path, w.Code, w.Body, challenge)
			}
		}
		// Each refusal is recorded once a minute, with what was missing.
		page, err := s.Store.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Outcome: registry.Refused})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, e := range page.Entries {
			got[e.Actor.Name+" "+e.Action+" "+e.After]++
		}
		for _, want := range []string{
			`Demo All audit-log.read {"missing_scope":"audit.log:read"}`,
			`Demo All application.list {"missing_scope":"applications:read"}`,
			`Demo All user.list {"missing_scope":"team.user-group-info:read"}`,
			`Demo Powerless user.list {"missing_permission":"team/import-members"}`,
			`Demo All application.read {"missing_scope":"applications:read"}`,
			`Demo All permission.list {"missing_scope":"authorization.permissions:read"}`,
			`Demo Powerless permission.list {"missing_permission":"authorization/view-permissions"}`,
			`Demo Powerless audit-log.read {"missing_permission":"audit/use-audit-log-api"}`,
			`Demo Powerless application.list {"missing_permission":"applications/view"}`,
			`Demo Powerless application.read {"missing_permission":"applications/view"}`,
		} {
			if got[want] != 1 {
				t.Errorf("the refusal %s is recorded %d times, want once in %v", want, got[want], got)
			}
		}
	})
}

// Whatever is wrong with the token, its bearer gets no further (RFC 6750, 8725 and 9068).
func TestAPITokens(t *testing.T) {
	s := newSite(t)
	app := s.client(t, "Demo All", auditScope).may(t, registry.ReadAuditLog)
	good := app.token(t, "")
	header, payload, signature := parts(t, good)
	forge := newForger(t, s, header, payload)

	basic := httptest.NewRequest(http.MethodGet, "/api/v1/audit-log", nil)
	basic.SetBasicAuth(app.id, app.secret)
	twice := httptest.NewRequest(http.MethodGet, "/api/v1/audit-log", nil)
	twice.Header["Authorization"] = []string{"Bearer " + good, "Bearer " + good}
	lower := httptest.NewRequest(http.MethodGet, "/api/v1/audit-log", nil)
	lower.Header.Set("Authorization", "bearer "+good)
	inQuery := httptest.NewRequest(http.MethodGet, "/api/v1/audit-log?access_token="+good, nil)
	inBoth := httptest.NewRequest(http.MethodGet, "/api/v1/audit-log?access_token="+good, nil)
	inBoth.Header.Set("Authorization", "Bearer "+good)
	bearing := func(token string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/audit-log", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	tests := []struct {
		name   string
		r      *http.Request
		status int
		code   string
	}{
		{"good", bearing(good), 200, ""},
		{"the scheme in small letters", lower, 200, ""},
		{"none", httptest.NewRequest(http.MethodGet, "/api/v1/audit-log", nil), 401, ""},
		{"Basic", basic, 401, ""},
		{"two", twice, 400, "invalid_request"},
		{"two in one", bearing(good + " " + good), 400, "invalid_request"},
		{"a comma", bearing(good + "," + good), 400, "invalid_request"},
		{"in the query", inQuery, 400, "invalid_request"},
		{"in the query too", inBoth, 400, "invalid_request"},
		{"no JWT", bearing("x"), 401, "invalid_token"},
		{"a client secret", bearing(app.secret), 401, "invalid_token"},
		{"no signature", bearing(header + "." + payload + "."), 401, "invalid_token"},
		{"another signature", bearing(header + "." + payload + "." + strings.Repeat("A", len(signature))), 401, "invalid_token"},
		{"alg none", bearing(forge.with("alg", "none").unsigned()), 401, "invalid_token"},
		{"alg none, with the signature", bearing(forge.with("alg", "none").unsigned() + signature), 401, "invalid_token"},
		{"HMAC with the public key", bearing(forge.hmac(t)), 401, "invalid_token"},
		{"another key", bearing(forge.byAnother(t)), 401, "invalid_token"},
		{"another key, under its own ID", bearing(forge.with("kid", "mine").byAnother(t)), 401, "invalid_token"},
		{"its own key in the header", bearing(forge.withOwnKey(t)), 401, "invalid_token"},
		{"typ JWT", bearing(forge.with("typ", "JWT").signed(t)), 401, "invalid_token"},
		{"no typ", bearing(forge.with("typ", nil).signed(t)), 401, "invalid_token"},
		{"another issuer", bearing(forge.claiming("iss", "https://evil.example").signed(t)), 401, "invalid_token"},
		{"another audience", bearing(forge.claiming("aud", "https://orders.example.com").signed(t)), 401, "invalid_token"},
		{"no audience", bearing(forge.claiming("aud", nil).signed(t)), 401, "invalid_token"},
		{"expired", bearing(forge.claiming("exp", s.clock.Now().Add(-time.Minute).Unix()).signed(t)), 401, "invalid_token"},
		{"no end", bearing(forge.claiming("exp", nil).signed(t)), 401, "invalid_token"},
		{"issued in the future", bearing(forge.claiming("iat", s.clock.Now().Add(time.Hour).Unix()).signed(t)), 401, "invalid_token"},
		{"another client", bearing(forge.claiming("client_id", "cl_nobody").signed(t)), 401, "invalid_token"},
		{"another secret", bearing(forge.claiming("jti", "se_nobody.x").signed(t)), 401, "invalid_token"},
		{"claims that are none", bearing(forge.claiming("iat", "soon").signed(t)), 401, "invalid_token"},
		{"the same claims, signed anew", bearing(forge.signed(t)), 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := s.ask(t, tt.r)
			if w.Code != tt.status {
				t.Fatalf("got %d %s, want %d", w.Code, w.Body, tt.status)
			}
			if tt.status == http.StatusOK {
				return
			}
			if p := problemOf(t, w); p.Error != tt.code {
				t.Errorf("got error %q, want %q", p.Error, tt.code)
			}
			challenge := w.Header().Get("WWW-Authenticate")
			if (tt.status == http.StatusUnauthorized) != strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") != (tt.code == "invalid_token") {
				t.Errorf("got challenge %q", challenge)
			}
		})
	}

	s.clock.Advance(oauth.AccessTokenLifetime + time.Minute)
	if w := s.call(t, "/api/v1/audit-log", good); w.Code != http.StatusUnauthorized {
		t.Errorf("after its time: got %d, want 401", w.Code)
	}
}

func parts(t *testing.T, token string) (header, payload, signature string) {
	t.Helper()
	all := strings.Split(token, ".")
	if len(all) != 3 {
		t.Fatalf("got a token of %d parts", len(all))
	}
	return all[0], all[1], all[2]
}

// What ends an application or its secret ends its tokens at once.
func TestAPITokensEnd(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for name, end := range map[string]func(apiClient) error{
			"disabled": func(a apiClient) error {
				return s.Store.SetStatus(t.Context(), registry.Operator, a.id, registry.Disabled)
			},
			"deleted": func(a apiClient) error {
				return s.Store.DeleteApplication(t.Context(), registry.Operator, a.id, "Demo deleted")
			},
			"rotated now": func(a apiClient) error {
				_, err := s.Store.RegenerateSecret(t.Context(), registry.Operator, a.id, registry.Rotation{End: registry.EndNow}, store.ShowOnce{})
				return err
			},
		} {
			app := s.client(t, "Demo "+name, auditScope).may(t, registry.ReadAuditLog)
			token := app.token(t, "")
			if w := s.call(t, "/api/v1/audit-log", token); w.Code != http.StatusOK {
				t.Errorf("before %s: got %d, want 200", name, w.Code)
			}
			if err := end(app); err != nil {
				t.Fatal(err)
			}
			w := s.call(t, "/api/v1/audit-log", token)
			if p := problemOf(t, w); w.Code != http.StatusUnauthorized || p.Error != "invalid_token" {
				t.Errorf("%s: got %d %s, want 401 invalid_token", name, w.Code, w.Body)
			}
		}

		// The end of an overlap ends the secret, and not its tokens.
		app := s.client(t, "Demo overlap", auditScope).may(t, registry.ReadAuditLog)
		if _, err := s.Store.RegenerateSecret(t.Context(), registry.Operator, app.id, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		if w := s.call(t, "/api/v1/audit-log", app.token(t, "")); w.Code != http.StatusOK {
			t.Errorf("during an overlap: got %d, want 200", w.Code)
		}
	})
}

func TestAPIWrongQueries(t *testing.T) {
	s := newSite(t)
	token := s.client(t, "Demo All", auditScope, applicationsScope, membersScope, permissionsScope).
		may(t, registry.ReadAuditLog).may(t, registry.ViewApplications).may(t, registry.ReadMembers).may(t, registry.ViewPermissions).token(t, "")
	forged := base64.RawURLEncoding.EncodeToString([]byte("a:1 OR 1=1"))
	tests := []struct {
		path   string
		fields []string
	}{
		{"audit-log?limit=0&from=x&to=y&outcome=maybe&cursor=" + forged + "&colour=red", []string{"colour", "cursor", "from", "limit", "outcome", "to"}},
		{"audit-log?limit=201", []string{"limit"}},
		{"audit-log?limit=", []string{"limit"}},
		{"audit-log?limit=1&limit=2", []string{"limit"}},
		{"audit-log?actor=%00&target=%ff", []string{"actor", "target"}},
		{"audit-log?action=" + strings.Repeat("x", 101), []string{"action"}},
		{"audit-log?from=2026-06-02&to=2026-06-01", []string{"to"}},
		{"audit-log?from=2026-06-01T12:00:00", []string{"from"}}, // of which zone?
		{"audit-log?%zz=1", []string{"query"}},
		{"audit-log?cursor=" + auditCursor(1<<40), []string{"cursor"}},
		{"applications?limit=-1&cursor=x&actor=x", []string{"actor", "limit"}},
		{"applications?cursor=x", []string{"cursor"}},
		{"applications?cursor=" + forged, []string{"cursor"}},
		{"applications/cl_x?limit=1", []string{"limit"}},
		{"members?limit=x&cursor=x&q=x", []string{"limit", "q"}},
		{"members?cursor=" + forged, []string{"cursor"}},
		{"permissions?limit=0&subject_type=robot", []string{"limit", "subject_type"}},
		{"permissions?cursor=" + forged, []string{"cursor"}},
		{"permissions?service=nowhere", []string{"service"}},
	}
	for _, tt := range tests {
		w := s.call(t, "/api/v1/"+tt.path, token)
		p := problemOf(t, w)
		var fields []string
		for field := range p.Errors {
			fields = append(fields, field)
		}
		slices.Sort(fields)
		if w.Code != http.StatusBadRequest || !slices.Equal(fields, tt.fields) {
			t.Errorf("%s: got %d %s, want 400 that names %v", tt.path, w.Code, w.Body, tt.fields)
		}
	}
}

func TestAPIElsewhere(t *testing.T) {
	s := newSite(t)
	token := s.client(t, "Demo", applicationsScope).may(t, registry.ViewApplications).token(t, "")
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/api/v1/nowhere", 404},
		{"GET", "/api/", 404},
		{"GET", "/api/v1/applications/cl_nobody", 404},
		{"GET", "/api/v1/applications/%00", 404},
		{"POST", "/api/v1/applications", 405},
		{"DELETE", "/api/v1/audit-log", 405},
	} {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := s.ask(t, r)
		if problemOf(t, w); w.Code != tt.status {
			t.Errorf("%s %s: got %d %s, want %d", tt.method, tt.path, w.Code, w.Body, tt.status)
		}
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Minute) // past what caches are trusted for
	w := s.call(t, "/api/v1/applications", token)
	if problemOf(t, w); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("with the database down: got %d %s, want 503", w.Code, w.Body)
	}
}

// Through all pages, by the addresses that the answers give.
func TestAPIAuditLog(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		token := s.client(t, "Demo Reader", auditScope).may(t, registry.ReadAuditLog).token(t, "")
		for i := range 5 {
			s.client(t, fmt.Sprint("Demo ", i), auditScope)
		}
		type page struct {
			Events []auditEventJSON
			Next   *string
		}
		read := func(path string) (p page, next string) {
			w := s.call(t, path, token)
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
				t.Fatalf("got %d %s, want a page", w.Code, w.Body)
			}
			next, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"+s.Issuer), ">")
			if (p.Next == nil) != (next == "") {
				t.Fatalf("got the cursor %v and the link %q, want both or none", p.Next, next)
			}
			return p, next
		}
		var names []string
		pages := 0
		for next := "/api/v1/audit-log?limit=2&action=application.*"; next != ""; pages++ {
			var p page
			p, next = read(next)
			for _, e := range p.Events {
				names = append(names, e.Target.Name)
			}
		}
		want := []string{"Demo 4", "Demo 3", "Demo 2", "Demo 1", "Demo 0", "Demo Reader"}
		if !slices.Equal(names, want) || pages != 3 {
			t.Errorf("got %v on %d pages, want %v on 3", names, pages, want)
		}

		first, _ := read("/api/v1/audit-log?limit=1&target=Demo%204")
		entry, err := s.Store.AuditEvent(t.Context(), registry.Operator, first.Events[0].Seq)
		if err != nil {
			t.Fatal(err)
		}
		got, stored := first.Events[0], auditEventOf(entry.Event)
		if got.At != "2026-06-01T12:00:00.000Z" || got.Hash != entry.Hash || string(got.After) != string(stored.After) || string(got.Before) != "null" || got.Actor.Type != "operator" {
			t.Errorf("got %+v, want %+v", got, stored)
		}
	})
}

func TestAPIApplications(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		reader := s.client(t, "Demo Reader", applicationsScope).may(t, registry.ViewApplications)
		token := reader.token(t, "")
		for _, name := range []string{"beta", "Alpha", "<b>Gamma</b>", "Émile"} {
			s.client(t, name, auditScope)
		}
		s.Store.FlushUsage(t.Context())
		var names []string
		for next := "/api/v1/applications?limit=2"; next != ""; {
			w := s.call(t, next, token)
			var p struct{ Applications []applicationJSON }
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
				t.Fatalf("got %d %s, want a page", w.Code, w.Body)
			}
			for _, a := range p.Applications {
				names = append(names, a.Name)
			}
			next, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"+s.Issuer), ">")
		}
		if want := []string{"<b>Gamma</b>", "Alpha", "beta", "Demo Reader", "Émile"}; !slices.Equal(names, want) {
			t.Errorf("got %v, want %v", names, want)
		}
		w := s.call(t, "/api/v1/applications/"+reader.id, token)
		want := fmt.Sprintf(`{"id":"%s","name":"Demo Reader","type":"oauth_client","origin":"team","status":"active","description":"",`+
			`"grants":["client_credentials"],"auth_method":"client_secret_basic","token_alg":"ES256",`+
			`"redirect_uris":[],"networks":[],"home_page":"","trust":"unverified","scopes":["applications:read"],"required_scopes":[],`+
			`"permissions":[{"service":"applications","object":"","kind":"permission","key":"view"}],`+
			`"created_at":"2026-06-01T12:00:00Z","created_by":{"id":"","name":"Command line"},"owners":[],"last_used_at":"2026-06-01T12:00:00Z"}`, reader.id)
		if got := strings.TrimSpace(w.Body.String()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}

		portal, _, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
			ClientDetails: registry.ClientDetails{
				Name: "Portal", Grants: []string{registry.AuthorizationCode, registry.RefreshToken}, AuthMethod: registry.PublicClient,
				RedirectURIs: []string{"https://portal.example/cb", "com.example.app:/cb"}, HomePage: "https://portal.example", Trust: registry.FirstParty,
			}, Scopes: []string{"openid", auditScope},
		}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		w = s.call(t, "/api/v1/applications/"+portal.ID, token)
		want = `"grants":["authorization_code","refresh_token"],"auth_method":"none","token_alg":"ES256",` +
			`"redirect_uris":["https://portal.example/cb","com.example.app:/cb"],"networks":[],"home_page":"https://portal.example","trust":"first_party",` +
			`"scopes":["audit.log:read","openid"],"required_scopes":["openid"],`
		if got := w.Body.String(); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s in it", got, want)
		}
	})
}

// A cookie opens nothing here, and a token opens no page.
func TestAPIMembers(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		token := s.client(t, "Importer", membersScope).may(t, registry.ReadMembers).token(t, "")
		user := storetest.User(t, s.Store, "Émile <b>", "emile@example.com", false)
		storetest.User(t, s.Store, "anna", "anna@example.com", false)
		group := b.makeGroup("Clerks")
		b.post(group+"/add", url.Values{"user": {user.ID}})
		b.invite(url.Values{"name": {"Invited"}, "email": {"invited@example.com"}})
		var got []string
		pages := 0
		for next := "/api/v1/members?limit=2"; next != ""; pages++ {
			w := s.call(t, next, token)
			var p struct{ Members []memberJSON }
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
				t.Fatalf("got %d %s, want a page", w.Code, w.Body)
			}
			for _, m := range p.Members {
				text := m.Name + " " + string(m.Status)
				for _, g := range m.Groups {
					text += " " + g.Name
				}
				got = append(got, text)
			}
			next, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"+s.Issuer), ">")
		}
		if want := []string{"anna active", "First Admin active", "Invited invited", "Émile <b> active Clerks"}; !slices.Equal(got, want) || pages != 2 {
			t.Errorf("got %q on %d pages, want %q on 2", got, pages, want)
		}
	})
}

func TestAPIAndConsoleAreApart(t *testing.T) {
	s := newSite(t)
	admin := s.setUp(t)
	if w := admin.get("/api/v1/applications"); w.Code != http.StatusUnauthorized {
		t.Errorf("with a cookie: got %d, want 401", w.Code)
	}
	token := s.client(t, "Demo", applicationsScope).may(t, registry.ViewApplications).token(t, "")
	r := httptest.NewRequest(http.MethodGet, "/admin/scopes", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	s.browser(t).send(r).redirects("/login?return_to=%2Fadmin%2Fscopes")
}

func FuzzAuditCursor(f *testing.F) {
	for _, seed := range []string{"", "x", auditCursor(1), auditCursor(1 << 62), "YTot", base64.RawURLEncoding.EncodeToString([]byte("a:+1"))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if seq, err := parseAuditCursor(cursor); err == nil && (seq < 1 || auditCursor(seq) != cursor) {
			t.Errorf("%q is taken for event %d", cursor, seq)
		}
	})
}

func FuzzAPIQuery(f *testing.F) {
	for _, seed := range []string{"", "limit=1", "from=2026-06-01", "%zz", "a=1;b=2", "limit=1&limit=1", "cursor=YTox"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/api/v1/audit-log", RawQuery: text}}
		q, err := auditQuery(echo.New().NewContext(r, httptest.NewRecorder()))
		if err == nil && (q.Limit < 1 || q.Limit > 200 || q.Before < 0 || len(q.Actor) > 100) {
			t.Errorf("%q asks for %+v", text, q)
		}
	})
}
