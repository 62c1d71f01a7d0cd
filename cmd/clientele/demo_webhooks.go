package main

import (
	"fmt"
	"strings"

	"clientele/registry"
	"clientele/store"
)

const (
	demoChat    = "https://chat.demo.example/hooks/clientele"
	demoTickets = "https://tickets.demo.example/in"

	ticketsGone = 20 // days ago the tickets' server went away
)

// planWebhooks has two programs told of notices. Nothing has reached one of them
// for a while, so that it was turned off.
func (d *demoMaker) planWebhooks() {
	d.then(d.daysAgo(88), func() error {
		var all []registry.NoticeKind
		for _, t := range registry.NoticeTypes {
			all = append(all, t.Kind)
		}
		for _, in := range []registry.WebhookInput{
			{URL: demoChat, Description: "Alarms in the chat", Kinds: all},
			{URL: demoTickets, Description: "Tickets for expiring secrets", Kinds: []registry.NoticeKind{registry.NoticeSecretExpiring, registry.NoticeSecretExpired}},
		} {
			if _, err := d.db.CreateWebhook(d.ctx, d.users[0].Actor(), in, store.ShowOnce{}); err != nil {
				return fmt.Errorf("webhook %s: %w", in.Description, err)
			}
		}
		return nil
	})
}

// sendDue lets what is due be sent, as it went on that day.
func (d *demoMaker) sendDue(daysAgo int) error {
	for {
		due, err := d.db.TakeDeliveries(d.ctx, 100)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, message := range due {
			how := registry.Attempt{Delivered: true, Status: 204}
			if strings.HasPrefix(message.URL, demoTickets) && daysAgo <= ticketsGone {
				how = registry.Attempt{Status: 502, Answer: "<html> <head><title>502 Bad Gateway</title></head> </html>"}
			}
			if err := d.db.Delivered(d.ctx, message.Delivery, how); err != nil {
				return err
			}
		}
	}
}
