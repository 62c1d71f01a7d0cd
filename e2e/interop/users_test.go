package interop

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site is a client that acts for users: a website that a library signs them in
// to. It has these pages:
//
//	/         the link "Sign in" and the button "Refresh"
//	/login    leads to Clientele
//	/callback is the redirect URI, and leads to /me
//	/me       says what GET /api/v1/me says to the user's access token
//	/userinfo says what the userinfo endpoint says to it
//	/refresh  gets new tokens, and leads to /me
//
// A page that fails says what the library said.
type site struct {
	client
	Address string
}

// sites are the libraries: how each authenticates, what its tokens are signed
// with, what serves it, and what it says when a refresh token is no good.
var sites = []struct {
	name, method, alg string
	serve             func(*testing.T, *server, site)
	refused           string
}{
	{"openid-client", "client_secret_basic", "ES256", node("openid-client.mjs"), "invalid_grant"},
	{"oauth4webapi", "none", "ES256", node("oauth4webapi.mjs"), "invalid_grant"},
	{"Authlib", "client_secret_post", "ES256", serveAuthlib, "invalid_grant"},
	{"zitadel-oidc", "client_secret_post", "RS256", serveZitadel, "invalid_grant"},
	{"mod_auth_openidc", "client_secret_basic", "ES256", serveApache, "refresh_failed"},
	{"x-oauth2 and go-oidc", "client_secret_basic", "ES256", serveExample, "invalid_grant"},
}

// TestSites walks a user through each of them: sign in, consent, call, refresh.
// Once the user takes the consent back, nothing of that works any more.
func TestSites(t *testing.T) {
	s, b := start(t), startBrowser(t)
	for _, tt := range sites {
		t.Run(tt.name, func(t *testing.T) {
			at := site{Address: "http://localhost:" + freePort(t)} // another site than 127.0.0.1, where Clientele is
			at.client = s.registerSite(t, tt.name, tt.method, tt.alg, at.Address)
			tt.serve(t, s, at)
			await(t, at.Address)
			who := s.addUser(t, tt.name)

			w := b.window(t)
			w.open(at.Address)
			w.click("Sign in")
			w.wait(s.issuer+"/login", "Sign in to continue to "+tt.name)
			w.fill("email", who.email)
			w.fill("password", who.password)
			w.click("Sign in")
			w.wait(s.issuer+"/oauth2/authorize", tt.name+" wants to act for you")
			w.click("Allow")

			id := who.check(t, w.wait(at.Address+"/me", ""), "id")
			w.open(at.Address + "/userinfo")
			if sub := who.check(t, w.wait(at.Address+"/userinfo", ""), "sub"); sub != id {
				t.Errorf("got %s from userinfo and %s from /api/v1/me, want the same user", sub, id)
			}
			for range 2 { // the second one with what the first one got
				w.open(at.Address)
				w.click("Refresh")
				who.check(t, w.wait(at.Address+"/me", ""), "id")
			}

			w.open(s.issuer + "/profile/oauth-clients")
			w.click("Revoke")
			w.wait(s.issuer+"/profile/oauth-clients", "Revoke "+tt.name+"?")
			w.confirm("Revoke")
			w.wait(s.issuer+"/profile/oauth-clients", "No application acts for you")
			for _, path := range []string{"/me", "/userinfo"} {
				w.open(at.Address + path)
				if said := w.wait(at.Address+path, ""); !strings.Contains(said, "401") && !strings.Contains(said, "invalid_token") {
					t.Errorf("%s: got %s after the consent was revoked, want a refusal", path, said)
				}
			}
			w.open(at.Address)
			w.click("Refresh")
			w.wait(at.Address+"/refresh", tt.refused)
		})
	}
}

// registerSite registers a site as one would on the command line.
func (s *server) registerSite(t *testing.T, name, method, alg, address string) client {
	t.Helper()
	return decode[client](t, s.run("client", "create", "--json", "--name", name, "--auth-method", method, "--token-alg", alg,
		"--grant", "authorization_code", "--grant", "refresh_token", "--redirect-uri", address+"/callback",
		"--scope", "openid", "--scope", "profile", "--scope", "email"))
}

// person is a user, and how they sign in.
type person struct{ name, email, password string }

// addUser makes a user of their own for the site of that name.
func (s *server) addUser(t *testing.T, site string) person {
	t.Helper()
	p := person{"Demo User of " + site, strings.ReplaceAll(site, " ", "-") + "@example.com", rand.Text()}
	s.pipe(p.password, "user", "create", "--name", p.name, "--email", p.email, "--password-stdin")
	return p
}

// check fails the test unless the document is about the person, and returns
// their ID, which it has under key.
func (p person) check(t *testing.T, document, key string) string {
	t.Helper()
	said := decode[map[string]any](t, []byte(document))
	id, _ := said[key].(string)
	if email, _ := said["email"].(string); id == "" || said["name"] != p.name || !strings.EqualFold(email, p.email) {
		t.Errorf("got %v, want %s, name and e-mail address of %s", said, key, p.name)
	}
	return id
}

// await returns as soon as there is an answer from the address.
func await(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get(address); err == nil {
			res.Body.Close()
			return
		}
	}
	t.Fatalf("nothing answers at %s", address)
}

// spawn runs a program that serves a site until the test ends.
func spawn(t *testing.T, s *server, at site, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = "clients"
	cmd.Env = append(os.Environ(), "ISSUER="+s.issuer, "ADDRESS="+at.Address, "CLIENT_ID="+at.ID, "CLIENT_SECRET="+at.Secret)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // it was interrupted
		if t.Failed() {
			t.Logf("%s said:\n%s", name, &log)
		}
	})
}

// node serves a site with a program for Node.js.
func node(program string) func(*testing.T, *server, site) {
	return func(t *testing.T, s *server, at site) {
		t.Helper()
		spawn(t, s, at, "node", program)
	}
}

// serveAuthlib serves a site with Debian's Python, which comes with Authlib.
func serveAuthlib(t *testing.T, s *server, at site) {
	t.Helper()
	spawn(t, s, at, "/usr/bin/python3", "authlib_site.py")
}

// serveExample serves a site with the example of the documentation.
func serveExample(t *testing.T, s *server, at site) {
	t.Helper()
	webapp := filepath.Join(t.TempDir(), "webapp")
	if err := build("../../docs/examples/webapp", ".", webapp); err != nil {
		t.Fatal(err)
	}
	spawn(t, s, at, webapp)
}

// serveHere serves a site's pages from this process until the test ends.
func serveHere(t *testing.T, at site, pages http.Handler) {
	t.Helper()
	listener, err := net.Listen("tcp", strings.TrimPrefix(at.Address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	here := &httptest.Server{Listener: listener, Config: &http.Server{Handler: pages}}
	here.Start()
	t.Cleanup(here.Close)
}

// showHome shows a site's first page.
func showHome(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `<!doctype html><title>Interop</title><a href="/login">Sign in</a> <a href="/me">Who am I?</a>
<form method="post" action="/refresh"><button>Refresh</button></form>`)
}

// passOn answers with what an API says to the token.
func passOn(w http.ResponseWriter, r *http.Request, api, token string) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, api, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}
