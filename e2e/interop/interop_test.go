// Package interop runs the built binary against clients that others wrote.
package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const scope = "audit.log:read"

// client is a registered client, as `client create --json` prints it.
type client struct {
	ID            string `json:"client_id"`
	Secret        string `json:"client_secret"`
	Method        string `json:"token_endpoint_auth_method"`
	TokenEndpoint string `json:"token_endpoint"`
}

// server is the built binary, serving.
type server struct {
	issuer string
	pipe   func(input string, args ...string) []byte // a command on its database
}

// run runs a command on the server's database.
func (s *server) run(args ...string) []byte { return s.pipe("", args...) }

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "clientele-interop")
	if err == nil {
		binary = filepath.Join(dir, "clientele")
		err = build("../..", "./cmd/clientele", binary)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build compiles a command of the module in dir.
func build(dir, command, to string) error {
	cmd := exec.Command("go", "build", "-o", to, command)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", command, dir, err, out)
	}
	return nil
}

// start serves a fresh database on a free port of loopback.
func start(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	addr := "127.0.0.1:" + freePort(t)
	s := &server{issuer: "http://" + addr}
	environment := append(os.Environ(), "CLIENTELE_DATABASE="+filepath.Join(dir, "interop.db"), "CLIENTELE_ISSUER="+s.issuer, "CLIENTELE_ADDR="+addr)
	s.pipe = func(input string, args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, args...)
		cmd.Stdin = strings.NewReader(input)
		cmd.Env = environment
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("clientele %s: %v\n%s", strings.Join(args, " "), err, &stderr)
		}
		return out
	}
	serve := exec.CommandContext(t.Context(), binary, "serve")
	serve.Env = environment
	var log bytes.Buffer
	serve.Stdout, serve.Stderr = &log, &log
	serve.Cancel = func() error { return serve.Process.Signal(os.Interrupt) }
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's context asks it to stop; Wait reports that context, the process how it went.
		if err := serve.Wait(); serve.ProcessState.ExitCode() != 0 {
			t.Errorf("the server did not stop in good order: %v (%v)", err, serve.ProcessState)
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", &log)
		}
	})
	for range 100 {
		if res, err := http.Get(s.issuer + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return s
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server was not ready within 5 s")
	return nil
}

func (s *server) register(t *testing.T, method string) client {
	t.Helper()
	return s.create(t, "--name", "Interop "+method, "--auth-method", method)
}

// create registers a client as the flags say.
func (s *server) create(t *testing.T, flags ...string) client {
	t.Helper()
	out := s.run(append([]string{"client", "create", "--scope", scope, "--json"}, flags...)...)
	var c client
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return c
}

// verify checks a token with go-oidc against the published keys, and that our
// own API takes it.
func (s *server) verify(t *testing.T, c client, raw string) {
	t.Helper()
	s.verifySigned(t, c, raw, oidc.ES256)
}

// verifySigned is verify for a token that is signed with alg.
func (s *server) verifySigned(t *testing.T, c client, raw, alg string) {
	t.Helper()
	keys := oidc.NewRemoteKeySet(t.Context(), s.issuer+"/oauth2/jwks")
	verifier := oidc.NewVerifier(s.issuer, keys, &oidc.Config{ClientID: s.issuer, SupportedSigningAlgs: []string{alg}})
	token, err := verifier.Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		ClientID string `json:"client_id"`
		Scope    string `json:"scope"`
	}
	if err := token.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if token.Subject != c.ID || claims.ClientID != c.ID || claims.Scope != scope || !slices.Contains(token.Audience, s.issuer) {
		t.Errorf("got sub %s, aud %v, %+v; want %s with %s for %s", token.Subject, token.Audience, claims, c.ID, scope, s.issuer)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.issuer+"/api/v1/audit-log?limit=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+raw)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"permission.grant"`)) {
		t.Errorf("audit log: got %s %v %.200s, want 200 with events", res.Status, err, body)
	}
}

