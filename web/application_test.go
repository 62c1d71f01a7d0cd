package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-jose/go-jose/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// demoOrders is a service with all that a catalogue can hold.
var demoOrders = registry.Catalogue{Services: []registry.Service{{
	Key: "orders", Name: "Demo orders", Description: "A service of the tests.", Audience: "https://orders.example.com",
	Scopes: []registry.Scope{
		{Key: "orders:read", Name: "Read orders", Description: "Opens reading."},
		{Key: "orders:write", Name: "Write orders", Description: "Opens writing."},
	},
	Permissions: []registry.PermissionDef{
		{Key: "view", Name: "View orders", Description: "See orders."},
		{Key: "edit", Name: "Edit orders", Description: "Change orders.", Needs: []string{"view"}},
	},
	Templates:  []registry.Template{{Key: "viewer", Name: "Viewer", Permissions: []string{"view"}}},
	Containers: []registry.Container{{Key: "shop", Name: "Shop"}},
}}}

// withApplication sets a site up and returns the browser of an administrator,
// and the address of an application that it registered.
func (s *site) withApplication(t *testing.T) (b *browser, path string) {
	t.Helper()
	b = s.setUp(t)
	if _, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, demoOrders, false, false); err != nil {
		t.Fatal(err)
	}
	return b, b.register("Ledger Sync", url.Values{"scope": {"orders:read", "audit.log:read"}})
}

