package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// as returns the same store for another user, who is made if need be.
func (c *consenting) as(t testing.TB, name, email string) *consenting {
	t.Helper()
	other := *c
	other.who = c.signIn(t, storetest.User(t, c.DB, name, email, false))
	return &other
}

// own returns the user's only live consent.
func (c *consenting) own(t testing.TB) registry.OwnConsent {
	t.Helper()
	own, err := c.OwnConsents(t.Context(), c.who.By, "")
	if err != nil || len(own.Live) != 1 {
		t.Fatalf("got %+v %v, want one live consent", own, err)
	}
	return own.Live[0]
}

// works reports whether what a consent yielded is still good.
func (c *consenting) works(t testing.TB, a oauth.Authorized) bool {
	t.Helper()
	_, err := c.Family(t.Context(), a.FamilyID)
	if err != nil && !errors.Is(err, oauth.ErrNotGood) {
		t.Fatal(err)
	}
	return err == nil
}

func (c *consenting) number(t testing.TB, query string) (n int) {
	t.Helper()
	if err := c.raw.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Whoever revokes it, all that rests on a consent ends in the moment it does:
// codes, refresh tokens, even one that could be asked for again, and families.
// What rests on other consents stays.
func TestRevocationIsReal(t *testing.T) {
	revokers := map[string]func(t *testing.T, c *consenting, admin registry.Actor) error{
		"the user": func(t *testing.T, c *consenting, _ registry.Actor) error {
			return c.RevokeConsent(t.Context(), c.who.By, c.own(t).ID)
		},
		"the user, all": func(t *testing.T, c *consenting, _ registry.Actor) error {
			return c.RevokeAllConsents(t.Context(), c.who.By)
		},
		"an administrator": func(t *testing.T, c *consenting, admin registry.Actor) error {
			return c.RevokeConsentOf(t.Context(), admin, c.client, c.own(t).ID, registry.Revocation{Reason: " Lost\nlaptop "})
		},
	}
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		other := c.as(t, "Other User", "other@example.com")
		kept, keptRefresh := other.tokens(t)
		for name, revoke := range revokers {
			a, first := c.tokens(t)
			_, second, err := c.refresh(t, first) // the first can be retried for a moment
			if err != nil {
				t.Fatal(err)
			}
			unspent, err := c.Authorize(t.Context(), c.who, c.request(t))
			if err != nil {
				t.Fatal(err)
			}
			if !c.works(t, a) {
				t.Fatalf("%s: got it dead already", name)
			}
			consent := c.own(t)
			before := c.actions(t)
			if err := revoke(t, c, admin); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if c.works(t, a) {
				t.Errorf("%s: got a family that goes on", name)
			}
			for what, token := range map[string]string{"the last": second, "a retry": first} {
				if _, _, err := c.refresh(t, token); !errors.Is(err, oauth.ErrNotGood) {
					t.Errorf("%s: %s refresh token: got %v, want ErrNotGood", name, what, err)
				}
			}
			if _, _, err := c.redeem(t, unspent); !errors.Is(err, oauth.ErrNotGood) {
				t.Errorf("%s: an unspent code: got %v, want ErrNotGood", name, err)
			}
			if n := c.number(t, `SELECT count(*) FROM families WHERE ended_at IS NULL AND consent_id = '`+consent.ID+`'`); n != 0 {
				t.Errorf("%s: got %d families open, want none", name, n)
			}
			if n := c.number(t, `SELECT count(*) FROM refresh_tokens WHERE successor IS NOT NULL`); n != 0 {
				t.Errorf("%s: got %d refresh tokens kept for a retry, want none", name, n)
			}
			if got := c.actions(t); len(got) != len(before)+1 || got[0] != "consent.revoke" {
				t.Errorf("%s: got the events %v after %v, want one more, consent.revoke", name, got, before)
			}
			if !other.works(t, kept) {
				t.Errorf("%s: got another user's tokens dead", name)
			}
		}
		if _, _, err := other.refresh(t, keptRefresh); err != nil {
			t.Errorf("another user's refresh token: got %v, want none", err)
		}
		if _, err := c.VerifyAudit(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// What is revoked already is left as it is, and so is what has run out.
func TestRevokingTwiceChangesNothing(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		c.tokens(t)
		id := c.own(t).ID
		if err := c.RevokeConsentOf(t.Context(), admin, c.client, id, registry.Revocation{Reason: "Lost laptop"}); err != nil {
			t.Fatal(err)
		}
		event := newest(t, c.DB, c.client)
		c.clock.Advance(time.Hour)
		for name, again := range map[string]func() error{
			"the user":         func() error { return c.RevokeConsent(t.Context(), c.who.By, id) },
			"the user, all":    func() error { return c.RevokeAllConsents(t.Context(), c.who.By) },
			"an administrator": func() error { return c.RevokeConsentOf(t.Context(), admin, c.client, id, registry.Revocation{}) },
			"an administrator, all": func() error {
				return c.RevokeAllConsentsOf(t.Context(), admin, c.client, registry.Revocation{Reason: "Once more"})
			},
		} {
			if err := again(); err != nil {
				t.Errorf("%s: got %v, want none", name, err)
			}
		}
		if got := newest(t, c.DB, c.client); got.Seq != event.Seq {
			t.Errorf("got the event %+v, want none", got)
		}
		got, err := c.OwnConsent(t.Context(), c.who.By, id)
		if err != nil || got.RevokedBy != registry.RevokedByAdmin || got.RevokedByName != "Demo Admin" || got.Reason != "Lost laptop" || !got.EndedAt.Equal(storetest.Noon) {
			t.Errorf("got %+v %v, want it as the administrator left it", got.Consent, err)
		}
		c.tokens(t)
		id = c.own(t).ID
		c.clock.Advance(registry.ConsentMonth)
		if err := c.RevokeConsent(t.Context(), c.who.By, id); err != nil {
			t.Fatal(err)
		}
		if got, err := c.OwnConsent(t.Context(), c.who.By, id); err != nil || got.RevokedBy != registry.NotRevoked {
			t.Errorf("run out: got %+v %v, want it not revoked", got.Consent, err)
		}
	})
}

func TestRevocationIsRecorded(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		c.tokens(t, "openid", "profile")
		id := c.own(t).ID
		if err := c.RevokeConsentOf(t.Context(), admin, c.client, id, registry.Revocation{Reason: "Lost laptop"}); err != nil {
			t.Fatal(err)
		}
		got := newest(t, c.DB, c.client)
		wantBefore := fmt.Sprintf(`{"consent":%q,"scopes":["openid","profile"],"user":%q,"user_email":"user@example.com","user_name":"Demo User"}`, id, c.who.By.ID)
		want := registry.Target{Type: "application", ID: c.client, Name: "Orders App"}
		if got.Action != "consent.revoke" || got.Target != want || got.Actor.ID != admin.ID || got.Before != wantBefore || got.After != `{"reason":"Lost laptop","revoked_by":"admin"}` {
			t.Errorf("got %+v, want before %s", got, wantBefore)
		}
	})
}

