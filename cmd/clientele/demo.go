package main

import (
	"cmp"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
)

//go:embed demo_catalogue.yaml
var demoCatalogue []byte

// demo fills an empty database with a team, its catalogue, users, applications
// and a history, and prints how to sign in. All of it goes through the same
// use cases as the console, at the times at which it is said to have happened.
// It leaves a database alone that has a team.
func demo(e *env, options store.Options) error {
	d := &demoMaker{env: e, today: e.now().UTC()}
	d.clock.Store(d.today.Add(-450 * 24 * time.Hour).UnixNano())
	options.Now = func() time.Time { return time.Unix(0, d.clock.Load()).UTC() }
	db, err := store.Open(e.ctx, options)
	if err != nil {
		return err
	}
	d.db = db
	return errors.Join(d.fill(), db.Close())
}

// demoMaker plays a history on a database.
type demoMaker struct {
	*env
	db     *store.DB
	today  time.Time
	clock  atomic.Int64
	events []demoEvent
	users  []registry.User
	step   time.Duration
}

// demoEvent is something that is to happen at a time.
type demoEvent struct {
	at time.Time
	do func() error
}

func (d *demoMaker) fill() error {
	code, needed, err := d.db.NewSetupCode(d.ctx)
	if err != nil {
		return err
	}
	if !needed {
		_, err := fmt.Fprintln(d.stdout, "\nThe database has a team already, so no demo data is added.")
		return err
	}
	passwords, err := d.makeTeam(code)
	if err != nil {
		return err
	}
	for _, a := range demoApplications {
		d.plan(a)
	}
	d.planKeys()
	d.planPolicy()
	d.planPeople()
	d.planWebhooks()
	d.planNotices()
	slices.SortStableFunc(d.events, func(a, b demoEvent) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	for _, event := range d.events {
		d.clock.Store(event.at.UnixNano())
		if err := event.do(); err != nil {
			return err
		}
	}
	d.clock.Store(d.today.UnixNano())
	return d.printSignIns(passwords)
}

// makeTeam sets the team up with its users and catalogue, and returns the
// users' passwords.
func (d *demoMaker) makeTeam(code string) ([]string, error) {
	passwords := make([]string, len(demoUsers))
	for i := range passwords {
		passwords[i] = demoPassword()
	}
	first := demoUsers[0]
	admin, err := d.db.Setup(d.ctx, registry.System, code, registry.Setup{
		Team: "Demo Team", NewUser: registry.NewUser{Name: first.name, Email: first.email, Password: passwords[0]},
	})
	if err != nil {
		return nil, err
	}
	d.users = append(d.users, admin)
	catalogue, err := parseCatalogue("demo_catalogue.yaml", demoCatalogue)
	if err != nil {
		return nil, err
	}
	if _, err := d.db.ApplyCatalogue(d.ctx, admin.Actor(), catalogue, false, false); err != nil {
		return nil, err
	}
	for i, u := range demoUsers[1:] {
		user, err := d.db.CreateUser(d.ctx, admin.Actor(), registry.NewUser{Name: u.name, Email: u.email, Password: passwords[i+1], Admin: u.admin})
		if err != nil {
			return nil, err
		}
		d.users = append(d.users, user)
		for service, template := range u.templates {
			err := d.db.Grant(d.ctx, admin.Actor(), registry.GrantInput{
				Subject: registry.Subject{Type: registry.UserSubject, ID: user.ID}, Service: service, Kind: registry.TemplateGrant, Key: template,
			})
			if err != nil {
				return nil, err
			}
		}
	}
	for _, g := range demoGrants {
		err := d.db.Grant(d.ctx, admin.Actor(), registry.GrantInput{
			Subject: d.users[g.user].Actor().Subject(), Service: g.Service, Object: g.Object, Kind: g.Kind, Key: g.Key,
		})
		if err != nil {
			return nil, err
		}
	}
	return passwords, nil
}

func demoPassword() string { return strings.ToLower(rand.Text()[:16]) }

// plan lays one application's history on the timeline.
func (d *demoMaker) plan(a demoApplication) {
	by := registry.Operator
	origin := registry.PlatformOrigin
	if a.by >= 0 {
		by, origin = d.users[a.by].Actor(), registry.TeamOrigin
	}
	admin := d.users[0].Actor()
	d.step += 7 * time.Minute // nobody registers two at once
	registered := d.daysAgo(a.age).Add(-d.step)
	var app registry.Application
	var secrets []string // IDs, oldest first

	then := d.then
	rotate := func(ago int, overlap time.Duration) {
		then(d.daysAgo(ago), func() error {
			rotation := registry.Rotation{End: registry.EndAt, At: d.daysAgo(ago).Add(overlap)}
			if _, err := d.db.RegenerateSecret(d.ctx, by, app.ID, rotation, store.ShowOnce{}); err != nil {
				return err
			}
			return d.secretsOf(app.ID, &secrets)
		})
	}
	use := func(from, until, secret int) {
		for day := from; day >= until; day-- {
			then(d.daysAgo(day), func() error { d.useForADay(app.ID, secrets[secret], day, a); return nil })
		}
	}

	then(registered, func() error {
		var err error
		in := registry.NewClient{
			ClientDetails: registry.ClientDetails{
				Name: a.name, Description: a.description, AuthMethod: a.method, Grants: []string{registry.ClientCredentials},
			},
			Scopes: a.scopes, Origin: origin,
		}
		if a.users != nil {
			in.Grants = []string{registry.AuthorizationCode, registry.RefreshToken}
			in.RedirectURIs, in.HomePage, in.Trust, in.Required = a.users.redirectURIs, a.users.homePage, a.users.trust, a.users.required
			if a.users.logo {
				in.Logo = demoLogo(a.name)
			}
		}
		app, _, err = d.db.CreateClient(d.ctx, by, in, store.ShowOnce{})
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		return d.secretsOf(app.ID, &secrets)
	})
	for service, template := range a.templates {
		granter := admin
		if a.by < 0 {
			granter = registry.Operator
		}
		then(registered.Add(11*time.Minute), func() error {
			return d.db.Grant(d.ctx, granter, registry.GrantInput{
				Subject: registry.Subject{Type: registry.ApplicationSubject, ID: app.ID}, Service: service, Kind: registry.TemplateGrant, Key: template,
			})
		})
	}
	if owner, named := demoOwners[a.name]; named {
		then(registered.Add(13*time.Minute), func() error { return d.db.AddOwner(d.ctx, admin, app.ID, d.users[owner].ID) })
	}
	const chartDays = 35
	start := min(a.age-1, a.idle+chartDays)
	switch {
	case a.idle < 0:
	case a.state == rotated:
		rotate(20, 24*time.Hour)
		use(start, 20, 0)
		use(19, a.idle, 1)
	case a.state == rotating:
		rotate(4, 7*24*time.Hour)
		use(start, a.idle, 0)
	case a.state == moved:
		rotate(5, 7*24*time.Hour)
		use(start, 4, 0)
		use(3, a.idle, 1)
	default:
		use(start, a.idle, 0)
	}
	for _, allowed := range demoConsents {
		if allowed.app == a.name {
			d.planConsent(allowed, func() string { return app.ID })
		}
	}
	d.planSecrets(a, by, func() string { return app.ID })
	d.planNetworks(a, by, func() string { return app.ID })
	switch a.state {
	case disabled:
		then(d.daysAgo(max(a.idle-30, 1)), func() error { return d.db.SetStatus(d.ctx, by, app.ID, registry.Disabled) })
	case deleted:
		then(d.daysAgo(9), func() error { return d.db.DeleteApplication(d.ctx, by, app.ID, a.name) })
	}
}

func (d *demoMaker) secretsOf(id string, ids *[]string) error {
	details, err := d.db.Application(d.ctx, registry.Operator, id)
	if err != nil {
		return err
	}
	for _, s := range details.Secrets {
		if !slices.Contains(*ids, s.ID) {
			*ids = append(*ids, s.ID)
		}
	}
	return nil
}

// useForADay counts a day's tokens, fewer at the weekend. Whoever asks more
// often has asked more recently.
func (d *demoMaker) useForADay(client, secret string, ago int, a demoApplication) {
	tokens, share := a.tokens, time.Duration(5+37*len(a.name)%90)
	at := d.daysAgo(ago).Add(-24 * time.Hour / time.Duration(tokens) * share / 100)
	if weekday := at.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		tokens = (tokens + 2) / 3
	}
	tokens += tokens * (ago * 7 % 5) / 20
	for range tokens {
		d.db.TokenIssued(oauth.Use{ClientID: client, SecretID: secret, Scopes: a.asked(), Address: fmt.Sprintf("192.0.2.%d", 10+share), At: at})
	}
}

// daysAgo is a moment of that day, never in the future.
func (d *demoMaker) daysAgo(n int) time.Time {
	return d.today.Add(-time.Duration(n)*24*time.Hour - 3*time.Minute)
}

func (d *demoMaker) printSignIns(passwords []string) error {
	fmt.Fprintln(d.stdout, "\nThis is a demo team. Sign in with:")
	table := tabwriter.NewWriter(d.stdout, 0, 0, 2, ' ', 0)
	for i, u := range demoUsers {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", u.email, passwords[i], u.role)
	}
	return table.Flush()
}
