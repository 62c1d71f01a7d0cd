package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// fillApplications writes n applications in every state behind the store's
// back: names, creators, times and states vary as if at random, but are the
// same each time. It takes seconds for 100,000.
func fillApplications(t testing.TB, database string, n int) *sql.DB {
	t.Helper()
	db := raw(t, database)
	no := "FALSE"
	if !store.IsPostgres(database) {
		no = "0"
	}
	execAll(t, db, `
		INSERT INTO services (key, name, description, audience, builtin, position) VALUES ('demo', 'Demo', 'Demo', 'https://demo.example', `+no+`, 1)`, `
		WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 36)
		INSERT INTO scopes (key, service, name, description, position) SELECT 'demo.s' || i, 'demo', 'Demo', 'Demo', i FROM n`, fmt.Sprintf(`
		WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d),
		mixed AS (SELECT i, (i + 17) * 2654435761 %% 4294967296 / 1024 AS a, (i + 5) * 2246822519 %% 4294967296 / 1024 AS b FROM n),
		thrown AS (SELECT i, a, b, a * 31 + b * 17 AS c, %d - a %% 100000000 AS created,
			CASE a %% 12 WHEN 0 THEN 'Billing' WHEN 1 THEN 'Ledger' WHEN 2 THEN 'Warehouse' WHEN 3 THEN 'Orders' WHEN 4 THEN 'Payroll' WHEN 5 THEN 'Support'
				WHEN 6 THEN '100%% Über_Café' WHEN 7 THEN 'Nightly' WHEN 8 THEN 'Partner' WHEN 9 THEN 'Analytics' WHEN 10 THEN 'Mobile' ELSE 'Audit' END || ' ' ||
			CASE b %% 9 WHEN 0 THEN 'sync' WHEN 1 THEN 'export' WHEN 2 THEN 'import' WHEN 3 THEN 'gateway' WHEN 4 THEN 'worker' WHEN 5 THEN 'dashboard'
				WHEN 6 THEN 'bridge' WHEN 7 THEN '"scheduler"' ELSE 'connector' END || ' ' || i AS name,
			'cl_' || substr('0000000000000000' || (i * 999983), length('' || (i * 999983)) + 1) AS id, 'Person ' || b %% 50 AS person FROM mixed)
		INSERT INTO applications (id, type, origin, status, name, name_key, description, auth_method, token_alg,
			created_at, created_by, created_by_name, last_used_at, grants, deleted_at, search_text)
		SELECT id, CASE WHEN a / 16 %% 10 = 0 THEN 'application_key' ELSE 'oauth_client' END, CASE WHEN b / 16 %% 10 = 0 THEN 'platform' ELSE 'team' END,
			CASE WHEN c / 64 %% 9 = 0 THEN 'disabled' ELSE 'active' END, name, replace(replace(lower(name), 'Ü', 'ü'), 'É', 'é'), '', 'client_secret_basic', 'ES256',
			created, '', person, CASE WHEN c / 128 %% 3 = 0 THEN 0 ELSE created + c %% (%d - created + 1) END, CASE WHEN c / 256 %% 5 < 3 THEN 0 ELSE 1 END,
			CASE WHEN c / 512 %% 50 = 0 THEN %d END, replace(replace(lower(name), 'Ü', 'ü'), 'É', 'é') || '%s' || id || '%s' || lower(person) FROM thrown`,
		n, storetest.Noon.Unix(), storetest.Noon.Unix(), storetest.Noon.Unix()-1000, "\n", "\n"), `
		INSERT INTO application_scopes (application_id, scope)
		SELECT a.id, s.key FROM applications a JOIN scopes s ON s.service = 'demo'
			AND (a.row_id * 31 + s.position * 7919) * 2654435761 % 4294967296 / 65536 % CASE s.position WHEN 1 THEN 2 ELSE 12 END = 0`, fmt.Sprintf(`
		INSERT INTO secrets (id, application_id, hash, prefix, created_at, created_by_name, expires_at, revoked_at)
		SELECT 'se_' || row_id, id, '', 'cs_demo', created_at, created_by_name,
			CASE row_id %% 4 WHEN 0 THEN %[1]d + row_id * 7919 %% 7776000 WHEN 1 THEN %[1]d - 1000 END, CASE row_id %% 7 WHEN 0 THEN %[1]d - 1000 END FROM applications
		UNION ALL SELECT 'sf_' || row_id, id, '', 'cs_more', created_at, created_by_name, %[1]d + row_id * 104729 %% 7776000, NULL FROM applications WHERE row_id %% 8 = 0`,
		storetest.Noon.Unix()), fmt.Sprintf(`
		INSERT INTO users (id, email, email_key, name, password_hash, created_at)
		SELECT 'us_owner' || i, 'owner' || i || '@demo.example', 'owner' || i || '@demo.example', 'Owner ' || i, '', %[1]d FROM (SELECT 1 AS i UNION ALL SELECT 2) AS two`,
		storetest.Noon.Unix()), `
		INSERT INTO application_owners (application_id, user_id)
		SELECT id, 'us_owner1' FROM applications WHERE row_id % 3 = 0 UNION ALL SELECT id, 'us_owner2' FROM applications WHERE row_id % 40 = 0`, fmt.Sprintf(`
		UPDATE users SET disabled_at = %d WHERE id = 'us_owner2'`, storetest.Noon.Unix()))
	return db
}

