package store_test

import (
	"slices"
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestUnusedScopes(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app := registered(t, db, admin, func(in *registry.NewClient) { in.Scopes = []string{"audit.log:read", "applications:read"} })
		use := func(scopes ...string) {
			t.Helper()
			db.TokenIssued(oauth.Use{ClientID: app.ID, Scopes: scopes, Address: "192.0.2.1", At: clock.Now()})
			db.FlushUsage(ctx)
		}
		expect := func(when string, want ...string) {
			t.Helper()
			details, err := db.Application(ctx, admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got := details.UnusedScopes(clock.Now()); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", when, got, want)
			}
		}
		expect("new")
		use("audit.log:read", "applications:read")
		clock.Advance(89 * 24 * time.Hour)
		use("audit.log:read")
		expect("after 89 days")
		clock.Advance(2 * 24 * time.Hour)
		expect("after 91 days", "applications:read")
		if err := db.SetScopes(ctx, admin, app.ID, registry.ScopeEdit{Scopes: []string{"audit.log:read", "applications:read", "profile"}}); err != nil {
			t.Fatal(err)
		}
		expect("with one that was just added", "applications:read")
		clock.Advance(60 * 24 * time.Hour)
		use("audit.log:read", "applications:read")
		expect("once it is used again")
		clock.Advance(31 * 24 * time.Hour)
		expect("when the one that was added is old", "profile")
		clock.Advance(100 * 24 * time.Hour)
		expect("when the application itself is unused")
	})
}
