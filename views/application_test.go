package views

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

var noon = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// demoServices is a catalogue with a service of each kind.
func demoServices() registry.Catalogue {
	return registry.Catalogue{Services: []registry.Service{
		{
			Key: "orders", Name: "Orders", Description: "What customers ordered.",
			Scopes: []registry.Scope{
				{Key: "orders:read", Name: "Read orders", Description: "Opens listing orders."},
				{Key: "orders:write", Name: "Write orders", Description: "Opens changing orders."},
			},
			Permissions: []registry.PermissionDef{
				{Key: "view", Name: "View orders", Description: "See every order."},
				{Key: "edit", Name: "Edit orders", Description: "Change orders.", Needs: []string{"view"}},
				{Key: "delete", Name: "Delete orders", Description: "Delete orders.", Needs: []string{"view", "edit"}},
			},
			Templates: []registry.Template{
				{Key: "viewer", Name: "Viewer", Permissions: []string{"view"}},
				{Key: "editor", Name: "Editor", Description: "For who works with orders.", Permissions: []string{"view", "edit"}},
			},
			Containers: []registry.Container{{Key: "web", Name: "Web shop", Objects: []registry.Object{{Key: "returns", Name: "Returns"}}}},
		},
		{
			Key: "search", Name: "Search", Description: "Finds things.",
			Scopes: []registry.Scope{{Key: "search", Name: "Search", Description: "Opens searching."}},
		},
		{
			Key: "team", Name: "Team", Description: "The team itself.",
			Permissions: []registry.PermissionDef{{Key: "manage-users", Name: "Manage users", Description: "Add users."}},
			Templates:   []registry.Template{{Key: "admin", Name: "Admin", Permissions: []string{"manage-users"}}},
		},
	}}
}

// demoApplication is one that nobody used yet, as an administrator sees it.
func demoApplication() ApplicationView {
	return ApplicationView{
		App: registry.ApplicationDetails{
			Application: registry.Application{
				ID: "cl_demo0000000001", Type: registry.OAuthClient, Origin: registry.TeamOrigin, Status: registry.Active, Name: "Ledger Sync",
				Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic, TokenAlg: registry.ES256,
				CreatedAt: noon.Add(-72 * time.Hour), CreatedBy: "us_demo", CreatedByName: "Demo Admin",
			},
			Owners:  []registry.Owner{{ID: "us_demo", Name: "Demo Admin", Email: "admin@demo.example"}},
			Secrets: []registry.ClientSecret{{ID: "se_1", Prefix: "cs_aaaaaa", CreatedAt: noon.Add(-72 * time.Hour), CreatedByName: "Demo Admin"}},
			Scopes:  demoServices().Services[0].Scopes[:1], SecretsMade: 1, Policy: registry.DefaultPolicy,
		},
		Catalogue: demoServices(), Now: noon, MayView: true, MayManage: true, MayRotate: true, Granter: registry.EveryGranter, MayAudit: true,
	}
}

// portalApplication acts for users.
func portalApplication() ApplicationView {
	v := demoApplication()
	openid, _ := registry.BuiltIn().Service(registry.OpenIDService)
	v.Catalogue.Services = append(v.Catalogue.Services, openid)
	v.App.Name, v.App.Grants = "Portal", []string{registry.AuthorizationCode, registry.RefreshToken}
	v.App.RedirectURIs, v.App.HomePage = []string{"https://portal.example/cb", "http://127.0.0.1/cb"}, "https://portal.example"
	v.App.Trust, v.App.Logo = registry.Verified, "0123abcd"
	v.App.Scopes = append(append([]registry.Scope{}, v.Catalogue.Services[0].Scopes...), v.Catalogue.Services[1].Scopes[0], openid.Scopes[0])
	v.App.Required, v.App.SecretsMade = []string{"openid", "orders:read"}, 1
	return v
}

