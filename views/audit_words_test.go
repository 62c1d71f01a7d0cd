package views

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
)

// Everything that the store can record has words, and nothing else has.
func TestActionsHaveWords(t *testing.T) {
	recorded := recordedActions(t)
	if len(recorded) < 10 {
		t.Fatalf("found %d actions: the test does not find them", len(recorded))
	}
	for action, where := range recorded {
		if _, ok := auditWords[action]; !ok {
			t.Errorf("%s records %q, which has no words", where, action)
		}
	}
	for action := range auditWords {
		if _, ok := recorded[action]; !ok {
			t.Errorf("%q has words, but nothing records it", action)
		}
	}
	for _, area := range auditAreas {
		for _, action := range area.Actions {
			if registry.Area(action.Key) != area.Key {
				t.Errorf("%q stands in the area %q", action.Key, area.Key)
			}
		}
	}
}

// recordedActions finds, in the store and in what calls it, every string that
// is a field or an argument named action, and where.
func recordedActions(t *testing.T) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	found, place := map[string]string{}, map[string]int{} // of a function's argument
	note := func(e ast.Expr) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[text] = files.Position(literal.Pos()).String()
		}
	}
	source := parsed(t, files, "../store", "../web")
	for _, file := range source {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				i := 0
				for _, field := range f.Type.Params.List {
					for _, name := range field.Names {
						if name.Name == "action" {
							place[f.Name.Name] = i
						}
						i++
					}
				}
			}
		}
	}
	for _, file := range source {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "action" || key.Name == "Action") {
					note(n.Value)
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if field, ok := left.(*ast.SelectorExpr); ok && field.Sel.Name == "Action" && i < len(n.Rhs) {
						note(n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				if i, ok := place[called(n.Fun)]; ok && i < len(n.Args) {
					note(n.Args[i])
				}
			}
			return true
		})
	}
	return found
}

func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	default:
		return ""
	}
}

// parsed returns the Go files of dirs, tests left out.
func parsed(t *testing.T, files *token.FileSet, dirs ...string) []*ast.File {
	t.Helper()
	var all []*ast.File
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, file)
		}
	}
	return all
}

func TestAuditChanges(t *testing.T) {
	one := func(text string) []auditValue { return []auditValue{{Text: text}} }
	tests := []struct {
		name          string
		before, after string
		want          []auditChange
	}{
		{"nothing", "", "", nil},
		{"made", "", `{"name":"Payroll","number":1750000000,"admin":false}`, []auditChange{
			{Field: "Admin", After: one("No")}, {Field: "Name", After: one("Payroll")}, {Field: "Number", After: one("1750000000")},
		}},
		{"what differs comes first", `{"name":"Payroll","status":"active"}`, `{"name":"Payroll","status":"disabled"}`, []auditChange{
			{Field: "Status", Before: []auditValue{{Text: "active", Gone: true}}, After: []auditValue{{Text: "disabled", New: true}}},
			{Field: "Name", Before: one("Payroll"), After: one("Payroll"), Same: true},
		}},
		{"of several only some", `{"scopes":["a:read","b:read"]}`, `{"scopes":["a:read","c:read"]}`, []auditChange{
			{Field: "Scopes", Before: []auditValue{{Text: "a:read"}, {Text: "b:read", Gone: true}}, After: []auditValue{{Text: "a:read"}, {Text: "c:read", New: true}}},
		}},
		{"nested", "", `{"filter":{"auth_method":"x"},"changes":[{"op":"added","key":"a"}],"none":null,"empty":""}`, []auditChange{
			{Field: "Changes", After: one("key: a, op: added")}, {Field: "Filter: auth method", After: one("x")},
		}},
		{"no JSON", "{", "[1]", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := auditChanges(registry.Event{Before: tt.before, After: tt.after})
			for i := range got { // nothing is nothing
				if len(got[i].Before) == 0 {
					got[i].Before = nil
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
