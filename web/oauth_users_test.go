package web

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store/storetest"
)

// introspect: caller authenticated and permitted; inactive is exactly {"active":false}.
func TestIntrospect(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		p := s.party(t)
		public := s.party(t, func(c *registry.NewClient) {
			c.Name, c.AuthMethod = "Public App", registry.PublicClient
		})
		api := s.party(t, func(c *registry.NewClient) {
			c.Name, c.Grants, c.Scopes, c.RedirectURIs = "Orders API", []string{registry.ClientCredentials}, []string{"audit.log:read"}, nil
		})
		b := s.signedIn(t, "user@example.com", false)
		got := p.exchange(p.code(b, "scope", "openid audit.log:read"))
		own := api.token("grant_type", "client_credentials")

		if w := api.asks(oauth.IntrospectPath, "token", got.AccessToken); w.Code != 403 || !strings.Contains(w.Body.String(), "authorization/introspect-tokens") {
			t.Errorf("without the permission: got %d %s", w.Code, w.Body)
		}
		if w := public.asks(oauth.IntrospectPath, "token", got.AccessToken); w.Code != 401 {
			t.Errorf("a public client: got %d %s", w.Code, w.Body)
		}
		if w := (&party{t: t, site: s, id: api.id, secret: "cs_wrong"}).asks(oauth.IntrospectPath, "token", got.AccessToken); w.Code != 401 {
			t.Errorf("a wrong secret: got %d %s", w.Code, w.Body)
		}
		err := s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: api.id}, Service: "authorization", Kind: registry.PermissionGrant, Key: "introspect-tokens",
		})
		if err != nil {
			t.Fatal(err)
		}
		if w := api.asks(oauth.IntrospectPath); w.Code != 400 {
			t.Errorf("no token: got %d %s", w.Code, w.Body)
		}
		introspect := func(token string) string {
			w := api.asks(oauth.IntrospectPath, "token", token)
			if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("got %d %v", w.Code, w.Header())
			}
			return strings.TrimSpace(w.Body.String())
		}
		var active struct {
			Active     bool
			Scope, Iss string
			Exp, Iat   int64
			Aud        []string
		}
		if err := json.Unmarshal([]byte(introspect(got.AccessToken)), &active); err != nil {
			t.Fatal(err)
		}
		if !active.Active || active.Scope != "audit.log:read openid" || active.Iss != s.Issuer || active.Exp-active.Iat != 900 || !slices.Contains(active.Aud, s.Issuer) {
			t.Errorf("got %+v", active)
		}
		if !strings.HasPrefix(introspect(own.AccessToken), `{"active":true,`) {
			t.Errorf("a client's own token: got %s", introspect(own.AccessToken))
		}
		const inactive = `{"active":false}`
		for name, token := range map[string]string{
			"nonsense": "nonsense", "an ID token": got.IDToken, "a refresh token": got.RefreshToken, "a changed one": got.AccessToken + "A",
		} {
			if said := introspect(token); said != inactive {
				t.Errorf("%s: got %s", name, said)
			}
		}
		// consults consent, client, user and secret state.
		if w := p.asks(oauth.RevokePath, "token", got.AccessToken); w.Code != 200 {
			t.Errorf("revoke: got %d %s", w.Code, w.Body)
		}
		if said := introspect(got.AccessToken); said != inactive {
			t.Errorf("revoked: got %s", said)
		}
		next := p.refresh(got.RefreshToken)
		if said := introspect(next.AccessToken); said == inactive {
			t.Error("a new one after that: got inactive")
		}
		if err := s.Store.SetStatus(t.Context(), registry.Operator, p.id, registry.Disabled); err != nil {
			t.Fatal(err)
		}
		if said := introspect(next.AccessToken); said != inactive {
			t.Errorf("client disabled: got %s", said)
		}
		s.clock.Advance(16 * time.Minute)
		if said := introspect(own.AccessToken); said != inactive {
			t.Errorf("expired: got %s", said)
		}
	})
}

// revoke: own tokens only; 200 for unknown; revoking refresh ends the family.
func TestRevoke(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		p := s.party(t)
		other := s.party(t, func(c *registry.NewClient) { c.Name = "Other App" })
		b := s.signedIn(t, "user@example.com", false)
		got := p.exchange(p.code(b))
		for name, token := range map[string]string{"access": got.AccessToken, "refresh": got.RefreshToken, "unknown": "nonsense"} {
			if w := other.asks(oauth.RevokePath, "token", token, "token_type_hint", "access_token"); w.Code != 200 {
				t.Errorf("another client, %s: got %d %s", name, w.Code, w.Body)
			}
		}
		if code, _ := s.calls(t, oauth.UserInfoPath, got.AccessToken); code != 200 {
			t.Errorf("after another client tried: got %d, want it to work still", code)
		}
		if w := p.asks(oauth.RevokePath, "token", got.RefreshToken); w.Code != 200 || w.Body.Len() > 0 {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		if again := p.refresh(got.RefreshToken); again.Error != "invalid_grant" {
			t.Errorf("refresh: got %+v, want invalid_grant", again)
		}
		if code, said := s.calls(t, oauth.UserInfoPath, got.AccessToken); code != 401 || said["error"] != "invalid_token" {
			t.Errorf("userinfo: got %d %v, want 401 invalid_token", code, said)
		}
	})
}

