package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Key is the secret of the key file. It seals signing keys at rest, so that a
// stolen database or backup signs nothing.
type Key struct{ secret [32]byte }

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	rand.Read(k.secret[:])
	return k
}

// ReadKeyFile returns the key in the file at path. It fails with
// fs.ErrNotExist when there is none, and when others may read it.
func ReadKeyFile(path string) (Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Key{}, unreadable(path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("others on this machine may read the key file %s; run chmod 600 on it", path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Key{}, unreadable(path, err)
	}
	var k Key
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != len(k.secret) {
		return Key{}, fmt.Errorf("the key file %s does not hold 64 hex digits; restore it from where you keep it safe", path)
	}
	copy(k.secret[:], raw)
	return k, nil
}

// unreadable says what to do about a key file that may not be read, and returns
// other errors as they are.
func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the key file %s may not be read by whoever runs this; give it to them with chown: %w", path, err)
	}
	return err
}

// CreateKeyFile makes a key and writes it to a new file at path that only its
// owner may read. It fails with fs.ErrExist when the file is there already.
func CreateKeyFile(path string) (Key, error) {
	k := NewKey()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return Key{}, err
	}
	_, err = file.WriteString(hex.EncodeToString(k.secret[:]) + "\n")
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return Key{}, err
	}
	return k, nil
}

// KeyFile returns the key at path, and makes it when neither it nor, as
// firstStart tells, the database exists yet.
func KeyFile(path string, firstStart bool) (Key, error) {
	k, err := ReadKeyFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && firstStart:
		if k, err = CreateKeyFile(path); err != nil {
			return Key{}, fmt.Errorf("the key file could not be made; check that its folder exists and may be written to: %w", err)
		}
		return k, nil
	case errors.Is(err, fs.ErrNotExist):
		return Key{}, fmt.Errorf("the database's key file %s is missing; put it back, or name it with --key-file", path)
	default:
		return k, err
	}
}

func (k Key) fingerprint() string {
	sum := sha256.Sum256(append([]byte("clientele key fingerprint\x00"), k.secret[:]...))
	return hex.EncodeToString(sum[:])
}

// seal encrypts plain for one purpose; open undoes it with the same purpose.
func (k Key) seal(purpose string, plain []byte) []byte { return seal(k.secret[:], purpose, plain) }

func (k Key) open(purpose string, sealed []byte) ([]byte, error) {
	return unseal(k.secret[:], purpose, sealed)
}

// seal is AES-256-GCM under a key derived from secret, with a random nonce in front.
func seal(secret []byte, purpose string, plain []byte) []byte {
	aead := derive(secret, purpose)
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, plain, nil)
}

func unseal(secret []byte, purpose string, sealed []byte) ([]byte, error) {
	aead := derive(secret, purpose)
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("sealed value is too short")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
}

func derive(secret []byte, purpose string) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, 32)
	if err != nil {
		panic(err) // 32 bytes are always to be had
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key's length is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has GCM's block size
	}
	return aead
}

// matchKey binds a new database to the key, and fails when an old one is bound
// to another.
func (db *DB) matchKey(ctx context.Context) error {
	var bound string
	_, err := db.write.ExecContext(ctx, `UPDATE meta SET key_fingerprint = $1 WHERE key_fingerprint = ''`, db.key.fingerprint())
	if err == nil {
		err = db.write.QueryRowContext(ctx, `SELECT key_fingerprint FROM meta`).Scan(&bound)
	}
	if err != nil {
		return fmt.Errorf("match the key file with the database: %w", err)
	}
	if bound != db.key.fingerprint() {
		return errors.New("the key file belongs to another database; name this one's with --key-file")
	}
	return nil
}
