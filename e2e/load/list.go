package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	applications = 100_000
	openings     = 200 // of each page
	slowest      = 10 * time.Millisecond
)

// view is a page of the console. Each time it was opened, times says how long
// that took, and costs how much of that the server was at work: on a machine
// that does other things too, a server mostly waits for its turn.
type view struct {
	what, path   string
	times, costs []time.Duration
}

func views() []view {
	return []view{
		{what: "first page, last used first", path: "/admin/applications"},
		{what: "by name", path: "/admin/applications?sort=name"},
		{what: "newest first", path: "/admin/applications?sort=-created"},
		{what: "what the platform configured", path: "/admin/applications?origin=platform"},
		{what: "disabled ones", path: "/admin/applications?status=disabled"},
		{what: "those that hold a scope", path: "/admin/applications?scope=audit.log%3Aread"},
		{what: "those unused for 90 days", path: "/admin/applications?attention=unused"},
		{what: "those without an owner", path: "/admin/applications?attention=no_owner"},
		{what: "those without permissions", path: "/admin/applications?attention=no_permissions"},
		{what: "search for one", path: "/admin/applications?q=payroll+77777"},
		{what: "search that 12,500 match", path: "/admin/applications?q=payroll"},
		{what: "search for two letters", path: "/admin/applications?q=pa"},
		{what: "search for nothing there is", path: "/admin/applications?q=nowhere"},
	}
}

// fill writes applications behind the program's back: through the front door
// the events of so many would take minutes. Names, times and states vary.
func (c clientele) fill(ctx context.Context) error {
	db, err := sql.Open("sqlite", "file:"+c.Database+"?_pragma=synchronous(OFF)&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, statement := range append([]string{
		`INSERT INTO applications (id, type, origin, status, name, name_key, description, auth_method, token_alg,
			created_at, created_by, created_by_name, last_used_at, grants, search_text)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1),
		named (i, name) AS (SELECT i, CASE i % 8 WHEN 0 THEN 'Billing' WHEN 1 THEN 'Payroll' WHEN 2 THEN 'Warehouse' WHEN 3 THEN 'Reporting'
			WHEN 4 THEN 'Mobile app' WHEN 5 THEN 'Partner gateway' WHEN 6 THEN 'Data export' ELSE 'Sensors' END || ' ' || i FROM n)
		SELECT printf('cl_%016d', i), iif(i % 50 = 0, 'application_key', 'oauth_client'), iif(i % 5 = 0, 'platform', 'team'),
			iif(i % 20 = 0, 'disabled', 'active'), name, lower(name), '', 'client_secret_basic', 'ES256',
			$2 - i * 7919 % 100000000, '', 'Demo', iif(i % 10 = 0, 0, $2 - i * 104729 % 15000000), i % 3 > 0,
			lower(name) || char(10) || printf('cl_%016d', i) || char(10) || 'demo'
		FROM named`,
		`INSERT INTO application_grant_types (application_id, grant_type) SELECT id, 'client_credentials' FROM applications WHERE created_by_name = 'Demo'`,
		`INSERT INTO application_scopes (application_id, scope) SELECT id, 'applications:read' FROM applications WHERE created_by_name = 'Demo'`,
		`INSERT INTO application_scopes (application_id, scope) SELECT id, 'audit.log:read' FROM applications WHERE created_by_name = 'Demo' AND row_id % 2 = 0`,
		`INSERT INTO secrets (id, application_id, hash, prefix, created_at, created_by_name, expires_at)
		SELECT 'se_' || id, id, lower(hex(randomblob(32))), 'cs_', created_at, 'Demo', iif(row_id % 100 = 0, $2 + $1, NULL) FROM applications WHERE created_by_name = 'Demo'`,
		`INSERT INTO grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)
		SELECT 'application', id, 'audit', '', 'template', 'admin', created_at, '' FROM applications WHERE created_by_name = 'Demo' AND grants > 0`,
	}, grantStatements...) {
		if _, err := tx.ExecContext(ctx, statement, applications, time.Now().Unix()); err != nil {
			return fmt.Errorf("fill the database: %w", err)
		}
	}
	return tx.Commit()
}

// open opens a page and returns how long its answer took to arrive whole, and
// the CPU time that the server spent on it.
func (s *server) open(ctx context.Context, browser *http.Client, path string) (took, cost time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address+path, nil)
	if err != nil {
		return 0, 0, err
	}
	return s.timed(browser, r, io.Discard)
}

// openAll opens pages in turns.
func (s *server) openAll(ctx context.Context, browser *http.Client, pages []view) error {
	for opening := range openings + 10 {
		for i := range pages {
			took, cost, err := s.open(ctx, browser, pages[i].path)
			if err != nil {
				return err
			}
			if opening >= 10 { // after warming up
				pages[i].times, pages[i].costs = append(pages[i].times, took), append(pages[i].costs, cost)
			}
		}
	}
	return nil
}

// measurePages opens every page of the list and of permissions, and asks for
// decisions, over a full database.
func (f *result) measurePages(ctx context.Context, c clientele) error {
	if err := c.fill(ctx); err != nil {
		return err
	}
	id, secret, err := c.registerAsker(ctx)
	if err != nil {
		return err
	}
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Stop() }()
	browser, err := s.SignIn(ctx, email, password)
	if err != nil {
		return err
	}
	f.List, f.Access = views(), accessPages()
	if err := errors.Join(s.openAll(ctx, browser, f.List), s.openAll(ctx, browser, f.Access)); err != nil {
		return err
	}
	s.id, s.secret = id, secret
	token, err := s.tokens(ctx, http.DefaultClient, url.Values{"grant_type": {"client_credentials"}})
	if err != nil {
		return err
	}
	f.Decision, err = s.measureDecisions(ctx, token.AccessToken)
	return err
}
