package views

import (
	"strings"

	"clientele/registry"
	"clientele/views/ui"
)

// Handover is what a client's developer needs, with a new secret or without.
type Handover struct {
	App          registry.ApplicationDetails
	Credentials  Credentials
	Catalogue    registry.Catalogue
	Held         []string  // what the application holds: "Viewer of Audit log"
	Snippets     []Snippet // that get a token with nobody signed in
	CodeSnippets []Snippet // that act for a user
}

func (h Handover) path() string { return "/admin/applications/" + h.App.ID }

// made returns what is known of the secret that is handed over.
func (h Handover) made() registry.ClientSecret {
	for _, s := range h.App.Secrets {
		if s.Prefix == h.Credentials.Secret.Prefix() {
			return s
		}
	}
	return registry.ClientSecret{}
}

// regenerated reports whether the secret is not the application's first.
func (h Handover) regenerated() bool {
	return len(h.App.Secrets) > 1 || h.made().CreatedAt.After(h.App.CreatedAt)
}

func (h Handover) title() string {
	if h.regenerated() {
		return "New " + h.word() + " for " + h.App.Name
	}
	return h.App.Name + " is ready"
}

// terms says what the new secret is called and when it ends, or "".
func (h Handover) terms() string {
	var words []string
	if name := h.made().Name; name != "" {
		words = append(words, "It is the "+h.word()+" “"+name+"”.")
	}
	if ends := h.made().ExpiresAt; !ends.IsZero() {
		words = append(words, "It is accepted until "+ui.FullTime(ends)+".")
	}
	return strings.Join(words, " ")
}

// ending returns the secrets that are accepted beside the new one until it has
// taken their place.
func (h Handover) ending() []registry.ClientSecret {
	made := h.made()
	var all []registry.ClientSecret
	for _, s := range h.App.Secrets {
		if s.ReplacedBy == made.ID && made.ID != "" && s.RevokedAt.IsZero() {
			all = append(all, s)
		}
	}
	return all
}

// scopeHint says what becomes of the scopes.
func (h Handover) scopeHint() string {
	if h.App.ActsForUsers() {
		return "Ask for what you need of these, in the parameter scope. A token carries what the user allows."
	}
	return "A token carries all of them, unless its request names fewer in the parameter scope."
}

func (h Handover) refresh() string {
	if h.Credentials.Refresh {
		return "Yes, until the consent ends"
	}
	return "No: users are sent here again after 15 minutes"
}
