package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	connections = 8  // requests under way at a time
	waiting     = 64 // and at most, where they come at a rate of their own
	warmUp      = 500
)

// asked is a server that was asked the same again and again.
type asked struct {
	server *server
	what   string
	rounds []round
	busy   []time.Duration // how long answers took at four fifths of the rate
	memory int64           // bytes after the last round
}

// round is what one round of requests found.
type round struct {
	cost  time.Duration // CPU time of the server, for one
	rate  float64       // answers per second
	times []time.Duration
}

func (a *asked) cost() time.Duration {
	return median(each(a.rounds, func(r round) time.Duration { return r.cost }))
}

func (a *asked) rate() float64 {
	return median(each(a.rounds, func(r round) float64 { return r.rate }))
}

// times returns how long every answer took.
func (a *asked) times() []time.Duration {
	return slices.Concat(each(a.rounds, func(r round) []time.Duration { return r.times })...)
}

// request is something to ask; connection tells who of the askers asks.
type request func(ctx context.Context, client *http.Client, connection int) error

// ask sends n requests over a few connections, each after the answer to its last.
func (s *server) ask(ctx context.Context, n int, do request) (round, error) {
	before, err := s.cpu()
	if err != nil {
		return round{}, err
	}
	var sent atomic.Int64
	began := time.Now()
	times, err := together(connections, func(client *http.Client, connection int) (times []time.Duration, err error) {
		for sent.Add(1) <= int64(n) && err == nil {
			asked := time.Now()
			err = do(ctx, client, connection)
			times = append(times, time.Since(asked))
		}
		return times, err
	})
	if err != nil {
		return round{}, fmt.Errorf("%s: %w", s.name, err)
	}
	took := time.Since(began)
	after, err := s.cpu()
	return round{(after - before) / time.Duration(n), float64(n) / took.Seconds(), times}, err
}

// atRate sends n requests at a steady rate, whether or not earlier ones are
// answered, and returns how long each took from when it was due.
func (s *server) atRate(ctx context.Context, rate float64, n int, do request) ([]time.Duration, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // one for the clock, which must not wait for answers to be read
	due := make(chan time.Time, n)
	go func() {
		runtime.LockOSThread() // for its sleep, which is the kernel's: Go's own is a millisecond long
		defer runtime.UnlockOSThread()
		defer close(due)
		began := time.Now()
		for i := range n {
			at := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
			if wait := time.Until(at); wait > 0 {
				pause := syscall.NsecToTimespec(wait.Nanoseconds())
				_ = syscall.Nanosleep(&pause, nil) // woken early, it is a little early
			}
			due <- at
		}
	}()
	return together(waiting, func(client *http.Client, connection int) (times []time.Duration, err error) {
		for at := range due {
			if err = do(ctx, client, connection); err != nil {
				break
			}
			times = append(times, time.Since(at))
		}
		return times, err
	})
}

// together runs what each connection does, and returns what all of them found.
func together(connections int, run func(client *http.Client, connection int) ([]time.Duration, error)) ([]time.Duration, error) {
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: connections},
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	var workers sync.WaitGroup
	times, failures := make([][]time.Duration, connections), make([]error, connections)
	for i := range connections {
		workers.Go(func() { times[i], failures[i] = run(client, i) })
	}
	workers.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(times...), nil
}

func each[T, V any](all []T, value func(T) V) []V {
	values := make([]V, len(all))
	for i, one := range all {
		values[i] = value(one)
	}
	return values
}

func median[N time.Duration | float64](all []N) N {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// p99 returns what 99 of 100 took at most.
func p99(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)*99/100]
}
