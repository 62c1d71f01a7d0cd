package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// newWriter returns a writer to a SQLite file with a table of names.
func newWriter(t testing.TB, dir string) *writer {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "writer.db")+sqliteOptions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	pool.SetMaxOpenConns(1)
	if _, err := pool.ExecContext(t.Context(), `CREATE TABLE names (name TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return &writer{pool: pool}
}

// insert writes a name.
func insert(name string) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO names (name) VALUES ($1)`, name)
		return err
	}
}

// together lets one write wait until all of the others do, so that they share
// its transaction in that order, and returns how each ended.
func together(t *testing.T, w *writer, first func(*sql.Tx) error, others ...*write) []error {
	t.Helper()
	ends := make([]error, len(others)+1)
	var all sync.WaitGroup
	entered, complete := make(chan struct{}), make(chan struct{})
	all.Go(func() {
		var once sync.Once
		ends[0] = w.do(t.Context(), func(tx *sql.Tx) error {
			once.Do(func() { close(entered); <-complete })
			return first(tx)
		})
	})
	<-entered
	for i, m := range others {
		all.Go(func() {
			defer func() {
				if fell := recover(); fell != nil {
					ends[i+1] = fmt.Errorf("panic: %v", fell)
				}
			}()
			ends[i+1] = w.do(m.ctx, m.run)
		})
		for waiting := 0; waiting <= i; time.Sleep(time.Millisecond) {
			w.mu.Lock()
			waiting = len(w.waiting)
			w.mu.Unlock()
		}
	}
	close(complete)
	all.Wait()
	return ends
}

func namesIn(t *testing.T, w *writer) []string {
	t.Helper()
	rows, err := w.pool.QueryContext(t.Context(), `SELECT name FROM names`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := collect(rows, func(name *string) []any { return []any{name} })
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Whoever fails, panics or has gone away takes nothing along of those with whom
// it shares a transaction.
func TestWriterOneFailureHurtsNobodyElse(t *testing.T) {
	w := newWriter(t, t.TempDir())
	failure := errors.New("not like this")
	gone, leave := context.WithCancel(t.Context())
	leave()
	after := func(name string, end func() error) func(*sql.Tx) error {
		return func(tx *sql.Tx) error { return errors.Join(insert(name)(tx), end()) }
	}
	leaving, leaveWithin := context.WithCancel(t.Context())
	ends := together(t, w, insert("first"),
		&write{ctx: t.Context(), run: insert("second")},
		&write{ctx: t.Context(), run: after("fails", func() error { return failure })},
		&write{ctx: gone, run: insert("gone")},
		&write{ctx: t.Context(), run: after("panics", func() error { panic("overboard") })},
		&write{ctx: leaving, run: after("leaves at the end", func() error { leaveWithin(); return nil })},
		&write{ctx: t.Context(), run: insert("last")},
	)
	if got, want := namesIn(t, w), []string{"first", "second", "leaves at the end", "last"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for i, want := range []error{nil, nil, failure, context.Canceled, nil, nil, nil} {
		if i == 4 {
			if ends[i] == nil || !strings.Contains(ends[i].Error(), "overboard") {
				t.Errorf("got %v, want the panic where it was called", ends[i])
			}
		} else if !errors.Is(ends[i], want) {
			t.Errorf("%d: got %v, want %v", i, ends[i], want)
		}
	}
}

// The first of a group may fail too: the others go on without it.
func TestWriterFirstFails(t *testing.T) {
	w := newWriter(t, t.TempDir())
	failure := errors.New("not like this")
	ends := together(t, w, func(tx *sql.Tx) error { return errors.Join(insert("first")(tx), failure) },
		&write{ctx: t.Context(), run: insert("second")}, &write{ctx: t.Context(), run: insert("third")})
	if got, want := namesIn(t, w), []string{"second", "third"}; !slices.Equal(got, want) || !errors.Is(ends[0], failure) || errors.Join(ends[1:]...) != nil {
		t.Errorf("got %q and %v, want %q and the first's failure", got, ends, want)
	}
}

// SQLite may end a transaction by itself, as when the disk is full. Then all of
// it is done again, each alone.
func TestWriterLostTransaction(t *testing.T) {
	w := newWriter(t, t.TempDir())
	full := errors.New("disk full")
	lose := func(tx *sql.Tx) error {
		_, err := tx.Exec(`ROLLBACK`)
		return errors.Join(err, full)
	}
	ends := together(t, w, insert("first"),
		&write{ctx: t.Context(), run: insert("second")}, &write{ctx: t.Context(), run: lose}, &write{ctx: t.Context(), run: insert("third")})
	if got, want := namesIn(t, w), []string{"first", "second", "third"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(ends[2], full) || errors.Join(ends[0], ends[1], ends[3]) != nil {
		t.Errorf("got %v, want an error of the third alone", ends)
	}
}

// A hundred writers at a time lose nothing and write nothing twice.
func TestWriterRaces(t *testing.T) {
	w := newWriter(t, t.TempDir())
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			for k := range 10 {
				run := insert(fmt.Sprintf("%d/%d", i, k))
				if k%3 == 2 {
					inner := run
					run = func(tx *sql.Tx) error { return errors.Join(inner(tx), errUnchanged) }
				}
				if err := w.do(t.Context(), run); (err != nil) != (k%3 == 2) {
					t.Errorf("%d/%d: got %v", i, k, err)
				}
			}
		})
	}
	all.Wait()
	names := namesIn(t, w)
	slices.Sort(names)
	if n := len(slices.Compact(names)); n != 700 || len(names) != 700 {
		t.Errorf("got %d names, %d different, want 700", len(names), n)
	}
}

// leastGain is how many times as many writes 64 writers bring to the disk as one
// commit each would.
const leastGain = 3

// BenchmarkWriter compares writes that share commits with such as commit alone,
// in turns, by 64 writers and by one. WRITER_DIR is a folder on the disk to be
// measured; memory does not wait for commits.
//
//	WRITER_DIR=. go test ./store -run '^$' -bench Writer -benchtime 20x
func BenchmarkWriter(b *testing.B) {
	dir, err := os.MkdirTemp(os.Getenv("WRITER_DIR"), "writer") //nolint:usetesting // on the disk to be measured
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := newWriter(b, dir)
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			var shared, alone []time.Duration
			round := func(do func(func(*sql.Tx) error) error) time.Duration {
				began := time.Now()
				var all sync.WaitGroup
				for range writers {
					all.Go(func() {
						for range 256 / writers {
							if err := do(insert("a name")); err != nil {
								b.Error(err)
							}
						}
					})
				}
				all.Wait()
				return time.Since(began)
			}
			for b.Loop() {
				shared = append(shared, round(func(run func(*sql.Tx) error) error { return w.do(b.Context(), run) }))
				alone = append(alone, round(func(run func(*sql.Tx) error) error { return transact(b.Context(), w.pool, nil, run) }))
			}
			slices.Sort(shared)
			slices.Sort(alone)
			gain := float64(alone[len(alone)/2]) / float64(shared[len(shared)/2])
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(256/shared[len(shared)/2].Seconds(), "writes/s")
			b.ReportMetric(gain, "×alone")
			if writers > 1 && gain < leastGain {
				b.Errorf("writes that share commits are %.1f times as fast, want %d", gain, leastGain)
			}
		})
	}
}
