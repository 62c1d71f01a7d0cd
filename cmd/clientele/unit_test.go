package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// systemd understands the unit in docs, and finds little that it leaves open: of
// at most 10, no more than 2.
func TestSystemdUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	unit, err := os.ReadFile("../../docs/clientele.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // verify wants the program to be there
	if err != nil {
		t.Fatal(err)
	}
	installed := filepath.Join(t.TempDir(), "clientele.service")
	if err := os.WriteFile(installed, bytes.ReplaceAll(unit, []byte("/usr/local/bin/clientele"), []byte(self)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", "--man=no", installed}, {"security", "--offline=true", "--threshold=20", "--no-pager", installed}} {
		said, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && bytes.Contains(said, []byte(installed)) {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, said)
		}
	}
}
