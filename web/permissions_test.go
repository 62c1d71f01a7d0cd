package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
	"clientele/store/storetest"
)

// withPermissions sets a site up with a service that looks after its own
// permissions and returns the browser of an administrator.
func (s *site) withPermissions(t *testing.T) *browser {
	t.Helper()
	b := s.setUp(t)
	c := registry.Catalogue{Services: slices.Clone(demoOrders.Services)}
	orders := &c.Services[0]
	orders.Permissions = append(slices.Clone(orders.Permissions), registry.PermissionDef{
		Key: registry.ManageOwnPermissions, Name: "Manage permissions", Description: "Change who may do what.",
	})
	orders.Containers = []registry.Container{
		{Key: "shop", Name: "Shop", Objects: []registry.Object{{Key: "returns", Name: "Returns", Path: "/shop/returns"}}}, {Key: "yard", Name: "Yard"},
	}
	if _, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, c, false, false); err != nil {
		t.Fatal(err)
	}
	return b
}

// give gives a subject a permission or template of the service orders.
func (s *site) give(t *testing.T, to registry.Subject, grant, object string) {
	t.Helper()
	in := registry.GrantInput{Subject: to, Service: "orders", Object: object}
	in.Kind, in.Key = registry.ParseGrantName(grant)
	if err := s.Store.Grant(t.Context(), registry.Operator, in); err != nil {
		t.Fatal(err)
	}
}

func TestPermissionsPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.withPermissions(t)
		b.get(permissionsPath+"/orders").has(http.StatusOK, "Nobody holds anything of it")
		mail := "ursula@example.com"
		user := storetest.User(t, s.Store, "Ursula Demo", mail, false)
		s.give(t, user.Actor().Subject(), "template:viewer", "")
		s.give(t, user.Actor().Subject(), "permission:edit", "shop/returns")
		app := b.register("Ledger Sync", url.Values{"scope": {"orders:read", "audit.log:read"}})
		id := strings.TrimPrefix(app, applicationsPath+"/")
		s.give(t, registry.Subject{Type: registry.ApplicationSubject, ID: id}, "template:viewer", "")

		page := b.get(permissionsPath)
		page.has(http.StatusOK, "Demo orders", "1 user · 1 application", "Audit log", "Built in")
		page.lacks("OpenID Connect") // it has no permissions
		b.get(permissionsPath+"?q=ORDERS").has(http.StatusOK, "1 service", "Demo orders")
		b.get(permissionsPath+"?q=nothing").has(http.StatusOK, "No services match")

		service := permissionsPath + "/orders"
		rows := func(query string) []string {
			t.Helper()
			answer := b.get(service + query)
			answer.has(http.StatusOK)
			return answer.page().Find("tbody .who-line").Map(trimmed)
		}
		for query, want := range map[string][]string{
			"":                                  {"Ledger Sync", "Ursula Demo", "Ursula Demo"},
			"?type=user":                        {"Ursula Demo", "Ursula Demo"},
			"?grant=permission:edit":            {"Ursula Demo"},
			"?object=*":                         {"Ledger Sync", "Ursula Demo"},
			"?object=shop/returns":              {"Ursula Demo"},
			"?q=ledger":                         {"Ledger Sync"},
			"?type=user&object=*&grant=nothing": nil,
		} {
			if got := rows(query); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		b.get(service).has(http.StatusOK, mail, id, "Viewer", "Shop › Returns", "3 assignments", app+"/permissions#service-orders")
		b.get(service+"?type=robot").has(http.StatusUnprocessableEntity, "There is no such list")
		b.get(service+"?after=x").has(http.StatusUnprocessableEntity, "That page is no longer there")

		b.get(service+"/objects").has(http.StatusOK, "Shop › Returns", "shop/returns", "/shop/returns", "3 containers and objects")
		b.get(service+"/objects?q=yard").has(http.StatusOK, "Yard", "1 container or object")
		b.get(service+"/objects?q=nothing").has(http.StatusOK, "No containers or objects match")
		b.get(service+"/objects?from=gone").has(http.StatusUnprocessableEntity, "That page is no longer there")
		b.get(permissionsPath+"/team/objects").has(http.StatusOK, "It has no containers")

		templates := b.get(service + "/templates")
		templates.has(http.StatusOK, "View orders", "Change orders.", "Needs View orders", "2 subjects with Viewer", "1 subject with Edit orders")

		for _, unknown := range []string{"/none", "/openid", "/none/objects", "/none/templates", "/ORDERS", "/%00"} {
			b.get(permissionsPath + unknown).has(http.StatusNotFound)
		}
	})
}

