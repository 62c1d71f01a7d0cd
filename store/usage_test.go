package store_test

import (
	"testing"
	"time"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestUsageReachesTheDatabase(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db, err := store.Open(t.Context(), storetest.Options(database, clock))
		if err != nil {
			t.Fatal(err)
		}
		apply(t, db, demoCatalogue("orders"))
		app := newClient(t, db, "Payroll", "orders:read")
		client, err := db.OAuthClient(t.Context(), app.ID)
		if err != nil {
			t.Fatal(err)
		}
		use := oauth.Use{ClientID: app.ID, SecretID: client.Secrets[0].ID, Address: "192.0.2.7", At: storetest.Noon}
		for range 3 {
			db.TokenIssued(use)
		}
		db.FlushUsage(t.Context())
		earlier := use
		earlier.At, earlier.Address = storetest.Noon.Add(-time.Hour), "192.0.2.8"
		db.TokenIssued(earlier)
		db.TokenIssued(oauth.Use{ClientID: "cl_gone", SecretID: "se_gone", At: storetest.Noon})
		if err := db.Close(); err != nil { // writes down what is left
			t.Fatal(err)
		}

		db = storetest.Open(t, database, clock)
		details, err := db.Application(t.Context(), registry.Operator, app.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !details.LastUsedAt.Equal(storetest.Noon) || details.LastUsedAddress != "192.0.2.7" {
			t.Errorf("last used %v from %s, want noon from 192.0.2.7", details.LastUsedAt, details.LastUsedAddress)
		}
		var tokens int64
		if err := raw(t, database).QueryRowContext(t.Context(), `SELECT sum(tokens) FROM application_days`).Scan(&tokens); err != nil || tokens != 4 {
			t.Errorf("counted %d tokens and %v, want 4", tokens, err)
		}
	})
}

// A change made by another instance is seen within 2 s.
func TestAnotherInstancesChangeIsSeen(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		here, there := storetest.Open(t, database, clock), storetest.Open(t, database, clock)
		apply(t, here, demoCatalogue("orders"))
		app := newClient(t, here, "Payroll", "orders:read")
		if client, err := here.OAuthClient(t.Context(), app.ID); err != nil || client.Disabled {
			t.Fatalf("got %+v and %v, want an enabled client", client, err)
		}
		if err := there.SetStatus(t.Context(), registry.Operator, app.ID, registry.Disabled); err != nil {
			t.Fatal(err)
		}
		deadline := time.After(2 * time.Second)
		for {
			client, err := here.OAuthClient(t.Context(), app.ID)
			if err != nil {
				t.Fatal(err)
			}
			if client.Disabled {
				return
			}
			select {
			case <-deadline:
				t.Fatal("the client is still enabled after 2 s")
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}
