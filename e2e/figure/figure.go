// Package figure has tests say what they measured beside what it is held to.
package figure

import (
	"fmt"
	"os"
	"testing"
)

// Report logs what came of a fault, beside its bar, and adds it as a row to the
// Markdown table in the file that the environment names as FIGURES. Whether it
// holds is for the test to say.
func Report(t testing.TB, fault, bar, format string, args ...any) {
	t.Helper()
	came := fmt.Sprintf(format, args...)
	t.Logf("%s: %s (bar: %s)", fault, came, bar)
	path := os.Getenv("FIGURES")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := fmt.Fprintf(file, "| %s | %s | %s |\n", fault, came, bar); err != nil {
		t.Fatal(err)
	}
}
