package views

import (
	"testing"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestOwnerPages(t *testing.T) {
	shell, inDialog := demoShell(), demoShell()
	shell.Title, inDialog.Title, inDialog.Dialog = "Demo title", "Demo question?", true
	v := demoApplication()
	v.App.Owners = append(v.App.Owners, registry.Owner{ID: "us_off", Name: "Gone <b>", Email: "gone@demo.example", Disabled: true})
	nobody := demoApplication()
	nobody.App.Owners = nil
	owner := demoApplication()
	owner.Owns, owner.MayView, owner.MayManage, owner.Granter, owner.MayAudit = true, false, false, registry.Granter{}, false
	outsider := demoShell()
	outsider.Allows = nil
	found := OwnersForm{Search: "a&b", MayAdd: true, More: true, Found: []registry.Owner{{ID: "us_b", Name: "Bob <b>", Email: "bob@demo.example"}}}
	for name, page := range map[string]templ.Component{
		"owners":             OwnersPage(shell, v, OwnersForm{MayAdd: true}),
		"owners_found":       OwnersPage(shell, v, found),
		"owners_none":        OwnersPage(shell, nobody, OwnersForm{MayAdd: true, Search: "zzz", Invalid: registry.Invalid{"user": "Off cannot sign in at the moment."}}),
		"owners_powerful":    OwnersPage(shell, v, OwnersForm{}),
		"owner_remove":       RemoveOwnerPage(inDialog, v, v.App.Owners[1]),
		"owner_remove_last":  RemoveOwnerPage(shell, demoApplication(), demoApplication().App.Owners[0]),
		"application_owned":  ApplicationPage(outsider, owner),
		"application_orphan": ApplicationPage(shell, nobody),
	} {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}
