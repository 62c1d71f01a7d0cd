package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"clientele/store"
)

// openDatabase opens a database behind the program's back.
func openDatabase(name string) (*sql.DB, error) {
	if store.IsPostgres(name) {
		return sql.Open("pgx", name)
	}
	if err := store.RegisterFold(); err != nil {
		return nil, err
	}
	return sql.Open("sqlite", "file:"+name+"?_pragma=synchronous(OFF)&_pragma=cache_size(-400000)&_pragma=busy_timeout(5000)")
}

// fill writes n applications, as many grants, users who consented to one
// application, and audit events behind the program's back: through the front
// door the events of so many would take minutes. Names, times and states vary.
func (c clientele) fill(ctx context.Context, n int) error {
	db, err := openDatabase(c.Database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	yes, no := "1", "0"
	if store.IsPostgres(c.Database) {
		yes, no = "TRUE", "FALSE"
	}
	values := strings.NewReplacer(
		"{numbers}", fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d)", n),
		"{id}", "'cl_' || substr(CAST(10000000000000000 + i AS TEXT), 2)",
		"{tenth}", fmt.Sprint(n/10), "{now}", fmt.Sprint(time.Now().Unix()), "{n}", fmt.Sprint(n), "{yes}", yes, "{no}", no)
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, values.Replace(statement)); err != nil {
			return fmt.Errorf("fill the database: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if store.IsPostgres(c.Database) { // as its autovacuum does within a minute
		_, err = db.ExecContext(ctx, "VACUUM ANALYZE")
	}
	return err
}