// A public client has no secret: PKCE alone proves who redeems a code. It gets
// no client-credentials token and authenticates in no other way.
func TestTokenPublicClient(t *testing.T) {
	s := newSite(t)
	p := s.party(t, func(c *registry.NewClient) { c.AuthMethod = registry.PublicClient })
	confidential := s.party(t, func(c *registry.NewClient) { c.Name = "Confidential App" })
	b := s.signedIn(t, "user@example.com", false)
	if got := p.token("grant_type", "authorization_code", "code", p.code(b), "redirect_uri", testCallback, "code_verifier", strings.Repeat("a", 43)); got.Error != "invalid_grant" {
		t.Errorf("a wrong verifier: got %+v, want invalid_grant", got)
	}
	got := p.exchange(p.code(b))
	if got.status != 200 || p.refresh(got.RefreshToken).status != 200 {
		t.Errorf("got %+v, and then a failing refresh", got)
	}
	if got := p.token("grant_type", "client_credentials"); got.Error != "unauthorized_client" {
		t.Errorf("client credentials: got %+v, want unauthorized_client", got)
	}
	if got := (&party{t: t, site: s, id: p.id, secret: "anything"}).exchange(p.code(b)); got.Error != "invalid_client" {
		t.Errorf("with a secret: got %+v, want invalid_client", got)
	}
	// PKCE verifier never checked for confidential clients; refresh accepted without the client's secret.
	if got := (&party{t: t, site: s, id: confidential.id}).exchange(confidential.code(b)); got.Error != "invalid_client" {
		t.Errorf("a confidential client without its secret: got %+v, want invalid_client", got)
	}
	tokens := confidential.exchange(confidential.code(b))
	if got := (&party{t: t, site: s, id: confidential.id}).refresh(tokens.RefreshToken); got.Error != "invalid_client" {
		t.Errorf("a refresh without the secret: got %+v, want invalid_client", got)
	}
	code := confidential.code(b)
	if got := confidential.token("grant_type", "authorization_code", "code", code, "redirect_uri", testCallback, "code_verifier", strings.Repeat("a", 43)); got.Error != "invalid_grant" {
		t.Errorf("a wrong verifier: got %+v, want invalid_grant", got)
	}
	if got := p.exchange(code); got.Error != "invalid_grant" {
		t.Errorf("code exchanged by another client: got %+v, want invalid_grant", got)
	}
}

// tokens of a replayed code stop, and request parameters add no claims.
func TestTokenCodeReplay(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	b := s.signedIn(t, "user@example.com", false)
	code := p.code(b, "role", "admin", "email", "evil@example.com", "sub", "us_admin")
	got := p.token("grant_type", "authorization_code", "code", code, "redirect_uri", testCallback, "code_verifier", testVerifier, "role", "admin", "email", "evil@example.com")
	for _, token := range []string{got.AccessToken, got.IDToken} {
		claims := payload(t, token)
		if _, ok := claims["role"]; ok || claims["email"] != nil || claims["sub"] == "us_admin" {
			t.Errorf("got %v, want nothing of what was sent", claims)
		}
	}
	if again := p.exchange(code); again.Error != "invalid_grant" {
		t.Errorf("replay: got %+v, want invalid_grant", again)
	}
	if code, _ := s.calls(t, oauth.UserInfoPath, got.AccessToken); code != 401 {
		t.Errorf("the access token: got %d, want 401", code)
	}
	if again := p.refresh(got.RefreshToken); again.Error != "invalid_grant" {
		t.Errorf("the refresh token: got %+v, want invalid_grant", again)
	}
}

// A user's token opens what both its scopes and the user's permissions allow.
func TestAPIsOpenWhatTheUserMay(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	user := storetest.User(t, s.Store, "Demo User", "user@example.com", false)
	b := s.browser(t)
	b.signIn("user@example.com", testPassword)
	got := p.exchange(p.code(b, "scope", "openid applications:read"))
	code, said := s.calls(t, "/api/v1/applications", got.AccessToken)
	if code != 403 || said["missing_permission"] == nil {
		t.Errorf("without the permission: got %d %v, want 403 that names it", code, said)
	}
	s.grant(t, user, registry.ViewApplications)
	if code, said = s.calls(t, "/api/v1/applications", got.AccessToken); code != 200 {
		t.Errorf("with the permission: got %d %v", code, said)
	}
	s.grant(t, user, registry.ReadAuditLog)
	if code, said = s.calls(t, "/api/v1/audit-log", got.AccessToken); code != 403 || said["error"] != "insufficient_scope" {
		t.Errorf("with the permission, without the scope: got %d %v, want insufficient_scope", code, said)
	}
}
