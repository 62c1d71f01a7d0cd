package faults

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clientele/e2e/figure"
)

// fuzzed is how long each parser is fuzzed. ./task test runs what they are seeded with.
var fuzzed = flag.Duration("fuzzed", 0, "how long each fuzz target is run")

var (
	fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	executions = regexp.MustCompile(`execs: (\d+)`)
)

// Parsers of what strangers send crash on nothing that comes to a fuzzer's mind.
func TestFuzzTargets(t *testing.T) {
	if *fuzzed == 0 {
		t.Skip("./task faults fuzzes; ./task test runs the seeds, where the targets are")
	}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, file fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			if file != nil && file.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, target := range fuzzTarget.FindAllStringSubmatch(string(source), -1) {
			fuzz(t, filepath.Dir(path), target[1])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fuzz runs one target. What crashes it is kept in its testdata, for a test.
func fuzz(t *testing.T, dir, target string) {
	t.Helper()
	t.Run(target, func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), "go", "test", "-run=^$", "-fuzz=^"+target+"$", "-fuzztime="+(*fuzzed).Round(time.Second).String())
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		crashes, ran := 0, "0"
		if err != nil {
			crashes = 1
			t.Errorf("%v\n%s", err, out)
		}
		if counts := executions.FindAllStringSubmatch(string(out), -1); len(counts) > 0 {
			ran = counts[len(counts)-1][1]
		}
		figure.Report(t, target, "0 crashes", "%s executions in %v, %d crashes", ran, *fuzzed, crashes)
	})
}
