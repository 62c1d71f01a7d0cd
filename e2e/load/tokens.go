package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
)

// The servers that are asked for tokens.
const (
	floorConstant = "constant"
	floorSigning  = "sign"
	product       = "clientele"
	peer          = "oidc-provider"
)

// startPeer starts oidc-provider, set up for the same grant and algorithm.
func startPeer(ctx context.Context) (*server, error) {
	return startOther(ctx, peer, "node", filepath.Join("e2e", "load", "oidc-provider", "server.mjs"))
}

// measureTokens starts the servers and asks them in turns, then each at four
// fifths of what it can do.
func (f *result) measureTokens(ctx context.Context, c clientele) error {
	defer func() {
		for _, a := range f.Tokens {
			_ = a.server.Stop()
		}
	}()
	add := func(s *server, err error) error {
		if err == nil {
			f.Tokens = append(f.Tokens, &asked{server: s, what: s.name})
		}
		return err
	}
	for _, floor := range []string{floorConstant, floorSigning} {
		if err := add(startFloor(ctx, floor)); err != nil {
			return err
		}
	}
	id, secret, err := c.Register(ctx, "Load", "--scope", "audit.log:read", "--scope", "applications:read")
	if err != nil {
		return err
	}
	s, err := c.start(ctx)
	if err := add(s, err); err != nil {
		return err
	}
	s.id, s.secret = id, secret
	f.Start = s.Took
	if f.Resident, err = s.Resident(); err != nil {
		return err
	}
	if err := add(startPeer(ctx)); err != nil {
		return fmt.Errorf("%w (is it installed? npm ci in e2e/load/oidc-provider)", err)
	}
	if err := f.interleave(ctx); err != nil {
		return err
	}
	for _, a := range f.Tokens {
		if a.memory, err = a.server.Resident(); err != nil {
			return err
		}
		if a.busy, err = a.server.atRate(ctx, .8*a.rate(), f.Requests*5, a.server.token); err != nil {
			return err
		}
	}
	return nil
}

// interleave asks each server in every round, starting with another one each time.
func (f *result) interleave(ctx context.Context) error {
	for _, a := range f.Tokens {
		if _, err := a.server.ask(ctx, warmUp, a.server.token); err != nil {
			return err
		}
	}
	for round := range f.Rounds {
		for i := range f.Tokens {
			a := f.Tokens[(round+i)%len(f.Tokens)]
			found, err := a.server.ask(ctx, f.Requests, a.server.token)
			if err != nil {
				return err
			}
			a.rounds = append(a.rounds, found)
		}
	}
	return nil
}

// token asks for a token with client credentials.
func (s *server) token(ctx context.Context, client *http.Client, _ int) error {
	body, err := s.post(ctx, client, url.Values{"grant_type": {"client_credentials"}, "scope": {"audit.log:read"}})
	if err == nil && (s.name == product || s.name == peer) && !bytes.Contains(body, []byte(`"access_token"`)) {
		err = fmt.Errorf("no token in %s", body)
	}
	return err
}

// tokens is what the token endpoint answers.
type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func (s *server) tokens(ctx context.Context, client *http.Client, form url.Values) (got tokens, err error) {
	body, err := s.post(ctx, client, form)
	if err != nil {
		return got, err
	}
	return got, json.Unmarshal(body, &got)
}

// post asks the token endpoint, and returns its answer if that is 200.
func (s *server) post(ctx context.Context, client *http.Client, form url.Values) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Address+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(s.id, s.secret)
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: got %s: %s", s.name, answer.Status, body)
	}
	return body, err
}

// ratio returns the median round's CPU time of a server's requests over the signing server's.
func (f *result) ratio(a *asked) float64 {
	floor := f.of(floorSigning)
	ratios := make([]float64, f.Rounds)
	for i := range ratios {
		ratios[i] = float64(a.rounds[i].cost) / float64(floor.rounds[i].cost)
	}
	return median(ratios)
}

// faster returns how many times the peer's tokens Clientele makes in the median round.
func (f *result) faster() float64 {
	ratios := make([]float64, f.Rounds)
	for i := range ratios {
		ratios[i] = f.of(product).rounds[i].rate / f.of(peer).rounds[i].rate
	}
	return median(ratios)
}

func (f *result) of(name string) *asked {
	for _, a := range f.Tokens {
		if a.server.name == name {
			return a
		}
	}
	panic("no server " + name)
}
