package faults

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/e2e/program"
)

// crashes is how often a server and Litestream, which copies its database
// continuously, die together. ./task test leaves this out, for Litestream takes
// minutes to build; ./task faults has them die 5 times.
var crashes = flag.Int("crashes", 0, "how often a server and its Litestream are killed")

// copyLag is how long ago a write was acknowledged that is surely in the copy:
// Litestream copies each second.
const copyLag = 2 * time.Second

// What a server acknowledged two seconds before it and Litestream died is in what
// Litestream restores, which is whole, starts and verifies.
func TestLitestreamKeepsACopy(t *testing.T) {
	if *crashes == 0 {
		t.Skip("./task faults kills Litestream, which takes minutes to build")
	}
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	litestream := buildLitestream(t, folder)
	p, err := program.New(binary, filepath.Join(folder, "serving.db"), folder)
	if err != nil {
		t.Fatal(err)
	}
	createAdmin(t, p)
	replica := "file://" + filepath.Join(folder, "replica")
	var made []string
	missing, all := 0, 0
	for i := range *crashes {
		s, err := p.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		copying := exec.CommandContext(t.Context(), litestream, "replicate", p.Database, replica)
		copying.Stdout, copying.Stderr = &said, &said
		if err := copying.Start(); err != nil {
			t.Fatal(err)
		}
		busy := keepBusy(t, s, signIn(t, s), fmt.Sprintf("Life %d,", i))
		time.Sleep(copyLag)
		made = append(made, busy.acknowledged()...)
		time.Sleep(copyLag)
		busy.stop()
		all += len(busy.acknowledged())
		s.Kill()
		if err := copying.Process.Kill(); err != nil {
			t.Fatalf("litestream: %v\n%s", err, said.Bytes())
		}
		_ = copying.Wait() // "signal: killed"
		copied := *p
		copied.Database = filepath.Join(folder, fmt.Sprintf("copy %d.db", i))
		restore := exec.CommandContext(t.Context(), litestream, "restore", "-o", copied.Database, replica)
		if out, err := restore.CombinedOutput(); err != nil {
			t.Fatalf("restore: %v\n%s\nreplicate said:\n%s", err, out, said.Bytes())
		}
		missing += checkCopy(t, &copied, made)
	}
	figure.Report(t, "server and Litestream killed", "0 missing of what was acknowledged 2 s before, each restored copy whole and verified",
		"%d kills of both, %d writes, of %d acknowledged 2 s before %d missing", *crashes, all, len(made), missing)
	if len(made) == 0 {
		t.Error("want writes before a crash")
	}
}

// buildLitestream builds the pinned Litestream into a folder. It is of 0.3, as
// docs/operations.md says, and its SQLite is in C.
func buildLitestream(t *testing.T, folder string) string {
	t.Helper()
	binary := filepath.Join(folder, "litestream")
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=tools/litestream/go.mod", "-o", binary, "github.com/benbjohnson/litestream/cmd/litestream")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build Litestream: %v\n%s", err, out)
	}
	return binary
}
