package oauth

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
)

func TestTokenIsGranted(t *testing.T) {
	all := "orders:read orders:write stock:read audit.log:read"
	tests := []struct {
		name    string
		request *http.Request
		client  string
		secret  string
		scope   string
		aud     []string
	}{
		{"by Basic", formRequest("basic:s3cret", form()), "basic", "se_new", all, []string{ordersA, stockA, issuer}},
		{"by the older secret", formRequest("basic:older", form()), "basic", "se_old", all, []string{ordersA, stockA, issuer}},
		{"by post", formRequest("", form("client_id", "post", "client_secret", "s3cret")), "post", "se_post", "orders:read orders:write stock:read", []string{ordersA, stockA}},
		{"one scope", formRequest("basic:s3cret", form("scope", "stock:read")), "basic", "se_new", "stock:read", []string{stockA}},
		{"a built-in scope", formRequest("basic:s3cret", form("scope", "audit.log:read")), "basic", "se_new", "audit.log:read", []string{issuer}},
		{"scopes twice and in another order", formRequest("basic:s3cret", form("scope", "stock:read orders:read stock:read")), "basic", "se_new", "orders:read stock:read", []string{ordersA, stockA}},
		{"an empty scope is none", formRequest("basic:s3cret", form("scope", "")), "basic", "se_new", all, []string{ordersA, stockA, issuer}},
		{"a resource limits the default", formRequest("basic:s3cret", form("resource", ordersA)), "basic", "se_new", "orders:read orders:write", []string{ordersA}},
		{"resources repeat", formRequest("basic:s3cret", form("resource", stockA, "resource", issuer)), "basic", "se_new", "stock:read audit.log:read", []string{stockA, issuer}},
		{"a scope within its resource", formRequest("basic:s3cret", form("resource", stockA, "resource", ordersA, "scope", "stock:read")), "basic", "se_new", "stock:read", []string{stockA}},
		{"client_id beside Basic", formRequest("basic:s3cret", form("client_id", "basic")), "basic", "se_new", all, []string{ordersA, stockA, issuer}},
	}
	s, m := testServer(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := ParseTokenRequest(tt.request)
			if err != nil {
				t.Fatal(err)
			}
			req.Address = "192.0.2.7"
			got, err := s.Token(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if got.TokenType != "Bearer" || got.ExpiresIn != 900 || got.Scope != tt.scope {
				t.Errorf("got %s for %d s with %q, want Bearer for 900 s with %q", got.TokenType, got.ExpiresIn, got.Scope, tt.scope)
			}
			said := decode(t, got.AccessToken)
			if !slices.Equal(said.Audience, tt.aud) || said.Scope != tt.scope || said.Subject != tt.client || said.ClientID != tt.client {
				t.Errorf("got claims %+v, want %s for %v with %q", said, tt.client, tt.aud, tt.scope)
			}
			if !strings.HasPrefix(said.ID, tt.secret+".") {
				t.Errorf("got jti %q, want it to begin with %s", said.ID, tt.secret)
			}
			want := Use{ClientID: tt.client, SecretID: tt.secret, Scopes: strings.Fields(tt.scope), Address: "192.0.2.7", At: noon}
			if diff := cmp.Diff(want, m.uses[len(m.uses)-1]); diff != "" {
				t.Errorf("use (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTokenBodyOnly(t *testing.T) {
	s, _ := testServer(t)
	body := form("client_id", "post", "client_secret", "s3cret").Encode()
	tests := []struct {
		name   string
		target string
		media  string
		body   io.Reader
		want   string
	}{
		{"a form", TokenPath, "application/x-www-form-urlencoded", strings.NewReader(body), "ok"},
		{"with a charset", TokenPath, "Application/X-WWW-Form-URLEncoded; charset=UTF-8", strings.NewReader(body), "ok"},
		{"credentials in the query", TokenPath + "?" + body, "application/x-www-form-urlencoded", strings.NewReader("grant_type=client_credentials"), "Bad Request invalid_request"},
		{"any parameter in the query", TokenPath + "?scope=orders:read", "application/x-www-form-urlencoded", strings.NewReader(body), "Bad Request invalid_request"},
		{"JSON", TokenPath, "application/json", strings.NewReader(`{"grant_type":"client_credentials"}`), "Bad Request invalid_request"},
		{"multipart", TokenPath, "multipart/form-data; boundary=x", strings.NewReader("--x--"), "Bad Request invalid_request"},
		{"no media type", TokenPath, "", strings.NewReader(body), "Bad Request invalid_request"},
		{"a malformed escape", TokenPath, "application/x-www-form-urlencoded", strings.NewReader(body + "&scope=%zz"), "Bad Request invalid_request"},
		{"a semicolon", TokenPath, "application/x-www-form-urlencoded", strings.NewReader(body + ";a=b"), "Bad Request invalid_request"},
		{"the longest body", TokenPath, "application/x-www-form-urlencoded", strings.NewReader(body + "&a=" + strings.Repeat("x", maxBody-len(body)-3)), "ok"},
		{"too long a body", TokenPath, "application/x-www-form-urlencoded", strings.NewReader(body + "&a=" + strings.Repeat("x", maxBody)), "Request Entity Too Large invalid_request"},
		{"a body cut off", TokenPath, "application/x-www-form-urlencoded", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(body))), "Bad Request invalid_request"},
		{"no body", TokenPath, "application/x-www-form-urlencoded", nil, "Unauthorized invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, tt.target, tt.body)
			r.Header.Set("Content-Type", tt.media)
			if _, err := ask(s, r); outcome(err) != tt.want {
				t.Errorf("got %s (%v), want %s", outcome(err), err, tt.want)
			}
		})
	}
}

func TestTokenDuplicatesRefused(t *testing.T) {
	s, _ := testServer(t)
	for _, parameter := range []string{"grant_type", "scope", "client_id", "client_secret", "unknown", "empty"} {
		f := form("client_id", "post", "client_secret", "s3cret", "scope", "orders:read", "unknown", "1", "empty", "")
		f.Add(parameter, f.Get(parameter))
		if _, err := ask(s, formRequest("", f)); outcome(err) != "Bad Request invalid_request" {
			t.Errorf("%s twice: got %s, want Bad Request invalid_request", parameter, outcome(err))
		}
	}
}

func TestTokenOneMethodTheRegisteredOne(t *testing.T) {
	post := form("client_id", "post", "client_secret", "s3cret")
	twice := formRequest("basic:s3cret", form())
	twice.Header.Add("Authorization", twice.Header.Get("Authorization"))
	assertion := form("client_assertion", "e30.e30.", "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	tests := []struct {
		name    string
		request *http.Request
		want    string
	}{
		{"Basic and post", formRequest("post:s3cret", post), "Bad Request invalid_request"},
		{"malformed Basic and post", with(formRequest("", post), "Authorization", "Basic !"), "Bad Request invalid_request"},
		{"Basic and an assertion", formRequest("basic:s3cret", assertion), "Bad Request invalid_request"},
		{"post and an assertion", formRequest("", form("client_id", "post", "client_secret", "s3cret", "client_assertion", "x")), "Bad Request invalid_request"},
		{"Basic twice", twice, "Bad Request invalid_request"},
		{"Basic and another client_id", formRequest("basic:s3cret", form("client_id", "post")), "Bad Request invalid_request"},
		{"Basic, registered for post", formRequest("post:s3cret", form()), "Unauthorized invalid_client"},
		{"post, registered for Basic", formRequest("", form("client_id", "basic", "client_secret", "s3cret")), "Unauthorized invalid_client"},
		{"an assertion alone", formRequest("", assertion), "Unauthorized invalid_client"},
		{"Bearer", with(formRequest("", form()), "Authorization", "Bearer s3cret"), "Unauthorized invalid_client"},
		{"client_id alone", formRequest("", form("client_id", "post")), "Unauthorized invalid_client"},
		{"an empty secret", formRequest("basic:", form()), "Unauthorized invalid_client"},
		{"nothing", formRequest("", form()), "Unauthorized invalid_client"},
	}
	s, m := testServer(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ask(s, tt.request)
			if outcome(err) != tt.want {
				t.Errorf("got %s, want %s", outcome(err), tt.want)
			}
			refusal, _ := errors.AsType[*Error](err)
			if basic := strings.HasPrefix(refusal.Challenge(), `Basic realm="`); basic != (refusal.Status == http.StatusUnauthorized) {
				t.Errorf("got challenge %q with %d", refusal.Challenge(), refusal.Status)
			}
		})
	}
	if len(m.uses) != 0 {
		t.Errorf("got uses %v, want none", m.uses)
	}
}

