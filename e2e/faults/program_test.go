package faults

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is the built binary with a database of its own.
type program struct{ binary, database, key string }

// build compiles the program, as it is released.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "clientele")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "clientele/cmd/clientele")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func newProgram(t *testing.T, binary, database string) *program {
	t.Helper()
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	p := &program{binary, database, filepath.Join(t.TempDir(), "clientele.key")}
	if err := os.WriteFile(p.key, []byte(hex.EncodeToString(random)), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, p.binary, append([]string{"--database", p.database, "--key-file", p.key}, args...)...)
}

// run runs a command, which has to succeed.
func (p *program) run(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := p.command(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// server is the program while it serves.
type server struct {
	address string
	process *exec.Cmd
}

// start serves until the test ends, or the server is killed.
func (p *program) start(t *testing.T) *server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := &server{"http://" + address, p.command(t.Context(), "serve", "--addr", address)}
	s.process.Stderr = &log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if answer, err := http.Get(s.address + "/readyz"); err == nil {
			_ = answer.Body.Close()
			return s
		}
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	t.Fatalf("the server does not start:\n%s", &log)
	return nil
}

// signIn returns a browser that is signed in and does not follow redirects.
func (s *server) signIn(t *testing.T, email, password string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(s.address+"/login", url.Values{"email": {email}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign in: got %s and %v", answer.Status, err)
	}
	return browser
}
