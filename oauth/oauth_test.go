package oauth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele/registry"
)

const (
	issuer  = "https://clientele.example"
	ordersA = "https://api.example/orders"
	stockA  = "https://api.example/stock"

	webRedirect = "https://app.example/cb"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// memory is the Store of these tests.
type memory struct {
	clients map[string]*Client
	keys    *KeySet
	err     error // what every read fails with
	uses    []Use
	failed  []Failure

	codes, refreshes map[string]Authorized // what a code or a refresh token proves
	families         map[string]Authorized
	revoked          map[string]bool
	introspectors    map[string]bool
	keyHolders       map[string]string // IDs by the hash of a key
}

func (m *memory) OAuthClient(_ context.Context, id string) (*Client, error) {
	if c, ok := m.clients[id]; ok || m.err != nil {
		return c, m.err
	}
	return nil, ErrUnknownClient
}

func (m *memory) KeyHolder(_ context.Context, hash string) (*Client, error) {
	if id, ok := m.keyHolders[hash]; ok || m.err != nil {
		return m.clients[id], m.err
	}
	return nil, ErrUnknownClient
}

func (m *memory) SigningKeys(context.Context) (*KeySet, error) { return m.keys, m.err }
func (m *memory) TokenIssued(use Use)                          { m.uses = append(m.uses, use) }
func (m *memory) AuthenticationFailed(f Failure)               { m.failed = append(m.failed, f) }

func (m *memory) RedeemCode(_ context.Context, by Caller, in CodeRedemption, accept func(Authorized) error) (Authorized, string, error) {
	a, ok := m.codes[in.Code]
	if !ok || a.ClientID != by.ClientID {
		return a, "", cmp.Or(m.err, ErrNotGood)
	}
	if err := accept(a); err != nil {
		return a, "", err
	}
	delete(m.codes, in.Code)
	if !in.Refresh {
		return a, "", nil
	}
	return a, "rt_first", nil
}

func (m *memory) Refresh(_ context.Context, by Caller, token string, accept func(Authorized) error) (Authorized, string, error) {
	a, ok := m.refreshes[token]
	if !ok || a.ClientID != by.ClientID {
		return a, "", cmp.Or(m.err, ErrNotGood)
	}
	return a, "rt_next", accept(a)
}

func (m *memory) Family(_ context.Context, id string) (Authorized, error) {
	if a, ok := m.families[id]; ok {
		return a, nil
	}
	return Authorized{}, cmp.Or(m.err, ErrNotGood)
}

func (m *memory) EndFamily(_ context.Context, by Caller, token string) error {
	if a, ok := m.refreshes[token]; ok && a.ClientID == by.ClientID {
		delete(m.refreshes, token)
		delete(m.families, a.FamilyID)
	}
	return m.err
}

func (m *memory) RevokeToken(_ context.Context, jti string, _ time.Time) error {
	m.revoked[jti] = true
	return m.err
}

func (m *memory) TokenRevoked(_ context.Context, jti string) (bool, error) {
	return m.revoked[jti], m.err
}

func (m *memory) MayIntrospect(_ context.Context, by Caller) error {
	if m.introspectors[by.ClientID] {
		return m.err
	}
	return registry.Forbidden{Missing: registry.IntrospectTokens}
}

func secret(id, value string, expires time.Time) Secret {
	return Secret{ID: id, Hash: sha256.Sum256([]byte(value)), ExpiresAt: expires}
}

// testServer has a client for each method. Both know the secret "s3cret",
// the one that authenticates by Basic an older one too.
func testServer(t testing.TB) (*Server, *memory) {
	t.Helper()
	scopes := []Scope{
		{"orders:read", "orders", ordersA},
		{"orders:write", "orders", ordersA},
		{"stock:read", "stock", stockA},
		{"audit.log:read", "audit", issuer},
		{"profile", "openid", issuer},
	}
	grants := []string{registry.ClientCredentials}
	forUsers := []string{registry.AuthorizationCode, registry.RefreshToken}
	userScopes := append([]Scope{{"openid", "openid", issuer}, {"email", "openid", issuer}}, scopes...)
	alice := Authorized{
		FamilyID: "fa_1", ConsentID: "co_1", ClientID: "web", User: User{"us_1", "Demo User", "user@example.com"},
		Scopes: []string{"openid", "email", "orders:read", "stock:read"}, Nonce: "n-1", SignedInAt: noon.Add(-time.Hour), EndsAt: noon.Add(24 * time.Hour),
	}
	m := &memory{
		codes: map[string]Authorized{"good": alice}, refreshes: map[string]Authorized{"rt_good": alice},
		families: map[string]Authorized{"fa_1": alice}, revoked: map[string]bool{}, introspectors: map[string]bool{"basic": true},
		clients: map[string]*Client{
			"basic": {
				ID: "basic", Grants: grants, AuthMethod: registry.SecretBasic, TokenAlg: ES256, Scopes: scopes,
				Secrets: []Secret{secret("se_new", "s3cret", time.Time{}), secret("se_old", "older", noon.Add(time.Hour))},
			},
			"post": {
				ID: "post", Grants: grants, AuthMethod: registry.SecretPost, TokenAlg: RS256, Scopes: scopes[:3],
				Secrets: []Secret{secret("se_post", "s3cret", time.Time{})},
			},
			"web": {
				ID: "web", Name: "Web", Grants: forUsers, AuthMethod: registry.SecretBasic, TokenAlg: ES256, Scopes: userScopes,
				Secrets:      []Secret{secret("se_web", "s3cret", time.Time{})},
				RedirectURIs: []string{webRedirect, "https://app.example/cb?tenant=a", "http://127.0.0.1/cb", "http://[::1]:1234/cb", "http://localhost:3000/cb", "com.example.app:/cb"},
			},
			"public": {
				ID: "public", Grants: forUsers[:1], AuthMethod: registry.PublicClient, TokenAlg: ES256, Scopes: userScopes,
				RedirectURIs: []string{webRedirect},
			},
		},
		keys: keySet(t, testKey(t, ES256, ActiveKey), testKey(t, RS256, ActiveKey)),
	}
	return &Server{Issuer: issuer, Store: m, Now: func() time.Time { return noon }}, m
}

func testKey(t testing.TB, alg string, state KeyState) Key {
	t.Helper()
	k, err := GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	k.State = state
	return k
}

func keySet(t testing.TB, keys ...Key) *KeySet {
	t.Helper()
	set, err := NewKeySet(keys, noon)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// form returns a client credentials request and more parameters, as pairs.
func form(pairs ...string) url.Values {
	f := url.Values{"grant_type": {registry.ClientCredentials}}
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// formRequest posts f, with the credentials "id:secret" by Basic unless they are "".
func formRequest(credentials string, f url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, TokenPath, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id, secret, ok := strings.Cut(credentials, ":"); ok {
		r.SetBasicAuth(id, secret)
	}
	return r
}

// ask sends a request through the whole of the token endpoint.
func ask(s *Server, r *http.Request) (TokenResponse, error) {
	req, err := ParseTokenRequest(r)
	if err != nil {
		return TokenResponse{}, err
	}
	return s.Token(context.Background(), req)
}

// outcome is what err says to a client: "401 invalid_client", or "ok".
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		return "not an *Error: " + err.Error()
	}
	return http.StatusText(refusal.Status) + " " + cmp.Or(refusal.Code, "-")
}
