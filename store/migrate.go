package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// schemaVersion is the newest schema that this binary knows.
const schemaVersion = 21

// Schema is where a database's schema stands beside this binary's.
type Schema struct {
	Database   int64 // 0: empty
	ServesFrom int64 // the oldest schema a binary must know to open it
	Binary     int64
}

// check returns nil when a binary that knows s.Binary may open the
// database, and otherwise a sentence that says what to do.
func (s Schema) check() error {
	if s.ServesFrom > s.Binary {
		return fmt.Errorf("this binary is too old for the database: it knows schema %d and the database, at schema %d, needs %d or newer; start the newer Clientele that upgraded it, or restore a backup made before",
			s.Binary, s.Database, s.ServesFrom)
	}
	return nil
}

// Migrate brings the database's schema up to date, binds a new one to its key
// file, and returns where it stands then; with dryRun it only looks.
func Migrate(ctx context.Context, o Options, dryRun bool) (schema Schema, err error) {
	db, err := connect(o)
	if err != nil {
		return Schema{}, err
	}
	defer func() { err = errors.Join(err, db.closePools()) }()
	if !dryRun {
		if err := db.migrate(ctx); err != nil {
			return Schema{}, explain(err)
		}
		if err := db.matchKey(ctx); err != nil {
			return Schema{}, explain(err)
		}
	}
	schema, err = db.schema(ctx)
	return schema, explain(err)
}

func (db *DB) migrate(ctx context.Context) error {
	schema, err := db.schema(ctx)
	if err != nil {
		return err
	}
	if err := schema.check(); err != nil {
		return err
	}
	if schema.Database >= schema.Binary {
		return nil
	}
	files, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{goose.WithLogger(goose.NopLogger())}
	kind := goose.DialectSQLite3
	if db.dialect == postgres {
		// Several instances may start at once; one migrates.
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		kind, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(kind, db.write, files, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the schema could not be upgraded, the database is unchanged: %w", err)
	}
	return nil
}

// schema reads where the database stands. It fails when it cannot be opened.
func (db *DB) schema(ctx context.Context) (Schema, error) {
	s := Schema{Binary: schemaVersion}
	known := `SELECT count(*) FROM sqlite_master WHERE name = 'meta'`
	if db.dialect == postgres {
		known = `SELECT count(*) FROM pg_tables WHERE tablename = 'meta' AND schemaname = current_schema()`
	}
	var tables int
	if err := db.write.QueryRowContext(ctx, known).Scan(&tables); err != nil {
		return s, db.explainOpen(err)
	}
	if tables == 0 {
		return s, nil
	}
	err := db.write.QueryRowContext(ctx, `SELECT schema_version, serves_from FROM meta`).Scan(&s.Database, &s.ServesFrom)
	if Damaged(err) {
		return s, err
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("the database has a table meta that is not Clientele's; name another database with --database: %w", err)
	}
	return s, nil
}

func (db *DB) explainOpen(err error) error {
	if pagesBroken(err) || Unwritable(err) {
		return err
	}
	if refused, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("cannot reach PostgreSQL; check that it runs, and the address, user and database in --database: %w", refused)
	}
	if db.dialect == postgres {
		return fmt.Errorf("cannot read the PostgreSQL database named by --database: %w", err)
	}
	return fmt.Errorf("cannot open the SQLite database; check that its folder exists, that it may be written to and that the file is a SQLite database, or name another with --database: %w", err)
}
