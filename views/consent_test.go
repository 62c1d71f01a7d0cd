package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

// demoQuestion is one that asks for something of every kind of service.
func demoQuestion() ConsentForm {
	services, builtIn := demoServices(), registry.BuiltIn()
	openID, _ := builtIn.Service(registry.OpenIDService)
	audit, _ := builtIn.Service("audit")
	scope := func(s registry.Scope, required, ticked bool) registry.ConsentScope {
		return registry.ConsentScope{Scope: s, Required: required, Ticked: ticked}
	}
	orders, search := services.Services[0], services.Services[1]
	return ConsentForm{
		Question: registry.ConsentQuestion{
			ID: "aq_demo0000000001",
			Client: registry.ConsentClient{
				ID: "cl_demo0000000001", Name: "Ledger Sync", Description: "Books orders every night.", Logo: "0123456789abcdef", HomePage: "https://ledger.example/about",
				Trust: registry.Verified, Origin: registry.TeamOrigin, CreatedByName: "Demo Clerk", CreatedAt: noon,
			},
			RedirectURI: "https://app.ledger.example:8443/oauth/callback?from=clientele",
			Services: []registry.ConsentService{
				{Service: openID, Scopes: []registry.ConsentScope{scope(openID.Scopes[0], true, true), scope(openID.Scopes[2], false, true)}},
				{
					Service: orders,
					Scopes:  []registry.ConsentScope{scope(orders.Scopes[0], true, true), scope(orders.Scopes[1], false, false)},
					Held:    []registry.HeldGrant{{Service: "orders", Object: "web/returns", Kind: registry.TemplateGrant, Key: "viewer"}},
				},
				{Service: search, Scopes: []registry.ConsentScope{scope(search.Scopes[0], false, true)}},
				{Service: audit, Scopes: []registry.ConsentScope{scope(audit.Scopes[0], false, true)}},
			},
		},
		Catalogue:     registry.Catalogue{Services: append(services.Services, builtIn.Services...)},
		SwitchAccount: "/login?again=1&return_to=%2Foauth2%2Fauthorize%3Fclient_id%3Dcl_demo0000000001",
	}
}

// asked returns the question after a change.
func asked(change func(*ConsentForm)) ConsentForm {
	f := demoQuestion()
	change(&f)
	return f
}

func TestConsentPages(t *testing.T) {
	shell := demoShell()
	shell.Title, shell.Path = "Ledger Sync wants to act for you", "/oauth2/authorize"
	long := strings.Repeat("Departmental Reconciliation ", 3)
	pages := map[string]templ.Component{
		"consent": ConsentPage(shell, demoQuestion()),
		"consent_renewed": ConsentPage(shell, asked(func(f *ConsentForm) {
			f.Question.Renews, f.Question.RedirectURI = true, "com.ledger.app:/callback"
		})),
		"consent_first_party": ConsentPage(shell, asked(func(f *ConsentForm) {
			f.Question.Renews, f.Question.Client.Trust, f.Question.Client.Origin = true, registry.FirstParty, registry.PlatformOrigin
		})),
		"consent_unverified": ConsentPage(shell, asked(func(f *ConsentForm) {
			f.Question.Client = registry.ConsentClient{ID: "cl_demo0000000002", Name: "Ledger <Sync>", Trust: registry.Unverified, Origin: registry.TeamOrigin, CreatedByName: "Demo Clerk", CreatedAt: noon}
			f.Question.Services = f.Question.Services[:1]
			f.Question.Services[0].Scopes = f.Question.Services[0].Scopes[:1]
			f.Question.RedirectURI = "http://127.0.0.1:49152/"
		})),
		"consent_wrong": ConsentPage(shell, asked(func(f *ConsentForm) {
			f.Answer = registry.ConsentAnswer{Scopes: []string{"openid", "orders:write"}, For: "ever"}
			f.Invalid = registry.Invalid{"scope": "The application needs Read orders. Allow it, or deny all.", "for": "Choose a duration."}
		})),
		"consent_long": ConsentPage(shell, asked(func(f *ConsentForm) {
			f.Question.Client.Name, f.Question.Client.CreatedByName = strings.ReplaceAll(long, " ", ""), long
			f.Question.Client.HomePage = "https://" + strings.Repeat("a-rather-long-label.", 8) + "example/"
			f.Question.RedirectURI = f.Question.Client.HomePage + strings.Repeat("callback/", 20)
			s := &f.Question.Services[1]
			s.Service.Name, s.Scopes[0].Name, s.Scopes[1].Description = long, strings.ReplaceAll(long, " ", "_"), strings.Repeat(long, 4)
			for _, key := range []string{"view", "edit", "delete", "gone"} {
				s.Held = append(s.Held, registry.HeldGrant{Service: "orders", Kind: registry.PermissionGrant, Key: key}, registry.HeldGrant{Service: "orders", Kind: registry.PermissionGrant, Key: key, Object: "web"})
			}
		})),
		"consent_gone":       ConsentGonePage(shell, "Ledger <Sync>"),
		"consent_gone_whose": ConsentGonePage(shell, ""),
		"authorize_error":    AuthorizeErrorPage(shell, Failure{Status: 400, Title: "Not shown", Text: "redirect_uri is not registered on the client cl_demo0000000001."}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, mainOf(page)) })
	}
}

