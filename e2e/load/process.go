package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"clientele/e2e/program"
)

const serverCore, loadCore = "0", "1"

// server is a process under measurement.
type server struct {
	*program.Server
	name       string
	id, secret string // what it is asked with
}

// onServerCore is the command that gives a process the servers' core.
var onServerCore = []string{"taskset", "-c", serverCore}

// canPin reports whether processes can be given cores of their own.
func canPin() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && runtime.NumCPU() > 1
}

// pinLoad keeps this process off the servers' core.
func pinLoad(ctx context.Context) error {
	if !canPin() {
		onServerCore = nil
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
	return startOther(ctx, name, self, name)
}

// startOther starts a server that prints its address, on the servers' core.
func startOther(ctx context.Context, name string, command ...string) (*server, error) {
	words := append(slices.Clone(onServerCore), command...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "NODE_ENV=production")
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
	return &server{Server: &program.Server{Address: strings.TrimSpace(address), Process: cmd}, name: name, id: "client", secret: "secret"}, nil
}

// clientele is the built binary with a database of its own.
type clientele struct{ *program.Program }

// build compiles the program as it is released, for a database in dir.
func build(ctx context.Context, dir string) (clientele, error) {
	cmd := exec.CommandContext(ctx, "./task", "build")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return clientele{}, err
	}
	p, err := program.New("./clientele", filepath.Join(dir, "load.db"), dir)
	return clientele{p}, err
}

// start serves the database on the servers' core.
func (c clientele) start(ctx context.Context) (*server, error) {
	c.Under = onServerCore
	s, err := c.Start(ctx)
	return &server{Server: s, name: product}, err
}

// cpu returns the CPU time that the process has used so far, to the
// nanosecond. /proc/PID/stat counts in hundredths of a second.
func (s *server) cpu() (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.Process.Process.Pid))
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
