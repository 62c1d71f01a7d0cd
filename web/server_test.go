package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store/storetest"
	"clientele/views"
)

func httptestRequest(method, path string) *http.Request {
	return httptest.NewRequest(method, path, nil)
}

func TestAddress(t *testing.T) {
	prefixes := func(all ...string) (list []netip.Prefix) {
		for _, p := range all {
			list = append(list, netip.MustParsePrefix(p))
		}
		return list
	}
	tests := []struct {
		name, peer string
		forwarded  []string
		trusted    []netip.Prefix
		want       string
	}{
		{"no proxies", "192.0.2.1:1", []string{"203.0.113.9"}, nil, "192.0.2.1"},
		{"loopback is not trusted", "127.0.0.1:1", []string{"203.0.113.9"}, nil, "127.0.0.1"},
		{"nor is it beside a proxy", "127.0.0.1:1", []string{"203.0.113.9"}, prefixes("192.0.2.0/24"), "127.0.0.1"},
		{"nor private networks", "10.0.0.1:1", []string{"203.0.113.9"}, prefixes("192.0.2.0/24"), "10.0.0.1"},
		{"nor link-local ones", "169.254.0.1:1", []string{"203.0.113.9"}, prefixes("192.0.2.0/24"), "169.254.0.1"},
		{"a proxy", "192.0.2.1:1", []string{"203.0.113.9"}, prefixes("192.0.2.0/24"), "203.0.113.9"},
		{"a proxy over IPv6", "[2001:db8::1]:1", []string{"2001:db8:ffff::9"}, prefixes("2001:db8::/64"), "2001:db8:ffff::9"},
		{"what the caller claimed before it", "192.0.2.1:1", []string{"198.51.100.1, 203.0.113.9"}, prefixes("192.0.2.0/24"), "203.0.113.9"},
		{"in a header of its own", "192.0.2.1:1", []string{"198.51.100.1", "203.0.113.9"}, prefixes("192.0.2.0/24"), "203.0.113.9"},
		{"a private address claimed", "192.0.2.1:1", []string{"10.0.0.1, 203.0.113.9, 127.0.0.1"}, prefixes("192.0.2.0/24"), "127.0.0.1"},
		{"two proxies", "192.0.2.1:1", []string{"203.0.113.9, 192.0.2.7"}, prefixes("192.0.2.0/24"), "203.0.113.9"},
		{"nonsense", "192.0.2.1:1", []string{"<script>"}, prefixes("192.0.2.0/24"), "192.0.2.1"},
		{"nothing", "192.0.2.1:1", nil, prefixes("192.0.2.0/24"), "192.0.2.1"},
	}
	for _, tt := range tests {
		r := httptestRequest(http.MethodGet, "/")
		r.RemoteAddr, r.Header["X-Forwarded-For"] = tt.peer, tt.forwarded
		if got := addressExtractor(tt.trusted)(r); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRequestID(t *testing.T) {
	tests := []struct {
		name, peer, sent string
		kept             bool
	}{
		{"from anyone", "192.0.2.1:1", "abcdefgh-1234", false},
		{"from a proxy", "10.0.0.1:1", "abcdefgh-1234", true},
		{"malformed, from a proxy", "10.0.0.1:1", "abcdefgh\" forged=1", false},
		{"none", "10.0.0.1:1", "", false},
	}
	s := newSite(t, func(s *Server) { s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, tt := range tests {
		r := httptestRequest(http.MethodGet, "/healthz")
		r.Header.Set("X-Request-Id", tt.sent)
		b := s.browser(t)
		b.address = tt.peer
		got := b.send(r).Header().Get("X-Request-Id")
		if (got == tt.sent) != tt.kept || len(got) < 8 || strings.Contains(got, " ") {
			t.Errorf("%s: got %q, want it kept: %t", tt.name, got, tt.kept)
		}
		if !strings.Contains(s.log.String(), "request_id="+got) {
			t.Errorf("%s: got a log without %s", tt.name, got)
		}
	}
}

// isProgrammatic reports whether a route is for other programs, for which no
// cookie counts.
func isProgrammatic(path string) bool {
	return strings.HasPrefix(path, "/oauth2/") && path != oauth.AuthorizePath+"/consent" || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/access/")
}

// Every route that changes something for a cookie refuses requests from other
// sites' pages, whoever's browser sends them.
func TestEveryUnsafeRouteRefusesOtherSites(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	walked := 0
	for _, route := range s.echo.Routes() {
		if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, echo.RouteNotFound}, route.Method) || isProgrammatic(route.Path) {
			continue
		}
		walked++
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			r := httptest.NewRequest(route.Method, strings.ReplaceAll(route.Path, ":", "x"), strings.NewReader(""))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(header, value)
			if w := b.send(r); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another site") {
				t.Errorf("%s %s with %s %s: got %d, want 403", route.Method, route.Path, header, value, w.Code)
			}
		}
	}
	if walked < 5 {
		t.Errorf("walked %d routes: the test does not find them", walked)
	}
}

