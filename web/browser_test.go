package web

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

const testPassword = "correct horse battery"

// site is the whole server on a store of its own.
type site struct {
	*Server
	clock *storetest.Clock
	echo  *echo.Echo
	log   *logBuffer
}

// newSite returns a server on an empty SQLite store, nobody set up. change is
// for what a test wants to be different.
func newSite(t *testing.T, change ...func(*Server)) *site {
	t.Helper()
	clock := storetest.NewClock()
	return siteOn(storetest.OpenSQLite(t, clock), clock, change...)
}

// eachSite runs a test on a server on each database.
func eachSite(t *testing.T, test func(*testing.T, *site)) {
	t.Helper()
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) { test(t, siteOn(db, clock)) })
}

func siteOn(db *store.DB, clock *storetest.Clock, change ...func(*Server)) *site {
	s := &site{clock: clock, log: &logBuffer{}}
	s.Server = &Server{
		Store: db, OAuth: &oauth.Server{Issuer: storetest.Issuer, Store: db, Now: clock.Now},
		Issuer: storetest.Issuer, Now: clock.Now, Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(s.Server)
	}
	s.echo = s.Server.echo()
	return s
}

// logBuffer is what a server has logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// browser visits a site like a browser: it keeps cookies and says where its
// requests come from. It does not follow redirects.
type browser struct {
	t       *testing.T
	site    *site
	address string
	htmx    bool // asks like htmx does
	cookies map[string]string
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	return &browser{t: t, site: s, address: "192.0.2.1:1234", cookies: map[string]string{}}
}

// signedIn returns a browser in which a new user has signed in.
func (s *site) signedIn(t *testing.T, email string, admin bool) *browser {
	t.Helper()
	storetest.User(t, s.Store, "Demo User", email, admin)
	b := s.browser(t)
	b.signIn(email, testPassword).redirects("/")
	return b
}

func (b *browser) signIn(email, password string) answer {
	b.t.Helper()
	return b.post("/login", url.Values{"email": {email}, "password": {password}})
}

// withHTMX returns the same browser as it asks by htmx.
func (b *browser) withHTMX() *browser {
	with := *b
	with.htmx = true
	return &with
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.send(httptest.NewRequest(http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(r)
}

func (b *browser) send(r *http.Request) answer {
	b.t.Helper()
	r.RemoteAddr = b.address
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: b.cookies[name]})
	}
	if b.htmx {
		r.Header.Set("HX-Request", "true")
	}
	w := httptest.NewRecorder()
	b.site.echo.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		if cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		} else {
			b.cookies[cookie.Name] = cookie.Value
		}
	}
	return answer{w, b.t}
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// page returns the answer for looking at.
func (a answer) page() *goquery.Document {
	a.t.Helper()
	page, err := goquery.NewDocumentFromReader(bytes.NewReader(a.Body.Bytes()))
	if err != nil {
		a.t.Fatal(err)
	}
	return page
}

// has fails the test unless the answer has the status and every text in it.
func (a answer) has(status int, texts ...string) {
	a.t.Helper()
	if a.Code != status {
		a.t.Errorf("got %d %s, want %d", a.Code, a.page().Find("h1, h2").Text(), status)
	}
	for _, text := range texts {
		if !strings.Contains(a.Body.String(), text) {
			a.t.Errorf("got %s, want %q in it", a.page().Find("main, .dialog-body").Text(), text)
		}
	}
}

// lacks fails the test when the answer holds one of texts.
func (a answer) lacks(texts ...string) {
	a.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.Body.String(), text) {
			a.t.Errorf("the answer holds %q", text)
		}
	}
}

// redirects fails the test unless the answer sends the browser to an address.
func (a answer) redirects(to string) {
	a.t.Helper()
	if a.Code != http.StatusSeeOther || a.Header().Get("Location") != to {
		a.t.Errorf("got %d to %q, want 303 to %q: %s", a.Code, a.Header().Get("Location"), to, a.page().Find("main").Text())
	}
}

// navigates fails the test unless the answer has htmx go to an address.
func (a answer) navigates(to string) {
	a.t.Helper()
	if a.Code != http.StatusOK || a.Header().Get("HX-Redirect") != to || a.Body.Len() > 0 {
		a.t.Errorf("got %d to %q, want 200 with HX-Redirect to %q", a.Code, a.Header().Get("HX-Redirect"), to)
	}
}

// wrongFields returns the names of the fields that the answer marks as wrong.
func (a answer) wrongFields() []string {
	a.t.Helper()
	return a.page().Find(`[aria-invalid="true"]`).Map(func(_ int, field *goquery.Selection) string { return field.AttrOr("name", "") })
}

// setUp sets the site up through its setup page, and returns the browser in
// which the first administrator is signed in.
func (s *site) setUp(t *testing.T) *browser {
	t.Helper()
	code, _, err := s.Store.NewSetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.post("/setup", setupForm(code)).redirects("/")
	return b
}

func setupForm(code string) url.Values {
	return url.Values{
		"code": {code}, "team": {"Harbor"}, "name": {"First Admin"}, "email": {"admin@example.com"}, "password": {testPassword},
	}
}

// grant gives a user a permission of a built-in service.
func (s *site) grant(t *testing.T, user registry.User, p registry.Permission) {
	t.Helper()
	err := s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{
		Subject: registry.Subject{Type: registry.UserSubject, ID: user.ID}, Service: p.Service, Kind: registry.PermissionGrant, Key: p.Key,
	})
	if err != nil {
		t.Fatal(err)
	}
}