func TestTokenBasicHalvesPercentDecoded(t *testing.T) {
	s, m := testServer(t)
	odd := *m.clients["basic"]
	odd.ID, odd.Secrets = "a:b c", []Secret{secret("se_odd", "p+q%/ü:", time.Time{})}
	m.clients[odd.ID] = &odd
	tests := []struct {
		name string
		pair string // before base64
		want string
	}{
		{"escaped", "a%3Ab+c:" + url.QueryEscape("p+q%/ü:"), "ok"},
		{"space as %20", "a%3ab%20c:p%2Bq%25%2f%C3%BC%3A", "ok"},
		{"not escaped", "a:b c:p+q%/ü:", "Unauthorized invalid_client"},
		{"a malformed escape", "basic%zz:s3cret", "Unauthorized invalid_client"},
		{"a malformed escape in the secret", "basic:s3cret%", "Unauthorized invalid_client"},
		{"no colon", "basic", "Unauthorized invalid_client"},
		{"a NUL", "basic%00:s3cret", "Unauthorized invalid_client"},
		{"not UTF-8", "basic%ff:s3cret", "Unauthorized invalid_client"},
		{"too long", strings.Repeat("x", 1<<12) + ":s3cret", "Unauthorized invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := "basic " + base64.StdEncoding.EncodeToString([]byte(tt.pair))
			if _, err := ask(s, with(formRequest("", form()), "Authorization", header)); outcome(err) != tt.want {
				t.Errorf("got %s, want %s", outcome(err), tt.want)
			}
		})
	}
	for _, header := range []string{"Basic", "Basic ", "Basic !!!", "Basic YTpi=", "Basic YTpi YTpi", ""} {
		if _, err := ask(s, with(formRequest("", form()), "Authorization", header)); outcome(err) != "Unauthorized invalid_client" {
			t.Errorf("%q: got %s, want Unauthorized invalid_client", header, outcome(err))
		}
	}
}

