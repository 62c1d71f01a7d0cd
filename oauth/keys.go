package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"clientele/registry"
)

// The algorithms that access tokens are signed with (RFC 7518, section 3).
const (
	ES256 = registry.ES256
	RS256 = registry.RS256
)

// rsaBits is the size of new RSA keys, and the least that is accepted.
const rsaBits = 2048

// KeyState says what a signing key is for.
type KeyState string

const (
	// NextKey is published, so that everyone knows it before it signs.
	NextKey KeyState = "next"
	// ActiveKey signs.
	ActiveKey KeyState = "active"
	// RetiredKey signs no more. It is published until its tokens have ended.
	RetiredKey KeyState = "retired"
)

// Key is a key pair that signs tokens. GenerateKey and ParseKey make it; when
// it was made and what it is for is filled in by whoever keeps it.
type Key struct {
	ID          string // RFC 7638 thumbprint
	Alg         string // ES256 or RS256
	State       KeyState
	Private     crypto.Signer
	CreatedAt   time.Time
	ActivatedAt time.Time // zero: not yet
	RetiredAt   time.Time // zero: not yet

	// The encoded JOSE headers of its access and ID tokens, each with a dot.
	header, idHeader string
}

// GenerateKey returns a new key for alg, ES256 or RS256.
func GenerateKey(alg string) (Key, error) {
	var private crypto.Signer
	var err error
	switch alg {
	case ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RS256:
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	default:
		return Key{}, fmt.Errorf("generate key: unknown algorithm %q", alg)
	}
	if err != nil {
		return Key{}, fmt.Errorf("generate %s key: %w", alg, err)
	}
	return newKey(alg, private)
}

// ParseKey returns the key that MarshalPrivate wrote. It fails when the key
// cannot sign with alg.
func ParseKey(alg string, pkcs8 []byte) (Key, error) {
	private, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return Key{}, fmt.Errorf("parse key: %w", err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return Key{}, fmt.Errorf("parse key: a %T cannot sign", private)
	}
	return newKey(alg, signer)
}

// MarshalPrivate returns the private key in PKCS #8, to be sealed and stored.
func (k Key) MarshalPrivate() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.Private) }

func newKey(alg string, private crypto.Signer) (Key, error) {
	var fits bool
	switch public := private.Public().(type) {
	case *ecdsa.PublicKey:
		fits = alg == ES256 && public.Curve == elliptic.P256()
	case *rsa.PublicKey:
		fits = alg == RS256 && public.N.BitLen() >= rsaBits
	}
	if !fits {
		return Key{}, fmt.Errorf("a %T is no key for %q", private, alg)
	}
	thumbprint, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return Key{}, fmt.Errorf("key thumbprint: %w", err)
	}
	k := Key{ID: base64.RawURLEncoding.EncodeToString(thumbprint), Alg: alg, Private: private}
	k.header, k.idHeader = k.headerOf(tokenType), k.headerOf("JWT")
	return k, nil
}

func (k *Key) headerOf(typ string) string {
	header := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}`, k.Alg, k.ID, typ)
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "."
}

// sign returns the JWS of payload in compact serialization. It encodes by hand
// since the headers never change: half the work of a token is the signature
// itself, and go-jose would double the other half.
func (k *Key) sign(header string, payload []byte) (string, error) {
	token := make([]byte, 0, len(header)+base64.RawURLEncoding.EncodedLen(len(payload)+rsaBits/8)+2)
	token = append(token, header...)
	token = base64.RawURLEncoding.AppendEncode(token, payload)
	digest := sha256.Sum256(token)
	signature, err := k.Private.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err == nil && k.Alg == ES256 {
		signature, err = fixedSize(signature)
	}
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", k.ID, err)
	}
	token = append(token, '.')
	return string(base64.RawURLEncoding.AppendEncode(token, signature)), nil
}

// fixedSize turns an ASN.1 signature into the r and s of 32 bytes each that a
// JWS has (RFC 7518, section 3.4).
func fixedSize(der []byte) ([]byte, error) {
	var sequence, r, s cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&sequence, asn1.SEQUENCE) ||
		!sequence.ReadASN1(&r, asn1.INTEGER) || !sequence.ReadASN1(&s, asn1.INTEGER) {
		return nil, errors.New("malformed ECDSA signature")
	}
	fixed := make([]byte, 64)
	for i, n := range []cryptobyte.String{r, s} {
		if len(n) == 33 && n[0] == 0 {
			n = n[1:] // the sign of a number whose first bit is set
		}
		if len(n) > 32 {
			return nil, errors.New("malformed ECDSA signature")
		}
		copy(fixed[32*(i+1)-len(n):], n)
	}
	return fixed, nil
}

// KeySet is the keys of a moment. It never changes.
type KeySet struct {
	active map[string]*Key // by algorithm
	byID   map[string]*Key
	jwks   []byte
}

// NewKeySet returns the keys that matter at now: all but those retired so long
// ago that their tokens have ended. It fails when two are active for one algorithm.
func NewKeySet(keys []Key, now time.Time) (*KeySet, error) {
	set := &KeySet{active: map[string]*Key{}, byID: map[string]*Key{}}
	public := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range keys {
		// The last token may come from an instance that learnt late, and be read by one whose clock is behind.
		if k.State == RetiredKey && now.After(k.RetiredAt.Add(AccessTokenLifetime+2*leeway)) {
			continue
		}
		if k.State == ActiveKey {
			if other, taken := set.active[k.Alg]; taken {
				return nil, fmt.Errorf("two active %s keys: %s and %s", k.Alg, other.ID, k.ID)
			}
			set.active[k.Alg] = &k
		}
		set.byID[k.ID] = &k
		public.Keys = append(public.Keys, jose.JSONWebKey{Key: k.Private.Public(), KeyID: k.ID, Algorithm: k.Alg, Use: "sig"})
	}
	jwks, err := json.Marshal(public)
	if err != nil {
		return nil, fmt.Errorf("encode key set: %w", err)
	}
	set.jwks = jwks
	return set, nil
}

// Active returns the key that signs with alg, and whether there is one.
func (s *KeySet) Active(alg string) (*Key, bool) {
	k, ok := s.active[alg]
	return k, ok
}

// JWKS returns the public halves as a JWK Set (RFC 7517, section 5). The
// caller must not change it.
func (s *KeySet) JWKS() []byte { return s.jwks }
