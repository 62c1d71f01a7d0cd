// Command load measures what an access token costs Clientele, in CPU time and
// in time until it is there, beside two servers that do as little as a server
// can (one answers a constant, one only signs) and beside oidc-provider. All
// run at once, as processes of their own on one core, and are asked in turns
// from the other, so that what else the machine does meets them alike. Then it
// measures the exchange of codes and refresh tokens, how long the applications
// list takes when it is long, what pages of permissions take, and how long a
// decision. It talks to loopback only.
//
//	go run ./e2e/load -write docs/performance.md
//
// And it measures what pages cost as there is more and more:
//
//	e2e/postgres.sh go run ./e2e/load -growth -picture growth.svg
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

const (
	mostCost    = 1.3                  // times the signing server's CPU time, for a token
	leastFaster = 3                    // times the peer's tokens
	slowestBusy = 5 * time.Millisecond // for a token at four fifths of what the server can do
)

// result is what one run found.
type result struct {
	Command          string
	Rounds, Requests int
	Tokens           []*asked // one a server
	Exchanges        []*asked
	Start            time.Duration
	Binary           int64 // bytes
	Resident         int64 // bytes of memory after start
	List, Access     []view
	Decision         view
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && floors[args[0]] != nil {
		return serveFloor(ctx, floors[args[0]])
	}
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	rounds := flags.Int("rounds", 25, "how often every server is measured, 1 to 50")
	requests := flags.Int("requests", 1000, "requests a round, 100 to 20000")
	grow := flags.Bool("growth", false, "measure pages at 1,000, 100,000 and 1,000,000 rows instead, on SQLite and on the PostgreSQL of e2e/postgres.sh")
	write := flags.String("write", "", "a file to write the result into, between its markers")
	picture := flags.String("picture", "", "a file for a picture of the growth, as SVG")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *rounds > 50 || *requests < 100 || *requests > 20_000 {
		return errors.New("rounds go from 1 to 50, requests from 100 to 20000")
	}
	dir, err := os.MkdirTemp("", "clientele-load")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	command := strings.TrimSpace("go run ./e2e/load " + strings.Join(args, " "))
	var found report
	name := "load"
	if *grow {
		name = "growth"
		g := &growth{Command: "e2e/postgres.sh " + command}
		if err := g.measure(ctx, dir); err != nil {
			return err
		}
		if *picture != "" {
			if err := os.WriteFile(*picture, g.picture(), 0o644); err != nil {
				return err
			}
		}
		found = g
	} else {
		r := &result{Command: command, Rounds: *rounds, Requests: *requests}
		if err := r.measure(ctx, dir); err != nil {
			return err
		}
		found = r
	}
	if err := found.print(os.Stdout); err != nil {
		return err
	}
	if *write != "" {
		if err := writeInto(*write, name, found); err != nil {
			return err
		}
	}
	return found.judge()
}

// measure builds the program, and measures its tokens and then its pages.
func (f *result) measure(ctx context.Context, dir string) error {
	c, err := build(ctx, dir)
	if err != nil {
		return fmt.Errorf("build clientele: %w", err)
	}
	binary, err := os.Stat(c.Binary)
	if err != nil {
		return err
	}
	f.Binary = binary.Size()
	if err := pinLoad(ctx); err != nil {
		return err
	}
	if err := c.CreateAdmin(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context, clientele) error{f.measureTokens, f.measureExchange, f.measurePages} {
		if err := part(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (f *result) judge() error {
	var missed []error
	miss := func(format string, args ...any) { missed = append(missed, fmt.Errorf(format, args...)) }
	if ratio := f.ratio(f.of(product)); ratio > mostCost {
		miss("a token costs %.2f times the signature, more than %.1f", ratio, mostCost)
	}
	if faster := f.faster(); faster < leastFaster {
		miss("%.1f times the tokens of %s, less than %d", faster, peer, leastFaster)
	}
	if busy := p99(f.of(product).busy); busy > slowestBusy {
		miss("a token under load: %v at the 99th percentile, more than %v", busy, slowestBusy)
	}
	for _, v := range slices.Concat(f.List, f.Access) {
		if v.of == nil && p99(v.costs) > slowest {
			miss("%s: %v at the 99th percentile, more than %v", v.what, p99(v.costs), slowest)
		}
	}
	if v := f.Decision; p99(v.costs) > slowestDecision {
		miss("%s: %v at the 99th percentile, more than %v", v.what, p99(v.costs), slowestDecision)
	}
	return errors.Join(missed...)
}
