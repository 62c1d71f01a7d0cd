package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
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
	of           *server // nil: the console
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
			took, cost, err := cmp.Or(pages[i].of, s).open(ctx, browser, pages[i].path)
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
	if err := c.fill(ctx, applications); err != nil {
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
	browser, err := s.SignIn(ctx)
	if err != nil {
		return err
	}
	other, err := startFloor(ctx, "steady")
	if err != nil {
		return err
	}
	defer func() { _ = other.Stop() }()
	machine := view{what: "for comparison: 100 signatures, the same work each time", path: "/", of: other}
	f.List, f.Access = append(views(), machine), append(accessPages(), machine)
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
