package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// sizes are how many rows of each kind there are.
var sizes = []int{1_000, 100_000, 1_000_000}

// growthBars are what 99 of 100 openings of a page take at most, by size.
var growthBars = map[int]time.Duration{1_000: 10 * time.Millisecond, 100_000: 10 * time.Millisecond, 1_000_000: 25 * time.Millisecond}

// growingPages are those that show a part of what there is much of.
func growingPages() []view {
	return []view{
		{what: "applications", path: "/admin/applications"},
		{what: "applications by name", path: "/admin/applications?sort=name"},
		{what: "applications that hold a scope", path: "/admin/applications?scope=audit.log%3Aread"},
		{what: "applications unused for 90 days", path: "/admin/applications?attention=unused"},
		{what: "applications without permissions", path: "/admin/applications?attention=no_permissions"},
		{what: "search for a few applications", path: "/admin/applications?q=payroll+777"},
		{what: "search for an eighth of them", path: "/admin/applications?q=payroll"},
		{what: "audit log", path: "/admin/audit-log"},
		{what: "what one user did", path: "/admin/audit-log?actor=us_3"},
		{what: "what was refused", path: "/admin/audit-log?outcome=refused"},
		{what: "permissions by service", path: "/admin/permissions"},
		{what: "who holds what of a service", path: "/admin/permissions/pools"},
		{what: "who may do something to an object", path: "/admin/permissions/pools/access?permission=edit&object=pool%2Fo7"},
		{what: "users", path: "/admin/users"},
		{what: "search for a user", path: "/admin/users?q=user777"},
		{what: "consents of an application", path: "/admin/applications/" + consented + "/consents"},
		{what: "search in them", path: "/admin/applications/" + consented + "/consents?q=user777"},
	}
}

// grown is one database of one size.
type grown struct {
	database string // SQLite or PostgreSQL
	size     int
	start    time.Duration
	resident int64
	pages    []view
}

// growth is what measuring both databases at every size found.
type growth struct {
	Command string
	all     []grown
}

// measure fills databases of each kind and size and opens pages of them.
func (g *growth) measure(ctx context.Context, dir string) error {
	server := os.Getenv("CLIENTELE_TEST_POSTGRES")
	if server == "" {
		return errors.New("no PostgreSQL: run this by e2e/postgres.sh")
	}
	c, err := build(ctx, dir)
	if err != nil {
		return err
	}
	if err := pinLoad(ctx); err != nil {
		return err
	}
	for _, database := range []string{"SQLite", "PostgreSQL"} {
		for _, size := range sizes {
			c.Database = filepath.Join(dir, fmt.Sprintf("grown%d.db", size))
			if database == "PostgreSQL" {
				if c.Database, err = newPostgres(ctx, server, fmt.Sprintf("grown%d", size)); err != nil {
					return err
				}
			}
			one, err := c.grow(ctx, database, size)
			if err != nil {
				return err
			}
			g.all = append(g.all, one)
		}
	}
	return nil
}

// newPostgres makes an empty database on a server and returns its URL.
func newPostgres(ctx context.Context, server, name string) (string, error) {
	db, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// grow fills the database and measures its pages.
func (c clientele) grow(ctx context.Context, database string, size int) (g grown, err error) {
	fmt.Fprintf(os.Stderr, "load: %d rows of each kind on %s\n", size, database)
	if err := c.CreateAdmin(ctx); err != nil {
		return g, err
	}
	if err := c.fill(ctx, size); err != nil {
		return g, err
	}
	s, err := c.start(ctx)
	if err != nil {
		return g, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	g = grown{database: database, size: size, start: s.Took, pages: growingPages()}
	if g.resident, err = s.Resident(); err != nil {
		return g, err
	}
	browser, err := s.SignIn(ctx)
	if err != nil {
		return g, err
	}
	return g, s.openAll(ctx, browser, g.pages)
}

// print writes a row for each page, and for each database and size how long
// the page took.
func (g *growth) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Made by `%s` on %s: each page opened %d times, from the request until it is there whole, median and p99.\n\n| page |", g.Command, processor(), openings)
	line := "\n|---|"
	for _, one := range g.all {
		fmt.Fprintf(&b, " %s, %s |", one.database, count(one.size))
		line += "---:|"
	}
	b.WriteString(line + "\n")
	for i, page := range growingPages() {
		fmt.Fprintf(&b, "| %s |", page.what)
		for _, one := range g.all {
			fmt.Fprintf(&b, " %.1f, %.1f ms |", milliseconds(median(one.pages[i].times)), milliseconds(p99(one.pages[i].times)))
		}
		b.WriteString("\n")
	}
	b.WriteString("| start to first answer |")
	for _, one := range g.all {
		fmt.Fprintf(&b, " %d ms |", one.start/time.Millisecond)
	}
	b.WriteString("\n| resident memory after start |")
	for _, one := range g.all {
		fmt.Fprintf(&b, " %.1f MB |", float64(one.resident)/1e6)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (g *growth) judge() error {
	var missed []error
	miss := func(one grown, format string, args ...any) {
		missed = append(missed, fmt.Errorf("%s at %s: "+format, append([]any{one.database, count(one.size)}, args...)...))
	}
	for _, one := range g.all {
		for _, page := range one.pages {
			if took := p99(page.times); took > growthBars[one.size] {
				miss(one, "%s: %v at the 99th percentile, more than %v", page.what, took, growthBars[one.size])
			}
		}
		if one.start > 300*time.Millisecond {
			miss(one, "%v to the first answer, more than 300 ms", one.start)
		}
		if one.resident > 40e6 {
			miss(one, "%.1f MB after start, more than 40", float64(one.resident)/1e6)
		}
	}
	return errors.Join(missed...)
}

// count writes a size as people do: 100,000.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
