package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// decode returns what a token says, without checking it.
func decode(t testing.TB, token string) claims {
	t.Helper()
	var c claims
	if err := json.Unmarshal(part(t, token, 1), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func claimNames(t testing.TB, token string) []string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(part(t, token, 1), &all); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(all))
}

// part returns the decoded header (0), payload (1) or signature (2).
func part(t testing.TB, token string, i int) []byte {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("got %d parts in %q, want 3", len(parts), token)
	}
	decoded, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// issued returns a token of the client basic or post.
func issued(t testing.TB, s *Server, client string) string {
	t.Helper()
	r := formRequest("basic:s3cret", form())
	if client == "post" {
		r = formRequest("", form("client_id", "post", "client_secret", "s3cret"))
	}
	got, err := ask(s, r)
	if err != nil {
		t.Fatal(err)
	}
	return got.AccessToken
}

// Other implementations must find a token good, given nothing but the key set.
func TestAccessTokenVerifiesElsewhere(t *testing.T) {
	s, m := testServer(t)
	var published jose.JSONWebKeySet
	if err := json.Unmarshal(m.keys.JWKS(), &published); err != nil {
		t.Fatal(err)
	}
	// Many, so that signatures with leading zeros are among them.
	for i := range 600 {
		client, alg := "basic", ES256
		if i%200 == 0 {
			client, alg = "post", RS256
		}
		token := issued(t, s, client)

		parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil {
			t.Fatal(err)
		}
		var standard jwt.Claims
		if err := parsed.Claims(published, &standard); err != nil {
			t.Fatalf("go-jose: %v", err)
		}
		if err := standard.Validate(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{ordersA}, Time: noon}); err != nil {
			t.Fatalf("go-jose: %v", err)
		}

		var header map[string]string
		if err := json.Unmarshal(part(t, token, 0), &header); err != nil {
			t.Fatal(err)
		}
		key := published.Key(header["kid"])
		if want := map[string]string{"alg": alg, "typ": "at+jwt", "kid": header["kid"]}; len(key) != 1 || !maps.Equal(header, want) {
			t.Fatalf("got header %v with %d keys, want %v with 1", header, len(key), want)
		}
		digest := sha256.Sum256([]byte(token[:strings.LastIndex(token, ".")]))
		signature := part(t, token, 2)
		switch public := key[0].Key.(type) {
		case *ecdsa.PublicKey:
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			if len(signature) != 64 || !ecdsa.Verify(public, digest[:], r, s) {
				t.Fatalf("crypto/ecdsa refuses %x", signature)
			}
		case *rsa.PublicKey:
			if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAudienceIsAStringWhenOne(t *testing.T) {
	tests := []struct {
		audience audience
		want     string
	}{
		{audience{"a"}, `"a"`},
		{audience{"a", "b", "c"}, `["a","b","c"]`},
	}
	for _, tt := range tests {
		got := tt.audience.appendJSON(nil)
		if string(got) != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
		var back audience
		if err := json.Unmarshal(got, &back); err != nil || !slices.Equal(back, tt.audience) {
			t.Errorf("got %v, %v back, want %v", back, err, tt.audience)
		}
	}
}

// What is written by hand is what encoding/json would write.
func FuzzAppendJSON(f *testing.F) {
	f.Add("https://clientele.example", "cl_a", int64(900))
	f.Add(`"\`, "<script>&\u2028é\xff\x00", int64(-1))
	f.Fuzz(func(t *testing.T, a, b string, n int64) {
		c := claims{Issuer: a, Subject: b, Audience: audience{a, b}, ClientID: a, Scope: b, IssuedAt: n, ExpiresAt: -n, ID: a + b}
		want, err := json.Marshal(c)
		if got := c.appendJSON(nil); err != nil || string(got) != string(want) {
			t.Errorf("got %s, want %s, %v", got, want, err)
		}
		r := TokenResponse{AccessToken: a, TokenType: b, ExpiresIn: int(n), Scope: a + b, RefreshToken: b, IDToken: a}
		want, err = json.Marshal(r)
		if got := r.JSON(); err != nil || string(got) != string(want) {
			t.Errorf("got %s, want %s, %v", got, want, err)
		}
	})
}

func TestAPIsAcceptOurToken(t *testing.T) {
	s, _ := testServer(t)
	got, err := s.VerifyAccessToken(t.Context(), issued(t, s, "basic"), "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	want := AccessToken{"basic", User{}, []string{"orders:read", "orders:write", "stock:read", "audit.log:read"}, noon.Add(15 * time.Minute), false, nil}
	if got.ClientID != want.ClientID || got.User != want.User || !slices.Equal(got.Scopes, want.Scopes) || !got.ExpiresAt.Equal(want.ExpiresAt) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := s.VerifyAccessToken(t.Context(), issued(t, s, "post"), "192.0.2.1"); outcome(err) != "Unauthorized invalid_token" {
		t.Errorf("token for other APIs: got %s, want Unauthorized invalid_token", outcome(err))
	}
}

// forge signs claims with the server's own ES256 key under any header.
func forge(t testing.TB, m *memory, header map[string]any, change func(map[string]any)) string {
	t.Helper()
	key, _ := m.keys.Active(ES256)
	said := map[string]any{
		"iss": issuer, "sub": "basic", "aud": issuer, "client_id": "basic", "scope": "audit.log:read",
		"iat": noon.Unix(), "exp": noon.Add(AccessTokenLifetime).Unix(), "jti": "se_new.x",
	}
	change(said)
	payload, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{"alg": ES256, "typ": "at+jwt", "kid": key.ID}
	maps.Copy(all, header)
	encoded, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	forged := *key
	forged.header = base64.RawURLEncoding.EncodeToString(encoded) + "."
	token, err := forged.sign(forged.header, payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAPIsCheckTypeIssuerAudienceAndTimes(t *testing.T) {
	s, m := testServer(t)
	other := testKey(t, ES256, ActiveKey)
	rs, _ := m.keys.Active(RS256)
	set := func(name string, value any) func(map[string]any) {
		return func(c map[string]any) { c[name] = value }
	}
	same := func(map[string]any) {}
	tests := []struct {
		name   string
		header map[string]any
		change func(map[string]any)
		want   string
	}{
		{"as issued", nil, same, "ok"},
		{"one of several audiences", nil, set("aud", []string{ordersA, issuer}), "ok"},
		{"an ID token", map[string]any{"typ": "JWT"}, same, "Unauthorized invalid_token"},
		{"no type", map[string]any{"typ": nil}, same, "Unauthorized invalid_token"},
		{"alg of another kind", map[string]any{"alg": RS256}, same, "Unauthorized invalid_token"},
		{"alg none", map[string]any{"alg": "none"}, same, "Unauthorized invalid_token"},
		{"alg HMAC", map[string]any{"alg": "HS256"}, same, "Unauthorized invalid_token"},
		{"key of another algorithm", map[string]any{"kid": rs.ID}, same, "Unauthorized invalid_token"},
		{"a foreign key", map[string]any{"kid": other.ID}, same, "Unauthorized invalid_token"},
		{"no key", map[string]any{"kid": ""}, same, "Unauthorized invalid_token"},
		{"its own key", map[string]any{"kid": "", "jwk": jose.JSONWebKey{Key: other.Private.Public()}}, same, "Unauthorized invalid_token"},
		{"a critical extension", map[string]any{"crit": []string{"b64"}, "b64": false}, same, "Unauthorized invalid_token"},
		{"another issuer", nil, set("iss", issuer+"/"), "Unauthorized invalid_token"},
		{"no issuer", nil, set("iss", nil), "Unauthorized invalid_token"},
		{"another audience", nil, set("aud", ordersA), "Unauthorized invalid_token"},
		{"no audience", nil, set("aud", []string{}), "Unauthorized invalid_token"},
		{"an audience of numbers", nil, set("aud", []int{1}), "Unauthorized invalid_token"},
		{"expired within the leeway", nil, set("exp", noon.Add(-leeway+time.Second).Unix()), "ok"},
		{"expired", nil, set("exp", noon.Add(-leeway).Unix()), "Unauthorized invalid_token"},
		{"no expiry", nil, set("exp", nil), "Unauthorized invalid_token"},
		{"expiry as text", nil, set("exp", "never"), "Unauthorized invalid_token"},
		{"issued ahead within the leeway", nil, set("iat", noon.Add(leeway).Unix()), "ok"},
		{"issued in the future", nil, set("iat", noon.Add(leeway+time.Second).Unix()), "Unauthorized invalid_token"},
		{"an unknown client", nil, set("client_id", "nobody"), "Unauthorized invalid_token"},
		{"a client ID with a NUL", nil, set("client_id", "basic\x00"), "Unauthorized invalid_token"},
		{"a secret of another client", nil, set("jti", "se_post.x"), "Unauthorized invalid_token"},
		{"no origin", nil, set("jti", ""), "Unauthorized invalid_token"},
		{"the older secret", nil, set("jti", "se_old.x"), "ok"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.VerifyAccessToken(t.Context(), forge(t, m, tt.header, tt.change), "192.0.2.1"); outcome(err) != tt.want {
				t.Errorf("got %s (%v), want %s", outcome(err), err, tt.want)
			}
		})
	}
	if leeway > 60*time.Second {
		t.Errorf("got a leeway of %v, want at most 60 s", leeway)
	}
}

func TestAPIsAlgFixedByKey(t *testing.T) {
	s, m := testServer(t)
	key, _ := m.keys.Active(ES256)
	good := issued(t, s, "basic")
	payload := strings.Split(good, ".")[1]
	header := func(alg string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + alg + `","kid":"` + key.ID + `","typ":"at+jwt"}`))
	}
	// The public key, which everyone knows, as an HMAC secret.
	public, err := x509.MarshalPKIXPublicKey(key.Private.Public())
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(header("HS256") + "." + payload))
	tests := map[string]string{
		"none":          header("none") + "." + payload + ".",
		"HMAC":          header("HS256") + "." + payload + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"no signature":  header(ES256) + "." + payload + ".",
		"zeros":         header(ES256) + "." + payload + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"other payload": strings.Replace(good, payload, base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"x"}`)), 1),
		"cut short":     good[:len(good)-2],
		"two tokens":    good + "." + good,
		"JSON":          `{"payload":"` + payload + `","signatures":[]}`,
		"empty":         "",
		"dots":          "..",
	}
	for name, token := range tests {
		if _, err := s.VerifyAccessToken(t.Context(), token, "192.0.2.1"); outcome(err) != "Unauthorized invalid_token" {
			t.Errorf("%s: got %s, want Unauthorized invalid_token", name, outcome(err))
		}
	}
}

func TestAPIsConsultClientAndSecret(t *testing.T) {
	tests := []struct {
		name   string
		change func(*memory)
		want   string
	}{
		{"nothing happened", func(*memory) {}, "ok"},
		{"client disabled", func(m *memory) { m.clients["basic"].Disabled = true }, "Unauthorized invalid_token"},
		{"client deleted", func(m *memory) { delete(m.clients, "basic") }, "Unauthorized invalid_token"},
		{"secret revoked", func(m *memory) { m.clients["basic"].Secrets = m.clients["basic"].Secrets[1:] }, "Unauthorized invalid_token"},
		{"secret paused", func(m *memory) { m.clients["basic"].Secrets[0].Paused = true }, "Unauthorized invalid_token"},
		{"outside its networks", func(m *memory) {
			m.clients["basic"].Networks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
		}, "Forbidden access_denied"},
		{"inside its networks", func(m *memory) { m.clients["basic"].Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }, "ok"},
		{"another secret paused", func(m *memory) { m.clients["basic"].Secrets[1].Paused = true }, "ok"},
		{"secret expired", func(m *memory) { m.clients["basic"].Secrets[0].ExpiresAt = noon }, "ok"},
		{"store unavailable", func(m *memory) { m.err = errors.New("gone") }, "Service Unavailable temporarily_unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, m := testServer(t)
			token := issued(t, s, "basic")
			tt.change(m)
			if _, err := s.VerifyAccessToken(t.Context(), token, "192.0.2.1"); outcome(err) != tt.want {
				t.Errorf("got %s, want %s", outcome(err), tt.want)
			}
		})
	}
}

func TestBearerToken(t *testing.T) {
	tests := []struct {
		name    string
		headers []string
		token   string
		want    string
	}{
		{"a token", []string{"Bearer a.b.c"}, "a.b.c", "ok"},
		{"another case", []string{"bearer  a.b.c"}, "a.b.c", "ok"},
		{"none", nil, "", "Unauthorized -"},
		{"an empty one", []string{"Bearer "}, "", "Unauthorized -"},
		{"another scheme", []string{"Basic YTpi"}, "", "Unauthorized -"},
		{"two", []string{"Bearer a", "Bearer b"}, "", "Bad Request invalid_request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{Header: http.Header{"Authorization": tt.headers}}
			if got, err := BearerToken(r); got != tt.token || outcome(err) != tt.want {
				t.Errorf("got %q, %s, want %q, %s", got, outcome(err), tt.token, tt.want)
			}
		})
	}
}

func TestChallenge(t *testing.T) {
	_, missing := BearerToken(&http.Request{})
	refusal, _ := errors.AsType[*Error](missing)
	tests := []struct {
		refusal *Error
		want    string
	}{
		{refusal, `Bearer realm="Clientele"`},
		{invalidToken("The token has expired."), `Bearer realm="Clientele", error="invalid_token", error_description="The token has expired."`},
		{InsufficientScope("audit.log:read"), `Bearer realm="Clientele", error="insufficient_scope", error_description="The token lacks the scope audit.log:read.", scope="audit.log:read"`},
		{invalidClient("no"), `Basic realm="Clientele", charset="UTF-8"`},
		{invalidRequest("no"), ""},
		{unavailable(nil), ""},
	}
	for _, tt := range tests {
		if got := tt.refusal.Challenge(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func FuzzVerifyAccessToken(f *testing.F) {
	s, m := testServer(f)
	good := issued(f, s, "basic")
	f.Add(good)
	f.Add(forge(f, m, map[string]any{"typ": "JWT", "crit": []string{"x"}}, func(map[string]any) {}))
	for _, seed := range []string{"", "..", "a.b.c", "e30.e30.", `{"payload":""}`, good[:len(good)/2], "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(seed)
	}
	want, err := s.VerifyAccessToken(f.Context(), good, "192.0.2.1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := s.VerifyAccessToken(t.Context(), token, "192.0.2.1")
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("got %v from %q, want nothing but what was issued", got, token)
		}
		if err != nil && outcome(err) != "Unauthorized invalid_token" {
			t.Errorf("got %v, want invalid_token", err)
		}
	})
}
