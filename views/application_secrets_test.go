package views

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

// severalSecrets is an application with secrets in every state.
func severalSecrets() ApplicationView {
	v := demoApplication()
	v.App.Secrets = []registry.ClientSecret{
		{ID: "se_5", Prefix: "cs_eeeeee", Name: "CI runner", CreatedAt: noon.Add(-time.Hour), CreatedByName: "Demo Admin", ExpiresAt: noon.AddDate(1, 0, 0)},
		{ID: "se_4", Prefix: "cs_dddddd", Name: "Nightly run", CreatedAt: noon.Add(-2 * time.Hour), CreatedByName: "Demo Admin", RevokedAt: noon.Add(-time.Hour), Paused: true},
		{ID: "se_3", Prefix: "cs_cccccc", CreatedAt: noon.AddDate(0, 0, -60), CreatedByName: "Demo Admin", ExpiresAt: noon.AddDate(0, 0, 12), LastUsedAt: noon.Add(-time.Minute), LastUsedAddress: "192.0.2.9"},
		{ID: "se_2", Prefix: "cs_bbbbbb", Name: "CI runner", CreatedAt: noon.AddDate(0, 0, -61), CreatedByName: "Demo Admin", ExpiresAt: noon.AddDate(0, 0, 2), LastUsedAt: noon.Add(-time.Minute), ReplacedBy: "se_5"},
		{ID: "se_1", Prefix: "cs_aaaaaa", CreatedAt: noon.AddDate(0, 0, -90), CreatedByName: "Demo Admin", ExpiresAt: noon.AddDate(0, 0, -3)},
	}
	v.App.SecretsMade = 5
	return v
}

func TestSecretPages(t *testing.T) {
	shell, v := demoShell(), severalSecrets()
	strict := changed(v, func(v *ApplicationView) {
		v.App.Policy = registry.CredentialPolicy{LongestLife: 40, LongestOverlap: 1, MostSecrets: 6}
	})
	full := changed(v, func(v *ApplicationView) { v.App.Policy.MostSecrets, v.App.Policy.LongestOverlap = 4, 0 })
	form := func(v ApplicationView, change func(*SecretForm)) SecretForm {
		f := NewSecretForm(v.App, noon)
		f.Seen, f.Back = 5, v.path("")+"#secrets"
		if change != nil {
			change(&f)
		}
		return f
	}
	regenerate := func(v ApplicationView, secret string) RegenerateForm {
		return RegenerateForm{App: v.App, Input: registry.RotationInput{Secret: secret, Seen: 5}, Back: v.path(""), Now: noon}
	}
	pages := map[string]templ.Component{
		"secrets":        ApplicationPage(shell, v),
		"secrets_full":   ApplicationPage(shell, full),
		"secrets_viewed": ApplicationPage(shell, changed(v, onlyLook)),
		"secrets_paused": ApplicationPage(shell, changed(v, func(v *ApplicationView) { v.App.Secrets = v.App.Secrets[1:2] })),
		"secret_new":     NewSecretPage(shell, form(v, nil)),
		"secret_new_strict": NewSecretPage(shell, form(strict, func(f *SecretForm) {
			f.Input.Name, f.Invalid = "\u202e", registry.Invalid{"name": "Use visible characters only.", "until": "Choose an end.", "at": "Choose a time.", "secrets": "It has 6 already."}
		})),
		"secret_new_full": NewSecretPage(shell, form(full, nil)),
		"secret_edit": EditSecretPage(shell, form(v, func(f *SecretForm) {
			f.Secret = v.App.Secrets[0]
			f.Input = registry.SecretInputOf(f.Secret.Terms())
		})),
		"secret_edit_meanwhile": EditSecretPage(shell, form(strict, func(f *SecretForm) {
			f.Secret, f.Meanwhile = v.App.Secrets[2], true
			f.Input = registry.SecretInput{Name: "Typed", Until: "ended"}
		})),
		"secret_pause":             PauseSecretPage(shell, v, v.App.Secrets[0]),
		"secret_pause_last":        PauseSecretPage(shell, demoApplication(), demoApplication().App.Secrets[0]),
		"secret_resume":            ResumeSecretPage(shell, v, v.App.Secrets[1]),
		"secret_end":               EndSecretPage(shell, v, v.App.Secrets[2]),
		"secret_regenerate":        RegeneratePage(shell, regenerate(v, "se_5")),
		"secret_regenerate_all":    RegeneratePage(shell, regenerate(v, "")),
		"secret_regenerate_strict": RegeneratePage(shell, regenerate(strict, "se_5")),
		"secret_regenerate_full":   RegeneratePage(shell, regenerate(full, "se_5")),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, mainOf(page)) })
	}
}

func TestCredentialPolicyPages(t *testing.T) {
	shell := demoShell()
	use := registry.PolicyUse{
		Policy: registry.CredentialPolicy{LongestLife: 90, LongestOverlap: 7, MostSecrets: 2}, TooLong: registry.Count{N: 1000, More: true}, TooMany: registry.Count{N: 1},
		Broken: []registry.PolicyBreach{{ID: "cl_1", Name: "Ledger Sync", TooLong: 2, Live: 3}, {ID: "cl_2", Name: "Scheduler", Locked: true, TooLong: 1, Live: 1}},
	}
	pages := map[string]templ.Component{
		"credential_policy":        CredentialPolicyPage(shell, PolicyForm{Use: registry.PolicyUse{Policy: registry.DefaultPolicy}, Input: registry.PolicyInputOf(registry.DefaultPolicy)}),
		"credential_policy_broken": CredentialPolicyPage(shell, PolicyForm{Use: use, Input: registry.PolicyInputOf(use.Policy)}),
		"credential_policy_invalid": CredentialPolicyPage(shell, PolicyForm{
			Use: use, Input: registry.PolicyInput{LongestLife: "x", LongestOverlap: "-1", MostSecrets: ""}, Meanwhile: true,
			Invalid: registry.Invalid{"longest_life": "Enter a number of days.", "longest_overlap": "Enter a number of days.", "most_secrets": "Enter a number of secrets."},
		}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, mainOf(page)) })
	}
}
