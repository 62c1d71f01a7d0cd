package main

import (
	_ "embed"
	"strings"
	"testing"
)

func TestParseCatalogueNamesLines(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"demo", string(demoCatalogue), ""},
		{"no YAML", "services: [", "file.yaml, line 1"},
		{"unknown key", "services:\n  - key: orders\n    title: Orders\n", `file.yaml, line 3: unknown field "title"`},
		{"bad key", "services:\n  - key: Orders!\n    name: Orders\n    description: Orders.\n    audience: https://orders.example\n", `line 2, services[0].key: "Orders!" is no key`},
		{"missing words", "services:\n  - key: orders\n    name: Orders\n    description: Orders.\n    audience: https://orders.example\n    scopes:\n      - {key: \"orders:read\", name: Read}\n", "line 7, services[0].scopes[0].description: Describe it"},
		{"unknown permission", "services:\n  - key: orders\n    name: Orders\n    description: Orders.\n    audience: https://orders.example\n    templates:\n      - {key: viewer, name: Viewer, permissions: [view]}\n", `line 7, services[0].templates[0].permissions[0]: The service has no permission "view"`},
		{"two things", "services:\n  - key: orders\n    name: ''\n    description: Orders.\n    audience: orders\n", "line 5, services[0].audience"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCatalogue("file.yaml", []byte(tt.text))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzParseCatalogue(f *testing.F) {
	f.Add(demoCatalogue)
	f.Add([]byte("services:\n  - {key: a, scopes: [{key: 'a:b'}]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := parseCatalogue("fuzz", text); err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Error("an error without words")
		}
	})
}
