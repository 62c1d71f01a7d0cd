package web

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

func detailsForm(name string) url.Values {
	return url.Values{
		"name": {name}, "description": {"Books orders."},
		"grant": {registry.ClientCredentials}, "auth_method": {registry.SecretPost},
	}
}

// draft takes the wizard to its second step and returns that step's address.
func (b *browser) draft(name string) string {
	b.t.Helper()
	w := b.post(views.NewClientPath, detailsForm(name))
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, views.NewClientPath+"/dr_") || !strings.HasSuffix(to, "/scopes") {
		b.t.Fatalf("got %d to %q, want 303 to the scopes of a draft", w.Code, to)
	}
	return to
}

// register takes the wizard to its end and returns the new client's address.
func (b *browser) register(name string, form url.Values) string {
	b.t.Helper()
	w := b.post(b.draft(name), form)
	to, found := strings.CutSuffix(w.Header().Get("Location"), "/secret")
	if w.Code != http.StatusSeeOther || !found {
		b.t.Fatalf("got %d to %q, want 303 to the secret", w.Code, w.Header().Get("Location"))
	}
	return to
}

func (s *site) applications(t *testing.T) []registry.ApplicationRow {
	t.Helper()
	page, err := s.Store.Applications(t.Context(), registry.Operator, registry.ApplicationQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Applications
}

func TestWizard(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		page := b.get(views.NewClientPath)
		page.has(http.StatusOK, "Client credentials", "Client secret basic", "Client secret post", "Define scopes")
		if got := page.page().Find(`input[type="radio"]:checked`).Map(value); !slices.Equal(got, []string{"client_credentials", "client_secret_basic", "unverified"}) {
			t.Errorf("got %v chosen, want client credentials and basic", got)
		}

		scopes := b.draft("Ledger Sync")
		b.get(views.NewClientPath).has(http.StatusOK, "Go on with Ledger Sync", strings.TrimSuffix(scopes, "/scopes"))
		page = b.get(scopes)
		page.has(http.StatusOK, "Ledger Sync", "audit.log:read", "Read the audit log", "applications:read", "No permissions", "Create", "Back")
		if n := page.page().Find(`input[name="scope"]:checked`).Length(); n != 0 {
			t.Errorf("%d scopes are ticked, want none", n)
		}
		if page.page().Find("[data-group]").Length() != 4 {
			t.Errorf("got %s, want the four services that have scopes", page.page().Find("[data-group] strong").Text())
		}

		w := b.post(scopes, url.Values{"scope": {"audit.log:read"}, "template.audit": {"admin"}, "template.applications": {"viewer"}})
		apps := s.applications(t)
		if len(apps) != 1 {
			t.Fatalf("got %d applications, want one", len(apps))
		}
		w.redirects("/admin/applications/" + apps[0].ID + "/secret")
		record, err := s.Store.ApplicationRecord(t.Context(), registry.Operator, apps[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		held := []registry.HeldGrant{{Service: "audit", Kind: registry.TemplateGrant, Key: "admin"}} // of the ticked service alone
		if record.Name != "Ledger Sync" || record.AuthMethod != registry.SecretPost || record.CreatedByName != "First Admin" ||
			!slices.Equal(record.Scopes, []string{"audit.log:read"}) || !slices.Equal(record.Permissions, held) {
			t.Errorf("got %+v", record)
		}

		// What is sent again leads to the same application, and so do the draft's pages.
		b.post(scopes, url.Values{"scope": {"applications:read"}}).redirects("/admin/applications/" + apps[0].ID + "/secret")
		draft := strings.TrimSuffix(scopes, "/scopes")
		for _, path := range []string{draft, scopes} {
			b.get(path).redirects("/admin/applications/" + apps[0].ID)
		}
		b.post(draft, detailsForm("Another name")).redirects(scopes)
		if apps := s.applications(t); len(apps) != 1 || apps[0].Name != "Ledger Sync" || apps[0].Secrets != 1 {
			t.Errorf("got %+v, want the one application as it was", apps)
		}
	})
}

func TestWizardByHTMX(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	with := b.withHTMX()
	w := with.post(views.NewClientPath, detailsForm("Ledger Sync"))
	scopes := w.Header().Get("HX-Redirect")
	if !strings.HasSuffix(scopes, "/scopes") {
		t.Fatalf("got %d to %q, want to go to the scopes", w.Code, scopes)
	}
	w = with.post(scopes, url.Values{})
	w.has(http.StatusUnprocessableEntity, "Choose at least one scope.")
	if w.page().Find("form#client-scopes").Length() != 1 {
		t.Error("the answer does not hold the form that it replaces")
	}
	with.post(scopes, url.Values{"back": {"true"}}).navigates(strings.TrimSuffix(scopes, "/scopes"))
	w = with.post(scopes, url.Values{"scope": {"audit.log:read"}})
	w.navigates("/admin/applications/" + s.applications(t)[0].ID + "/secret")
}

func TestWizardNamesEveryWrongField(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	b.register("Taken", url.Values{"scope": {"audit.log:read"}})
	draft := strings.TrimSuffix(b.draft("Ledger Sync"), "/scopes")
	tests := []struct {
		name   string
		change url.Values
		wrong  []string
	}{
		{"no name", url.Values{"name": {" "}}, []string{"name"}},
		{"long name", url.Values{"name": {strings.Repeat("x", 81)}}, []string{"name"}},
		{"taken name", url.Values{"name": {"TAKEN"}}, []string{"name"}},
		{"writing turned round", url.Values{"name": {"Led\u202eger"}}, []string{"name"}},
		{"long description", url.Values{"description": {strings.Repeat("y", 501)}}, []string{"description"}},
		{"no grant type", url.Values{"grant": nil}, []string{"grant"}},
		{"unknown grant type", url.Values{"grant": {"password"}}, []string{"grant"}},
		{"no method", url.Values{"auth_method": nil}, []string{"auth_method"}},
		{"unknown method", url.Values{"auth_method": {"mtls"}}, []string{"auth_method"}},
		{"as itself without a secret", url.Values{"auth_method": {"none"}}, []string{"auth_method"}},
		{"for users, nowhere", url.Values{"grant": {"authorization_code"}}, []string{"redirect_uris"}},
		{"for users, all wrong", url.Values{
			"grant": {"authorization_code"}, "redirect_uris": {"http://a.example\r\nhttps://a.example\r\nx"}, "home_page": {"x"}, "trust": {"x"},
		}, []string{"home_page", "redirect_uris", "trust"}},
		{"all", url.Values{"name": {"taken"}, "description": {strings.Repeat("y", 501)}, "grant": nil, "auth_method": nil}, []string{"auth_method", "description", "grant", "name"}},
	}
	for _, tt := range tests {
		form := detailsForm("Ledger")
		maps.Copy(form, tt.change)
		for _, path := range []string{views.NewClientPath, draft} {
			for _, b := range []*browser{b, b.withHTMX()} {
				w := b.post(path, form)
				w.has(http.StatusUnprocessableEntity)
				if got := marked(w.page()); !slices.Equal(got, tt.wrong) {
					t.Errorf("%s: got %v marked, want %v", tt.name, got, tt.wrong)
				}
				page := w.page()
				if got := page.Find(`[role="alert"] a`).Length(); got != len(tt.wrong) {
					t.Errorf("%s: got %d links to fields, want %d", tt.name, got, len(tt.wrong))
				}
				page.Find(`[role="alert"] a`).Each(func(_ int, a *goquery.Selection) {
					if page.Find(a.AttrOr("href", "none")).Length() != 1 {
						t.Errorf("%s: %q leads nowhere", tt.name, a.AttrOr("href", ""))
					}
				})
				if name, description := page.Find("#name").AttrOr("value", ""), page.Find("#description").Text(); name != form.Get("name") || description != form.Get("description") {
					t.Errorf("%s: got %q, %q back, want what was typed", tt.name, name, description)
				}
			}
		}
	}
	if apps := s.applications(t); len(apps) != 1 {
		t.Errorf("got %d applications, want the one there was", len(apps))
	}
}

func TestWizardChecksAFieldAsOneLeavesIt(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	b.register("Taken", url.Values{"scope": {"audit.log:read"}})
	check := b.get(views.NewClientPath).page().Find("#name").AttrOr("hx-post", "")
	tests := []struct{ name, want string }{
		{"Free", ""}, {"taken", "Another application has this name already."}, {"", "Enter a name."},
	}
	for _, tt := range tests {
		w := b.withHTMX().post(check, url.Values{"name": {tt.name}})
		w.has(http.StatusOK, tt.want)
		field := w.page().Find("#name-field")
		if got := strings.TrimSpace(field.Find(".err").Text()); !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%q: got %q, want %q", tt.name, got, tt.want)
		}
		if _, steals := field.Find("#name").Attr("autofocus"); steals {
			t.Errorf("%q: the answer takes the focus back", tt.name)
		}
	}
}

