package store_test

import (
	"path/filepath"
	"slices"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// Whatever happens to a user, they are found by what they are called now, and
// so they are in a backup.
func TestPeopleAreFoundByWhatTheyAreCalledNow(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		db, rows := storetest.Open(t, database, storetest.NewClock()), raw(t, database)
		find := func(db *store.DB, when, search string, want ...string) {
			t.Helper()
			ids, first := walkUsers(t, db, registry.UserQuery{Search: search})
			slices.Sort(ids)
			if !slices.Equal(ids, want) || first.Found.N != len(want) {
				t.Errorf("%s: %q finds %q, counted as %d; want %q", when, search, ids, first.Found.N, want)
			}
		}
		insert := `INSERT INTO users (id, email, email_key, name, password_hash, created_at) VALUES `
		execAll(t, rows, insert+`('us_a', 'Vera@one.example', 'vera@one.example', 'Vera Жукова', 'x', 1), ('us_b', 'boris@two.example', 'boris@two.example', '100% "Boris"', 'x', 1)`)
		for search, want := range map[string][]string{
			"ера": nil, "ЖУК": {"us_a"}, "жукова": {"us_a"}, "ra@ONE": {"us_a"}, ".example": {"us_a", "us_b"}, `"bOR`: {"us_b"}, "0% \"": {"us_b"}, "oris": {"us_b"},
			"vera жук": {"us_a"}, "VE": {"us_a"}, "er": nil, "bo": {"us_b"}, "_er": nil, "vera@one.example vera": nil,
		} {
			find(db, "new", search, want...)
		}
		execAll(t, rows, `UPDATE users SET name = 'Vera Smith' WHERE id = 'us_a'`)
		find(db, "renamed", "жукова")
		execAll(t, rows, insert+`('us_t', 'i@four.example', 'i@four.example', 'Ağaç İlker ᎳᎨ', 'x', 1)`)
		find(db, "of letters whose case few know", "AĞAÇ", "us_t")
		find(db, "of letters whose case few know", "ağaç", "us_t")
		if !store.IsPostgres(database) { // ICU makes two letters of İ
			find(db, "of letters whose case few know", "ğaç İLK", "us_t")
		}
		find(db, "of letters whose case few know", "r ᎳᎨ", "us_t")
		execAll(t, rows, `UPDATE users SET name = 'ᎳᎨᏏ' WHERE id = 'us_t'`)
		find(db, "of letters whose case few know", "ᎳᎨᏏ", "us_t")
		find(db, "of letters whose case few know", "four.exa", "us_t")
		execAll(t, rows, `DELETE FROM users WHERE id = 'us_t'`)
		find(db, "renamed", "smith", "us_a")
		execAll(t, rows, `UPDATE users SET email = 'v@three.example', email_key = 'v@three.example' WHERE id = 'us_a'`)
		find(db, "of another address", "one.example")
		find(db, "of another address", "three.example", "us_a")
		execAll(t, rows, `DELETE FROM users WHERE id = 'us_b'`, insert+`('us_c', 'carl@two.example', 'carl@two.example', 'Carl', 'x', 1)`)
		find(db, "another in their place", "boris")
		find(db, "another in their place", "two.example", "us_c")
		find(db, "another in their place", "smith", "us_a")
		if store.IsPostgres(database) {
			return
		}
		execAll(t, rows, `DELETE FROM users WHERE id = 'us_a'`, `VACUUM`)
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := store.Backup(t.Context(), database, file); err != nil {
			t.Fatal(err)
		}
		restored := storetest.Open(t, file, storetest.NewClock())
		find(restored, "restored", "carl", "us_c")
		find(restored, "restored", "smith")
	})
}
