package web

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store/storetest"
)

// rows returns the text of a page's rows, cell by cell.
func rows(page *goquery.Document) (all []string) {
	page.Find(".table tbody tr").Each(func(_ int, row *goquery.Selection) {
		cells := row.Find("th, td").Map(func(_ int, cell *goquery.Selection) string { return strings.Join(strings.Fields(cell.Text()), " ") })
		all = append(all, strings.Join(cells, " | "))
	})
	return all
}

func TestAuditLogPage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		app := s.client(t, "Demo Sync", auditScope)
		nobody := s.signedIn(t, "nobody@example.com", false)
		nobody.get("/admin/audit-log").has(404)
		nobody.get("/admin/audit-log/1").has(404)
		nobody.get("/admin/audit-log.csv").has(404)

		w := admin.get("/admin/audit-log")
		w.has(200, "Audit log")
		all := rows(w.page())
		if len(all) < 4 || !strings.HasPrefix(all[0], "Open a page") || !strings.Contains(all[0], "Demo User | /admin/audit-log.csv | 1 Jun 2026, 12:00:00 | Refused") {
			t.Errorf("got the rows %q, want the refusal first", all)
		}
		for _, tt := range []struct {
			query string
			want  []string
		}{
			{"action=application.*", []string{"Register an application application.create Command line · 1 Jun 2026, 12:00:00 | Command line | Demo Sync | 1 Jun 2026, 12:00:00 | Done"}},
			{"target=demo+sy&outcome=done", []string{"Register an application application.create Command line · 1 Jun 2026, 12:00:00 | Command line | Demo Sync | 1 Jun 2026, 12:00:00 | Done"}},
			{"target=" + app.id + "&from=2026-06-01&to=2026-06-01", []string{"Register an application application.create Command line · 1 Jun 2026, 12:00:00 | Command line | Demo Sync | 1 Jun 2026, 12:00:00 | Done"}},
			{"target=" + app.id + "&to=2026-05-31", nil},
			{"actor=nobody+of+that+name", nil},
		} {
			w := admin.get("/admin/audit-log?" + tt.query)
			w.has(200)
			if got := rows(w.page()); !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %q, want %q", tt.query, got, tt.want)
			}
			if tt.want == nil {
				w.has(200, "No events match", "Clear filters")
			}
		}
		link := admin.get("/admin/audit-log?target="+app.id).page().Find("td a").AttrOr("href", "")
		if link != "/admin/applications/"+app.id {
			t.Errorf("got the link %q, want it to the application", link)
		}
	})
}

// Everything wrong is told at once, and what was typed stays.
func TestAuditLogPageWithWrongFilters(t *testing.T) {
	s := newSite(t)
	admin := s.setUp(t)
	for _, b := range []*browser{admin, admin.withHTMX()} {
		w := b.get("/admin/audit-log?actor=%3Cb%3E&from=soon&outcome=maybe&to=2026-13-01")
		w.has(422, "Enter a day such as", "Choose done or refused.")
		page := w.page()
		if got := page.Find(".err").Length(); got != 3 {
			t.Errorf("got %d errors, want 3: %s", got, page.Find(".err").Text())
		}
		if page.Find("[name=actor]").AttrOr("value", "") != "<b>" || page.Find("[name=from]").AttrOr("value", "") != "soon" {
			t.Errorf("what was typed is gone")
		}
		b.get("/admin/audit-log?before=99999").has(422, "Start again from the first page")
		b.get("/admin/audit-log?before=x").has(422, "That page is no longer there")
	}
	admin.get("/admin/audit-log.csv?from=soon").has(422, "Enter a day such as")
}

func TestAuditLogPages(t *testing.T) {
	s := newSite(t)
	admin := s.setUp(t)
	for i := range 120 {
		s.client(t, fmt.Sprint("Demo ", i), auditScope)
	}
	path, visited := "/admin/audit-log?action=application.create", []int{}
	for path != "" {
		page := admin.get(path).page()
		visited = append(visited, len(rows(page)))
		path = page.Find(".pager a:contains(Next)").AttrOr("href", "")
		if path == "" {
			path = page.Find(".pager a:contains(Previous)").AttrOr("href", "")
			break
		}
	}
	if want := []int{50, 50, 20}; !slices.Equal(visited, want) {
		t.Errorf("got pages of %v, want %v", visited, want)
	}
	if back := rows(admin.get(path).page()); len(back) != 50 || !strings.Contains(back[49], "Demo 20") {
		t.Errorf("back: got %d rows, the last %q, want 50 down to Demo 20", len(back), back[len(back)-1])
	}
}

func TestAuditEventPage(t *testing.T) {
	s := newSite(t)
	admin := s.setUp(t)
	app := s.client(t, "Demo <b>Sync</b>", auditScope).may(t, registry.ReadAuditLog)
	events, err := s.Store.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Target: app.id})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Entries {
		w := admin.get("/admin/audit-log/" + strconv.FormatInt(e.Seq, 10))
		w.has(200, "Command line", app.id, e.Hash, "Raw JSON", "1 Jun 2026, 12:00:00 UTC")
		if w.page().Find("main b").Length() > 0 {
			t.Error("a name is read as HTML")
		}
	}
	for _, id := range []string{"0", "-1", "99999", "x", "1.5", "9223372036854775808"} {
		admin.get("/admin/audit-log/" + id).has(404)
	}
}

