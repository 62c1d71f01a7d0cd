package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	modernc "modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"
)

// Unavailable reports whether err says that the database cannot do its work at
// the moment, whoever asks: it is down, busy, full, or may only be read.
func Unavailable(err error) bool {
	if code := sqliteCode(err); code != 0 {
		return slices.Contains(sqliteTroubles, code)
	}
	if broken, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.ContainsFunc(postgresTroubles, func(class string) bool { return strings.HasPrefix(broken.Code, class) })
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if pgconn.SafeToRetry(err) && !errors.Is(err, context.Canceled) { // a connection that was closed under the question
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{
		context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, io.ErrUnexpectedEOF, io.EOF,
	}, func(trouble error) bool { return errors.Is(err, trouble) }) ||
		err != nil && strings.Contains(err.Error(), "sql: database is closed") // has no name in database/sql
}

// Unwritable reports whether err says that the database cannot be written,
// while it may still be read: its disk is full, read-only or broken.
func Unwritable(err error) bool {
	if broken, ok := errors.AsType[*modernc.Error](err); ok {
		return slices.Contains(sqliteUnwritable, broken.Code()&0xff) || slices.Contains(sqliteUnwritable, broken.Code())
	}
	broken, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (broken.Code == "25006" || broken.Code == "53100") // a read-only transaction; disk full
}

// Result codes of SQLite that speak of writing, and extended ones.
var sqliteUnwritable = []int{
	sqlitecode.SQLITE_FULL, sqlitecode.SQLITE_READONLY,
	sqlitecode.SQLITE_IOERR_WRITE, sqlitecode.SQLITE_IOERR_FSYNC, sqlitecode.SQLITE_IOERR_TRUNCATE, sqlitecode.SQLITE_IOERR_SHMSIZE,
}

// Primary result codes of SQLite.
var sqliteTroubles = []int{
	sqlitecode.SQLITE_BUSY, sqlitecode.SQLITE_LOCKED, sqlitecode.SQLITE_NOMEM, sqlitecode.SQLITE_READONLY, sqlitecode.SQLITE_IOERR,
	sqlitecode.SQLITE_CORRUPT, sqlitecode.SQLITE_FULL, sqlitecode.SQLITE_CANTOPEN, sqlitecode.SQLITE_PROTOCOL, sqlitecode.SQLITE_NOTADB,
}

// Classes and codes of PostgreSQL: connection exceptions, read-only
// transactions, deadlocks and serialization, no resources, an operator's
// intervention, system errors, data corrupted.
var postgresTroubles = []string{"08", "25006", "40", "53", "57", "58", "XX001", "XX002"}
