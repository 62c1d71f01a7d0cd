package views

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// OwnConsents is what a user let OAuth clients do, of those that Search finds.
type OwnConsents struct {
	Own       registry.OwnConsents
	Catalogue registry.Catalogue // for the names of scopes
	Search    string
	Now       time.Time
}

const (
	// consentsInProfile is how many consents the first page of the profile shows.
	consentsInProfile = 10
	// searchedFrom is how many there must be for a search to be of use.
	searchedFrom = 6
)

// OfflineWords says what a revocation does not reach.
const OfflineWords = "Applications that check tokens offline may accept the last one for up to 15 minutes."

// revokeAddress is where a user is asked whether to revoke a consent; back is
// where the question is asked.
func revokeAddress(id, back string) string {
	return OwnConsentsPath + "/" + id + "/revoke?" + url.Values{"back": {back}}.Encode()
}

// address returns the page's address with its search.
func (l OwnConsents) address() string {
	if l.Search == "" {
		return OwnConsentsPath
	}
	return OwnConsentsPath + "?" + url.Values{"q": {l.Search}}.Encode()
}

func (l OwnConsents) searched() bool { return l.Search != "" }

func (l OwnConsents) clear() string {
	if l.searched() {
		return OwnConsentsPath
	}
	return ""
}

// reused returns the consents of which a used refresh token was presented
// again, since the user last allowed them.
func (l OwnConsents) reused() []registry.OwnConsent {
	var all []registry.OwnConsent
	for _, list := range [][]registry.OwnConsent{l.Own.Live, l.Own.Ended} {
		for _, c := range list {
			if !c.ReusedAt.IsZero() && !c.ReusedAt.Before(c.GrantedAt) {
				all = append(all, c)
			}
		}
	}
	return all
}

// count says how many are listed.
func (l OwnConsents) count() string {
	n := len(l.Own.Live)
	if l.Own.More {
		return fmt.Sprintf("The %d that were used last. Search to see the others.", n)
	}
	return countOf(n, "application")
}

// scopeNames returns what scopes are called.
func scopeNames(c registry.Catalogue, scopes []string) string {
	var names []string
	for _, scope := range scopes {
		name := scope
		if _, known, ok := c.Scope(scope); ok {
			name = known.Name
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "Nothing any more"
	}
	return strings.Join(names, ", ")
}

// endWords says who ended a consent.
func endWords(c registry.Consent) string {
	switch c.RevokedBy {
	case registry.RevokedByUser:
		return "You revoked it"
	case registry.RevokedByAdmin:
		return "Revoked by " + c.RevokedByName
	default:
		return "Ran out"
	}
}

// consentWords says when a consent was given and until when it lasts.
func consentWords(c registry.Consent, now time.Time) string {
	return "Allowed " + lower(ui.Ago(c.GrantedAt, now)) + ", ends " + lower(ui.Ago(c.ExpiresAt, now))
}