// details returns the application of an address as it is stored.
func (s *site) details(t *testing.T, path string) registry.ApplicationDetails {
	t.Helper()
	d, err := s.Store.Application(t.Context(), registry.Operator, strings.TrimPrefix(path, applicationsPath+"/"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// holding returns a browser in which a new user has signed in who holds
// permissions of built-in services.
func (s *site) holding(t *testing.T, email string, held ...registry.Permission) *browser {
	t.Helper()
	user := storetest.User(t, s.Store, "Demo User", email, false)
	for _, p := range held {
		s.grant(t, user, p)
	}
	b := s.browser(t)
	b.signIn(email, testPassword).redirects("/")
	return b
}

// platformApplication registers an application of the platform and returns its address.
func (s *site) platformApplication(t *testing.T) string {
	t.Helper()
	app, _, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{Name: "Scheduler", Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
		Scopes:        []string{"orders:read"}, Origin: registry.PlatformOrigin,
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	return applicationsPath + "/" + app.ID
}

func trimmed(_ int, part *goquery.Selection) string { return strings.TrimSpace(part.Text()) }

func label(_ int, part *goquery.Selection) string { return part.AttrOr("aria-label", "") }

// complaints returns the names of the fields under which the answer says what
// is wrong.
func complaints(a answer) []string {
	return a.page().Find(".err").Map(func(_ int, said *goquery.Selection) string {
		return strings.TrimSuffix(said.AttrOr("id", ""), "-err")
	})
}

func TestApplicationPage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		page := b.get(path)
		page.has(http.StatusOK, "Ledger Sync", "Active", "Client credentials", "Client secret post", "Books orders.", "by First Admin",
			"It holds no permissions", "No token issued yet", "orders:read", "Read orders", "No permission", "Register an application",
			"All in the audit log", "Regenerate secret", "Edit scopes", "Assign permissions")
		id := strings.TrimPrefix(path, applicationsPath+"/")
		if got := page.page().Find("#client-id").AttrOr("value", ""); got != id {
			t.Errorf("got the client ID %q, want %q", got, id)
		}

		secret := s.details(t, path).Secrets[0]
		for range 3 {
			s.Store.TokenIssued(oauth.Use{ClientID: id, SecretID: secret.ID, Address: "192.0.2.77", At: s.clock.Now()})
		}
		s.Store.FlushUsage(t.Context())
		b.post(path+"/permissions", url.Values{"service": {"orders"}, "grant": {"template:viewer"}}).redirects(path + "/permissions#service-orders")
		page = b.get(path)
		page.has(http.StatusOK, "3 in 30 days, most on 1 Jun: 3", "192.0.2.77", "In effect", secret.Prefix, "Live", "Assigned Viewer of Demo orders", "Give permissions")
		if page.page().Find(".notes .callout").Length() != 0 {
			t.Errorf("got %q, want no warning", page.page().Find(".notes").Text())
		}
		if w := b.send(tokenRequest(url.Values{"grant_type": {registry.ClientCredentials}}, id, "guess")); w.Code != http.StatusUnauthorized {
			t.Errorf("a wrong secret: got %d, want 401", w.Code)
		}
		s.Store.FlushUsage(t.Context())
		b.get(path).has(http.StatusOK, "1 in the last 7 days", "192.0.2.1", "the secret was wrong")

		for _, unknown := range []string{"cl_none", "%00", strings.ToUpper(id), id + "/gone"} {
			b.get(applicationsPath + "/" + unknown).has(http.StatusNotFound)
		}
	})
}

// Each sees only what it may do, and is refused the rest.
func TestApplicationPageByViewer(t *testing.T) {
	s := newSite(t)
	admin, path := s.withApplication(t)
	admin.post(path+"/permissions", url.Values{"service": {"orders"}, "grant": {"template:viewer"}})
	locked := s.platformApplication(t)
	viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
	manager := s.holding(t, "manager@example.com", registry.ViewApplications, registry.ManageApplications)
	granter := s.holding(t, "granter@example.com", registry.ViewApplications, registry.ViewPermissions, registry.ManagePermissions)
	auditor := s.holding(t, "auditor@example.com", registry.ViewApplications, registry.ReadAuditLog)

	tests := []struct {
		name string
		b    *browser
		path string
		sees []string
	}{
		{"administrator", admin, path, []string{"Edit", "Regenerate secret…", "Delete…", "Regenerate secret", "Edit scopes", "Assign permissions", "Activity"}},
		{"viewer", viewer, path, []string{"See permissions"}},
		{"manager", manager, path, []string{"Edit", "Delete…", "Edit scopes", "See permissions"}}, // someone else's, and it holds permissions
		{"granter", granter, path, []string{"Assign permissions"}},
		{"auditor", auditor, path, []string{"See permissions", "Activity"}},
		{"administrator, locked", admin, locked, []string{"See permissions", "Activity", "It is locked"}},
	}
	all := []string{"Edit", "Regenerate secret…", "Delete…", "Regenerate secret", "Edit scopes", "Assign permissions", "See permissions", "Activity", "It is locked"}
	for _, tt := range tests {
		page := tt.b.get(tt.path)
		page.has(http.StatusOK)
		texts := page.page().Find("main a, main h2, main strong").Map(trimmed)
		for _, text := range all {
			if got, want := slices.Contains(texts, text), slices.Contains(tt.sees, text); got != want {
				t.Errorf("%s: sees %q: %t, want %t", tt.name, text, got, want)
			}
		}
	}

	secret := s.details(t, path).Secrets[0].ID
	scopes := url.Values{"scope": {"orders:write"}}
	grant := url.Values{"service": {"orders"}, "grant": {"permission:edit"}}
	for _, b := range []*browser{viewer, auditor, granter} {
		for _, page := range []string{"/edit", "/scopes", "/scopes/review?scope=orders:write"} {
			b.get(path+page).has(http.StatusForbidden, "applications/manage")
		}
		b.post(path+"/edit", detailsForm("Mine")).has(http.StatusForbidden)
		b.post(path+"/edit/check", detailsForm("Mine")).has(http.StatusForbidden)
		b.post(path+"/scopes", scopes).has(http.StatusForbidden)
		b.post(path+"/scopes/review", scopes).has(http.StatusForbidden)
		b.post(path+"/secrets/"+secret+"/end", nil).has(http.StatusForbidden)
	}
	for _, b := range []*browser{viewer, auditor, manager} {
		b.post(path+"/permissions", grant).has(http.StatusForbidden, "authorization/manage-permissions")
		b.withHTMX().post(path+"/permissions/remove", url.Values{"service": {"orders"}, "grant": {"template:viewer"}}).has(http.StatusForbidden)
		readOnly := b.get(path + "/permissions")
		readOnly.has(http.StatusOK, "Viewer", "Assigned", "You can look, but not change anything")
		if readOnly.page().Find("main form").Length() != 0 {
			t.Error("got a form, want none for who may not use it")
		}
	}
	for _, page := range []string{"/edit", "/scopes", "/scopes/review?scope=orders:write"} {
		admin.get(locked+page).has(http.StatusForbidden, "platform")
	}
	admin.post(locked+"/edit", detailsForm("Mine")).has(http.StatusForbidden, "platform")
	admin.post(locked+"/scopes/review", scopes).has(http.StatusForbidden, "platform")
	admin.post(locked+"/permissions", grant).has(http.StatusForbidden, "platform")
	admin.post(locked+"/secrets/"+s.details(t, locked).Secrets[0].ID+"/end", nil).has(http.StatusForbidden, "platform")

	nobody := s.signedIn(t, "nobody@example.com", false)
	for _, page := range []string{"", "/edit", "/scopes", "/permissions"} {
		nobody.get(path + page).has(http.StatusNotFound)
		s.browser(t).get(path + page).redirects("/login?return_to=" + url.QueryEscape(path+page))
	}
	nobody.post(path+"/edit", detailsForm("Mine")).has(http.StatusNotFound)
	if d := s.details(t, path); d.Name != "Ledger Sync" || len(d.Permissions) != 1 || !slices.Equal(d.ScopeKeys(), []string{"audit.log:read", "orders:read"}) {
		t.Errorf("got %+v, want nothing changed", d)
	}
}

func TestEditApplication(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		b.register("Taken", url.Values{"scope": {"orders:read"}})
		page := b.get(path + "/edit")
		page.has(http.StatusOK, "Save changes", "Books orders.")
		form := detailsForm("Ledger Sync 2")
		form.Set("seen", page.page().Find(`[name="seen"]`).AttrOr("value", ""))

		tests := []struct {
			name, field, value string
		}{
			{"no name", "name", " "},
			{"taken name", "name", "tAKEN"},
			{"long name", "name", strings.Repeat("ä", 81)},
			{"long description", "description", strings.Repeat("x", 501)},
			{"unknown grant", "grant", "password"},
			{"unknown method", "auth_method", "none"},
			{"unknown algorithm", "token_alg", "none"},
		}
		for _, tt := range tests {
			wrong := detailsForm("Ledger Sync 2")
			wrong.Set(tt.field, tt.value)
			for _, b := range []*browser{b, b.withHTMX()} {
				w := b.post(path+"/edit", wrong)
				w.has(http.StatusUnprocessableEntity, "Check the highlighted fields")
				if got := complaints(w); !slices.Equal(got, []string{tt.field}) {
					t.Errorf("%s: complains about %v, want %s", tt.name, got, tt.field)
				}
				if tt.field == "name" && w.page().Find("#name").AttrOr("value", "") != tt.value {
					t.Errorf("%s: got %q, want what was typed", tt.name, w.page().Find("#name").AttrOr("value", ""))
				}
			}
			w := b.withHTMX().post(path+"/edit/check", wrong)
			w.has(http.StatusOK)
			if got := complaints(w); !slices.Equal(got, []string{tt.field}) {
				t.Errorf("check, %s: complains about %v, want %s", tt.name, got, tt.field)
			}
		}
		everything := b.post(path+"/edit", url.Values{})
		everything.has(http.StatusUnprocessableEntity)
		if got := complaints(everything); !slices.Equal(got, []string{"name", "grant", "auth_method"}) {
			t.Errorf("nothing sent: complains about %v", got)
		}
		if got := s.details(t, path).Name; got != "Ledger Sync" {
			t.Errorf("got the name %q, want it unchanged", got)
		}

		b.post(path+"/edit", form).redirects(path)
		b.get(path).has(http.StatusOK, "Ledger Sync 2", "Saved")
		form.Set("seen", b.get(path+"/edit").page().Find(`[name="seen"]`).AttrOr("value", ""))
		b.withHTMX().post(path+"/edit", form).navigates(path) // again, and nothing to change
		b.post(applicationsPath+"/cl_none/edit", form).has(http.StatusNotFound)
	})
}