// Every page carries the headers by which browsers protect people, and is kept
// by no cache.
func TestEveryPageIsProtected(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	for _, browser := range []*browser{b, s.browser(t), b.withHTMX()} {
		for _, route := range s.echo.Routes() {
			if route.Method != http.MethodGet {
				continue
			}
			w := browser.get(strings.ReplaceAll(route.Path, ":", ""))
			if got := w.Header().Get("Content-Security-Policy"); got != policy {
				t.Errorf("%s: got policy %q, want %q", route.Path, got, policy)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("X-Request-Id") == "" {
				t.Errorf("%s: got %v, want nosniff, no-referrer and a request ID", route.Path, w.Header())
			}
			isPage := !isProgrammatic(route.Path) && route.Path != "/healthz" && !strings.HasPrefix(route.Path, "/static")
			if got := w.Header().Get("Cache-Control"); isPage && got != "no-store" {
				t.Errorf("%s: got Cache-Control %q, want no-store", route.Path, got)
			}
			if w.Code >= 500 {
				t.Errorf("%s: got %d", route.Path, w.Code)
			}
		}
	}
}

// What a client sends wrong is told to it in plain words, and is never a 5xx.
func TestWrongRequests(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	request := func(method, path, kind, body string) *http.Request {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		return r
	}
	const form = "application/x-www-form-urlencoded"
	endless := httptest.NewRequest(http.MethodPost, "/theme", io.MultiReader(strings.NewReader("theme="), strings.NewReader(strings.Repeat("x", bodyLimit))))
	endless.Header.Set("Content-Type", form)
	tests := []struct {
		name   string
		r      *http.Request
		status int
		title  string
	}{
		{"unknown page", request("GET", "/admin/nowhere", "", ""), 404, "Page not found"},
		{"NUL in the path", request("GET", "/admin/%00", "", ""), 404, "Page not found"},
		{"no text in the path", request("GET", "/admin/audit-log/%ff%fe", "", ""), 404, "Page not found"},
		{"NUL in the query", request("GET", "/admin/audit-log?actor=%00", "", ""), 400, "could not be read"},
		{"no text in the query", request("GET", "/login?%ff=1", "", ""), 400, "could not be read"},
		{"wrong method", request("DELETE", "/login", "", ""), 405, "That does not work here"},
		{"unknown method", request("BREW", "/login", "", ""), 405, "That does not work here"},
		{"bad percent-encoding in the body", request("POST", "/theme", form, "theme=%zz"), 400, "could not be read"},
		{"NUL in a field", request("POST", "/theme", form, "theme=a%00b"), 400, "could not be read"},
		{"no text in a field", request("POST", "/login", form, "email=%ff"), 400, "could not be read"},
		{"JSON", request("POST", "/login", "application/json", `{"email":"x"`), 415, "could not be read"},
		{"no media type", request("POST", "/theme", "", "theme=dark"), 415, "could not be read"},
		{"a media type that is none", request("POST", "/theme", "text/; ;=", "theme=dark"), 415, "could not be read"},
		{"a file", request("POST", "/theme", "multipart/form-data; boundary=x", "--x"), 415, "could not be read"},
		{"too long", request("POST", "/theme", form, "theme="+strings.Repeat("x", bodyLimit)), 413, "too much"},
		{"too long, and nobody knows how much", endless, 413, "too much"},
		{"bad percent-encoding in the query", request("GET", "/login?return_to=%zz&%=%", "", ""), 303, ""},
		{"no body", request("POST", "/theme", form, ""), 303, ""},
	}
	for _, tt := range tests {
		for _, accept := range []string{"", "text/html", "application/json", "*/*;q=x"} {
			tt.r.Header.Set("Accept", accept)
			w := b.send(tt.r.Clone(t.Context()))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.title) {
				t.Errorf("%s: got %d %s, want %d %s", tt.name, w.Code, w.page().Find("h1").Text(), tt.status, tt.title)
			}
			if tt.status == 405 && !strings.Contains(w.Header().Get("Allow"), "POST") {
				t.Errorf("%s: got Allow %q, want what works", tt.name, w.Header().Get("Allow"))
			}
			if tt.r.ContentLength != 0 {
				break // the body is read
			}
		}
	}
}

