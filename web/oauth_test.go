package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// protocolServer returns the whole server on a store of its own, and the
// credentials of a client registered for method.
func protocolServer(t *testing.T, method string) (handler http.Handler, db *store.DB, id, secret string) {
	t.Helper()
	handler, db, id, secret, _ = protocolServerLogging(t, method)
	return handler, db, id, secret
}

// protocolServerLogging is protocolServer with what it logs at the default level.
func protocolServerLogging(t *testing.T, method string) (handler http.Handler, db *store.DB, id, secret string, logged *bytes.Buffer) {
	t.Helper()
	logged = new(bytes.Buffer)
	clock := storetest.NewClock()
	db = storetest.OpenSQLite(t, clock)
	app, made, err := db.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{Name: "Payroll", Grants: []string{registry.ClientCredentials}, AuthMethod: method},
		Scopes:        []string{"audit.log:read", "applications:read"},
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		Store: db, OAuth: &oauth.Server{Issuer: storetest.Issuer, Store: db, Now: clock.Now},
		Issuer: storetest.Issuer, Now: clock.Now, Log: slog.New(slog.NewTextHandler(logged, nil)),
	}
	return s.Handler(), db, app.ID, made.Reveal(), logged
}

// tokenRequest posts form to the token endpoint, with credentials by Basic unless id is "".
func tokenRequest(form url.Values, id, secret string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		r.SetBasicAuth(id, secret)
	}
	return r
}

