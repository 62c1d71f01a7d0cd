package store_test

import (
	"testing"

	"clientele/registry"
	"clientele/store/storetest"
)

// People are found however the letters of their names are written, wherever
// they are looked for, on both databases.
func TestPeopleAreFoundInAnyCase(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		c.fill(t, 3)
		execAll(t, c.raw, `UPDATE users SET name = 'Émile Ångström' WHERE id = 'us_f2'`)
		apply(t, c.DB, demoCatalogue("orders"))
		viewer := registry.GrantInput{Subject: registry.Subject{Type: registry.UserSubject, ID: "us_f2"}, Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}
		searches := map[string]func(string) (int, error){
			"consents": func(text string) (int, error) {
				page, err := c.ApplicationConsents(t.Context(), admin, c.client, registry.ConsentQuery{Search: text})
				return page.Found.N, err
			},
			"users": func(text string) (int, error) {
				page, err := c.Users(t.Context(), admin, registry.UserQuery{Search: text})
				return page.Found.N, err
			},
			"owners": func(text string) (int, error) {
				found, _, err := c.OwnerCandidates(t.Context(), admin, c.client, text)
				return len(found), err
			},
			"whom to assign": func(text string) (int, error) {
				page, err := c.SubjectsToPick(t.Context(), admin, "orders", registry.PickQuery{Search: text})
				return len(page.Subjects), err
			},
		}
		find := func(name, text string, want int) {
			t.Helper()
			if got, err := searches[name](text); err != nil || got != want {
				t.Errorf("%s: %q: got %d, %v; want %d", name, text, got, err, want)
			}
		}
		texts := map[string]int{"Émile": 1, "ÉMILE": 1, "émile": 1, "éMILE ÅNG": 1, "emile": 0, "É": 1, "é": 1}
		for name := range searches {
			for text, want := range texts {
				find(name, text, want)
			}
		}
		if err := c.Grant(t.Context(), registry.Operator, viewer); err != nil {
			t.Fatal(err)
		}
		searches["holders"] = func(text string) (int, error) {
			page, err := c.SubjectGrants(t.Context(), admin, "orders", registry.SubjectQuery{Search: text})
			return len(page.Grants), err
		}
		for text, want := range texts {
			find("holders", text, want)
		}
		for _, text := range []string{"Émile Ångström", "ÉMILE ÅNGSTRÖM", "émile ångström"} {
			if got, err := c.SubjectNamed(t.Context(), admin, text); err != nil || got != viewer.Subject {
				t.Errorf("%q: got %v, %v; want %v", text, got, err, viewer.Subject)
			}
		}
	})
}
