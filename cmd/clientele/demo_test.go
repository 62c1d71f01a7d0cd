package main

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
)

// TestDemo starts a demo twice, and looks at all that it shows.
func TestDemo(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	options := store.Options{
		Database: filepath.Join(t.TempDir(), "demo.db"), Key: store.NewKey(), Issuer: "http://localhost:8080",
		Now: clock, Log: slog.New(slog.DiscardHandler),
	}
	var out bytes.Buffer
	e := &env{ctx: t.Context(), stdout: &out, now: clock}
	if err := demo(e, options); err != nil {
		t.Fatal(err)
	}
	signIns := out.String()
	db, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	head, err := db.VerifyAudit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}

	out.Reset()
	if err := demo(e, options); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "has a team already, so no demo data is added") {
		t.Errorf("second start: got %q", out.String())
	}
	if again, err := db.VerifyAudit(t.Context(), nil); err != nil || again != head {
		t.Errorf("second start: got %v, %v, want the audit log as it was, %v", again, err, head)
	}

	t.Run("sign-ins", func(t *testing.T) { checkSignIns(t, db, signIns) })
	t.Run("applications", func(t *testing.T) { checkDemoApplications(t, db, now) })
	t.Run("consents", func(t *testing.T) { checkDemoConsents(t, db) })
	t.Run("notices", func(t *testing.T) {
		first, err := db.UserByEmail(t.Context(), registry.Operator, demoUsers[0].email)
		if err != nil {
			t.Fatal(err)
		}
		page, err := db.OwnNotices(t.Context(), first.Actor(), registry.NoticeQuery{Unread: true})
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[registry.NoticeKind]bool{}
		for _, n := range page.Notices {
			kinds[n.Kind] = true
		}
		if len(kinds) < 4 || page.Older {
			t.Errorf("got %v unread, want a few different ones", kinds)
		}
	})
	t.Run("credential policy", func(t *testing.T) {
		use, err := db.CredentialPolicy(t.Context(), registry.Operator)
		if err != nil || use.Policy != demoPolicy || use.TooLong.N == 0 {
			t.Errorf("got %+v, %v; want the demo's policy, and secrets that break it", use, err)
		}
	})
	t.Run("users", func(t *testing.T) { checkDemoUsers(t, db) })
	t.Run("history", func(t *testing.T) {
		page, err := db.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Action: "application.*", Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		months, actions := map[string]bool{}, map[string]bool{}
		for _, entry := range page.Entries {
			months[entry.At.Format("2006-01")], actions[entry.Action] = true, true
			if entry.At.After(now) {
				t.Errorf("got %s at %v, in the future", entry.Action, entry.At)
			}
		}
		if len(months) < 8 {
			t.Errorf("got events in %d months, want 8 or more", len(months))
		}
		for _, want := range []string{"application.create", "application.regenerate-secret", "application.disable", "application.delete"} {
			if !actions[want] {
				t.Errorf("got %v, want %s among them", actions, want)
			}
		}
	})
}