// Who revokes all of their own tells each application's activity.
func TestRevokeAllOfOnesOwn(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		second := *c
		second.client = c.register(t, "Second App", "first_party")
		second.by.ClientID = second.client
		stranger := c.as(t, "Stranger", "stranger@example.com")
		kept, _ := stranger.tokens(t)
		a, _ := c.tokens(t)
		b, _ := second.tokens(t)
		if err := c.RevokeAllConsents(t.Context(), c.who.By); err != nil {
			t.Fatal(err)
		}
		if c.works(t, a) || second.works(t, b) || !stranger.works(t, kept) {
			t.Error("got something of the user's alive, or something else dead")
		}
		for _, client := range []string{c.client, second.client} {
			if got := newest(t, c.DB, client); got.Action != "consent.revoke" || got.Actor.ID != c.who.By.ID {
				t.Errorf("got the event %+v, want the revocation", got)
			}
		}
		if _, err := c.VerifyAudit(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := c.RevokeAllConsents(t.Context(), registry.Operator); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("by the command line: got %v, want ErrNotFound", err)
		}
	})
}

// Nobody reaches another's consent, nor one by way of another application.
func TestConsentsOfOthers(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		a, _ := c.tokens(t)
		id := c.own(t).ID
		elsewhere := c.register(t, "Elsewhere", "unverified")
		stranger := c.as(t, "Stranger", "stranger@example.com").who.By
		for name, try := range map[string]func() error{
			"read by a stranger":         func() error { _, err := c.OwnConsent(t.Context(), stranger, id); return err },
			"read by an administrator":   func() error { _, err := c.OwnConsent(t.Context(), admin, id); return err },
			"read by the command line":   func() error { _, err := c.OwnConsent(t.Context(), registry.Operator, id); return err },
			"listed by the command line": func() error { _, err := c.OwnConsents(t.Context(), registry.Operator, ""); return err },
			"revoked by a stranger":      func() error { return c.RevokeConsent(t.Context(), stranger, id) },
			"revoked by its client": func() error {
				return c.RevokeConsent(t.Context(), registry.Actor{Type: registry.ApplicationActor, ID: c.client}, id)
			},
			"revoked for another client": func() error { return c.RevokeConsentOf(t.Context(), admin, elsewhere, id, registry.Revocation{}) },
			"read for another client":    func() error { _, err := c.ApplicationConsent(t.Context(), admin, elsewhere, id); return err },
			"listed of no client": func() error {
				_, err := c.ApplicationConsents(t.Context(), admin, "cl_none", registry.ConsentQuery{})
				return err
			},
			"one that there is not": func() error { return c.RevokeConsent(t.Context(), c.who.By, "cs_none") },
			"all of no client": func() error {
				return c.RevokeAllConsentsOf(t.Context(), admin, "cl_none", registry.Revocation{Reason: "x"})
			},
		} {
			if err := try(); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		if err := c.RevokeAllConsents(t.Context(), stranger); err != nil {
			t.Errorf("all of who has none: got %v, want none", err)
		}
		if !c.works(t, a) {
			t.Error("got the consent ended")
		}
		viewer := storetest.User(t, c.DB, "Viewer", "viewer@example.com", false)
		err := c.Grant(t.Context(), registry.Operator, registry.GrantInput{
			Subject: registry.Subject{Type: registry.UserSubject, ID: viewer.ID}, Service: "applications", Kind: registry.TemplateGrant, Key: "viewer",
		})
		if err != nil {
			t.Fatal(err)
		}
		if page, err := c.ApplicationConsents(t.Context(), viewer.Actor(), c.client, registry.ConsentQuery{}); err != nil || len(page.Consents) != 1 {
			t.Errorf("who may view: got %+v %v, want the consent", page, err)
		}
		for name, err := range map[string]error{
			"one": c.RevokeConsentOf(t.Context(), viewer.Actor(), c.client, id, registry.Revocation{}),
			"all": c.RevokeAllConsentsOf(t.Context(), viewer.Actor(), c.client, registry.Revocation{Reason: "x"}),
		} {
			if !errors.Is(err, registry.ErrForbidden) {
				t.Errorf("%s revoked by who may only view: got %v, want ErrForbidden", name, err)
			}
		}
	})
}

