package views

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestWebhookPages(t *testing.T) {
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	chat := registry.Webhook{
		ID: "wh_chat", On: true, CreatedAt: now.Add(-24 * time.Hour),
		WebhookInput: registry.WebhookInput{URL: "https://hooks.example.com/in?key=1", Description: "Chat <b>", Kinds: []registry.NoticeKind{registry.NoticeApplicationCreated, registry.NoticeSecretExpired}},
	}
	failing, stopped := chat, chat
	failing.FailingSince, failing.Description = now.Add(-time.Hour), ""
	stopped.On, stopped.StoppedAt = false, now
	notice := registry.Notice{ID: "nt_1", Kind: registry.NoticeApplicationCreated, Target: registry.Target{Type: "application", Name: "Ledger Sync"}}
	log := registry.DeliveryPage{Older: true, Deliveries: []registry.Delivery{
		{ID: "msg_1", At: now, NextAt: now, State: registry.DeliveryWaiting},
		{ID: "msg_0", Notice: notice, At: now, State: registry.DeliveryWaiting, Attempts: 2, Answer: "No answer: EOF"},
		{ID: "msg_2", Notice: notice, At: now, State: registry.DeliveryWaiting, Attempts: 3, NextAt: now.Add(5 * time.Minute), Status: 502, Answer: strings.Repeat("é", 80)},
		{ID: "msg_3", Notice: notice, At: now, State: registry.DeliveryDelivered, Attempts: 1, Status: 204},
		{ID: "msg_4", Notice: notice, At: now, State: registry.DeliveryFailed, Attempts: 20, Answer: "No answer: EOF"},
	}}
	secret := registry.ParseSecret("whsec_AAAA")
	pages := map[string]templ.Component{
		"settings_webhooks":      WebhooksPage(demoShell(), []registry.Webhook{chat, failing, stopped}),
		"settings_webhooks_none": WebhooksPage(demoShell(), nil),
		"settings_webhook_new":   WebhookFormPage(demoShell(), WebhookForm{}),
		"settings_webhook_edit":  WebhookFormPage(demoShell(), WebhookForm{ID: chat.ID, Input: chat.WebhookInput, Seen: chat.WebhookInput}),
		"settings_webhook_meanwhile": WebhookFormPage(demoShell(), WebhookForm{
			ID: chat.ID, Input: chat.WebhookInput, Seen: chat.WebhookInput, Meanwhile: registry.WebhookInput{URL: "https://old.example.com/<x>"}.Changes(chat.WebhookInput),
		}),
		"settings_webhook_errors":     WebhookFormPage(demoShell(), WebhookForm{Input: registry.WebhookInput{URL: "x"}, Invalid: registry.Invalid{"url": "Enter a URL.", "kind": "Choose at least one notice."}}),
		"settings_webhook":            WebhookPage(demoShell(), WebhookView{Webhook: chat, Page: log, Now: now}),
		"settings_webhook_failing":    WebhookPage(demoShell(), WebhookView{Webhook: failing, Now: now}),
		"settings_webhook_stopped":    WebhookPage(demoShell(), WebhookView{Webhook: stopped, Invalid: registry.Invalid{"cursor": "That page is no longer there."}, Now: now}),
		"settings_webhook_secret":     WebhookSecretPage(demoShell(), WebhookSecretView{Webhook: chat, Secret: secret}),
		"settings_webhook_gone":       WebhookSecretGonePage(demoShell(), chat),
		"settings_webhook_new_secret": RotateWebhookPage(demoShell(), chat),
		"settings_webhook_disable":    DisableWebhookPage(demoShell(), chat),
		"settings_webhook_enable":     EnableWebhookPage(demoShell(), chat),
		"settings_webhook_delete":     DeleteWebhookPage(demoShell(), chat),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}
