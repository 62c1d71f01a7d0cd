package main

import (
	"errors"
	"fmt"

	"clientele/store"
)

type backupCmd struct {
	File string `arg:"" help:"A new file; there must be none of that name."`
}

// Run copies the SQLite database, and says what the copy is worthless without.
func (b *backupCmd) Run(e *env) error {
	if store.IsPostgres(e.Database) {
		return errors.New("a PostgreSQL database is backed up by its own tools: pg_dump, or the snapshots of who runs it. Keep the key file apart from them; without it they cannot be used")
	}
	if !store.Exists(e.Database) {
		return fmt.Errorf("there is no database %s; name one with --database", e.Database)
	}
	if err := checkPlace(e.Database); err != nil {
		return err
	}
	if err := store.Backup(e.ctx, e.Database, b.File); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.stdout, "%s is the database as it was a moment ago.\nThe key file %s is not in it. Keep a copy of that in another place; without it the backup cannot be used.\n", b.File, e.keyFile())
	return err
}
