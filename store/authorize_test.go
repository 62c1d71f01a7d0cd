package store_test

import (
	"database/sql"
	"errors"
	"flag"
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

// rounds is how often races are run. ./task faults runs 1,000.
var rounds = flag.Int("rounds", 50, "how often races are run")

const (
	callback  = "https://app.example/cb"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, appendix B
)

// consenting is a store with a user who may consent to a client.
type consenting struct {
	*store.DB
	database string
	raw      *sql.DB
	clock    *storetest.Clock
	client   string
	who      store.SignedIn
	by       oauth.Caller
}

// eachConsenting runs a test on each database.
func eachConsenting(t *testing.T, test func(*testing.T, *consenting)) {
	t.Helper()
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) { test(t, newConsenting(t, database(t))) })
	}
}

func newConsenting(t testing.TB, database string) *consenting {
	t.Helper()
	c := &consenting{database: database, raw: raw(t, database), clock: storetest.NewClock()}
	c.DB = storetest.Open(t, database, c.clock)
	c.client = c.register(t, "Orders App", registry.Unverified)
	c.by = oauth.Caller{ClientID: c.client}
	user := storetest.User(t, c.DB, "Demo User", "user@example.com", false)
	c.who = c.signIn(t, user)
	return c
}

// register makes a client that acts for users.
func (c *consenting) register(t testing.TB, name string, trust registry.Trust) string {
	t.Helper()
	app, _, err := c.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{
			Name: name, Grants: []string{registry.AuthorizationCode, registry.RefreshToken}, AuthMethod: registry.SecretBasic,
			RedirectURIs: []string{callback}, Trust: trust,
		},
		Scopes: []string{"openid", "profile", "applications:read", "audit.log:read"},
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	return app.ID
}

func (c *consenting) signIn(t testing.TB, user registry.User) store.SignedIn {
	t.Helper()
	token, err := c.StartSession(t.Context(), store.Visit{UserID: user.ID})
	if err != nil {
		t.Fatal(err)
	}
	return store.SignedIn{By: user.Actor(), Token: token, At: c.clock.Now()}
}

// request is what the client asks for; no scopes are all of its own.
func (c *consenting) request(t testing.TB, scopes ...string) oauth.AuthorizationRequest {
	t.Helper()
	client, err := c.OAuthClient(t.Context(), c.client)
	if err != nil {
		t.Fatal(err)
	}
	r := oauth.AuthorizationRequest{Client: client, RedirectURI: callback, Challenge: challenge, Nonce: "n-1", MaxAge: -1}
	for _, s := range client.Scopes {
		if len(scopes) == 0 || slices.Contains(scopes, s.Key) {
			r.Scopes = append(r.Scopes, s)
		}
	}
	return r
}

// allow asks the user and answers with the scopes, for a month unless told otherwise.
func (c *consenting) allow(t testing.TB, r oauth.AuthorizationRequest, scopes ...string) (code string) {
	t.Helper()
	code, err := c.answer(t, r, registry.ConsentAnswer{Scopes: scopes, For: "month"})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (c *consenting) answer(t testing.TB, r oauth.AuthorizationRequest, a registry.ConsentAnswer) (string, error) {
	t.Helper()
	q, err := c.AskConsent(t.Context(), c.who, r, "client_id="+c.client)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Scopes) == 0 {
		a.Scopes = r.ScopeKeys()
	}
	return c.AnswerConsent(t.Context(), c.who, q.ID, r, a)
}

func (c *consenting) redeem(t testing.TB, code string) (oauth.Authorized, string, error) {
	t.Helper()
	return c.RedeemCode(t.Context(), c.by, oauth.CodeRedemption{Code: code, RedirectURI: callback, Challenge: challenge, Refresh: true}, accept)
}

func accept(oauth.Authorized) error { return nil }

func (c *consenting) refresh(t testing.TB, token string) (oauth.Authorized, string, error) {
	t.Helper()
	return c.Refresh(t.Context(), c.by, token, accept)
}

