package views

import (
	"net/url"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// ApplicationConsents is a page of the consents to an application, as its
// viewer may see and revoke them.
type ApplicationConsents struct {
	App       registry.Application
	Catalogue registry.Catalogue // for the names of scopes
	Query     registry.ConsentQuery
	Page      registry.ConsentPage
	Invalid   registry.Invalid // what is wrong with Query
	MayRevoke bool
	Now       time.Time
}

// RevocationForm is what was typed to revoke consents, and what is wrong with it.
type RevocationForm struct {
	Input   registry.Revocation
	Invalid registry.Invalid
	Back    string // where the question was asked
}

// path is the address of the list, or of what belongs to it.
func (l ApplicationConsents) path(page string) string { return appPath(l.App, "/consents"+page) }

// address returns the address of the list with those parameters that are set.
func (l ApplicationConsents) address(q registry.ConsentQuery) string {
	values := url.Values{}
	for name, value := range map[string]string{"state": string(q.State), "q": q.Search, "after": q.After, "before": q.Before} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return l.path("")
	}
	return l.path("") + "?" + values.Encode()
}

func (l ApplicationConsents) tabs() []ui.Tab {
	tab := func(text string, state registry.ConsentState) ui.Tab {
		t := ui.Tab{Text: text, Href: l.address(registry.ConsentQuery{State: state, Search: l.Query.Search}), Current: l.Query.State == state}
		if t.Current && len(l.Invalid) == 0 {
			t.Count = countWords(l.Page.Found)
		}
		return t
	}
	return []ui.Tab{tab("Live", registry.LiveConsents), tab("Ended", registry.EndedConsents)}
}

func (l ApplicationConsents) clear() string {
	if l.Query.Search == "" {
		return ""
	}
	return l.address(registry.ConsentQuery{State: l.Query.State})
}

func (l ApplicationConsents) pages() ui.Pages {
	p := ui.Pages{Text: countOf(l.Page.Found.N, "user")}
	if l.Page.Found.More {
		p.Text = "More than " + p.Text
	}
	at := func(q registry.ConsentQuery) string {
		q.State, q.Search = l.Query.State, l.Query.Search
		return l.address(q)
	}
	if l.Page.Prev != "" {
		p.First, p.Previous = at(registry.ConsentQuery{}), at(registry.ConsentQuery{Before: l.Page.Prev})
	}
	if l.Page.Next != "" {
		p.Next = at(registry.ConsentQuery{After: l.Page.Next})
	}
	return p
}

func (l ApplicationConsents) row(c registry.UserConsent) ui.Row {
	phone := "Last used: " + lower(ui.Ago(c.LastUsedAt, l.Now))
	if ended := c.Ended(l.Now); !ended.IsZero() {
		phone = l.endWords(c) + ", " + lower(ui.Ago(ended, l.Now))
		if c.Reason != "" {
			phone += ". Reason: " + c.Reason
		}
	}
	return ui.Row{Icon: "user-round", Name: c.UserName, Sub: c.UserEmail, Phone: phone}
}

// endWords says who ended a consent, to an administrator.
func (l ApplicationConsents) endWords(c registry.UserConsent) string {
	if c.RevokedBy == registry.RevokedByUser {
		return "Revoked by the user"
	}
	return endWords(c.Consent)
}

// consentsText says how many users let an application act for them.
func consentsText(n registry.Count) string {
	switch n.N {
	case 0:
		return "No user lets it act for them yet."
	case 1:
		return "1 user lets it act for them."
	}
	return countWords(n) + " users let it act for them."
}
