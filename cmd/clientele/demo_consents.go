package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
)

// demoAllowed is what a user of the demo lets an application do for them, and
// what became of that.
type demoAllowed struct {
	app      string
	user     int      // index into demoUsers
	ago      int      // days since they consented
	used     int      // days since it was last used
	declined []string // scopes
	end      demoEnd
	ended    int // days ago
	reason   string
}

// demoEnd is how a consent of the demo ended.
type demoEnd string

const (
	current demoEnd = ""
	once    demoEnd = "once"  // it was for this once
	byUser  demoEnd = "user"  // they took it back
	byAdmin demoEnd = "admin" // an administrator did
	reused  demoEnd = "reuse" // a spent refresh token was presented again; the consent stands
)

// demoUses is how many tokens each of the demo's users needs a day.
const demoUses = 4

var demoConsents = []demoAllowed{
	{"Order Workbench", 0, 20, 0, nil, current, 0, ""},
	{"Order Workbench", 1, 18, 0, nil, current, 0, ""},
	{"Order Workbench", 2, 25, 1, nil, current, 0, ""},
	{"Order Workbench", 3, 6, 0, nil, current, 0, ""},
	{"Order Workbench", 4, 2, 2, nil, current, 0, ""},
	{"Chart Studio", 0, 12, 0, []string{"profile"}, current, 0, ""},
	{"Chart Studio", 1, 28, 3, nil, current, 0, ""},
	{"Chart Studio", 3, 9, 1, nil, current, 0, ""},
	{"Chart Studio", 4, 15, 6, nil, byUser, 4, ""},
	{"Task Pocket", 0, 15, 1, nil, reused, 1, ""},
	{"Task Pocket", 2, 3, 0, []string{"studio.tasks:update"}, current, 0, ""},
	{"Notebook Connector", 0, 10, 10, nil, once, 0, ""},
	{"Meeting Summarizer", 0, 8, 5, []string{"intelligence.conversations:write"}, byAdmin, 5, "The pilot is over. Its successor will ask you."},
	{"Meeting Summarizer", 2, 11, 5, nil, byAdmin, 5, "The pilot is over. Its successor will ask you."},
	{"Meeting Summarizer", 3, 3, 2, []string{"email"}, current, 0, ""},
}

// demoChallenge is a PKCE challenge as good as any: nobody attacks a history.
const demoChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// planConsent lays on the timeline what a user lets an application do.
func (d *demoMaker) planConsent(a demoAllowed, appID func() string) {
	then := d.then
	by := d.users[a.user].Actor()
	var got oauth.Authorized
	var first string     // refresh token
	var secrets []string // IDs; a public client has none
	consented := d.daysAgo(a.ago).Add(-time.Duration(11*a.user+3) * time.Minute)
	then(consented, func() error {
		code, err := d.consent(by, appID(), a)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", a.app, by.Name, err)
		}
		client, err := d.db.OAuthClient(d.ctx, appID())
		if err != nil {
			return err
		}
		if err := d.secretsOf(client.ID, &secrets); err != nil {
			return err
		}
		got, first, err = d.db.RedeemCode(d.ctx, oauth.Caller{ClientID: client.ID}, oauth.CodeRedemption{
			Code: code, RedirectURI: client.RedirectURIs[0], Challenge: demoChallenge, Refresh: true,
		}, accepted)
		return err
	})
	for day := a.ago; day >= a.used; day-- {
		then(d.daysAgo(day).Add(-time.Duration(a.user)*time.Minute), func() error {
			use := oauth.Use{ClientID: appID(), ConsentID: got.ConsentID, Scopes: got.Scopes, Address: fmt.Sprintf("198.51.100.%d", 20+a.user), At: time.Unix(0, d.clock.Load())}
			if len(secrets) > 0 {
				use.SecretID = secrets[0]
			}
			for range demoUses {
				d.db.TokenIssued(use)
			}
			return nil
		})
	}
	ended := d.daysAgo(a.ended)
	switch a.end {
	case current, once:
	case byUser:
		then(ended, func() error { return d.db.RevokeConsent(d.ctx, by, got.ConsentID) })
	case byAdmin:
		then(ended, func() error {
			return d.db.RevokeConsentOf(d.ctx, d.users[0].Actor(), appID(), got.ConsentID, registry.Revocation{Reason: a.reason})
		})
	case reused:
		caller := oauth.Caller{Origin: oauth.Origin{Address: "203.0.113.77"}}
		then(ended, func() error {
			caller.ClientID = appID()
			_, _, err := d.db.Refresh(d.ctx, caller, first, accepted)
			return err
		})
		then(ended.Add(2*time.Minute), func() error {
			if _, _, err := d.db.Refresh(d.ctx, caller, first, accepted); !errors.Is(err, oauth.ErrReused) {
				return fmt.Errorf("%s: got %w for a spent refresh token, want it refused", a.app, err)
			}
			return nil
		})
	}
}

func accepted(oauth.Authorized) error { return nil }

// consent has a user consent as they would on the page, and returns the code.
func (d *demoMaker) consent(by registry.Actor, appID string, a demoAllowed) (string, error) {
	client, err := d.db.OAuthClient(d.ctx, appID)
	if err != nil {
		return "", err
	}
	token, err := d.db.StartSession(d.ctx, store.Visit{UserID: by.ID})
	if err != nil {
		return "", err
	}
	who := store.SignedIn{By: by, Token: token, At: time.Unix(0, d.clock.Load())}
	in := oauth.AuthorizationRequest{Client: client, RedirectURI: client.RedirectURIs[0], Scopes: client.Scopes, Challenge: demoChallenge}
	code, err := d.db.Authorize(d.ctx, who, in)
	if err == nil { // nobody is asked for a first-party application
		return code, d.db.EndSession(d.ctx, token)
	}
	if !errors.Is(err, store.ErrConsentRequired) {
		return "", err
	}
	question, err := d.db.AskConsent(d.ctx, who, in, "")
	if err != nil {
		return "", err
	}
	answer := registry.ConsentAnswer{For: "month"}
	if a.end == once {
		answer.For = "once"
	}
	answer.Scopes = slices.DeleteFunc(in.ScopeKeys(), func(scope string) bool { return slices.Contains(a.declined, scope) })
	if code, err = d.db.AnswerConsent(d.ctx, who, question.ID, in, answer); err != nil {
		return "", err
	}
	return code, d.db.EndSession(d.ctx, token)
}
