package web

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"clientele/registry"
)

// sendJSON sends JSON to the API, or nothing when it is "".
func (s *site) sendJSON(t *testing.T, method, path, token, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return s.ask(t, r)
}

func TestAPIObjects(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, _ := s.withApplication(t)
		syncer := s.client(t, "Syncer", registry.ObjectsScope).may(t, registry.ManageObjects)
		powerless := s.client(t, "Powerless", registry.ObjectsScope).token(t, "")
		elsewhere := s.client(t, "Elsewhere", auditScope).may(t, registry.ManageObjects).token(t, "")
		token := syncer.token(t, "")
		const containers = "/api/v1/services/orders/containers"
		for _, step := range []struct {
			name, method, path, body string
			status                   int
			want                     string
		}{
			{"a container", "PUT", containers + "/web", `{"name":"Web"}`, 200, `{"changes":[{"op":"add","kind":"container","key":"web"}]}`},
			{"again", "PUT", containers + "/web", `{"name":"Web"}`, 200, `{"changes":[]}`},
			{"renamed", "PUT", containers + "/web", `{"name":"Web shop"}`, 200, `{"changes":[{"op":"change","kind":"container","key":"web"}]}`},
			{"an object", "PUT", containers + "/web/objects/returns", `{"name":"Returns","path":"/web/returns"}`, 200, `{"changes":[{"op":"add","kind":"object","key":"web/returns"}]}`},
			{"changed", "PUT", containers + "/web/objects/returns", `{"name":"Returns"}`, 200, `{"changes":[{"op":"change","kind":"object","key":"web/returns"}]}`},
			{"in no container", "PUT", containers + "/none/objects/returns", `{"name":"Returns"}`, 404, ""},
			{"of no service", "PUT", "/api/v1/services/none/containers/web", `{"name":"Web"}`, 404, ""},
			{"of a built-in service", "PUT", "/api/v1/services/team/containers/web", `{"name":"Web"}`, 400, "A built-in service has no containers"},
			{"an object that is not there", "DELETE", containers + "/web/objects/none", "", 200, `{"changes":[]}`},
			{"a container that is not there", "DELETE", containers + "/none", "", 200, `{"changes":[]}`},
			{"no name", "PUT", containers + "/web", `{}`, 400, `"name":"Give it a name`},
			{"a wrong key", "PUT", containers + "/-web", `{"name":"Web"}`, 400, `"key":"\"-web\" is no key`},
			{"a wrong path", "PUT", containers + "/web/objects/a", `{"name":"A","path":"\u0000"}`, 400, `"path":"Give a path`},
			{"something unknown", "PUT", containers + "/web", `{"name":"Web","colour":"red"}`, 400, `unknown field`},
			{"a wrong type", "PUT", containers + "/web", `{"name":["Web"]}`, 400, `name is no array`},
			{"not JSON", "PUT", containers + "/web", `{`, 400, `"body":"Send one JSON object`},
			{"two", "PUT", containers + "/web", `{"name":"Web"} {}`, 400, "after which nothing comes"},
			{"a name twice", "PUT", containers + "/web", `{"name":"Web","name":"Shop"}`, 400, "no name stands twice"},
			{"no list", "PUT", containers, `{}`, 400, "List the containers"},
			{"twice in a list", "PUT", containers, `{"containers":[{"key":"a","name":"A"},{"key":"a","name":""}]}`, 400, `"containers[1].key":"\"a\" is there twice`},
			{"an unknown parameter", "DELETE", containers + "/web?force=true&remove_in_use=maybe", "", 400, `"remove_in_use":"Send true or false."`},
		} {
			w := s.sendJSON(t, step.method, step.path, token, step.body)
			if w.Code != step.status || !strings.Contains(w.Body.String(), step.want) {
				t.Errorf("%s: got %d %s, want %d with %s", step.name, w.Code, w.Body, step.status, step.want)
			}
			if step.status == 200 && strings.TrimSpace(w.Body.String()) != step.want {
				t.Errorf("%s: got %s, want just %s", step.name, w.Body, step.want)
			}
		}
		b.get("/admin/permissions/orders/objects").has(200, "Web shop", "Returns")

		// What somebody holds something on is removed only when that is said.
		in := registry.GrantInput{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: syncer.id}, Service: "orders", Object: "web/returns", Kind: registry.TemplateGrant, Key: "viewer"}
		if err := s.Store.Grant(t.Context(), registry.Operator, in); err != nil {
			t.Fatal(err)
		}
		for _, removal := range [][2]string{{"DELETE", containers + "/web/objects/returns"}, {"DELETE", containers + "/web"}, {"PUT", containers}} {
			body := map[string]string{"PUT": `{"containers":[]}`}[removal[0]]
			w := s.sendJSON(t, removal[0], removal[1], token, body)
			if p := problemOf(t, w); w.Code != 409 || !strings.Contains(p.Detail, "Nothing was changed, because this is in use: object web/returns is used by Syncer") {
				t.Errorf("%v: got %d %s, want to be told who uses it", removal, w.Code, w.Body)
			}
		}
		whole := `{"containers":[{"key":"lake","name":"Lake","objects":[{"key":"one","name":"One","path":"/lake/one"}]}]}`
		w := s.sendJSON(t, "PUT", containers+"?remove_in_use=true", token, whole)
		want := `{"changes":[{"op":"add","kind":"container","key":"lake"},{"op":"add","kind":"object","key":"lake/one"},` +
			`{"op":"remove","kind":"container","key":"shop"},{"op":"remove","kind":"container","key":"web"},{"op":"remove","kind":"object","key":"web/returns"}]}`
		if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != want {
			t.Errorf("got %d %s, want %s", w.Code, got, want)
		}
		if w := s.sendJSON(t, "PUT", containers, token, whole); strings.TrimSpace(w.Body.String()) != `{"changes":[]}` {
			t.Errorf("got %s, want nothing changed by the same list", w.Body)
		}
		if d, err := s.Store.Application(t.Context(), registry.Operator, syncer.id); err != nil || slices.Contains(d.Permissions, in.Held()) {
			t.Errorf("got %+v and %v, want the grant gone with its object", d.Permissions, err)
		}

		// Who may not.
		for name, wrong := range map[string]string{"without permission": powerless, "without scope": elsewhere} {
			if w := s.sendJSON(t, "PUT", containers+"/web", wrong, `{"name":"Web"}`); w.Code != 403 {
				t.Errorf("%s: got %d %s, want 403", name, w.Code, w.Body)
			}
		}
		orders := registry.Catalogue{Services: slices.Clone(demoOrders.Services)}
		orders.Services[0].Permissions = append(slices.Clone(orders.Services[0].Permissions), registry.PermissionDef{Key: "manage-objects", Name: "Manage objects", Description: "Say which there are."})
		if _, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, orders, true, false); err != nil {
			t.Fatal(err)
		}
		own := s.client(t, "Own", registry.ObjectsScope).may(t, registry.Permission{Service: "orders", Key: "manage-objects"}).token(t, "")
		if w := s.sendJSON(t, "PUT", containers+"/web", own, `{"name":"Web"}`); w.Code != 200 {
			t.Errorf("by the service's own permission: got %d %s, want it done", w.Code, w.Body)
		}
		if w := s.sendJSON(t, "PUT", "/api/v1/services/none/containers/web", own, `{"name":"Web"}`); w.Code != 403 {
			t.Errorf("of another service: got %d %s, want 403", w.Code, w.Body)
		}
		b.get("/admin/audit-log?action=service.sync-objects").has(200, "Syncer", "Sync containers and objects", "Powerless")
	})
}