// usedApplication is one in the middle of a rotation, with all that a page can show.
func usedApplication() ApplicationView {
	v := demoApplication()
	v.App.Description = "Books orders.\nEvery night."
	v.App.LastUsedAt, v.App.LastUsedAddress = noon.Add(-2*time.Minute), "192.0.2.1"
	v.App.Failures = registry.AuthenticationFailures{Count: 1204, LastAt: noon.Add(-time.Hour), LastAddress: "192.0.2.66", LastReason: registry.WrongSecret}
	v.App.Days = [registry.UsageDays]int64{3: 1, 20: 1204, 29: 12}
	v.App.Secrets = []registry.ClientSecret{
		{ID: "se_2", Prefix: "cs_bbbbbb", CreatedAt: noon.Add(-4 * time.Hour), CreatedByName: "Demo Admin", LastUsedAt: noon.Add(-3 * time.Hour), LastUsedAddress: "192.0.2.2"},
		{ID: "se_1", Prefix: "cs_aaaaaa", CreatedAt: noon.Add(-72 * time.Hour), CreatedByName: "Demo Admin", LastUsedAt: v.App.LastUsedAt, LastUsedAddress: "192.0.2.1", ExpiresAt: noon.Add(20 * time.Hour), ReplacedBy: "se_2"},
		{ID: "se_0", Prefix: "cs_000000", CreatedAt: noon.Add(-96 * time.Hour), CreatedByName: "Demo Admin", RevokedAt: noon.Add(-72 * time.Hour)},
		{ID: "se_x", Prefix: "cs_xxxxxx", CreatedAt: noon.Add(-98 * time.Hour), CreatedByName: "Demo Admin", ExpiresAt: noon.Add(-96 * time.Hour)},
	}
	v.App.Scopes = append(v.App.Scopes, v.Catalogue.Services[1].Scopes...)
	v.App.Permissions = []registry.HeldGrant{
		{Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"},
		{Service: "orders", Kind: registry.PermissionGrant, Key: "delete"},
		{Service: "orders", Kind: registry.PermissionGrant, Key: "edit", Object: "web/returns"},
		{Service: "team", Kind: registry.TemplateGrant, Key: "admin"},
	}
	v.Activity = []registry.AuditEntry{
		{Event: registry.Event{Seq: 12, At: noon.Add(-4 * time.Hour), Actor: registry.Actor{Name: "Demo Admin"}, Action: "application.regenerate-secret", Outcome: registry.Done}},
		{Event: registry.Event{Seq: 9, At: noon.Add(-72 * time.Hour), Actor: registry.Actor{Name: "Demo Clerk"}, Action: "permission.grant", Outcome: registry.Refused}},
	}
	return v
}

// changed returns an application's view after a change.
func changed(v ApplicationView, change func(*ApplicationView)) ApplicationView {
	change(&v)
	return v
}

func onlyLook(v *ApplicationView) {
	v.MayManage, v.MayRotate, v.MayAudit, v.Granter = false, false, false, registry.Granter{}
}

func TestApplicationPages(t *testing.T) {
	shell, v, used := demoShell(), demoApplication(), usedApplication()
	details := v.App.Details()
	typed := registry.ClientDetails{Name: "", Description: "<b>", Grants: []string{registry.ClientCredentials}, AuthMethod: "mtls", TokenAlg: registry.RS256}
	portal := portalApplication()
	asPortal := portal.App.Details()
	mine := changed(portal, func(v *ApplicationView) {
		v.App.AuthMethod, v.App.Secrets, v.App.SecretsMade = registry.PublicClient, nil, 0
	})
	mine.MayRotate = false
	secretless := changed(portal, func(v *ApplicationView) { v.App.Secrets, v.App.SecretsMade = nil, 0 })
	choice := registry.ScopeEdit{Scopes: []string{"openid", "orders:write", "search"}, Required: []string{"orders:write"}}
	pages := map[string]templ.Component{
		"application_users":        ApplicationPage(shell, portal),
		"application_users_public": ApplicationPage(shell, mine),
		"application_users_secretless": ApplicationPage(shell, changed(secretless, func(v *ApplicationView) {
			v.App.Grants, v.App.HomePage, v.App.Logo = []string{registry.AuthorizationCode, registry.ClientCredentials}, "", ""
		})),
		"application_edit_users": ApplicationEditPage(shell, portal, ApplicationEditForm{Input: asPortal, Seen: asPortal}),
		"application_edit_users_wrong": ApplicationEditPage(shell, mine, ApplicationEditForm{
			Input: asPortal, Seen: mine.App.Details(), Logo: registry.LogoEdit{PNG: []byte("PNG"), Remove: true},
			Invalid: registry.Invalid{"redirect_uris": "Line 1: Use https.\nLine 2: Use https.", "logo": "Choose a PNG.", "home_page": "Enter a web address."},
			Meanwhile: registry.ClientDetails{Trust: registry.FirstParty, HomePage: "https://old.example"}.Changes(registry.ClientDetails{
				Trust: registry.Verified, Grants: asPortal.Grants, RedirectURIs: asPortal.RedirectURIs,
			}),
		}),
		"application_edit_both": ApplicationEditPage(shell, portal, ApplicationEditForm{
			Input: asPortal, Seen: registry.ClientDetails{Grants: []string{registry.ClientCredentials, registry.AuthorizationCode}},
		}),
		"application_scopes_users": ApplicationScopesPage(shell, portal, ApplicationScopesForm{Ticked: portal.App.ScopeKeys(), Required: portal.App.Required}),
		"application_review_users": ScopesReviewPage(shell, portal, NewScopesReview(portal, choice, false)),
		"application_review_marks": ScopesReviewPage(shell, portal, NewScopesReview(portal, registry.ScopeEdit{
			Scopes: portal.App.ScopeKeys(), Required: []string{"search"},
		}, false)),

		"application":        ApplicationPage(shell, used),
		"application_new":    ApplicationPage(shell, v),
		"application_viewed": ApplicationPage(shell, changed(used, onlyLook)),
		"application_unused_scope": ApplicationPage(shell, changed(used, func(v *ApplicationView) {
			v.App.LastUsedAt, v.App.ScopeUses = noon, []registry.ScopeUse{
				{Scope: "orders:read", AddedAt: noon.AddDate(-1, 0, 0), UsedAt: noon}, {Scope: "search", AddedAt: noon.AddDate(-1, 0, 0)},
			}
		})),
		"application_disabled": ApplicationPage(shell, changed(v, func(v *ApplicationView) {
			v.App.Status, v.App.Secrets, v.App.Scopes = registry.Disabled, nil, nil
		})),
		"application_locked": ApplicationPage(shell, changed(v, func(v *ApplicationView) {
			onlyLook(v)
			v.App.Origin, v.App.CreatedByName = registry.PlatformOrigin, "Platform"
		})),
		"application_edit": ApplicationEditPage(shell, v, ApplicationEditForm{Input: details, Seen: details}),
		"application_edit_invalid": ApplicationEditPage(shell, v, ApplicationEditForm{Input: typed, Seen: details, Invalid: registry.Invalid{
			"name": "Enter a name.", "auth_method": "Choose an authentication method.",
		}}),
		"application_edit_meanwhile": ApplicationEditPage(shell, v, ApplicationEditForm{
			Input: details, Seen: details, Meanwhile: registry.ClientDetails{Name: "Ledger", Description: "Gone.", AuthMethod: registry.SecretPost}.Changes(details),
		}),
		"application_scopes":             ApplicationScopesPage(shell, v, ApplicationScopesForm{Ticked: []string{"orders:write"}}),
		"application_scopes_invalid":     ApplicationScopesPage(shell, v, ApplicationScopesForm{Invalid: registry.Invalid{"scope": "Choose at least one scope."}}),
		"application_review":             ScopesReviewPage(shell, v, NewScopesReview(v, registry.ScopeEdit{Scopes: []string{"orders:write", "search"}}, false)),
		"application_review_meanwhile":   ScopesReviewPage(shell, v, NewScopesReview(v, registry.ScopeEdit{Scopes: []string{"orders:read", "search"}}, true)),
		"application_review_same":        ScopesReviewPage(shell, v, NewScopesReview(v, registry.ScopeEdit{Scopes: []string{"orders:read"}}, false)),
		"application_permissions":        ApplicationPermissionsPage(shell, used, PermissionsForm{}),
		"application_permissions_new":    ApplicationPermissionsPage(shell, v, PermissionsForm{Input: registry.GrantInput{Service: "team"}, Done: "Removed Admin of Team"}),
		"application_permissions_viewed": ApplicationPermissionsPage(shell, changed(used, onlyLook), PermissionsForm{}),
		"application_permissions_invalid": ApplicationPermissionsPage(shell, v, PermissionsForm{
			Input:   registry.GrantInput{Service: "orders", Kind: registry.PermissionGrant, Key: "gone", Object: "web"},
			Invalid: registry.Invalid{"key": `Orders has no permission "gone". Choose one it has.`},
		}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, mainOf(page)) })
	}
}