func TestHeldWords(t *testing.T) {
	f := demoQuestion()
	held := func(keys ...string) []registry.HeldGrant {
		var all []registry.HeldGrant
		for _, key := range keys {
			all = append(all, registry.HeldGrant{Service: "orders", Kind: registry.PermissionGrant, Key: key})
		}
		return all
	}
	orders := f.Question.Services[1].Service
	tests := []struct {
		name    string
		service registry.ConsentService
		want    string
	}{
		{"who the user is", registry.ConsentService{Service: f.Question.Services[0].Service}, ""},
		{"a template on an object", f.Question.Services[1], "You hold Viewer on Web shop › Returns. It may do the same for you, as far as the scopes above go."},
		{"permissions on the whole", registry.ConsentService{Service: orders, Held: held("view", "edit")}, "You hold View orders, Edit orders. It may do the same for you, as far as the scopes above go."},
		{"as many as are named", registry.ConsentService{Service: orders, Held: held("view", "edit", "a", "b", "c")}, "You hold View orders, Edit orders, a, b, c. It may do the same for you, as far as the scopes above go."},
		{"more than that", registry.ConsentService{Service: orders, Held: held("view", "edit", "a", "b", "c", "d")}, "You hold View orders, Edit orders, a, b and 2 more. It may do the same for you, as far as the scopes above go."},
		{"of a service that is gone from the catalogue", registry.ConsentService{Service: registry.Service{Key: "x"}, Held: held("x")}, "You hold x. It may do the same for you, as far as the scopes above go."},
		{"none", registry.ConsentService{Service: orders}, "You hold no permissions here, so it can do nothing here until you are given some."},
		{"none to give", f.Question.Services[2], "Nobody needs permissions here: it may do what the scopes above say."},
	}
	for _, tt := range tests {
		words := f.held(tt.service)
		if got := words.Before + words.Names + words.After; got != tt.want || (words.Icon == "") != (tt.want == "") {
			t.Errorf("%s: got %q with icon %q, want %q", tt.name, got, words.Icon, tt.want)
		}
	}
}

func TestDestination(t *testing.T) {
	const site, program, app = "this site", "a program on this device", "an app on this device"
	tests := []struct {
		redirectURI string
		want        destination
	}{
		{"https://app.example/callback", destination{site, "https://", "app.example", ""}},
		{"https://app.example:8443/callback?a=b", destination{site, "https://", "app.example", ":8443"}},
		{"https://bank.example@evil.example/", destination{site, "https://", "evil.example", ""}},
		{"https://bank.example.evil.example/", destination{site, "https://", "bank.example.evil.example", ""}},
		{"https://localhost.evil.example/", destination{site, "https://", "localhost.evil.example", ""}},
		{"http://localhost:3000/", destination{program, "http://", "localhost", ":3000"}},
		{"http://127.0.0.1/", destination{program, "http://", "127.0.0.1", ""}},
		{"http://[::1]:49152/", destination{program, "http://", "[::1]", ":49152"}},
		{"com.example.app:/callback", destination{app, "", "com.example.app", ":"}},
		{"com.example.app:callback", destination{app, "", "com.example.app", ":"}},
		{"com.example.app://callback", destination{app, "", "com.example.app", ":"}},
		{"%", destination{"this address", "", "%", ""}},
	}
	for _, tt := range tests {
		if got := destinationOf(tt.redirectURI); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.redirectURI, got, tt.want)
		}
	}
}
