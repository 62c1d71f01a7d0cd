package views

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clientele/registry"
	"clientele/views/ui"
)

// WebhookPath returns the address of one of a webhook's pages; "" is the first.
func WebhookPath(id, page string) string {
	address := WebhooksPath + "/" + url.PathEscape(id)
	if page == "" {
		return address
	}
	return address + "/" + page
}

// WebhookForm is what was typed to make or to change a webhook, and what is
// wrong with it.
type WebhookForm struct {
	ID      string // "" for a new one
	Input   registry.WebhookInput
	Invalid registry.Invalid
	Seen    registry.WebhookInput // as it was when its editor saw it
	// Meanwhile is what someone else changed since then.
	Meanwhile []registry.DetailChange
}

// webhookFieldWords are the labels of the form.
func webhookFieldWords(field string) string {
	return map[string]string{"url": "URL", "description": "Description", "kinds": "What it is told of"}[field]
}

// WebhookView is a webhook with a page of its deliveries, and what is wrong with
// asking for that page.
type WebhookView struct {
	Webhook registry.Webhook
	Query   registry.DeliveryQuery
	Page    registry.DeliveryPage
	Invalid registry.Invalid
	Now     time.Time
}

func (v WebhookView) path(page string) string { return WebhookPath(v.Webhook.ID, page) }

// here is the page's own address, at the deliveries.
func (v WebhookView) here() string {
	return withParams(v.path(""), ui.Param{Name: "before", Value: v.Query.Before}, ui.Param{Name: "after", Value: v.Query.After})
}

func (v WebhookView) pages() ui.Pages {
	n := len(v.Page.Deliveries)
	pages := ui.Pages{Text: deliveryCount(n)}
	if v.Page.Newer || v.Page.Older {
		pages.Text += " on this page"
	}
	if n > 0 && v.Page.Newer {
		pages.First = v.path("")
		pages.Previous = withParams(v.path(""), ui.Param{Name: "after", Value: v.Page.Deliveries[0].ID})
	}
	if n > 0 && v.Page.Older {
		pages.Next = withParams(v.path(""), ui.Param{Name: "before", Value: v.Page.Deliveries[n-1].ID})
	}
	return pages
}

func deliveryCount(n int) string {
	if n == 1 {
		return "1 delivery"
	}
	return strconv.Itoa(n) + " deliveries"
}

// webhookStatus is what can be said of a webhook at a glance.
func webhookStatus(w registry.Webhook) ui.Status {
	switch {
	case !w.StoppedAt.IsZero():
		return ui.Status{Kind: ui.Danger, Text: "Off: nothing reached it"}
	case !w.On:
		return ui.Status{Kind: ui.Off, Text: "Off"}
	case !w.FailingSince.IsZero():
		return ui.Status{Kind: ui.Warn, Text: "Failing"}
	default:
		return ui.Status{Kind: ui.OK, Text: "On"}
	}
}

// deliveryStatus is where a delivery stands.
func deliveryStatus(d registry.Delivery) ui.Status {
	switch {
	case d.State == registry.DeliveryDelivered:
		return ui.Status{Kind: ui.OK, Text: "Delivered"}
	case d.State == registry.DeliveryFailed:
		return ui.Status{Kind: ui.Danger, Text: "Failed"}
	case d.NextAt.IsZero(): // until the webhook is on again
		return ui.Status{Kind: ui.Off, Text: "On hold"}
	case d.Attempts == 0:
		return ui.Status{Kind: ui.Info, Text: "Waiting"}
	default:
		return ui.Status{Kind: ui.Warn, Text: "Retrying"}
	}
}

// answerHead and answerRest are what a server answered: the start at once, and
// the rest of what is long for whoever wants to read it.
func answerHead(d registry.Delivery) string {
	head := d.Answer
	if cut := answerCut(d.Answer); cut < len(d.Answer) {
		head = d.Answer[:cut] + "…"
	}
	switch {
	case d.Status == 0:
		return head
	case head == "":
		return "Answered " + strconv.Itoa(d.Status)
	default:
		return strconv.Itoa(d.Status) + ": " + head
	}
}

func answerRest(d registry.Delivery) string { return strings.TrimSpace(d.Answer[answerCut(d.Answer):]) }

// answerCut is where an answer is cut that is too long for a line.
func answerCut(answer string) int {
	const most = 100
	if len(answer) <= most {
		return len(answer)
	}
	cut := most
	for !utf8.RuneStart(answer[cut]) {
		cut--
	}
	return cut
}

// triedWords says how often and when a delivery was tried, and when it will be.
func triedWords(d registry.Delivery, now time.Time) string {
	words := "Not tried yet"
	switch {
	case d.Attempts == 1:
		words = "Tried once"
	case d.Attempts > 1:
		words = "Tried " + strconv.Itoa(d.Attempts) + " times"
	}
	if d.State == registry.DeliveryWaiting && d.Attempts > 0 && d.NextAt.After(now) {
		words += ", next " + lower(ui.Ago(d.NextAt, now))
	}
	return words
}

// kindWords names kinds of notices.
func kindWords(kinds []registry.NoticeKind) string {
	if len(kinds) == len(registry.NoticeTypes) {
		return "Everything"
	}
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		t, _ := registry.NoticeTypeOf(kind)
		names[i] = t.Name
		if i > 0 {
			names[i] = lower(t.Name)
		}
	}
	return strings.Join(names, ", ")
}
