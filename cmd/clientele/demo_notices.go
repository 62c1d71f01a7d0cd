package main

import "fmt"

// planNotices has people told of the last 90 days as they happened, so that
// secrets that came near their end are among it. Administrators last looked a
// few days ago.
func (d *demoMaker) planNotices() {
	for day := 90; day >= 0; day-- {
		d.events = append(d.events, demoEvent{d.daysAgo(day), func() error {
			d.db.FlushUsage(d.ctx) // when a secret was last used is among what they are told
			if err := d.db.Tell(d.ctx); err != nil {
				return err
			}
			return d.sendDue(day)
		}})
	}
	d.events = append(d.events, demoEvent{d.daysAgo(noticesReadAgo), func() error {
		for i, u := range demoUsers {
			if !u.admin {
				continue
			}
			if err := d.db.ReadNotices(d.ctx, d.users[i].Actor(), nil); err != nil {
				return fmt.Errorf("notices of %s: %w", u.name, err)
			}
		}
		return nil
	}})
}

// noticesReadAgo is how many days ago administrators read their notices.
const noticesReadAgo = 10
