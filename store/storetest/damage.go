package storetest

import (
	"database/sql"
	"os"
	"testing"
)

// PageSize is how long the pages of a SQLite file are.
const PageSize = 4096

// Damage overwrites pages of a SQLite file, counted from 0, to the last one
// before the end, whether or not it is open, and returns what is in it then.
func Damage(t testing.TB, database string, from, to int) []byte {
	t.Helper()
	db, err := sql.Open("sqlite", database)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)") // what is in its log hides the pages
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	content := Content(t, database)
	for i := from * PageSize; i < min(to*PageSize, len(content)); i++ {
		content[i] = 0xa5
	}
	file, err := os.OpenFile(database, os.O_WRONLY, 0) //nolint:gosec // the path is a test's own
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(content, 0); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return content
}

// Content returns the content of a SQLite file, without its log.
func Content(t testing.TB, database string) []byte {
	t.Helper()
	content, err := os.ReadFile(database) //nolint:gosec // the path is a test's own
	if err != nil {
		t.Fatal(err)
	}
	return content
}
