package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"clientele/registry"
	"clientele/store/storetest"
)

// evaluator is an API of the platform that may ask for decisions.
func (s *site) evaluator(t *testing.T) (token string) {
	t.Helper()
	return s.client(t, "Demo API", evaluateScope).may(t, registry.EvaluateAccess).token(t, evaluateScope)
}

// evaluate asks for decisions.
func (s *site) evaluate(t *testing.T, path, token, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.ask(t, r)
}

func decisionOf(t *testing.T, w *httptest.ResponseRecorder) (d decisionJSON) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != http.StatusOK {
		t.Fatalf("got %d %s, want a decision", w.Code, w.Body)
	}
	return d
}

func TestEvaluation(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		token := s.evaluator(t)
		app := s.client(t, "Demo Sync", auditScope).may(t, registry.ViewApplications)
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
		gone := storetest.User(t, s.Store, "Demo Gone", "gone@example.com", false)
		if err := s.Store.DisableUser(t.Context(), registry.Operator, gone.ID, registry.Reason{}); err != nil {
			t.Fatal(err)
		}

		question := func(kind, id, action, service, context string) string {
			return `{"subject":{"type":"` + kind + `","id":"` + id + `","properties":{"a":[1]}},"action":{"name":"` + action + `"},"resource":{"type":"` + service + `","id":"*"},"context":` + context + `}`
		}
		for _, tt := range []struct {
			name, body string
			allowed    bool
			code       registry.AccessReason
			reason     string
		}{
			{"held", question("application", app.id, "view", "applications", "{}"), true, registry.AccessGranted, "Given on the whole service."},
			{"by a group", question("user", user.ID, "view", "applications", `{"time":1}`), true, registry.AccessGranted, "Given by the template Viewer to the group Clerks on the whole service."},
			{"not held", question("application", app.id, "manage", "applications", "{}"), false, registry.PermissionMissing, "The application lacks the permission Manage applications of the service Applications (applications/manage)."},
			{"scope too", question("application", app.id, "view", "applications", `{"scope":"audit.log:read"}`), true, registry.AccessGranted, "Given on the whole service."},
			{"no scope", question("application", app.id, "view", "applications", `{"scope":"applications:read"}`), false, registry.ScopeMissing, "The application is not registered for the scope applications:read."},
			{"a user's scope", question("user", user.ID, "view", "applications", `{"scope":"applications:read"}`), false, registry.ScopeMissing, "A user has scopes only through an application. Name it in context.client_id."},
			{"no consent", question("user", user.ID, "view", "applications", `{"scope":"applications:read","client_id":"`+app.id+`"}`), false, registry.ScopeMissing, "The user did not consent to the scope applications:read for that application, or it is not registered for it."},
			{"nobody", question("user", "us_nobody", "view", "applications", "{}"), false, registry.UnknownSubject, "There is no user of that ID."},
			{"disabled", question("user", gone.ID, "view", "applications", "{}"), false, registry.SubjectDisabled, "The user is disabled."},
			{"no such permission", question("user", user.ID, "fly", "applications", "{}"), false, registry.UnknownPermission, "The catalogue has no permission applications/fly."},
		} {
			d := decisionOf(t, s.evaluate(t, evaluationPath, token, tt.body))
			if d.Decision != tt.allowed || d.Context.Code != tt.code || d.Context.Reason != tt.reason {
				t.Errorf("%s: got %+v, want %t, %s: %s", tt.name, d, tt.allowed, tt.code, tt.reason)
			}
		}

		// What a question leaves out stands beside all; semantics end the answers.
		several := `{"subject":{"type":"application","id":"` + app.id + `"},"resource":{"type":"applications","id":"*"},"evaluations":[{"action":{"name":"view"}},{"action":{"name":"manage"}},` +
			`{"action":{"name":"use-audit-log-api"},"resource":{"type":"audit","id":"*"}},{"subject":{"type":"user","id":"` + user.ID + `"},"action":{"name":"view"}}],"options":{"evaluations_semantic":"SEMANTICS"}}`
		for semantics, want := range map[string][]bool{
			"execute_all": {true, false, false, true}, "deny_on_first_deny": {true, false}, "permit_on_first_permit": {true},
		} {
			w := s.evaluate(t, evaluationsPath, token, strings.Replace(several, "SEMANTICS", semantics, 1))
			var answer struct{ Evaluations []decisionJSON }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			var got []bool
			for _, d := range answer.Evaluations {
				got = append(got, d.Decision)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", semantics, got, want)
			}
		}
		if d := decisionOf(t, s.evaluate(t, evaluationsPath, token, question("application", app.id, "view", "applications", "{}"))); !d.Decision {
			t.Errorf("one question where several may be: got %+v, want true", d)
		}
	})
}

// Who may not ask learns what is missing, as anywhere in the API.
func TestEvaluationAuthorization(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		powerless := s.client(t, "Demo Powerless", evaluateScope, auditScope)
		const body = `{"subject":{"type":"user","id":"us_x"},"action":{"name":"view"},"resource":{"type":"applications","id":"*"}}`
		for _, path := range []string{evaluationPath, evaluationsPath} {
			p := problemOf(t, s.evaluate(t, path, powerless.token(t, evaluateScope), body))
			if p.Status != 403 || p.MissingPermission == nil || p.MissingPermission.Key != registry.EvaluateAccess.Key {
				t.Errorf("%s: got %+v, want 403 that names the permission", path, p)
			}
			if p := problemOf(t, s.evaluate(t, path, powerless.token(t, auditScope), body)); p.Status != 403 || p.MissingScope != evaluateScope {
				t.Errorf("%s: got %+v, want 403 that names the scope", path, p)
			}
			if p := problemOf(t, s.evaluate(t, path, "x", body)); p.Status != 401 {
				t.Errorf("%s: got %+v, want 401", path, p)
			}
		}
	})
}

