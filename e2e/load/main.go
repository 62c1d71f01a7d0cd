// Command load measures what an access token costs Clientele, in CPU time,
// beside two servers that do as little as a server can: one answers a
// constant, one only signs. All three run at once, as processes of their own
// on one core, and are asked in turns from the other, so that what else the
// machine does meets them alike. Then it measures how long the applications
// list takes when it is long, what pages of permissions take, and how long a
// decision. It talks to loopback only.
//
//	go run ./e2e/load -write docs/performance.md
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
)

// bar is the highest ratio of Clientele's CPU time to the signing server's.
const bar = 1.4

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
	write := flags.String("write", "", "a file to write the result into, between its markers")
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

	found, err := measure(ctx, dir, *rounds, *requests)
	if err != nil {
		return err
	}
	found.Command = strings.TrimSpace("go run ./e2e/load " + strings.Join(args, " "))
	if err := found.print(os.Stdout); err != nil {
		return err
	}
	if *write != "" {
		if err := found.writeInto(*write); err != nil {
			return err
		}
	}
	return found.judge()
}

// judge fails naming every bar that was missed.
func (f *result) judge() error {
	var missed []error
	if ratio := f.ratio(); ratio > bar {
		missed = append(missed, fmt.Errorf("a token costs %.2f times the signature, more than %.1f", ratio, bar))
	}
	for _, v := range slices.Concat(f.List, f.Access) {
		if p99(v.costs) > slowest {
			missed = append(missed, fmt.Errorf("%s: %v at the 99th percentile, more than %v", v.what, p99(v.costs), slowest))
		}
	}
	if v := f.Decision; p99(v.costs) > slowestDecision {
		missed = append(missed, fmt.Errorf("%s: %v at the 99th percentile, more than %v", v.what, p99(v.costs), slowestDecision))
	}
	return errors.Join(missed...)
}
