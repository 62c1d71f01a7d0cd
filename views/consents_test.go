package views

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

const day = 24 * time.Hour

func demoOwnConsents() OwnConsents {
	consent := func(id, name string, change func(*registry.OwnConsent)) registry.OwnConsent {
		c := registry.OwnConsent{
			Consent: registry.Consent{
				ID: id, Asked: true, Allowed: []string{"orders:read", "gone:read"}, GrantedAt: noon.Add(-3 * day), ExpiresAt: noon.Add(27 * day),
				LastUsedAt: noon.Add(-2 * time.Hour), LastUsedAddress: "192.0.2.1",
			},
			Client: registry.ConsentClient{ID: "cl_" + id, Name: name},
		}
		change(&c)
		return c
	}
	return OwnConsents{
		Catalogue: demoServices(), Now: noon,
		Own: registry.OwnConsents{
			All: 2,
			Live: []registry.OwnConsent{
				consent("a", "Ledger <Sync>", func(c *registry.OwnConsent) { c.Client.Logo = "abc123" }),
				consent("b", "Platform Studio", func(c *registry.OwnConsent) {
					c.Asked, c.LastUsedAt, c.LastUsedAddress, c.ReusedAt = false, time.Time{}, "", noon.Add(-time.Hour)
				}),
			},
			Ended: []registry.OwnConsent{
				consent("c", "Revoked", func(c *registry.OwnConsent) { c.EndedAt, c.RevokedBy = noon.Add(-time.Hour), registry.RevokedByUser }),
				consent("d", "Cut off", func(c *registry.OwnConsent) {
					c.EndedAt, c.RevokedBy, c.RevokedByName, c.Reason = noon.Add(-day), registry.RevokedByAdmin, "Demo Admin", "Its <vendor> was breached"
				}),
				consent("e", "Run out", func(c *registry.OwnConsent) { c.ExpiresAt, c.ReusedAt = noon.Add(-2*day), noon.Add(-10*day) }),
			},
		},
	}
}

func demoApplicationConsents() ApplicationConsents {
	user := func(id, name string, change func(*registry.UserConsent)) registry.UserConsent {
		c := registry.UserConsent{
			Consent: registry.Consent{
				ID: id, Asked: true, Allowed: []string{"orders:read"}, GrantedAt: noon.Add(-3 * day), ExpiresAt: noon.Add(27 * day),
				LastUsedAt: noon.Add(-2 * time.Hour), LastUsedAddress: "192.0.2.1",
			},
			UserName: name, UserEmail: id + "@example.com",
		}
		change(&c)
		return c
	}
	return ApplicationConsents{
		App: demoApplication().App.Application, Catalogue: demoServices(), Now: noon, MayRevoke: true,
		Page: registry.ConsentPage{
			Found: registry.Count{N: 1000, More: true}, Prev: "PREV", Next: "NEXT",
			Consents: []registry.UserConsent{
				user("ada", "Ada <Demo>", func(*registry.UserConsent) {}),
				user("ben", "Ben Demo", func(c *registry.UserConsent) { c.Asked, c.LastUsedAt, c.LastUsedAddress = false, time.Time{}, "" }),
				user("cut", "Cut Off", func(c *registry.UserConsent) {
					c.EndedAt, c.RevokedBy, c.RevokedByName, c.Reason = noon.Add(-day), registry.RevokedByAdmin, "Demo Admin", "Lost laptop"
				}),
				user("own", "Own Will", func(c *registry.UserConsent) { c.EndedAt, c.RevokedBy = noon.Add(-day), registry.RevokedByUser }),
				user("out", "Run Out", func(c *registry.UserConsent) { c.ExpiresAt = noon.Add(-day) }),
			},
		},
	}
}

