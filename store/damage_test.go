package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// Whichever page of a file is damaged, the start stops with a sentence that
// says what to do. Nothing is repaired.
func TestStartOnADamagedFile(t *testing.T) {
	clock, whole := storetest.NewClock(), storetest.SQLite(t)
	filling := storetest.Open(t, whole, clock)
	admin := storetest.Admin(t, filling)
	for i := range 20 {
		registered(t, filling, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = fmt.Sprint("Demo ", i) })
	}
	content := storetest.Damage(t, whole, 0, 0)
	pages := len(content) / storetest.PageSize
	for page := 1; page < pages; page += 5 {
		database := filepath.Join(t.TempDir(), "damaged.db")
		if err := os.WriteFile(database, content, 0o600); err != nil {
			t.Fatal(err)
		}
		damaged := storetest.Damage(t, database, page, page+1)
		err := errStarts
		for range 20 { // a slow machine does not come to the damaged page each time
			if err = started(t, storetest.Options(database, clock)); !errors.Is(err, errStarts) {
				break
			}
		}
		if !store.Damaged(err) || !strings.HasPrefix(err.Error(), "the database is damaged, which Clientele does not repair; restore a backup") {
			t.Errorf("page %d of %d: got %v, want what to do about damage", page, pages, err)
		}
		if !bytes.Equal(storetest.Content(t, database), damaged) {
			t.Errorf("page %d of %d: the file is changed", page, pages)
		}
	}
}

var errStarts = errors.New("it starts")

// started returns why a database cannot be opened, or errStarts.
func started(t *testing.T, o store.Options) error {
	t.Helper()
	db, err := store.Open(t.Context(), o)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return errStarts
}

// What is damaged under a running server is said to be so, and stays so.
func TestDamageWhileOpen(t *testing.T) {
	clock, database := storetest.NewClock(), storetest.SQLite(t)
	db := storetest.Open(t, database, clock)
	admin := storetest.Admin(t, db)
	app := registered(t, db, admin, forAuditLog)
	if err := db.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	damaged := storetest.Damage(t, database, 1, 1<<20)
	clock.Advance(time.Minute)
	if _, err := db.Application(t.Context(), admin, app.ID); !store.Damaged(err) || !store.Unavailable(err) {
		t.Errorf("read: got %v, want that the database is damaged", err)
	}
	if err := db.SetStatus(t.Context(), admin, app.ID, registry.Disabled); !store.Damaged(err) || !store.Unavailable(err) {
		t.Errorf("write: got %v, want that the database is damaged", err)
	}
	for range 3 {
		if err := db.Ready(t.Context()); !store.Damaged(err) {
			t.Errorf("ready: got %v, want that the database is damaged", err)
		}
	}
	if !bytes.Equal(storetest.Content(t, database), damaged) {
		t.Error("the file is changed")
	}
}