// Each sees those parts that it may look at, and nothing else exists.
func TestPermissionsPagesByViewer(t *testing.T) {
	s := newSite(t)
	s.withPermissions(t)
	target := storetest.User(t, s.Store, "Target", "target@example.com", false).Actor().Subject()
	for _, object := range []string{"", "shop", "shop/returns", "yard"} {
		s.give(t, target, "permission:view", object)
	}
	viewer := s.holding(t, "viewer@example.com", registry.ViewPermissions)
	clerk := s.holding(t, "clerk@example.com", registry.ViewApplications)
	part := func(mail, object string) *browser {
		user := storetest.User(t, s.Store, "Demo User", mail, false)
		s.give(t, user.Actor().Subject(), "permission:"+registry.ManageOwnPermissions, object)
		b := s.browser(t)
		b.signIn(mail, testPassword).redirects("/")
		b.get("/").redirects(permissionsPath)
		return b
	}
	service := permissionsPath + "/orders"
	for _, tt := range []struct {
		name    string
		b       *browser
		whole   bool
		objects int // of Target's grants
	}{{"viewer", viewer, true, 4}, {"of the service", part("whole@example.com", ""), false, 4}, {"of the shop", part("shop@example.com", "shop"), false, 2}, {"of returns", part("returns@example.com", "shop/returns"), false, 1}} {
		answer := tt.b.get(service + "?q=Target")
		answer.has(http.StatusOK)
		if got := answer.page().Find("tbody tr").Length(); got != tt.objects {
			t.Errorf("%s: got %d rows, want %d", tt.name, got, tt.objects)
		}
		if got, want := strings.Contains(answer.Body.String(), "You see a part of it"), tt.objects < 4; got != want {
			t.Errorf("%s: told of a part %t, want %t", tt.name, got, want)
		}
		want := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[tt.whole]
		tt.b.get(permissionsPath + "/audit").has(want)
		tt.b.get(permissionsPath + "/audit/templates").has(want)
		list := tt.b.get(permissionsPath)
		list.has(http.StatusOK, "Demo orders")
		if got := list.page().Find(".service").Length(); (got > 1) != tt.whole {
			t.Errorf("%s: got %d services", tt.name, got)
		}
		list.has(http.StatusOK, fmt.Sprintf(`href="%s"`, permissionsPath)) // in the navigation
	}
	for _, page := range []string{"", "/orders", "/orders/objects", "/orders/templates", "/none"} {
		clerk.get(permissionsPath + page).has(http.StatusNotFound)
	}
	if got := clerk.get(applicationsPath).page().Find(`.nav-list a[href="` + permissionsPath + `"]`).Length(); got != 0 {
		t.Error("the navigation leads a clerk to permissions")
	}
}

// The assignment goes through all its steps without script: what is ticked
// stays ticked whatever button is pressed.
func TestAssignPermissions(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.withPermissions(t)
		user := storetest.User(t, s.Store, "Ursula Demo", "ursula@example.com", false).Actor().Subject()
		name := registry.SubjectName(user)
		assign := permissionsPath + "/orders/assign"
		b.get(permissionsPath+"/orders").has(http.StatusOK, `href="`+assign+`"`)
		ticked := func(a answer) []string {
			a.has(http.StatusOK)
			return a.page().Find(`input[name="subject"][checked]`).Map(func(_ int, box *goquery.Selection) string { return box.AttrOr("value", "") })
		}
		if got := ticked(b.get(assign)); len(got) != 0 {
			t.Errorf("at first %q are ticked", got)
		}
		for _, query := range []string{"", "&q=Ursula", "&q=nobody", "&type=application"} {
			if got := ticked(b.get(assign + "?subject=" + name + query)); !slices.Equal(got, []string{name}) {
				t.Errorf("%s: %q are ticked, want %s", query, got, name)
			}
		}
		b.get(assign+"?type=robot&subject="+name).has(http.StatusUnprocessableEntity, "Ursula Demo")
		b.get(assign+"?after=x&q=Ursula").has(http.StatusUnprocessableEntity, "no longer there", "Ursula Demo")
		b.get(assign+"/what").has(http.StatusUnprocessableEntity, "Pick at least one", "Ursula Demo")
		b.get(assign+"/what?subject=user:gone").has(http.StatusUnprocessableEntity, "Pick at least one")
		b.get(assign+"/what?"+url.Values{"subject": slices.Repeat([]string{"user:x"}, 101)}.Encode()).has(http.StatusUnprocessableEntity, "Pick at least one")
		b.get(assign+"/what?subject="+name).has(http.StatusOK, "Ursula Demo", "Viewer", "Shop › Returns")

		form := url.Values{"subject": {name}, "object": {"shop/returns"}}
		b.post(assign+"/what", form).has(http.StatusUnprocessableEntity, "Choose a template, or at least one permission.", "Ursula Demo", `value="shop/returns" selected`)
		form["grant"] = []string{"template:viewer", "permission:gone"}
		b.post(assign+"/what", form).has(http.StatusUnprocessableEntity, `has no permission &#34;gone&#34;`, `value="template:viewer" checked`)
		form["grant"] = []string{"template:viewer", "permission:edit"}
		for range 2 { // twice is once
			b.post(assign+"/what", form).redirects(permissionsPath + "/orders")
		}
		b.get(permissionsPath+"/orders").has(http.StatusOK, "The permissions are assigned", "2 assignments", "Shop › Returns")
		b.get(assign).lacks("Ursula Demo")
	})
}