func TestErrorsInTheirContext(t *testing.T) {
	s := newSite(t)
	admin, nobody := s.setUp(t), s.browser(t)

	page := admin.get("/nowhere")
	page.has(404, "Page not found")
	if page.page().Find("nav a").Length() == 0 {
		t.Error("signed in: got no navigation around the error")
	}
	page = nobody.get("/nowhere")
	page.has(404, "Page not found")
	if page.page().Find("nav a").Length() > 0 {
		t.Error("signed out: got navigation around the error")
	}

	dialog := admin.withHTMX().get("/nowhere")
	dialog.has(404, "Page not found")
	if dialog.Header().Get("HX-Retarget") != "#modal" || dialog.page().Find("main, nav").Length() > 0 || dialog.page().Find("#failure").Length() != 1 {
		t.Errorf("by htmx: got %v, want a dialog in place of a page", dialog.Header())
	}

	for path, kind := range map[string]string{"/api/v1/nowhere": "application/problem+json", oauth.TokenPath: "application/json"} {
		w := nobody.send(httptestRequest(http.MethodDelete, path))
		if got := w.Header().Get("Content-Type"); got != kind || w.Code >= 500 {
			t.Errorf("%s: got %d as %s, want it as %s", path, w.Code, got, kind)
		}
	}
}

func TestPagesAreCompressed(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	ask := func(path string) answer {
		r := httptestRequest(http.MethodGet, path)
		r.Header.Set("Accept-Encoding", "gzip")
		return b.send(r)
	}
	w := ask("/admin/scopes")
	unpacked, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatalf("got %d %v: %v", w.Code, w.Header(), err)
	}
	page, err := io.ReadAll(unpacked)
	if err != nil || !strings.Contains(string(page), "</html>") || w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("got %d %v %v, want a whole page in gzip", w.Code, w.Header(), err)
	}
	w = ask("/nowhere") // an error is told after its page gave up
	w.has(404, "Page not found", "</html>")
	if got := w.Header().Get("Content-Encoding"); got != "" {
		t.Errorf("an error page: got Content-Encoding %q, want none", got)
	}
}

func TestPanicsBecomeErrorPages(t *testing.T) {
	s := newSite(t)
	s.echo.GET("/panic", func(echo.Context) error { panic("a fault of ours") })
	s.echo.GET("/error", func(echo.Context) error { return errors.New("a fault of ours") })
	for _, path := range []string{"/panic", "/error"} {
		w := s.browser(t).get(path)
		id := w.Header().Get("X-Request-Id")
		w.has(500, "Something went wrong", id)
		if strings.Contains(w.Body.String(), "a fault of ours") {
			t.Errorf("%s: the cause came out", path)
		}
		if log := s.log.String(); !strings.Contains(log, "a fault of ours") || !strings.Contains(log, id) {
			t.Errorf("%s: got the log %s, want the cause and the request ID", path, log)
		}
	}
}

func TestDatabaseDown(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	b.get("/healthz").has(200)
	b.get("/readyz").has(200)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	b.get("/healthz").has(200)
	b.get("/readyz").has(503)
	for _, w := range []answer{b.get("/"), b.get("/login"), b.signIn("admin@example.com", testPassword), b.withHTMX().get("/")} {
		w.has(503, "The database does not answer")
		if w.Header().Get("Retry-After") == "" {
			t.Error("got no Retry-After")
		}
	}
	s.browser(t).get("/nowhere").has(404)
}

// On a full disk pages and tokens go on, what would change something is
// refused with a page that says why, and the server reports itself not ready.
func TestNothingCanBeWritten(t *testing.T) {
	database, clock := storetest.SQLite(t), storetest.NewClock()
	s := siteOn(storetest.Open(t, database, clock), clock)
	b := s.setUp(t)
	c := s.client(t, "Ledger Sync", applicationsScope).may(t, registry.ViewApplications)
	path := applicationsPath + "/" + c.id
	b.get("/readyz").has(200)

	allow := storetest.StopWrites(t, database)
	clock.Advance(10 * time.Minute) // sessions note from time to time that they are in use
	b.get("/healthz").has(200)
	b.get("/readyz").has(503, "not ready")
	for _, page := range []string{applicationsPath, path, path + "/edit", "/admin/audit-log", "/admin/scopes"} {
		b.get(page).has(200)
	}
	s.browser(t).get("/login").has(200)
	if w := s.call(t, "/api/v1/applications", c.token(t, "")); w.Code != http.StatusOK {
		t.Errorf("the API: got %d %s, want 200", w.Code, w.Body)
	}
	const title = "Nothing can be saved at the moment"
	for name, w := range map[string]answer{
		"edit":            b.post(path+"/edit", detailsForm("Ledger")),
		"disable":         b.post(path+"/disable", nil),
		"disable by htmx": b.withHTMX().post(path+"/disable", nil),
		"begin a client":  b.post(views.NewClientPath, detailsForm("Another")),
		"sign in":         s.browser(t).signIn("admin@example.com", testPassword),
	} {
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), title) || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d %q, want 503 with %q", name, w.Code, w.page().Find("h1, h2").Text(), title)
		}
	}

	allow()
	clock.Advance(time.Minute)
	b.get("/readyz").has(200)
	s.Store.FlushUsage(t.Context())
	if d := s.details(t, path); d.Status != registry.Active || d.Name != "Ledger Sync" || d.LastUsedAt.IsZero() {
		t.Errorf("got %+v, want nothing changed but the last use, which was kept until it could be written", d.Application)
	}
	b.post(path+"/disable", nil).redirects(path)
}

