package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func why(params ...string) string {
	query := url.Values{}
	for i := 0; i < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	return "/admin/permissions/why?" + query.Encode()
}

// Whatever was refused for lack of a scope or a permission is found by the ID of
// its request, names what is missing, and leads to where that is added.
func TestWhyByRequestID(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		app := s.client(t, "Demo Sync", auditScope, applicationsScope)
		evaluator := s.evaluator(t)
		nobody := storetest.User(t, s.Store, "Demo Nobody", "nobody@example.com", false)

		noPermission := problemOf(t, s.call(t, "/api/v1/audit-log", app.token(t, auditScope))).RequestID
		page := admin.get(why("request", noPermission)).page()
		admin.get(why("request", noPermission)).has(200, "It is still refused", "Demo Sync", "GET /api/v1/audit-log", "Use audit log API", "Missing")
		assign, _ := page.Find(`a:contains("Assign it")`).Attr("href")
		if want := "/admin/permissions/audit/assign/what?grant=permission%3Ause-audit-log-api&subject=application%3A" + app.id; assign != want {
			t.Errorf("it leads to %s, want %s", assign, want)
		}
		if ticked := admin.get(assign).page().Find(`input[value="permission:use-audit-log-api"][checked]`).Length(); ticked != 1 {
			t.Errorf("%d boxes are ticked there, want the permission's", ticked)
		}
		app.may(t, registry.ReadAuditLog)
		admin.get(why("request", noPermission)).has(200, "It would be allowed now", "Held")

		// The token asked for less than the application is registered for.
		narrow := problemOf(t, s.call(t, "/api/v1/applications", app.token(t, auditScope))).RequestID
		admin.get(why("request", narrow)).has(200, "The token did not carry the scope", "has to ask for it at the token endpoint")

		// A decision is found by the ID that its asker chose.
		const theirs = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
		body := `{"subject":{"type":"application","id":"` + app.id + `"},"action":{"name":"view"},"resource":{"type":"applications","id":"*"},"context":{"scope":"authorization.access:evaluate"}}`
		s.evaluate(t, evaluationPath, evaluator, body, requestIDHeader, theirs)
		found := admin.get(why("request", theirs))
		found.has(200, "It is still refused", "View applications", "asked for a decision", "not registered for it")
		review, _ := found.page().Find(`a:contains("Add the scope")`).Attr("href")
		for _, scope := range []string{applicationsScope, auditScope, evaluateScope} {
			if !strings.Contains(review, url.QueryEscape(scope)) {
				t.Errorf("it leads to %s, want %s in it", review, scope)
			}
		}
		admin.get(review).has(200, "authorization.access:evaluate")

		// Pages that are not there for somebody.
		theirBrowser := s.browser(t)
		theirBrowser.signIn(nobody.Email, "correct horse battery")
		hidden := theirBrowser.get("/admin/users")
		if hidden.Code != http.StatusNotFound {
			t.Fatalf("got %d, want 404", hidden.Code)
		}
		admin.get(why("request", hidden.Header().Get(requestIDHeader))).has(200, "Demo Nobody", "View users", "GET /admin/users")
		if w := theirBrowser.get(why("request", noPermission)); w.Code != http.StatusNotFound {
			t.Errorf("who may look at no permissions: got %d, want 404", w.Code)
		}

		for _, unknown := range []string{"nothing", "\x00", strings.Repeat("x", 5000)} {
			if w := admin.get(why("request", strings.ReplaceAll(unknown, "\x00", "?"))); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "No refusal has that request ID") {
				t.Errorf("%.20q: got %d, want a page that says so", unknown, w.Code)
			}
		}
	})
}

