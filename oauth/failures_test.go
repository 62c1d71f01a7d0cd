package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"clientele/registry"
)

// Who fails too often is told to wait, whoever is right never.
func TestFailuresAreLimited(t *testing.T) {
	now := time.Date(2026, time.June, 1, 12, 0, 15, 0, time.UTC)
	secret := registry.NewSecret()
	client := func(id string) *Client {
		return &Client{ID: id, AuthMethod: registry.SecretBasic, Secrets: []Secret{{ID: "se_" + id, Hash: secret.Digest()}}}
	}
	const here, elsewhere = "192.0.2.1", "192.0.2.2"
	setUp := func() *Server {
		return &Server{Store: &memory{clients: map[string]*Client{"cl_1": client("cl_1"), "cl_2": client("cl_2")}}, Now: func() time.Time { return now }}
	}
	try := func(s *Server, id, secret, address string) *Error {
		t.Helper()
		_, _, err := s.authenticate(t.Context(), Credentials{ID: id, Secret: secret, Method: registry.SecretBasic}, address)
		if err == nil {
			return nil
		}
		refusal, ok := errors.AsType[*Error](err)
		if !ok || refusal.Code != "invalid_client" {
			t.Fatalf("got %v, want invalid_client", err)
		}
		return refusal
	}
	fail := func(s *Server, times, status int, id, address string) {
		t.Helper()
		for i := range times {
			if refusal := try(s, id, "wrong", address); refusal == nil || refusal.Status != status {
				t.Fatalf("failure %d of %s from %s: got %+v, want %d", i+1, id, address, refusal, status)
			}
		}
	}
	right := func(s *Server, id, address string) {
		t.Helper()
		if refusal := try(s, id, secret.Reveal(), address); refusal != nil {
			t.Errorf("%s from %s with its secret: got %v, want it let in", id, address, refusal)
		}
	}

	t.Run("a client from an address", func(t *testing.T) {
		s := setUp()
		fail(s, failuresHere, http.StatusUnauthorized, "cl_1", here)
		fail(s, 3, http.StatusTooManyRequests, "cl_1", here)
		if refusal := try(s, "cl_1", "wrong", here); refusal.RetryAfter != 45*time.Second || refusal.Challenge() != "" {
			t.Errorf("got %v and %q, want the rest of the minute and no challenge", refusal.RetryAfter, refusal.Challenge())
		}
		fail(s, 3, http.StatusUnauthorized, "cl_1", elsewhere)
		fail(s, 3, http.StatusUnauthorized, "cl_2", here)
		right(s, "cl_1", here)
		now = now.Add(45 * time.Second)
		fail(s, failuresHere, http.StatusUnauthorized, "cl_1", here)
	})
	t.Run("an address", func(t *testing.T) {
		s := setUp()
		for i := range failuresFrom {
			fail(s, 1, http.StatusUnauthorized, fmt.Sprintf("cl_nobody%d", i), here)
		}
		fail(s, 3, http.StatusTooManyRequests, "cl_1", here)
		fail(s, 3, http.StatusUnauthorized, "cl_1", elsewhere)
		right(s, "cl_1", here)
	})
	t.Run("a subscriber with many addresses", func(t *testing.T) {
		s := setUp()
		for i := range failuresFrom {
			fail(s, 1, http.StatusUnauthorized, "cl_nobody", fmt.Sprintf("2001:db8::%x", i))
		}
		fail(s, 1, http.StatusTooManyRequests, "cl_nobody", "2001:db8::ffff")
		fail(s, 1, http.StatusUnauthorized, "cl_nobody", "2001:db8:0:1::1")
	})
	t.Run("a client from everywhere", func(t *testing.T) {
		s := setUp()
		for i := range failuresOf {
			fail(s, 1, http.StatusUnauthorized, "cl_1", fmt.Sprintf("192.0.%d.%d", 2+i/200, i%200))
		}
		fail(s, 1, http.StatusTooManyRequests, "cl_1", "198.51.100.1")
		right(s, "cl_1", "198.51.100.1")
	})
	t.Run("nobody fills the memory", func(t *testing.T) {
		s := setUp()
		for i := range failuresToldApart + 1000 {
			_ = try(s, "cl_nobody", "wrong", fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		}
		if n := len(s.failures.counts); n > failuresToldApart+1 {
			t.Errorf("got %d counts, want at most %d", n, failuresToldApart+1)
		}
	})
}