func TestConsentLists(t *testing.T) {
	shell, inDialog := demoShell(), demoShell()
	inDialog.Dialog = true
	own := func(change func(*OwnConsents)) OwnConsents {
		l := demoOwnConsents()
		change(&l)
		return l
	}
	list := func(change func(*ApplicationConsents)) templ.Component {
		l := demoApplicationConsents()
		change(&l)
		return ApplicationConsentsPage(shell, l)
	}
	app := demoApplication().App.Application
	one := demoApplicationConsents().Page.Consents[0]
	back := "/admin/applications/" + app.ID + "/consents"
	full := demoProfile()
	full.Consents = demoOwnConsents()
	consented := demoApplication()
	consented.Consents = ConsentSummary{Shown: true, Live: registry.Count{N: 12}}
	pages := map[string]templ.Component{
		"own_consents":       OwnConsentsPage(shell, demoOwnConsents()),
		"own_consents_none":  OwnConsentsPage(shell, own(func(l *OwnConsents) { l.Own = registry.OwnConsents{} })),
		"own_consents_found": OwnConsentsPage(shell, own(func(l *OwnConsents) { l.Search, l.Own.All, l.Own.More = `a "b"`, 300, true })),
		"own_consents_no_match": OwnConsentsPage(shell, own(func(l *OwnConsents) {
			l.Search, l.Own = "zzz", registry.OwnConsents{All: 7}
		})),
		"profile_consents":      ProfilePage(shell, full),
		"revoke_consent":        RevokeConsentPage(shell, demoOwnConsents().Own.Live[0], "/profile"),
		"revoke_consent_dialog": RevokeConsentPage(inDialog, demoOwnConsents().Own.Live[0], "/profile"),
		"revoke_all_consents":   RevokeAllConsentsPage(shell, 2),
		"application_consents":  list(func(*ApplicationConsents) {}),
		"application_consents_end": list(func(l *ApplicationConsents) {
			l.Query = registry.ConsentQuery{State: registry.EndedConsents, Search: "a&b"}
		}),
		"application_consents_viewed": list(func(l *ApplicationConsents) {
			l.MayRevoke, l.Page.Found, l.Page.Prev, l.Page.Next = false, registry.Count{N: 5}, "", ""
		}),
		"application_consents_none":  list(func(l *ApplicationConsents) { l.Page = registry.ConsentPage{} }),
		"application_consents_ended": list(func(l *ApplicationConsents) { l.Page, l.Query.State = registry.ConsentPage{}, registry.EndedConsents }),
		"application_consents_found": list(func(l *ApplicationConsents) { l.Page, l.Query.Search = registry.ConsentPage{}, "zzz" }),
		"application_consents_gone": list(func(l *ApplicationConsents) {
			l.Page, l.Invalid = registry.ConsentPage{}, registry.Invalid{"page": "That page is no longer there."}
		}),
		"application_consented": ApplicationPage(shell, consented),
		"revoke_consent_of":     RevokeConsentOfPage(shell, app, one, RevocationForm{Back: back}),
		"revoke_consent_of_wrong": RevokeConsentOfPage(inDialog, app, one, RevocationForm{
			Back: back, Input: registry.Revocation{Reason: "too long"}, Invalid: registry.Invalid{"reason": "Use at most 200 characters."},
		}),
		"revoke_all_consents_of": RevokeAllConsentsOfPage(shell, app, registry.Count{N: 1000, More: true}, RevocationForm{Back: back}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestConsentsText(t *testing.T) {
	for want, n := range map[string]registry.Count{
		"No user lets it act for them yet.": {}, "1 user lets it act for them.": {N: 1},
		"12 users let it act for them.": {N: 12}, "1,000+ users let it act for them.": {N: 1000, More: true},
	} {
		if got := consentsText(n); got != want {
			t.Errorf("%+v: got %q, want %q", n, got, want)
		}
	}
}

// A token that was used again is told of until the user allows the client anew.
func TestReusedIsToldOf(t *testing.T) {
	tests := []struct {
		name   string
		reused time.Time
		told   bool
	}{
		{"never", time.Time{}, false},
		{"before it was allowed anew", noon.Add(-4 * day), false},
		{"since", noon.Add(-day), true},
	}
	for _, tt := range tests {
		l := demoOwnConsents()
		l.Own.Ended, l.Own.Live = nil, l.Own.Live[:1]
		l.Own.Live[0].ReusedAt = tt.reused
		if got := len(l.reused()) == 1; got != tt.told {
			t.Errorf("%s: got it told: %t, want %t", tt.name, got, tt.told)
		}
	}
}
