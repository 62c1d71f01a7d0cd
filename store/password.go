package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// cost is what it takes to hash a password with argon2id (RFC 9106).
type cost struct {
	memory  uint32 // KiB
	rounds  uint32
	threads uint8
}

// todaysCost is OWASP's: about 20 ms, and 19 MiB for as long.
var todaysCost = cost{memory: 19 << 10, rounds: 2, threads: 1}

const (
	saltLength = 16
	hashLength = 32
)

// hasher hashes passwords, only so many at once that neither memory nor the
// processor runs out. The rest wait their turn, for as long as its patience.
type hasher struct {
	slots    chan struct{}
	patience time.Duration
}

func newHasher() hasher { return hasher{slots: make(chan struct{}, 2), patience: 10 * time.Second} }

// hash returns password's hash with a fresh salt, in PHC string format. It
// fails when ctx ends before its turn comes, and with ThrottledError when that
// takes too long.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	rand.Read(salt)
	sum, err := h.run(ctx, password, salt, todaysCost)
	if err != nil {
		return "", err
	}
	return encodeHash(todaysCost, salt, sum), nil
}

// matches reports whether password is the one that encoded is the hash of. It
// takes as long for an empty encoded, of whom nothing is known, and then says no.
func (h hasher) matches(ctx context.Context, password, encoded string) (bool, error) {
	c, salt, want := todaysCost, make([]byte, saltLength), make([]byte, hashLength)
	if encoded != "" {
		var err error
		if c, salt, want, err = decodeHash(encoded); err != nil {
			return false, err
		}
	}
	got, err := h.run(ctx, password, salt, c)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && encoded != "", nil
}

func (h hasher) run(ctx context.Context, password string, salt []byte, c cost) ([]byte, error) {
	turn := time.NewTimer(h.patience)
	defer turn.Stop()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		return argon2.IDKey([]byte(password), salt, c.rounds, c.memory, c.threads, hashLength), nil
	case <-turn.C:
		return nil, ThrottledError{RetryAfter: time.Minute}
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a password to be hashed: %w", ctx.Err())
	}
}

const phcFormat = "$argon2id$v=%d$m=%d,t=%d,p=%d$"

func encodeHash(c cost, salt, sum []byte) string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf(phcFormat, argon2.Version, c.memory, c.rounds, c.threads) + encode(salt) + "$" + encode(sum)
}

func decodeHash(encoded string) (c cost, salt, sum []byte, err error) {
	var version int
	_, err = fmt.Sscanf(encoded, phcFormat, &version, &c.memory, &c.rounds, &c.threads)
	if err == nil && version != argon2.Version {
		err = fmt.Errorf("argon2 version %d is not known", version)
	}
	parts := strings.Split(encoded, "$")
	if err == nil && len(parts) != 6 {
		err = fmt.Errorf("it has %d parts", len(parts))
	}
	if err == nil {
		salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	}
	if err == nil {
		sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil {
		return c, nil, nil, fmt.Errorf("a stored password hash is damaged: %w", err)
	}
	return c, salt, sum, nil
}
