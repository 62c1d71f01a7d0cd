package views

import (
	"testing"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

// keyApplication is an application key that is in use and holds a permission.
func keyApplication() ApplicationView {
	v := demoApplication()
	v.App.Type, v.App.Name, v.App.Grants, v.App.AuthMethod, v.App.TokenAlg, v.App.Scopes = registry.ApplicationKey, "Old Job", nil, "", "", nil
	v.App.Secrets[0].Prefix, v.App.Secrets[0].LastUsedAt, v.App.LastUsedAt = "ak_aaaaaa", noon.Add(-day), noon.Add(-day)
	v.App.Permissions = []registry.HeldGrant{{Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}}
	v.App.Days[registry.UsageDays-1] = 3
	return v
}

func TestKeyPages(t *testing.T) {
	shell, inDialog := demoShell(), demoShell()
	shell.Title, inDialog.Title, inDialog.Dialog = "Demo title", "Demo question?", true
	v := keyApplication()
	changed := func(change func(*ApplicationView)) ApplicationView {
		v := keyApplication()
		change(&v)
		return v
	}
	moving := changed(func(v *ApplicationView) {
		v.App.MovesTo = registry.Application{ID: "cl_next", Name: "Next <b>", Status: registry.Active}
	})
	client := demoApplication()
	client.App.MovesFrom = registry.Application{ID: "cl_old", Name: "Old Job", Status: registry.Disabled, LastUsedAt: noon.Add(-30 * day), LastUsedAddress: "192.0.2.7"}
	client.App.LastUsedAt = noon
	broken := changed(func(v *ApplicationView) {
		v.App.Status, v.App.Permissions, v.App.LastUsedAt, v.MayRotate = registry.Disabled, nil, noon.Add(-100*day), false
		v.App.Days = [registry.UsageDays]int64{}
		v.App.Secrets[0].Paused, v.App.Secrets[0].RevokedAt = true, noon.Add(-day)
	})
	first := NewSecretForm(registry.ApplicationDetails{Policy: registry.DefaultPolicy}, noon)
	handover := Handover{App: v.App, Held: []string{"Viewer of Orders"}, Credentials: Credentials{Issuer: "https://auth.example.com", Secret: registry.ParseSecret("ak_aaaaaaDEMO")}}
	migration := MigrationForm{Input: registry.KeyMigration{Name: "Old Job client", AuthMethod: registry.SecretBasic, Scopes: v.ScopesOfPermissions()}}
	for name, page := range map[string]templ.Component{
		"key":        ApplicationPage(shell, v),
		"key_broken": ApplicationPage(shell, broken),
		"key_moving": mainOf(ApplicationPage(shell, moving)),
		"key_moved":  mainOf(ApplicationPage(shell, client)),
		"key_new":    NewKeyPage(shell, KeyForm{First: first}),
		"key_new_wrong": NewKeyPage(shell, KeyForm{
			First: first, Input: registry.KeyDetails{Name: "A <b>", Description: "Kept"}, Invalid: registry.Invalid{"name": nameTakenWords, "until": "Choose when it ends."},
		}),
		"key_edit": KeyEditPage(shell, v, KeyForm{Input: v.App.KeyDetails(), Seen: v.App.KeyDetails()}),
		"key_edit_meanwhile": mainOf(KeyEditPage(shell, v, KeyForm{
			Input: registry.KeyDetails{Name: "Mine"}, Seen: registry.KeyDetails{Name: "Theirs", Description: "Other"}, Meanwhile: true,
		})),
		"key_shown":      ClientSecretPage(shell, handover),
		"key_gone":       mainOf(SecretGonePage(shell, v.App.Application)),
		"key_pause":      PauseSecretPage(inDialog, v, v.App.Secrets[0]),
		"key_end":        EndSecretPage(inDialog, v, v.App.Secrets[0]),
		"key_resume":     ResumeSecretPage(inDialog, broken, broken.App.Secrets[0]),
		"key_add":        NewSecretPage(inDialog, NewSecretForm(v.App, noon)),
		"key_regenerate": RegeneratePage(inDialog, RegenerateForm{App: v.App, Now: noon}),
		"key_disable":    DisableApplicationPage(inDialog, v.App.Application, "/admin/applications"),
		"key_enable":     EnableApplicationPage(inDialog, v.App.Application, "/admin/applications"),
		"key_networks":   mainOf(NetworksPage(shell, v, NetworksForm{From: "203.0.113.5"})),
		"key_migrate":    MigratePage(shell, v, migration),
		"key_migrate_wrong": mainOf(MigratePage(shell, v, MigrationForm{
			Input: registry.KeyMigration{Name: "A <b>"}, Invalid: registry.Invalid{"name": nameTakenWords, "scope": "Choose at least one scope."},
		})),
		"key_migrated": MovedPage(inDialog, moving),
	} {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

const nameTakenWords = "Another application has this name already."
