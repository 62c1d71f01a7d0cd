package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"clientele/oauth"
)

// forger makes tokens out of a good one, some with the server's own key.
type forger struct {
	key            oauth.Key
	header, claims map[string]any
}

func newForger(t *testing.T, s *site, header, payload string) forger {
	t.Helper()
	keys, err := s.Store.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, ok := keys.Active(oauth.ES256)
	if !ok {
		t.Fatal("there is no active key")
	}
	f := forger{key: *key}
	for text, into := range map[string]*map[string]any{header: &f.header, payload: &f.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	f.claims["exp"], f.claims["iat"] = int64(f.claims["exp"].(float64)), int64(f.claims["iat"].(float64))
	return f
}

// with returns a forger of tokens with another value in the header, or none.
func (f forger) with(name string, value any) forger {
	f.header = changed(f.header, name, value)
	return f
}

// claiming returns a forger of tokens with another value of a claim, or none.
func (f forger) claiming(name string, value any) forger {
	f.claims = changed(f.claims, name, value)
	return f
}

func changed(values map[string]any, name string, value any) map[string]any {
	values = maps.Clone(values)
	values[name] = value
	if value == nil {
		delete(values, name)
	}
	return values
}

// unsigned returns the token up to the dot before its signature.
func (f forger) unsigned() string {
	encode := func(values map[string]any) string {
		text, err := json.Marshal(values)
		if err != nil {
			panic(err) // strings and numbers marshal
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return encode(f.header) + "." + encode(f.claims) + "."
}

// signed returns the token signed with the server's key.
func (f forger) signed(t *testing.T) string { return f.sign(t, jose.ES256, f.key.Private, nil) }

// byAnother returns the token signed with a key that the server does not know.
func (f forger) byAnother(t *testing.T) string { return f.sign(t, jose.ES256, newKey(t), nil) }

// withOwnKey returns the token signed with a key that stands in its header.
func (f forger) withOwnKey(t *testing.T) string {
	key := newKey(t)
	return f.sign(t, jose.ES256, key, map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: key.Public()}})
}

// hmac returns the token authenticated with the server's public key as a secret.
func (f forger) hmac(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(f.key.Private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return f.with("alg", "HS256").sign(t, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil)
}

func (f forger) sign(t *testing.T, alg jose.SignatureAlgorithm, key any, more map[jose.HeaderKey]any) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
	for name, value := range f.header {
		if name != "alg" {
			options.ExtraHeaders[jose.HeaderKey(name)] = value
		}
	}
	maps.Copy(options.ExtraHeaders, more)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(f.claims)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signature.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
