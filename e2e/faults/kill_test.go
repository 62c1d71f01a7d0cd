// Package faults breaks the built binary from outside, and looks whether it
// kept what it acknowledged.
package faults

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/e2e/program"
	"clientele/store"
	"clientele/store/storetest"
)

// kills is how often a server dies under writes. ./task faults has it die 500 times.
var kills = flag.Int("kills", 10, "how often a server is killed while it writes")

// writers write at a time.
const writers = 8

// A server that is killed while it writes has lost nothing that it acknowledged,
// and each change has its event.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	for _, database := range []struct {
		name string
		make func(testing.TB) string
	}{{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "kill.db") }}, {"postgres", storetest.EmptyPostgres}} {
		t.Run(database.name, func(t *testing.T) {
			p, err := program.New(binary, database.make(t), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			createAdmin(t, p)
			var acknowledged []string
			var browser *http.Client
			for round := range *kills {
				s, err := p.Start(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if browser == nil {
					browser = signIn(t, s)
				}
				acknowledged = append(acknowledged, writeUntilKilled(t, s, browser, round)...)
			}
			verify(t, p, fmt.Sprintf("%d kills, %s", *kills, database.name), acknowledged)
		})
	}
}

// writeUntilKilled makes groups until the server is killed, and returns the names
// of those that it said it had made.
func writeUntilKilled(t *testing.T, s *program.Server, browser *http.Client, round int) []string {
	t.Helper()
	var mu sync.Mutex
	var acknowledged []string
	var all sync.WaitGroup
	first := make(chan struct{})
	for w := range writers {
		all.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("Group %d-%d-%d", round, w, i)
				if err := makeGroup(s, browser, name); err != nil {
					if _, refused := errors.AsType[notMade](err); refused {
						t.Error(err)
					}
					return // killed
				}
				mu.Lock()
				if acknowledged = append(acknowledged, name); len(acknowledged) == 1 {
					close(first)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-first:
	case <-time.After(10 * time.Second): // a slow machine's
		t.Error("nothing was acknowledged for 10 seconds")
	}
	time.Sleep(time.Duration(17*round%300) * time.Millisecond)
	s.Kill()
	all.Wait()
	return acknowledged
}

func createAdmin(t *testing.T, p *program.Program) {
	t.Helper()
	if err := p.CreateAdmin(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// notMade is what a server answered instead of making a group.
type notMade struct{ name, status, location string }

func (e notMade) Error() string {
	return fmt.Sprintf("%s: got %s to %q", e.name, e.status, e.location)
}

// makeGroup makes a group. It fails with notMade when something else is answered
// than that it is there, and otherwise when there is no answer.
func makeGroup(s *program.Server, browser *http.Client, name string) error {
	answer, err := browser.PostForm(s.Address+"/admin/groups/new", url.Values{"name": {name}})
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if made := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(made, "/admin/groups/") {
		return notMade{name, answer.Status, made}
	}
	return nil
}

// run runs a command, which has to succeed.
func run(t *testing.T, p *program.Program, args ...string) {
	t.Helper()
	if _, err := p.Run(t.Context(), "", args...); err != nil {
		t.Fatal(err)
	}
}

// verify compares what was acknowledged before or during a fault with what is there.
func verify(t *testing.T, p *program.Program, fault string, acknowledged []string) {
	t.Helper()
	run(t, p, "audit", "verify")
	driver := "sqlite"
	if store.IsPostgres(p.Database) {
		driver = "pgx"
	}
	db, err := sql.Open(driver, p.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	groups := names(t, db, `SELECT name FROM user_groups ORDER BY name`)
	events := names(t, db, `SELECT target_name FROM audit_events WHERE action = 'group.create' ORDER BY target_name`)
	slices.Sort(groups)
	slices.Sort(events)
	slices.Sort(acknowledged)
	lost := 0
	for _, name := range acknowledged {
		if _, kept := slices.BinarySearch(groups, name); !kept {
			lost++
		}
	}
	figure.Report(t, "writes acknowledged, "+fault, "0 lost, as many events as changes", "%d acknowledged, %d lost; %d changes, %d events", len(acknowledged), lost, len(groups), len(events))
	if lost > 0 || !slices.Equal(groups, events) || len(acknowledged) == 0 {
		t.Error("want some acknowledged, none lost, and an event for each change")
	}
}

func names(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
