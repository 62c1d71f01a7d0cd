package oauth

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestKeyIsTheSameOnceStored(t *testing.T) {
	for _, alg := range []string{ES256, RS256} {
		k := testKey(t, alg, "")
		stored, err := k.MarshalPrivate()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseKey(alg, stored)
		if err != nil {
			t.Fatal(err)
		}
		if back.ID != k.ID || len(k.ID) != 43 || back.Alg != alg || back.header != k.header {
			t.Errorf("got %s key %s, want %s key %s", back.Alg, back.ID, alg, k.ID)
		}
	}
}

func TestParseKeyRefusesWhatCannotSign(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	x25519, _ := ecdh.X25519().GenerateKey(rand.Reader)
	tests := []struct {
		name, alg string
		private   any
	}{
		{"an ES256 key for RS256", RS256, p256},
		{"an unknown algorithm", "HS256", p256},
		{"another curve", ES256, p384},
		{"a key for agreement", ES256, x25519},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pkcs8, err := x509.MarshalPKCS8PrivateKey(tt.private)
			if err != nil {
				t.Fatal(err)
			}
			if k, err := ParseKey(tt.alg, pkcs8); err == nil {
				t.Errorf("got key %s, want an error", k.ID)
			}
		})
	}
	if k, err := ParseKey(ES256, []byte("garbage")); err == nil {
		t.Errorf("got key %s from garbage, want an error", k.ID)
	}
	if k, err := GenerateKey("none"); err == nil {
		t.Errorf("got key %s for none, want an error", k.ID)
	}
}

func TestJWKSPublicHalvesOnly(t *testing.T) {
	set := keySet(t, testKey(t, ES256, ActiveKey), testKey(t, RS256, ActiveKey))
	var got struct{ Keys []map[string]string }
	if err := json.Unmarshal(set.JWKS(), &got); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"alg", "crv", "kid", "kty", "use", "x", "y"}, {"alg", "e", "kid", "kty", "n", "use"}}
	for i, key := range got.Keys {
		if members := slices.Sorted(maps.Keys(key)); !slices.Equal(members, want[i]) || key["use"] != "sig" {
			t.Errorf("got %v for %s, want %v for sig", members, key["use"], want[i])
		}
	}
	if empty := keySet(t).JWKS(); string(empty) != `{"keys":[]}` {
		t.Errorf("without keys: got %s, want an empty list", empty)
	}
}

func TestJWKSNextKeyPublishedBeforeItSigns(t *testing.T) {
	s, m := testServer(t)
	next, active := testKey(t, ES256, NextKey), testKey(t, ES256, ActiveKey)
	m.keys = keySet(t, next, active)
	if !strings.Contains(string(m.keys.JWKS()), next.ID) {
		t.Error("got a key set without the next key, want it published")
	}
	if got, _ := m.keys.Active(ES256); got.ID != active.ID {
		t.Errorf("got %s signing, want the active key %s", got.ID, active.ID)
	}
	// Another instance may already sign with it.
	next.State, active.State, active.RetiredAt = ActiveKey, RetiredKey, noon
	behind := m.keys
	m.keys = keySet(t, next, active)
	token := issued(t, s, "basic")
	m.keys = behind
	if _, err := s.VerifyAccessToken(t.Context(), token, "192.0.2.1"); err != nil {
		t.Errorf("got %v, want the next key's token accepted", err)
	}
}

func TestJWKSRetiredKeyStaysUntilItsTokensHaveEnded(t *testing.T) {
	s, m := testServer(t)
	token := issued(t, s, "basic")
	key, _ := m.keys.Active(ES256)
	retired := *key
	retired.State, retired.RetiredAt = RetiredKey, noon
	tests := []struct {
		after     time.Duration
		published bool
	}{
		{0, true},
		{15 * time.Minute, true},
		{15*time.Minute + leeway, true},
		{20 * time.Minute, false},
	}
	for _, tt := range tests {
		set, err := NewKeySet([]Key{retired}, noon.Add(tt.after))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(set.JWKS()), retired.ID); got != tt.published {
			t.Errorf("after %v: got published %t, want %t", tt.after, got, tt.published)
		}
		if _, ok := set.Active(ES256); ok {
			t.Errorf("after %v: got the retired key signing", tt.after)
		}
		m.keys = set
		_, err = s.VerifyAccessToken(t.Context(), token, "192.0.2.1")
		if (err == nil) != tt.published {
			t.Errorf("after %v: got %v, want accepted %t", tt.after, err, tt.published)
		}
	}
}

func TestKeySetRefusesTwoActiveKeys(t *testing.T) {
	if _, err := NewKeySet([]Key{testKey(t, ES256, ActiveKey), testKey(t, ES256, ActiveKey)}, noon); err == nil {
		t.Error("got a key set with two active keys, want an error")
	}
}

func TestFixedSizePadsAndRefuses(t *testing.T) {
	short := append(make([]byte, 31), 1) // r = 1
	short = append(short, append(make([]byte, 30), 0xff, 2)...)
	tests := []struct {
		name string
		der  []byte
		want []byte
	}{
		{"short numbers", []byte{0x30, 8, 2, 1, 1, 2, 3, 0, 0xff, 2}, short},
		{"empty", nil, nil},
		{"no sequence", []byte{2, 1, 1}, nil},
		{"one number", []byte{0x30, 3, 2, 1, 1}, nil},
		{"too long a number", append([]byte{0x30, 39, 2, 34, 1}, append(make([]byte, 33), 2, 1, 1)...), nil},
	}
	for _, tt := range tests {
		got, err := fixedSize(tt.der)
		if !slices.Equal(got, tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("%s: got %x, %v, want %x", tt.name, got, err, tt.want)
		}
	}
}