func execAll(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s\n%v", strings.TrimSpace(statement), err)
		}
	}
}

// manyQueries are queries with every filter, alone and with others.
func manyQueries() map[string]registry.ApplicationQuery {
	return map[string]registry.ApplicationQuery{
		"all":                       {},
		"keys":                      {Type: registry.ApplicationKey},
		"clients":                   {Type: registry.OAuthClient},
		"active":                    {Status: registry.Active},
		"disabled":                  {Status: registry.Disabled},
		"disabled keys":             {Status: registry.Disabled, Type: registry.ApplicationKey},
		"deleted":                   {Status: registry.Deleted},
		"deleted clients":           {Status: registry.Deleted, Type: registry.OAuthClient},
		"deleted sync":              {Status: registry.Deleted, Search: "sync"},
		"powerless":                 {Attention: registry.Powerless},
		"powerless and disabled":    {Attention: registry.Powerless, Status: registry.Disabled},
		"unowned":                   {Attention: registry.Unowned},
		"unowned keys":              {Attention: registry.Unowned, Type: registry.ApplicationKey},
		"unowned, deleted":          {Attention: registry.Unowned, Status: registry.Deleted},
		"unowned, scope":            {Attention: registry.Unowned, Scope: "demo.s3"},
		"unowned, search":           {Attention: registry.Unowned, Search: "sync"},
		"unused":                    {Attention: registry.Unused},
		"unused and disabled":       {Attention: registry.Unused, Status: registry.Disabled},
		"expiring":                  {Attention: registry.Expiring},
		"expiring and disabled":     {Attention: registry.Expiring, Status: registry.Disabled},
		"common scope":              {Scope: "demo.s1"},
		"scope":                     {Scope: "demo.s3"},
		"scope and disabled":        {Scope: "demo.s3", Status: registry.Disabled},
		"scope, unused":             {Scope: "demo.s3", Attention: registry.Unused},
		"scope, expiring":           {Scope: "demo.s3", Attention: registry.Expiring},
		"scope, powerless":          {Scope: "demo.s3", Attention: registry.Powerless},
		"no such scope":             {Scope: "demo.none"},
		"owner of many":             {Owner: "us_owner1"},
		"owner":                     {Owner: "us_owner2"},
		"owner, keys":               {Owner: "us_owner1", Type: registry.ApplicationKey},
		"owner, deleted":            {Owner: "us_owner2", Status: registry.Deleted},
		"owner, unused":             {Owner: "us_owner1", Attention: registry.Unused},
		"owner, search":             {Owner: "us_owner2", Search: "sync"},
		"no such owner":             {Owner: "us_none"},
		"search":                    {Search: "sync"},
		"search words":              {Search: "Billing  SYNC"},
		"search one":                {Search: "sync 17"},
		"search a creator":          {Search: "person 12"},
		"search client IDs":         {Search: "cl_00000"},
		"search accents":            {Search: "ÜBER_café"},
		"search nothing there is":   {Search: "nowhere at all"},
		"search one letter":         {Search: "b"},
		"search two letters":        {Search: "BI"},
		"search sign":               {Search: "%"},
		"search signs":              {Search: "100%"},
		"search quotes":             {Search: `"scheduler"`},
		"search, disabled":          {Search: "sync", Status: registry.Disabled},
		"search, scope":             {Search: "sync", Scope: "demo.s3"},
		"search, unused keys":       {Search: "sync", Attention: registry.Unused, Type: registry.ApplicationKey},
		"search, scope, expiring":   {Search: "sync", Scope: "demo.s1", Attention: registry.Expiring},
		"two letters and powerless": {Search: "bi", Attention: registry.Powerless},
	}
}

var everySort = []registry.ApplicationSort{
	registry.SortName, registry.SortNameDown, registry.SortCreated, registry.SortCreatedDown, registry.SortUsed, registry.SortUsedDown,
}
