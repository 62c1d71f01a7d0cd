package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/oauth"
	"clientele/registry"
	"clientele/store/storetest"
)

// code bound to client, redirect and PKCE inside the statement that spends it.
func TestCodeIsBound(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		code := c.allow(t, c.request(t, "openid"), "openid")
		other := oauth.Caller{ClientID: c.register(t, "Other App", registry.Unverified)}
		good := oauth.CodeRedemption{Code: code, RedirectURI: callback, Challenge: challenge}
		changed := func(change func(*oauth.CodeRedemption)) oauth.CodeRedemption {
			in := good
			change(&in)
			return in
		}
		for _, tt := range []struct {
			name string
			by   oauth.Caller
			in   oauth.CodeRedemption
		}{
			{"another client", other, good},
			{"another redirect URI", c.by, changed(func(in *oauth.CodeRedemption) { in.RedirectURI += "/" })},
			{"another verifier", c.by, changed(func(in *oauth.CodeRedemption) { in.Challenge = strings.Repeat("a", 43) })},
			{"another code", c.by, changed(func(in *oauth.CodeRedemption) { in.Code += "A" })},
		} {
			if _, _, err := c.RedeemCode(t.Context(), tt.by, tt.in, accept); !errors.Is(err, oauth.ErrNotGood) || errors.Is(err, oauth.ErrReused) {
				t.Errorf("%s: got %v, want ErrNotGood", tt.name, err)
			}
		}
		refused := errors.New("refused")
		if _, _, err := c.RedeemCode(t.Context(), c.by, good, func(oauth.Authorized) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("not accepted: got %v", err)
		}
		if _, _, err := c.RedeemCode(t.Context(), c.by, good, accept); err != nil {
			t.Errorf("after all that: got %v, want the code unspent", err)
		}
		late := c.allow(t, c.request(t, "openid"), "openid")
		c.clock.Advance(oauth.CodeLifetime)
		if _, _, err := c.redeem(t, late); !errors.Is(err, oauth.ErrNotGood) {
			t.Errorf("after a minute: got %v, want ErrNotGood", err)
		}
	})
}

// replay revokes what it yielded, and is in the audit log once.
func TestCodeReplayRevokes(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		code := c.allow(t, c.request(t, "openid"), "openid")
		a, refresh, err := c.redeem(t, code)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, _, err := c.redeem(t, code); !errors.Is(err, oauth.ErrReused) {
				t.Errorf("replay: got %v, want ErrReused", err)
			}
		}
		if _, err := c.Family(t.Context(), a.FamilyID); !errors.Is(err, oauth.ErrNotGood) {
			t.Errorf("access token: got %v, want ErrNotGood", err)
		}
		if _, _, err := c.refresh(t, refresh); !errors.Is(err, oauth.ErrNotGood) {
			t.Errorf("refresh: got %v, want ErrNotGood", err)
		}
		if got, want := c.actions(t), []string{"consent.reuse-detected", "consent.grant"}; !slices.Equal(got, want) {
			t.Errorf("got events %v, want %v", got, want)
		}
		if _, err := c.Authorize(t.Context(), c.who, c.request(t, "openid")); err != nil {
			t.Errorf("the consent stands: got %v", err)
		}
	})
}

// refresh rotation with reuse detection; a lost response may be retried.
func TestRefreshRotates(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		a, first := c.tokens(t, "openid")
		_, second, err := c.refresh(t, first)
		if err != nil || second == first {
			t.Fatalf("got %q, %v", second, err)
		}
		c.clock.Advance(9 * time.Second)
		if _, again, err := c.refresh(t, first); err != nil || again != second {
			t.Errorf("retry: got another successor, %v", err)
		}
		_, third, err := c.refresh(t, second)
		if err != nil {
			t.Fatal(err)
		}
		// The successor was used: the first is a stolen one now, however early.
		if _, _, err := c.refresh(t, first); !errors.Is(err, oauth.ErrReused) {
			t.Errorf("reuse: got %v, want ErrReused", err)
		}
		if _, _, err := c.refresh(t, third); !errors.Is(err, oauth.ErrNotGood) {
			t.Errorf("the family: got %v, want ErrNotGood", err)
		}
		if _, err := c.Family(t.Context(), a.FamilyID); !errors.Is(err, oauth.ErrNotGood) {
			t.Errorf("access token: got %v, want ErrNotGood", err)
		}
		if got, want := c.actions(t), []string{"consent.reuse-detected", "consent.grant"}; !slices.Equal(got, want) {
			t.Errorf("got events %v, want %v", got, want)
		}
	})
}

