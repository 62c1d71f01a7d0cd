package web

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"clientele/e2e/figure"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// tries is how often each route is sent something malformed. ./task faults
// sends 16, which is 10,000 in all.
var tries = flag.Int("tries", 5, "how often each route is sent something malformed, signed in and not")

// TestMalformed sends every route what no browser and no client would send. It
// is answered below 500, and in a console's page where people look.
func TestMalformed(t *testing.T) {
	s := newSite(t)
	admin := s.setUp(t)
	app, _, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{Name: "Target", Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
		Scopes:        []string{"applications:read"},
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	user := storetest.User(t, s.Store, "Target", "target@example.com", false)
	group, err := s.Store.CreateGroup(t.Context(), registry.Operator, registry.GroupInput{Name: "Target"})
	if err != nil {
		t.Fatal(err)
	}
	hook, err := s.Store.CreateWebhook(t.Context(), registry.Operator, registry.WebhookInput{
		URL: "https://hooks.example.com", Kinds: []registry.NoticeKind{registry.NoticeApplicationCreated},
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := s.Store.CreateKey(t.Context(), registry.Operator, registry.NewApplicationKey{KeyDetails: registry.KeyDetails{Name: "Target key"}}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	m := mangler{state: 7, ids: []string{app.ID, key.ID, user.ID, group.ID, hook.ID}}
	routes := s.echo.Routes()
	slices.SortFunc(routes, func(a, b *echo.Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	requests, failed := 0, 0
	for range *tries {
		for _, route := range routes {
			for _, signedIn := range []bool{false, true} {
				r, sent := m.request(route)
				if signedIn {
					for name, value := range admin.cookies {
						r.AddCookie(&http.Cookie{Name: name, Value: value})
					}
				}
				w := httptest.NewRecorder()
				s.echo.ServeHTTP(w, r)
				checkRefusal(t, sent, r, w)
				requests++
				if w.Code >= http.StatusInternalServerError {
					failed++
				}
				if signedIn && route.Path == "/logout" && r.Method == http.MethodPost {
					admin.signIn("admin@example.com", testPassword)
				}
			}
		}
	}
	figure.Report(t, "malformed requests", "0 answers of 500 and above", "%d requests, %d answers of 500 and above", requests, failed)
	if log := s.log.String(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") {
		t.Error("the log has a panic or an error")
	}
}

// checkRefusal fails the test when an answer is the server's own fault, or is
// an error that nobody can read.
func checkRefusal(t *testing.T, sent string, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	kind, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	switch {
	case w.Code >= http.StatusInternalServerError:
		t.Errorf("%s: got %d, want less than 500", sent, w.Code)
	case w.Code < http.StatusBadRequest || r.Method == http.MethodHead || w.Header().Get("Content-Encoding") != "":
	case kind == "application/json" || kind == "application/problem+json":
		if !bytes.HasPrefix(w.Body.Bytes(), []byte("{")) {
			t.Errorf("%s: got %d %.100q, want a JSON object", sent, w.Code, w.Body)
		}
	case strings.HasPrefix(r.URL.Path, "/static/") && kind == "text/plain": // nobody looks at a file that is missing
	case kind != "text/html":
		t.Errorf("%s: got %d as %q, want a page", sent, w.Code, kind)
	default:
		page := answer{w, t}.page()
		if page.Find("h1, h2").Text() == "" || r.Header.Get("HX-Request") != "true" && page.Find(`link[rel="stylesheet"]`).Length() == 0 {
			t.Errorf("%s: got %d %.300q, want the console's look", sent, w.Code, w.Body)
		}
	}
}

// mangler makes malformed requests, the same ones in every run.
type mangler struct {
	state uint64
	ids   []string // of what exists
}

// n returns a number below limit (SplitMix64).
func (m *mangler) n(limit int) int {
	m.state += 0x9e3779b97f4a7c15
	z := m.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(limit))
}

func pick[T any](m *mangler, from []T) T { return from[m.n(len(from))] }

var (
	strange = []string{
		"", " ", "0", "-1", "1e309", "99999999999999999999", "NaN", "null", "true", "undefined", "[]", "{}", "\x00", "a\x00b", "\xff\xfe", "\xc3\x28", "\xed\xa0\x80",
		"\u202e", "\u0000", "🦀", "e\u0301", "%", "%zz", "%00", "%c0%ae", "..", "../../etc/passwd", "..%2f..%2f", "//evil.example", "\\\\evil.example", "javascript:alert(1)",
		"' OR '1'='1", "'; DROP TABLE applications; --", "\") UNION SELECT 1--", "%' ESCAPE '", "* NEAR(a b)", "\"unclosed", "a AND NOT", "{{.}}", "${7*7}", "<%= 7*7 %>", "<script>alert(1)</script>",
		"\"><img src=x onerror=alert(1)>", "line\r\nSet-Cookie: a=b", "\t\n\v", "$1", "?", "#", ";", "&", "=", "+", "cl_", "cs_", "client_credentials",
	}
	names = []string{
		"q", "after", "before", "sort", "status", "type", "origin", "scope", "attention", "actor", "action", "outcome", "target", "from", "to", "limit", "cursor", "next", "theme", "code",
		"team", "name", "email", "password", "description", "grant", "auth_method", "token_alg", "service", "kind", "key", "object", "end", "at", "date", "overlap", "typed", "version", "template.team",
		"grant_type", "client_id", "client_secret", "resource", "client_assertion", "token", "refresh_token", "code_verifier", "code_challenge", "redirect_uri", "response_type", "state", "nonce", "prompt", "max_age",
		"request", "decision", "for", "", "a[b]", "__proto__", "current", "new", "seen_name", "seen_description", "owner", "until", "secret", "seen", "seen_end", "days", "networks", "anyway", "id", "confirm", "user", "row", "subject", "longest_life", "longest_overlap", "most_secrets", "seen_life", "back", "reason", "state", "user", "group", "confirm", "\x00", "\xff", "url", "addresses",
	}
	methods = []string{"GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X"}
	types   = []string{
		"", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=\"",
		"application/json", "application/xml", "text/plain", "application/octet-stream", ";;;", "a/b/c", "\xff",
	}
	headers = map[string][]string{
		"Accept":            {"*/*", "text/html", "application/json", "application/problem+json;q=0", "x", "text/html;q=2", "\x00"},
		"Accept-Encoding":   {"gzip", "br", "gzip;q=x", "identity;q=0, *;q=0", ","},
		"Accept-Language":   {"*", "xx-YY;q=9", "\xff"},
		"Authorization":     {"Basic", "Basic !!!", "Basic OnB3", "Basic /////w==", "Bearer", "Bearer a.b.c", "Bearer ..", "Bearer \x00", "Digest x", "Basic JTAwOiUwMA==", "AppKey", "AppKey \x00", "AppKey ak_" + strings.Repeat("z", 5000), "AppKey " + registry.NewKey().Reveal()},
		"Content-Encoding":  {"gzip", "br", "x"},
		"Cookie":            {"=", ";;;", "session", "session=\x00", "device=" + strings.Repeat("d", 5000), "theme=%ff; theme=dark; theme=", "session=a; session=b", "__Host-session=x"},
		"Forwarded":         {"for=\"_x\";;;"},
		"HX-Boosted":        {"true", "x"},
		"HX-Current-URL":    {"javascript:1", "%", "http://[::1"},
		"HX-Request":        {"true", "false", "1"},
		"HX-Target":         {"#modal", "\x00", "<b>"},
		"If-Modified-Since": {"yesterday"},
		"If-None-Match":     {"*", "\""},
		"Origin":            {"null", "https://evil.example", "%", "http://localhost:8080"},
		"Range":             {"bytes=-1", "bytes=9-1", "x", "bytes=0-0,1-1,2-2"},
		"Referer":           {"%", "javascript:1"},
		"Sec-Fetch-Site":    {"same-origin", "cross-site", "none", "x"},
		"X-Forwarded-For":   {"unknown", "1.2.3.4, ,", "\x00"},
		"X-Request-Id":      {"\r\n", strings.Repeat("x", 9000)},
	}
	headerNames = slices.Sorted(maps.Keys(headers))
)

// text is a value that somebody might try.
func (m *mangler) text() string {
	switch m.n(12) {
	case 0:
		return strings.Repeat(pick(m, strange)+"A", 1+m.n(20_000))
	case 1: // a cursor that this server did not write
		forged := fmt.Sprintf(`{"s":%q,"n":%q,"t":%d,"i":%q}`, pick(m, []string{"name", "-used", "created", "x"}), pick(m, strange), m.n(1<<40)-1<<39, pick(m, strange))
		return base64.RawURLEncoding.EncodeToString([]byte(forged))
	case 2:
		return pick(m, m.ids)
	default:
		return pick(m, strange)
	}
}

// pairs is a query or a form: some escaped as they should be, some not, some
// twice.
func (m *mangler) pairs() string {
	var all []string
	for range m.n(8) {
		name, value := pick(m, names), m.text()
		if m.n(4) > 0 {
			name, value = url.QueryEscape(name), url.QueryEscape(value)
		}
		for range 1 + m.n(2) {
			all = append(all, name+"="+value)
		}
	}
	return strings.Join(all, pick(m, []string{"&", "&", "&", ";", "&&"}))
}

// request returns a malformed request to a route, and how to name it.
func (m *mangler) request(route *echo.Route) (r *http.Request, sent string) {
	path := route.Path
	for path != "" && strings.Contains(path, ":") {
		before, after, _ := strings.Cut(path, ":")
		_, rest, more := strings.Cut(after, "/")
		value := m.text()
		if m.n(2) == 0 {
			value = pick(m, m.ids)
		}
		path = before + strings.ReplaceAll(value, ":", "") + map[bool]string{true: "/"}[more] + rest
	}
	if rest, all := strings.CutSuffix(path, "*"); all && strings.HasSuffix(route.Path, "*") { // not those of a value
		path = rest + m.text()
	}
	if m.n(8) == 0 {
		path += pick(m, strange)
	}
	method := route.Method
	if m.n(4) == 0 {
		method = pick(m, methods)
	}
	body, kind := m.body()
	r = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Method, r.RemoteAddr = method, "192.0.2.9:999"
	r.URL = &url.URL{Path: path, RawQuery: m.pairs()}
	if m.n(3) == 0 {
		r.URL.RawPath = (&url.URL{Path: path}).EscapedPath()
	}
	r.RequestURI = r.URL.String()
	r.Header.Set("Content-Type", kind)
	if m.n(3) > 0 {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for range m.n(5) {
		name := pick(m, headerNames)
		r.Header.Add(name, pick(m, headers[name]))
	}
	return r, fmt.Sprintf("%s %.200q?%.200q %v %q %.200q", method, path, r.URL.RawQuery, r.Header, kind, body)
}

// body returns a body and the type that it is said to be of.
func (m *mangler) body() (body, kind string) {
	const form = "application/x-www-form-urlencoded"
	switch m.n(8) {
	case 0:
		return m.pairs(), pick(m, types)
	case 1:
		return m.text(), pick(m, types)
	case 2:
		return "--x\r\nContent-Disposition: form-data; name=\"name\"" + m.text(), "multipart/form-data; boundary=x"
	case 3:
		return "name=" + strings.Repeat("A", bodyLimit+m.n(2)), form
	case 4:
		return `{"name":` + m.text(), "application/json"
	default:
		return m.pairs(), form
	}
}