func TestWizardLosesNothingOnTheWayBack(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	scopes := b.draft("Ledger Sync")
	draft := strings.TrimSuffix(scopes, "/scopes")
	b.post(scopes, url.Values{"scope": {"audit.log:read"}, "template.audit": {"admin"}, "back": {"true"}}).redirects(draft)

	page := b.get(draft).page()
	chosen := page.Find(`input[type="radio"]:checked`).Map(value)
	if page.Find("#name").AttrOr("value", "") != "Ledger Sync" || page.Find("#description").Text() != "Books orders." ||
		!slices.Equal(chosen, []string{registry.ClientCredentials, registry.SecretPost, "unverified"}) {
		t.Errorf("got %s with %v, want what was typed", page.Find("form").Text(), chosen)
	}
	b.post(draft, detailsForm("Ledger")).redirects(scopes)
	page = b.get(scopes).page()
	if got := page.Find(`input[name="scope"]:checked`).Map(value); !slices.Equal(got, []string{"audit.log:read"}) {
		t.Errorf("got %v ticked, want audit.log:read", got)
	}
	if got := page.Find(`select[name="template.audit"] option[selected]`).Map(value); !slices.Equal(got, []string{"admin"}) {
		t.Errorf("got template %v, want admin", got)
	}
	if !strings.Contains(page.Find("main").Text(), "tokens of Ledger may") {
		t.Errorf("got %s, want the new name", page.Find("main").Text())
	}
}