func TestReasonOfARevocation(t *testing.T) {
	tests := []struct {
		reason   string
		one, all bool // it is wrong for
	}{
		{"", false, true},
		{" \n ", false, true},
		{"Lost laptop", false, false},
		{strings.Repeat("é", registry.MaxReason), false, false},
		{strings.Repeat("é", registry.MaxReason+1), true, true},
		{"safe\u202eevil", true, true},
	}
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		for _, tt := range tests {
			c.tokens(t)
			in := registry.Revocation{Reason: tt.reason}
			if err := c.RevokeConsentOf(t.Context(), admin, c.client, c.own(t).ID, in); isInvalid(err, "reason") != tt.one || !tt.one && err != nil {
				t.Errorf("one for %q: got %v, want it wrong: %t", tt.reason, err, tt.one)
			}
			c.tokens(t)
			if err := c.RevokeAllConsentsOf(t.Context(), admin, c.client, in); isInvalid(err, "reason") != tt.all || !tt.all && err != nil {
				t.Errorf("all for %q: got %v, want it wrong: %t", tt.reason, err, tt.all)
			}
		}
	})
}

// fill makes n users who consented to the client, behind the store's back, the
// first of them last.
func (c *consenting) fill(t testing.TB, n int) {
	t.Helper()
	no := "FALSE"
	if !store.IsPostgres(c.database) {
		no = "0"
	}
	numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, n)
	execAll(t, c.raw, numbers+`
		INSERT INTO users (id, email, email_key, name, password_hash, created_at)
		SELECT 'us_f' || i, 'P' || i || '@example.com', 'p' || i || '@example.com', 'Person ' || i, '', 1 FROM n`, numbers+fmt.Sprintf(`
		INSERT INTO consents (id, user_id, application_id, asked, granted_at, expires_at)
		SELECT 'co_f' || i, 'us_f' || i, '%s', %s, %d - i, %d FROM n`, c.client, no, storetest.Noon.Unix(), storetest.Noon.Add(registry.ConsentMonth).Unix()), numbers+`
		INSERT INTO consent_scopes (consent_id, scope, allowed) SELECT 'co_f' || i, 'openid', `+map[string]string{"FALSE": "TRUE", "0": "1"}[no]+` FROM n`, numbers+fmt.Sprintf(`
		INSERT INTO families (id, consent_id, application_id, user_id, scopes, nonce, signed_in_at, code_hash, redirect_uri, challenge, code_expires_at, spent_at)
		SELECT 'fa_f' || i, 'co_f' || i, '%s', 'us_f' || i, 'openid', '', 1, 'code ' || i, '', '', 1, 1 FROM n`, c.client))
}

