package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

const (
	redirect = "http://127.0.0.1:1/cb" // nobody goes there: the code is taken from the address
	verifier = "a-verifier-of-the-load-test-that-is-long-enough"
)

// exchange is a client that a user has consented to, in the user's browser.
type exchange struct {
	*server
	browser *http.Client
	refresh [connections]string // each connection's newest refresh token
}

// measureExchange measures what it costs to send a signed-in user who has
// consented before back with a code and to exchange that, and what a refresh.
func (f *result) measureExchange(ctx context.Context, c clientele) (err error) {
	id, secret, err := c.Register(ctx, "Exchange", "--grant", "authorization_code", "--grant", "refresh_token", "--redirect-uri", redirect, "--scope", "openid", "--scope", "profile")
	if err != nil {
		return err
	}
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	s.id, s.secret = id, secret
	browser, err := s.SignIn(ctx)
	if err != nil {
		return err
	}
	browser.Transport = &http.Transport{MaxIdleConnsPerHost: connections}
	x := &exchange{server: s, browser: browser}
	if err := x.consent(ctx); err != nil {
		return err
	}
	for _, what := range []struct {
		name string
		do   request
	}{{"an authorization code, from the browser's request to the tokens", x.code}, {"a refresh", x.renew}} {
		a := &asked{server: s, what: what.name}
		for range 1 + f.Rounds {
			found, err := s.ask(ctx, f.Requests/5, what.do)
			if err != nil {
				return err
			}
			a.rounds = append(a.rounds, found)
		}
		a.rounds = a.rounds[1:] // the first warmed it up
		f.Exchanges = append(f.Exchanges, a)
	}
	return nil
}

// authorizeURL is where the client sends a browser.
func (x *exchange) authorizeURL() string {
	challenge := sha256.Sum256([]byte(verifier))
	return x.Address + "/oauth2/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {x.id}, "redirect_uri": {redirect}, "scope": {"openid profile"}, "state": {"load"},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode()
}

// consent answers the question that the user is asked the first time.
func (x *exchange) consent(ctx context.Context) error {
	answer, err := x.get(ctx, x.authorizeURL())
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	page, err := goquery.NewDocumentFromReader(answer.Body)
	if err != nil {
		return err
	}
	question, _ := page.Find("input[name=request]").Attr("value")
	form := url.Values{"request": {question}, "scope": {"openid", "profile"}, "for": {"month"}, "decision": {"allow"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.Address+"/oauth2/authorize/consent", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	allowed, err := x.browser.Do(r)
	if err != nil {
		return err
	}
	if allowed.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("consent: got %s", allowed.Status)
	}
	return errors.Join(err, allowed.Body.Close())
}

func (x *exchange) get(ctx context.Context, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return x.browser.Do(r)
}

// code asks for a code in the browser, and exchanges it.
func (x *exchange) code(ctx context.Context, client *http.Client, connection int) error {
	answer, err := x.get(ctx, x.authorizeURL())
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	back, err := answer.Location()
	if err != nil || back.Query().Get("code") == "" {
		return fmt.Errorf("no code: got %s to %v", answer.Status, back)
	}
	got, err := x.tokens(ctx, client, url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier}})
	x.refresh[connection] = got.RefreshToken
	return err
}

// renew exchanges the connection's newest refresh token for the next.
func (x *exchange) renew(ctx context.Context, client *http.Client, connection int) error {
	got, err := x.tokens(ctx, client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {x.refresh[connection]}})
	x.refresh[connection] = got.RefreshToken
	return err
}
