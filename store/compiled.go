package store

import (
	"context"
	"database/sql"
	"fmt"
)

// compiled are statements that nearly every request reads by, by their texts.
// SQLite compiles such a statement for longer than it runs, so each is compiled
// once for a connection that reads. pgx does that by itself.
type compiled map[string]*sql.Stmt

func (db *DB) compile(ctx context.Context) error {
	if db.dialect == postgres {
		return nil
	}
	db.compiled = compiled{}
	for _, query := range []string{sessionQuery, heldByUserQuery, heldQuery, heldOnQuery, revokedQuery, callingQuery, restrictsQuery} {
		stmt, err := db.read.PrepareContext(ctx, query) //nolint:sqlclosecheck // closed with the pool
		if err != nil {
			return fmt.Errorf("compile a statement: %w", err)
		}
		db.compiled[query] = stmt
	}
	return nil
}

// query reads outside of a transaction.
func (db *DB) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := db.compiled[query]; stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return db.read.QueryContext(ctx, query, args...)
}

// queryRow is query for at most one row.
func (db *DB) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := db.compiled[query]; stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return db.read.QueryRowContext(ctx, query, args...)
}
