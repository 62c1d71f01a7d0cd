package views

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestClientPages(t *testing.T) {
	admin, clerk := demoShell(), demoShell()
	clerk.Allows = func(p registry.Permission) bool { return p.Service == "applications" }
	clerk.Granter = registry.Granter{}
	details := registry.ClientDetails{
		Name: "Ledger <Sync>", Description: "Books orders.", Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic,
	}
	input := registry.NewClient{ClientDetails: details, Scopes: []string{"audit.log:read"}, Templates: map[string]string{"audit": "admin"}}

	created := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	app := registry.ApplicationDetails{
		Application: registry.Application{
			ID: "cl_abcdefghijklmnop", Type: registry.OAuthClient, Origin: registry.TeamOrigin, Status: registry.Active,
			Name: details.Name, Grants: details.Grants, AuthMethod: details.AuthMethod, CreatedAt: created,
		},
		Secrets: []registry.ClientSecret{{ID: "se_1", Prefix: "cs_123456", CreatedAt: created}},
	}
	rotated := app
	rotated.Secrets = []registry.ClientSecret{
		{ID: "se_2", Prefix: "cs_shown-", Name: "CI runner", CreatedAt: created.Add(time.Hour), ExpiresAt: created.AddDate(0, 0, 90)},
		{ID: "se_1", Prefix: "cs_123456", CreatedAt: created, ExpiresAt: created.Add(25 * time.Hour), ReplacedBy: "se_2"},
	}
	credentials := Credentials{
		TokenEndpoint: "https://auth.example.com/oauth2/token", ClientID: app.ID, Secret: registry.ParseSecret("cs_shown-in-tests-only"),
		AuthMethod: registry.SecretBasic, Scopes: []string{"applications:read", "audit.log:read"},
	}
	byPost := credentials
	byPost.AuthMethod = registry.SecretPost
	portal := portalApplication().App
	forUsers := credentials
	forUsers.Issuer, forUsers.RedirectURIs, forUsers.Refresh = "https://auth.example.com", portal.RedirectURIs, true
	forUsers.Scopes = portal.ScopeKeys()
	both := portal
	both.Grants = []string{registry.AuthorizationCode, registry.ClientCredentials}
	public, byPublic := portal, forUsers
	public.AuthMethod, public.Secrets = registry.PublicClient, nil
	byPublic.Issuer, byPublic.AuthMethod, byPublic.Secret, byPublic.Refresh, byPublic.Scopes = "http://localhost:8080", registry.PublicClient, registry.Secret{}, false, []string{"orders:read"}
	usersInput := registry.NewClient{ClientDetails: portal.Details(), Scopes: []string{"openid", "audit.log:read"}, Required: []string{"audit.log:read"}}
	trial := Trial{
		App: app.Application, Token: "e30.e30.c2ln", Header: "{}", Claims: "{}", Now: created, ExpiresAt: created.Add(15 * time.Minute),
		Calls: []APICall{
			{Request: "GET /api/v1/audit-log?limit=1", Status: 403, Body: `{"status": 403}`, Missing: "Use audit log API of Audit log"},
			{Request: "GET /api/v1/applications?limit=1", Status: 200, Body: `{"applications": []}`},
			{Request: "GET /api/v1/applications?limit=1", Status: 401, Body: `{"status": 401}`},
		},
	}
	elsewhere := trial
	elsewhere.Calls, elsewhere.Audience = nil, []string{"https://orders.example.com", "https://billing.example.com"}
	disabled := app.Application
	disabled.Status = registry.Disabled
	refused := func(app registry.Application, code string) *Trial {
		return &Trial{App: app, Refused: &TokenRefusal{Code: code, Description: "As the token endpoint says."}}
	}

	pages := map[string]templ.Component{
		"client_details":            ClientDetailsPage(admin, ClientDetailsForm{}),
		"client_details_unfinished": ClientDetailsPage(admin, ClientDetailsForm{Unfinished: []UnfinishedClient{{"dr_abc", "Ledger Sync"}, {"dr_def", "<Portal>"}}}),
		"client_details_wrong": ClientDetailsPage(admin, ClientDetailsForm{Draft: "dr_abc", Input: details, Invalid: registry.Invalid{
			"name": "Another application has this name already.", "auth_method": "Choose an authentication method.",
		}}),
		"client_scopes": ClientScopesPage(admin, ClientScopesForm{Draft: "dr_abc", Input: input, Catalogue: registry.BuiltIn()}),
		"client_scopes_wrong": ClientScopesPage(clerk, ClientScopesForm{Draft: "dr_abc", Input: registry.NewClient{ClientDetails: details}, Catalogue: registry.BuiltIn(), Invalid: registry.Invalid{
			"scope": "Choose at least one scope.", "name": "Another application has this name already.",
		}}),
		"client_details_users": ClientDetailsPage(admin, ClientDetailsForm{Draft: "dr_abc", Input: portal.Details(), Logo: []byte("PNG")}),
		"client_scopes_users":  ClientScopesPage(admin, ClientScopesForm{Draft: "dr_abc", Input: usersInput, Catalogue: registry.BuiltIn()}),
		"client_secret_users":  ClientSecretPage(admin, Handover{Catalogue: demoServices(), App: portal, Credentials: forUsers, CodeSnippets: mustSnippets(t, forUsers.CodeSnippets)}),
		"client_secret_both": ClientSecretPage(admin, Handover{
			Catalogue: demoServices(),
			App:       both, Credentials: forUsers, Snippets: mustSnippets(t, forUsers.Snippets), CodeSnippets: mustSnippets(t, forUsers.CodeSnippets),
		}),
		"client_connect":        ClientConnectPage(admin, Handover{Catalogue: demoServices(), App: public, Credentials: byPublic, CodeSnippets: mustSnippets(t, byPublic.CodeSnippets)}),
		"client_secret":         ClientSecretPage(admin, Handover{Catalogue: demoServices(), App: app, Credentials: credentials, Snippets: mustSnippets(t, credentials.Snippets)}),
		"client_secret_rotated": ClientSecretPage(clerk, Handover{Catalogue: demoServices(), App: rotated, Credentials: byPost, Held: []string{"Admin of Audit log", "View of Orders"}, Snippets: mustSnippets(t, byPost.Snippets)}),
		"client_secret_clerk":   ClientSecretPage(clerk, Handover{Catalogue: demoServices(), App: app, Credentials: credentials}),
		"client_secret_gone":    SecretGonePage(admin, app.Application),
		"client_try":            ClientTryPage(admin, TrialForm{App: app.Application, Invalid: registry.Invalid{"client_secret": "Paste the client secret."}}),
		"client_try_called":     ClientTryPage(admin, TrialForm{App: app.Application, Trial: &trial}),
		"client_try_elsewhere":  ClientTryPage(admin, TrialForm{App: app.Application, Trial: &elsewhere}),
		"client_try_refused":    ClientTryPage(admin, TrialForm{App: app.Application, Trial: refused(app.Application, "invalid_client")}),
		"client_try_scopeless":  ClientTryPage(admin, TrialForm{App: app.Application, Trial: refused(app.Application, "invalid_scope")}),
		"client_try_disabled":   ClientTryPage(admin, TrialForm{App: disabled, Trial: refused(disabled, "invalid_client")}),
		"client_try_later":      ClientTryPage(admin, TrialForm{App: app.Application, Trial: refused(app.Application, "temporarily_unavailable")}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func mustSnippets(t *testing.T, write func() ([]Snippet, error)) []Snippet {
	t.Helper()
	snippets, err := write()
	if err != nil {
		t.Fatal(err)
	}
	return snippets
}
