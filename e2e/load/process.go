package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const serverCore, loadCore = "0", "1"

// server is a process under measurement.
type server struct {
	name, address string
	process       *exec.Cmd
	id, secret    string // what it is asked with
	costs         []time.Duration
}

// canPin reports whether processes can be given cores of their own.
func canPin() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && runtime.NumCPU() > 1
}

// pinned returns a command that runs on the servers' core, if that can be.
func pinned(ctx context.Context, program string, args ...string) *exec.Cmd {
	if canPin() {
		program, args = "taskset", append([]string{"-c", serverCore, program}, args...)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// pinLoad keeps this process off the servers' core.
func pinLoad(ctx context.Context) error {
	if !canPin() {
		fmt.Fprintln(os.Stderr, "load: without taskset and a second core, the numbers are less steady")
		return nil
	}
	runtime.GOMAXPROCS(1)
	return exec.CommandContext(ctx, "taskset", "-a", "-c", "-p", loadCore, strconv.Itoa(os.Getpid())).Run()
}

// startFloor starts this program again as one of the floors.
func startFloor(ctx context.Context, name string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := pinned(ctx, self, name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &server{name: name, address: strings.TrimSpace(address), process: cmd, id: "client", secret: "secret"}, nil
}

// clientele is the built binary with a database of its own.
type clientele struct{ binary, database string }

// build compiles the program as it is released, for a database in dir.
func build(ctx context.Context, dir string) (clientele, error) {
	cmd := exec.CommandContext(ctx, "./task", "build")
	cmd.Stderr = os.Stderr
	return clientele{binary: "./clientele", database: filepath.Join(dir, "load.db")}, cmd.Run()
}

// register makes a client and returns its credentials.
func (c clientele) register(ctx context.Context) (id, secret string, err error) {
	return c.create(ctx, "Load", "audit.log:read", "applications:read")
}

func (c clientele) create(ctx context.Context, name string, scopes ...string) (id, secret string, err error) {
	cmd := exec.CommandContext(ctx, c.binary, "--database", c.database, "client", "create", "--name", name, "--json")
	for _, scope := range scopes {
		cmd.Args = append(cmd.Args, "--scope", scope)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", "", fmt.Errorf("clientele client create: %w", err)
	}
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	err = json.Unmarshal(out, &made)
	return made.ID, made.Secret, err
}

// start serves the database and returns how long it took to the first answer.
func (c clientele) start(ctx context.Context) (*server, time.Duration, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, 0, err
	}
	cmd := pinned(ctx, c.binary, "--database", c.database, "serve", "--addr", address)
	// The log goes to a file, as where it runs in earnest. A pipe to this process would cost both.
	log, err := os.Create(c.database + ".log")
	if err != nil {
		return nil, 0, err
	}
	cmd.Stderr = log
	began := time.Now()
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		return nil, 0, err
	}
	s := &server{name: "clientele", address: "http://" + address, process: cmd}
	for time.Since(began) < 10*time.Second {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+"/healthz", nil)
		if err != nil {
			return nil, 0, err
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			return s, time.Since(began), answer.Body.Close()
		}
		time.Sleep(time.Millisecond)
	}
	return nil, 0, errors.New("clientele serve did not answer within 10 s")
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// cpu returns the CPU time that the process has used so far, to the
// nanosecond. /proc/PID/stat counts in hundredths of a second.
func (s *server) cpu() (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.process.Process.Pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("%s: no CPU time in /proc; this needs Linux and a running server", s.name)
	}
	var total time.Duration
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		onCPU, _, _ := strings.Cut(string(stat), " ")
		n, err := strconv.ParseInt(onCPU, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n)
	}
	return total, nil
}

// resident returns the memory that the process holds, in bytes.
func (s *server) resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10, err
}

// stop ends the process and waits for it.
func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
}