func TestAuditLogDownloads(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		s.client(t, `=HYPERLINK("https://evil.example")`, auditScope)
		s.client(t, "＠Demo, \"quoted\"", auditScope)

		w := admin.get("/admin/audit-log.csv?action=application.create")
		w.has(200)
		lines, err := csv.NewReader(w.Body).ReadAll()
		if err != nil || len(lines) != 3 || lines[0][0] != "sequence" {
			t.Fatalf("got %v, %v; want a head and two rows", lines, err)
		}
		if lines[1][9] != `'＠Demo, "quoted"` || lines[2][9] != `'=HYPERLINK("https://evil.example")` {
			t.Errorf("got the names %q and %q, want no formulas", lines[1][9], lines[2][9])
		}
		for name, want := range map[string]string{
			"Content-Type": "text/csv; charset=utf-8; header=present", "Content-Disposition": `attachment; filename="audit-log.csv"`, "Cache-Control": "no-store",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("got %s %q, want %q", name, got, want)
			}
		}

		d, err := described()
		if err != nil {
			t.Fatal(err)
		}
		w = admin.get("/admin/audit-log.jsonl?action=application.create")
		w.has(200)
		n := 0
		for lines := bufio.NewScanner(w.Body); lines.Scan(); n++ {
			var event any
			if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
				t.Fatal(err)
			}
			if err := d.Components.Schemas["AuditEvent"].Value.VisitJSON(event, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("line %d is not an event of the API: %v", n, err)
			}
		}
		if n != 2 {
			t.Errorf("got %d lines, want 2", n)
		}

		w = admin.get("/admin/audit-log.csv?actor=nobody+of+that+name")
		if lines, err := csv.NewReader(w.Body).ReadAll(); err != nil || len(lines) != 1 {
			t.Errorf("nothing found: got %v, %v; want the head alone", lines, err)
		}
		downloads, err := s.Store.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Action: "audit-log.download"})
		if err != nil || len(downloads.Entries) != 3 || downloads.Entries[2].After != `{"filter":{"action":"application.create"}}` || downloads.Entries[0].Actor.Name != "First Admin" {
			t.Errorf("got the downloads %+v, %v; want all three recorded", downloads.Entries, err)
		}
		if w := admin.send(httptestRequest(http.MethodHead, "/admin/audit-log.csv")); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("HEAD: got %d, want 405: a download is recorded", w.Code)
		}
	})
}

// A download that fails on the way is broken off, so that nobody takes what
// came for all of it; one that fails before is answered as usual.
func TestDownloadBreaksOff(t *testing.T) {
	s := newSite(t)
	fault := errors.New("the database went away")
	s.echo.GET("/before", func(c echo.Context) error {
		file := newCSV(c, "x.csv", "a")
		return file.end(s.Server, fault)
	})
	s.echo.GET("/within", func(c echo.Context) error {
		file := newCSV(c, "x.csv", "a")
		for range 5000 {
			if err := file.row("a cell"); err != nil {
				return err
			}
		}
		return file.end(s.Server, fault)
	})
	server := httptest.NewServer(s.echo)
	defer server.Close()
	r, err := http.Get(server.URL + "/before")
	if err != nil || r.StatusCode != http.StatusInternalServerError || r.Header.Get("Content-Disposition") != "" {
		t.Errorf("before: got %v, %v; want a page with 500", r, err)
	}
	r.Body.Close()
	if r, err = http.Get(server.URL + "/within"); err == nil {
		_, err = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	if err == nil {
		t.Error("within: got the end of the file, want it broken off")
	}
	if !strings.Contains(s.log.String(), "a download broke off") {
		t.Errorf("got the log %s, want the fault in it", s.log)
	}
}

func TestInert(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "Payroll": "Payroll", "a=b": "a=b", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "\n=x": "'\n=x", "＝1": "'＝1",
	} {
		if got := inert(cell); got != want {
			t.Errorf("inert(%q): got %q, want %q", cell, got, want)
		}
	}
}

func TestScopesPage(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		s.client(t, "Demo One", auditScope, applicationsScope)
		s.client(t, "Demo Two", auditScope)
		s.signedIn(t, "nobody@example.com", false).get("/admin/scopes").has(404)

		for _, b := range []*browser{admin, admin.withHTMX()} {
			w := b.get("/admin/scopes")
			w.has(200, "clientele catalogue apply FILE")
			page := w.page()
			if got, want := page.Find(`a[href="/admin/applications?scope=audit.log%3Aread"]`).Text(), "2"; got != want {
				t.Errorf("got %q applications with %s, want %s", got, auditScope, want)
			}
			if got := page.Find("section.scope-service h2").Map(func(_ int, h *goquery.Selection) string { return h.Text() }); !slices.Equal(got, []string{"Team", "Applications", "Authorization", "Audit log", "OpenID Connect", "Add a service"}) {
				t.Errorf("got the services %v, want those with scopes", got)
			}
			if got := rows(b.get("/admin/scopes?q=" + url.QueryEscape(" AUDIT.log ")).page()); len(got) != 1 || !strings.HasPrefix(got[0], "Read the audit log audit.log:read") {
				t.Errorf("filtered: got %q, want one scope", got)
			}
			b.get("/admin/scopes?q=%3Cb%3E").has(200, "No scopes match", "&lt;b&gt;")
		}
	})
}

func TestAuditLogIsForAuditors(t *testing.T) {
	s := newSite(t)
	auditor := storetest.User(t, s.Store, "Auditor", "auditor@example.com", false)
	s.grant(t, auditor, registry.ReadAuditLog)
	app := s.client(t, "Demo Sync", auditScope)
	b := s.browser(t)
	b.signIn("auditor@example.com", testPassword)
	page := b.get("/admin/audit-log?target=" + app.id).page()
	if len(rows(page)) != 1 || page.Find("td a").Length() != 0 {
		t.Errorf("got %q with %d links, want one event and no link to where the auditor may not go", rows(page), page.Find("td a").Length())
	}
}
