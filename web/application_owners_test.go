package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
	"clientele/store/storetest"
)

func TestOwnerPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		owners := path + "/owners"
		b.get(path).has(200, "First Admin", `href="`+owners+`"`)
		b.get(owners).has(200, "First Admin", "Look for them by name or e-mail address")
		u := storetest.User(t, s.Store, "Demo <User>", "user@demo.example", false)
		b.get(owners+"?q=zzz").has(200, "No users match")
		b.get(owners+"?q=demo").has(200, "Demo &lt;User&gt;", "user@demo.example", "Add Demo")
		b.get(owners+"?q=first").has(200, "No users match") // owns it already
		b.post(owners, url.Values{"user": {u.ID}, "q": {"demo"}}).redirects(owners)
		b.get(owners).has(200, "Added as an owner", "Demo &lt;User&gt;")
		b.post(owners, url.Values{"user": {"us_none"}}).has(404)
		b.get(owners + "/us_none/remove").has(404)
		b.post(owners+"/us_none/remove", nil).has(404)
		b.get("/admin/users/"+u.ID).has(200, "Ledger Sync")
		b.get("/admin/users/"+u.ID+"/disable").has(200, "They own 1 application, with others")

		off := storetest.User(t, s.Store, "Off", "off@demo.example", false)
		if err := s.Store.DisableUser(t.Context(), registry.Operator, off.ID, registry.Reason{}); err != nil {
			t.Fatal(err)
		}
		b.post(owners, url.Values{"user": {off.ID}, "q": {"zz<"}}).has(422, "Nothing was changed", "Off cannot sign in at the moment", `value="zz&lt;"`)

		admin := s.details(t, path).Owners
		for _, o := range admin {
			page := b.asked(owners + "/" + o.ID + "/remove")
			page.has(200, "no longer looks after")
			b.post(owners+"/"+o.ID+"/remove", filled(page)).redirects(owners)
		}
		b.get(owners).has(200, "No owner", "No longer an owner")
		b.get(path).has(200, "It has no owner", "Add an owner")
		b.get("/admin/applications?owner=me").has(200, "No applications match", `value="me" selected`)
		b.get("/admin/applications?owner="+u.ID).has(200, "Owned by Demo &lt;User&gt;", "No applications match")
	})
}

// An owner who holds no permission sees what is theirs, rotates its secrets,
// and finds nothing else.
func TestApplicationsByOwner(t *testing.T) {
	s := newSite(t)
	b, mine := s.withApplication(t)
	other := b.register("Not Theirs", url.Values{"scope": {"orders:read"}})
	if err := s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{
		Subject: registry.Subject{Type: registry.ApplicationSubject, ID: idIn(mine)}, Service: "orders", Kind: registry.TemplateGrant, Key: "viewer",
	}); err != nil {
		t.Fatal(err)
	}
	plain := s.holding(t, "plain@demo.example")
	plain.get("/").has(200, "Nothing")
	plain.get("/admin/applications").has(404)

	user := storetest.User(t, s.Store, "Owner", "owner@demo.example", false)
	b.post(mine+"/owners", url.Values{"user": {user.ID}}).redirects(mine + "/owners")
	o := s.browser(t)
	o.signIn("owner@demo.example", testPassword)
	o.get("/").redirects("/admin/applications")
	list := o.get("/admin/applications")
	list.has(200, "The applications that you own", "Ledger Sync", "Regenerate secret…")
	list.lacks("Not Theirs", "Add new application", "Download CSV", "Disable…")
	if nav := list.page().Find("nav a").Map(trimmed); !slices.Contains(nav, "Applications") || slices.Contains(nav, "Scopes") {
		t.Errorf("got the navigation %q, want Applications alone", nav)
	}
	for _, q := range []string{"?q=not+theirs", "?owner=" + s.details(t, other).CreatedBy + "&q=theirs", "?status=disabled", "?origin=platform"} {
		o.get("/admin/applications"+q).has(200, "No applications match")
		o.get("/admin/applications" + q).lacks("Not Theirs")
	}
	page := o.get(mine)
	page.has(200, "Ledger Sync", "Activity", "Register an application", "Add secret", "View orders")
	page.lacks("All in the audit log", `href="/admin/audit-log`, "Change owners", "Change allowed networks", "Edit scopes", "Disable…", "Delete…")

	secret := s.details(t, mine).Secrets[0].ID
	for path, want := range map[string]int{
		"": 200, "/test": 200, "/regenerate": 200, "/secrets/new": 200, "/permissions": 200,
		"/secrets/" + secret + "/edit": 200, "/secrets/" + secret + "/pause": 200, "/secrets/" + secret + "/end": 200, "/secret": 410,
		"/edit": 403, "/scopes": 403, "/scopes/review?scope=orders:read": 403, "/networks": 403, "/disable": 403, "/enable": 403, "/delete": 403,
		"/owners": 403, "/owners/" + user.ID + "/remove": 403, "/consents": 403, "/consents.csv": 403, "/consents/revoke": 403,
	} {
		if got := o.get(mine + path).Code; got != want {
			t.Errorf("%q of one's own: got %d, want %d", path, got, want)
		}
		if got := o.get(other + path).Code; got != 404 {
			t.Errorf("%q of another's: got %d, want 404", path, got)
		}
	}
	for path, form := range map[string]url.Values{
		"/edit": {"name": {"Mine"}}, "/scopes/review": {"scope": {"orders:write"}}, "/networks": {"networks": {"10.0.0.0/8"}}, "/disable": nil, "/delete": {"confirm": {"Ledger Sync"}},
		"/permissions": {"service": {"orders"}, "grant": {"permission:edit"}}, "/permissions/remove": {"service": {"orders"}, "grant": {"template:viewer"}},
		"/owners": {"user": {user.ID}}, "/owners/" + user.ID + "/remove": nil, "/consents/revoke": {"reason": {"x"}},
	} {
		o.post(mine+path, form).has(403)
		o.post(other+path, form).has(404)
	}
	for _, path := range []string{"/admin/applications.csv", "/admin/applications/new/oauth-client", "/admin/applications/disable?id=" + idIn(mine), "/admin/applications/delete?id=" + idIn(mine)} {
		o.get(path).has(403)
	}
	o.get("/admin/scopes").has(404)

	form := filled(o.get(mine + "/regenerate"))
	o.post(mine+"/regenerate", form).redirects(mine + "/secret")
	o.get(mine+"/secret").has(200, "cs_", "Ledger Sync")
	o.post(mine+"/secrets/"+secret+"/pause", nil).redirects(mine + "#secrets")
	o.post(other+"/regenerate", form).has(404)

	if err := s.Store.Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	if links := b.get("/profile/notices").page().Find("#main a").Map(func(_ int, a *goquery.Selection) string { return strings.TrimSpace(a.Text()) }); !slices.ContainsFunc(links, func(text string) bool {
		return strings.Contains(text, "Secret regenerated")
	}) {
		t.Errorf("got the notices %q of the other owner, want the new secret", links)
	}

	b.post(mine+"/owners/"+user.ID+"/remove", nil).redirects(mine + "/owners")
	o.get(mine).has(404)
	o.get("/admin/applications").has(404)
}