func TestTokenUnknownClientAndWrongSecretAnswerTheSame(t *testing.T) {
	s, m := testServer(t)
	m.clients["disabled"] = &Client{ID: "disabled", Disabled: true, AuthMethod: registry.SecretPost}
	var answers []Error
	for _, credentials := range []string{"nobody:s3cret", "basic:wrong", "post:wrong", "disabled:s3cret", "basic:", ":s3cret"} {
		_, err := ask(s, formRequest(credentials, form()))
		refusal, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("%s: got %v, want an *Error", credentials, err)
		}
		answers = append(answers, *refusal)
	}
	for _, answer := range answers[1:] {
		if answer != answers[0] {
			t.Errorf("got %v, want %v", answer, answers[0])
		}
	}
}

func TestTokenDisabledClientRefused(t *testing.T) {
	s, m := testServer(t)
	m.clients["basic"].Disabled = true
	if _, err := ask(s, formRequest("basic:s3cret", form())); outcome(err) != "Unauthorized invalid_client" {
		t.Errorf("got %s, want Unauthorized invalid_client", outcome(err))
	}
}

// Every failed authentication is counted, with its reason: under the client's
// ID when there is such a client, and never under what a stranger made up.
func TestFailedAuthenticationsAreCounted(t *testing.T) {
	s, m := testServer(t)
	m.clients["off"] = &Client{ID: "off", Disabled: true, AuthMethod: registry.SecretBasic, Secrets: m.clients["basic"].Secrets}
	m.clients["away"] = &Client{ID: "away", AuthMethod: registry.SecretBasic, Secrets: m.clients["basic"].Secrets, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
	m.clients["basic"].Secrets = append(m.clients["basic"].Secrets, Secret{ID: "se_paused", Hash: secret("", "paused", time.Time{}).Hash, Paused: true})
	s.Now = func() time.Time { return noon.Add(time.Hour) }
	tests := []struct {
		credentials, client string
		reason              registry.FailureReason
	}{
		{"nobody:s3cret", "", registry.UnknownClient},
		{"no\x00body:s3cret", "", registry.UnknownClient},
		{"basic:guess", "basic", registry.WrongSecret},
		{"basic:older", "basic", registry.ExpiredSecret},
		{"basic:paused", "basic", registry.PausedSecret},
		{"off:s3cret", "off", registry.ClientOff},
		{"off:guess", "off", registry.WrongSecret},
		{"post:s3cret", "post", registry.WrongMethod},
		{"away:s3cret", "away", registry.WrongNetwork},
		{"away:guess", "away", registry.WrongSecret},
	}
	for _, tt := range tests {
		m.failed = nil
		r := formRequest(tt.credentials, form())
		req, err := ParseTokenRequest(r)
		if err != nil {
			t.Fatal(err)
		}
		req.Address = "192.0.2.7"
		if _, err := s.Token(t.Context(), req); outcome(err) != "Unauthorized invalid_client" {
			t.Errorf("%s: got %s, want it refused", tt.credentials, outcome(err))
		}
		want := []Failure{{tt.client, tt.reason, "192.0.2.7", noon.Add(time.Hour)}}
		if !slices.Equal(m.failed, want) {
			t.Errorf("%s: counted %v, want %v", tt.credentials, m.failed, want)
		}
	}
	m.failed = nil
	if _, err := ask(s, formRequest("basic:s3cret", form("scope", "unknown"))); err == nil || len(m.failed) != 0 {
		t.Errorf("a refused scope: got %v and counted %v, want it refused and not counted", err, m.failed)
	}
	m.err = errors.New("the database is down")
	m.clients = nil
	if _, err := ask(s, formRequest("basic:s3cret", form())); err == nil || len(m.failed) != 0 {
		t.Errorf("a database that is down: got %v and counted %v, want it refused and not counted", err, m.failed)
	}
}

func TestTokenStaleSecretRefusedAfterRotation(t *testing.T) {
	s, _ := testServer(t)
	tests := []struct {
		after time.Duration
		old   string
	}{
		{0, "ok"},
		{time.Hour - time.Second, "ok"},
		{time.Hour, "Unauthorized invalid_client"},
		{24 * time.Hour, "Unauthorized invalid_client"},
	}
	for _, tt := range tests {
		s.Now = func() time.Time { return noon.Add(tt.after) }
		if _, err := ask(s, formRequest("basic:older", form())); outcome(err) != tt.old {
			t.Errorf("old secret after %v: got %s, want %s", tt.after, outcome(err), tt.old)
		}
		if _, err := ask(s, formRequest("basic:s3cret", form())); err != nil {
			t.Errorf("new secret after %v: got %v, want ok", tt.after, err)
		}
	}
}

func TestTokenGrantAndScopeRefused(t *testing.T) {
	tests := []struct {
		name string
		form url.Values
		want string
	}{
		{"no grant_type", url.Values{}, "Bad Request invalid_request"},
		{"an empty grant_type", url.Values{"grant_type": {""}}, "Bad Request invalid_request"},
		{"the password grant", url.Values{"grant_type": {"password"}}, "Bad Request unsupported_grant_type"},
		{"grant_type in capitals", url.Values{"grant_type": {"CLIENT_CREDENTIALS"}}, "Bad Request unsupported_grant_type"},
		{"a scope not registered", form("scope", "stock:write"), "Bad Request invalid_scope"},
		{"one of them not registered", form("scope", "orders:read stock:write"), "Bad Request invalid_scope"},
		{"the area of a registered scope", form("scope", "orders"), "Bad Request invalid_scope"},
		{"a registered scope in capitals", form("scope", "Orders:Read"), "Bad Request invalid_scope"},
		{"an OpenID scope", form("scope", "profile"), "Bad Request invalid_scope"},
		{"an OpenID scope beside others", form("scope", "orders:read profile"), "Bad Request invalid_scope"},
		{"two spaces", form("scope", "orders:read  stock:read"), "Bad Request invalid_scope"},
		{"a space at the end", form("scope", "orders:read "), "Bad Request invalid_scope"},
		{"a tab", form("scope", "orders:read\tstock:read"), "Bad Request invalid_scope"},
		{"a comma", form("scope", "orders:read,stock:read"), "Bad Request invalid_scope"},
		{"a quote", form("scope", `orders:read"`), "Bad Request invalid_scope"},
		{"not ASCII", form("scope", "orders:réad"), "Bad Request invalid_scope"},
		{"a scope outside the resource", form("scope", "stock:read", "resource", ordersA), "Bad Request invalid_scope"},
		{"an unknown resource", form("resource", "https://api.example/payroll"), "Bad Request invalid_target"},
		{"an unknown resource beside a known one", form("resource", ordersA, "resource", "https://api.example/payroll"), "Bad Request invalid_target"},
		{"nearly a resource", form("resource", ordersA+"/"), "Bad Request invalid_target"},
		{"a relative resource", form("resource", "/orders"), "Bad Request invalid_target"},
		{"a resource with a fragment", form("resource", ordersA+"#"), "Bad Request invalid_target"},
		{"an empty resource", form("resource", ""), "Bad Request invalid_target"},
	}
	s, m := testServer(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ask(s, formRequest("basic:s3cret", tt.form)); outcome(err) != tt.want {
				t.Errorf("got %s, want %s", outcome(err), tt.want)
			}
		})
	}
	if len(m.uses) != 0 {
		t.Errorf("got uses %v, want none", m.uses)
	}
}

