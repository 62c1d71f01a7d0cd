package storetest

import (
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"clientele/store"
)

// StopWrites makes the database of a running store one that can be read and
// not written, until the function it returns is called. The files of this
// process may grow no further, as on a full disk, which stops SQLite's log;
// PostgreSQL takes only readers. No test may write files meanwhile.
func StopWrites(t testing.TB, database string) (allow func()) {
	t.Helper()
	if store.IsPostgres(database) {
		readOnly := func(on string) {
			t.Helper()
			u, err := url.Parse(database)
			if err != nil {
				t.Fatal(err)
			}
			name, server := strings.TrimPrefix(u.Path, "/"), os.Getenv("CLIENTELE_TEST_POSTGRES")
			for _, statement := range []string{
				"ALTER DATABASE " + name + " SET default_transaction_read_only = " + on,
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'",
			} {
				if err := execOn(server, statement); err != nil {
					t.Fatal(err)
				}
			}
		}
		readOnly("on")
		return func() { readOnly("off") }
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	set := func(limit syscall.Rlimit) {
		t.Helper()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
	}
	set(syscall.Rlimit{Cur: 1, Max: before.Max})
	allow = func() { set(before) }
	t.Cleanup(allow)
	return allow
}
