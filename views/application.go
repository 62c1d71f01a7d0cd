package views

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// ApplicationView is an application as its viewer may see and change it.
type ApplicationView struct {
	App       registry.ApplicationDetails
	Catalogue registry.Catalogue
	Activity  []registry.AuditEntry // newest first
	Consents  ConsentSummary
	Now       time.Time

	Owns      bool             // and so looks after its secrets
	MayView   bool             // may see all applications
	MayManage bool             // may edit it, disable it and define its scopes
	MayRotate bool             // may see a new secret of it; a public client has none
	Granter   registry.Granter // the viewer, as far as they may give it permissions
	MayAudit  bool             // may see its activity
}

// ConsentSummary is how many users let an application act for them.
type ConsentSummary struct {
	Shown bool // it is a client that users can consent to, or did
	Live  registry.Count
}

// path returns the address of one of the application's pages; "" is the first.
func (v ApplicationView) path(page string) string {
	address := string(applicationAddress(v.App.ID))
	if page == "" {
		return address
	}
	return address + "/" + page
}

// back leads from one of the application's pages to the first.
func (v ApplicationView) back() ui.Action { return ui.Action{Text: v.App.Name, Href: v.path("")} }

// lower makes a phrase that starts a sentence stand within one. A month keeps
// its capital, because it comes after the day.
func lower(phrase string) string { return strings.ToLower(phrase[:1]) + phrase[1:] }

// mayGrant reports whether the viewer may give it permissions of any service.
func (v ApplicationView) mayGrant() bool { return v.Granter.Any(v.Catalogue) }

// permissionsText is what the viewer may do about its permissions.
func (v ApplicationView) permissionsText() string {
	if v.mayGrant() {
		return "Assign permissions"
	}
	return "See permissions"
}

// chart draws the tokens issued per day.
func (v ApplicationView) chart() ui.Chart {
	chart := ui.Chart{ID: "tokens-per-day", Title: "Tokens issued per day"}
	if v.App.Type == registry.ApplicationKey {
		chart.Title = "Requests per day"
	}
	var total, most int64
	var peak string
	for i, n := range v.App.Days {
		day := v.Now.UTC().AddDate(0, 0, i+1-registry.UsageDays).Format("2 Jan")
		chart.Bars = append(chart.Bars, ui.Bar{Label: day, Value: n})
		total += n
		if n > most {
			most, peak = n, day
		}
	}
	if total > 0 {
		chart.Text = fmt.Sprintf("%s in %d days, most on %s: %s", thousands(total), registry.UsageDays, peak, thousands(most))
	}
	return chart
}

// noUse says what there was none of.
func (v ApplicationView) noUse() string {
	if v.App.Type == registry.ApplicationKey {
		return "No request"
	}
	return "No token issued"
}

// idWords is what the ID of an application is called.
func (v ApplicationView) idWords() string {
	if v.App.Type == registry.ApplicationKey {
		return "Application ID"
	}
	return "Client ID"
}

// powerless says what comes of an application without permissions.
func powerless(app registry.Application) string {
	if app.Type == registry.ApplicationKey {
		return "Its keys are accepted, but APIs refuse it: permissions alone say what it may do."
	}
	return "It gets tokens, but with them APIs refuse it: scopes narrow what it may do, permissions give it."
}

// failureWords says why a client was not let in.
func failureWords(r registry.FailureReason) string {
	switch r {
	case registry.WrongSecret:
		return "the secret was wrong"
	case registry.ExpiredSecret:
		return "the secret had expired"
	case registry.PausedSecret:
		return "the secret was paused"
	case registry.ClientOff:
		return "the application was disabled"
	case registry.WrongNetwork:
		return "it came from outside its networks"
	case registry.WrongMethod:
		return "it used the other authentication method"
	default:
		return string(r)
	}
}

// thousands writes a number with commas: "1,204".
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func typeWords(t registry.ApplicationType) string {
	if t == registry.ApplicationKey {
		return "Application key"
	}
	return "OAuth client"
}

func typeIcon(t registry.ApplicationType) string {
	if t == registry.ApplicationKey {
		return "key-round"
	}
	return "app-window"
}

func originWords(o registry.Origin) string {
	if o == registry.PlatformOrigin {
		return "Platform"
	}
	return "Team"
}

func statusWords(s registry.Status) ui.Status {
	switch s {
	case registry.Active:
		return ui.Status{Kind: ui.OK, Text: "Active"}
	case registry.Deleted:
		return ui.Status{Kind: ui.Off, Text: "Deleted"}
	default:
		return ui.Status{Kind: ui.Off, Text: "Disabled"}
	}
}

func grantWords(grants []string) string {
	options := append(slices.Clone(grantOptions), ui.Option{Value: registry.RefreshToken, Label: "Refresh tokens"})
	words := make([]string, len(grants))
	for i, g := range grants {
		words[i] = optionLabel(options, g)
	}
	return strings.Join(words, ", ")
}

func trustWords(t registry.Trust) string { return optionLabel(trustOptions, string(t)) }

func methodWords(method string) string { return optionLabel(authMethodOptions, method) }

// optionLabel returns what a value is called where it is chosen.
func optionLabel(options []ui.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}
