package faults

import (
	"database/sql"
	"flag"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/e2e/program"
)

// backups is how many are made. ./task faults makes 20.
var backups = flag.Int("backups", 2, "how many backups are made while a server writes")

// Backups that are made while a server writes and reads are whole, hold all that
// was acknowledged before, and start. Nobody is refused meanwhile.
func TestBackupsWhileServing(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	p, err := program.New(binary, filepath.Join(folder, "serving.db"), folder)
	if err != nil {
		t.Fatal(err)
	}
	createAdmin(t, p)
	s, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	busy := keepBusy(t, s, signIn(t, s), "Group")
	var took time.Duration
	kept, missing := 0, 0
	for i := range *backups {
		time.Sleep(200 * time.Millisecond)
		made := busy.acknowledged()
		copied := *p
		copied.Database = filepath.Join(folder, fmt.Sprintf("copy %d.db", i))
		began := time.Now()
		run(t, p, "backup", copied.Database)
		took = max(took, time.Since(began))
		missing += checkCopy(t, &copied, made)
		kept += len(made)
	}
	busy.stop()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	all := len(busy.acknowledged())
	figure.Report(t, "backups while a server writes", "each whole, started and verified; 0 requests failed",
		"%d backups, the longest in %v; %d times a write had to be in one, %d times it was not; %d writes and %d reads, %d failed",
		*backups, took.Round(time.Millisecond), kept, missing, all, busy.reads, busy.failed)
	if all == 0 || busy.reads == 0 || kept == 0 {
		t.Error("want writes, reads, and writes before a backup")
	}
}

// checkCopy starts a server on a backup, and returns how many groups it lacks of
// those that it must hold.
func checkCopy(t *testing.T, p *program.Program, made []string) (missing int) {
	t.Helper()
	db, err := sql.Open("sqlite", p.Database)
	if err != nil {
		t.Fatal(err)
	}
	whole := names(t, db, `PRAGMA integrity_check`)
	groups := names(t, db, `SELECT name FROM user_groups ORDER BY name`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(whole, []string{"ok"}) {
		t.Errorf("integrity_check: got %q, want ok", whole)
	}
	for _, name := range made {
		if _, kept := slices.BinarySearch(groups, name); !kept {
			missing++
			t.Errorf("%s was acknowledged before the backup, and is not in it", name)
		}
	}
	s, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signIn(t, s)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	run(t, p, "audit", "verify")
	return missing
}

// traffic is what keeps a server busy.
type traffic struct {
	mu     sync.Mutex
	made   []string
	reads  int
	failed int
	stop   func() // and wait
}

// keepBusy makes groups, whose names begin so, and reads the list of them, until it
// is stopped.
func keepBusy(t *testing.T, s *program.Server, browser *http.Client, called string) *traffic {
	t.Helper()
	stopping := make(chan struct{})
	var all sync.WaitGroup
	l := &traffic{stop: func() { close(stopping); all.Wait() }}
	again := func(do func(i int) error, done func(i int)) {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stopping:
					return
				default:
				}
				err := do(i)
				l.mu.Lock()
				if err == nil {
					done(i)
				} else {
					l.failed++
					t.Error(err)
				}
				l.mu.Unlock()
			}
		})
	}
	for w := range writers {
		name := func(i int) string { return fmt.Sprintf("%s %d-%d", called, w, i) }
		again(func(i int) error { return makeGroup(s, browser, name(i)) }, func(i int) { l.made = append(l.made, name(i)) })
		again(func(int) error { return read(browser, s.Address+"/admin/groups") }, func(int) { l.reads++ })
	}
	return l
}

func (l *traffic) acknowledged() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.made)
}

// read gets a page, which has to be there.
func read(browser *http.Client, address string) error {
	answer, err := browser.Get(address)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: got %s", address, answer.Status)
	}
	return nil
}
