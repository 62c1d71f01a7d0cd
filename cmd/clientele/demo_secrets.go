package main

import (
	"time"

	"clientele/registry"
	"clientele/store"
)

// demoSecret is one more secret of an application of the demo, or other terms
// for its first.
type demoSecret struct {
	app    string
	first  bool // it is the application's first
	name   string
	ago    int // days since it was made or changed
	ends   int // in days from today; 0: when it is ended
	paused int // days ago; 0: it is not
	used   int // days since it was last used; -1: never
}

var demoSecrets = []demoSecret{
	{app: "Pool Monitor", first: true, name: "Production", ago: 90, used: -1},
	{app: "Pool Monitor", name: "Staging", ago: 40, ends: 50, used: 2},
	{app: "Pool Monitor", name: "Demo contractor", ago: 30, ends: 60, paused: 6, used: 7},
	{app: "Forecast Notebook", first: true, name: "Notebook server", ago: 78, ends: 12, used: -1},
}

// demoNetworks is where an application of the demo may be used from; its uses
// come from documentation addresses (RFC 5737), of which these are some.
var demoNetworks = map[string]string{"Pool Monitor": "192.0.2.0/24\n198.51.100.0/24\n203.0.113.0/24\n2001:db8:4::/48"}

// demoPolicy is what the demo's team asks of secrets since a few days.
var demoPolicy = registry.CredentialPolicy{LongestLife: 365, LongestOverlap: 30, MostSecrets: 5}

// planSecrets lays the secrets of an application on the timeline.
func (d *demoMaker) planSecrets(a demoApplication, by registry.Actor, id func() string) {
	for _, s := range demoSecrets {
		if s.app != a.name {
			continue
		}
		var ends time.Time
		if s.ends > 0 {
			ends = d.today.AddDate(0, 0, s.ends)
		}
		terms := registry.SecretTerms{Name: s.name, Ends: ends}
		var secret string // its ID
		d.then(d.daysAgo(s.ago), func() error {
			if !s.first {
				if _, err := d.db.AddSecret(d.ctx, by, id(), registry.AddedSecret{SecretTerms: terms}, store.ShowOnce{}); err != nil {
					return err
				}
			}
			details, err := d.db.Application(d.ctx, registry.Operator, id())
			if err != nil {
				return err
			}
			secret = details.Secrets[0].ID
			if s.first {
				return d.db.UpdateSecret(d.ctx, by, id(), secret, registry.SecretEdit{SecretTerms: terms})
			}
			return nil
		})
		if s.used >= 0 {
			d.then(d.daysAgo(s.used), func() error { d.useForADay(id(), secret, s.used, demoApplication{name: s.name, tokens: 3}); return nil })
		}
		if s.paused > 0 {
			d.then(d.daysAgo(s.paused), func() error { return d.db.PauseSecret(d.ctx, by, id(), secret) })
		}
	}
}

// planNetworks keeps an application of the demo to its networks.
func (d *demoMaker) planNetworks(a demoApplication, by registry.Actor, id func() string) {
	if demoNetworks[a.name] == "" {
		return
	}
	d.then(d.daysAgo(1), func() error {
		networks, err := registry.NetworksInput{Networks: demoNetworks[a.name]}.Parse()
		if err != nil {
			return err
		}
		return d.db.SetNetworks(d.ctx, by, id(), registry.NetworksEdit{Networks: networks})
	})
}

// planPolicy has the team set its policy.
func (d *demoMaker) planPolicy() {
	d.then(d.daysAgo(3), func() error {
		return d.db.SetCredentialPolicy(d.ctx, d.users[0].Actor(), registry.PolicyEdit{CredentialPolicy: demoPolicy})
	})
}

// then lays something on the timeline.
func (d *demoMaker) then(at time.Time, do func() error) {
	d.events = append(d.events, demoEvent{at, do})
}