// tokens returns what a first sign-in yields.
func (c *consenting) tokens(t testing.TB, scopes ...string) (oauth.Authorized, string) {
	t.Helper()
	a, refresh, err := c.redeem(t, c.allow(t, c.request(t, scopes...), scopes...))
	if err != nil || refresh == "" {
		t.Fatalf("got %q, %v", refresh, err)
	}
	return a, refresh
}

// actions are the audit log's, newest first, of the client.
func (c *consenting) actions(t testing.TB) (all []string) {
	t.Helper()
	page, err := c.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Target: c.client, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Entries {
		if strings.HasPrefix(e.Action, "consent.") {
			all = append(all, e.Action)
		}
	}
	return all
}

func (c *consenting) exec(t testing.TB, statement string) { t.Helper(); execAll(t, c.raw, statement) }

func TestConsentIsAskedOnce(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		authorize := func(scopes ...string) error {
			_, err := c.Authorize(t.Context(), c.who, c.request(t, scopes...))
			return err
		}
		want := func(when string, err error, asks bool) {
			t.Helper()
			if errors.Is(err, store.ErrConsentRequired) != asks || !asks && err != nil {
				t.Errorf("%s: got %v, want the user asked: %t", when, err, asks)
			}
		}
		want("at first", authorize("openid", "profile"), true)
		c.allow(t, c.request(t, "openid", "profile", "audit.log:read"), "openid", "profile")
		want("for the same", authorize("openid", "profile"), false)
		want("for less", authorize("openid"), false)
		want("for what was declined", authorize("openid", "audit.log:read"), false)
		want("for what was declined alone", authorize("audit.log:read"), true)
		want("when scopes grow", authorize("openid", "applications:read"), true)
		r := c.request(t, "openid")
		r.Prompt.Consent = true
		_, err := c.Authorize(t.Context(), c.who, r)
		want("with prompt consent", err, true)
		c.clock.Advance(registry.ConsentMonth - time.Minute)
		want("when the consent has nearly ended", authorize("openid"), true)
		c.clock.Advance(2 * time.Minute)
		want("when the consent has ended", authorize("openid"), true)
		if got, want := c.actions(t), []string{"consent.grant"}; !slices.Equal(got, want) {
			t.Errorf("got events %v, want %v", got, want)
		}
		if _, err := c.VerifyAudit(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// A code carries only what was asked for and allowed, and tells who consented.
func TestCodeCarriesWhatWasAllowed(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		c.allow(t, c.request(t, "openid", "profile", "audit.log:read"), "openid", "audit.log:read")
		code, err := c.Authorize(t.Context(), c.who, c.request(t, "openid", "profile", "audit.log:read"))
		if err != nil {
			t.Fatal(err)
		}
		a, refresh, err := c.redeem(t, code)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"openid", "audit.log:read"}; !slices.Equal(slices.Sorted(slices.Values(a.Scopes)), slices.Sorted(slices.Values(want))) {
			t.Errorf("got %v, want %v", a.Scopes, want)
		}
		user := oauth.User{ID: c.who.By.ID, Name: "Demo User", Email: "user@example.com"}
		if a.User != user || a.ClientID != c.client || a.Nonce != "n-1" || !a.SignedInAt.Equal(storetest.Noon) || !a.EndsAt.Equal(storetest.Noon.Add(registry.ConsentMonth)) {
			t.Errorf("got %+v", a)
		}
		if !strings.HasPrefix(refresh, "rt_") {
			t.Errorf("got refresh token %q", refresh)
		}
	})
}

// "This once" lasts as long as an access token, so that there is no refresh token.
func TestConsentOnce(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		code, err := c.answer(t, c.request(t), registry.ConsentAnswer{For: "once"})
		if err != nil {
			t.Fatal(err)
		}
		a, refresh, err := c.redeem(t, code)
		if err != nil || refresh != "" || !a.EndsAt.Equal(storetest.Noon.Add(15*time.Minute)) {
			t.Errorf("got until %v with %q, %v; want 15 minutes without a refresh token", a.EndsAt, refresh, err)
		}
		c.clock.Advance(15 * time.Minute)
		if _, err := c.Family(t.Context(), a.FamilyID); !errors.Is(err, oauth.ErrNotGood) {
			t.Errorf("after 15 minutes: got %v, want ErrNotGood", err)
		}
	})
}

