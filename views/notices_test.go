package views

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

// demoNotices are one of each kind, the first unread.
func demoNotices() []registry.OwnNotice {
	admin := registry.Actor{Type: registry.UserActor, ID: "us_admin", Name: "Demo <Admin>"}
	var all []registry.OwnNotice
	for i, kind := range registry.NoticeTypes {
		all = append(all, registry.OwnNotice{
			Notice: registry.Notice{
				ID: "nt_" + string(kind.Kind), Kind: kind.Kind, At: noon.Add(-time.Duration(i) * 5 * time.Hour), Actor: admin,
				Target: registry.Target{Type: "application", ID: "cl_ledger", Name: "Ledger Sync"},
			},
			Read: i > 0,
		})
	}
	return all
}

func TestNoticesPage(t *testing.T) {
	shell := demoShell()
	shell.Active, shell.Unread = NoticesPath, 10
	all := demoNotices()
	own := demoNotices()[6:7]
	own[0].Own, own[0].Detail = true, registry.NoticeDetail{User: "Demo User", Reason: "Lost <laptop>"}
	pages := map[string]templ.Component{
		"notices": NoticesPage(shell, NoticeList{Page: registry.NoticePage{Notices: all, Older: true}, Now: noon}),
		"notices_unread": NoticesPage(shell, NoticeList{
			Query: registry.NoticeQuery{Unread: true, Before: "nt_x"}, Page: registry.NoticePage{Notices: all[:1], Newer: true, Older: true}, Now: noon,
		}),
		"notices_own":      NoticesPage(Shell{User: shell.User}, NoticeList{Page: registry.NoticePage{Notices: own}, Now: noon}),
		"notices_read":     NoticesPage(demoShell(), NoticeList{Query: registry.NoticeQuery{Unread: true}, Now: noon}),
		"notices_none":     NoticesPage(demoShell(), NoticeList{Now: noon}),
		"notices_no_place": NoticesPage(demoShell(), NoticeList{Invalid: registry.Invalid{"cursor": "That page is no longer there."}, Now: noon}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestBell(t *testing.T) {
	for n, want := range map[int]string{0: "Notices", 1: "1 unread, notices", 9: "9 unread, notices", 10: "9+ unread, notices"} {
		if got := bellLabel(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

// A notice leads where its reader may go.
func TestNoticeTarget(t *testing.T) {
	everything := func(registry.Permission) bool { return true }
	nothing := func(registry.Permission) bool { return false }
	app := registry.Target{Type: "application", ID: "cl_1"}
	tests := []struct {
		name   string
		notice registry.OwnNotice
		may    func(registry.Permission) bool
		want   string
	}{
		{"an administrator", registry.OwnNotice{Notice: registry.Notice{Kind: registry.NoticeConsentRevoked, Target: app}}, everything, "/admin/applications/cl_1"},
		{"who may not look", registry.OwnNotice{Notice: registry.Notice{Kind: registry.NoticeApplicationCreated, Target: app}}, nothing, NoticesPath},
		{"whom it affects", registry.OwnNotice{Notice: registry.Notice{Kind: registry.NoticeConsentRevoked, Target: app}, Own: true}, everything, OwnConsentsPath},
		{"whose permissions", registry.OwnNotice{Notice: registry.Notice{Kind: registry.NoticePermissionsChanged, Target: registry.Target{Type: "user", ID: "us_1"}}, Own: true}, nothing, NoticesPath},
	}
	for _, tt := range tests {
		if got := NoticeTarget(tt.notice, tt.may); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
