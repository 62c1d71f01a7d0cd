package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connections = 8 // requests under way at a time
	warmUp      = 500
)

// result is what one run found.
type result struct {
	Command          string
	Rounds, Requests int
	Servers          []*server // the constant one, the signing one, Clientele
	Start            time.Duration
	Binary           int64 // bytes
	Resident, Busy   int64 // bytes of memory after start, and after all the tokens
	List, Access     []view
	Decision         view
}

// measure builds the program, and measures its tokens and then its list.
func measure(ctx context.Context, dir string, rounds, requests int) (*result, error) {
	product, err := build(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("build clientele: %w", err)
	}
	binary, err := os.Stat(product.Binary)
	if err != nil {
		return nil, err
	}
	found := &result{Rounds: rounds, Requests: requests, Binary: binary.Size()}
	if err := pinLoad(ctx); err != nil {
		return nil, err
	}
	if err := found.measureTokens(ctx, product); err != nil {
		return nil, err
	}
	return found, found.measureList(ctx, product)
}

// measureTokens starts the servers and asks them in turns.
func (f *result) measureTokens(ctx context.Context, product clientele) error {
	defer func() {
		for _, s := range f.Servers {
			_ = s.Stop()
		}
	}()
	for _, name := range []string{"constant", "sign"} {
		s, err := startFloor(ctx, name)
		if err != nil {
			return err
		}
		f.Servers = append(f.Servers, s)
	}
	id, secret, err := product.register(ctx, "Load", "audit.log:read", "applications:read")
	if err != nil {
		return err
	}
	s, err := product.start(ctx)
	if err != nil {
		return err
	}
	s.id, s.secret = id, secret
	f.Servers, f.Start = append(f.Servers, s), s.Took
	if f.Resident, err = s.resident(); err != nil {
		return err
	}
	if err := f.interleave(ctx); err != nil {
		return err
	}
	f.Busy, err = s.resident()
	return err
}

// interleave asks each server in every round, starting with another one each time.
func (f *result) interleave(ctx context.Context) error {
	for _, s := range f.Servers {
		if _, err := s.ask(ctx, warmUp); err != nil {
			return err
		}
	}
	for round := range f.Rounds {
		for i := range f.Servers {
			s := f.Servers[(round+i)%len(f.Servers)]
			cost, err := s.ask(ctx, f.Requests)
			if err != nil {
				return err
			}
			s.costs = append(s.costs, cost)
		}
	}
	return nil
}

// ask sends n token requests over a few connections and returns the CPU time
// that one cost the server.
func (s *server) ask(ctx context.Context, n int) (time.Duration, error) {
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections},
		Timeout:   10 * time.Second,
	}
	defer client.CloseIdleConnections()
	before, err := s.cpu()
	if err != nil {
		return 0, err
	}
	var sent atomic.Int64
	var workers sync.WaitGroup
	failed := make(chan error, connections)
	for range connections {
		workers.Go(func() {
			for sent.Add(1) <= int64(n) {
				if err := s.askOnce(ctx, client); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	workers.Wait()
	close(failed)
	if err := <-failed; err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	after, err := s.cpu()
	return (after - before) / time.Duration(n), err
}

func (s *server) askOnce(ctx context.Context, client *http.Client) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Address+"/oauth2/token",
		strings.NewReader("grant_type=client_credentials&scope=audit.log%3Aread"))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(s.id, s.secret)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || (s.name == "clientele" && !bytes.Contains(body, []byte(`"access_token"`))) {
		return fmt.Errorf("got %s: %s", answer.Status, body)
	}
	return nil
}

// cost returns the median round's CPU time for one request.
func (s *server) cost() time.Duration { return median(s.costs) }

// ratio returns the median round's CPU time of Clientele over the signing server's.
func (f *result) ratio() float64 { return f.over(f.Servers[2], f.Servers[1]) }

func (f *result) over(s, floor *server) float64 {
	ratios := make([]float64, f.Rounds)
	for i := range ratios {
		ratios[i] = float64(s.costs[i]) / float64(floor.costs[i])
	}
	return median(ratios)
}

func median[N time.Duration | float64](all []N) N {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