func TestWhyByQuestion(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		app := s.client(t, "Demo Sync", auditScope).may(t, registry.ReadAuditLog)
		storetest.User(t, s.Store, "Demo Twin", "twin1@example.com", false)
		storetest.User(t, s.Store, "Demo Twin", "twin2@example.com", false)
		ask := func(params ...string) answer { t.Helper(); return admin.get(why(params...)) }

		for _, named := range []string{app.id, "Demo Sync", "demo sync"} {
			ask("subject", named, "permission", "audit/use-audit-log-api", "scope", auditScope).has(200, "It is allowed", "Given by itself", "The application is registered for it.")
		}
		ask("subject", "twin1@example.com", "permission", "applications/manage").has(200, "It is refused", "Manage applications", "View applications", "Without it the permission above means nothing")
		ask("subject", "admin@example.com", "permission", "applications/manage").has(200, "It is allowed", "By the template Admin")
		ask("subject", app.id, "scope", applicationsScope).has(200, "It is refused", "Add the scope")
		ask("subject", "twin1@example.com", "scope", auditScope, "client", "Demo Sync").has(200, "They did not consent to it for Demo Sync")

		for _, tt := range []struct {
			field, message string
			params         []string
		}{
			{"subject", "Nobody is called that.", []string{"subject", "Demo", "permission", "audit/use-audit-log-api"}},
			{"subject", "Several are called that.", []string{"subject", "Demo Twin", "permission", "audit/use-audit-log-api"}},
			{"permission", "Choose a permission, a scope or both.", []string{"subject", app.id}},
			{"permission", "Choose a permission, a scope or both.", []string{"subject", app.id, "permission", "audit/fly"}},
			{"object", "Enter the ID of a container", []string{"subject", app.id, "permission", "audit/use-audit-log-api", "object", "a/b/c"}},
			{"scope", "Choose a scope from the list", []string{"subject", app.id, "scope", "nowhere"}},
			{"client", "Enter the client ID or the name of an application.", []string{"subject", "admin@example.com", "scope", auditScope, "client", "twin1@example.com"}},
		} {
			w := ask(tt.params...)
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.page().Find("#"+tt.field+"-err").Text(), tt.message) {
				t.Errorf("%v: got %d, want 422 and %q at %s", tt.params, w.Code, tt.message, tt.field)
			}
			if kept, _ := w.page().Find("#subject").Attr("value"); kept != tt.params[1] {
				t.Errorf("%v: the subject is %q now", tt.params, kept)
			}
		}
	})
}

func TestEffectiveAccess(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		admin := s.setUp(t)
		app := s.client(t, "Demo Sync", auditScope).may(t, registry.ReadAuditLog).may(t, registry.ManageApplications)
		user := storetest.User(t, s.Store, "Demo User", "user@example.com", false)
		group, err := s.Store.CreateGroup(t.Context(), registry.Operator, registry.GroupInput{Name: "Clerks"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Store.AddMember(t.Context(), registry.Operator, group.ID, user.ID); err != nil {
			t.Fatal(err)
		}
		viewer := registry.GrantInput{Subject: registry.Subject{Type: registry.GroupSubject, ID: group.ID}, Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"}
		if err := s.Store.Grant(t.Context(), registry.Operator, viewer); err != nil {
			t.Fatal(err)
		}
		admin.get("/admin/applications/"+app.id+"/access").has(200, "Use audit log API", "Its tokens can carry audit.log:read.", "In effect",
			"Manage applications", "Does nothing without View applications", "No scope lets its tokens in here")
		one := admin.get("/admin/applications/" + app.id + "/access?service=audit&from=99")
		one.has(200, "Use audit log API")
		if strings.Contains(one.page().Find("section").Text(), "Manage applications") {
			t.Error("another service is shown, too")
		}
		admin.get("/admin/users/"+user.ID+"/access").has(200, "View applications", "By the template Viewer, through the group Clerks")
		key, value, err := s.Store.CreateKey(t.Context(), registry.Operator, registry.NewApplicationKey{KeyDetails: registry.KeyDetails{Name: "Demo Key"}}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		apiClient{s: s, id: key.ID}.may(t, registry.EvaluateAccess)
		admin.get("/admin/applications/"+key.ID+"/access").has(200, "Evaluate access", "Its keys let it in without scopes.")
		admin.get(why("subject", "Demo Key", "permission", "authorization/evaluate-access", "scope", evaluateScope)).has(200, "An application key has no scopes.")
		r := httptest.NewRequest(http.MethodPost, evaluationPath, strings.NewReader(`{"subject":{"type":"application","id":"`+key.ID+`"},"action":{"name":"evaluate-access"},"resource":{"type":"authorization","id":"*"}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "AppKey "+value.Reveal())
		if d := decisionOf(t, s.ask(t, r)); !d.Decision {
			t.Errorf("asked with a key: got %+v, want true", d)
		}
		admin.get("/admin/permissions/applications/access").has(200, "Demo User", "By the template Viewer, through the group Clerks", "First Admin")
		admin.get("/admin/permissions/applications/access?permission=manage").has(200, "Demo Sync", "Lacks View applications")
		admin.get("/admin/permissions/applications/access?permission=fly").has(422, "Choose a permission of the service.")
		for _, gone := range []string{"/admin/users/us_x/access", "/admin/applications/cl_x/access"} {
			if w := admin.get(gone); w.Code != http.StatusNotFound {
				t.Errorf("%s: got %d, want 404", gone, w.Code)
			}
		}
	})
}