func TestClients(t *testing.T) {
	s := start(t)
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		t.Run(method, func(t *testing.T) {
			c := s.register(t, method)
			s.run("permission", "grant", "--client", c.ID, "--service", "audit", "--permission", "use-audit-log-api")

			styles := map[string]oauth2.AuthStyle{"client_secret_basic": oauth2.AuthStyleInHeader, "client_secret_post": oauth2.AuthStyleInParams}
			for name, style := range map[string]oauth2.AuthStyle{"chosen style": styles[method], "detected style": oauth2.AuthStyleAutoDetect} {
				t.Run("x-oauth2 "+name, func(t *testing.T) {
					config := clientcredentials.Config{ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.TokenEndpoint, Scopes: []string{scope}, AuthStyle: style}
					token, err := config.Token(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if left := time.Until(token.Expiry); left < 14*time.Minute || left > 15*time.Minute {
						t.Errorf("expires in %v, want 15 minutes", left)
					}
					s.verify(t, c, token.AccessToken)
				})
			}
			t.Run("curl", func(t *testing.T) {
				args := []string{"-sS", "--fail-with-body", "-d", "grant_type=client_credentials", c.TokenEndpoint}
				if method == "client_secret_basic" {
					args = append(args, "-u", c.ID+":"+c.Secret)
				} else {
					args = append(args, "-d", "client_id="+c.ID, "-d", "client_secret="+c.Secret)
				}
				s.verify(t, c, accessToken(t, command(t.Context(), t, nil, "curl", args...)))
			})
			t.Run("openid-client", func(t *testing.T) {
				environment := []string{"ISSUER=" + s.issuer, "CLIENT_ID=" + c.ID, "CLIENT_SECRET=" + c.Secret, "METHOD=" + method, "SCOPE=" + scope}
				s.verify(t, c, accessToken(t, command(t.Context(), t, environment, "node", "openid-client.mjs")))
			})
		})
	}
}

// The first client that asks for RS256, while the server runs, gets tokens at once.
func TestRS256(t *testing.T) {
	s := start(t)
	elliptic := s.register(t, "client_secret_basic")
	token(t, elliptic)
	rsa := s.create(t, "--name", "Interop RS256", "--token-alg", "RS256")
	s.run("permission", "grant", "--client", rsa.ID, "--service", "audit", "--permission", "use-audit-log-api")
	s.verifySigned(t, rsa, token(t, rsa), oidc.RS256)
}

// token gets a token with x/oauth2.
func token(t *testing.T, c client) string {
	t.Helper()
	config := clientcredentials.Config{ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.TokenEndpoint, AuthStyle: oauth2.AuthStyleInHeader}
	got, err := config.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got.AccessToken
}

// What x/oauth2 does with the wrong method must fail, not fall back to another one.
func TestTheOtherMethodIsRefused(t *testing.T) {
	s := start(t)
	c := s.register(t, "client_secret_basic")
	config := clientcredentials.Config{ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.TokenEndpoint, AuthStyle: oauth2.AuthStyleInParams}
	_, err := config.Token(t.Context())
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok || refused.ErrorCode != "invalid_client" || refused.Response.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %v, want 401 invalid_client", err)
	}
}

// After `client rotate` with an overlap both secrets work; without, only the new one.
func TestRotate(t *testing.T) {
	s := start(t)
	first := s.register(t, "client_secret_basic")
	rotate := func(args ...string) client {
		t.Helper()
		return decode[client](t, s.run(append([]string{"client", "rotate", first.ID, "--json"}, args...)...))
	}
	works := func(c client) bool {
		config := clientcredentials.Config{ClientID: c.ID, ClientSecret: c.Secret, TokenURL: first.TokenEndpoint, AuthStyle: oauth2.AuthStyleInHeader}
		_, err := config.Token(t.Context())
		return err == nil
	}
	second := rotate("--overlap", "24h")
	if !works(first) || !works(second) {
		t.Errorf("during the overlap: the old works %v, the new %v; want both", works(first), works(second))
	}
	third := rotate()
	time.Sleep(2 * time.Second) // another process changed it
	if works(first) || works(second) || !works(third) {
		t.Errorf("after stopping now: %v, %v and %v work; want only the third", works(first), works(second), works(third))
	}
}

func accessToken(t *testing.T, out []byte) string {
	t.Helper()
	token := decode[struct {
		AccessToken string `json:"access_token"`
	}](t, out)
	if token.AccessToken == "" {
		t.Fatalf("no token in %s", out)
	}
	return token.AccessToken
}

func decode[T any](t *testing.T, document []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(document, &v); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return v
}

// freePort returns a port of loopback that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func command(ctx context.Context, t *testing.T, environment []string, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), environment...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w\n%s%s", name, err, out, &stderr))
	}
	return out
}
