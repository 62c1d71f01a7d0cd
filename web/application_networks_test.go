package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestSetNetworks(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		secret := b.shown(path)
		b.get(path).has(http.StatusOK, "Allowed networks", "Every network", "Change allowed networks")
		page := b.get(path + "/networks")
		page.has(http.StatusOK, "Allowed networks of Ledger Sync", "It was not used yet.", "You come from 192.0.2.1.")
		form := filled(page)

		form.Set("networks", "192.0.2.0/24\nthe office\n198.51.100.9/24")
		for _, ask := range []*browser{b, b.withHTMX()} {
			again := ask.post(path+"/networks", form)
			again.has(http.StatusUnprocessableEntity, "Line 2: Enter a network", "Line 3: 198.51.100.9/24 is an address within a network.")
			if got := filled(again); got.Encode() != form.Encode() {
				t.Errorf("got the form %v, want that it keeps what was typed", got)
			}
		}

		// The test's own requests come from 192.0.2.1.
		token, granted := s.token(t, path, secret)
		granted.has(http.StatusOK)
		s.Store.FlushUsage(t.Context())
		form.Set("networks", "198.51.100.0/24")
		again := b.post(path+"/networks", form)
		again.has(http.StatusUnprocessableEntity, "It was last used from 192.0.2.1, which these networks leave out.", "Save them although")
		form = filled(again)
		form.Set("anyway", "true")
		b.post(path+"/networks", form).redirects(path)
		b.get(path).has(http.StatusOK, "198.51.100.0/24")

		_, refused := s.token(t, path, secret)
		refused.has(http.StatusUnauthorized, `"invalid_client"`, "The client may not be used from 192.0.2.1. Ask an administrator to allow that network.")
		if _, wrong := s.token(t, path, "cs_wrong"); strings.Contains(wrong.Body.String(), "192.0.2.1") {
			t.Error("who knows no secret learns of the networks")
		}
		s.clock.Advance(time.Second)
		if w := s.call(t, "/api/v1/me", token); w.Code != http.StatusForbidden || !strings.Contains(problemOf(t, w).Detail, "may not be used from 192.0.2.1.") {
			t.Errorf("our own API: got %d %s, want it refused", w.Code, w.Body)
		}
		s.Store.FlushUsage(t.Context())
		b.get(path).has(http.StatusOK, "it came from outside its networks")

		b.post(path+"/networks", with(form, "networks", "192.0.2.1")).has(http.StatusConflict, "Someone changed them while you were editing", "They are now: 198.51.100.0/24.")
		form = filled(b.get(path + "/networks"))
		b.post(path+"/networks", with(form, "networks", "198.51.100.0/24\n192.0.2.1")).redirects(path)
		_, granted = s.token(t, path, secret)
		granted.has(http.StatusOK)
		if w := s.call(t, "/api/v1/me", token); w.Code != http.StatusOK {
			t.Errorf("our own API: got %d %s, want it let in", w.Code, w.Body)
		}
	})
}

func TestNetworksNotToBeChanged(t *testing.T) {
	s := newSite(t)
	admin, path := s.withApplication(t)
	locked, _, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{Name: "Of the platform", Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
		Scopes:        []string{"audit.log:read"}, Origin: registry.PlatformOrigin,
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	admin.get("/admin/applications/"+locked.ID+"/networks").has(http.StatusForbidden, "platform")
	admin.get("/admin/applications/cl_nobody/networks").has(http.StatusNotFound)
	storetest.User(t, s.Store, "Reader", "reader@example.com", false)
	reader := s.browser(t)
	reader.signIn("reader@example.com", testPassword)
	reader.get(path + "/networks").has(http.StatusNotFound)
}
