package main

import (
	"fmt"

	"clientele/registry"
	"clientele/store"
)

// demoSignIns are how many days ago each of demoUsers signed in last; -1: never.
var demoSignIns = []int{0, 1, 0, 3, 6, -1}

// demoAgents are the browsers that they use.
var demoAgents = []string{
	"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
}

// demoGroups are the groups, with their members' places in demoUsers.
var demoGroups = []struct {
	registry.GroupInput
	members []int
	grants  []registry.HeldGrant
}{
	{
		registry.GroupInput{Name: "Demo Order Desk", Description: "Looks after what is read into Orders."},
		[]int{2, 3, 4},
		[]registry.HeldGrant{{Service: "integration", Object: "orders", Kind: registry.TemplateGrant, Key: "analyst"}},
	},
	{
		registry.GroupInput{Name: "Demo Reviewers", Description: "Reads the audit log once a quarter."},
		[]int{1, 4},
		[]registry.HeldGrant{
			{Service: "audit", Kind: registry.TemplateGrant, Key: registry.AdminTemplate},
			{Service: "applications", Kind: registry.TemplateGrant, Key: "viewer"},
		},
	},
	{registry.GroupInput{Name: "Demo Pilot", Description: "Tries new services out first."}, nil, nil},
}

// makeGroup makes a group with its members and what they hold through it.
func (d *demoMaker) makeGroup(by registry.Actor, i int) error {
	made := demoGroups[i]
	g, err := d.db.CreateGroup(d.ctx, by, made.GroupInput)
	if err != nil {
		return err
	}
	for _, h := range made.grants {
		if err := d.db.Grant(d.ctx, by, registry.GrantInput{Subject: g.Subject(), Service: h.Service, Object: h.Object, Kind: h.Kind, Key: h.Key}); err != nil {
			return err
		}
	}
	for _, user := range made.members {
		if err := d.db.AddMember(d.ctx, by, g.ID, d.users[user].ID); err != nil {
			return err
		}
	}
	return nil
}

// planPeople lays on the timeline when users signed in, and who is not one any
// more or not yet.
func (d *demoMaker) planPeople() {
	then := func(ago int, do func(by registry.Actor) error) {
		d.events = append(d.events, demoEvent{d.daysAgo(ago), func() error { return do(d.users[0].Actor()) }})
	}
	for i, ago := range demoSignIns {
		if ago < 0 {
			continue
		}
		then(ago, func(registry.Actor) error {
			_, err := d.db.StartSession(d.ctx, store.Visit{UserID: d.users[i].ID, Address: fmt.Sprintf("198.51.100.%d", 20+i), Agent: demoAgents[i%len(demoAgents)]})
			return err
		})
	}
	// What one of the users is there to look after is not granted by administrators any more.
	then(50, func(by registry.Actor) error { return d.db.SetGranting(d.ctx, by, "on-prem", registry.Restricted) })
	for i := range demoGroups {
		then(60-20*i, func(by registry.Actor) error { return d.makeGroup(by, i) })
	}
	invite := func(name, email string, then func(by registry.Actor, link registry.UserLink) error) func(registry.Actor) error {
		return func(by registry.Actor) error {
			link, err := d.db.InviteUser(d.ctx, by, registry.NewInvitation{Name: name, Email: email}, store.Handover{})
			if err != nil || then == nil {
				return err
			}
			return then(by, link)
		}
	}
	then(2, invite("Demo Newcomer", "newcomer@demo.example", nil))
	then(12, invite("Demo Latecomer", "latecomer@demo.example", nil)) // the link has expired
	then(200, invite("Demo Leaver", "leaver@demo.example", func(_ registry.Actor, link registry.UserLink) error {
		user, err := d.db.OpenUserLink(d.ctx, registry.Actor{Address: "198.51.100.40"}, link.Code, registry.PasswordChange{New: demoPassword()})
		if err != nil {
			return err
		}
		d.users = append(d.users, user)
		_, err = d.db.StartSession(d.ctx, store.Visit{UserID: user.ID, Address: "198.51.100.40", Agent: demoAgents[0]})
		return err
	}))
	then(31, func(by registry.Actor) error {
		return d.db.DisableUser(d.ctx, by, d.users[len(demoUsers)].ID, registry.Reason{Reason: "Left the team"})
	})
}
