package store_test

import (
	"os"
	"testing"

	"github.com/pressly/goose/v3"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// A database of the first schema, with an application in it, is upgraded when
// it is opened, and nothing in it is lost.
func TestUpgradeFromTheFirstSchema(t *testing.T) {
	upgrade := func(t *testing.T, database string, dialect goose.Dialect, files string) {
		rows := raw(t, database)
		provider, err := goose.NewProvider(dialect, rows, os.DirFS(files))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.UpTo(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		_, err = rows.ExecContext(t.Context(), `
			INSERT INTO applications (id, type, origin, status, name, name_key, description, auth_method, token_alg, created_at, created_by, created_by_name, search_text)
			VALUES ('cl_old', 'oauth_client', 'team', 'active', 'Old', 'old', '', 'client_secret_basic', 'ES256', 1, '', 'Command line', 'old')`)
		if err != nil {
			t.Fatal(err)
		}
		_, err = rows.ExecContext(t.Context(), `
			INSERT INTO secrets (id, application_id, hash, prefix, created_at, created_by_name, expires_at)
			VALUES ('se_1', 'cl_old', '', 'cs_1', 1, '', 4000000000), ('se_2', 'cl_old', '', 'cs_2', 2, '', NULL)`)
		if err != nil {
			t.Fatal(err)
		}
		execAll(t, rows,
			`INSERT INTO users (id, email, email_key, name, password_hash, created_at) VALUES ('us_old', 'Old@example.com', 'old@example.com', 'Old Hand', 'x', 1)`,
			`UPDATE applications SET created_by = 'us_old'`,
			`INSERT INTO sessions (hash, user_id, data, created_at, seen_at, expires_at, address, agent) VALUES ('x', 'us_old', '', 7, 7, 8, '', '')`)
		db := storetest.Open(t, database, storetest.NewClock())
		users, err := db.Users(t.Context(), registry.Operator, registry.UserQuery{Search: "old hand"})
		if err != nil || len(users.Users) != 1 || users.Users[0].Status() != registry.Active || users.Users[0].LastSignedInAt.Unix() != 7 {
			t.Errorf("got %+v, %v; want the user as they were, with their last sign-in", users, err)
		}
		app, err := db.Application(t.Context(), registry.Operator, "cl_old")
		if err != nil || app.Name != "Old" || app.Failures.Count != 0 {
			t.Errorf("got %+v, %v; want it as it was", app, err)
		}
		if !app.OwnedBy("us_old") || len(app.Owners) != 1 {
			t.Errorf("got the owners %+v, want who made it", app.Owners)
		}
		if old, ok := app.Secret("se_1"); !ok || old.ReplacedBy != "se_2" || old.Name != "" || old.Paused || app.Policy != registry.DefaultPolicy {
			t.Errorf("got %+v of %+v, want the second secret to have replaced the first", old, app.Secrets)
		}
		schema, err := store.Migrate(t.Context(), storetest.Options(database, storetest.NewClock()), true)
		if err != nil || schema.Database != schema.Binary || schema.ServesFrom != 1 {
			t.Errorf("got %+v, %v; want this binary's schema, which the first one may still open", schema, err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		upgrade(t, t.TempDir()+"/old.db", goose.DialectSQLite3, "migrations/sqlite")
	})
	t.Run("postgres", func(t *testing.T) {
		upgrade(t, storetest.EmptyPostgres(t), goose.DialectPostgres, "migrations/postgres")
	})
}
