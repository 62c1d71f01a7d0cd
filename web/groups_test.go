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

// makeGroup makes a group in the console, and returns the address of its page.
func (b *browser) makeGroup(name string) string {
	b.t.Helper()
	path := b.post("/admin/groups/new", url.Values{"name": {name}, "description": {"Demo <group>"}}).Header().Get("Location")
	if !strings.HasPrefix(path, "/admin/groups/gr_") {
		b.t.Fatalf("got %q, want the page of the group", path)
	}
	return path
}

func groupOf(path string) registry.Subject {
	return registry.Group{ID: path[strings.LastIndexByte(path, '/')+1:]}.Subject()
}

// letView gives a group the Viewer template of Applications.
func (s *site) letView(t *testing.T, path string) {
	t.Helper()
	in := registry.GrantInput{Subject: groupOf(path), Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"}
	if err := s.Store.Grant(t.Context(), registry.Operator, in); err != nil {
		t.Fatal(err)
	}
}

func hrefs(_ int, link *goquery.Selection) string { return link.AttrOr("href", "") }

func TestGroupPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		user, guest := s.userAndBrowser(t, "Demo User", "demo@example.com", false)
		b.get("/admin/groups").has(200, "There are no groups", "New group")
		wrong := b.post("/admin/groups/new", url.Values{"name": {" "}, "description": {"kept <b>"}})
		wrong.has(422, "Enter a name.", "kept &lt;b&gt;")
		path := b.makeGroup("Clerks")
		b.get(path).has(200, "The group is made", "Nobody is in it", "No permissions", "Demo &lt;group&gt;", "Make a group")
		b.post("/admin/groups/new", url.Values{"name": {"clerks"}}).has(422, "There is a group of this name already.", `value="clerks"`)

		s.letView(t, path)
		b.get(path+"/add").has(200, "Demo User", "First Admin", "at once what the group holds of Applications")
		if got := b.get(path + "/add?q=DEMO").page().Find(".who-name").Map(trimmed); !slices.Equal(got, []string{"Demo User"}) {
			t.Errorf("got %q, want who is looked for", got)
		}
		b.get(path+"/add?q=nobody").has(200, "No users match")
		b.get(path+"/add?after=nonsense").has(422, "That page is no longer there")
		b.post(path+"/add", url.Values{"user": {user.ID}, "back": {path + "/add?q=demo"}}).redirects(path + "/add?q=demo")
		b.get(path+"/add").has(200, "Demo User is in the group")
		b.get(path+"/add?q=demo").has(200, "Who is in the group already is not listed here.")
		b.post(path+"/add", url.Values{"user": {"us_none"}}).has(404)
		b.get("/admin/groups").has(200, "Clerks", "1 member", "Applications", "1 group")
		b.get("/admin/groups?q=nothing").has(200, "No groups match")
		b.get("/admin/groups?before=nonsense").has(422, "That page is no longer there")
		b.get(path).has(200, "Demo User", "Viewer", "Add a user to a group")
		b.get(path+"?q=nobody").has(200, "No members match")
		b.get(path+"?after=nonsense").has(422, "That page is no longer there")
		guest.get("/admin/applications").has(200)
		b.get("/admin/users/"+user.ID).has(200, `href="`+path+`"`, "Through Clerks")
		subjects := b.get("/admin/permissions/applications").page()
		if subjects.Find(`a[href="`+path+`"]`).Length() != 1 || subjects.Find(`a[href^="/admin/users/us_"]`).Length() == 0 {
			t.Error("want the group and the users linked from the list of subjects")
		}

		b.get(path+"/edit").has(200, `value="Clerks"`)
		b.post(path+"/edit", url.Values{"name": {strings.Repeat("x", 81)}, "description": {"typed"}}).has(422, "Use at most 80 characters.", "typed")
		b.post(path+"/edit", url.Values{"name": {"Sales"}}).redirects(path)

		removal := b.get(path).page().Find(`a[href^="`+path+`/permissions/remove"]`).AttrOr("href", "")
		b.withHTMX().get(removal).has(200, "Remove a permission of Sales?", "Applications: Viewer", "Its only member loses")
		b.htmx = false
		b.get(path+"/members/"+user.ID+"/remove").has(200, "Remove Demo User from Sales?", "Applications: Viewer")
		b.post(path+"/permissions/remove", url.Values{"service": {"applications"}, "grant": {"template:viewer"}}).redirects(path)
		guest.get("/admin/applications").has(404)
		b.post(path+"/members/"+user.ID+"/remove", url.Values{"back": {"//evil.example"}}).redirects(path)
		b.get(path + "/members/us_none/remove").has(404)
		b.post(path+"/members/us_none/remove", nil).has(404)

		s.letView(t, path)
		b.get(path+"/delete?back=/admin/groups").has(200, "Delete Sales?", "It has no members", "Applications: Viewer")
		b.post(path+"/delete", url.Values{"confirm": {"sales"}}).has(422, "Type the group’s name exactly: Sales", `value="sales"`)
		b.post(path+"/delete", url.Values{"confirm": {"Sales"}}).redirects("/admin/groups")
		b.get("/admin/groups").has(200, "The group is deleted", "There are no groups")
		b.get(path).has(404)
	})
}

