// Package storetest opens stores for tests: every test of the store runs on
// SQLite and on PostgreSQL.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
)

// Noon is the time at which a test store's clock stands until it is moved.
var Noon = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// Issuer is the issuer of test stores.
const Issuer = "http://localhost:8080"

// Clock is a clock that stands still.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at Noon.
func NewClock() *Clock { return &Clock{now: Noon} }

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Each runs a test on an empty store of each database, on both at a time.
func Each(t *testing.T, test func(*testing.T, *store.DB)) {
	t.Helper()
	EachAt(t, func(t *testing.T, db *store.DB, _ *Clock) { test(t, db) })
}

// EachAt is Each for tests that move the clock.
func EachAt(t *testing.T, test func(*testing.T, *store.DB, *Clock)) {
	t.Helper()
	for _, database := range []struct {
		name string
		make func(testing.TB) string
	}{{"sqlite", SQLite}, {"postgres", Postgres}} {
		t.Run(database.name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			test(t, Open(t, database.make(t), clock), clock)
		})
	}
}

// OpenSQLite returns an empty SQLite store, for tests of what is above the store.
func OpenSQLite(t testing.TB, clock *Clock) *store.DB {
	t.Helper()
	return Open(t, SQLite(t), clock)
}

// Options are the ones that Open opens a test database with.
func Options(database string, clock *Clock) store.Options {
	return store.Options{
		Database: database, Key: key, Issuer: Issuer, Now: clock.Now,
		Log: slog.New(slog.DiscardHandler),
	}
}

// Open opens a database that SQLite or Postgres made; it is closed when the
// test ends. Opening the same one twice gives two instances.
func Open(t testing.TB, database string, clock *Clock) *store.DB {
	t.Helper()
	return open(t, Options(database, clock))
}

// OpenMailing is Open for an instance that sends e-mail.
func OpenMailing(t testing.TB, database string, clock *Clock) *store.DB {
	t.Helper()
	options := Options(database, clock)
	options.Mail = true
	return open(t, options)
}

func open(t testing.TB, options store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

var key = store.NewKey()

// SQLite returns the path of a new database with the current schema.
func SQLite(t testing.TB) string {
	t.Helper()
	content, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var sqliteTemplate = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "template.db")
	if _, err := store.Migrate(context.Background(), Options(path, NewClock()), false); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // the path is our own
})

// Postgres returns the address of a new database with the current schema. It
// is dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := postgresServer(t)
	if err := postgresTemplate(server); err != nil {
		t.Fatal(err)
	}
	return create(t, server, templateName)
}

// EmptyPostgres returns the address of a new database without a schema. It is
// dropped when the test ends.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return create(t, postgresServer(t), "template0")
}

func create(t testing.TB, server, template string) string {
	t.Helper()
	name := "t_" + strings.ToLower(rand.Text())
	// By its files, which takes a third of the time that its log would.
	if err := execOn(server, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY FILE_COPY"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := execOn(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return on(server, name)
}

func postgresServer(t testing.TB) string {
	t.Helper()
	server := os.Getenv("CLIENTELE_TEST_POSTGRES")
	if server == "" {
		t.Fatal("CLIENTELE_TEST_POSTGRES names no PostgreSQL server; run the tests with ./task test, or e2e/postgres.sh go test ./store/...")
	}
	return server
}

// templateName is this test process's own, so that processes need not agree.
var templateName = fmt.Sprintf("template_%d_%s", os.Getpid(), strings.ToLower(rand.Text()))

var templateOnce sync.Once

func postgresTemplate(server string) (err error) {
	templateOnce.Do(func() {
		if err = execOn(server, "CREATE DATABASE "+templateName); err != nil {
			return
		}
		_, err = store.Migrate(context.Background(), Options(on(server, templateName), NewClock()), false)
	})
	return err
}

func on(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + database
	return u.String()
}

func execOn(server, statement string) error {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), statement)
	return errors.Join(err, db.Close())
}

// Admin makes an administrator and returns it as an actor.
func Admin(t testing.TB, db *store.DB) registry.Actor {
	t.Helper()
	user := User(t, db, "Demo Admin", "admin@example.com", true)
	return user.Actor()
}

// User makes a user, with the Admin template of every built-in service or with
// no permissions.
func User(t testing.TB, db *store.DB, name, email string, admin bool) registry.User {
	t.Helper()
	user, err := db.CreateUser(t.Context(), registry.Operator, registry.NewUser{
		Name: name, Email: email, Password: "correct horse battery", Admin: admin,
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}
