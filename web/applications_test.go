package web

import (
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// listedNames returns the applications that a list shows.
func listedNames(a answer) []string {
	return a.page().Find("tbody .who-line > :first-child").Map(trimmed)
}

func TestApplicationsPage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		first := b.get(applicationsPath)
		first.has(http.StatusOK, "Register the first OAuth client", "Add new application", "OAuth Client")
		if href := first.page().Find(".empty a").AttrOr("href", ""); href != "/admin/applications/new/oauth-client" {
			t.Errorf("got %q, want the way to register one", href)
		}
		if _, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, demoOrders, false, false); err != nil {
			t.Fatal(err)
		}
		ledger := b.register("Ledger Sync", url.Values{"scope": {"orders:read", "audit.log:read"}})
		s.clock.Advance(time.Hour)
		b.register("Invoice Bot", url.Values{"scope": {"audit.log:read"}})
		platform := s.platformApplication(t)

		tests := []struct {
			query string
			want  []string
		}{
			{"?sort=name", []string{"Invoice Bot", "Ledger Sync", "Scheduler"}},
			{"?sort=-name", []string{"Scheduler", "Ledger Sync", "Invoice Bot"}},
			{"?sort=created", []string{"Ledger Sync"}},
			{"?q=LEDGER", []string{"Ledger Sync"}},
			{"?q=" + strings.TrimPrefix(ledger, applicationsPath+"/"), []string{"Ledger Sync"}},
			{"?q=first+admin&sort=name", []string{"Invoice Bot", "Ledger Sync"}},
			{"?q=in", []string{"Invoice Bot"}},
			{"?q=%25&sort=name", nil},
			{"?q=%22%5C%27%F0%9F%9A%80", nil},
			{"?origin=platform", []string{"Scheduler"}},
			{"?origin=team&sort=name", []string{"Invoice Bot", "Ledger Sync"}},
			{"?scope=orders:read&sort=name", []string{"Ledger Sync", "Scheduler"}},
			{"?scope=orders:read&origin=team", []string{"Ledger Sync"}},
			{"?status=disabled", nil},
			{"?status=deleted", nil},
			{"?type=application_key", nil},
			{"?attention=no_permissions&q=ledger", []string{"Ledger Sync"}},
			{"?attention=unused", nil},
			{"?other=parameter&sort=name&q=", []string{"Invoice Bot", "Ledger Sync", "Scheduler"}},
		}
		for _, tt := range tests {
			page := b.get(applicationsPath + tt.query)
			got := listedNames(page)
			if tt.query == "?sort=created" {
				got = got[:1]
			}
			if page.Code != http.StatusOK || !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %d %v, want %v", tt.query, page.Code, got, tt.want)
			}
			if tt.want == nil {
				page.has(http.StatusOK, "No applications match", "Clear search")
			}
		}

		page := b.get(applicationsPath + "?q=sync&sort=name").page()
		if got := page.Find(".tab .count").Map(trimmed); !slices.Equal(got, []string{"1", "1", "0"}) {
			t.Errorf("got the counts %v, want that of a search", got)
		}
		if got := page.Find(".tab").Map(func(_ int, tab *goquery.Selection) string { return tab.AttrOr("href", "") }); !slices.Equal(got,
			[]string{applicationsPath + "?q=sync&sort=name", applicationsPath + "?origin=team&q=sync&sort=name", applicationsPath + "?origin=platform&q=sync&sort=name"}) {
			t.Errorf("got the tabs %v, want that they keep search and order", got)
		}
		if got := page.Find(`.menu[id^="menu-"] a`).Map(trimmed); !slices.Equal(got, []string{"Regenerate secret…", "Edit", "Disable…", "Delete…"}) {
			t.Errorf("got the menu %v", got)
		}
		if row := b.get(applicationsPath + "?origin=platform").page(); row.Find(".cell-menu button").Length() != 0 || row.Find(".who .vh").Text() != ", locked" ||
			row.Find(".who-name").AttrOr("href", "") != platform {
			t.Errorf("got %s, want a locked row", row.Find("tbody").Text())
		}
	})
}

