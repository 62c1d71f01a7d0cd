package store_test

import (
	"context"
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

func TestFailedAuthenticationsReachTheDatabase(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		clock := storetest.NewClock()
		db := storetest.Open(t, database, clock)
		apply(t, db, demoCatalogue("orders"))
		app := newClient(t, db, "Ledger Sync", "orders:read")
		fail := func(id string, reason registry.FailureReason, address string, ago time.Duration) {
			db.AuthenticationFailed(oauth.Failure{ClientID: id, Reason: reason, Address: address, At: storetest.Noon.Add(-ago)})
		}
		const day = 24 * time.Hour
		for range 3 {
			fail(app.ID, registry.WrongSecret, "192.0.2.7", time.Minute)
		}
		fail(app.ID, registry.WrongSecret, "192.0.2.8", registry.FailureDays*day) // longer ago than is counted
		fail(app.ID, registry.ExpiredSecret, "192.0.2.9", 2*day)
		db.FlushUsage(t.Context())
		fail(app.ID, registry.WrongSecret, "192.0.2.10", time.Hour) // told late
		for range 10_000 {
			fail("", registry.UnknownClient, "192.0.2.11", 0)
		}
		fail("cl_purged", registry.WrongSecret, "192.0.2.12", 0)
		db.FlushUsage(t.Context())

		details, err := db.Application(t.Context(), registry.Operator, app.ID)
		want := registry.AuthenticationFailures{Count: 5, LastAt: storetest.Noon.Add(-time.Minute), LastAddress: "192.0.2.7", LastReason: registry.WrongSecret}
		if err != nil || details.Failures != want {
			t.Errorf("got %+v, %v, want %+v", details.Failures, err, want)
		}
		list, err := db.Applications(t.Context(), registry.Operator, registry.ApplicationQuery{})
		want = registry.AuthenticationFailures{Count: 10_000, LastAt: storetest.Noon, LastAddress: "192.0.2.11", LastReason: registry.UnknownClient}
		if err != nil || list.Unknown != want {
			t.Errorf("unknown clients: got %+v, %v, want %+v", list.Unknown, err, want)
		}
		rows := raw(t, database)
		for query, want := range map[string]int{
			`SELECT count(*) FROM authentication_failures`:                                         4,
			`SELECT failures FROM authentication_failures WHERE application_id = ''`:               10_000,
			`SELECT count(*) FROM authentication_failures WHERE last_at <= 0 OR last_address = ''`: 0,
		} {
			var got int
			if err := rows.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
				t.Errorf("%s: got %d %v, want %d", query, got, err, want)
			}
		}
		clock.Advance(29*day + time.Hour) // what is 30 days old goes
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := rows.QueryRowContext(t.Context(), `SELECT count(*) FROM authentication_failures`).Scan(&left); err != nil || left != 2 {
			t.Errorf("%d rows are left, %v; want those of the last 30 days, 2", left, err)
		}
	})
}

// What cannot be written is counted the next time.
func TestFailedAuthenticationsAreKeptUntilWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		app := newClient(t, db, "Payroll", "orders:read")
		failure := oauth.Failure{ClientID: app.ID, Reason: registry.WrongSecret, Address: "192.0.2.7", At: storetest.Noon}
		db.AuthenticationFailed(failure)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		db.FlushUsage(gone)
		db.AuthenticationFailed(failure)
		db.FlushUsage(t.Context())
		details, err := db.Application(t.Context(), registry.Operator, app.ID)
		if err != nil || details.Failures.Count != 2 {
			t.Errorf("counted %d, %v; want 2", details.Failures.Count, err)
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
