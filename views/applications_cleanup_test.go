package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestManyApplicationsPages(t *testing.T) {
	app := func(name string) registry.Application {
		return registry.Application{ID: "cl_" + strings.ToLower(name), Name: name}
	}
	form := ManyApplicationsForm{Apps: []registry.Application{app("One"), app("Two")}, Left: []registry.Application{app("Locked")}, Back: "/admin/applications?attention=unused"}
	wrong := form
	wrong.Left, wrong.Typed, wrong.Invalid = nil, "delete", registry.Invalid{"confirm": "Type DELETE, in capitals."}
	gone := RestoreApplicationForm{App: app("Gone"), Name: "Gone", Back: "/admin/applications?status=deleted"}
	for name, page := range map[string]templ.Component{
		"disable_many": DisableApplicationsPage(demoShell(), form), "delete_many": DeleteApplicationsPage(demoShell(), wrong),
		"nothing_ticked": NothingTickedPage(demoShell(), form.Back), "restore": RestoreApplicationPage(demoShell(), gone),
	} {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, mainOf(page)) })
	}
}
