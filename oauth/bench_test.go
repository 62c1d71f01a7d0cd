package oauth

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
)

// BenchmarkToken is a token request from its bytes to the answer's. Compare it
// with BenchmarkSignOnly: no server that signs can be cheaper.
func BenchmarkToken(b *testing.B) {
	for _, alg := range []string{ES256, RS256} {
		b.Run(alg, func(b *testing.B) {
			s, m := testServer(b)
			m.clients["basic"].TokenAlg = alg
			r := formRequest("basic:s3cret", nil)
			body := form("scope", "orders:read stock:read").Encode()
			b.ReportAllocs()
			for b.Loop() {
				r.Body = io.NopCloser(strings.NewReader(body))
				got, err := ask(s, r)
				if err != nil {
					b.Fatal(err)
				}
				if len(got.JSON()) == 0 {
					b.Fatal("got an empty answer")
				}
				m.uses = m.uses[:0]
			}
		})
	}
}

// BenchmarkSignOnly is the signature of a token and nothing else.
func BenchmarkSignOnly(b *testing.B) {
	for _, alg := range []string{ES256, RS256} {
		b.Run(alg, func(b *testing.B) {
			key := testKey(b, alg, ActiveKey)
			payload := make([]byte, 512)
			b.ReportAllocs()
			for b.Loop() {
				digest := sha256.Sum256(payload)
				if _, err := key.Private.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyAccessToken is what each call of our own APIs costs.
func BenchmarkVerifyAccessToken(b *testing.B) {
	s, _ := testServer(b)
	token := issued(b, s, "basic")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.VerifyAccessToken(b.Context(), token, "192.0.2.1"); err != nil {
			b.Fatal(err)
		}
	}
}
