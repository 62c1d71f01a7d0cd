package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
)

// A clock that jumps by minutes or a day has nothing live longer than a minute
// past its end, and no token accepted before it was issued.
func TestClockJumps(t *testing.T) {
	s := newSite(t)
	b, p := s.setUp(t), s.party(t)
	invited := 0
	kinds := []struct {
		name  string
		lives time.Duration
		make  func() (use func() (status int))
	}{
		{"access token", oauth.AccessTokenLifetime, func() func() int {
			token := p.exchange(p.code(b)).AccessToken
			return func() int {
				status, _ := s.calls(t, oauth.UserInfoPath, token)
				return status
			}
		}},
		{"code", oauth.CodeLifetime, func() func() int {
			code := p.code(b)
			return func() int { return p.exchange(code).status }
		}},
		{"refresh token", registry.ConsentMonth, func() func() int {
			token := p.exchange(p.code(b)).RefreshToken
			return func() int { return p.refresh(token).status }
		}},
		{"session", store.SessionIdle, func() func() int {
			other := s.browser(t)
			other.signIn("admin@example.com", testPassword).redirects("/")
			return func() int { return other.get("/profile").Code }
		}},
		{"invitation", 7 * 24 * time.Hour, func() func() int {
			invited++
			_, link := b.invite(url.Values{"name": {"New User"}, "email": {fmt.Sprintf("new%d@example.com", invited)}})
			return func() int { return s.browser(t).get(link).Code }
		}},
	}
	const most = time.Minute
	var longest time.Duration
	for _, kind := range kinds {
		// after reports whether it is accepted when the clock jumps, which it does back thereafter.
		after := func(jump time.Duration) bool {
			t.Helper()
			use := kind.make()
			s.clock.Advance(jump)
			status := use()
			s.clock.Advance(-jump)
			if status >= http.StatusInternalServerError {
				t.Errorf("%s: got %d after a jump of %v", kind.name, status, jump)
			}
			return status == http.StatusOK
		}
		for _, jump := range []time.Duration{5 * time.Minute, 24 * time.Hour} {
			if got, want := after(jump), jump < kind.lives; got != want {
				t.Errorf("%s: after a jump of %v got %t, want %t", kind.name, jump, got, want)
			}
			if after(-jump) && kind.name == "access token" {
				t.Errorf("%s: accepted %v before it was issued", kind.name, jump)
			}
		}
		if !after(kind.lives - time.Second) {
			t.Errorf("%s: refused before its end", kind.name)
		}
		for past := time.Duration(0); past <= most && after(kind.lives+past); past += 5 * time.Second {
			longest = max(longest, past+5*time.Second)
		}
	}
	figure.Report(t, "clock jumps of 5 minutes and a day", "none accepted early, ≤ 60 s late", "none accepted early, less than %v late", max(longest, time.Second))
	if longest > most {
		t.Errorf("something was accepted %v past its end, want at most %v", longest, most)
	}
}
