package registry

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noticed = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

func TestNoticeOf(t *testing.T) {
	admin := Actor{Type: UserActor, ID: "us_admin", Name: "Admin", Address: "192.0.2.1", RequestID: "R"}
	app := Target{Type: "application", ID: "cl_1", Name: "Ledger Sync"}
	user := Target{Type: "user", ID: "us_1", Name: "User"}
	orders := HeldGrant{Service: "orders", Kind: TemplateGrant, Key: "viewer"}
	tests := []struct {
		name   string
		event  Event
		kind   NoticeKind // "": nothing
		user   string
		detail NoticeDetail
	}{
		{"created", Event{Action: "application.create", Target: app}, NoticeApplicationCreated, "", NoticeDetail{}},
		{"refused", Event{Action: "application.create", Target: app, Outcome: Refused}, "", "", NoticeDetail{}},
		{"edited", Event{Action: "application.update", Target: app}, "", "", NoticeDetail{}},
		{
			"given to an application",
			Event{Action: "permission.grant", Target: app, After: `{"service":"orders","object":"","kind":"template","key":"viewer"}`},
			NoticePermissionsChanged, "",
			NoticeDetail{Given: []HeldGrant{orders}},
		},
		{
			"taken from a user",
			Event{Action: "permission.revoke", Target: user, Before: `{"service":"orders","object":"","kind":"template","key":"viewer"}`},
			NoticePermissionsChanged, "us_1",
			NoticeDetail{User: "User", Taken: []HeldGrant{orders}},
		},
		{
			"given the power to give",
			Event{Action: "permission.grant", Target: user, After: `{"service":"authorization","object":"","kind":"permission","key":"manage-permissions"}`},
			NoticeAdministratorAdded, "us_1",
			NoticeDetail{User: "User", Given: []HeldGrant{{Service: "authorization", Kind: PermissionGrant, Key: "manage-permissions"}}},
		},
		{
			"that power taken",
			Event{Action: "permission.revoke", Target: user, Before: `{"service":"authorization","object":"","kind":"template","key":"admin"}`},
			NoticePermissionsChanged, "us_1",
			NoticeDetail{User: "User", Taken: []HeldGrant{{Service: "authorization", Kind: TemplateGrant, Key: "admin"}}},
		},
		{
			"regenerated",
			Event{Action: "application.regenerate-secret", Target: app, After: `{"secrets":[{"prefix":"cs_old","name":"Night","ends":"2026-06-02T12:00:00Z"},{"prefix":"cs_gone","ends":"now"},{"prefix":"cs_new","ends":"2027-01-01T00:00:00Z"}]}`},
			NoticeSecretRegenerated, "",
			NoticeDetail{Secret: "cs_old", Name: "Night", Ends: noticed.Add(24 * time.Hour)},
		},
		{"added", Event{Action: "application.add-secret", Target: app, After: `{"secrets":[{"prefix":"cs_new","ends":"never"}]}`}, NoticeSecretRegenerated, "", NoticeDetail{Added: true}},
		{
			"a key replaced",
			Event{Action: "application.regenerate-secret", Target: app, After: `{"secrets":[{"prefix":"ak_old","ends":"2026-06-02T12:00:00Z"},{"prefix":"ak_new","ends":"never"}]}`},
			NoticeSecretRegenerated, "",
			NoticeDetail{Key: true, Secret: "ak_old", Ends: noticed.Add(24 * time.Hour)},
		},
		{"a key added", Event{Action: "application.add-secret", Target: app, After: `{"secrets":[{"prefix":"ak_new","ends":"never"}]}`}, NoticeSecretRegenerated, "", NoticeDetail{Key: true, Added: true}},
		{
			"reused",
			Event{Action: "consent.reuse-detected", Target: app, After: `{"consent":"cn_1","user":"us_1","user_name":"User"}`},
			NoticeRefreshReused, "us_1",
			NoticeDetail{User: "User"},
		},
		{
			"revoked by an administrator",
			Event{Action: "consent.revoke", Target: app, Before: `{"consent":"cn_1","user":"us_1","user_name":"User","scopes":[]}`, After: `{"revoked_by":"admin","reason":"A leak"}`},
			NoticeConsentRevoked, "us_1",
			NoticeDetail{User: "User", Reason: "A leak"},
		},
		{
			"all revoked",
			Event{Action: "consent.revoke", Target: app, Before: `{"consents":[{"user":"us_1"}],"count":7}`, After: `{"count":0,"revoked_by":"admin","reason":"A leak"}`},
			NoticeConsentRevoked, "",
			NoticeDetail{Count: 7, Reason: "A leak"},
		},
		{"revoked by the user", Event{Action: "consent.revoke", Target: app, Before: `{}`, After: `{"revoked_by":"user"}`}, "", "", NoticeDetail{}},
		{"an administrator made", Event{Action: "user.create", Target: user, After: `{"admin":true}`}, NoticeAdministratorAdded, "us_1", NoticeDetail{User: "User"}},
		{"a user made", Event{Action: "user.create", Target: user, After: `{"admin":false}`}, "", "", NoticeDetail{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.event.Actor, tt.event.At = admin, noticed
			if tt.event.Outcome == "" {
				tt.event.Outcome = Done
			}
			got, told := NoticeOf(tt.event)
			if told != (tt.kind != "") {
				t.Fatalf("got %+v %t, want %q", got, told, tt.kind)
			}
			want := Notice{Kind: tt.kind, At: noticed, Actor: Actor{Type: UserActor, ID: "us_admin", Name: "Admin"}, Target: tt.event.Target, UserID: tt.user, Detail: tt.detail}
			if diff := cmp.Diff(want, got); told && diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What a notice says is whole sentences, and holds after it was stored.
func TestNoticeText(t *testing.T) {
	base := Notice{Actor: Actor{Name: "Admin"}, Target: Target{Type: "application", ID: "cl_1", Name: "Ledger Sync"}}
	tests := []struct {
		kind   NoticeKind
		detail NoticeDetail
		title  string
		text   string
	}{
		{NoticeApplicationCreated, NoticeDetail{}, "Application created: Ledger Sync", "Admin registered it."},
		{
			NoticePermissionsChanged,
			NoticeDetail{Given: []HeldGrant{{"orders", "eu/1", PermissionGrant, "edit"}}, Taken: []HeldGrant{{"orders", "", TemplateGrant, "viewer"}}},
			"Permissions changed: Ledger Sync", "Admin gave permission edit of orders on eu/1. Admin took away template viewer of orders.",
		},
		{
			NoticeSecretExpiring,
			NoticeDetail{Secret: "cs_ab12", Name: "Night", Ends: noticed, Days: 1},
			"Secret expires soon: Ledger Sync",
			"The secret Night (cs_ab12…) ends within 1 day, on 1 Jun 2026, 12:00 UTC. Clients that still use it then fail. It was never used.",
		},
		{
			NoticeSecretExpired,
			NoticeDetail{Secret: "cs_ab12", Ends: noticed, UsedAt: noticed.Add(-time.Hour)},
			"Secret expired: Ledger Sync",
			"The secret cs_ab12… ended on 1 Jun 2026, 12:00 UTC and is refused. It was last used on 1 Jun 2026, 11:00 UTC.",
		},
		{NoticeSecretRegenerated, NoticeDetail{}, "Secret regenerated: Ledger Sync", "Admin made a new secret."},
		{NoticeSecretRegenerated, NoticeDetail{Added: true}, "Secret added: Ledger Sync", "Admin made a new secret."},
		{
			NoticeSecretRegenerated,
			NoticeDetail{Secret: "cs_ab12", Ends: noticed},
			"Secret regenerated: Ledger Sync",
			"Admin made a new secret. The secret cs_ab12…, which it replaces, is accepted until 1 Jun 2026, 12:00 UTC.",
		},
		{NoticeSecretRegenerated, NoticeDetail{Key: true}, "Key regenerated: Ledger Sync", "Admin made a new key."},
		{NoticeSecretRegenerated, NoticeDetail{Key: true, Added: true}, "Key added: Ledger Sync", "Admin made a new key."},
		{
			NoticeSecretExpired,
			NoticeDetail{Secret: "ak_ab12", Name: "Night", Ends: noticed},
			"Key expired: Ledger Sync",
			"The key Night (ak_ab12…) ended on 1 Jun 2026, 12:00 UTC and is refused. It was never used.",
		},
		{NoticeConsentRevoked, NoticeDetail{User: "User"}, "Consent revoked by an administrator: Ledger Sync", "Admin revoked the consent of User."},
		{NoticeConsentRevoked, NoticeDetail{Count: 7, Reason: "A leak"}, "Consent revoked by an administrator: Ledger Sync", "Admin revoked the consents of all its users, 7. Reason: A leak"},
		{NoticeAdministratorAdded, NoticeDetail{}, "New administrator: Ledger Sync", "Admin made it possible for Ledger Sync to give and take every permission."},
		{"of.the-future", NoticeDetail{}, "of.the-future: Ledger Sync", ""},
	}
	for _, tt := range tests {
		n := base
		n.Kind = tt.kind
		stored, err := json.Marshal(tt.detail)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(stored, &n.Detail); err != nil {
			t.Fatal(err)
		}
		if n.Title() != tt.title || n.Text(false) != tt.text {
			t.Errorf("got %q %q, want %q %q", n.Title(), n.Text(false), tt.title, tt.text)
		}
	}
}

// Users read of their own consent, whether it was revoked alone or with all.
func TestNoticeOfOnesOwnConsent(t *testing.T) {
	for _, detail := range []NoticeDetail{{User: "User", Reason: "A leak"}, {Count: 7, Reason: "A leak"}} {
		n := Notice{Kind: NoticeConsentRevoked, Actor: Actor{Name: "Admin"}, Detail: detail}
		if got, want := n.Text(true), "Admin revoked your consent. Reason: A leak"; got != want {
			t.Errorf("%+v: got %q, want %q", detail, got, want)
		}
	}
}

// FuzzNoticeOf: whatever an event's records hold, nothing breaks.
func FuzzNoticeOf(f *testing.F) {
	f.Add("consent.revoke", `{"user":1}`, `{"revoked_by":"admin","reason":[]}`)
	f.Add("application.regenerate-secret", ``, `{"secrets":[{"ends":"9999999-01-01T00:00:00Z"}]}`)
	f.Add("permission.grant", `[]`, `{"permissions":[{"key":"x"}]}`)
	f.Fuzz(func(t *testing.T, action, before, after string) {
		n, told := NoticeOf(Event{Action: action, Outcome: Done, Before: before, After: after, Target: Target{Type: "user", Name: "User"}})
		if told && (n.Kind == "" || !strings.HasSuffix(n.Title(), ": User")) {
			t.Errorf("got %+v, want a kind and a title", n)
		}
		if _, err := json.Marshal(n.Detail); err != nil {
			t.Errorf("got %v, want what can be stored", err)
		}
	})
}
