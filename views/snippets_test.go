package views

import (
	"os/exec"
	"strconv"
	"testing"

	"clientele/registry"
)

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