// An administrator chooses what tokens are signed with, and the next token is.
func TestEditSigningAlgorithm(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		c := s.client(t, "Ledger Sync", applicationsScope).may(t, registry.ViewApplications)
		path := applicationsPath + "/" + c.id
		for _, alg := range []string{oauth.ES256, oauth.RS256, oauth.ES256} {
			page := b.get(path + "/edit").page()
			form := url.Values{"name": {"Ledger Sync"}, "grant": {registry.ClientCredentials}, "auth_method": {registry.SecretBasic}, "token_alg": {alg}}
			form.Set("seen", page.Find(`[name="seen"]`).AttrOr("value", ""))
			if page.Find(`[name="token_alg"]`).Length() != 2 || page.Find(`[name="token_alg"]:checked`).Length() != 1 {
				t.Fatal("the page does not ask for the signing algorithm")
			}
			b.post(path+"/edit", form).redirects(path)
			if got := b.get(path+"/edit").page().Find(`[name="token_alg"]:checked`).AttrOr("value", ""); got != alg {
				t.Errorf("the page says %s, want %s", got, alg)
			}
			raw := c.token(t, "")
			token, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatalf("got %s: %v, want it signed with %s", raw, err, alg)
			}
			var published jose.JSONWebKeySet
			if err := json.Unmarshal(b.get(oauth.JWKSPath).Body.Bytes(), &published); err != nil {
				t.Fatal(err)
			}
			if _, err := token.Verify(published); err != nil {
				t.Errorf("%s: the published keys do not verify the token: %v", alg, err)
			}
			if w := s.call(t, "/api/v1/applications", raw); w.Code != http.StatusOK {
				t.Errorf("%s: our API answers %d %s, want 200", alg, w.Code, w.Body)
			}
		}
	})
}

