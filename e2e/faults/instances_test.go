package faults

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/e2e/program"
	"clientele/store/storetest"
)

// rollings is how often both instances are replaced under requests.
var rollings = flag.Int("rollings", 2, "how often two instances are replaced, one after the other, under requests")

// everywhere is how soon a change made on one instance holds on all.
const everywhere = 2 * time.Second

// pair is two instances on one PostgreSQL, with an administrator and a client.
type pair struct {
	*program.Program
	one, two   *program.Server
	id, secret string
}

func newPair(t *testing.T, flags ...string) *pair {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.New(binary, storetest.EmptyPostgres(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	both := &pair{Program: p}
	createAdmin(t, p)
	if both.id, both.secret, err = p.Register(t.Context(), "Demo", "--auth-method", "client_secret_post", "--scope", "applications:read"); err != nil {
		t.Fatal(err)
	}
	run(t, p, "permission", "grant", "--client", both.id, "--service", "applications", "--permission", "view")
	both.one, both.two = start(t, p, flags...), start(t, p, flags...)
	return both
}

// start serves until the test ends.
func start(t *testing.T, p *program.Program, flags ...string) *program.Server {
	t.Helper()
	s, err := p.Start(t.Context(), append([]string{"--issuer", "http://localhost:8080"}, flags...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

func signIn(t *testing.T, s *program.Server) *http.Client {
	t.Helper()
	browser, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return browser
}

// call sends a request and returns the answer's status and body, or 0 when there was none.
func call(ctx context.Context, client *http.Client, method, address string, form url.Values, header ...string) (int, string) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err.Error()
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(body)
}

// token asks an instance for a token.
func (p *pair) token(ctx context.Context, address string) (int, string) {
	status, body := call(ctx, http.DefaultClient, http.MethodPost, address+"/oauth2/token",
		url.Values{"grant_type": {"client_credentials"}, "client_id": {p.id}, "client_secret": {p.secret}, "scope": {"applications:read"}})
	return status, body
}

// until fails unless something holds on an instance soon enough, and says when it did.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > everywhere {
			t.Fatalf("%s: not so after %v", what, everywhere)
		}
		time.Sleep(20 * time.Millisecond)
	}
	figure.Report(t, what, "≤ "+everywhere.String(), "after %v", time.Since(began).Round(10*time.Millisecond))
}

// What is done on one instance holds on the other, within two seconds.
func TestInstancesAgree(t *testing.T) {
	p := newPair(t)
	ctx := t.Context()
	browser := signIn(t, p.one)
	post := func(s *program.Server, path string, form url.Values) {
		t.Helper()
		if status, body := call(ctx, browser, http.MethodPost, s.Address+path, form); status != http.StatusSeeOther {
			t.Fatalf("%s: got %d %s", path, status, body)
		}
	}
	opens := func(s *program.Server) bool {
		status, _ := call(ctx, browser, http.MethodGet, s.Address+"/admin/applications", nil)
		return status == http.StatusOK
	}
	gets := func(s *program.Server) bool { status, _ := p.token(ctx, s.Address); return status == http.StatusOK }
	status, body := p.token(ctx, p.one.Address)
	if status != http.StatusOK {
		t.Fatalf("token: got %d %s", status, body)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &token); err != nil {
		t.Fatal(err)
	}
	reads := func(s *program.Server) bool {
		status, _ := call(ctx, http.DefaultClient, http.MethodGet, s.Address+"/api/v1/applications", nil, "Authorization", "Bearer "+token.AccessToken)
		return status == http.StatusOK
	}
	if !opens(p.two) || !gets(p.two) || !reads(p.two) {
		t.Fatal("the session, the client or the token of one is not the other's")
	}

	post(p.one, "/admin/applications/"+p.id+"/disable", url.Values{})
	until(t, "an application is disabled: no token", func() bool { return !gets(p.two) })
	until(t, "an application is disabled: its tokens end", func() bool { return !reads(p.two) })
	post(p.two, "/admin/applications/"+p.id+"/enable", url.Values{})
	until(t, "it is enabled on the other", func() bool { return gets(p.one) && reads(p.one) })

	if status, body := call(ctx, http.DefaultClient, http.MethodPost, p.one.Address+"/oauth2/revoke",
		url.Values{"token": {token.AccessToken}, "client_id": {p.id}, "client_secret": {p.secret}}); status != http.StatusOK {
		t.Fatalf("revoke: got %d %s", status, body)
	}
	until(t, "a token is revoked", func() bool { return !reads(p.two) })

	published := func(s *program.Server) string {
		_, body := call(ctx, http.DefaultClient, http.MethodGet, s.Address+"/oauth2/jwks", nil)
		return body
	}
	before := published(p.two)
	run(t, p.Program, "keys", "rotate", "--force")
	until(t, "a new key is published", func() bool { return published(p.two) != before && published(p.one) == published(p.two) })

	post(p.one, "/logout", url.Values{})
	if opens(p.two) {
		t.Error("a session lives on after it was signed out on the other")
	}

	// Wrong passwords count together, whichever instance is tried.
	limited := func() bool {
		for i := range 11 {
			status, _ := call(ctx, http.DefaultClient, http.MethodPost, []string{p.one.Address, p.two.Address}[i%2]+"/login", url.Values{"email": {"demo.user@example.com"}, "password": {"wrong"}})
			if status == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	if !limited() {
		t.Error("eleven wrong passwords at two instances, and none was refused")
	}
}

// balancer sends each request to an instance that said it was ready, as load
// balancers do, looking every 100 ms.
type balancer struct {
	targets [2]atomic.Pointer[url.URL] // nil: not ready
	next    atomic.Int64
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for range 2 {
		if target := b.targets[b.next.Add(1)%2].Load(); target != nil {
			(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target); p.Out.Host = p.In.Host }}).ServeHTTP(w, r)
			return
		}
	}
	http.Error(w, "no instance is ready", http.StatusBadGateway)
}

