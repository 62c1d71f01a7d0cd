package views

import (
	"cmp"
	"go/format"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"clientele/registry"
)

// Every program that signs a user in is well formed, in whatever way the client
// authenticates.
func TestCodeSnippetsAreWellFormed(t *testing.T) {
	for _, method := range []string{registry.SecretBasic, registry.SecretPost, registry.PublicClient} {
		for _, scopes := range [][]string{{"openid", "orders:read"}, {"orders:read"}} {
			c := Credentials{
				Issuer: "http://localhost:8080", ClientID: "cl_abcdefghijklmnop", AuthMethod: method, Scopes: scopes,
				RedirectURIs: []string{"https://app.example.com/cb"}, Refresh: true,
			}
			if !c.Public() {
				c.Secret = registry.NewSecret()
			}
			for _, s := range mustSnippets(t, c.CodeSnippets) {
				if holds := strings.Contains(s.Text, cmp.Or(c.Secret.Reveal(), "secret")); holds == c.Public() {
					t.Errorf("%s, %s: it speaks of a secret: %t\n%s", method, s.Title, holds, s.Text)
				}
				switch s.Key {
				case "code_go":
					if formatted, err := format.Source([]byte(s.Text + "\n")); err != nil || string(formatted) != s.Text+"\n" {
						t.Errorf("%s: %v, it is not formatted:\n%s", method, err, s.Text)
					}
				case "code_python":
					runs(t, s.Text, "python3", "-c", "import ast, sys; ast.parse(sys.stdin.read())")
				case "code_javascript":
					runs(t, s.Text, "node", "--input-type=module", "--check", "-")
				}
			}
		}
	}
}

func runs(t *testing.T, text string, command ...string) {
	t.Helper()
	run := exec.CommandContext(t.Context(), command[0], command[1:]...)
	run.Stdin = strings.NewReader(text)
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v: %v %s\n%s", command, err, out, text)
	}
}

// What stands in a snippet means the same to the language it is written in,
// whatever it is.
func TestSnippetLiterals(t *testing.T) {
	const nasty = `a'b"c\d$e` + "`f`" + `{g}</script>&h #i é`
	js, err := jsQuoted(nasty)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		command []string
	}{
		{"shell", []string{"sh", "-c", "printf %s " + shellQuoted(nasty)}},
		{".env", []string{"sh", "-c", "x=" + envQuoted(nasty) + `; printf %s "$x"`}},
		{"Python", []string{"python3", "-c", "print(" + strconv.QuoteToASCII(nasty) + ", end='')"}},
		{"JavaScript", []string{"node", "-e", "process.stdout.write(" + js + ")"}},
	}
	for _, tt := range tests {
		out, err := exec.CommandContext(t.Context(), tt.command[0], tt.command[1:]...).CombinedOutput()
		if err != nil || string(out) != nasty {
			t.Errorf("%s: got %q and %v, want %q", tt.name, out, err, nasty)
		}
	}
	if got := envQuoted(registry.NewSecret().Reveal()); got[0] == '\'' {
		t.Errorf("a secret is quoted in .env, which not every reader takes off: %s", got)
	}
}
