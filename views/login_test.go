package views

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestSignedOutPages(t *testing.T) {
	nobody := Shell{Title: "Sign in", Path: "/login"}
	typed := registry.Setup{Team: "Demo <team>", NewUser: registry.NewUser{Name: "Demo Admin", Email: "admin", Password: "never shown"}}
	pages := map[string]templ.Component{
		"login":         LoginPage(nobody, LoginForm{ReturnTo: "/"}),
		"login_refused": LoginPage(nobody, LoginForm{ReturnTo: "/admin/scopes?q=a&b", Email: "admin@example.com", Refused: true}),
		"login_wait":    LoginPage(nobody, LoginForm{ReturnTo: "/", Email: "admin@example.com", Wait: 4*time.Minute + time.Second}),
		"login_client":  LoginPage(nobody, LoginForm{ReturnTo: "/oauth2/authorize?client_id=cl_demo", Client: "Ledger <Sync>"}),
		"setup":         SetupPage(nobody, SetupForm{Code: "CODE"}),
		"setup_invalid": SetupPage(nobody, SetupForm{Code: "CODE", Input: typed, Invalid: registry.Invalid{
			"email": "Enter an e-mail address such as name@example.com.", "password": "Use at least 12 characters.",
		}}),
		"setup_link":     SetupLinkPage(nobody),
		"setup_done":     SetupDonePage(nobody),
		"nothing_to_see": NothingToSee(Shell{Title: "Welcome", Path: "/", User: &ShellUser{Name: "Demo Nobody", Email: "nobody@example.com"}}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestMinutes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "a minute", time.Minute: "a minute", time.Minute + time.Second: "2 minutes", 15 * time.Minute: "15 minutes",
	} {
		if got := minutes(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}
