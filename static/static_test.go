package static

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// TestWireSize: what a page loads before it works must stay small.
func TestWireSize(t *testing.T) {
	const limit = 25 << 10
	total := 0
	for _, name := range []string{"css/app.css", "js/htmx.min.js", "js/app.js"} {
		total += get(t, http.MethodGet, Path(name), "br").Body.Len()
	}
	if total > limit {
		t.Errorf("got %d bytes of CSS and JS over the wire, want at most %d", total, limit)
	}
}

func TestHandler(t *testing.T) {
	tests := []struct {
		name, path, accept string
		status             int
		encoding, kind     string
	}{
		{"brotli", Path("css/app.css"), "gzip, deflate, br, zstd", 200, "br", "text/css; charset=utf-8"},
		{"gzip", Path("js/app.js"), "GZIP;q=0.5", 200, "gzip", "text/javascript; charset=utf-8"},
		{"neither is wanted", Path("js/app.js"), "br;q=0, gzip; q=0.000", 200, "", "text/javascript; charset=utf-8"},
		{"another is", Path("js/app.js"), "zstd, *", 200, "", "text/javascript; charset=utf-8"},
		{"nothing is said", Path("mark.svg"), "", 200, "", "image/svg+xml"},
		{"a font is packed already", Path("fonts/geist-latin-wght-normal.woff2"), "br", 200, "", "font/woff2"},
		{"without its hash", "/static/css/app.css", "", 404, "", "text/plain; charset=utf-8"},
		{"of another content", strings.Replace(Path("css/app.css"), "app.", "app.x", 1), "", 404, "", "text/plain; charset=utf-8"},
		{"the folder", "/static/", "", 404, "", "text/plain; charset=utf-8"},
		{"above the folder", "/static/../static.go", "", 404, "", "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, http.MethodGet, tt.path, tt.accept)
			if w.Code != tt.status || w.Header().Get("Content-Encoding") != tt.encoding || w.Header().Get("Content-Type") != tt.kind {
				t.Errorf("got %d %v, want %d, %q, %q", w.Code, w.Header(), tt.status, tt.encoding, tt.kind)
			}
		})
	}
}

func TestKeptForGood(t *testing.T) {
	w := get(t, http.MethodHead, Path("js/app.js"), "br")
	want := map[string]string{
		"Cache-Control":          "public, max-age=31536000, immutable",
		"X-Content-Type-Options": "nosniff",
		"Vary":                   "Accept-Encoding",
	}
	for name, value := range want {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	if w.Body.Len() > 0 {
		t.Errorf("got %d bytes for HEAD, want none", w.Body.Len())
	}
	if missing := get(t, http.MethodGet, "/static/none.js", ""); missing.Header().Get("Cache-Control") != "" {
		t.Errorf("got %q for what is missing, want no caching", missing.Header().Get("Cache-Control"))
	}
}

var update = flag.Bool("update", false, "make the Brotli forms anew")

// TestPacked: every file has the Brotli form of its present content, and there
// are no others.
func TestPacked(t *testing.T) {
	if *update {
		pack(t)
	}
	var want []string
	for _, a := range all().byName {
		if a.gzip != nil {
			want = append(want, strings.TrimPrefix(a.packedName(), "br/"))
		}
	}
	var got []string
	err := fs.WalkDir(os.DirFS("br"), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, name)
		}
		return err
	})
	slices.Sort(want)
	if slices.Sort(got); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v: run go test ./static -update", got, err, want)
	}
}

// pack makes the Brotli forms of all files that are not packed already.
func pack(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll("br"); err != nil {
		t.Fatal(err)
	}
	for _, a := range all().byName {
		if a.gzip == nil {
			continue
		}
		var form bytes.Buffer
		w := brotli.NewWriterLevel(&form, brotli.BestCompression)
		_, err := w.Write(a.plain)
		err = errors.Join(err, w.Close(), os.MkdirAll(filepath.Dir(a.packedName()), 0o755), os.WriteFile(a.packedName(), form.Bytes(), 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPackedIsTheSame(t *testing.T) {
	for name, a := range all().byName {
		if a.gzip == nil {
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(a.gzip()))
		if err != nil {
			t.Fatal(err)
		}
		for coding, reader := range map[string]io.Reader{"br": brotli.NewReader(bytes.NewReader(a.brotli)), "gzip": z} {
			got, err := io.ReadAll(reader)
			if err != nil || !bytes.Equal(got, a.plain) {
				t.Errorf("%s as %s: got %d bytes and %v, want the %d of the file", name, coding, len(got), err, len(a.plain))
			}
		}
	}
}

// TestStyleSheetNamesHashedFonts: otherwise a preloaded font is fetched twice.
func TestStyleSheetNamesHashedFonts(t *testing.T) {
	css := get(t, http.MethodGet, Path("css/app.css"), "").Body.String()
	for _, font := range []string{"fonts/geist-latin-wght-normal.woff2", "fonts/geist-mono-latin-wght-normal.woff2"} {
		if !strings.Contains(css, `url("`+Path(font)+`")`) {
			t.Errorf("got a style sheet that does not name %s, want it to", Path(font))
		}
	}
}

// TestIcons: every file is an icon as Icon reads it.
func TestIcons(t *testing.T) {
	files, err := iconFiles.ReadDir("icons")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		drawing, err := Icon(strings.TrimSuffix(file.Name(), ".svg"))
		if err != nil || !strings.HasPrefix(drawing, "<") || strings.Contains(drawing, "<svg") {
			t.Errorf("%s: got %q and %v, want a drawing", file.Name(), drawing, err)
		}
	}
	if _, err := Icon("../mark"); err == nil {
		t.Error("got an icon from outside the folder, want an error")
	}
}

func get(t *testing.T, method, path, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	r.URL.Path = path
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w
}
