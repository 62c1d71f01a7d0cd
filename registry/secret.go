package registry

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"hash/crc32"
	"log/slog"
	"math/big"
	"strings"
)

// The prefixes let leak scanners recognise what they found.
const (
	secretPrefix = "cs_" // of a client secret
	keyPrefix    = "ak_" // of an application key
)

// base62 writes 256 bits in 43 characters, and a CRC-32 in 6.
const (
	randomLength   = 43
	checksumLength = 6
)

// Secret is a credential in the clear. It exists between being made and being
// shown once; it prints, logs and marshals as "[secret]".
type Secret struct{ value string }

// NewSecret returns a secret of 256 random bits: "cs_", 43 base62 characters,
// and a checksum of 6 so that a scanner can tell a real one from a lookalike.
func NewSecret() Secret { return newSecret(secretPrefix) }

// NewKey returns an application key: a secret that begins with "ak_".
func NewKey() Secret { return newSecret(keyPrefix) }

func newSecret(prefix string) Secret {
	random := make([]byte, 32)
	rand.Read(random)
	body := prefix + base62(new(big.Int).SetBytes(random), randomLength)
	return Secret{body + checksum(body)}
}

// ParseSecret returns the secret that someone typed or pasted. It does not say
// whether it is anyone's; see WellFormed.
func ParseSecret(s string) Secret { return Secret{strings.TrimSpace(s)} }

// WellFormed reports whether the secret has the prefix, length and checksum
// that NewSecret gives.
func (s Secret) WellFormed() bool { return s.wellFormed(secretPrefix) }

// WellFormedKey is WellFormed for what NewKey gives.
func (s Secret) WellFormedKey() bool { return s.wellFormed(keyPrefix) }

func (s Secret) wellFormed(prefix string) bool {
	if len(s.value) != len(prefix)+randomLength+checksumLength || !strings.HasPrefix(s.value, prefix) {
		return false
	}
	body := s.value[:len(s.value)-checksumLength]
	return checksum(body) == s.value[len(body):]
}

// Reveal returns the secret itself. Call it only to show it to its owner.
func (s Secret) Reveal() string { return s.value }

// Hash is what is stored, in hex. SHA-256 is enough because the secret is random.
func (s Secret) Hash() string {
	sum := s.Digest()
	return hex.EncodeToString(sum[:])
}

// Digest is Hash in bytes.
func (s Secret) Digest() [sha256.Size]byte { return sha256.Sum256([]byte(s.value)) }

// Prefix returns the characters that are kept in the clear, so that people can
// tell one secret from another.
func (s Secret) Prefix() string { return s.value[:min(len(s.value), len(secretPrefix)+6)] }

func (Secret) String() string               { return "[secret]" }
func (Secret) GoString() string             { return "[secret]" }
func (Secret) LogValue() slog.Value         { return slog.StringValue("[secret]") }
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// NewClientID returns a client ID: "cl_" and 80 random bits in 16 characters.
func NewClientID() string { return "cl_" + randomID() }

// NewUserID returns a user's ID.
func NewUserID() string { return "us_" + randomID() }

// NewGroupID returns a group's ID.
func NewGroupID() string { return "gr_" + randomID() }

// NewSecretID returns the ID of a secret, which is no secret itself.
func NewSecretID() string { return "se_" + randomID() }

// NewDraftID returns the ID of a wizard's draft.
func NewDraftID() string { return "dr_" + randomID() }

// NewConsentID returns the ID of a consent.
func NewConsentID() string { return "co_" + randomID() }

// NewConsentRequestID returns the ID of a question whether to consent.
func NewConsentRequestID() string { return "cr_" + randomID() }

// NewFamilyID returns the ID of all that one authorization code yields.
func NewFamilyID() string { return "fa_" + randomID() }

func randomID() string {
	random := make([]byte, 10)
	rand.Read(random)
	return strings.ToLower(base32.StdEncoding.EncodeToString(random))
}

func checksum(body string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), checksumLength)
}

// base62 writes n with digits, capitals and small letters, padded to length.
func base62(n *big.Int, length int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	out := make([]byte, length)
	base, digit := big.NewInt(int64(len(digits))), new(big.Int)
	n = new(big.Int).Set(n)
	for i := length - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = digits[digit.Int64()]
	}
	return string(out)
}