// A retry after the window is reuse, and the successor is not kept for longer.
func TestRefreshRetryEnds(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		_, first := c.tokens(t, "openid")
		if _, _, err := c.refresh(t, first); err != nil {
			t.Fatal(err)
		}
		c.clock.Advance(10 * time.Second)
		deadline := time.Now().Add(20 * time.Second)
		for kept := 1; kept > 0; {
			if err := c.raw.QueryRow(`SELECT count(*) FROM refresh_tokens WHERE successor IS NOT NULL`).Scan(&kept); err != nil {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				t.Fatal("the successor is still kept")
			}
			time.Sleep(50 * time.Millisecond)
		}
		if _, _, err := c.refresh(t, first); !errors.Is(err, oauth.ErrReused) {
			t.Errorf("got %v, want ErrReused", err)
		}
	})
}

func TestRefreshIsBound(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		_, first := c.tokens(t, "openid")
		other := oauth.Caller{ClientID: c.register(t, "Other App", registry.Unverified)}
		if _, _, err := c.Refresh(t.Context(), other, first, accept); !errors.Is(err, oauth.ErrNotGood) || errors.Is(err, oauth.ErrReused) {
			t.Errorf("another client: got %v, want ErrNotGood", err)
		}
		if err := c.EndFamily(t.Context(), other, first); err != nil {
			t.Fatal(err)
		}
		refused := errors.New("refused")
		if _, _, err := c.Refresh(t.Context(), c.by, first, func(oauth.Authorized) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("not accepted: got %v", err)
		}
		_, second, err := c.refresh(t, first)
		if err != nil {
			t.Fatalf("after all that: got %v, want it unspent", err)
		}
		// revoking refresh ends the family.
		if err := c.EndFamily(t.Context(), c.by, first); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.refresh(t, second); !errors.Is(err, oauth.ErrNotGood) {
			t.Errorf("after the client signed out: got %v, want ErrNotGood", err)
		}
	})
}

// Of 50 at once one redeems the code; of 50 with one refresh token each that
// gets an answer gets the same successor.
func TestRaces(t *testing.T) {
	const racers = 50
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			c := newConsenting(t, database(t))
			for round := range *rounds {
				code := c.allow(t, c.request(t, "openid"), "openid")
				won := race(racers, func() string {
					_, refresh, err := c.redeem(t, code)
					if err != nil && !errors.Is(err, oauth.ErrNotGood) {
						t.Error(err)
					}
					return refresh
				})
				if len(won) != 1 {
					t.Fatalf("round %d: the code was redeemed %d times", round, len(won))
				}
				_, first := c.tokens(t, "openid")
				won = race(racers, func() string {
					_, next, err := c.refresh(t, first)
					if err != nil && !errors.Is(err, oauth.ErrNotGood) {
						t.Error(err)
					}
					return next
				})
				if len(won) == 0 || len(slices.Compact(slices.Sorted(slices.Values(won)))) != 1 {
					t.Fatalf("round %d: the refresh token was spent for %d successors", round, len(slices.Compact(slices.Sorted(slices.Values(won)))))
				}
			}
			figure.Report(t, "races for a code and for a refresh token, "+name, "exactly one spend each", "%d rounds of %d racers, one spend each", *rounds, racers)
		})
	}
}

// race runs try n times at once and returns what those got that got something.
func race(n int, try func() string) (won []string) {
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for range n {
		all.Go(func() {
			<-start
			if got := try(); got != "" {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, got)
			}
		})
	}
	close(start)
	all.Wait()
	return won
}

// A restart of the whole: what was written is there on another instance, and a
// revocation of an access token is seen at once.
func TestRevokeToken(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		second := storetest.Open(t, c.database, c.clock)
		if err := c.RevokeToken(t.Context(), "fa_1.x", c.clock.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := c.RevokeToken(t.Context(), "fa_1.x", c.clock.Now().Add(time.Minute)); err != nil {
			t.Errorf("again: %v", err)
		}
		for jti, want := range map[string]bool{"fa_1.x": true, "fa_1.y": false} {
			if got, err := second.TokenRevoked(t.Context(), jti); err != nil || got != want {
				t.Errorf("%s: got %t, %v, want %t", jti, got, err, want)
			}
		}
		c.clock.Advance(time.Minute)
		if err := c.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := c.TokenRevoked(t.Context(), "fa_1.x"); err != nil || got {
			t.Errorf("after its end: got %t, %v, want it forgotten", got, err)
		}
	})
}