func TestEvaluationWrongBodies(t *testing.T) {
	s := newSite(t)
	token := s.evaluator(t)
	const whole = `"subject":{"type":"user","id":"us_x"},"action":{"name":"view"},"resource":{"type":"applications","id":"*"}`
	for _, tt := range []struct {
		path, body string
		fields     []string
	}{
		{evaluationPath, ``, []string{"body"}},
		{evaluationPath, `[]`, []string{"body"}},
		{evaluationPath, `{} {}`, []string{"body"}},
		{evaluationPath, `{"subject":"us_x"}`, []string{"body"}},
		{evaluationPath, `{` + whole + `,"action":{"name":"manage"}}`, []string{"body"}},
		{evaluationPath, `{"Subject":{"type":"user","id":"us_x"}}`, []string{"action", "resource", "subject"}},
		{evaluationPath, `{` + whole + `,"context":{"scope":["a"]}}`, []string{"body"}},
		{evaluationPath, strings.Replace(`{`+whole+`}`, `"*"`, `"a/b/c"`, 1), []string{"resource.id"}},
		{evaluationPath, strings.Replace(`{`+whole+`}`, `"*"`, `"*a"`, 1), []string{"resource.id"}},
		{evaluationPath, strings.Replace(`{`+whole+`}`, `us_x`, `us_\u0000`, 1), []string{"subject.id"}},
		{evaluationPath, strings.Replace(`{`+whole+`}`, `view`, strings.Repeat("v", 301), 1), []string{"action.name"}},
		{evaluationPath, `{"subject":` + strings.Repeat("[", 500_000) + `}`, []string{"body"}},
		{evaluationPath, `{"other":` + strings.Repeat(`{"a":`, 100_000) + `1` + strings.Repeat("}", 100_000) + `}`, []string{"body"}},
		{evaluationsPath, `{"evaluations":[{` + whole + `},{}],"options":{"evaluations_semantic":"any"}}`, []string{"evaluations[1].action", "evaluations[1].resource", "evaluations[1].subject", "options.evaluations_semantic"}},
		{evaluationsPath, `{"evaluations":[` + strings.Repeat(`{},`, 100) + `{}]}`, []string{"evaluations"}},
		{evaluationsPath, `{"evaluations":{}}`, []string{"body"}},
	} {
		w := s.evaluate(t, tt.path, token, tt.body)
		p := problemOf(t, w)
		if fields := slices.Sorted(maps.Keys(p.Errors)); w.Code != http.StatusBadRequest || !slices.Equal(fields, tt.fields) {
			t.Errorf("%.200s: got %d %s, want 400 that names %v", tt.body, w.Code, w.Body, tt.fields)
		}
	}
	r := httptest.NewRequest(http.MethodPost, evaluationPath, bytes.NewReader([]byte(`{`+whole+`}`)))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := s.ask(t, r); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("as a form: got %d, want 415", w.Code)
	}
	if w := s.evaluate(t, evaluationPath, token, `{`+whole+`,"pad":"`+strings.Repeat("x", bodyLimit)+`"}`); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body: got %d, want 413", w.Code)
	}
}

// Who asks may name the request; nobody else may.
func TestEvaluationIsNamedByAsker(t *testing.T) {
	s := newSite(t)
	token := s.evaluator(t)
	const body = `{"subject":{"type":"user","id":"us_x"},"action":{"name":"view"},"resource":{"type":"applications","id":"*"}}`
	for sent, kept := range map[string]bool{"bfe9eb29-ab87-4ca3-be83-a1d5d8305716": true, "short": false, "with a space": false} {
		if got := s.evaluate(t, evaluationPath, token, body, requestIDHeader, sent).Header().Get(requestIDHeader); (got == sent) != kept {
			t.Errorf("%q: answered with %q", sent, got)
		}
	}
	if got := s.evaluate(t, evaluationPath, "x", body, requestIDHeader, "12345678").Header().Get(requestIDHeader); got == "12345678" {
		t.Error("a stranger named the request")
	}
}

func TestAuthZENConfiguration(t *testing.T) {
	s := newSite(t)
	w := httptest.NewRecorder()
	s.echo.ServeHTTP(w, httptest.NewRequest(http.MethodGet, authZENConfigPath, nil))
	var config map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &config); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"policy_decision_point": s.Issuer, "access_evaluation_endpoint": s.Issuer + "/access/v1/evaluation", "access_evaluations_endpoint": s.Issuer + "/access/v1/evaluations",
	}
	if !maps.Equal(config, want) {
		t.Errorf("got %v, want %v", config, want)
	}
}

func FuzzEvaluation(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"subject":{"type":"user","id":"a"},"action":{"name":"b"},"resource":{"type":"c","id":"d/e"}}`,
		`{"evaluations":[{"subject":{"type":"user","id":"a"}}],"action":{"name":"b"},"resource":{"type":"c","id":"*"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var sent evaluationsJSON
		if json.Unmarshal([]byte(body), &sent) != nil {
			return
		}
		questions, invalid := sent.questions()
		for _, q := range questions {
			if len(invalid) == 0 && (q.Subject.ID == "" || q.Permission.Key == "" || q.Permission.Service == "" || !registry.IsObject(q.Object) || !isText(q.Subject.ID+q.Scope)) {
				t.Errorf("%q asks for %+v", body, q)
			}
		}
	})
}
