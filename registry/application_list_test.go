package registry

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestApplicationQueryClean(t *testing.T) {
	for typed, want := range map[string]string{
		"":                        "",
		"  Ledger   SYNC ":        "ledger sync",
		"a\x00b\tc\nd":            "a b c d",
		"100%_\\\"'":              "100%_\\\"'",
		"\xff\xfe":                "",
		"Émile 🚀":                 "émile 🚀",
		strings.Repeat("Ж", 1000): strings.Repeat("ж", maxSearch),
	} {
		got := ApplicationQuery{Search: typed}.Clean()
		if got.Search != want || got.Sort != SortUsedDown {
			t.Errorf("%.20q: got %q by %q, want %q by %q", typed, got.Search, got.Sort, want, SortUsedDown)
		}
	}
}

func TestCheckApplicationQuery(t *testing.T) {
	tests := []struct {
		name  string
		query ApplicationQuery
		wrong string // the field
	}{
		{"nothing", ApplicationQuery{}, ""},
		{"everything", ApplicationQuery{Origin: "team", Type: "oauth_client", Status: "deleted", Scope: "a.b:c", Attention: "unused", Search: "'", Sort: "-name"}, ""},
		{"origin", ApplicationQuery{Origin: "team'--"}, "origin"},
		{"type", ApplicationQuery{Type: "x"}, "type"},
		{"status", ApplicationQuery{Status: "gone"}, "status"},
		{"scope", ApplicationQuery{Scope: "a\x00"}, "scope"},
		{"attention", ApplicationQuery{Attention: "all"}, "attention"},
		{"sort", ApplicationQuery{Sort: "name; DROP TABLE applications"}, "sort"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			invalid, _ := errors.AsType[Invalid](Check(tt.query.Clean()))
			if tt.wrong == "" && len(invalid) > 0 || tt.wrong != "" && (invalid[tt.wrong] == "" || len(invalid) != 1) {
				t.Errorf("got %v, want %q to be wrong", invalid, tt.wrong)
			}
		})
	}
}

func TestCursor(t *testing.T) {
	for _, c := range []Cursor{
		{Sort: SortName, Name: "ledger \"sync\" <&>  ", ID: "cl_a"},
		{Sort: SortUsedDown, ID: "cl_a"},
		{Sort: SortCreated, Time: -1, ID: "cl_b"},
	} {
		got, err := ParseCursor(c.String(), c.Sort)
		if err != nil || got != c {
			t.Errorf("got %+v, %v, want %+v", got, err, c)
		}
		other := SortNameDown
		if _, err := ParseCursor(c.String(), other); err == nil {
			t.Errorf("%+v: taken for one sorted by %s", c, other)
		}
		for i := range c.String() {
			if got, err := ParseCursor(c.String()[:i], c.Sort); err == nil {
				t.Errorf("%+v cut off: got %+v", c, got)
			}
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	for _, seed := range []string{
		"", "x", Cursor{Sort: SortName, Name: "a", ID: "cl_a"}.String(), Cursor{Sort: SortUsedDown, Time: 1, ID: "cl_a"}.String(),
		"eyJzIjoibmFtZSIsImkiOiJcdTAwMDAifQ", "eyJzIjoibmFtZSIsIm4iOiInIE9SIDE9MS0tIiwiaSI6ImEifQ",
	} {
		f.Add(seed, string(SortName))
	}
	f.Fuzz(func(t *testing.T, text, sort string) {
		c, err := ParseCursor(text, ApplicationSort(sort))
		if err != nil {
			return
		}
		if c.String() != text || string(c.Sort) != sort || c.ID == "" || !utf8.ValidString(c.Name+c.ID) || strings.ContainsRune(c.Name+c.ID, 0) {
			t.Errorf("%q: got %+v", text, c)
		}
	})
}
