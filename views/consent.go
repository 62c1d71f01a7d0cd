package views

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// ConsentForm is the question that a user is asked, what they ticked, and what is wrong with it.
type ConsentForm struct {
	Question      registry.ConsentQuestion
	Answer        registry.ConsentAnswer // what was ticked, when Invalid says that it was answered wrongly
	Invalid       registry.Invalid
	Catalogue     registry.Catalogue // for the words of what the user holds
	SwitchAccount string             // where another user signs in to answer instead
}

// ConsentPath is where a user's answer goes.
const ConsentPath = "/oauth2/authorize/consent"

// ticked reports whether an optional scope is ticked: as it was in a wrong
// answer, otherwise as the question has it.
func (f ConsentForm) ticked(s registry.ConsentScope) bool {
	if len(f.Invalid) > 0 {
		return slices.Contains(f.Answer.Scopes, s.Key)
	}
	return s.Ticked
}

// optional reports whether there is a scope that can be unticked.
func (f ConsentForm) optional() bool {
	return slices.ContainsFunc(f.Question.Services, func(s registry.ConsentService) bool {
		return slices.ContainsFunc(s.Scopes, func(scope registry.ConsentScope) bool { return !scope.Required })
	})
}

// before says that there is a consent already. For an application of the
// platform, nobody may have been asked.
func (f ConsentForm) before() string {
	if f.Question.Client.Trust == registry.FirstParty {
		return "It acts for you already"
	}
	return "You allowed it before"
}

// duration asks for how long.
func (f ConsentForm) duration() ui.Field {
	const day = 24 * time.Hour
	field := ui.Field{
		Name: "for", Label: "For how long?", Value: "month", Error: f.Invalid["for"],
		Options: []ui.Option{
			{Value: "once", Label: "This once", Text: minutes(registry.ConsentOnce) + ". After that it has to ask again."},
			{Value: "month", Label: strconv.Itoa(int(registry.ConsentMonth/day)) + " days", Text: "Also while you are away. You can take it back at any time in Edit Profile > OAuth Client Management."},
		},
	}
	if len(f.Invalid) > 0 {
		field.Value = f.Answer.For
	}
	return field
}

// trust is what users are told of who runs a client.
type trust struct {
	Kind             ui.Kind
	Icon, Word, Text string
}

func trustOf(t registry.Trust) trust {
	switch t {
	case registry.FirstParty:
		return trust{ui.OK, "shield-check", "First-party", "An application of your platform."}
	case registry.Verified:
		return trust{ui.OK, "shield-check", "Verified", "Your team knows who runs it."}
	}
	return trust{ui.Warn, "triangle-alert", "Unverified", "Nobody in your team has checked who runs it."}
}

// hostOf returns the host of an address, or the address when it has none.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}

// heldWords is what a user's permissions at a service make of a client's scopes.
type heldWords struct {
	Icon                 string // "" when there is nothing to say
	Before, Names, After string
}

func (f ConsentForm) held(s registry.ConsentService) heldWords {
	switch {
	case s.Service.Key == registry.OpenIDService:
		return heldWords{}
	case len(s.Held) > 0:
		return heldWords{"user-round", "You hold ", f.heldNames(s), ". It may do the same for you, as far as the scopes above go."}
	case len(s.Service.Permissions) == 0:
		return heldWords{Icon: "info", Before: "Nobody needs permissions here: it may do what the scopes above say."}
	}
	return heldWords{Icon: "info", Before: "You hold no permissions here, so it can do nothing here until you are given some."}
}

// heldNames lists what the user holds at a service: "Viewer, Edit orders on Web
// shop › Returns".
func (f ConsentForm) heldNames(s registry.ConsentService) string {
	const most = 5
	service, known := f.Catalogue.Service(s.Service.Key)
	if !known {
		service = s.Service
	}
	var names []string
	for _, g := range s.Held {
		held := ServiceAccess{Service: service}.given(g)
		if held.Where != "" {
			held.Name += " on " + held.Where
		}
		names = append(names, held.Name)
	}
	if len(names) > most {
		return strings.Join(names[:most-1], ", ") + " and " + strconv.Itoa(len(names)-most+1) + " more"
	}
	return strings.Join(names, ", ")
}

// destination is where an answer leads: an origin or a scheme, with the part
// that tells who gets it.
type destination struct {
	What               string // in words
	Before, Who, After string
}

func destinationOf(redirectURI string) destination {
	u, err := url.Parse(redirectURI)
	switch {
	case err != nil || u.Scheme == "":
		return destination{What: "this address", Who: redirectURI}
	case u.Scheme != "https" && u.Scheme != "http":
		return destination{What: "an app on this device", Who: u.Scheme, After: ":"}
	}
	to := destination{What: "this site", Before: u.Scheme + "://", Who: u.Host}
	if port := u.Port(); port != "" {
		to.Who, to.After = strings.TrimSuffix(u.Host, ":"+port), ":"+port
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
		to.What = "a program on this device"
	}
	return to
}