func send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTokenEndpoint(t *testing.T) {
	grant := url.Values{"grant_type": {"client_credentials"}}
	handler, _, id, secret := protocolServer(t, registry.SecretPost)
	byPost := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {"audit.log:read"}}
	inQuery := tokenRequest(grant, "", "")
	inQuery.URL.RawQuery = "client_id=" + id + "&client_secret=" + secret
	aborted := tokenRequest(grant, id, secret)
	aborted.Header.Set("Content-Type", "text/plain")
	tests := []struct {
		name    string
		request *http.Request
		status  int
		body    string
		basic   bool // challenged
	}{
		{"granted", tokenRequest(byPost, "", ""), 200, `"token_type":"Bearer","expires_in":900,"scope":"audit.log:read"`, false},
		{"by the other method", tokenRequest(grant, id, secret), 401, `{"error":"invalid_client"`, true},
		{"unknown client", tokenRequest(grant, "cl_nobody", secret), 401, `{"error":"invalid_client"`, true},
		{"a NUL in the client ID", tokenRequest(grant, id+"%00", secret), 401, `{"error":"invalid_client"`, true},
		{"credentials in the query", inQuery, 400, `{"error":"invalid_request"`, false},
		{"not a form", aborted, 400, `{"error":"invalid_request"`, false},
		{"too long", tokenRequest(url.Values{"a": {strings.Repeat("x", 1<<17)}}, id, secret), 413, `{"error":"invalid_request"`, false},
		{"unknown grant", tokenRequest(url.Values{"grant_type": {"password"}}, id, secret), 400, `{"error":"unsupported_grant_type"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := send(handler, tt.request)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("got %d %s, want %d with %s", w.Code, w.Body, tt.status, tt.body)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); strings.HasPrefix(challenge, "Basic realm=") != tt.basic {
				t.Errorf("got challenge %q, want one: %t", challenge, tt.basic)
			}
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json",
				"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("got %s %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestTokenEndpointNotesTheCallersAddress(t *testing.T) {
	handler, db, id, secret := protocolServer(t, registry.SecretBasic)
	r := tokenRequest(url.Values{"grant_type": {"client_credentials"}}, id, secret)
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("X-Forwarded-For", "203.0.113.9") // anyone can claim that
	if w := send(handler, r); w.Code != http.StatusOK {
		t.Fatalf("got %d %s, want 200", w.Code, w.Body)
	}
	db.FlushUsage(t.Context())
	app, err := db.Application(t.Context(), registry.Operator, id)
	if err != nil {
		t.Fatal(err)
	}
	if app.LastUsedAddress != "192.0.2.1" || !app.LastUsedAt.Equal(storetest.Noon) {
		t.Errorf("got last use %v from %q, want %v from 192.0.2.1", app.LastUsedAt, app.LastUsedAddress, storetest.Noon)
	}
}

// brokenStore is a database that is down. What it does not have is not asked
// for: every request begins with its client or the keys.
type brokenStore struct{ oauth.Store }

var errDown = errors.New("the database is down")

func (brokenStore) OAuthClient(context.Context, string) (*oauth.Client, error) { return nil, errDown }

func (brokenStore) KeyHolder(context.Context, string) (*oauth.Client, error) { return nil, errDown }

func (brokenStore) SigningKeys(context.Context) (*oauth.KeySet, error) { return nil, errDown }

func (brokenStore) TokenIssued(oauth.Use) {}

func (brokenStore) AuthenticationFailed(oauth.Failure) {}

func TestProtocolEndpointsAskToRetryWhenTheDatabaseIsDown(t *testing.T) {
	s := &Server{
		Store:  storetest.OpenSQLite(t, storetest.NewClock()),
		OAuth:  &oauth.Server{Issuer: storetest.Issuer, Store: brokenStore{}, Now: storetest.NewClock().Now},
		Issuer: storetest.Issuer, Now: storetest.NewClock().Now, Log: slog.New(slog.DiscardHandler),
	}
	handler := s.Handler()
	for _, r := range []*http.Request{
		tokenRequest(url.Values{"grant_type": {"client_credentials"}}, "cl_any", "s"),
		httptest.NewRequest(http.MethodGet, oauth.JWKSPath, nil),
	} {
		w := send(handler, r)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" ||
			!strings.Contains(w.Body.String(), `"error":"temporarily_unavailable"`) || strings.Contains(w.Body.String(), "database") {
			t.Errorf("%s: got %d %s, want 503 with Retry-After and no cause", r.URL.Path, w.Code, w.Body)
		}
		if cached := w.Header().Get("Cache-Control"); strings.Contains(cached, "max-age") {
			t.Errorf("%s: got Cache-Control %q on a failure", r.URL.Path, cached)
		}
	}
}

func TestTokenEndpointRefusesOtherMethods(t *testing.T) {
	handler, _, id, secret := protocolServer(t, registry.SecretBasic)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		r := tokenRequest(url.Values{"grant_type": {"client_credentials"}}, id, secret)
		r.Method = method
		w := send(handler, r)
		if allow := w.Header().Get("Allow"); w.Code != http.StatusMethodNotAllowed || !strings.Contains(allow, "POST") {
			t.Errorf("%s: got %d allowing %q, want 405 allowing POST", method, w.Code, allow)
		}
	}
}

func TestProtocolEndpointsAllowEveryOrigin(t *testing.T) {
	handler, _, _, _ := protocolServer(t, registry.SecretBasic)
	for _, path := range []string{oauth.TokenPath, oauth.RevokePath, oauth.UserInfoPath, oauth.JWKSPath, oauth.MetadataPath, oauth.DiscoveryPath} {
		r := httptest.NewRequest(http.MethodOptions, path, nil)
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization")
		w := send(handler, r)
		if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization") ||
			w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: got %d %v, want every origin allowed without credentials", path, w.Code, w.Header())
		}
	}
}

func TestCrossSiteTokenRequestIsServed(t *testing.T) {
	handler, _, id, secret := protocolServer(t, registry.SecretBasic)
	r := tokenRequest(url.Values{"grant_type": {"client_credentials"}}, id, secret)
	r.Header.Set("Origin", "https://app.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := send(handler, r); w.Code != http.StatusOK {
		t.Errorf("got %d %s, want 200: no cookie counts here", w.Code, w.Body)
	}
}

func TestJWKSEndpoint(t *testing.T) {
	handler, _, _, _ := protocolServer(t, registry.SecretBasic)
	w := send(handler, httptest.NewRequest(http.MethodGet, oauth.JWKSPath, nil))
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || w.Code != http.StatusOK {
		t.Fatalf("got %d %s, want a key set", w.Code, w.Body)
	}
	if len(set.Keys) < 2 { // the active one, and the next
		t.Errorf("got %d keys, want at least 2", len(set.Keys))
	}
	for _, key := range set.Keys {
		if _, private := key["d"]; private || key["kid"] == "" {
			t.Errorf("got %v, want a public key with an ID", key)
		}
	}
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("got Cache-Control %q, want it cacheable", got)
	}
}

func TestMetadataEndpointNeverFollowsHost(t *testing.T) {
	handler, _, _, _ := protocolServer(t, registry.SecretBasic)
	r := httptest.NewRequest(http.MethodGet, oauth.MetadataPath, nil)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("Forwarded", "host=evil.example;proto=https")
	w := send(handler, r)
	var got oauth.Metadata
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Issuer != storetest.Issuer || got.TokenEndpoint != storetest.Issuer+"/oauth2/token" || strings.Contains(w.Body.String(), "evil") {
		t.Errorf("got %s, want the configured issuer %s", w.Body, storetest.Issuer)
	}
}

// What metadata advertises, the server does.
func TestMetadataAdvertisesWorkingEndpoints(t *testing.T) {
	handler, _, _, _ := protocolServer(t, registry.SecretBasic)
	var got map[string]any
	w := send(handler, httptest.NewRequest(http.MethodGet, oauth.MetadataPath, nil))
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name, value := range got {
		if address, ok := value.(string); ok && name != "issuer" {
			path := strings.TrimPrefix(address, storetest.Issuer)
			if w := send(handler, httptest.NewRequest(http.MethodGet, path, nil)); w.Code == http.StatusNotFound {
				t.Errorf("%s: got 404 at %s", name, path)
			}
		}
	}
}

func TestWhatGoesWellAtProtocolEndpointsIsNotLogged(t *testing.T) {
	handler, _, id, secret, logged := protocolServerLogging(t, registry.SecretBasic)
	grant := url.Values{"grant_type": {"client_credentials"}}
	send(handler, tokenRequest(grant, id, secret))
	if logged.Len() != 0 {
		t.Errorf("got %s, want no line for a token", logged)
	}
	send(handler, tokenRequest(grant, id, "wrong"))
	if line := logged.String(); !strings.Contains(line, "path=/oauth2/token status=401") || strings.Contains(line, secret) {
		t.Errorf("got %q, want a line for the refusal", line)
	}
}

// Whoever keeps sending a wrong secret is told when to try again; who sends the
// right one is served meanwhile.
func TestTooManyFailures(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		c := s.client(t, "Demo", "audit.log:read")
		b := s.browser(t)
		grant := url.Values{"grant_type": {registry.ClientCredentials}}
		var w answer
		for range 31 {
			w = b.send(tokenRequest(grant, c.id, "wrong"))
		}
		var refusal struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil {
			t.Fatal(err)
		}
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "60" || refusal.Error != "invalid_client" || !strings.Contains(refusal.Description, "try again in 60 seconds") {
			t.Errorf("got %d, Retry-After %q and %+v, want 429 for the rest of the minute", w.Code, w.Header().Get("Retry-After"), refusal)
		}
		if w := b.send(tokenRequest(grant, c.id, c.secret)); w.Code != http.StatusOK {
			t.Errorf("with the secret: got %d %s, want a token", w.Code, w.Body)
		}

		for range 120 {
			w = s.callWith(t, "/api/v1/me", "AppKey "+registry.NewKey().Reveal())
		}
		w.has(http.StatusTooManyRequests, "try again in 60 seconds", `"error":"invalid_token"`)
		if got := w.Header().Get("Retry-After"); got != "60" {
			t.Errorf("of keys: got Retry-After %q, want 60", got)
		}
		s.callWith(t, "/api/v1/applications", "Bearer "+c.token(t, "audit.log:read")).has(http.StatusForbidden)
	})
}
