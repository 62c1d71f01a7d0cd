// Package viewtest compares what views render with HTML that was looked at and
// accepted before. Accept what they render now with
//
//	go test ./views/... -update
package viewtest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/a-h/templ"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "accept the current HTML as golden")

// Golden fails the test when the view is not the same as in
// testdata/NAME.golden.html of the package under test.
func Golden(t *testing.T, name string, view templ.Component) {
	t.Helper()
	got := HTML(t, view)
	file := filepath.Join("testdata", name+".golden.html")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file) //nolint:gosec // the name is the test's
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if that is right, run task golden (-want +got):\n%s", file, diff)
	}
}

var contentHash = regexp.MustCompile(`(/static/[a-z/.-]+)\.[A-Za-z0-9_-]{12}\.`)

// HTML returns what the view renders, with a line for each tag and assets
// without their hashes, so that a change of style changes no page.
func HTML(t *testing.T, view templ.Component) string {
	t.Helper()
	var page bytes.Buffer
	if err := view.Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	html := contentHash.ReplaceAll(page.Bytes(), []byte("$1."))
	return string(bytes.ReplaceAll(html, []byte("><"), []byte(">\n<"))) + "\n"
}
