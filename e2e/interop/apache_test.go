package interop

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"text/template"
)

// apacheConfig protects an application behind Apache with mod_auth_openidc,
// which passes the user's access token on in a header.
var apacheConfig = template.Must(template.New("").Parse(`
ServerRoot {{.Dir}}
DefaultRuntimeDir {{.Dir}}
PidFile apache.pid
ErrorLog /dev/stderr
LogLevel warn auth_openidc:info
ServerName localhost
Listen 127.0.0.1:{{.Port}}
User www-data
Group www-data
StartServers 1
{{range .Modules}}LoadModule {{.}}_module /usr/lib/apache2/modules/mod_{{.}}.so
{{end}}
OIDCProviderMetadataURL {{.Issuer}}/.well-known/openid-configuration
OIDCClientID {{.Site.ID}}
OIDCClientSecret {{.Site.Secret}}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI {{.Site.Address}}/callback
OIDCCryptoPassphrase {{.Passphrase}}
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256

ProxyPass /callback !
ProxyPass / {{.Application}}/
<Location />
  AuthType openid-connect
  Require valid-user
</Location>
<LocationMatch "^/$">
  AuthType None
  Require all granted
</LocationMatch>
`))

// serveApache serves a site with an Apache of its own.
func serveApache(t *testing.T, s *server, at site) {
	t.Helper()
	const tokenHeader = "Oidc_access_token"
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", showHome)
	pages.Handle("GET /login", http.RedirectHandler("/me", http.StatusSeeOther))
	pages.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		passOn(w, r, s.issuer+"/api/v1/me", r.Header.Get(tokenHeader))
	})
	pages.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		passOn(w, r, s.issuer+"/oauth2/userinfo", r.Header.Get(tokenHeader))
	})
	pages.HandleFunc("POST /refresh", func(w http.ResponseWriter, r *http.Request) { // Apache does it, and comes back
		hook := url.Values{"refresh": {at.Address + "/refresh"}, "access_token": {r.Header.Get(tokenHeader)}}
		http.Redirect(w, r, "/callback?"+hook.Encode(), http.StatusSeeOther)
	})
	pages.HandleFunc("GET /refresh", func(w http.ResponseWriter, r *http.Request) {
		if code := r.URL.Query().Get("error_code"); code != "" {
			http.Error(w, code, http.StatusBadGateway)
			return
		}
		http.Redirect(w, r, "/me", http.StatusSeeOther)
	})
	application := httptest.NewServer(pages)
	t.Cleanup(application.Close)

	dir := t.TempDir()
	config := filepath.Join(dir, "apache.conf")
	file, err := os.Create(config)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(at.Address)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(apacheConfig.Execute(file, map[string]any{
		"Dir": dir, "Port": address.Port(), "Issuer": s.issuer, "Site": at, "Passphrase": rand.Text(), "Application": application.URL,
		"Modules": []string{"mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "proxy", "proxy_http"},
	}), file.Close()); err != nil {
		t.Fatal(err)
	}
	spawn(t, s, at, "/usr/sbin/apache2", "-f", config, "-DFOREGROUND")
}
