package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// Backup copies the SQLite database at path to a new file, as it is at one
// moment, while others read and write it. The file is there once it is whole
// and on the disk; when Backup fails, nothing is. It changes nothing in the
// database, its schema neither, so that it can be made before an upgrade. It
// fails when the file exists already. What the key file seals stays sealed.
func Backup(ctx context.Context, path, file string) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("there is already a file %s, which is left as it is; name a new one", file)
	}
	if err := RegisterFold(); err != nil { // an index is made by it
		return fmt.Errorf("prepare SQLite: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=rw&_pragma=busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	// SQLite writes to a file that is there only when it is empty.
	copied, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.tmp")
	if err != nil {
		return fmt.Errorf("the backup cannot be written; check that its folder exists and may be written to: %w", err)
	}
	defer func() { _ = os.Remove(copied.Name()) }()
	defer copied.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, copied.Name()); err != nil {
		return fmt.Errorf("copy the database to %s: %w", file, explain(err))
	}
	if err := copied.Sync(); err != nil {
		return fmt.Errorf("write %s to the disk: %w", file, err)
	}
	// A link, unlike a new name, is refused when somebody made the file meanwhile.
	if err := os.Link(copied.Name(), file); err != nil {
		return fmt.Errorf("name the backup %s: %w", file, err)
	}
	return syncFolder(filepath.Dir(file))
}

// syncFolder has the disk keep which files are in a folder.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