func TestWizardRefusesWrongScopes(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	scopes := b.draft("Ledger Sync")
	tests := []struct {
		name string
		form url.Values
		want string
	}{
		{"none", url.Values{}, "Choose at least one scope."},
		{"one that is not in the catalogue", url.Values{"scope": {"audit.log:read", "orders:read"}}, "no scope &#34;orders:read&#34;"},
		{"twice the same", url.Values{"scope": {"audit.log:read", "audit.log:read"}}, "Name each scope once."},
		{"an unknown template", url.Values{"scope": {"audit.log:read"}, "template.audit": {"owner"}}, "Choose one of the service&#39;s templates"},
	}
	for _, tt := range tests {
		w := b.post(scopes, tt.form)
		w.has(http.StatusUnprocessableEntity, tt.want, "The client was not created")
		ticked := w.page().Find(`input[value="audit.log:read"]:checked`).Length() == 1
		if ticked != slices.Contains(tt.form["scope"], "audit.log:read") {
			t.Errorf("%s: what was ticked is lost", tt.name)
		}
	}
	b.register("ledger sync", url.Values{"scope": {"audit.log:read"}})
	b.post(scopes, url.Values{"scope": {"audit.log:read"}}).has(http.StatusUnprocessableEntity, "Another application has this name already.")
	if apps := s.applications(t); len(apps) != 1 {
		t.Errorf("got %d applications, want one", len(apps))
	}
}