// mainOf is what a page holds of its own: what stands around it has tests of
// its own.
func mainOf(page templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var html strings.Builder
		err := page.Render(ctx, &html)
		_, after, _ := strings.Cut(html.String(), "<main")
		inside, _, _ := strings.Cut(after, "</main>")
		return errors.Join(err, templ.Raw("<main"+inside+"</main>").Render(ctx, w))
	})
}

func TestAccessInWords(t *testing.T) {
	grant := func(service string) []registry.HeldGrant {
		return []registry.HeldGrant{{Service: service, Kind: registry.PermissionGrant, Key: "view"}}
	}
	services := demoServices().Services
	tests := []struct {
		service       int
		scopes        []registry.Scope
		grants        []registry.HeldGrant
		status, words string
	}{
		{0, services[0].Scopes, grant("orders"), "In effect", "Its tokens are let in, and it may do what its permissions say."},
		{0, services[0].Scopes, nil, "No permission", "Scope granted, but no permission of this service: its tokens are let in and may do nothing."},
		{0, nil, grant("orders"), "No scope", "Permission, but no scope: its tokens are not let in."},
		{0, nil, nil, "No access", "Neither a scope nor a permission: its tokens are not let in."},
		{1, services[1].Scopes, nil, "Scope only", "Its tokens are let in. The service has no permissions to give, so the scope alone decides."},
		{2, nil, grant("team"), "No scope", "Permission, but no scope: the service offers none, so no token can use it."},
	}
	for _, tt := range tests {
		a := accessTo(registry.ApplicationDetails{Scopes: tt.scopes, Permissions: tt.grants}, services[tt.service])
		if a.status().Text != tt.status || a.words() != tt.words {
			t.Errorf("got %q: %q, want %q: %q", a.status().Text, a.words(), tt.status, tt.words)
		}
	}
}

