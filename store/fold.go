package store

import (
	"database/sql/driver"
	"strings"
	"sync"
	"unicode"

	modernc "modernc.org/sqlite"

	"clientele/registry"
)

// RegisterFold gives every connection to SQLite that is opened from now on the
// function fold, which is registry.NameKey: its own lower folds ASCII only. The
// triggers of a database call it too, so that who writes names of people without
// a DB needs it. It does so once, and fails when the driver refuses it.
var RegisterFold = sync.OnceValue(func() error {
	return modernc.RegisterDeterministicScalarFunction("fold", 1, func(_ *modernc.FunctionContext, args []driver.Value) (driver.Value, error) {
		if name, ok := args[0].(string); ok {
			return registry.NameKey(name), nil
		}
		return args[0], nil
	})
})

// folded returns what to compare with a folded text instead of a column that
// SQLite folded, as it does the names of users. A text in ASCII is cheaper.
func (d dialect) folded(column, text string) string {
	if d == sqlite && strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "fold(" + column + ")"
	}
	return column
}