// checkDemoConsents looks for consents in every state.
func checkDemoConsents(t *testing.T, db *store.DB) {
	seen := map[string]bool{}
	for _, u := range demoUsers {
		user, err := db.UserByEmail(t.Context(), registry.Operator, u.email)
		if err != nil {
			t.Fatal(err)
		}
		own, err := db.OwnConsents(t.Context(), user.Actor(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range own.Live {
			seen["live"] = true
			seen["used"] = seen["used"] || !c.LastUsedAt.IsZero()
			seen["first-party"] = seen["first-party"] || !c.Asked
			seen["narrowed"] = seen["narrowed"] || len(c.Declined) > 0
			seen["reuse detected"] = seen["reuse detected"] || !c.ReusedAt.IsZero()
		}
		for _, c := range own.Ended {
			seen["ran out"] = seen["ran out"] || c.RevokedBy == registry.NotRevoked
			seen["revoked by the user"] = seen["revoked by the user"] || c.RevokedBy == registry.RevokedByUser
			seen["revoked for a reason"] = seen["revoked for a reason"] || c.RevokedBy == registry.RevokedByAdmin && c.Reason != ""
		}
	}
	for _, want := range []string{"live", "used", "first-party", "narrowed", "reuse detected", "ran out", "revoked by the user", "revoked for a reason"} {
		if !seen[want] {
			t.Errorf("got consents %v, want one that is %s", seen, want)
		}
	}
}

// checkDemoUsers looks for users in every state.
func checkDemoUsers(t *testing.T, db *store.DB) {
	page, err := db.Users(t.Context(), registry.Operator, registry.UserQuery{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, u := range page.Users {
		seen[string(u.Status())] = true
		seen["administrator"] = seen["administrator"] || u.Admin
		seen["some permissions"] = seen["some permissions"] || u.Holds && !u.Admin
		seen["signed in"] = seen["signed in"] || !u.LastSignedInAt.IsZero()
		seen["never signed in"] = seen["never signed in"] || u.Status() == registry.Active && u.LastSignedInAt.IsZero()
	}
	for _, want := range []string{"active", "invited", "disabled", "administrator", "some permissions", "signed in", "never signed in"} {
		if !seen[want] {
			t.Errorf("got users %v, want one that is %s", seen, want)
		}
	}
}

// checkSignIns signs in with what the demo printed.
func checkSignIns(t *testing.T, db *store.DB, printed string) {
	t.Helper()
	lines := regexp.MustCompile(`(?m)^ +(\S+@demo\.example) +(\S+) `).FindAllStringSubmatch(printed, -1)
	if len(lines) != len(demoUsers) {
		t.Fatalf("got %q, want %d sign-ins", printed, len(demoUsers))
	}
	for _, line := range lines {
		if _, _, err := db.SignIn(t.Context(), store.Credentials{Email: line[1], Password: line[2], Address: "192.0.2.1"}); err != nil {
			t.Errorf("%s: %v", line[1], err)
		}
	}
}

// checkDemoApplications wants some application in every state that the console shows.
func checkDemoApplications(t *testing.T, db *store.DB, now time.Time) {
	t.Helper()
	all := demoRows(t, db, registry.ApplicationQuery{})
	deleted := demoRows(t, db, registry.ApplicationQuery{Status: registry.Deleted})
	if got := len(all) + len(deleted); got < 35 || got > 55 {
		t.Errorf("got %d applications, want about 40", got)
	}
	seen := map[string]int{"deleted": len(deleted)}
	for state, attention := range map[string]registry.Attention{
		"unused": registry.Unused, "secret ending": registry.Expiring, "to be given permissions": registry.Powerless,
	} {
		seen[state] = len(demoRows(t, db, registry.ApplicationQuery{Attention: attention}))
	}
	for _, a := range all {
		for state, is := range map[string]bool{
			"used today":          a.Status == registry.Active && now.Sub(a.LastUsedAt) < 24*time.Hour,
			"never used":          a.LastUsedAt.IsZero(),
			"unused for 90 days":  !a.LastUsedAt.IsZero() && now.Sub(a.LastUsedAt) > 90*24*time.Hour,
			"disabled":            a.Status == registry.Disabled,
			"two secrets at once": a.Secrets == 2,
			"no permissions":      a.Permissions == 0,
			"locked":              a.Locked(),
			"for users":           a.ActsForUsers(),
			"public":              a.Public(),
		} {
			if is {
				seen[state]++
			}
		}
		details, err := db.Application(t.Context(), registry.Operator, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if details.SecretsMade > 1 && a.Secrets == 1 {
			seen["rotated"]++
		}
		for _, secret := range details.Secrets {
			for state, is := range map[string]bool{"with a named secret": secret.Name != "", "with a paused secret": secret.State(now) == registry.SecretPaused} {
				if is {
					seen[state]++
				}
			}
		}
		for state, is := range map[string]bool{
			"with unused scopes": len(details.UnusedScopes(now)) > 0, "kept to networks": len(details.Networks) > 0, "a key": a.Type == registry.ApplicationKey, "a key that moves": details.MovesTo.ID != "", "the client of a key": details.MovesFrom.ID != "", "with several owners": len(details.Owners) > 1,
			"with a logo": details.Logo != "", "first-party": details.Trust == registry.FirstParty,
			"verified": details.ActsForUsers() && details.Trust == registry.Verified, "unverified": details.ActsForUsers() && details.Trust == registry.Unverified,
		} {
			if is {
				seen[state]++
			}
		}
		if a.Type == registry.OAuthClient && len(details.Scopes) == 0 || a.CreatedAt.After(now) || a.LastUsedAt.After(now) {
			t.Errorf("%s: got %d scopes, registered %v, used %v", a.Name, len(details.Scopes), a.CreatedAt, a.LastUsedAt)
		}
	}
	for _, state := range []string{
		"deleted", "unused", "secret ending", "to be given permissions", "used today", "never used", "unused for 90 days",
		"disabled", "two secrets at once", "no permissions", "locked", "rotated",
		"with a named secret", "with a paused secret", "kept to networks", "with unused scopes", "for users", "a key", "a key that moves", "the client of a key", "with several owners", "public", "with a logo", "first-party", "verified", "unverified",
	} {
		if seen[state] == 0 {
			t.Errorf("no application is %s", state)
		}
	}
}

// demoRows returns every application that matches, of all pages.
func demoRows(t *testing.T, db *store.DB, q registry.ApplicationQuery) []registry.ApplicationRow {
	t.Helper()
	var all []registry.ApplicationRow
	for {
		page, err := db.Applications(t.Context(), registry.Operator, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Applications...)
		if page.Next == "" {
			return all
		}
		q.After = page.Next
	}
}
