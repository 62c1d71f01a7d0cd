package oauth

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

// authorization returns a good authorization request of the client "web" with
// some parameters changed, as pairs; a parameter whose value is "-" is left out.
func authorization(pairs ...string) url.Values {
	q := url.Values{
		"client_id": {"web"}, "redirect_uri": {webRedirect}, "response_type": {"code"}, "scope": {"openid orders:read"},
		"state": {"s-1"}, "code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "-" {
			q.Del(pairs[i])
		}
	}
	return q
}

// said is how a request was answered: "page" and the code, "redirect" and the
// code, or "ok" and the scopes.
func said(r AuthorizationRequest, err error) string {
	if told, ok := errors.AsType[*AuthorizationError](err); ok {
		return "redirect " + told.Refusal.Code
	}
	if refusal, ok := errors.AsType[*Error](err); ok {
		return "page " + refusal.Code
	}
	if err != nil {
		return err.Error()
	}
	return "ok " + join(r.Scopes)
}

func TestAuthorizeRequest(t *testing.T) {
	twice := func(name string) url.Values {
		q := authorization()
		q.Add(name, q.Get(name))
		return q
	}
	tests := []struct {
		name  string
		query url.Values
		want  string
	}{
		{"good", authorization(), "ok openid orders:read"},
		{"no scope is all", authorization("scope", "-"), "ok openid email orders:read orders:write stock:read audit.log:read profile"},
		{"a resource limits the default", authorization("scope", "-", "resource", stockA), "ok openid email stock:read profile"},
		{"OpenID beside a resource", authorization("resource", ordersA), "ok openid orders:read"},
		{"a scope outside its resource", authorization("resource", stockA), "redirect invalid_scope"},
		{"a resource that no scope opens", authorization("resource", "https://other.example"), "redirect invalid_target"},
		{"a scope that is not registered", authorization("scope", "openid stock:write"), "redirect invalid_scope"},
		{"a malformed scope", authorization("scope", "openid  email"), "redirect invalid_scope"},

		{"no client_id", authorization("client_id", "-"), "page invalid_request"},
		{"an unknown client", authorization("client_id", "nobody"), "page invalid_request"},
		{"two client_ids", twice("client_id"), "page invalid_request"},
		{"no redirect_uri", authorization("redirect_uri", "-"), "page invalid_request"},
		{"two redirect_uris", twice("redirect_uri"), "page invalid_request"},
		{"another redirect_uri", authorization("redirect_uri", "https://evil.example/cb"), "page invalid_request"},
		{"a client without redirect URIs", authorization("client_id", "basic"), "page invalid_request"},

		{"state twice", twice("state"), "redirect invalid_request"},
		{"any parameter twice", twice("scope"), "redirect invalid_request"},
		{"no response_type", authorization("response_type", "-"), "redirect invalid_request"},
		{"implicit", authorization("response_type", "token"), "redirect unsupported_response_type"},
		{"hybrid", authorization("response_type", "code id_token"), "redirect unsupported_response_type"},
		{"response_mode query", authorization("response_mode", "query"), "ok openid orders:read"},
		{"response_mode fragment", authorization("response_mode", "fragment"), "redirect invalid_request"},
		{"a request object", authorization("request", "e30.e30."), "redirect request_not_supported"},
		{"a request_uri", authorization("request_uri", "https://app.example/r"), "redirect request_uri_not_supported"},
		{"PKCE S256 required", authorization("code_challenge", "-", "code_challenge_method", "-"), "redirect invalid_request"},
		{"plain refused", authorization("code_challenge_method", "plain"), "redirect invalid_request"},
		{"plain refused, by default", authorization("code_challenge_method", "-"), "redirect invalid_request"},
		{"too short a challenge", authorization("code_challenge", strings.Repeat("a", 42)), "redirect invalid_request"},
		{"a challenge with padding", authorization("code_challenge", strings.Repeat("a", 43)+"="), "redirect invalid_request"},
		{"no such prompt", authorization("prompt", "create"), "redirect invalid_request"},
		{"prompt none beside another", authorization("prompt", "none login"), "redirect invalid_request"},
		{"max_age is no number", authorization("max_age", "soon"), "redirect invalid_request"},
		{"max_age below nothing", authorization("max_age", "-1"), "redirect invalid_request"},
		{"a nonce with NUL", authorization("nonce", "a\x00b"), "redirect invalid_request"},
		{"what is not known is left alone", authorization("ui_locales", "de", "role", "admin"), "ok openid orders:read"},
	}
	s, m := testServer(t)
	for _, tt := range tests {
		if got := said(s.Authorization(t.Context(), tt.query)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	for what, change := range map[string]func(*Client){
		"a disabled client":          func(c *Client) { c.Disabled = true },
		"a client without the grant": func(c *Client) { c.Grants = nil },
	} {
		web := *m.clients["web"]
		change(&web)
		m.clients["changed"] = &web
		if got := said(s.Authorization(t.Context(), authorization("client_id", "changed"))); got != "redirect unauthorized_client" {
			t.Errorf("%s: got %s, want redirect unauthorized_client", what, got)
		}
	}
}

// state returned verbatim, and iss on success and on error.
func TestAuthorizeAnswers(t *testing.T) {
	state := " a&b=c#d%20é\x00\xff+"
	s, _ := testServer(t)
	for _, redirect := range []string{webRedirect, "https://app.example/cb?tenant=a", "com.example.app:/cb"} {
		r, err := s.Authorization(t.Context(), authorization("state", state, "redirect_uri", redirect))
		if err != nil {
			t.Fatal(err)
		}
		for what, location := range map[string]string{"success": r.Granted("ac_1"), "error": r.Refuse(AccessDenied()).Location} {
			rest, ok := strings.CutPrefix(location, redirect)
			if !ok {
				t.Fatalf("%s: got %s, want it to begin with %s", what, location, redirect)
			}
			q, err := url.ParseQuery(rest[1:])
			if err != nil || q.Get("state") != state || q.Get("iss") != issuer {
				t.Errorf("%s: got %v %v, want the state verbatim and the issuer", what, q, err)
			}
			if (what == "success") != (q.Get("code") == "ac_1") || (what == "error") != (q.Get("error") == "access_denied") {
				t.Errorf("%s: got %v", what, q)
			}
		}
	}
}

func TestAuthorizeNeedsSignIn(t *testing.T) {
	tests := []struct {
		name     string
		pairs    []string
		signedIn time.Time
		want     bool
	}{
		{"nobody", nil, time.Time{}, true},
		{"signed in", nil, noon.Add(-time.Hour), false},
		{"prompt login", []string{"prompt", "login"}, noon, true},
		{"prompt select_account", []string{"prompt", "select_account"}, noon, true},
		{"prompt consent", []string{"prompt", "consent"}, noon, false},
		{"max_age kept", []string{"max_age", "3600"}, noon.Add(-time.Hour), false},
		{"max_age exceeded", []string{"max_age", "3600"}, noon.Add(-time.Hour - time.Second), true},
		{"max_age 0", []string{"max_age", "0"}, noon.Add(-time.Second), true},
	}
	s, _ := testServer(t)
	for _, tt := range tests {
		r, err := s.Authorization(t.Context(), authorization(tt.pairs...))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.NeedsSignIn(tt.signedIn, noon); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

// exact redirect match (loopback port excepted): every near miss is answered
// with a page, and nothing is sent to it.
func TestAuthorizeRedirectNearMisses(t *testing.T) {
	registered := []string{
		"https://app.example/cb", "https://app.example/cb?tenant=a", "http://127.0.0.1/cb", "http://[::1]:1234/cb",
		"http://localhost:3000/cb", "com.example.app:/cb",
	}
	for _, good := range append(registered, "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://[::1]/cb", "http://[::1]:80/cb") {
		if !redirectMatches(registered, good) {
			t.Errorf("%s: got no match", good)
		}
	}
	if len(nearMisses) < 100 {
		t.Errorf("got %d near misses, want 100 at least", len(nearMisses))
	}
	s, _ := testServer(t)
	for _, miss := range nearMisses {
		r, err := s.Authorization(context.Background(), authorization("redirect_uri", miss))
		if got := said(r, err); got != "page invalid_request" {
			t.Errorf("%q: got %s, want page invalid_request", miss, got)
		}
	}
}

var nearMisses = []string{
	// case
	"HTTPS://app.example/cb", "https://APP.example/cb", "https://app.Example/cb", "https://app.example/CB", "https://app.example/Cb", "Https://app.example/cb",
	// port
	"https://app.example:443/cb", "https://app.example:8443/cb", "https://app.example:/cb", "https://app.example:0/cb", "https://app.example:443443/cb",
	// userinfo and host
	"https://app.example@evil.example/cb", "https://user@app.example/cb", "https://user:pass@app.example/cb", "https://evil.example@app.example/cb",
	"https://app.example%40evil.example/cb", "https://evil.example#@app.example/cb", "https://evil.example?@app.example/cb", "https://evil.example\\@app.example/cb",
	"https://app.example.evil.example/cb", "https://evilapp.example/cb", "https://evil-app.example/cb", "https://evil.app.example/cb", "https://app.example./cb",
	"https://app.example%2eevil.example/cb", "https://app.example%2f.evil.example/cb", "https://app.example%00.evil.example/cb", "https://app/cb", "https://example/cb",
	"https://app%2eexample/cb", "https://app。example/cb", "https://app.exämple/cb", "https://xn--app.example/cb", "https://аpp.example/cb", "https://app.example\u200b/cb",
	"https://[app.example]/cb", "https://app..example/cb", "https://.app.example/cb", "https:///app.example/cb", "https:/app.example/cb", "https:app.example/cb", "//app.example/cb",
	// path
	"https://app.example/cb/", "https://app.example/cb//", "https://app.example//cb", "https://app.example/", "https://app.example", "https://app.example/cb/x", "https://app.example/cbx",
	"https://app.example/c", "https://app.example/./cb", "https://app.example/x/../cb", "https://app.example/cb/.", "https://app.example/cb/..", "https://app.example/cb/../evil",
	"https://app.example/%63b", "https://app.example/c%62", "https://app.example/cb%2f", "https://app.example/cb%2F", "https://app.example/%2e/cb", "https://app.example/%2e%2e/cb",
	"https://app.example/cb/%2e%2e/evil", "https://app.example/cb%00", "https://app.example/cb%20", "https://app.example/cb%0d%0aX: y", "https://app.example/cb;x", "https://app.example/cb;/",
	"https://app.example\\cb", "https://app.example/cb\\", "https://app.example/\\cb", "https:\\\\app.example\\cb", "https://app.example/cb\\..\\evil",
	// query and fragment
	"https://app.example/cb?", "https://app.example/cb?x=1", "https://app.example/cb?tenant=b", "https://app.example/cb?tenant=a&x=1", "https://app.example/cb?x=1&tenant=a",
	"https://app.example/cb?tenant=a&", "https://app.example/cb?tenant=A", "https://app.example/cb?Tenant=a", "https://app.example/cb?tenant=%61", "https://app.example/cb?tenant=a#",
	"https://app.example/cb#", "https://app.example/cb#x", "https://app.example/cb%23", "https://app.example/cb%3Ftenant=a", "https://app.example/cb?redirect=https://evil.example",
	// white space and Unicode
	" https://app.example/cb", "https://app.example/cb ", "\thttps://app.example/cb", "https://app.example/cb\n", "https://app.example/cb\r", "https://app.example/cb\x00",
	"https://app.example/ｃｂ", "https://app.example/cb\u202e", "https://app.example／cb", "https：//app.example/cb", "https://app．example/cb",
	// schemes
	"http://app.example/cb", "ftp://app.example/cb", "javascript:alert(1)", "javascript://app.example/cb", "data:text/html,x", "file:///cb", "app.example/cb", "/cb", "cb", "*", "https://*/cb",
	"com.example.app:cb", "com.example.app://cb", "com.example.app:/cb/", "COM.example.app:/cb", "com.example.app2:/cb", "com.example:/cb",
	// loopback, where only the port is free
	"http://127.0.0.1/", "http://127.0.0.1:8080", "http://127.0.0.1:8080/CB", "http://127.0.0.1:8080/cb?x", "http://127.0.0.1:8080/cb/", "http://127.0.0.1:/cb", "http://127.0.0.1:0/cb",
	"http://127.0.0.1:080/cb", "http://127.0.0.1:65536/cb", "http://127.0.0.1:99999999/cb", "http://127.0.0.1:8080@evil.example/cb", "http://127.0.0.1:80:80/cb", "http://127.0.0.1:+80/cb",
	"http://127.0.0.1.evil.example/cb", "http://127.0.0.1:8080.evil.example/cb", "http://127.0.0.2/cb", "http://127.1/cb", "http://2130706433/cb", "http://0x7f.0.0.1/cb", "http://0.0.0.0/cb",
	"https://127.0.0.1/cb", "http://user@127.0.0.1/cb", "http://localhost/cb", "http://localhost:3001/cb", "http://localhost:3000/cb/", "http://LOCALHOST:3000/cb", "http://localhost.:3000/cb",
	"http://[::1]:1234/cb2", "http://[0:0:0:0:0:0:0:1]:1234/cb", "http://[::1%25lo]:1234/cb", "http://[::ffff:127.0.0.1]/cb", "http://::1/cb", "http://[::1]x/cb", "http://[::1]:/cb",
}

func FuzzRedirect(f *testing.F) {
	for _, miss := range nearMisses {
		f.Add(miss)
	}
	registered := []string{"https://app.example/cb", "http://127.0.0.1/cb"}
	f.Fuzz(func(t *testing.T, sent string) {
		if !redirectMatches(registered, sent) || sent == registered[0] {
			return
		}
		u, err := url.Parse(sent)
		if err != nil || u.Scheme != "http" || u.Hostname() != "127.0.0.1" || u.EscapedPath() != "/cb" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q matches, and is %+v (%v)", sent, u, err)
		}
	})
}

func TestTokenCodeExchange(t *testing.T) {
	verifier := strings.Repeat("v", 43)
	exchange := func(pairs ...string) url.Values {
		f := url.Values{"grant_type": {"authorization_code"}, "code": {"good"}, "redirect_uri": {webRedirect}, "code_verifier": {verifier}}
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
			if pairs[i+1] == "-" {
				f.Del(pairs[i])
			}
		}
		return f
	}
	tests := []struct {
		name        string
		credentials string
		form        url.Values
		want        string // what was granted, or how it was refused
	}{
		{"good", "web:s3cret", exchange(), "openid email orders:read stock:read"},
		{"a scope parameter adds nothing", "web:s3cret", exchange("scope", "orders:write"), "openid email orders:read stock:read"},
		{"for one API", "web:s3cret", exchange("resource", stockA), "stock:read"},
		{"for an API that was not granted", "web:s3cret", exchange("resource", "https://other.example"), "Bad Request invalid_target"},
		{"a code of another client", "public:", exchange("client_id", "public"), "Bad Request invalid_grant"},
		{"no such code", "web:s3cret", exchange("code", "bad"), "Bad Request invalid_grant"},
		{"no code", "web:s3cret", exchange("code", "-"), "Bad Request invalid_request"},
		{"no redirect_uri", "web:s3cret", exchange("redirect_uri", "-"), "Bad Request invalid_request"},
		{"no verifier", "web:s3cret", exchange("code_verifier", "-"), "Bad Request invalid_request"},
		{"verifier of 42 characters", "web:s3cret", exchange("code_verifier", strings.Repeat("v", 42)), "Bad Request invalid_request"},
		{"verifier of 129 characters", "web:s3cret", exchange("code_verifier", strings.Repeat("v", 129)), "Bad Request invalid_request"},
		{"a wrong secret", "web:wrong", exchange(), "Unauthorized invalid_client"},
		{"a client without the grant", "basic:s3cret", exchange(), "Bad Request unauthorized_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, m := testServer(t)
			r := formRequest(tt.credentials, tt.form)
			if tt.credentials == "public:" {
				r.Header.Del("Authorization")
			}
			got, err := ask(s, r)
			if answer := cmp.Or(got.Scope, outcome(err)); answer != tt.want {
				t.Fatalf("got %s (%v), want %s", answer, err, tt.want)
			}
			if err != nil {
				if len(m.codes) != 1 {
					t.Error("the code was spent all the same")
				}
				return
			}
			claims := decode(t, got.AccessToken)
			if claims.Subject != "us_1" || claims.ClientID != "web" || !strings.HasPrefix(claims.ID, "fa_1.") || got.RefreshToken != "rt_first" {
				t.Errorf("got %+v and %q, want the user's, of fa_1, and a refresh token", claims, got.RefreshToken)
			}
			if use := m.uses[0]; use.ConsentID != "co_1" || use.ClientID != "web" {
				t.Errorf("got use %+v, want it noted for co_1", use)
			}
		})
	}
}

// An access token ends with the consent.
func TestTokenEndsWithConsent(t *testing.T) {
	s, m := testServer(t)
	a := m.refreshes["rt_good"]
	a.EndsAt = noon.Add(100 * time.Second)
	m.refreshes["rt_good"] = a
	got, err := ask(s, formRequest("web:s3cret", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"rt_good"}}))
	if err != nil {
		t.Fatal(err)
	}
	if claims := decode(t, got.AccessToken); got.ExpiresIn != 100 || claims.ExpiresAt != a.EndsAt.Unix() {
		t.Errorf("got %d s, until %d; want 100, the consent's end", got.ExpiresIn, claims.ExpiresAt)
	}
}

// scope never grows at refresh.
func TestTokenRefreshScopes(t *testing.T) {
	tests := []struct{ name, scope, want string }{
		{"none is all", "", "openid email orders:read stock:read"},
		{"fewer", "stock:read", "stock:read"},
		{"one that the user did not grant", "stock:read orders:write", "Bad Request invalid_scope"},
		{"one that is not registered", "stock:write", "Bad Request invalid_scope"},
	}
	for _, tt := range tests {
		s, m := testServer(t)
		got, err := ask(s, formRequest("web:s3cret", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"rt_good"}, "scope": {tt.scope}}))
		if answer := cmp.Or(got.Scope, outcome(err)); answer != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, answer, tt.want)
		}
		// What is no longer registered for the client is no longer given.
		m.clients["web"].Scopes = m.clients["web"].Scopes[:2]
		got, err = ask(s, formRequest("web:s3cret", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"rt_good"}}))
		if err != nil || got.Scope != "openid email" {
			t.Errorf("after scopes were taken from the client: got %q %v, want openid email", got.Scope, err)
		}
	}
}
