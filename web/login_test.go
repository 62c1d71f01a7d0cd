package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clientele/store/storetest"
)

func TestSignInTellsNobodyWhoHasAnAccount(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		storetest.User(t, s.Store, "Demo", "demo@example.com", false)
		known := s.browser(t).signIn("demo@example.com", "a wrong guess")
		unknown := s.browser(t).signIn("none@example.com", "a wrong guess")
		known.has(422, "The e-mail address or the password is not right.")
		if a, b := known.Body.String(), strings.ReplaceAll(unknown.Body.String(), "none@", "demo@"); a != b || unknown.Code != known.Code {
			t.Errorf("got %s for a known and %s for an unknown account, want the same", a, b)
		}
		if strings.Contains(known.Body.String(), "a wrong guess") {
			t.Error("the password came back")
		}
	})
}

func TestSignInByHTMX(t *testing.T) {
	s := newSite(t)
	storetest.User(t, s.Store, "Demo", "demo@example.com", false)
	b := s.browser(t).withHTMX()
	b.signIn("demo@example.com", "a wrong guess").has(422, "is not right")
	b.signIn("demo@example.com", testPassword).navigates("/")
}

func TestReturnTo(t *testing.T) {
	tests := []struct{ to, want string }{
		{"/admin/audit-log?actor=us_x&q=a%20b", "/admin/audit-log?actor=us_x&q=a%20b"},
		{"/", "/"},
		{"", "/"},
		{"admin/scopes", "/"},
		{"//evil.example", "/"},
		{"///evil.example", "/"},
		{`/\evil.example`, "/"},
		{`\\evil.example`, "/"},
		{"/%5cevil.example", "/"},
		{"/%2fevil.example", "/"},
		{"https://evil.example/", "/"},
		{"https:evil.example", "/"},
		{"javascript:alert(1)", "/"},
		{"/\tevil.example", "/"},
		{"/\r\nSet-Cookie: a=b", "/"},
		{"/%0d%0aSet-Cookie:a=b", "/%0d%0aSet-Cookie:a=b"},
		{" //evil.example", "/"},
		{"//user@evil.example", "/"},
		{"/%zz", "/"},
		{"/a#//evil.example", "/a"},
	}
	s := newSite(t)
	storetest.User(t, s.Store, "Demo", "demo@example.com", false)
	for i, tt := range tests {
		s.clock.Advance(15 * time.Minute)
		b := s.browser(t)
		b.address = fmt.Sprintf("192.0.2.%d:1", i)
		form := url.Values{"email": {"demo@example.com"}, "password": {testPassword}, "return_to": {tt.to}}
		b.post("/login", form).redirects(tt.want)
		b.get("/login?return_to=" + url.QueryEscape(tt.to)).redirects(tt.want) // signed in already
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/", "//evil.example", `/\evil.example`, "/%5cevil", "https://evil.example", "/a?b#c", "/\x00"} {
		f.Add(seed)
	}
	base, _ := url.Parse("https://here.example/page")
	f.Fuzz(func(t *testing.T, to string) {
		got := localPath(to, "/")
		u, err := base.Parse(got)
		if err != nil || u.Host != "here.example" || u.Scheme != "https" || !strings.HasPrefix(got, "/") || strings.ContainsAny(got[:min(len(got), 2)], `\`) {
			t.Errorf("%q: got %q, which leads to %v, want a page here", to, got, u)
		}
	})
}

func TestSignInIsThrottled(t *testing.T) {
	s := newSite(t)
	storetest.User(t, s.Store, "Demo", "demo@example.com", false)
	known := s.browser(t)
	known.signIn("demo@example.com", testPassword).redirects("/")
	for i := range 9 {
		b := s.browser(t)
		b.address = fmt.Sprintf("198.51.100.%d:1", i)
		b.signIn("demo@example.com", "a wrong guess").has(422)
	}
	late := s.browser(t).signIn("demo@example.com", testPassword)
	late.has(http.StatusTooManyRequests, "Too many attempts", "Try again in 15 minutes.", `value="demo@example.com"`)
	if got := late.Header().Get("Retry-After"); got != "900" {
		t.Errorf("got Retry-After %q, want 900", got)
	}
	s.browser(t).withHTMX().signIn("demo@example.com", testPassword).has(http.StatusTooManyRequests, "Too many attempts")
	delete(known.cookies, "session")
	known.signIn("demo@example.com", testPassword).redirects("/") // its device cookie gives it an allowance of its own
}

func TestSessionCookie(t *testing.T) {
	tests := []struct {
		name          string
		secure        bool
		cookie, extra string
	}{
		{"over https", true, "__Host-session", "; HttpOnly; Secure; SameSite=Lax"},
		{"on loopback", false, "session", "; HttpOnly; SameSite=Lax"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, func(s *Server) { s.Secure = tt.secure })
			storetest.User(t, s.Store, "Demo", "demo@example.com", false)
			b := s.browser(t)
			var session string
			for _, cookie := range b.signIn("demo@example.com", testPassword).Header().Values("Set-Cookie") {
				if strings.HasPrefix(cookie, tt.cookie+"=") {
					session = cookie
				}
			}
			if !strings.Contains(session, "; Path=/;") || !strings.HasSuffix(session, tt.extra) || strings.Contains(session, "Domain") {
				t.Errorf("got %q, want %s for the whole host with %s", session, tt.cookie, tt.extra)
			}
			if token := b.cookies[tt.cookie]; len(token) < 52 { // 260 bits in base32
				t.Errorf("got a token of %d characters, want at least 256 bits", len(token))
			}
			if got := b.get("/login").Header().Get("Strict-Transport-Security"); (got != "") != tt.secure {
				t.Errorf("got Strict-Transport-Security %q, want it over https only", got)
			}
		})
	}
}

// A token that someone planted in the browser, or that it had before, is worth
// nothing after signing in.
func TestSessionFixation(t *testing.T) {
	s := newSite(t)
	storetest.User(t, s.Store, "Demo", "demo@example.com", false)
	b := s.browser(t)
	b.cookies["session"] = "planted"
	b.signIn("demo@example.com", testPassword).redirects("/")
	first := b.cookies["session"]
	if first == "planted" || first == "" {
		t.Fatalf("got session %q after signing in, want a new one", first)
	}
	b.signIn("demo@example.com", testPassword).redirects("/")
	if b.cookies["session"] == first {
		t.Error("got the same session after signing in again, want a new one")
	}
	b.cookies["session"] = first
	b.get("/").redirects("/login")
}

func TestSignOut(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.signedIn(t, "demo@example.com", true)
		token := b.cookies["session"]
		other := s.browser(t)
		other.signIn("demo@example.com", testPassword).redirects("/")
		b.post("/logout", nil).redirects("/login")
		if _, kept := b.cookies["session"]; kept {
			t.Error("the browser was not told to forget the session")
		}
		b.cookies["session"] = token
		b.get("/").redirects("/login")
		other.get("/").redirects("/admin/applications")
		s.browser(t).post("/logout", nil).redirects("/login")
		other.withHTMX().post("/logout", nil).navigates("/login")
	})
}

func TestSignInFirst(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	b.get("/").redirects("/login")
	b.get("/admin/scopes?q=a+b").redirects("/login?return_to=%2Fadmin%2Fscopes%3Fq%3Da%2Bb")
	r := httptestRequest(http.MethodGet, "/admin/scopes?q=x")
	r.Header.Set("HX-Current-URL", "http://localhost:8080/admin/scopes?q=a")
	b.withHTMX().send(r).navigates("/login?return_to=%2Fadmin%2Fscopes%3Fq%3Da")
	r = httptestRequest(http.MethodGet, "/admin/scopes")
	r.Header.Set("HX-Current-URL", "http://evil.example//evil.example")
	b.withHTMX().send(r).navigates("/login")
	b.post("/admin/applications/new/oauth-client", url.Values{"name": {"Ledger"}}).has(403, "You are signed out", `target="_blank"`)
	b.withHTMX().post("/admin/applications/new/oauth-client", url.Values{"name": {"Ledger"}}).has(403, "You are signed out", `target="_blank"`)
}
