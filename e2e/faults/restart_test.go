package faults

import (
	"bufio"
	"bytes"
	"database/sql"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"clientele/e2e/figure"
	"clientele/e2e/program"
)

// restarts is how often the database is restarted under two instances that write.
var restarts = flag.Int("restarts", 2, "how often PostgreSQL is restarted under two instances")

// cluster is a PostgreSQL server of the test's own.
type cluster struct {
	url     string
	command []string // what started it
	owner   *syscall.SysProcAttr
	dir     string // its data
	running *exec.Cmd
}

// newCluster starts a PostgreSQL server beside that of the other tests, which it must not disturb.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	script := exec.CommandContext(t.Context(), "../postgres.sh", "sh", "-c", `echo "$CLIENTELE_TEST_POSTGRES"; read -r _`)
	hold, err := script.StdinPipe() // until it closes, the script keeps the server's folder
	if err != nil {
		t.Fatal(err)
	}
	out, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = hold.Close(), script.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{url: strings.TrimSpace(line)}
	pid := c.pid(t)
	// What ran it runs it again: the same words, as the same user, in the same folder.
	words, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range bytes.Split(bytes.TrimRight(words, "\x00"), []byte{0}) {
		c.command = append(c.command, string(word))
	}
	if c.dir, err = os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil {
		t.Fatal(err)
	}
	owner, err := os.Stat(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	c.owner = &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	if of := owner.Sys().(*syscall.Stat_t); int(of.Uid) != os.Getuid() {
		c.owner.Credential = &syscall.Credential{Uid: of.Uid, Gid: of.Gid}
	}
	t.Cleanup(func() {
		if c.running != nil {
			_ = c.running.Process.Signal(syscall.SIGINT)
			_ = c.running.Wait()
		}
	})
	// It need not outlive a power cut, but has to keep its word when it is killed.
	c.exec(t, "ALTER DATABASE postgres SET synchronous_commit = on")
	return c
}

func (c *cluster) exec(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// pid returns the server's process.
func (c *cluster) pid(t *testing.T) int {
	t.Helper()
	db, err := sql.Open("pgx", c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var file string
	if err := db.QueryRowContext(t.Context(), "SELECT pg_read_file('postmaster.pid')").Scan(&file); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(file, "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// restart ends the server by a signal and starts it again, and returns once it answers.
func (c *cluster) restart(t *testing.T, signal syscall.Signal) {
	t.Helper()
	pid := c.pid(t)
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
	if c.running != nil {
		_ = c.running.Wait()
	}
	for syscall.Kill(pid, 0) == nil && !ended(pid) {
		time.Sleep(5 * time.Millisecond)
	}
	c.running = exec.Command(c.command[0], c.command[1:]...)
	c.running.Dir, c.running.SysProcAttr = c.dir, c.owner
	if err := c.running.Start(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", c.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(20 * time.Second); db.PingContext(t.Context()) != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("PostgreSQL does not come back")
		}
	}
}

// ended reports whether a process has ended and only waits to be collected by whoever started it.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

// Two instances whose database is restarted, and killed, lose nothing that they
// acknowledged, and are back two seconds after it is.
func TestDatabaseRestartsUnderTwoInstances(t *testing.T) {
	c := newCluster(t)
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.New(binary, c.url, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	createAdmin(t, p)
	instances := []*program.Server{start(t, p), start(t, p)}
	browser := signIn(t, instances[0])

	var mu sync.Mutex
	var acknowledged []string
	var back time.Time // when the database was there again
	var longest time.Duration
	stop := make(chan struct{})
	var all sync.WaitGroup
	for w, s := range instances {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				name := fmt.Sprintf("Group %d-%d", w, i)
				status, body := call(t.Context(), browser, http.MethodPost, s.Address+"/admin/groups/new", url.Values{"name": {name}})
				mu.Lock()
				switch {
				case status == http.StatusSeeOther:
					acknowledged = append(acknowledged, name)
				case status != http.StatusServiceUnavailable:
					t.Errorf("got %d, want 303 or 503: %.200s", status, body)
				case !back.IsZero() && began.After(back):
					longest = max(longest, time.Since(back))
				}
				mu.Unlock()
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	for round := range *restarts {
		time.Sleep(500 * time.Millisecond)
		mu.Lock()
		back = time.Time{}
		mu.Unlock()
		c.restart(t, []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT}[round%2]) // orderly, and as if it crashed
		mu.Lock()
		back = time.Now()
		mu.Unlock()
		time.Sleep(everywhere)
	}
	close(stop)
	all.Wait()
	figure.Report(t, "database restarted under two instances", "errors for ≤ "+everywhere.String(), "%d restarts: the last error came %v after the database was back", *restarts, longest.Round(time.Millisecond))
	if longest > everywhere {
		t.Errorf("errors until %v after the database was back, want %v at most", longest, everywhere)
	}
	verify(t, p, fmt.Sprintf("%d restarts of PostgreSQL", *restarts), acknowledged)
}
