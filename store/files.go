package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Exists reports whether a SQLite database file is already there.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// makeFile makes the file of a SQLite database, which nobody but its owner may
// read, unless it is there: SQLite would let others read it. The files that
// SQLite makes beside it are as private as it is.
func makeFile(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the database cannot be made; see that whoever runs this may write its folder, or name another with --database: %w", err)
	}
	return file.Close()
}

// checkFiles warns of what others on this machine may do with the files of a
// SQLite database: in it are people's names and addresses and what they did.
func (db *DB) checkFiles(ctx context.Context, path string) {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o007 != 0 {
			db.log.WarnContext(ctx, "others on this machine may read the database, with the names and addresses of all people in it; run chmod o= on its file", "file", name)
		}
	}
}