func TestWhoMayUseTheWizard(t *testing.T) {
	s := newSite(t)
	scopes := s.setUp(t).draft("Ledger Sync")
	nobody := s.signedIn(t, "nobody@example.com", false)
	viewer, clerk := s.signedIn(t, "viewer@example.com", false), s.signedIn(t, "clerk@example.com", false)
	for email, permissions := range map[string][]registry.Permission{
		"viewer@example.com": {registry.ViewApplications},
		"clerk@example.com":  {registry.ViewApplications, registry.ManageApplications},
	} {
		user, err := s.Store.UserByEmail(t.Context(), registry.Operator, email)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range permissions {
			s.grant(t, user, p)
		}
	}
	tests := []struct {
		name       string
		b          *browser
		own, other int // status of a new one, and of someone else's draft
	}{
		{"nobody", nobody, http.StatusNotFound, http.StatusNotFound},
		{"viewer", viewer, http.StatusForbidden, http.StatusForbidden},
		{"clerk", clerk, http.StatusOK, http.StatusNotFound},
	}
	for _, tt := range tests {
		draft, form := strings.TrimSuffix(scopes, "/scopes"), url.Values{"scope": {"audit.log:read"}}
		for i, w := range []answer{
			tt.b.get(draft), tt.b.get(scopes), tt.b.post(draft, detailsForm("Mine")), tt.b.post(scopes, form), tt.b.withHTMX().post(scopes, form),
		} {
			if w.Code != tt.other {
				t.Errorf("%s, request %d for another's draft: got %d, want %d", tt.name, i, w.Code, tt.other)
			}
		}
		for _, w := range []answer{tt.b.get(views.NewClientPath), tt.b.post(views.NewClientPath+"/check", detailsForm("Mine"))} {
			if w.Code != tt.own {
				t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.own)
			}
		}
		if w := tt.b.post(views.NewClientPath, detailsForm("Mine")); tt.own != http.StatusOK && w.Code != tt.own {
			t.Errorf("%s, details: got %d, want %d", tt.name, w.Code, tt.own)
		}
	}

	// A clerk may register clients, but not give permissions.
	scopes = clerk.draft("Mine too")
	page := clerk.get(scopes)
	page.has(http.StatusOK, "ask someone who may manage permissions")
	if page.page().Find("select").Length() != 0 {
		t.Error("permissions are offered to someone who may not give them")
	}
	clerk.post(scopes, url.Values{"scope": {"audit.log:read"}, "template.audit": {"admin"}}).has(http.StatusForbidden, "authorization/manage-permissions")
	clerk.post(scopes, url.Values{"scope": {"audit.log:read"}})
	if apps := s.applications(t); len(apps) != 1 || apps[0].CreatedByName != "Demo User" {
		t.Errorf("got %+v, want the clerk's", apps)
	}
}

func TestWizardIsForgottenAfterADay(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	scopes := b.draft("Ledger Sync")
	for range 3 { // a session in use lives on
		s.clock.Advance(8 * time.Hour)
		b.get("/")
	}
	b.get(scopes).has(http.StatusNotFound)
	b.get(strings.Replace(scopes, "dr_", "dr_x", 1)).has(http.StatusNotFound)
}

// marked returns the names of the fields that are marked as wrong; of a group
// of radio buttons the group is.
func marked(page *goquery.Document) []string {
	return slices.Sorted(slices.Values(page.Find(`[aria-invalid="true"]`).Map(func(_ int, field *goquery.Selection) string {
		return field.AttrOr("name", field.Find("input").AttrOr("name", ""))
	})))
}

func value(_ int, field *goquery.Selection) string { return field.AttrOr("value", "") }

// A form is read, whether it comes with a file or not, or refused as the
// sender's own fault.
func FuzzDetailsForm(f *testing.F) {
	const parts = "multipart/form-data; boundary=b"
	for kind, seeds := range map[string][]string{
		echo.MIMEApplicationForm: {"", "name=Demo&grant=client_credentials", "name=%00", "grant=a&grant=b", "%zz", "a;b", "name[0]=x"},
		parts: {
			"--b\r\nContent-Disposition: form-data; name=name\r\n\r\nDemo\r\n--b--",
			"--b\r\nContent-Disposition: form-data; name=logo; filename=logo.png\r\n\r\n\x89PNG\r\n--b--",
			"--b\r\nContent-Disposition: form-data\r\n\r\n", "--b", "",
		},
		"": {"name=Demo"},
	} {
		for _, seed := range seeds {
			f.Add(kind, seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set(echo.HeaderContentType, kind)
		_, err := bindDetails(echo.New().NewContext(r, httptest.NewRecorder()))
		if refused, ok := errors.AsType[*echo.HTTPError](err); err != nil && (!ok || refused.Code >= http.StatusInternalServerError) {
			t.Errorf("%q %q: got %v, want it read or refused", kind, body, err)
		}
	})
}