func TestTokenNeedsARegisteredGrantAndAScope(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Client)
		want   string
	}{
		{"no grants", func(c *Client) { c.Grants = nil }, "Bad Request unauthorized_client"},
		{"another grant", func(c *Client) { c.Grants = []string{"authorization_code"} }, "Bad Request unauthorized_client"},
		{"no scopes", func(c *Client) { c.Scopes = nil }, "Bad Request invalid_scope"},
		{"OpenID scopes only", func(c *Client) { c.Scopes = c.Scopes[4:] }, "Bad Request invalid_scope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, m := testServer(t)
			tt.change(m.clients["basic"])
			if _, err := ask(s, formRequest("basic:s3cret", form())); outcome(err) != tt.want {
				t.Errorf("got %s, want %s", outcome(err), tt.want)
			}
		})
	}
}

func TestTokenRequestParametersAddNoClaims(t *testing.T) {
	s, _ := testServer(t)
	got, err := ask(s, formRequest("basic:s3cret", form(
		"role", "admin", "email", "root@example.com", "sub", "us_1", "aud", "https://evil.example", "claims", "{}", "audience", stockA, "exp", "9999999999")))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"}
	if names := claimNames(t, got.AccessToken); !slices.Equal(names, want) {
		t.Errorf("got claims %v, want %v", names, want)
	}
	said := decode(t, got.AccessToken)
	if said.Issuer != issuer || said.Subject != "basic" || said.IssuedAt != noon.Unix() || said.ExpiresAt != noon.Unix()+900 {
		t.Errorf("got %+v, want what was granted", said)
	}
}

