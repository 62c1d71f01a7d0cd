package interop

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// serveZitadel serves a site with zitadel/oidc. It knows one user at a time.
func serveZitadel(t *testing.T, s *server, at site) {
	t.Helper()
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	party, err := rp.NewRelyingPartyOIDC(t.Context(), s.issuer, at.ID, at.Secret, at.Address+"/callback", []string{"openid", "profile", "email"},
		rp.WithPKCE(httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())), rp.WithSigningAlgsFromDiscovery())
	if err != nil {
		t.Fatal(err)
	}
	var tokens atomic.Pointer[oidc.Tokens[*oidc.IDTokenClaims]]
	var sub string

	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", showHome)
	pages.Handle("GET /login", rp.AuthURLHandler(rand.Text, party))
	pages.Handle("GET /callback", rp.CodeExchangeHandler(func(w http.ResponseWriter, r *http.Request, got *oidc.Tokens[*oidc.IDTokenClaims], _ string, _ rp.RelyingParty) {
		sub = got.IDTokenClaims.Subject
		tokens.Store(got)
		http.Redirect(w, r, "/me", http.StatusSeeOther)
	}, party))
	pages.HandleFunc("POST /refresh", func(w http.ResponseWriter, r *http.Request) {
		got, err := rp.RefreshTokens[*oidc.IDTokenClaims](r.Context(), party, tokens.Load().RefreshToken, "", "")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		tokens.Store(got)
		http.Redirect(w, r, "/me", http.StatusSeeOther)
	})
	pages.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		info, err := rp.Userinfo[*oidc.UserInfo](r.Context(), tokens.Load().AccessToken, oidc.BearerToken, sub, party)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_ = json.NewEncoder(w).Encode(info)
	})
	pages.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		passOn(w, r, s.issuer+"/api/v1/me", tokens.Load().AccessToken)
	})
	serveHere(t, at, pages)
}
