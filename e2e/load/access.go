package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	questions       = 2000
	slowestDecision = 2 * time.Millisecond
)

// accessPages are the pages of permissions and effective access.
func accessPages() []view {
	return []view{
		{what: "services", path: "/admin/permissions"},
		{what: "who holds what of a service", path: "/admin/permissions/pools"},
		{what: "who can be assigned permissions", path: "/admin/permissions/pools/assign"},
		{what: "who may do something at a service", path: "/admin/permissions/pools/access?permission=use"},
		{what: "who may do something to an object", path: "/admin/permissions/pools/access?permission=edit&object=pool%2Fo7"},
		{what: "effective access of an application", path: "/admin/applications/cl_0000000000000007/access"},
		{what: "why, of an application", path: "/admin/permissions/why?subject=cl_0000000000000007&permission=pools%2Fedit&object=pool%2Fo7"},
	}
}

// registerAsker makes the client that asks for decisions.
func (c clientele) registerAsker(ctx context.Context) (id, secret string, err error) {
	if id, secret, err = c.Register(ctx, "Asker", "--scope", "authorization.access:evaluate"); err != nil {
		return "", "", err
	}
	_, err = c.Run(ctx, "", "permission", "grant", "--client", id, "--service", "authorization", "--permission", "evaluate-access")
	return id, secret, err
}

// measureDecisions asks whether applications may do something to an object,
// which some may and some may not.
func (s *server) measureDecisions(ctx context.Context, token string) (view, error) {
	found := view{what: "a decision, `POST /access/v1/evaluation`"}
	allowed := 0
	client := &http.Client{Timeout: 10 * time.Second}
	for i := range questions + warmUp {
		holder := i * 7919 % (applications / 10)
		object := (holder*7 + 13*(i%2)) % 100 // every other one is among its grants: see fill
		question := fmt.Sprintf(`{"subject":{"type":"application","id":"cl_%016d"},"action":{"name":"edit"},"resource":{"type":"pools","id":"pool/o%d"}}`, 1+holder, object)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Address+"/access/v1/evaluation", strings.NewReader(question))
		if err != nil {
			return found, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		var body bytes.Buffer
		took, cost, err := s.timed(client, r, &body)
		if err != nil {
			return found, err
		}
		if bytes.Contains(body.Bytes(), []byte(`"decision":true`)) {
			allowed++
		}
		if i >= warmUp {
			found.times, found.costs = append(found.times, took), append(found.costs, cost)
		}
	}
	if allowed == 0 || allowed == questions+warmUp {
		return found, errors.New("all decisions are the same: the questions are too much alike")
	}
	return found, nil
}

// timed sends a request and returns how long its answer took to arrive whole,
// and the CPU time that the server spent on it.
func (s *server) timed(client *http.Client, r *http.Request, into io.Writer) (took, cost time.Duration, err error) {
	before, err := s.cpu()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	answer, err := client.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(into, answer.Body); err != nil {
		return 0, 0, err
	}
	took = time.Since(began)
	if answer.StatusCode != http.StatusOK || answer.Request.URL.RequestURI() != r.URL.RequestURI() {
		return 0, 0, fmt.Errorf("%s: got %s at %s", r.URL.Path, answer.Status, answer.Request.URL)
	}
	after, err := s.cpu()
	return took, after - before, err
}