func TestTokenIdentifiersDiffer(t *testing.T) {
	s, _ := testServer(t)
	seen := map[string]bool{}
	for range 100 {
		got, err := ask(s, formRequest("basic:s3cret", form()))
		if err != nil {
			t.Fatal(err)
		}
		seen[decode(t, got.AccessToken).ID] = true
	}
	if len(seen) != 100 {
		t.Errorf("got %d different jti, want 100", len(seen))
	}
}

func TestTokenErrorDescriptionsHoldAllowedCharactersOnly(t *testing.T) {
	s, _ := testServer(t)
	hostile := "<script>alert(\"x\")</script>\\\r\n\x00\xff\u202e" + strings.Repeat("é", 1000)
	for _, f := range []url.Values{
		{hostile: {"1", "2"}},
		form("scope", hostile), form("scope", strings.Repeat("x", 5000)),
		form("resource", hostile), form("resource", "https://api.example/"+strings.Repeat("x", 5000)), form("resource", "urn:"+strings.ReplaceAll(hostile, "\x00", "")),
		{"grant_type": {hostile}},
	} {
		_, err := ask(s, formRequest("basic:s3cret", f))
		refusal, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("got %v, want an *Error", err)
		}
		said := refusal.Description + refusal.Code
		if len(said) > 300 || strings.ContainsFunc(said, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
			t.Errorf("got %q, want what RFC 6749, section 5.2 allows", said)
		}
	}
}

