package views

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/ui"
	"clientele/views/viewtest"
)

// demoList is a page of the list with a row in every state.
func demoList() Applications {
	row := func(id, name string, change func(*registry.ApplicationRow)) registry.ApplicationRow {
		r := registry.ApplicationRow{
			Application: registry.Application{
				ID: "cl_demo" + id, Type: registry.OAuthClient, Origin: registry.TeamOrigin, Status: registry.Active, Name: name,
				CreatedAt: noon.Add(-100 * 24 * time.Hour), CreatedBy: "us_demo", CreatedByName: "Demo Admin", LastUsedAt: noon.Add(-2 * time.Minute),
			},
			Scopes: 3, Permissions: 1, Secrets: 1,
		}
		change(&r)
		return r
	}
	return Applications{
		Scopes: demoServices().Services, Now: noon, MayView: true, MayManage: true,
		Page: registry.ApplicationPage{
			All: registry.Count{N: 1000, More: true}, Team: registry.Count{N: 912, More: true}, Platform: registry.Count{N: 88},
			Prev: "PREV", Next: "NEXT",
			Unknown: registry.AuthenticationFailures{Count: 1204, LastAt: noon.Add(-time.Hour), LastAddress: "203.0.113.5", LastReason: registry.UnknownClient},
			Applications: []registry.ApplicationRow{
				row("active", "Ledger <Sync>", func(*registry.ApplicationRow) {}),
				row("ending", "Rotating", func(r *registry.ApplicationRow) { r.SecretEnds, r.Secrets = noon.Add(20*time.Hour), 2 }),
				row("powerless", "Powerless", func(r *registry.ApplicationRow) { r.Permissions = 0 }),
				row("unused", "Unused", func(r *registry.ApplicationRow) { r.LastUsedAt = time.Time{} }),
				row("mute", "Mute", func(r *registry.ApplicationRow) { r.Secrets = 0 }),
				row("disabled", "Disabled", func(r *registry.ApplicationRow) { r.Status = registry.Disabled }),
				row("key", "A key", func(r *registry.ApplicationRow) { r.Type = registry.ApplicationKey }),
				row("locked", "Locked", func(r *registry.ApplicationRow) {
					r.Origin, r.CreatedBy, r.CreatedByName = registry.PlatformOrigin, "", "Platform"
				}),
			},
		},
	}
}

func listWith(change func(*Applications)) Applications {
	l := demoList()
	change(&l)
	return l
}

func TestApplicationsPages(t *testing.T) {
	shell := demoShell()
	none := registry.ApplicationPage{}
	form := RegenerateForm{App: demoApplication().App, Now: noon, Back: "/admin/applications?q=a&sort=name", Input: registry.RotationInput{Seen: 1}}
	inDialog := shell
	inDialog.Dialog = true
	pages := map[string]templ.Component{
		"applications": ApplicationsPage(shell, demoList()),
		"applications_viewed": ApplicationsPage(shell, listWith(func(l *Applications) {
			l.MayManage = false
			l.Page.Prev, l.Page.Next = "", ""
		})),
		"applications_filtered": ApplicationsPage(shell, listWith(func(l *Applications) {
			l.Query = registry.ApplicationQuery{
				Origin: registry.TeamOrigin, Type: registry.OAuthClient, Status: registry.Active, Scope: "gone:read",
				Attention: registry.Unused, Search: `a "b" <c>`, Sort: registry.SortName,
			}
			l.Page.Partial = true
		})),
		"applications_deleted": ApplicationsPage(shell, listWith(func(l *Applications) {
			l.Query.Status = registry.Deleted
			l.Page.Applications = l.Page.Applications[:1]
			l.Page.Applications[0].DeletedAt = noon.Add(-9 * 24 * time.Hour)
		})),
		"applications_first": ApplicationsPage(shell, listWith(func(l *Applications) { l.Page = none })),
		"applications_none": ApplicationsPage(shell, listWith(func(l *Applications) {
			l.Page, l.Query.Search, l.Query.Origin = none, "zzz", registry.TeamOrigin
		})),
		"applications_no_platform": ApplicationsPage(shell, listWith(func(l *Applications) { l.Page, l.Query.Origin = none, registry.PlatformOrigin })),
		"applications_gone": ApplicationsPage(shell, listWith(func(l *Applications) {
			l.Query, l.Page, l.Invalid = registry.ApplicationQuery{Search: "a", After: "x"}, none, registry.Invalid{"page": "That page is no longer there."}
		})),
		"applications_wrong": ApplicationsPage(shell, listWith(func(l *Applications) {
			l.Page, l.Invalid = none, registry.Invalid{"type": "Choose a type from: oauth_client, application_key."}
		})),
		"regenerate":        RegeneratePage(shell, form),
		"regenerate_dialog": RegeneratePage(inDialog, form),
		"regenerate_wrong": RegeneratePage(inDialog, RegenerateForm{
			App: form.App, Now: noon, Back: "/admin/applications", Input: registry.RotationInput{End: "at", At: "2026-01-01T00:00", Seen: 1},
			Invalid: registry.Invalid{"at": "Choose a time in the future."},
		}),
		"regenerated":        RegeneratedPage(shell, form),
		"regenerated_dialog": RegeneratedPage(inDialog, form),
		"disable":            DisableApplicationPage(shell, form.App.Application, "/admin/applications"),
		"disable_dialog":     DisableApplicationPage(inDialog, form.App.Application, "/admin/applications"),
		"enable":             EnableApplicationPage(shell, form.App.Application, "/admin/applications"),
		"delete":             DeleteApplicationPage(shell, DeleteApplicationForm{App: form.App.Application, Back: "/admin/applications"}),
		"delete_wrong": DeleteApplicationPage(inDialog, DeleteApplicationForm{
			App: form.App.Application, Back: "/admin/applications", Typed: "Ledger", Invalid: registry.Invalid{"confirm": "Type the application’s name exactly: Ledger Sync"},
		}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestRowStatus(t *testing.T) {
	want := []string{
		"Active", "Secret ends in 20 h", "No permissions", "Not used yet", "No secret accepted", "Disabled", "Active", "Active",
	}
	l := demoList()
	for i, row := range l.Page.Applications {
		if got := l.rowStatus(row); got.Text != want[i] {
			t.Errorf("%s: got %q, want %q", row.Name, got.Text, want[i])
		}
	}
}

func TestCountWords(t *testing.T) {
	for want, c := range map[string]registry.Count{
		"0": {}, "12": {N: 12}, "88+": {N: 88, More: true}, "1,000+": {N: 1000, More: true}, "": {More: true},
	} {
		if got := countWords(c); got != want {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
	for want, n := range map[string]int{"1 application": 1, "0 applications": 0, "1,000 applications": 1000} {
		if got := listWith(func(l *Applications) { l.Page = registry.ApplicationPage{All: registry.Count{N: n}} }).pages(); got != (ui.Pages{Text: want}) {
			t.Errorf("%d: got %+v, want %q", n, got, want)
		}
	}
}
