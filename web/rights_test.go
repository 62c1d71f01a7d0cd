package web

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
	"clientele/views"
)

// right is what it takes to be served: without see there is nothing, without
// the rest one is refused. seen by everyone when see is zero.
type right struct {
	see registry.Permission
	do  []registry.Permission
}

func (r right) status(held []registry.Permission) int {
	if r.see != (registry.Permission{}) && !slices.Contains(held, r.see) {
		return http.StatusNotFound
	}
	for _, p := range r.do {
		if !slices.Contains(held, p) {
			return http.StatusForbidden
		}
	}
	return http.StatusOK
}

// consoleRights is what each route of the console needs, with the addresses of
// what rightsWorld makes. What is only posted, or posted with another need than
// the page, is named with its method.
func consoleRights() map[string]right {
	all := map[string]right{}
	add := func(see registry.Permission, do []registry.Permission, paths ...string) {
		for _, path := range paths {
			all[path] = right{see, do}
		}
	}
	add(registry.Permission{}, nil, "/", "/profile", "/profile/password", "/profile/oauth-clients", "/profile/oauth-clients/revoke", "/profile/oauth-clients/:consent/revoke",
		"POST /profile/sessions/end", "POST /profile/sessions/:session/end", "/profile/notices", "/profile/notices/:notice", "POST /profile/notices/read", "POST /profile/notices/mail")

	manage, grant := []registry.Permission{registry.ManageApplications}, []registry.Permission{registry.ManagePermissions}
	add(registry.ViewApplications, nil,
		"/admin/applications", "/admin/applications.csv", "/admin/scopes", "/admin/applications/:id", "/admin/applications/:id/permissions", "/admin/applications/:id/access",
		"/admin/applications/:id/connect", "/admin/applications/:id/test", "/admin/applications/:id/consents", "/admin/applications/:id/consents.csv")
	add(registry.ViewApplications, manage,
		"/admin/applications/new/oauth-client", "POST /admin/applications/new/oauth-client/check", "/admin/applications/new/oauth-client/:draft", "/admin/applications/new/oauth-client/:draft/scopes",
		"/admin/applications/new/application-key", "/admin/applications/:id/migrate", "/admin/applications/:id/owners", "/admin/applications/:id/owners/:user/remove",
		"/admin/applications/disable", "/admin/applications/delete", "/admin/applications/:id/edit", "/admin/applications/:id/secret", "POST /admin/applications/:id/edit/check", "/admin/applications/:id/scopes",
		"/admin/applications/:id/scopes/review", "/admin/applications/:id/networks", "/admin/applications/:id/disable", "/admin/applications/:id/enable",
		"/admin/applications/:id/delete", "/admin/applications/:id/restore", "/admin/applications/:id/consents/revoke", "/admin/applications/:id/consents/:consent/revoke",
		"/admin/applications/:id/secrets/:secret/edit", "/admin/applications/:id/secrets/:secret/pause", "/admin/applications/:id/secrets/:secret/resume", "/admin/applications/:id/secrets/:secret/end")
	add(registry.ViewApplications, slices.Concat(manage, grant), "/admin/applications/:id/regenerate", "/admin/applications/:id/secrets/new")
	add(registry.ViewApplications, grant, "POST /admin/applications/:id/permissions", "POST /admin/applications/:id/permissions/remove")

	users := []registry.Permission{registry.ManageUsers}
	add(registry.ViewUsers, nil, "/admin/users", "/admin/users.csv", "/admin/users/:id", "/admin/users/:id/access", "/admin/groups", "/admin/groups/:id")
	add(registry.ViewUsers, users, "/admin/users/new", "/admin/users/:id/link", "/admin/groups/new", "/admin/users/:id/disable", "/admin/users/:id/enable", "/admin/users/:id/sign-out", "/admin/users/:id/invitation", "/admin/users/:id/withdraw")
	add(registry.ViewUsers, slices.Concat(users, grant), "/admin/users/:id/reset-password",
		"/admin/groups/:id/edit", "/admin/groups/:id/add", "/admin/groups/:id/members/:user/remove", "/admin/groups/:id/delete")
	add(registry.ViewUsers, grant, "/admin/users/:id/administrator", "/admin/users/:id/administrator/remove", "/admin/groups/:id/permissions/remove")

	add(registry.ViewPermissions, nil, "/admin/permissions", "/admin/permissions.csv", "/admin/permissions/why", "/admin/permissions/:service/access", "/admin/permissions/:service", "/admin/permissions/:service/objects", "/admin/permissions/:service/templates", "/admin/permissions/:service/granting")
	add(registry.ViewPermissions, grant, "/admin/permissions/:service/assign", "/admin/permissions/:service/assign/what", "/admin/permissions/:service/change", "/admin/permissions/:service/remove",
		"/admin/permissions/:service/granting/standard", "/admin/permissions/:service/granting/restricted")

	add(registry.ManageSettings, nil, "/admin/settings", "/admin/settings/notices", "/admin/settings/notices/:kind", "/admin/settings/credentials", "/admin/settings/audit-log", "/admin/settings/audit-log/shorten",
		"/admin/settings/webhooks", "/admin/settings/webhooks/new", "/admin/settings/webhooks/:webhook", "/admin/settings/webhooks/:webhook/edit", "/admin/settings/webhooks/:webhook/secret",
		"/admin/settings/webhooks/:webhook/rotate", "/admin/settings/webhooks/:webhook/enable", "/admin/settings/webhooks/:webhook/disable", "/admin/settings/webhooks/:webhook/delete",
		"POST /admin/settings/webhooks/:webhook/test", "POST /admin/settings/webhooks/:webhook/deliveries/:delivery/again")
	add(registry.ReadAuditLog, nil, "/admin/audit-log", "/admin/audit-log/:seq", "/admin/audit-log.csv", "/admin/audit-log.jsonl")
	return all
}