func TestTokenStoreUnavailable(t *testing.T) {
	cause := errors.New("database is gone")
	s, m := testServer(t)
	m.clients, m.err = nil, cause
	_, err := ask(s, formRequest("basic:s3cret", form()))
	if outcome(err) != "Service Unavailable temporarily_unavailable" || !errors.Is(err, cause) {
		t.Errorf("got %v, want temporarily_unavailable because of %v", err, cause)
	}
	if refusal, _ := errors.AsType[*Error](err); strings.Contains(refusal.Description, "database") {
		t.Errorf("got description %q, want no cause in it", refusal.Description)
	}

	s, m = testServer(t)
	m.keys = keySet(t)
	if _, err := ask(s, formRequest("basic:s3cret", form())); outcome(err) != "Service Unavailable temporarily_unavailable" {
		t.Errorf("without keys: got %s, want Service Unavailable", outcome(err))
	}
}

func FuzzParseBasic(f *testing.F) {
	for _, seed := range []string{"", "Basic", "Basic YTpi", "basic  YTpi", "Basic YSUzQWI6cCUy", "Basic !", "Bearer x", "Basic Og==", "Basic AAD/Ov8="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := parseBasic(header)
		if !ok {
			if c != (Credentials{}) {
				t.Errorf("got %v from a refused header, want nothing", c)
			}
			return
		}
		r := httptest.NewRequest(http.MethodPost, TokenPath, nil)
		r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
		if again, ok := parseBasic(r.Header.Get("Authorization")); !ok || again != c {
			t.Errorf("got %v back, want %v", again, c)
		}
	})
}

func FuzzParseScope(f *testing.F) {
	for _, seed := range []string{"", " ", "a", "a b", "a  b", "orders:read orders:write", "\"", "\\", "é", "\x00", "a\tb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, param string) {
		scopes, err := parseScope(param)
		if err != nil {
			return
		}
		if got := strings.Join(scopes, " "); got != param {
			t.Errorf("got %q, want %q", got, param)
		}
		for _, scope := range scopes {
			if legible(scope[:min(len(scope), 100)]) != scope[:min(len(scope), 100)] {
				t.Errorf("got scope %q, want allowed characters only", scope)
			}
		}
	})
}

func FuzzCheckResources(f *testing.F) {
	for _, seed := range []string{"", ordersA, ordersA + "#", ordersA + "?q", "//api.example", "https://[::1", "urn:x", "http:\x7f", "%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, resource string) {
		err := checkResources([]string{resource}, []Scope{{Audience: resource}})
		if u, parseErr := url.Parse(resource); err == nil && (parseErr != nil || u.Scheme == "" || strings.Contains(resource, "#")) {
			t.Errorf("got %q accepted, want an absolute URI without fragment", resource)
		}
	})
}

func FuzzTokenRequest(f *testing.F) {
	s, _ := testServer(f)
	f.Add("", "application/x-www-form-urlencoded", "Basic YmFzaWM6czNjcmV0", "grant_type=client_credentials&scope=orders:read")
	f.Add("", "application/x-www-form-urlencoded;charset", "", "grant_type=client_credentials&client_id=post&client_secret=s3cret&resource=x")
	f.Add("a=b", "text/plain; a=\"", "Basic", "%%%;&&&===")
	f.Fuzz(func(t *testing.T, query, media, authorization, body string) {
		r := formRequest("", nil)
		r.URL.RawQuery, r.Body = query, io.NopCloser(strings.NewReader(body))
		with(with(r, "Content-Type", media), "Authorization", authorization)
		_, err := ask(s, r)
		if refusal, ok := errors.AsType[*Error](err); err != nil && (!ok || refusal.Status >= 500) {
			t.Errorf("got %v, want the client's fault", err)
		}
	})
}

// with sets a header.
func with(r *http.Request, name, value string) *http.Request {
	r.Header.Set(name, value)
	return r
}
