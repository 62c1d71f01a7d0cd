package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store"
)

func TestTryClient(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	_, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, registry.Catalogue{Services: []registry.Service{{
		Key: "orders", Name: "Orders", Description: "Orders of the tests.", Audience: "https://orders.example.com",
		Scopes: []registry.Scope{{Key: "orders:read", Name: "Read", Description: "Opens reading."}},
	}}}, false, false)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		scopes    []string
		templates map[string]string
		want      []string
	}{
		{
			"no permissions",
			[]string{"audit.log:read"},
			nil,
			[]string{"It got a token", "GET /api/v1/audit-log?limit=1: 403 Forbidden", "lacks the permission Use audit log API of Audit log", "/permissions"},
		},
		{
			"audit log",
			[]string{"audit.log:read"},
			map[string]string{"audit": "admin"},
			[]string{"It got a token", "in 15 min", "GET /api/v1/audit-log?limit=1: 200 OK", "application.create"},
		},
		{
			"applications",
			[]string{"applications:read"},
			map[string]string{"applications": "viewer"},
			[]string{"GET /api/v1/applications?limit=1: 200 OK", "at+jwt", "client_id"},
		},
		{
			"both, one without permission",
			[]string{"audit.log:read", "applications:read"},
			map[string]string{"audit": "admin"},
			[]string{"audit-log?limit=1: 200 OK", "applications?limit=1: 403 Forbidden"},
		},
		{"another API", []string{"orders:read"}, nil, []string{"It got a token", "None of its scopes", "https://orders.example.com"}},
	}
	for _, tt := range tests {
		for _, method := range []string{registry.SecretBasic, registry.SecretPost} {
			app, secret, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
				ClientDetails: registry.ClientDetails{Name: tt.name + method, Grants: []string{registry.ClientCredentials}, AuthMethod: method},
				Scopes:        tt.scopes, Templates: tt.templates,
			}, store.ShowOnce{})
			if err != nil {
				t.Fatal(err)
			}
			path, form := "/admin/applications/"+app.ID+"/test", url.Values{"client_secret": {" " + secret.Reveal() + "\n"}}
			page := b.post(path, form)
			page.has(http.StatusOK, append(tt.want, "Test "+tt.name)...)
			part := b.withHTMX().post(path, form) // takes one part of the same page
			part.has(http.StatusOK, tt.want...)
			if part.page().Find(".trial").Length() != 1 || part.page().Find("form#try .trial").Length() != 1 {
				t.Errorf("%s: the parts that htmx replaces are not there", tt.name)
			}
			if strings.Contains(page.Body.String(), secret.Reveal()) || strings.Contains(s.log.String(), secret.Reveal()) {
				t.Errorf("%s: the secret comes back, or is logged", tt.name)
			}
		}
	}
}

func TestTryClientSaysWhatToDo(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	c := s.client(t, "Ledger Sync", "audit.log:read")
	path := "/admin/applications/" + c.id + "/test"
	b.get(path).has(http.StatusOK, "Test Ledger Sync", "Test it now")

	for _, b := range []*browser{b, b.withHTMX()} {
		w := b.post(path, url.Values{"client_secret": {" "}})
		w.has(http.StatusUnprocessableEntity, "Paste the client secret.")
		b.post(path, url.Values{"client_secret": {registry.NewSecret().Reveal()}}).
			has(http.StatusOK, "invalid_client", "The client ID or the client secret is wrong.", "/regenerate", "Regenerate secret")
	}
	if err := s.Store.SetStatus(t.Context(), registry.Operator, c.id, registry.Disabled); err != nil {
		t.Fatal(err)
	}
	b.post(path, url.Values{"client_secret": {c.secret}}).has(http.StatusOK, "The client is disabled.", "Enable it first.")

	s.signedIn(t, "nobody@example.com", false).post(path, url.Values{"client_secret": {c.secret}}).has(http.StatusNotFound)
	b.post("/admin/applications/cl_unknown/test", url.Values{"client_secret": {c.secret}}).has(http.StatusNotFound)
}

// The token endpoint is told who asks, also behind a proxy.
func TestTryClientKeepsTheAddress(t *testing.T) {
	s := newSite(t, func(s *Server) { s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	b := s.setUp(t)
	b.address = "10.0.0.1:1234"
	c := s.client(t, "Ledger Sync", "audit.log:read")
	r := httptest.NewRequest(http.MethodPost, "/admin/applications/"+c.id+"/test", strings.NewReader(url.Values{"client_secret": {c.secret}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	b.send(r).has(http.StatusOK, "It got a token")
	if got := strings.Count(s.log.String(), "path=/oauth2/token status=200"); got != 1 {
		t.Fatalf("got %d token requests, want 1", got)
	}
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, "path=/oauth2/token") && !strings.Contains(line, "address=203.0.113.9") {
			t.Errorf("got %s, want the caller's address in it", line)
		}
	}
}