// Whoever edits what someone else changed meanwhile is told, and loses nothing.
func TestEditApplicationMeanwhile(t *testing.T) {
	for _, htmx := range []bool{false, true} {
		s := newSite(t)
		b, path := s.withApplication(t)
		seen := b.get(path+"/edit").page().Find(`[name="seen"]`).AttrOr("value", "")
		theirs := detailsForm("Ledger")
		theirs.Set("auth_method", registry.SecretBasic)
		b.post(path+"/edit", theirs).redirects(path)

		b.htmx = htmx
		mine := detailsForm("Ledger Sync")
		mine.Set("seen", seen)
		mine.Set("description", "Mine.")
		told := b.post(path+"/edit", mine)
		told.has(http.StatusConflict, "Someone changed it while you were editing", "Name:", "Ledger", "Client secret basic")
		page := told.page()
		if got := page.Find("#description").Text(); got != "Mine." {
			t.Errorf("got the description %q, want what was typed", got)
		}
		if got := page.Find("#name").AttrOr("value", ""); got != "Ledger" {
			t.Errorf("got the name %q, want theirs, because it was left alone", got)
		}
		if got := s.details(t, path).Description; got != "Books orders." {
			t.Errorf("got %q, want nothing changed yet", got)
		}
		mine.Set("seen", page.Find(`[name="seen"]`).AttrOr("value", ""))
		mine.Set("name", page.Find("#name").AttrOr("value", ""))
		b.htmx = false
		b.post(path+"/edit", mine).redirects(path)
		if got := s.details(t, path); got.Name != "Ledger" || got.Description != "Mine." {
			t.Errorf("got %q, %q; want their name and my description", got.Name, got.Description)
		}
	}
}

