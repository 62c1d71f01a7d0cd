package views

import (
	"testing"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/ui"
	"clientele/views/viewtest"
)

// demoShell is what stands around the pages in tests, for an administrator.
func demoShell() Shell {
	return Shell{
		Title: "Applications", Active: "applications", Theme: "dark", Path: "/admin/applications?q=a&b",
		TeamName: "Demo team", Issuer: "auth.example.com",
		Nav: []NavItem{
			{Key: "applications", Label: "Applications", Icon: "app-window", Href: "/admin/applications"},
			{Key: "scopes", Label: "Scopes", Icon: "braces", Href: "/admin/scopes"},
		},
		User:   &ShellUser{Name: "Demo Admin", Email: "admin@example.com"},
		Allows: func(registry.Permission) bool { return true }, Granter: registry.EveryGranter,
	}
}

func TestLayout(t *testing.T) {
	signedIn := demoShell()
	nobody := Shell{Title: "Sign in", Theme: "no such theme", Path: "/login", Flash: "You are signed out."}
	dialog := demoShell()
	dialog.Dialog = true
	question := ui.Dialog{Title: "Disable Ledger Sync?", Icon: "ban", Kind: ui.Danger, Action: "/disable", Cancel: "/admin/applications", Submit: ui.Action{Text: "Disable application", Kind: ui.Danger}}
	missing := Failure{Status: 404, Title: "Page not found", Text: "There is nothing here, or nothing that you may see.", RequestID: "REQUEST1"}
	broken := Failure{Status: 500, Title: "Something went wrong", Text: "The fault is on our side.", RequestID: "REQUEST1"}
	gone := Failure{Status: 410, Title: "That secret was already shown", Text: "Only its hash is kept.", Action: ui.Action{Text: "Regenerate secret", Href: "/regenerate"}}

	pages := map[string]templ.Component{
		"layout":          Layout(signedIn),
		"plain":           Plain(nobody),
		"confirm":         Confirm(signedIn, question),
		"confirm_dialog":  Confirm(dialog, question),
		"error":           ErrorPage(signedIn, missing),
		"error_signedout": ErrorPage(nobody, broken),
		"error_gone":      ErrorPage(signedIn, gone),
		"error_dialog":    ErrorDialog(broken),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestShellMay(t *testing.T) {
	var nobody Shell
	if nobody.May(registry.ViewApplications) {
		t.Error("got that nobody may view applications, want that they may not")
	}
	admin := demoShell()
	if !admin.May(registry.ViewApplications) {
		t.Error("got that an administrator may not view applications, want that they may")
	}
}
