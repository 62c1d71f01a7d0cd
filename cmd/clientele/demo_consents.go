package main

import (
	"errors"
	"fmt"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
)

// demoGrant is what a user of the demo let an application do, and what became
// of that.
type demoGrant struct {
	user   int // index into demoUsers
	app    string
	ago    int // days since it was allowed
	used   int // days since it was last used; -1: never
	end    demoEnd
	ended  int    // days since then
	reason string // an administrator's
}

// demoEnd is what became of a consent.
type demoEnd string

const (
	goesOn    demoEnd = ""
	takenBack demoEnd = "taken back"
	cutOff    demoEnd = "cut off"
	reused    demoEnd = "reused" // a code was presented twice
)

var demoGrants = []demoGrant{
	{0, "Order Workbench", 9, 0, goesOn, 0, ""},
	{0, "Chart Studio", 20, 2, goesOn, 0, ""},
	{0, "Task Pocket", 4, 1, reused, 1, ""},
	{0, "Notebook Connector", 12, 6, takenBack, 5, ""},
	{0, "Meeting Summarizer", 10, 8, cutOff, 6, "Its maker reported a breach. Sign in again once they say that it is over."},
	{1, "Order Workbench", 21, 0, goesOn, 0, ""},
	{1, "Chart Studio", 15, 1, goesOn, 0, ""},
	{2, "Order Workbench", 14, 3, goesOn, 0, ""},
	{2, "Task Pocket", 2, -1, goesOn, 0, ""},
	{3, "Order Workbench", 6, 0, goesOn, 0, ""},
	{3, "Chart Studio", 25, 24, takenBack, 24, ""},
	{4, "Chart Studio", 1, 0, goesOn, 0, ""},
}

// planConsent lays on the timeline what a user lets an application do.
func (d *demoMaker) planConsent(g demoGrant) {
	user := d.users[g.user].Actor()
	var c demoConsented
	then := func(ago int, do func() error) {
		d.step += 7 * time.Minute
		d.events = append(d.events, demoEvent{d.daysAgo(ago).Add(-d.step % (4 * time.Hour)), func() error {
			if err := do(); err != nil {
				return fmt.Errorf("%s: %w", g.app, err)
			}
			return nil
		}})
	}
	then(g.ago, func() (err error) {
		c, err = d.consent(user, g.app)
		return err
	})
	if g.used >= 0 {
		then(g.used, func() error {
			d.db.TokenIssued(oauth.Use{ClientID: c.client, ConsentID: c.consent, Address: fmt.Sprintf("192.0.2.%d", 40+g.user), At: d.daysAgo(g.used)})
			return nil
		})
	}
	switch g.end {
	case takenBack:
		then(g.ended, func() error { return d.db.RevokeConsent(d.ctx, user, c.consent) })
	case cutOff:
		then(g.ended, func() error {
			return d.db.RevokeConsentOf(d.ctx, d.users[1].Actor(), c.client, c.consent, registry.Revocation{Reason: g.reason})
		})
	case reused:
		then(g.ended, func() error {
			if _, err := d.redeem(c); !errors.Is(err, oauth.ErrReused) {
				return fmt.Errorf("a code that is presented again: got %w", err)
			}
			return nil
		})
	}
}

// demoConsented is what came of a consent.
type demoConsented struct{ client, consent, code, redirectURI string }

// consent has a user allow all that an application asks for.
func (d *demoMaker) consent(by registry.Actor, name string) (c demoConsented, err error) {
	page, err := d.db.Applications(d.ctx, registry.Operator, registry.ApplicationQuery{Search: name})
	if err != nil || len(page.Applications) != 1 {
		return c, fmt.Errorf("look for the application: found %d: %w", len(page.Applications), err)
	}
	c.client = page.Applications[0].ID
	client, err := d.db.OAuthClient(d.ctx, c.client)
	if err != nil {
		return c, err
	}
	c.redirectURI = client.RedirectURIs[0]
	who := store.SignedIn{By: by, At: d.daysAgo(0)}
	in := oauth.AuthorizationRequest{Client: client, Scopes: client.Scopes, RedirectURI: c.redirectURI, MaxAge: -1}
	if c.code, err = d.db.Authorize(d.ctx, who, in); errors.Is(err, store.ErrConsentRequired) {
		c.code, err = d.allow(who, in)
	}
	if err != nil {
		return c, err
	}
	a, err := d.redeem(c)
	c.consent = a.ConsentID
	return c, err
}

// allow asks the user and has them allow everything.
func (d *demoMaker) allow(who store.SignedIn, in oauth.AuthorizationRequest) (code string, err error) {
	q, err := d.db.AskConsent(d.ctx, who, in, "")
	if err != nil {
		return "", err
	}
	return d.db.AnswerConsent(d.ctx, who, q.ID, in, registry.ConsentAnswer{Scopes: in.ScopeKeys(), For: "month"})
}

func (d *demoMaker) redeem(c demoConsented) (oauth.Authorized, error) {
	a, _, err := d.db.RedeemCode(d.ctx, oauth.Caller{ClientID: c.client},
		oauth.CodeRedemption{Code: c.code, RedirectURI: c.redirectURI}, func(oauth.Authorized) error { return nil })
	return a, err
}