func TestConsentFormsThatChangeNothing(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		c.exec(t, `UPDATE application_scopes SET required = `+boolean(c.database, true)+` WHERE scope = 'profile'`)
		r := c.request(t, "openid", "profile", "audit.log:read")
		ask := func() string {
			q, err := c.AskConsent(t.Context(), c.who, r, "q")
			if err != nil {
				t.Fatal(err)
			}
			return q.ID
		}
		other := c.signIn(t, storetest.User(t, c.DB, "Other User", "other@example.com", false))
		sameUser := c.who
		sameUser.Token = "another session"
		good := registry.ConsentAnswer{Scopes: []string{"openid", "profile"}, For: "month"}
		tests := []struct {
			name     string
			who      store.SignedIn
			question string
			answer   registry.ConsentAnswer
			invalid  bool // or not found
		}{
			{"no question", c.who, "", good, false},
			{"a question that was not asked", c.who, "cr_aaaaaaaaaaaaaaaa", good, false},
			{"another session's", sameUser, ask(), good, false},
			{"another user's", other, ask(), good, false},
			{"no scopes", c.who, ask(), registry.ConsentAnswer{For: "month"}, true},
			{"a required scope left out", c.who, ask(), registry.ConsentAnswer{Scopes: []string{"openid"}, For: "month"}, true},
			{"openid left out", c.who, ask(), registry.ConsentAnswer{Scopes: []string{"profile"}, For: "month"}, true},
			{"a scope that was not asked for", c.who, ask(), registry.ConsentAnswer{Scopes: []string{"openid", "profile", "applications:read"}, For: "month"}, true},
			{"a scope twice", c.who, ask(), registry.ConsentAnswer{Scopes: []string{"openid", "profile", "openid"}, For: "month"}, true},
			{"for ever", c.who, ask(), registry.ConsentAnswer{Scopes: good.Scopes, For: "ever"}, true},
		}
		for _, tt := range tests {
			_, err := c.AnswerConsent(t.Context(), tt.who, tt.question, r, tt.answer)
			if _, invalid := errors.AsType[registry.Invalid](err); invalid != tt.invalid || !invalid && !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: got %v", tt.name, err)
			}
		}
		id := ask()
		c.clock.Advance(store.QuestionLifetime)
		if _, err := c.AnswerConsent(t.Context(), c.who, id, r, good); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("too late: got %v, want ErrNotFound", err)
		}
		if got := c.actions(t); len(got) > 0 {
			t.Errorf("got events %v, want none", got)
		}
		id = ask()
		if _, err := c.AnswerConsent(t.Context(), c.who, id, r, good); err != nil {
			t.Fatal(err)
		}
		if _, err := c.AnswerConsent(t.Context(), c.who, id, r, good); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("replayed: got %v, want ErrNotFound", err)
		}
		id = ask()
		if err := c.DenyConsent(t.Context(), c.who, id); err != nil {
			t.Fatal(err)
		}
		if _, err := c.AnswerConsent(t.Context(), c.who, id, r, good); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("after it was denied: got %v, want ErrNotFound", err)
		}
		if got, want := c.actions(t), []string{"consent.grant"}; !slices.Equal(got, want) {
			t.Errorf("got events %v, want %v", got, want)
		}
	})
}

func boolean(database string, b bool) string {
	switch {
	case store.IsPostgres(database):
		return fmt.Sprint(b)
	case b:
		return "1"
	default:
		return "0"
	}
}