func TestEditScopes(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		page := b.get(path + "/scopes")
		page.has(http.StatusOK, "Demo orders", "Write orders", "Review changes")
		if got := page.page().Find(`[name="scope"]:checked`).Map(value); !slices.Equal(got, []string{"audit.log:read", "orders:read"}) {
			t.Errorf("got %v ticked, want those it has", got)
		}
		chosen := url.Values{"scope": {"orders:write", "orders:read"}}
		review := path + "/scopes/review?scope=orders%3Awrite&scope=orders%3Aread"
		b.post(path+"/scopes", chosen).redirects(review)
		b.withHTMX().post(path+"/scopes", chosen).navigates(review)
		page = b.get(review)
		page.has(http.StatusOK, "Will be added", "Write orders", "Will be removed", "Read the audit log", "at most 15 minutes", "Save scopes")
		if strings.Contains(page.page().Find(".diff").Text(), "orders:read") {
			t.Error("got a scope among the differences that stays")
		}
		back := b.get(page.page().Find(`.card-foot a`).AttrOr("href", ""))
		if got := back.page().Find(`[name="scope"]:checked`).Map(value); !slices.Equal(got, []string{"orders:read", "orders:write"}) {
			t.Errorf("going back: got %v ticked, want what was chosen", got)
		}
		if got := s.details(t, path).ScopeKeys(); len(got) != 2 || got[0] != "audit.log:read" {
			t.Errorf("got %v, want nothing changed yet", got)
		}

		save := page.page().Find("#review input")
		form := url.Values{}
		for i := range save.Length() {
			field := save.Eq(i)
			form.Add(field.AttrOr("name", ""), field.AttrOr("value", ""))
		}
		b.post(path+"/scopes/review", form).redirects(path + "#access")
		b.get(path).has(http.StatusOK, "Scopes saved", "orders:write")
		if got := s.details(t, path).ScopeKeys(); !slices.Equal(got, []string{"orders:read", "orders:write"}) {
			t.Errorf("got %v, want what was chosen", got)
		}
		b.get(review).has(http.StatusOK, "Nothing would change")

		// The same form again was made for scopes that it no longer has.
		form.Add("scope", "audit.log:read")
		for _, b := range []*browser{b, b.withHTMX()} {
			b.post(path+"/scopes/review", form).has(http.StatusConflict, "Someone changed its scopes meanwhile", "Will be added", "audit.log:read")
		}

		for name, tt := range map[string]struct {
			scopes []string
			want   string
		}{
			"none":    {nil, "Choose at least one scope."},
			"unknown": {[]string{"orders:read", "orders:delete"}, "The catalogue has no scope"},
			"twice":   {[]string{"orders:read", "orders:read"}, "Name each scope once."},
		} {
			wrong := url.Values{"scope": tt.scopes}
			b.post(path+"/scopes", wrong).has(http.StatusUnprocessableEntity, tt.want, "Review changes")
			b.withHTMX().post(path+"/scopes/review", wrong).has(http.StatusUnprocessableEntity, tt.want, "Review changes")
			again := b.get(path + "/scopes/review?" + wrong.Encode())
			again.has(http.StatusUnprocessableEntity, tt.want)
			if ticked := again.page().Find(`[value="orders:read"]:checked`).Length(); ticked != min(len(tt.scopes), 1) {
				t.Errorf("%s: orders:read is ticked %d times, want what was chosen to be kept", name, ticked)
			}
		}
	})
}

func TestPermissionsOfApplication(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		b.get(path+"/permissions").has(http.StatusOK, "Demo orders", "View orders", "See orders.", "Needs View orders", "No permission", "services it has no access to")
		viewer := url.Values{"service": {"orders"}, "grant": {"template:viewer"}, "object": {""}}
		onShop := url.Values{"service": {"orders"}, "grant": {"permission:edit"}, "object": {"shop"}}
		held := func() []registry.HeldGrant { return s.details(t, path).Permissions }

		for range 2 { // sent twice, given once
			b.post(path+"/permissions", viewer).redirects(path + "/permissions#service-orders")
		}
		section := b.withHTMX().post(path+"/permissions", onShop)
		section.has(http.StatusOK, "Assigned Edit orders on Shop of Demo orders", "In effect")
		if got := section.page().Find("#service-orders [aria-label^=Remove]").Map(label); !slices.Equal(got, []string{"Remove Viewer of Demo orders", "Remove Edit orders on Shop of Demo orders"}) {
			t.Errorf("got %v, want what it holds", got)
		}
		want := []registry.HeldGrant{
			{Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"},
			{Service: "orders", Kind: registry.PermissionGrant, Key: "edit", Object: "shop"},
		}
		if got := held(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}

		for name, wrong := range map[string]url.Values{
			"nothing":            {},
			"unknown service":    {"service": {"gone"}, "grant": {"template:viewer"}},
			"unknown permission": {"service": {"orders"}, "grant": {"permission:gone"}},
			"unknown object":     {"service": {"orders"}, "grant": {"permission:edit"}, "object": {"attic"}},
			"no kind":            {"service": {"orders"}, "grant": {"edit"}},
		} {
			for _, b := range []*browser{b, b.withHTMX()} {
				w := b.post(path+"/permissions", wrong)
				w.has(http.StatusUnprocessableEntity)
				if got := w.page().Find("[role=alert]").Text(); !strings.Contains(got, "Nothing was changed") {
					t.Errorf("%s: says %q, want that nothing was changed", name, got)
				}
			}
		}
		b.post(path+"/permissions/remove", viewer).redirects(path + "/permissions#service-orders")
		b.withHTMX().post(path+"/permissions/remove", viewer).has(http.StatusOK, "Removed Viewer of Demo orders")
		if got := held(); !slices.Equal(got, want[1:]) {
			t.Errorf("got %v, want %v", got, want[1:])
		}
		b.post(applicationsPath+"/cl_none/permissions", viewer).has(http.StatusNotFound)
	})
}