func TestRotationInWords(t *testing.T) {
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	secrets := func(newUsed, oldUsed time.Time) []registry.ClientSecret {
		return []registry.ClientSecret{
			{ID: "new", Prefix: "cs_new", LastUsedAt: newUsed},
			{ID: "old", Prefix: "cs_old", Name: "CI", LastUsedAt: oldUsed, ExpiresAt: noon.Add(20 * time.Hour), ReplacedBy: "new"},
			{ID: "gone", Prefix: "cs_gone", LastUsedAt: noon, RevokedAt: noon, ReplacedBy: "old"},
			{ID: "other", Prefix: "cs_other", LastUsedAt: noon},
		}
	}
	tests := []struct {
		name    string
		secrets []registry.ClientSecret
		want    string
		ending  string // the IDs of those that need looking after
	}{
		{"one secret", secrets(noon, noon)[:1], "", ""},
		{"neither used", secrets(time.Time{}, time.Time{}), "Neither the old secret CI (cs_old…) nor the new one cs_new… has been used yet.", ""},
		{"the new one", secrets(ago(time.Minute), ago(time.Hour)), "The new secret cs_new… is in use: it was used last, 1 min ago. The old one CI (cs_old…) can be ended early.", ""},
		{"the old one, the new one never", secrets(time.Time{}, ago(time.Minute)), "The old secret CI (cs_old…) is still in use: it was used last, 1 min ago. The new one has not been used yet.", "old"},
		{"the old one, the new one before", secrets(ago(time.Hour), ago(time.Minute)), "The old secret CI (cs_old…) is still in use: it was used last, 1 min ago; the new one 1 h ago.", "old"},
		{"used, and nothing follows", secrets(noon, noon)[1:], "", "old"},
		{"the only one, and not used", secrets(noon, time.Time{})[1:2], "", "old"},
		{"not used, beside another", secrets(noon, time.Time{})[1:], "", ""},
	}
	for _, tt := range tests {
		v := ApplicationView{App: registry.ApplicationDetails{Secrets: tt.secrets}, Now: noon}
		var ending []string
		for _, s := range v.endingSoon() {
			ending = append(ending, s.ID)
		}
		if got := strings.Join(v.rotations(), " "); got != tt.want || strings.Join(ending, " ") != tt.ending {
			t.Errorf("%s: got %q, ending %v; want %q, %q", tt.name, got, ending, tt.want, tt.ending)
		}
	}
}

// Long names and many scopes are shown whole.
func TestApplicationPageHoldsMuch(t *testing.T) {
	v := demoApplication()
	v.App.Name = strings.Repeat("Ä", 80)
	v.App.Scopes, v.Catalogue.Services = nil, v.Catalogue.Services[:1]
	for i := range 40 {
		v.App.Scopes = append(v.App.Scopes, registry.Scope{Key: fmt.Sprintf("orders.%s:read%d", strings.Repeat("x", 60), i), Name: "Read", Description: "Opens it."})
	}
	v.Catalogue.Services[0].Scopes = v.App.Scopes
	page, err := goquery.NewDocumentFromReader(strings.NewReader(viewtest.HTML(t, ApplicationPage(demoShell(), v))))
	if err != nil {
		t.Fatal(err)
	}
	if got := page.Find("h1").Text(); got != v.App.Name {
		t.Errorf("got the name %q, want %q", got, v.App.Name)
	}
	if got := page.Find(".access code").Length(); got != 40 {
		t.Errorf("got %d scopes, want 40", got)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
