package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/registry"
)

func TestTeamSettings(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		page := admin.get("/admin/settings")
		page.has(http.StatusOK, "Team name", `value="Harbor"`)
		wrong := admin.upload("/admin/settings", url.Values{"name": {""}}, []byte("no picture"))
		wrong.has(http.StatusUnprocessableEntity, "Enter a team name.", "Choose a PNG, JPEG or GIF file.")
		if got := wrong.wrongFields(); !slices.Equal(got, []string{"name", "logo"}) {
			t.Errorf("got %q marked, want both", got)
		}
		admin.upload("/admin/settings", url.Values{"name": {"Other Team"}, "seen": {"Harbor"}}, pngOf(t, picture(8, 8))).redirects("/admin/settings")
		page = admin.get("/admin/settings")
		page.has(http.StatusOK, `value="Other Team"`, "Saved")
		logo := page.page().Find(".topbar img.logo").AttrOr("src", "")
		if w := admin.get(logo); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "\x89PNG") {
			t.Errorf("got %d for the logo %q, want a PNG", w.Code, logo)
		}
		second := admin.post("/admin/settings", url.Values{"name": {"Mine"}, "seen": {"Harbor"}})
		second.has(http.StatusConflict, "Someone changed it while you were editing", "Other Team", `value="Mine"`)
		admin.withHTMX().post("/admin/settings", url.Values{"name": {"Mine"}, "seen": {"Other Team"}, "logo_remove": {"true"}}).navigates("/admin/settings")
		if n := admin.get("/admin/settings").page().Find("img.logo").Length(); n != 0 {
			t.Errorf("got %d logos, want none", n)
		}

		s.holding(t, "settings@example.com", registry.ManageSettings).get("/admin/settings").has(http.StatusOK)
		viewer := s.holding(t, "viewer@example.com", registry.ViewApplications)
		viewer.get("/admin/settings").has(http.StatusNotFound)
		viewer.post("/admin/settings", url.Values{"name": {"Mine"}}).has(http.StatusNotFound)
		viewer.get("/admin/applications").lacks(`href="/admin/settings"`)
	})
}

func TestRetentionSettings(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		const path = "/admin/settings/audit-log"
		admin.get(path).has(http.StatusOK, "Keep events", "No event was ever deleted.")
		for _, days := range []string{"", "31", "-1", "x", "99999999999999999999"} {
			admin.post(path, url.Values{"days": {days}}).has(http.StatusUnprocessableEntity, "Choose how long events are kept.")
			admin.get(path + "/shorten?days=" + days).redirects(path)
		}
		admin.post(path, url.Values{"days": {"30"}}).redirects(path + "/shorten?days=30")
		admin.get(path+"/shorten?days=30").has(http.StatusOK, "Keep events for 30 days only?", "Delete older events")
		admin.get(path + "/shorten?days=0").redirects(path)
		wrong := admin.post(path, url.Values{"days": {"30"}, "confirm": {"delete"}})
		wrong.has(http.StatusUnprocessableEntity, "Type DELETE to have older events deleted.", `value="delete"`)
		admin.withHTMX().post(path, url.Values{"days": {"30"}, "confirm": {"DELETE"}}).navigates(path)
		admin.get(path).has(http.StatusOK, "Saved", `<option value="30" selected>30 days</option>`)

		s.clock.Advance(50 * 24 * time.Hour)
		if err := s.Store.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		admin.signIn("admin@example.com", testPassword).redirects("/")
		admin.get("/admin/audit-log").has(http.StatusOK, "The log is complete since", "Delete old events")
		admin.post(path, url.Values{"days": {"0"}}).redirects(path)
		admin.get(path).has(http.StatusOK, "The log is complete since")

		viewer := s.holding(t, "viewer@example.com", registry.ReadAuditLog)
		viewer.get(path).has(http.StatusNotFound)
		viewer.post(path, url.Values{"days": {"30"}, "confirm": {"DELETE"}}).has(http.StatusNotFound)
	})
}
