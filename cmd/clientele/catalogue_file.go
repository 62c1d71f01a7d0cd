package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"clientele/registry"
)

// parseCatalogue reads a catalogue file. It fails naming every line that is
// wrong: what is no YAML, keys that a catalogue does not have, and values that
// break a rule.
func parseCatalogue(source string, text []byte) (registry.Catalogue, error) {
	var c registry.Catalogue
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField()).Decode(&c); err != nil {
		if wrong, ok := errors.AsType[yaml.Error](err); ok && wrong.GetToken() != nil {
			return c, fmt.Errorf("%s, line %d: %s", source, wrong.GetToken().Position.Line, firstLine(wrong.GetMessage()))
		}
		return c, fmt.Errorf("%s: %s", source, firstLine(yaml.FormatError(err, false, false)))
	}
	err := registry.CheckCatalogue(c)
	invalid, ok := errors.AsType[registry.Invalid](err)
	if !ok {
		return c, err
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return c, fmt.Errorf("%s: %w", source, err)
	}
	lines := []string{fmt.Sprintf("nothing was changed, because %s breaks rules:", source)}
	for _, path := range slices.Sorted(maps.Keys(invalid)) {
		lines = append(lines, fmt.Sprintf("  line %d, %s: %s", lineOf(file, path), path, invalid[path]))
	}
	return c, errors.New(strings.Join(lines, "\n"))
}

// lineOf returns the line of what is at path, or of the nearest thing around it.
func lineOf(file *ast.File, path string) int {
	for path != "" {
		at, err := yaml.PathString("$." + path)
		if err != nil {
			break
		}
		if node, err := at.FilterFile(file); err == nil && node != nil {
			return node.GetToken().Position.Line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
