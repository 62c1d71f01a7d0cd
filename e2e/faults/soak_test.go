package faults

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"clientele/e2e/figure"
)

// soak is how long a server works. ./task faults has it work for half an hour.
var soak = flag.Duration("soak", 10*time.Second, "how long a server is at half its capacity")

// A server at half its capacity comes to need no more memory and no more
// goroutines.
func TestSoak(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOGC", "25") // so that what is resident is what is needed, and little that is not collected yet
	before := work(t, binary, *soak/4)
	after := work(t, binary, *soak)
	grown, bar := 100*(after.late-after.early)/after.early, 2+2/soak.Minutes() // by chance alone it is up to 6 % more, or less, in 10 s
	figure.Report(t, fmt.Sprintf("%v at half capacity", *soak), fmt.Sprintf("memory ≤ %.1f %%, goroutines ≤ 2 %% more after warm-up", bar),
		"%d requests: memory from %.1f to %.1f MB (%+.1f %%), goroutines from %d to %d", after.requests, after.early, after.late, grown, before.goroutines, after.goroutines)
	if grown > bar || after.goroutines*50 > before.goroutines*51 {
		t.Errorf("got %+.1f %% of memory and %d goroutines after %d, want at most %.1f %% more", grown, after.goroutines, before.goroutines, bar)
	}
}

// load is what a server needed for its work.
type load struct {
	requests    int64
	early, late float64 // MB of resident memory, median of the second third and of the last
	goroutines  int     // when nobody asks any more
}

// work has a server at half its capacity for a while: whoever got an answer
// waits as long as that took.
func work(t *testing.T, binary string, lasting time.Duration) load {
	t.Helper()
	v := begin(t, binary, filepath.Join(t.TempDir(), "soak.db"))
	var l load
	var requests atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for w := range 2 {
		all.Go(func() {
			for i := 0; time.Since(began) < lasting; i++ {
				asked := time.Now()
				if i%50 == 0 {
					if status, body := v.send(t, http.MethodPost, "/admin/groups/new", url.Values{"name": {fmt.Sprintf("Group %d-%d", w, i)}}); status != http.StatusSeeOther {
						t.Errorf("a change: got %d %.200q", status, body)
					}
					requests.Add(1)
				} else {
					requests.Add(int64(v.read(t)))
				}
				time.Sleep(time.Since(asked))
			}
		})
	}
	var held []float64
	for time.Since(began) < lasting {
		time.Sleep(lasting / 120)
		held = append(held, float64(resident(t, v.server))/1e6)
	}
	all.Wait()
	median := func(of []float64) float64 { return slices.Sorted(slices.Values(of))[len(of)/2] }
	third := len(held) / 3
	l.requests, l.early, l.late = requests.Load(), median(held[third:2*third]), median(held[2*third:])
	v.browser.CloseIdleConnections()
	time.Sleep(time.Second)
	if err := v.server.Process.Process.Signal(syscall.SIGQUIT); err != nil { // it names its goroutines and ends
		t.Fatal(err)
	}
	_ = v.server.Process.Wait()
	said, err := os.ReadFile(v.program.Log)
	if err != nil {
		t.Fatal(err)
	}
	l.goroutines = strings.Count(string(said), "\ngoroutine ")
	return l
}
