// Package deliver sends messages to webhooks and by e-mail. It knows how to speak
// to other people's servers and what not to connect to; what is to be sent, and
// what became of it, is kept by the store.
package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"clientele/registry"
)

// Store keeps the messages. Several instances share one.
type Store interface {
	// TakeDeliveries returns up to n messages that are to be attempted now and
	// that nobody else attempts.
	TakeDeliveries(ctx context.Context, n int) ([]registry.DueDelivery, error)
	// Delivered writes down how an attempt went.
	Delivered(ctx context.Context, d registry.Delivery, how registry.Attempt) error
}

const (
	atOnce = 16               // attempts at a time
	every  = time.Second      // how soon a message is attempted after it is due
	within = 10 * time.Second // how long an attempt may take
)

// Courier sends the messages of a store.
type Courier struct {
	Store    Store
	Webhooks *Webhooks
	Mail     *Mail // nil when no e-mail is sent
	Log      *slog.Logger
}

// Run attempts what is due until ctx ends. Attempts under way are then finished
// and written down before it returns, so that they need not be made again.
func (c *Courier) Run(ctx context.Context) {
	var busy sync.WaitGroup
	defer busy.Wait()
	free := make(chan struct{}, atOnce)
	for range atOnce {
		free <- struct{}{}
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-free: // at least one can be attempted
		}
		n := 1 + drain(free)
		due, err := c.Store.TakeDeliveries(ctx, n)
		if err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "messages that wait could not be read", "err", err)
		}
		for _, d := range due {
			busy.Go(func() {
				c.attempt(context.WithoutCancel(ctx), d)
				free <- struct{}{}
			})
		}
		for range n - len(due) {
			free <- struct{}{}
		}
		if len(due) == n { // there may be more
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// drain takes what is in a channel, and returns how much that was.
func drain(from chan struct{}) int {
	for n := 0; ; n++ {
		select {
		case <-from:
		default:
			return n
		}
	}
}

func (c *Courier) attempt(ctx context.Context, d registry.DueDelivery) {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var how registry.Attempt
	if d.WebhookID != "" {
		how = c.Webhooks.Send(limited, d)
	} else {
		how = c.Mail.Send(limited, d)
	}
	if err := c.Store.Delivered(ctx, d.Delivery, how); err != nil {
		c.Log.WarnContext(ctx, "it could not be written down how a message went; it is sent again", "id", d.ID, "err", err)
	}
}