// statements fill either database. Of n applications a tenth hold ten grants
// each of the service pools: one of a template and nine on objects.
var statements = []string{
	`{numbers}, named (i, name) AS (SELECT i, CASE i % 8 WHEN 0 THEN 'Billing' WHEN 1 THEN 'Payroll' WHEN 2 THEN 'Warehouse' WHEN 3 THEN 'Reporting'
		WHEN 4 THEN 'Mobile app' WHEN 5 THEN 'Partner gateway' WHEN 6 THEN 'Data export' ELSE 'Sensors' END || ' ' || i FROM n)
	INSERT INTO applications (id, type, origin, status, name, name_key, description, auth_method, token_alg,
		created_at, created_by, created_by_name, last_used_at, grants, search_text)
	SELECT {id}, CASE WHEN i % 50 = 0 THEN 'application_key' ELSE 'oauth_client' END, CASE WHEN i % 5 = 0 THEN 'platform' ELSE 'team' END,
		CASE WHEN i % 20 = 0 THEN 'disabled' ELSE 'active' END, name, lower(name), '', 'client_secret_basic', 'ES256',
		{now} - i * 7919 % 100000000, '', 'Demo', CASE WHEN i % 10 = 0 THEN 0 ELSE {now} - i * 104729 % 15000000 END, CASE WHEN i % 3 > 0 THEN 1 ELSE 0 END,
		lower(name) || '` + "\n" + `' || {id} || '` + "\n" + `demo' FROM named`,
	`INSERT INTO application_grant_types (application_id, grant_type) SELECT id, 'client_credentials' FROM applications WHERE created_by_name = 'Demo'`,
	`INSERT INTO application_scopes (application_id, scope) SELECT id, 'applications:read' FROM applications WHERE created_by_name = 'Demo'`,
	`INSERT INTO application_scopes (application_id, scope) SELECT id, 'audit.log:read' FROM applications WHERE created_by_name = 'Demo' AND row_id % 2 = 0`,
	`INSERT INTO secrets (id, application_id, hash, prefix, created_at, created_by_name, expires_at)
	SELECT 'se_' || id, id, 'hash of ' || id, 'cs_', created_at, 'Demo', CASE WHEN row_id % 100 = 0 THEN {now} + 100000 END FROM applications WHERE created_by_name = 'Demo'`,
	`INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
	SELECT 'application', id, 'audit', '', 'template', 'admin', created_at, '' FROM applications WHERE created_by_name = 'Demo' AND grants > 0`,

	`INSERT INTO services (key, name, description, audience, builtin, position) VALUES ('pools', 'Pools', 'Demo', 'https://pools.example', {no}, 99)`,
	`INSERT INTO permissions (service, key, name, description, position) VALUES ('pools', 'use', 'Use', '', 0), ('pools', 'edit', 'Edit', '', 1)`,
	`INSERT INTO permission_needs (service, permission, needs) VALUES ('pools', 'edit', 'use')`,
	`INSERT INTO templates (service, key, name, description, position) VALUES ('pools', 'viewer', 'Viewer', '', 0)`,
	`INSERT INTO template_permissions (service, template, permission) VALUES ('pools', 'viewer', 'use')`,
	`INSERT INTO containers (service, key, name, position) VALUES ('pools', 'pool', 'Pool', 0)`,
	`{numbers} INSERT INTO objects (service, container, key, name, path, position) SELECT 'pools', 'pool', 'o' || (i - 1), 'Object ' || i, '/' || i, i FROM n WHERE i <= 100`,
	`{numbers}, holders (i, block, number) AS (SELECT 1 + i % {tenth}, (i - 1) / {tenth}, i FROM n)
	INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
	SELECT 'application', {id}, 'pools', CASE block WHEN 0 THEN '' ELSE 'pool/o' || ((number * 7 + block * 13) % 100) END, CASE block WHEN 0 THEN 'template' ELSE 'permission' END,
		CASE WHEN block = 0 THEN 'viewer' WHEN block % 2 = 0 THEN 'use' ELSE 'edit' END, {now}, '' FROM holders WHERE {n} > 0
	ON CONFLICT DO NOTHING`,

	`{numbers} INSERT INTO users (id, email, email_key, name, password_hash, created_at)
	SELECT 'us_' || i, 'user' || i || '@demo.example', 'user' || i || '@demo.example', CASE i % 7 WHEN 0 THEN 'Anja' WHEN 1 THEN 'Bruno' WHEN 2 THEN 'Chika' WHEN 3 THEN 'Dana'
		WHEN 4 THEN 'Emre' WHEN 5 THEN 'Fatima' ELSE 'Goran' END || ' ' || i, 'x', {now} - i FROM n`,
	`INSERT INTO application_grant_types (application_id, grant_type) VALUES ('` + consented + `', 'authorization_code')`,
	`{numbers} INSERT INTO consents (id, user_id, application_id, asked, granted_at, expires_at, last_used_at)
	SELECT 'co_' || i, 'us_' || i, '` + consented + `', {yes}, {now} - i % 2000000, {now} + 2592000 - i % 2000000, {now} - i % 1000 FROM n`,
	`{numbers} INSERT INTO consent_scopes (consent_id, scope, allowed) SELECT 'co_' || i, 'openid', {yes} FROM n`,

	`{numbers} INSERT INTO audit_events (seq, at, actor_type, actor_id, actor_name, action, outcome, target_type, target_id, target_name, address, request_id, before, after, hash)
	SELECT seq + i, ({now} - {n} + i) * 1000, 'user', 'us_' || (1 + i % 9), 'Demo user', CASE i % 4 WHEN 0 THEN 'application.create' WHEN 1 THEN 'application.update' WHEN 2 THEN 'secret.create' ELSE 'user.create' END,
		CASE i % 20 WHEN 0 THEN 'refused' ELSE 'done' END, 'application', 'cl_' || substr(CAST(10000000000000000 + 1 + i % (1 + {n} / 20) AS TEXT), 2), 'Demo', '127.0.0.1', '', '', '', ''
	FROM n CROSS JOIN audit_head`,
	`UPDATE audit_head SET seq = seq + {n}`,
}

// consented is the application that all users consented to.
const consented = "cl_0000000000000009"