// rightsWorld is a site with something of every kind, and one user whose
// permissions change.
type rightsWorld struct {
	*site
	walker   registry.User
	b        *browser
	replaced map[string]string // parts of addresses that stand for something
	byPath   map[string]string // whole addresses that stand for something else than that
}

func newRightsWorld(t *testing.T) *rightsWorld {
	s := newSite(t)
	admin, path := s.withApplication(t)
	app := strings.TrimPrefix(path, applicationsPath+"/")
	w := &rightsWorld{site: s}
	w.walker, w.b = s.userAndBrowser(t, "Walker", "walker@example.com", false)
	user := storetest.User(t, s.Store, "Target", "target@example.com", false)
	other := storetest.User(t, s.Store, "Other Admin", "other@example.com", true)
	s.grant(t, user, registry.IntrospectTokens) // so that a link to the account gives something
	grantApp := registry.GrantInput{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: app}, Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}
	onShop := grantApp
	onShop.Object = "shop"
	for _, in := range []registry.GrantInput{grantApp, onShop} {
		if err := s.Store.Grant(t.Context(), registry.Operator, in); err != nil {
			t.Fatal(err)
		}
	}
	scopes := url.Values{"scope": {"orders:read"}}
	wizard := admin.post(views.NewClientPath, portalForm("Portal")).Header().Get("Location")
	portal, _ := strings.CutSuffix(admin.post(wizard, url.Values{"scope": {"openid", "orders:read"}}).Header().Get("Location"), "/secret")
	client, _ := s.consented(t, user, "Consented")
	s.consent(t, w.walker, client)
	s.platformApplication(t)
	disabled, deleted := admin.register("Off", scopes), admin.register("Gone", scopes)
	admin.post(disabled+"/disable", nil).redirects(disabled)
	admin.post(deleted+"/delete", url.Values{"confirm": {"Gone"}, "name": {"Gone"}})
	off := storetest.User(t, s.Store, "Disabled", "disabled@example.com", false)
	admin.post("/admin/users/"+off.ID+"/disable", nil).redirects("/admin/users/" + off.ID)
	invited, _ := admin.invite(url.Values{"name": {"Invited"}, "email": {"invited@example.com"}})
	group := admin.makeGroup("Clerks")
	admin.makeGroup("Harmless")
	admin.post(group+"/add", url.Values{"user": {user.ID}})
	s.letView(t, group)
	for _, p := range []registry.Permission{registry.ViewApplications, registry.ManageApplications} {
		s.grant(t, w.walker, p)
	}
	draft := w.b.post("/admin/applications/new/oauth-client", detailsForm("Draft")).Header().Get("Location")
	draft = strings.Split(strings.TrimPrefix(draft, views.NewClientPath+"/"), "/")[0]
	own := w.b.get("/profile/oauth-clients").page().Find(`a[href*="/oauth-clients/co_"]`).Map(hrefs)
	of := admin.get(applicationsPath + "/" + client + "/consents").page().Find(`a[href*="/consents/co"]`).Map(hrefs)
	if draft == "" || len(own) == 0 || len(of) == 0 {
		t.Fatalf("got the draft %q and the consents %q and %q, want all", draft, own, of)
	}
	w.hold(t)
	hook, err := s.Store.CreateWebhook(t.Context(), registry.Operator, registry.WebhookInput{
		URL: "https://hooks.example.com", Kinds: []registry.NoticeKind{registry.NoticeApplicationCreated},
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := s.Store.CreateKey(t.Context(), registry.Operator, registry.NewApplicationKey{KeyDetails: registry.KeyDetails{Name: "Key"}}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}

	secret := s.details(t, path).Secrets[0].ID
	w.replaced = map[string]string{
		"applications/:id": "applications/" + app, "users/:id": "users/" + user.ID, "groups/:id": strings.TrimPrefix(group, "/admin/"), ":user": user.ID,
		":service": "orders", ":kind": string(registry.NoticeApplicationCreated), ":seq": "1", ":draft": draft, ":secret": secret,
		":webhook": hook.ID, ":delivery": "1",
	}
	change := "?row=" + url.QueryEscape(registry.GrantRow(grantApp.Subject, grantApp.Held()))
	w.byPath = map[string]string{
		"/profile/oauth-clients/:consent/revoke":             strings.Split(own[0], "?")[0],
		"/admin/applications/:id/consents/revoke":            applicationsPath + "/" + client + "/consents/revoke",
		"/admin/applications/:id/consents/:consent/revoke":   strings.Split(of[0], "?")[0],
		"/admin/applications/:id/connect":                    portal + "/connect",
		"/admin/applications/:id/migrate":                    applicationsPath + "/" + key.ID + "/migrate",
		"/admin/applications/:id/owners/:user/remove":        path + "/owners/" + s.details(t, path).Owners[0].ID + "/remove",
		"/admin/applications/:id/enable":                     disabled + "/enable",
		"/admin/applications/:id/restore":                    deleted + "/restore",
		"/admin/users/:id/invitation":                        invited + "/invitation",
		"/admin/users/:id/withdraw":                          invited + "/withdraw",
		"/admin/users/:id/administrator/remove":              "/admin/users/" + other.ID + "/administrator/remove",
		"/admin/users/:id/enable":                            "/admin/users/" + off.ID + "/enable",
		"/admin/groups/:id/permissions/remove":               group + "/permissions/remove?service=applications&grant=template:viewer",
		"/admin/permissions/:service/assign/what":            "/admin/permissions/orders/assign/what?subject=user:" + other.ID,
		"/admin/permissions/:service/change":                 "/admin/permissions/orders/change" + change,
		"/admin/permissions/:service/remove":                 "/admin/permissions/orders/remove" + change,
		"/admin/applications/:id/secrets/:secret/resume":     path + "/secrets/" + secret + "/resume",
		"/admin/applications/new/oauth-client/:draft/scopes": views.NewClientPath + "/" + draft + "/scopes",
	}
	return w
}

// hold makes the walker hold just these.
func (w *rightsWorld) hold(t *testing.T, held ...registry.Permission) {
	t.Helper()
	account, err := w.Store.User(t.Context(), registry.Operator, w.walker.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range account.Held {
		in := registry.GrantInput{Subject: w.walker.Actor().Subject(), Service: g.Service, Kind: g.Kind, Key: g.Key}
		if err := w.Store.Ungrant(t.Context(), registry.Operator, in); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range held {
		w.grant(t, w.walker, p)
	}
}

func (w *rightsWorld) address(path string) string {
	if address, special := w.byPath[path]; special {
		return address
	}
	for part, value := range w.replaced {
		path = strings.ReplaceAll(path, part, value)
	}
	return path
}

// rightsHeld are whom the walks are made for: who holds nothing, who holds each
// permission of the built-in services with what it needs, and any two of them.
func rightsHeld() map[string][]registry.Permission {
	all := map[string][]registry.Permission{"nothing": nil}
	var single []registry.Permission
	for _, s := range registry.BuiltIn().Services {
		for _, p := range s.Permissions {
			single = append(single, registry.Permission{Service: s.Key, Key: p.Key})
		}
	}
	for i, p := range single {
		all[p.String()] = registry.WithNeeds(p)
		for _, q := range single[:i] {
			all[p.String()+" and "+q.String()] = registry.WithNeeds(p, q)
		}
	}
	all["everything"] = single
	return all
}

// Each route of the console serves just who holds what it needs.
func TestRightsOfRoutes(t *testing.T) {
	w := newRightsWorld(t)
	rights := consoleRights()
	routes := consoleRoutes(t, w.echo, rights)
	held := rightsHeld()
	for _, name := range slices.Sorted(maps.Keys(held)) {
		w.hold(t, held[name]...)
		for _, route := range routes {
			want := rightOf(rights, route).status(held[name])
			address := w.address(route.Path)
			if route.Method == http.MethodPost {
				if want != http.StatusOK { // who may does so in other tests
					if got := w.b.post(strings.Split(address, "?")[0], w.form(address)).Code; got != want {
						t.Errorf("%s posts to %s: got %d, want %d", name, address, got, want)
					}
				}
				continue
			}
			got := w.b.get(address).Code
			if served := got < 400 || got == http.StatusUnprocessableEntity || got == http.StatusGone; want == http.StatusOK && !served && route.Path != "/profile/notices/:notice" || want != http.StatusOK && got != want {
				t.Errorf("%s asks for %s: got %d, want %d", name, address, got, want)
			}
		}
	}
	// What means nothing without others opens nothing.
	for _, p := range []registry.Permission{registry.ManageUsers, registry.ManageApplications, registry.ManagePermissions} {
		w.hold(t, p)
		for _, route := range routes {
			if right := rightOf(rights, route); right.see != (registry.Permission{}) && route.Method == http.MethodGet {
				w.b.get(w.address(route.Path)).has(404)
			}
		}
	}
}

// form is what is posted to change what the address says.
func (w *rightsWorld) form(address string) url.Values {
	_, query, _ := strings.Cut(address, "?")
	form, _ := url.ParseQuery(query)
	form.Set("service", "orders")
	return form
}

// consoleRoutes returns the routes of the console. Each has to have its right.
func consoleRoutes(t *testing.T, e *echo.Echo, rights map[string]right) (routes []*echo.Route) {
	t.Helper()
	used := map[string]bool{}
	for _, route := range e.Routes() {
		console := strings.HasPrefix(route.Path, "/admin/") || strings.HasPrefix(route.Path, "/profile") || route.Path == "/"
		if !console || route.Method != http.MethodGet && route.Method != http.MethodPost {
			continue
		}
		name := rightName(rights, route)
		if _, known := rights[name]; !known {
			t.Errorf("%s %s: say in consoleRights who may", route.Method, route.Path)
			continue
		}
		used[name] = true
		routes = append(routes, route)
	}
	for name := range rights {
		if !used[name] {
			t.Errorf("there is no route %s", name)
		}
	}
	slices.SortFunc(routes, func(a, b *echo.Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return routes
}

func rightName(rights map[string]right, route *echo.Route) string {
	if _, other := rights[route.Method+" "+route.Path]; other {
		return route.Method + " " + route.Path
	}
	return route.Path
}

func rightOf(rights map[string]right, route *echo.Route) right {
	return rights[rightName(rights, route)]
}

// Each page shows its viewer only what they may do: every link that can be come
// by from the first page leads to a page, and every form and button to what is
// not refused.
func TestPagesOfferWhatIsAllowed(t *testing.T) {
	w := newRightsWorld(t)
	rights := consoleRights()
	held := rightsHeld()
	for _, name := range slices.Sorted(maps.Keys(held)) {
		w.hold(t, held[name]...)
		seen, from := map[string]bool{}, map[string]string{}
		pages := 0
		for queue := []string{"/"}; len(queue) > 0; {
			address := queue[0]
			queue = queue[1:]
			answer := w.b.get(address)
			if pages++; pages > 2000 {
				t.Fatalf("%s: the walk does not end", name)
			}
			switch answer.Code {
			case http.StatusSeeOther:
				queue = append(queue, answer.Header().Get("Location"))
				continue
			case http.StatusOK, http.StatusUnprocessableEntity, http.StatusGone:
			default:
				t.Errorf("%s: %s links to %s, which is %d", name, from[address], address, answer.Code)
				continue
			}
			if !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
				continue
			}
			offered := func(method, to string) {
				u, err := url.Parse(to)
				if to == "" || err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "/static/") || strings.HasPrefix(u.Path, "/logos/") {
					return
				}
				c := w.echo.NewContext(httptest.NewRequest(method, "/", nil), nil)
				w.echo.Router().Find(method, u.EscapedPath(), c)
				if method == http.MethodPost {
					right, known := rights[rightName(rights, &echo.Route{Method: method, Path: c.Path()})]
					if got := right.status(held[name]); known && got != http.StatusOK && !w.exception(c.Path(), u.Path, held[name]) {
						t.Errorf("%s: %s offers %s, which is refused with %d", name, address, to, got)
					}
					return
				}
				// Lists are walked on their first pages, in one order: one address of each set of parameters.
				key := u.Path + "?" + strings.Join(slices.Sorted(maps.Keys(u.Query())), "&")
				if !seen[key] {
					seen[key], from[to] = true, address
					queue = append(queue, to)
				}
			}
			page := answer.page()
			page.Find("a[href]").Each(func(_ int, a *goquery.Selection) { offered(http.MethodGet, a.AttrOr("href", "")) })
			page.Find("form[action]").Each(func(_ int, form *goquery.Selection) {
				method := strings.ToUpper(form.AttrOr("method", "get"))
				offered(method, form.AttrOr("action", ""))
				form.Find("[formaction]").Each(func(_ int, button *goquery.Selection) {
					offered(strings.ToUpper(button.AttrOr("formmethod", method)), button.AttrOr("formaction", ""))
				})
			})
			for _, attr := range []string{"hx-get", "hx-post"} {
				page.Find("[" + attr + "]").Each(func(_ int, part *goquery.Selection) {
					offered(strings.ToUpper(strings.TrimPrefix(attr, "hx-")), part.AttrOr(attr, ""))
				})
			}
		}
		if name == "everything" && pages < 100 {
			t.Errorf("%s: walked %d pages only", name, pages)
		}
	}
}

// exception reports whether somebody may post there without what the route
// otherwise needs: consoleRights says what it takes where something is held.
func (w *rightsWorld) exception(route, path string, held []registry.Permission) bool {
	sensitive := strings.Contains(path, w.address("applications/:id")) || strings.Contains(path, w.address("users/:id")) || strings.Contains(path, w.address("groups/:id"))
	needsToGrant := rightOf(consoleRights(), &echo.Route{Method: http.MethodPost, Path: route})
	return !sensitive && needsToGrant.status(append(slices.Clone(held), registry.ManagePermissions)) == http.StatusOK
}