// What people may not view is not there, what they may is where they start,
// and who may view nothing is told so.
func TestHome(t *testing.T) {
	s := newSite(t)
	auditor := storetest.User(t, s.Store, "Auditor", "auditor@example.com", false)
	s.grant(t, auditor, registry.ReadAuditLog)
	b := s.browser(t)
	b.signIn("auditor@example.com", testPassword).redirects("/")
	b.get("/").redirects("/admin/audit-log")
	b.get("/admin/scopes").has(404, "Page not found")

	nobody := s.signedIn(t, "nobody@example.com", false)
	nobody.get("/").has(200, "Nothing to see here yet")
	nobody.get("/admin/audit-log").has(404, "Page not found")
	refused, err := s.Store.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Outcome: registry.Refused})
	if err != nil {
		t.Fatal(err)
	}
	if len(refused.Entries) != 2 {
		t.Errorf("got %d refusals in the audit log, want 2", len(refused.Entries))
	}

	// A permission given meanwhile counts at once.
	s.grant(t, auditor, registry.ViewApplications)
	b.get("/admin/scopes").has(200)
}

func TestTheme(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	for _, tt := range []struct{ theme, back, to, want string }{
		{"dark", "/login?return_to=%2Fx", "/login?return_to=%2Fx", "dark"},
		{"neon", "//evil.example", "/", "dark"},
		{"light", "/", "/", "light"},
		{"system", "/", "/", "system"},
	} {
		b.post("/theme", url.Values{"theme": {tt.theme}, "back": {tt.back}}).redirects(tt.to)
		if got := b.get("/login").page().Find("html").AttrOr("data-theme", ""); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.theme, got, tt.want)
		}
	}
}

func TestFlashIsShownOnce(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	pages := area{e: s.echo}.through(s.recognize)
	pages.post("/did", func(c echo.Context) error {
		s.flash(c, "It is done.")
		return redirect(c, "/nowhere")
	})
	b.post("/did", nil).redirects("/nowhere")
	b.withHTMX().get("/nowhere").has(404) // no page of its own, so not the one
	if got := b.get("/nowhere").page().Find(".toast").Text(); !strings.Contains(got, "It is done.") {
		t.Errorf("got %q, want what was done", got)
	}
	if got := b.get("/nowhere").page().Find(".toast").Text(); got != "" {
		t.Errorf("got %q again, want it once", got)
	}
}

// Nothing that opens something is ever logged.
func TestSecretsStayOutOfLogs(t *testing.T) {
	s := newSite(t)
	code, _, err := s.Store.NewSetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.get("/setup?code=" + code)
	b.post("/setup", setupForm(code))
	b.get("/")
	b.signIn("admin@example.com", "canary password")
	b.signIn("admin@example.com", testPassword)
	b.get("/login?return_to=/setup%3Fcode%3D" + code)
	for name, secret := range map[string]string{
		"setup code": code, "password": testPassword, "wrong password": "canary password",
		"session": b.cookies["session"], "device": b.cookies["device"],
	} {
		if secret == "" || strings.Contains(s.log.String(), secret) || strings.Contains(s.log.String(), url.QueryEscape(secret)) {
			t.Errorf("the %s %q is in the log", name, secret)
		}
	}
	if !strings.Contains(s.log.String(), `path=/setup status=303`) {
		t.Errorf("got the log %s, want a line for each request", s.log)
	}
}

// Absurd requests over a real connection, which net/http reads.
func TestRawRequests(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	for _, target := range []string{"/%zz", "*", "//", "/..//../admin", "/admin/%2e%2e/%2e%2e", "/?" + strings.Repeat("a", 8000)} {
		for _, method := range []string{"GET", "POST", "PUT", "OPTIONS", "HEAD", "TRACE", "CONNECT", "X"} {
			raw := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nAccept: \xff\r\nCookie: session=\"; =;;\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method, target)
			status := rawStatus(t, server.Listener.Addr().String(), raw)
			if status == 0 || status >= 500 {
				t.Errorf("%s %s: got %d, want less than 500", method, target, status)
			}
		}
	}
}

func rawStatus(t *testing.T, address, raw string) int {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	var status int
	if _, err := fmt.Fscanf(bytes.NewReader(answer), "HTTP/1.1 %d", &status); err != nil {
		t.Logf("got %q", answer)
	}
	return status
}