// Ten thousand consents end in one transaction, with one event of bounded size.
func TestRevokeAllOfAnApplication(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		const people = 10_000
		admin := storetest.Admin(t, c.DB)
		c.fill(t, people)
		a, _ := c.tokens(t)
		second := *c
		second.client = c.register(t, "Second App", "unverified")
		second.by.ClientID = second.client
		kept, _ := second.tokens(t)
		before, err := c.VerifyAudit(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.RevokeAllConsentsOf(t.Context(), admin, c.client, registry.Revocation{Reason: "Its vendor was breached"}); err != nil {
			t.Fatal(err)
		}
		after, err := c.VerifyAudit(t.Context(), nil)
		if err != nil || after.Seq != before.Seq+1 {
			t.Errorf("got %d events %v, want one", after.Seq-before.Seq, err)
		}
		if n := c.number(t, `SELECT count(*) FROM consents WHERE ended_at IS NULL`) + c.number(t, `SELECT count(*) FROM families WHERE ended_at IS NULL`); n != 2 || c.works(t, a) {
			t.Errorf("got %d consents and families left, want those of the other application", n)
		}
		if !second.works(t, kept) {
			t.Error("got another application's consent ended")
		}
		event := newest(t, c.DB, c.client)
		var was struct {
			Consents []struct{ Consent, User, User_Name, User_Email string }
			Count    int
		}
		if err := json.Unmarshal([]byte(event.Before), &was); err != nil || len(was.Consents) != 100 || was.Count != people+1 || was.Consents[1].User_Name == "" {
			t.Errorf("got %d of %d named %v: %.300s", len(was.Consents), was.Count, err, event.Before)
		}
	})
}

func TestOwnConsents(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		apps := map[string]*consenting{"Orders App": c}
		for _, name := range []string{"100% Über Café", "Payroll", "Deleted"} {
			app := *c
			app.client = c.register(t, name, "verified")
			app.by.ClientID = app.client
			apps[name] = &app
		}
		for _, name := range []string{"Orders App", "100% Über Café", "Payroll", "Deleted"} {
			c.clock.Advance(time.Minute)
			apps[name].tokens(t, "openid", "profile")
		}
		c.TokenIssued(oauth.Use{ClientID: c.client, ConsentID: consentTo(t, c, "Orders App").ID, Address: "192.0.2.7", At: c.clock.Now()})
		c.FlushUsage(t.Context())
		c.exec(t, fmt.Sprintf(`UPDATE applications SET deleted_at = 1 WHERE id = '%s'`, apps["Deleted"].client))
		list := func(search string) (live, ended []string) {
			t.Helper()
			own, err := c.OwnConsents(t.Context(), c.who.By, search)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range own.Live {
				live = append(live, one.Client.Name)
			}
			for _, one := range own.Ended {
				ended = append(ended, one.Client.Name)
			}
			return live, ended
		}
		for search, want := range map[string][]string{
			"": {"Orders App", "Payroll", "100% Über Café"}, "  APP ": {"Orders App"}, "über": {"100% Über Café"}, "%": {"100% Über Café"}, "_": nil, "deleted": nil,
		} {
			if got, ended := list(search); !slices.Equal(got, want) || ended != nil {
				t.Errorf("%q: got %q and %q ended, want %q", search, got, ended, want)
			}
		}
		got := consentTo(t, c, "Orders App")
		if !slices.Equal(got.Allowed, []string{"openid", "profile"}) || got.LastUsedAddress != "192.0.2.7" || !got.Asked || got.Client.Trust != registry.Unverified {
			t.Errorf("got %+v, want what was allowed, and its use", got)
		}
		if err := c.RevokeConsent(t.Context(), c.who.By, got.ID); err != nil {
			t.Fatal(err)
		}
		if live, ended := list(""); !slices.Equal(live, []string{"Payroll", "100% Über Café"}) || !slices.Equal(ended, []string{"Orders App"}) {
			t.Errorf("revoked: got %q, and %q ended", live, ended)
		}
		c.clock.Advance(registry.EndedConsentKept - time.Second)
		if live, ended := list(""); live != nil || !slices.Equal(ended, []string{"Payroll", "100% Über Café", "Orders App"}) {
			t.Errorf("a month later: got %q, and %q ended", live, ended)
		}
		c.clock.Advance(2 * time.Second)
		if _, ended := list(""); slices.Contains(ended, "Orders App") {
			t.Errorf("after that: got %q ended, want it forgotten", ended)
		}
	})
}