// watch looks whether an instance is ready until ctx ends.
func (b *balancer) watch(ctx context.Context, i int, address string) {
	target, err := url.Parse(address)
	if err != nil {
		panic(err) // of a server that answered
	}
	for ctx.Err() == nil {
		if status, _ := call(ctx, http.DefaultClient, http.MethodGet, address+"/readyz", nil); status == http.StatusOK {
			b.targets[i].Store(target)
		} else {
			b.targets[i].Store(nil)
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Instances are replaced one after the other, behind a load balancer, and no request is refused.
func TestRollingReplacement(t *testing.T) {
	p := newPair(t, "--shutdown-delay", "500ms")
	var b balancer
	front, err := program.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proxy := &http.Server{Addr: front, Handler: &b, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = proxy.ListenAndServe() }()
	defer func() { _ = proxy.Close() }()
	instances := [2]*program.Server{p.one, p.two}
	var stops [2]context.CancelFunc
	for i, s := range instances {
		var watched context.Context
		watched, stops[i] = context.WithCancel(t.Context())
		go b.watch(watched, i, s.Address)
	}
	bothReady := func() {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); b.targets[0].Load() == nil || b.targets[1].Load() == nil; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("an instance does not get ready")
			}
		}
	}
	bothReady()

	asking, stop := context.WithCancel(t.Context())
	var asked, refused atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for asking.Err() == nil {
			if status, body := p.token(t.Context(), "http://"+front); status != http.StatusOK {
				if refused.Add(1) == 1 {
					t.Errorf("refused: %d %s", status, body)
				}
			}
			asked.Add(1)
		}
	}()
	for range *rollings {
		for i := range instances {
			if err := instances[i].Stop(); err != nil { // SIGTERM: it tells the balancer, finishes, and ends
				t.Errorf("stop: %v", err)
			}
			stops[i]()
			instances[i] = start(t, p.Program, "--shutdown-delay", "500ms")
			var watched context.Context
			watched, stops[i] = context.WithCancel(t.Context())
			go b.watch(watched, i, instances[i].Address)
			bothReady()
		}
	}
	stop()
	<-done
	for _, stop := range stops {
		stop()
	}
	figure.Report(t, "instances replaced under requests", "0 refused", "%d replaced: %d requests, %d refused", 2**rollings, asked.Load(), refused.Load())
	if asked.Load() < 100 {
		t.Errorf("only %d requests were sent", asked.Load())
	}
}
