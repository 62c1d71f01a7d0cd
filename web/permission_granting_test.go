package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
)

// Who may grant is told and changed, and pages offer only what one may grant.
func TestGrantingPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b, path := s.withApplication(t)
		service := "/admin/permissions/orders"
		b.get(service+"/granting").has(200, "Everybody who may manage permissions", "cannot be restricted")
		b.get(service + "/granting").lacks("Restrict…")
		b.post(service+"/granting/restricted", nil).has(422, "Nothing was changed", "Only a service that has a permission manage-permissions")

		catalogue := registry.Catalogue{Services: slices.Clone(demoOrders.Services)}
		orders := &catalogue.Services[0]
		orders.Permissions = append(slices.Clone(orders.Permissions), registry.PermissionDef{Key: registry.ManageOwnPermissions, Name: "Steward", Description: "Say who may do what with orders."})
		orders.Containers = append(slices.Clone(orders.Containers), registry.Container{Key: "web", Name: "Web"})
		if _, err := s.Store.ApplyCatalogue(t.Context(), registry.Operator, catalogue, false, false); err != nil {
			t.Fatal(err)
		}
		b.post(service+"/granting/restricted", nil).has(422, "Nobody who can sign in holds “Steward” on all of")
		steward, stewards := s.userAndBrowser(t, "Steward", "steward@example.com", false)
		partly, parts := s.userAndBrowser(t, "Partly", "partly@example.com", false)
		own := registry.Permission{Service: "orders", Key: registry.ManageOwnPermissions}
		s.grant(t, steward, own)
		onShop := registry.GrantInput{Subject: partly.Actor().Subject(), Service: "orders", Object: "shop", Kind: registry.PermissionGrant, Key: own.Key}
		if err := s.Store.Grant(t.Context(), registry.Operator, onShop); err != nil {
			t.Fatal(err)
		}
		stewards.get(service).lacks("Assign permissions", `name="row"`)
		stewards.get(service + "/granting/restricted").has(403)

		asked := b.withHTMX().get(b.get(service + "/granting").link("Restrict…"))
		asked.has(200, "Restrict who may grant Demo orders?", "You do not hold it", "1 user who can sign in")
		b.htmx = false
		b.post(service+"/granting/restricted", nil).redirects(service + "/granting")
		b.get(service+"/granting").has(200, "Who may grant is changed", "Restricted", "1 user who can sign in")
		b.get(service + "/granting").lacks("Let administrators grant…")

		// The administrator looks, and is offered nothing that would be refused.
		b.get(service).has(200, "Steward")
		b.get(service).lacks("Assign permissions", `name="row"`)
		for _, page := range []string{"/assign", "/assign/what?subject=user:" + steward.ID, "/granting/standard"} {
			b.get(service + page).has(403)
		}
		b.get(service + "/change?row=" + url.QueryEscape(registry.GrantRow(onShop.Subject, onShop.Held()))).has(403)
		b.post(path+"/permissions", url.Values{"service": {"orders"}, "grant": {"template:viewer"}}).has(403)
		page := b.get(path + "/permissions")
		page.has(200, "Granting is restricted to who holds “Steward”")
		if page.page().Find("#service-orders form").Length() != 0 || page.page().Find("#service-audit form").Length() == 0 {
			t.Error("want forms of the services that one may grant, and of no other")
		}
		if got := b.get(b.draft("New")).page().Find("select").Map(func(_ int, field *goquery.Selection) string { return field.AttrOr("name", "") }); slices.Contains(got, "template.orders") || !slices.Contains(got, "template.audit") {
			t.Errorf("got the templates of %q offered", got)
		}
		if got := b.get("/admin/permissions?subject=user:" + partly.ID).page().Find("main code").Map(trimmed); slices.Contains(got, "orders") || !slices.Contains(got, "audit") {
			t.Errorf("got %q to assign of, want what one may grant", got)
		}

		// Its steward grants all of it, and one of a part on that part.
		stewards.get(service).has(200, "Assign permissions", `name="row"`)
		what := stewards.get(service + "/assign/what?subject=user:" + partly.ID).page()
		if got := what.Find(`[name="object"] option`).Map(value); !slices.Equal(got, []string{"", "shop", "web"}) {
			t.Errorf("got %q to assign on", got)
		}
		what = parts.get(service + "/assign/what?subject=user:" + steward.ID).page()
		if got := what.Find(`[name="object"] option`).Map(value); !slices.Equal(got, []string{"shop"}) {
			t.Errorf("got %q to assign on, want the part", got)
		}
		give := url.Values{"subject": {"user:" + steward.ID}, "grant": {"template:viewer"}, "object": {"shop"}}
		parts.post(service+"/assign/what", give).redirects(service)
		give.Set("object", "")
		parts.post(service+"/assign/what", give).has(403)
		parts.get(service + "/granting/standard").has(403)

		remove := registry.GrantInput{Subject: steward.Actor().Subject(), Service: "orders", Kind: registry.PermissionGrant, Key: own.Key}
		row := registry.GrantRow(remove.Subject, remove.Held())
		stewards.post(service+"/remove", url.Values{"row": {row}}).has(422, "would be left to grant permissions of Demo orders")
		b.post("/admin/users/"+steward.ID+"/disable", nil).has(422, "Nothing was done", "would be left to grant permissions of Demo orders")
		stewards.post(service+"/granting/standard", nil).redirects(service + "/granting")
		b.get(service).has(200, "Assign permissions")
		if log := b.get("/admin/audit-log?action=service.set-granting"); strings.Count(log.Body.String(), "Change who may grant") < 3 {
			t.Error("the changes are not in the log")
		}
	})
}
