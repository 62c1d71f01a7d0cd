// Package store keeps the registry in SQL, in SQLite or PostgreSQL.
//
// Each exported method is one use case and one transaction: it checks that the
// actor may do it and that the input keeps the rules, does it, and writes the
// audit event, or does none of these. It knows no HTTP.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"clientele/oauth"
	"clientele/registry"
)

// Set on every pooled connection; a PRAGMA run once would reach only one.
// synchronous=FULL, because NORMAL loses acknowledged writes in a power cut.
const sqliteOptions = "?_txlock=immediate" +
	"&_pragma=busy_timeout(5000)" +
	"&_pragma=journal_mode(WAL)" +
	"&_pragma=synchronous(FULL)" +
	"&_pragma=foreign_keys(1)" +
	"&_pragma=temp_store(2)" +
	"&_pragma=cache_size(-32000)"

// Options say which database to open and with what.
type Options struct {
	Database string           // a SQLite path or a postgres:// URL
	Key      Key              // opens what is sealed in the database
	Issuer   string           // the audience of the built-in services' tokens
	Reach    []netip.Prefix   // private networks into which webhooks may lead
	Mail     bool             // messages are sent by e-mail, too
	Observer Observer         // is told what the store does; or nil
	Now      func() time.Time // time.Now, but in tests
	Log      *slog.Logger
}

// DB is the store. Its methods are safe for concurrent use.
type DB struct {
	dialect  dialect
	write    *sql.DB  // SQLite: one connection
	writer   writer   // SQLite: the transactions on it
	read     *sql.DB  // SQLite: several, query only. PostgreSQL: the same pool
	compiled compiled // what nearly every request reads by
	now      func() time.Time
	log      *slog.Logger
	issuer   string
	reach    []netip.Prefix
	mail     bool
	observer Observer
	key      Key

	version   version
	catalogue cache[struct{}, registry.Catalogue]
	clients   cache[string, *oauth.Client]
	keys      cache[struct{}, *oauth.KeySet]
	refusals  recent
	usage     usage
	passwords hasher
	probe     probe
	damage    atomic.Pointer[error] // the first that was met
	noticed   chan struct{}         // there is something to tell people

	stop context.CancelFunc
	done sync.WaitGroup
}

// dialect is one of the two databases. DDL, search and a few functions differ.
type dialect string

const (
	sqlite   dialect = "sqlite"
	postgres dialect = "postgres"
)

// IsPostgres reports whether database names a PostgreSQL database rather than
// a SQLite file.
func IsPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// Open opens the database, migrates it to this binary's schema and starts
// watching it for changes that others make. It fails, with one sentence that
// says what to do, when the database cannot be opened or written, is damaged,
// needs a newer binary, or belongs to another key file.
func Open(ctx context.Context, o Options) (*DB, error) {
	db, err := connect(o)
	if err != nil {
		return nil, err
	}
	if db.dialect == sqlite {
		err = db.inspect(ctx)
	}
	if err == nil {
		err = db.prepare(ctx)
	}
	if err == nil {
		_, err = db.SigningKeys(ctx) // each can be opened
	}
	if err == nil {
		err = db.checkClock(ctx)
	}
	if err == nil {
		err = db.compile(ctx)
	}
	if err != nil {
		return nil, errors.Join(explain(err), db.closePools())
	}
	if db.dialect == sqlite {
		db.checkFiles(ctx, o.Database)
	}
	ctx, db.stop = context.WithCancel(context.WithoutCancel(ctx))
	db.done.Go(func() { db.watch(ctx) })
	db.done.Go(func() { db.flushUsage(ctx) })
	return db, nil
}

// Close writes down what is still in memory and closes the database.
func (db *DB) Close() error {
	db.stop()
	db.done.Wait()
	return db.closePools()
}

func connect(o Options) (*DB, error) {
	db := &DB{now: o.Now, log: o.Log, issuer: o.Issuer, reach: o.Reach, mail: o.Mail, observer: o.Observer, key: o.Key, usage: usage{unwritten: newUnwritten()}, passwords: newHasher(), noticed: make(chan struct{}, 1)}
	var err error
	if IsPostgres(o.Database) {
		db.dialect = postgres
		db.write, err = sql.Open("pgx", o.Database)
		if err != nil {
			return nil, fmt.Errorf("the database address is not a valid postgres:// URL; correct --database: %w", err)
		}
		db.write.SetMaxOpenConns(20)
		db.write.SetMaxIdleConns(20)
		db.read = db.write
		return db, nil
	}
	db.dialect = sqlite
	if err := RegisterFold(); err != nil {
		return nil, fmt.Errorf("prepare SQLite: %w", err)
	}
	if err := makeFile(o.Database); err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: o.Database}).EscapedPath() + sqliteOptions
	if db.write, err = sql.Open("sqlite", dsn); err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Database, err)
	}
	db.write.SetMaxOpenConns(1)
	db.writer.pool = db.write
	if db.read, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", o.Database, err), db.write.Close())
	}
	db.read.SetMaxOpenConns(8)
	db.read.SetMaxIdleConns(8)
	return db, nil
}

// prepare brings the schema, the key's fingerprint and the built-in services
// up to date.
func (db *DB) prepare(ctx context.Context) error {
	if err := db.migrate(ctx); err != nil {
		return err
	}
	if err := db.matchKey(ctx); err != nil {
		return err
	}
	schema, err := db.schema(ctx)
	if err != nil {
		return err
	}
	if schema.Database > schema.Binary {
		return nil // a newer binary's built-in services are not ours to cut back
	}
	if err := db.applyBuiltIn(ctx); err != nil {
		return fmt.Errorf("write the built-in services: %w", err)
	}
	return db.ensureSigningKeys(ctx, oauth.ES256)
}

func (db *DB) closePools() error {
	err := db.write.Close()
	if db.read != db.write {
		err = errors.Join(err, db.read.Close())
	}
	return err
}
