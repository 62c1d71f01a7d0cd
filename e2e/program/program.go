// Package program runs the built binary as an operator does: with a database of
// its own, as a process of its own, on loopback.
package program

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Program is the built binary, with what it is configured by.
type Program struct {
	Binary   string
	Database string   // a SQLite path or a postgres:// URL
	KeyFile  string   // every instance on one database is given the same
	Under    []string // a command to run it under, such as "taskset -c 0"
	Log      string   // where its servers write their log
}

// Build compiles the program into dir and returns the binary's path.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "clientele")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "clientele/cmd/clientele")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

// New returns the program with a new key file and its log in dir.
func New(binary, database, dir string) (*Program, error) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	p := &Program{Binary: binary, Database: database, KeyFile: filepath.Join(dir, "clientele.key"), Log: filepath.Join(dir, "clientele.log")}
	return p, os.WriteFile(p.KeyFile, []byte(hex.EncodeToString(random)), 0o600)
}

// Command returns a command of the program that is asked to stop when ctx ends.
func (p *Program) Command(ctx context.Context, args ...string) *exec.Cmd {
	words := append(append(p.Under[:len(p.Under):len(p.Under)], p.Binary, "--database", p.Database, "--key-file", p.KeyFile), args...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// Run runs a command and returns what it printed. An error holds what it complained of.
func (p *Program) Run(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	cmd := p.Command(ctx, args...)
	var complaint bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &complaint
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("clientele %s: %w\n%s", strings.Join(args, " "), err, &complaint)
	}
	return out, err
}

// The administrator whom CreateAdmin makes.
const (
	AdminEmail    = "demo.admin@example.com"
	AdminPassword = "team password"
)

// CreateAdmin makes an administrator.
func (p *Program) CreateAdmin(ctx context.Context) error {
	_, err := p.Run(ctx, AdminPassword+"\n", "user", "create", "--email", AdminEmail, "--name", "Demo Admin", "--admin", "--password-stdin")
	return err
}

// Register makes a client and returns its credentials. Flags are those of
// client create.
func (p *Program) Register(ctx context.Context, name string, flags ...string) (id, secret string, err error) {
	out, err := p.Run(ctx, "", append([]string{"client", "create", "--name", name, "--json"}, flags...)...)
	if err != nil {
		return "", "", err
	}
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	err = json.Unmarshal(out, &made)
	return made.ID, made.Secret, err
}

// Server is the program while it serves.
type Server struct {
	Address string // http://127.0.0.1:PORT
	Process *exec.Cmd
	Took    time.Duration // from its start to its first answer
}

// Start serves on a free address until ctx ends or the server is stopped, and
// returns after its first answer. Args are flags of serve.
func (p *Program) Start(ctx context.Context, args ...string) (*Server, error) {
	address, err := FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	// A file, as where it runs in earnest. A pipe to this process would cost both.
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	s := &Server{Address: "http://" + address, Process: p.Command(ctx, append([]string{"serve", "--addr", address}, args...)...)}
	s.Process.Stderr = log
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address+"/healthz", nil)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.Process.Start(); err != nil {
		return nil, err
	}
	for time.Since(began) < 20*time.Second {
		if answer, err := http.DefaultClient.Do(r); err == nil {
			s.Took = time.Since(began)
			return s, answer.Body.Close()
		}
		time.Sleep(time.Millisecond)
	}
	s.Kill()
	said, err := os.ReadFile(p.Log)
	return nil, errors.Join(fmt.Errorf("the server does not answer:\n%s", said), err)
}

// Stop asks the server to end and waits until it has.
func (s *Server) Stop() error {
	return errors.Join(s.Process.Process.Signal(syscall.SIGTERM), s.Process.Wait())
}

// Kill ends the server at once, as kill -9 does.
func (s *Server) Kill() {
	_ = s.Process.Process.Kill()
	_ = s.Process.Wait()
}

// Resident returns the memory that the server holds, in bytes.
func (s *Server) Resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10, err
}

// SignIn returns the administrator's browser, which is signed in and follows no redirects.
func (s *Server) SignIn(ctx context.Context) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := url.Values{"email": {AdminEmail}, "password": {AdminPassword}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Address+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := browser.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("sign in: got %s", answer.Status)
	}
	return browser, errors.Join(err, answer.Body.Close())
}

// FreeAddress returns a loopback address that nobody listens on.
func FreeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