// What is answered again replaces what was: for less, the tokens there are can
// do less at once; for more, they do not grow.
func TestConsentIsNarrowedAndRenewed(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		a, refresh := c.tokens(t, "openid", "audit.log:read")
		c.clock.Advance(time.Hour)
		c.allow(t, c.request(t, "openid", "audit.log:read"), "openid")
		narrowed, err := c.Family(t.Context(), a.FamilyID)
		if err != nil || !slices.Equal(narrowed.Scopes, []string{"openid"}) {
			t.Errorf("narrowed: got %v, %v, want openid", narrowed.Scopes, err)
		}
		if !narrowed.EndsAt.Equal(c.clock.Now().Add(registry.ConsentMonth)) {
			t.Errorf("got an end at %v, want a month from now", narrowed.EndsAt)
		}
		c.allow(t, c.request(t, "openid", "audit.log:read", "profile"), "openid", "audit.log:read", "profile")
		again, next, err := c.refresh(t, refresh)
		if err != nil || next == "" || !slices.Equal(slices.Sorted(slices.Values(again.Scopes)), []string{"audit.log:read", "openid"}) {
			t.Errorf("renewed: got %v, %v, want what the code was for", again.Scopes, err)
		}
		if got, want := c.actions(t), []string{"consent.renew", "consent.narrow", "consent.grant"}; !slices.Equal(got, want) {
			t.Errorf("got events %v, want %v", got, want)
		}
	})
}

// Nobody is asked for a first-party client, unless the last consent was revoked.
func TestFirstPartyIsAskedOnceAfterRevoking(t *testing.T) {
	eachConsenting(t, func(t *testing.T, c *consenting) {
		c.client = c.register(t, "Own App", registry.FirstParty)
		c.by.ClientID = c.client
		authorize := func() (string, error) { return c.Authorize(t.Context(), c.who, c.request(t)) }
		code, err := authorize()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.redeem(t, code); err != nil {
			t.Fatal(err)
		}
		c.clock.Advance(registry.ConsentMonth + time.Hour)
		if _, err := authorize(); err != nil {
			t.Errorf("when it ran out: got %v, want a new one without asking", err)
		}
		c.exec(t, `UPDATE consents SET ended_at = expires_at, revoked_by = 'user' WHERE ended_at IS NULL`)
		if _, err := authorize(); !errors.Is(err, store.ErrConsentRequired) {
			t.Errorf("after it was revoked: got %v, want ErrConsentRequired", err)
		}
		c.clock.Advance(registry.EndedConsentKept + time.Hour)
		if err := c.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := authorize(); !errors.Is(err, store.ErrConsentRequired) {
			t.Errorf("long after it was revoked: got %v, want ErrConsentRequired", err)
		}
		r := c.request(t)
		c.allow(t, r, r.ScopeKeys()...)
		if _, err := authorize(); err != nil {
			t.Errorf("once it was allowed: got %v", err)
		}
		c.clock.Advance(registry.ConsentMonth + time.Hour)
		if _, err := authorize(); err != nil {
			t.Errorf("when that ran out: got %v, want a new one without asking", err)
		}
	})
}

// Whoever was cut off meanwhile gets no code and cannot redeem one.
func TestCutOffGetsNothing(t *testing.T) {
	cuts := map[string]string{
		"user disabled":   `UPDATE users SET disabled_at = 1`,
		"client disabled": `UPDATE applications SET status = 'disabled'`,
		"client deleted":  `UPDATE applications SET deleted_at = 1`,
		"consent ended":   `UPDATE consents SET ended_at = 1`,
	}
	for what, cut := range cuts {
		t.Run(what, func(t *testing.T) {
			eachConsenting(t, func(t *testing.T, c *consenting) {
				a, refresh := c.tokens(t, "openid")
				r := c.request(t, "openid")
				code, err := c.Authorize(t.Context(), c.who, r)
				if err != nil {
					t.Fatal(err)
				}
				c.exec(t, cut)
				if _, err := c.Authorize(t.Context(), c.who, r); !errors.Is(err, registry.ErrNotFound) && !errors.Is(err, store.ErrConsentRequired) {
					t.Errorf("authorize: got %v, want no code", err)
				}
				if _, _, err := c.redeem(t, code); !errors.Is(err, oauth.ErrNotGood) {
					t.Errorf("redeem: got %v, want ErrNotGood", err)
				}
				if _, _, err := c.refresh(t, refresh); !errors.Is(err, oauth.ErrNotGood) {
					t.Errorf("refresh: got %v, want ErrNotGood", err)
				}
				if _, err := c.Family(t.Context(), a.FamilyID); !errors.Is(err, oauth.ErrNotGood) {
					t.Errorf("access token: got %v, want ErrNotGood", err)
				}
			})
		})
	}
}