func consentTo(t *testing.T, c *consenting, name string) registry.OwnConsent {
	t.Helper()
	own, err := c.OwnConsents(t.Context(), c.who.By, name)
	if err != nil || len(own.Live) != 1 {
		t.Fatalf("%s: got %+v %v, want one", name, own, err)
	}
	return own.Live[0]
}

func TestApplicationConsents(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		admin := storetest.Admin(t, c.DB)
		c.fill(t, 120)
		page := func(q registry.ConsentQuery) registry.ConsentPage {
			t.Helper()
			p, err := c.ApplicationConsents(t.Context(), admin, c.client, q)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		seen := map[string]bool{}
		first := page(registry.ConsentQuery{})
		var pages []registry.ConsentPage
		for p := first; ; p = page(registry.ConsentQuery{After: p.Next}) {
			pages = append(pages, p)
			for _, one := range p.Consents {
				if seen[one.ID] || len(one.Allowed) != 1 || !strings.HasPrefix(one.UserName, "Person ") {
					t.Errorf("got %+v, want each once, with its scope and user", one)
				}
				seen[one.ID] = true
			}
			if p.Next == "" {
				break
			}
		}
		if len(seen) != 120 || len(pages) != 3 || first.Prev != "" || first.Found != (registry.Count{N: 120}) || first.Consents[0].UserName != "Person 1" {
			t.Errorf("got %d consents on %d pages: %+v", len(seen), len(pages), first.Found)
		}
		for i, back := range []string{pages[2].Prev, pages[1].Prev} {
			got := page(registry.ConsentQuery{Before: back})
			if want := pages[1-i]; got.Consents[0].ID != want.Consents[0].ID || len(got.Consents) != len(want.Consents) || (got.Prev == "") != (i == 1) {
				t.Errorf("back to page %d: got %s and %d", 2-i, got.Consents[0].ID, len(got.Consents))
			}
		}
		for search, want := range map[string]int{"person 12": 2, "PERSON 77": 1, "p5@EXAMPLE": 1, "@example.com": 120, "%": 0, "nobody": 0} {
			if got := page(registry.ConsentQuery{Search: search}).Found.N; got != want {
				t.Errorf("%q: got %d, want %d", search, got, want)
			}
		}
		for _, wrong := range []registry.ConsentQuery{
			{After: "x"},
			{Before: "x"},
			{State: "x"},
			{After: registry.Cursor{Sort: registry.ConsentsByGrant, Time: 1, ID: "x"}.String()},
			{After: registry.Cursor{Sort: "name", Name: "x", ID: "x"}.String()},
		} {
			if _, err := c.ApplicationConsents(t.Context(), admin, c.client, wrong); err == nil || !isInvalid(err, "page") && !isInvalid(err, "state") {
				t.Errorf("%+v: got %v, want Invalid", wrong, err)
			}
		}
		if err := c.RevokeConsentOf(t.Context(), admin, c.client, "co_f7", registry.Revocation{}); err != nil {
			t.Fatal(err)
		}
		if got := page(registry.ConsentQuery{State: registry.EndedConsents}); len(got.Consents) != 1 || got.Consents[0].ID != "co_f7" || got.Found.N != 1 {
			t.Errorf("ended: got %+v", got)
		}
		if n, err := c.CountConsents(t.Context(), admin, c.client); err != nil || n.N != 119 {
			t.Errorf("got %+v %v, want 119 live", n, err)
		}
		rows := 0
		err := c.ConsentsReport(t.Context(), admin, c.client, func(registry.UserConsent) error { rows++; return nil })
		if err != nil || rows != 120 || newest(t, c.DB, c.client).Action != "consent.download" {
			t.Errorf("got %d rows %v, want all, and the download recorded", rows, err)
		}
	})
}
