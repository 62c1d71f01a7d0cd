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
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// memory is the Store of these tests.
type memory struct {
	clients map[string]*Client
	keys    *KeySet
	err     error // what every read fails with
	uses    []Use
	failed  []Failure
}

func (m *memory) OAuthClient(_ context.Context, id string) (*Client, error) {
	if c, ok := m.clients[id]; ok || m.err != nil {
		return c, m.err
	}
	return nil, ErrUnknownClient
}

func (m *memory) SigningKeys(context.Context) (*KeySet, error) { return m.keys, m.err }
func (m *memory) TokenIssued(use Use)                          { m.uses = append(m.uses, use) }
func (m *memory) AuthenticationFailed(f Failure)               { m.failed = append(m.failed, f) }

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
	m := &memory{
		clients: map[string]*Client{
			"basic": {
				ID: "basic", Grants: grants, AuthMethod: registry.SecretBasic, TokenAlg: ES256, Scopes: scopes,
				Secrets: []Secret{secret("se_new", "s3cret", time.Time{}), secret("se_old", "older", noon.Add(time.Hour))},
			},
			"post": {
				ID: "post", Grants: grants, AuthMethod: registry.SecretPost, TokenAlg: RS256, Scopes: scopes[:3],
				Secrets: []Secret{secret("se_post", "s3cret", time.Time{})},
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