// An administrator through a group alone who takes it away is told why not.
func TestLastAdministratorInGroup(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	path := b.makeGroup("Admins")
	admin := groupOf(b.get("/admin/users").page().Find(".who-name").AttrOr("href", "")).ID
	for _, p := range registry.Administration() {
		if err := s.Store.Grant(t.Context(), registry.Operator, registry.GrantInput{Subject: groupOf(path), Service: p.Service, Kind: registry.PermissionGrant, Key: p.Key}); err != nil {
			t.Fatal(err)
		}
	}
	b.post(path+"/add", url.Values{"user": {admin}}).redirects(path + "/add")
	for _, service := range []string{"team", "authorization"} {
		own := registry.GrantInput{Subject: registry.Subject{Type: registry.UserSubject, ID: admin}, Service: service, Kind: registry.TemplateGrant, Key: registry.AdminTemplate}
		if err := s.Store.Ungrant(t.Context(), registry.Operator, own); err != nil {
			t.Fatal(err)
		}
	}
	for page, form := range map[string]url.Values{
		"/members/" + admin + "/remove": nil,
		"/delete":                       {"confirm": {"Admins"}},
		"/permissions/remove":           {"service": {"authorization"}, "grant": {"permission:manage-permissions"}},
	} {
		b.post(path+page, form).has(422, "This is the last administrator.", "Nothing was done")
	}
}

// Each sees only what they may do, and is refused the rest.
func TestGroupsByViewer(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	user := storetest.User(t, s.Store, "Plain", "plain@example.com", false)
	harmless, powerful := b.makeGroup("Harmless"), b.makeGroup("Powerful")
	for _, path := range []string{harmless, powerful} {
		b.post(path+"/add", url.Values{"user": {user.ID}}).redirects(path + "/add")
	}
	s.letView(t, powerful)
	viewer := s.holding(t, "viewer@example.com", registry.ViewUsers)
	helpdesk := s.holding(t, "helpdesk@example.com", registry.ViewUsers, registry.ManageUsers)
	nobody := s.holding(t, "nobody@example.com", registry.ViewApplications)

	actions := []string{"/edit", "/add", "/delete", "/members/" + user.ID + "/remove", "/permissions/remove?service=applications&grant=template:viewer"}
	for _, tt := range []struct {
		name string
		b    *browser
		path string
		want []int // of the group's page, and of each action
		made int   // of the page that makes one
	}{
		{"viewer", viewer, harmless, []int{200, 403, 403, 403, 403, 403}, 403},
		{"helpdesk, a group that holds nothing", helpdesk, harmless, []int{200, 200, 200, 200, 200, 403}, 200},
		{"helpdesk, a group that holds something", helpdesk, powerful, []int{200, 403, 403, 403, 403, 403}, 200},
		{"administrator", b, powerful, []int{200, 200, 200, 200, 200, 200}, 200},
		{"nobody", nobody, harmless, []int{404, 404, 404, 404, 404, 404}, 404},
	} {
		got := []int{tt.b.get(tt.path).Code}
		for i, action := range actions {
			got = append(got, tt.b.get(tt.path+action).Code)
			if want := tt.want[i+1]; want != 200 {
				tt.b.post(tt.path+strings.Split(action, "?")[0], url.Values{"name": {"New"}, "confirm": {"Harmless"}, "user": {user.ID}}).has(want)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
		if got := tt.b.get("/admin/groups/new").Code; got != tt.made {
			t.Errorf("%s makes one: got %d, want %d", tt.name, got, tt.made)
		}
		links := tt.b.get(tt.path).page().Find("#main a").Map(hrefs)
		for i, action := range actions {
			shown := slices.ContainsFunc(links, func(href string) bool { return strings.HasPrefix(href, tt.path+strings.Split(action, "?")[0]) })
			held := tt.path == powerful || !strings.HasPrefix(action, "/permissions")
			if want := tt.want[i+1] == 200 && held; shown != want {
				t.Errorf("%s: %s is linked: %t, want %t", tt.name, action, shown, want)
			}
		}
	}
	offered := func(b *browser) []string {
		return b.get("/admin/users/new").page().Find("[name=group]").Map(func(_ int, box *goquery.Selection) string { return box.AttrOr("value", "") })
	}
	if got, all := offered(helpdesk), offered(b); !slices.Equal(got, []string{groupOf(harmless).ID}) || len(all) != 2 {
		t.Errorf("got %q of %q for whom one invites, want what one may give", got, all)
	}
	helpdesk.post("/admin/users/new", url.Values{"name": {"New"}, "email": {"new@example.com"}, "group": {groupOf(powerful).ID}}).has(403)
	page, _ := helpdesk.invite(url.Values{"name": {"New"}, "email": {"new@example.com"}, "group": {groupOf(harmless).ID}})
	helpdesk.get(page).has(200, `href="`+harmless+`"`)

	viewer.get("/admin/groups").lacks("New group", "Actions for")
	helpdesk.get("/admin/groups").has(200, "New group", "Actions for Harmless")
	helpdesk.get("/admin/groups").lacks("Actions for Powerful")
	if slices.Contains(nobody.get("/").page().Find("nav a").Map(trimmed), "Groups") {
		t.Error("got Groups in the navigation of who may not view them")
	}
}
