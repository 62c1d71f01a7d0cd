package static

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// What a page loads before it works must stay small.
func TestWireSize(t *testing.T) {
	const limit = 25 << 10
	total := 0
	for _, name := range []string{"css/app.css", "js/htmx.min.js", "js/app.js"} {
		total += len(all().byName[name].brotli())
	}
	if total > limit {
		t.Errorf("CSS and JS are %d bytes over the wire, want at most %d", total, limit)
	}
}

func TestHandler(t *testing.T) {
	tests := []struct {
		name, path, accept string
		status             int
		encoding, kind     string
	}{
		{"brotli", Path("css/app.css"), "gzip, deflate, br", 200, "br", "text/css; charset=utf-8"},
		{"gzip", Path("js/app.js"), "gzip", 200, "gzip", "text/javascript; charset=utf-8"},
		{"plain", Path("mark.svg"), "", 200, "", "image/svg+xml"},
		{"a font is compressed already", Path("fonts/geist-latin-wght-normal.woff2"), "br", 200, "", "font/woff2"},
		{"without its hash", "/static/css/app.css", "", 404, "", "text/plain; charset=utf-8"},
		{"above the folder", "/static/../static.go", "", 404, "", "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path = tt.path
			r.Header.Set("Accept-Encoding", tt.accept)
			w := httptest.NewRecorder()
			Handler().ServeHTTP(w, r)
			if w.Code != tt.status || w.Header().Get("Content-Encoding") != tt.encoding || w.Header().Get("Content-Type") != tt.kind {
				t.Errorf("got %d %v, want %d, %q, %q", w.Code, w.Header(), tt.status, tt.encoding, tt.kind)
			}
		})
	}
}

func TestStyleSheetNamesHashedFonts(t *testing.T) {
	var css bytes.Buffer
	if _, err := css.ReadFrom(brotli.NewReader(bytes.NewReader(all().byName["css/app.css"].brotli()))); err != nil {
		t.Fatal(err)
	}
	if font := Path("fonts/geist-latin-wght-normal.woff2"); !strings.Contains(css.String(), `url("`+font+`")`) {
		t.Errorf("the style sheet does not name %s", font)
	}
}
