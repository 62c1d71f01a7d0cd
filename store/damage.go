package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	modernc "modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"
)

// inspectFor is how long a SQLite file is inspected before it is opened, in
// which some ten megabytes are read. Damage beyond that is found by whoever reads
// there.
const inspectFor = 100 * time.Millisecond

// damagedError is damage with a sentence that says what to do about it.
type damagedError struct{ cause error }

func (e damagedError) Error() string {
	return "the database is damaged, which Clientele does not repair; restore a backup, or save what can still be read with .recover of the program sqlite3, and start again: " + e.cause.Error()
}

func (e damagedError) Unwrap() error { return e.cause }

// Damaged reports whether err says that what the database keeps is broken, so
// that trying again does not help.
func Damaged(err error) bool {
	if broken, ok := errors.AsType[*pgconn.PgError](err); ok {
		return broken.Code == "XX001" || broken.Code == "XX002"
	}
	return pagesBroken(err) || sqliteCode(err) == sqlitecode.SQLITE_NOTADB
}

// pagesBroken reports whether err says that a file is a SQLite database, with
// broken pages.
func pagesBroken(err error) bool {
	_, ok := errors.AsType[damagedError](err)
	return ok || sqliteCode(err) == sqlitecode.SQLITE_CORRUPT
}

// sqliteCode returns the primary result code of an error of SQLite, or 0.
func sqliteCode(err error) int {
	if broken, ok := errors.AsType[*modernc.Error](err); ok {
		return broken.Code() & 0xff
	}
	return 0
}

// explain returns an error that ends the start with what to do when it says
// that pages are broken or cannot be written, and otherwise as it is.
func explain(err error) error {
	_, explained := errors.AsType[damagedError](err)
	switch {
	case !explained && pagesBroken(err):
		return damagedError{err}
	case Unwritable(err) && sqliteCode(err) != 0:
		return fmt.Errorf("the database can be read but not written; see that its disk has room, and that whoever runs this may write its file and its folder: %w", err)
	case Unwritable(err):
		return fmt.Errorf("the database can be read but not written; see that its disk has room, and that --database names no standby: %w", err)
	}
	return err
}

// noteDamage remembers the first damage that was met, for Ready, and returns
// err as it is.
func (db *DB) noteDamage(ctx context.Context, err error) error {
	if Damaged(err) && db.damage.CompareAndSwap(nil, &err) {
		db.log.ErrorContext(ctx, "the database is damaged; stop the server and restore a backup, until then it reports itself not ready", "err", err)
	}
	return err
}

// inspect looks through a SQLite file for pages that are broken, for inspectFor.
func (db *DB) inspect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, inspectFor)
	defer cancel()
	var found string
	err := db.read.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&found)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil
	case err != nil:
		return db.explainOpen(err)
	case found != "ok":
		return damagedError{errors.New(strings.TrimPrefix(found, "*** in database main ***\n"))}
	}
	return nil
}
