package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPasswordHash(t *testing.T) {
	h := newHasher()
	encoded, err := h.hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("got %s, want a PHC string with today's cost", encoded)
	}
	other, err := h.hash(t.Context(), "correct horse battery")
	if err != nil || other == encoded {
		t.Errorf("got %s twice, want a salt each time", encoded)
	}
	// Of the reference implementation: argon2 somesalt -id -t 2 -k 256 -p 1 -l 32.
	const foreign = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	tests := []struct {
		name, password, encoded string
		want                    bool
	}{
		{"right", "correct horse battery", encoded, true},
		{"wrong", "correct horse", encoded, false},
		{"made elsewhere", "password", foreign, true},
		{"of nobody", "", "", false},
	}
	for _, tt := range tests {
		if got, err := h.matches(t.Context(), tt.password, tt.encoded); err != nil || got != tt.want {
			t.Errorf("%s: got %t %v, want %t", tt.name, got, err, tt.want)
		}
	}
	for _, damaged := range []string{"x", "$argon2id$v=16$m=256,t=2,p=2$c29t$bmY", "$argon2id$v=19$m=256,t=2,p=2$c29t", "$argon2id$v=19$m=256,t=2,p=2$!$!"} {
		if got, err := h.matches(t.Context(), "password", damaged); err == nil || got {
			t.Errorf("%s: got %t %v, want an error", damaged, got, err)
		}
	}
}

func TestPasswordsWaitTheirTurn(t *testing.T) {
	h := newHasher()
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "correct horse battery"); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller has gone: got %v, want Canceled", err)
	}
	h.patience = time.Millisecond
	if _, err := h.hash(t.Context(), "correct horse battery"); !errors.Is(err, ThrottledError{time.Minute}) {
		t.Errorf("too many before it: got %v, want ThrottledError", err)
	}
}