// Of more containers and objects than a menu holds, one is named by its ID.
func TestAssignOnOneOfManyObjects(t *testing.T) {
	s := newSite(t)
	b := s.withPermissions(t)
	catalogue, err := s.Store.Catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	service, _ := catalogue.Service("orders")
	service.Containers = slices.Clone(service.Containers)
	for i := range 300 {
		service.Containers[0].Objects = append(slices.Clone(service.Containers[0].Objects), registry.Object{Key: fmt.Sprint("item", i), Name: fmt.Sprint("Item ", i)})
	}
	if _, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, registry.Catalogue{Services: []registry.Service{service}}, false, false); err != nil {
		t.Fatal(err)
	}
	name := registry.SubjectName(storetest.User(t, s.Store, "Ursula Demo", "ursula@example.com", false).Actor().Subject())
	what := permissionsPath + "/orders/assign/what"
	page := b.get(what + "?subject=" + name)
	page.has(http.StatusOK, "Empty is the whole service.", `href="`+permissionsPath+`/orders/objects"`)
	page.lacks(`<option value="shop`)
	form := url.Values{"subject": {name}, "grant": {"template:viewer"}, "object": {"shop/item300"}}
	b.post(what, form).has(http.StatusUnprocessableEntity, "has no container or object &#34;shop/item300&#34;", `value="shop/item300"`)
	form.Set("object", " shop/item299 ")
	b.post(what, form).redirects(permissionsPath + "/orders")
	b.get(permissionsPath+"/orders").has(http.StatusOK, "Shop › Item 299")

	app := b.register("Ledger Sync", url.Values{"scope": {"orders:read"}})
	toIt := what + "?" + url.Values{"subject": {"application:" + strings.TrimPrefix(app, applicationsPath+"/")}}.Encode()
	page = b.get(app + "/permissions")
	page.has(http.StatusOK, `href="`+toIt+`"`)
	page.lacks(`value="shop/item299"`)
	b.get(toIt).has(http.StatusOK, "Ledger Sync", "Empty is the whole service.")
}

func TestChangeSeveralGrants(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.withPermissions(t)
		user := storetest.User(t, s.Store, "Ursula Demo", "ursula@example.com", false).Actor().Subject()
		s.give(t, user, "template:viewer", "")
		s.give(t, user, "permission:view", "shop")
		service := permissionsPath + "/orders"
		rows := b.get(service).page().Find(`input[name="row"]`).Map(func(_ int, box *goquery.Selection) string { return box.AttrOr("value", "") })
		if len(rows) != 2 {
			t.Fatalf("got %q to tick, want two", rows)
		}
		shop := rows[1]
		b.get(service+"/remove?"+url.Values{"row": {shop}}.Encode()).has(http.StatusOK, "Remove 1 assignment?", "View orders stays, by the template Viewer, on the whole service")
		b.get(service+"/remove?"+url.Values{"row": rows}.Encode()).has(http.StatusOK, "Remove 2 assignments?", "Nothing of it stays")
		b.get(service+"/change").has(http.StatusUnprocessableEntity, "Tick at least one assignment.")
		b.get(service+"/change?row=x").has(http.StatusUnprocessableEntity, "Tick assignments in the list")

		b.post(service+"/change", url.Values{"row": {shop}}).has(http.StatusUnprocessableEntity, "Choose a template, or at least one permission.", "Ursula Demo")
		for range 2 {
			b.post(service+"/change", url.Values{"row": {shop}, "grant": {"permission:edit"}}).redirects(service)
		}
		b.get(service).has(http.StatusOK, "The permissions are changed", "Edit orders")
		b.get(service+"/remove?"+url.Values{"row": {shop}}.Encode()).has(http.StatusOK, "None of these assignments is there")
		for range 2 {
			b.post(service+"/remove", url.Values{"row": {rows[0]}}).redirects(service)
		}
		b.get(service).has(http.StatusOK, "The permissions are removed", "1 assignment")

		b.get(permissionsPath + "/authorization").has(http.StatusOK)
		last := b.get(permissionsPath + "/authorization").page().Find(`input[name="row"]`).Map(func(_ int, box *goquery.Selection) string { return box.AttrOr("value", "") })
		b.post(permissionsPath+"/authorization/remove", url.Values{"row": last}).has(http.StatusUnprocessableEntity, "This is the last administrator.")
	})
}

// Who may look but not give sees no way to, and is refused.
func TestAssigningIsForWhoMayManagePermissions(t *testing.T) {
	s := newSite(t)
	s.withPermissions(t)
	viewer := s.holding(t, "viewer@example.com", registry.ViewPermissions)
	clerk := s.holding(t, "clerk@example.com", registry.ViewApplications)
	service := permissionsPath + "/orders"
	page := viewer.get(service)
	page.has(http.StatusOK)
	page.lacks(service+"/assign", `name="row"`)
	for _, path := range []string{"/assign", "/assign/what", "/change", "/remove"} {
		viewer.get(service+path).has(http.StatusForbidden, "authorization/manage-permissions")
		clerk.get(service + path).has(http.StatusNotFound)
		if path == "/assign" {
			continue
		}
		viewer.post(service+path, url.Values{}).has(http.StatusForbidden, "authorization/manage-permissions")
		clerk.post(service+path, url.Values{}).has(http.StatusNotFound)
	}
}
