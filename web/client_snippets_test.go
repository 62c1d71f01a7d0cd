package web

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"clientele/oauth"
	"clientele/registry"
)

// What the handover page gives to paste gets a token as it stands, with both
// methods.
func TestSnippetsRunAsPasted(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, func(s *Server) {
		s.Issuer = "http://" + listener.Addr().String()
		s.OAuth = &oauth.Server{Issuer: s.Issuer, Store: s.Store, Now: s.Now}
	})
	server := httptest.NewUnstartedServer(s.echo)
	server.Listener = listener
	server.Start()
	defer server.Close()

	b := s.setUp(t)
	for _, method := range []string{registry.SecretBasic, registry.SecretPost} {
		form := detailsForm("Ledger Sync by " + method)
		form.Set("auth_method", method)
		scopes := b.post("/admin/applications/new/oauth-client", form).Header().Get("Location")
		secret := b.post(scopes, url.Values{"scope": {"audit.log:read", "applications:read"}}).Header().Get("Location")
		w := b.get(secret)
		w.has(http.StatusOK)
		page := w.page()
		snippet := func(key string) string { return page.Find("#snippet-" + key).Text() }

		asEnv := map[string]string{
			registry.SecretBasic: `-u "$OAUTH_CLIENT_ID:$OAUTH_CLIENT_SECRET"`,
			registry.SecretPost:  `-d "client_id=$OAUTH_CLIENT_ID" -d "client_secret=$OAUTH_CLIENT_SECRET"`,
		}
		runs := []struct {
			name    string
			file    string // what is pasted into it, if any
			text    string
			command []string
		}{
			{"curl", "", "", []string{"sh", "-c", snippet("curl")}},
			{".env", ".env", snippet("env"), []string{"sh", "-c", `. ./.env && curl -s "$OAUTH_TOKEN_URL" ` + asEnv[method] +
				` -d grant_type=client_credentials --data-urlencode "scope=$OAUTH_SCOPE"`}},
			{"Go", "main.go", snippet("go"), []string{"go", "run", "main.go"}},
			{"Python", "get_token.py", snippet("python"), []string{"python3", "get_token.py"}},
			{"JavaScript", "get_token.mjs", snippet("javascript"), []string{"node", "get_token.mjs"}},
		}
		for _, run := range runs {
			t.Run(method+"/"+run.name, func(t *testing.T) {
				dir := t.TempDir()
				if run.file != "" {
					if err := os.WriteFile(filepath.Join(dir, run.file), []byte(run.text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				command := exec.CommandContext(t.Context(), run.command[0], run.command[1:]...)
				command.Dir = dir
				command.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1", "GOWORK=off", "GOFLAGS=")
				out, err := command.CombinedOutput()
				if err != nil || strings.Count(string(out), "eyJ") < 2 { // header and claims of a JWT
					t.Errorf("got %v and %s, want a token; it ran\n%s%s", err, out, run.text, run.command)
				}
			})
		}
	}
}