func TestEndSecretEarly(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		id := strings.TrimPrefix(path, applicationsPath+"/")
		s.clock.Advance(time.Hour)
		admin := storetest.User(t, s.Store, "Second Admin", "second@example.com", true).Actor()
		if _, err := s.Store.RegenerateSecret(t.Context(), admin, id, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		s.clock.Advance(4 * time.Hour)
		secrets := s.details(t, path).Secrets
		use := func(secret registry.ClientSecret) answer {
			s.clock.Advance(time.Minute)
			s.Store.TokenIssued(oauth.Use{ClientID: id, SecretID: secret.ID, Address: "192.0.2.9", At: s.clock.Now()})
			s.Store.FlushUsage(t.Context())
			return b.get(path)
		}
		b.get(path).has(http.StatusOK, "Ends in 20 h", "has been used yet", "End it now")
		use(secrets[1]).has(http.StatusOK, "The secret in use ends in 19 h", "The old secret "+secrets[1].Prefix+"… is still in use", "The new one has not been used yet")
		page := use(secrets[0])
		page.has(http.StatusOK, "The new secret "+secrets[0].Prefix+"… is in use")
		if page.page().Find(".notes .callout-warn").Length() != 1 { // it holds no permissions
			t.Errorf("got %q, want no warning of its secrets", page.page().Find(".notes").Text())
		}
		end := page.page().Find(`form[action$="/end"]`)
		if want := path + "/secrets/" + secrets[1].ID + "/end"; end.Length() != 1 || end.AttrOr("action", "") != want {
			t.Fatalf("got %d buttons to end a secret, want one at %s", end.Length(), want)
		}
		for range 2 { // once more changes nothing
			b.post(end.AttrOr("action", ""), nil).redirects(path + "#secrets")
		}
		b.get(path).has(http.StatusOK, "Ended", "The secret has ended, and its tokens with it")
		if got := s.details(t, path).Secrets[1].State(s.clock.Now()); got != registry.SecretEnded {
			t.Errorf("got a secret that is %s, want it ended", got)
		}
		b.withHTMX().post(end.AttrOr("action", ""), nil).navigates(path + "#secrets")
		for _, unknown := range []string{path + "/secrets/se_none/end", applicationsPath + "/cl_none/secrets/" + secrets[1].ID + "/end"} {
			b.post(unknown, nil).has(http.StatusNotFound)
		}
	})
}

// The longest name and many scopes go through every page.
func TestApplicationThatHoldsMuch(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	many := demoOrders.Services[0]
	many.Scopes, many.Containers = nil, nil
	var scopes []string
	for i := range 40 {
		scopes = append(scopes, fmt.Sprintf("orders.%s-%d:read", strings.Repeat("x", 70), i))
		many.Scopes = append(many.Scopes, registry.Scope{Key: scopes[i], Name: "Read", Description: "Opens reading."})
	}
	if _, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, registry.Catalogue{Services: []registry.Service{many}}, false, false); err != nil {
		t.Fatal(err)
	}
	path := b.register(strings.Repeat("Ä", 80), url.Values{"scope": scopes})
	if got := b.get(path).page().Find(".access code").Length(); got != 40 {
		t.Errorf("got %d scopes, want 40", got)
	}
	review := b.post(path+"/scopes", url.Values{"scope": append(scopes[1:], "audit.log:read")}).Header().Get("Location")
	b.get(review).has(http.StatusOK, "Will be added", "Will be removed")
	for _, page := range []string{"/edit", "/scopes", "/permissions"} {
		b.get(path+page).has(http.StatusOK, strings.Repeat("Ä", 80))
	}
}