func TestApplicationsPageByViewer(t *testing.T) {
	s := newSite(t)
	b, _ := s.withApplication(t)
	viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
	page := viewer.get(applicationsPath)
	page.has(http.StatusOK, "Ledger Sync", "Download CSV")
	if n := page.page().Find(".cell-menu button, #new-application").Length(); n != 0 {
		t.Errorf("got %d menus, want none for who may only look", n)
	}
	// A manager who may not give permissions does not see new secrets of what holds some.
	manager := s.holding(t, "manager@example.com", registry.ViewApplications, registry.ManageApplications)
	menu := func() []string { return manager.get(applicationsPath).page().Find(`.menu[id^="menu-"] a`).Map(trimmed) }
	if got := menu(); !slices.Contains(got, "Regenerate secret…") {
		t.Errorf("got the menu %v, want to regenerate", got)
	}
	id := s.applications(t)[0].ID
	err := s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{
		Subject: registry.Subject{Type: registry.ApplicationSubject, ID: id}, Service: "orders", Kind: registry.PermissionGrant, Key: "view",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := menu(); slices.Contains(got, "Regenerate secret…") || len(got) != 3 {
		t.Errorf("got the menu %v, want no way to regenerate", got)
	}
	s.holding(t, "auditor@example.com", registry.ReadAuditLog).get(applicationsPath).has(http.StatusNotFound, "Page not found")
	s.browser(t).get(applicationsPath + "?q=a").redirects("/login?return_to=" + url.QueryEscape(applicationsPath+"?q=a"))
	b.withHTMX().get(applicationsPath+"?q=ledger").has(http.StatusOK, `id="apps"`, "Ledger Sync")
}

func TestApplicationsPageByPage(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	admin := storetest.User(t, s.Store, "Demo Maker", "maker@example.com", true).Actor()
	for i := range 101 {
		_, _, err := s.Store.CreateClient(t.Context(), admin, registry.NewClient{
			ClientDetails: registry.ClientDetails{Name: "Demo " + strings.Repeat("a", i%5) + string(rune('a'+i/5)), Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic},
			Scopes:        []string{"audit.log:read"},
		}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
	}
	link := func(a answer, text string) string {
		return a.page().Find(".pager-links a").FilterFunction(func(_ int, l *goquery.Selection) bool { return strings.TrimSpace(l.Text()) == text }).AttrOr("href", "")
	}
	seen := map[string]bool{}
	page := b.get(applicationsPath + "?sort=-name&status=active")
	for _, rows := range []int{50, 50, 1} {
		got := listedNames(page)
		if len(got) != rows {
			t.Fatalf("got %d rows, want %d", len(got), rows)
		}
		for _, name := range got {
			seen[name] = true
		}
		page.has(http.StatusOK, "101 applications")
		if rows == 50 {
			page = b.get(link(page, "Next"))
		}
	}
	if len(seen) != 101 || link(page, "Next") != "" || link(page, "First") != applicationsPath+"?sort=-name&status=active" {
		t.Errorf("got %d applications, and %q as the first page", len(seen), link(page, "First"))
	}
	if back := b.get(link(b.get(link(page, "Previous")), "Previous")); len(listedNames(back)) != 50 || link(back, "Previous") != "" {
		t.Errorf("got %d rows, want to be on the first page", len(listedNames(back)))
	}
	for query, want := range map[string]string{
		"?after=x":                             "That page is no longer there",
		"?after=x&q=demo":                      "That page is no longer there",
		"?before=%27%20OR%201=1":               "That page is no longer there",
		"?sort=name&after=" + afterOf(b, link): "That page is no longer there",
		"?type=x":                              "There is no such list",
		"?sort=last_used_at":                   "Choose an order from",
		"?scope=a%01":                          "There is no such list",
		"?origin=all&status=gone":              "Choose a status from",
	} {
		b.get(applicationsPath+query).has(http.StatusUnprocessableEntity, want)
	}
	if got := b.get(applicationsPath+"?after=x&q=demo").page().Find(".empty a").AttrOr("href", ""); got != applicationsPath+"?q=demo" {
		t.Errorf("got %q, want the first page of the search", got)
	}
}

// afterOf returns a cursor of the default order.
func afterOf(b *browser, link func(answer, string) string) string {
	to, err := url.Parse(link(b.get(applicationsPath), "Next"))
	if err != nil {
		b.t.Fatal(err)
	}
	return to.Query().Get("after")
}

func TestApplicationsCSV(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		id := strings.TrimPrefix(path, applicationsPath+"/")
		err := s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: id}, Service: "orders", Object: "shop", Kind: registry.TemplateGrant, Key: "viewer",
		})
		if err != nil {
			t.Fatal(err)
		}
		b.register(`=HYPERLINK("https://evil.example","click")`, url.Values{"scope": {"audit.log:read"}})
		file := b.get(applicationsPath + ".csv")
		if got := file.Header(); file.Code != http.StatusOK || !strings.HasPrefix(got.Get("Content-Type"), "text/csv; charset=utf-8") ||
			got.Get("Content-Disposition") != `attachment; filename="applications.csv"` || got.Get("Cache-Control") != "no-store" {
			t.Errorf("got %d %v", file.Code, got)
		}
		rows, err := csv.NewReader(file.Body).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := map[string]int{}
		for i, name := range rows[0] {
			column[name] = i
		}
		var got []string
		for _, row := range rows[1:] {
			var cells []string
			for _, name := range []string{"name", "created by", "owners", "service", "scopes", "object name", "object ID", "templates", "actions"} {
				cells = append(cells, row[column[name]])
			}
			got = append(got, strings.Join(cells, "|"))
		}
		want := []string{
			`'=HYPERLINK("https://evil.example","click")|First Admin|First Admin|Audit log|audit.log:read||||`,
			"Ledger Sync|First Admin|First Admin|Audit log|audit.log:read||||",
			"Ledger Sync|First Admin|First Admin|Demo orders|orders:read||||",
			"Ledger Sync|First Admin|First Admin|Demo orders||Shop|shop|Viewer|view",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		b.send(httptest.NewRequest(http.MethodHead, applicationsPath+".csv", nil)).has(http.StatusMethodNotAllowed)
		s.holding(t, "nobody@example.com", registry.ReadAuditLog).get(applicationsPath + ".csv").has(http.StatusNotFound)
		page, err := s.Store.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Action: "application.download"})
		if err != nil || len(page.Entries) != 1 || page.Entries[0].Actor.Name != "First Admin" {
			t.Errorf("got %+v, %v, want one download by First Admin", page.Entries, err)
		}
	})
}
