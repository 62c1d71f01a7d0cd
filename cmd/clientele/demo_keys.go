package main

import (
	"time"

	"clientele/registry"
	"clientele/store"
)

// demoKey is an application key of the demo.
type demoKey struct {
	name, description string
	age, tokens, idle int // as of a demoApplication
	moved             int // days since a client takes over from it; 0: none does
	client            string
}

var demoKeys = []demoKey{
	{"Factory Terminal", "Asks which applications are due for a check. Its maker promises OAuth by spring.", 300, 48, 0, 0, ""},
	{"Badge Printer", "Prints a badge for each new application. Moves to an OAuth client.", 290, 6, 9, 12, "Visitor Badges"},
}

// planKeys lays the application keys of the demo on the timeline.
func (d *demoMaker) planKeys() {
	for _, k := range demoKeys {
		d.planKey(k)
	}
}

func (d *demoMaker) planKey(k demoKey) {
	var key, client registry.Application
	var keys, secrets []string // IDs
	admin := func() registry.Actor { return d.users[0].Actor() }
	d.step += 7 * time.Minute
	registered := d.daysAgo(k.age).Add(-d.step)
	d.then(registered, func() (err error) {
		in := registry.NewApplicationKey{KeyDetails: registry.KeyDetails{Name: k.name, Description: k.description}}
		if key, _, err = d.db.CreateKey(d.ctx, admin(), in, store.ShowOnce{}); err != nil {
			return err
		}
		return d.secretsOf(key.ID, &keys)
	})
	d.then(registered.Add(11*time.Minute), func() error {
		return d.db.Grant(d.ctx, admin(), registry.GrantInput{
			Subject: registry.Subject{Type: registry.ApplicationSubject, ID: key.ID}, Service: "applications", Kind: registry.TemplateGrant, Key: "viewer",
		})
	})
	for day := k.idle + 30; day >= k.idle; day-- {
		d.then(d.daysAgo(day), func() error {
			d.useForADay(key.ID, keys[0], day, demoApplication{name: k.name, tokens: k.tokens})
			return nil
		})
	}
	if k.moved == 0 {
		return
	}
	scopes := []string{"applications:read"}
	d.then(d.daysAgo(k.moved), func() (err error) {
		in := registry.KeyMigration{Name: k.client, AuthMethod: registry.SecretBasic, Scopes: scopes}
		if client, _, err = d.db.MigrateKey(d.ctx, admin(), key.ID, in, store.ShowOnce{}); err != nil {
			return err
		}
		return d.secretsOf(client.ID, &secrets)
	})
	for day := k.moved - 2; day >= 0; day-- {
		d.then(d.daysAgo(day), func() error {
			d.useForADay(client.ID, secrets[0], day, demoApplication{name: client.Name, tokens: k.tokens, scopes: scopes})
			return nil
		})
	}
}
