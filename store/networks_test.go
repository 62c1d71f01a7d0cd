package store_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func networks(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	all, err := registry.NetworksInput{Networks: strings.Join(texts, "\n")}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSetNetworks(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app, secret, err := db.CreateClient(ctx, admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		office := networks(t, "2001:db8::/32", "192.0.2.0/24", "198.51.100.7")
		none := []netip.Prefix{}
		if err := db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Networks: office, Seen: &none}); err != nil {
			t.Fatal(err)
		}
		client, err := db.OAuthClient(ctx, app.ID)
		if err != nil || !slices.Equal(client.Networks, office) {
			t.Errorf("the protocol knows %v, %v, want %v", client, err, office)
		}
		details, err := db.Application(ctx, admin, app.ID)
		if err != nil || !slices.Equal(details.Networks, office) {
			t.Errorf("got %v, %v, want %v in that order", details.Networks, err, office)
		}
		record, err := db.ApplicationRecord(ctx, admin, app.ID)
		if err != nil || !slices.Equal(record.Networks, office) {
			t.Errorf("got %v, %v, want %v in that order", record.Networks, err, office)
		}
		event := newest(t, db, app.ID)
		if event.Action != "application.set-networks" || event.Before != `{"networks":[]}` ||
			event.After != `{"networks":["2001:db8::/32","192.0.2.0/24","198.51.100.7"]}` {
			t.Errorf("got the event %+v", event)
		}
		if err := db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Networks: office}); err != nil || newest(t, db, app.ID).Seq != event.Seq {
			t.Errorf("the same again: got %v and another event, want nothing", err)
		}
		if err := db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Seen: &none}); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("over what was not seen: got %v, want ErrConflict", err)
		}

		use := oauth.Use{ClientID: app.ID, SecretID: details.Secrets[0].ID, Address: "203.0.113.5", At: clock.Now()}
		db.TokenIssued(use)
		db.FlushUsage(ctx)
		for _, networks := range [][]netip.Prefix{networks(t, "192.0.2.0/24"), networks(t, "203.0.113.6")} {
			err = db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Networks: networks})
			if invalid, _ := errors.AsType[registry.Invalid](err); !strings.Contains(invalid["anyway"], "last used from 203.0.113.5,") {
				t.Errorf("%v without the address of its last use: got %v", networks, err)
			}
		}
		for _, edit := range []registry.NetworksEdit{{Networks: networks(t, "203.0.113.0/24")}, {Networks: office, Anyway: true}, {}} {
			if err := db.SetNetworks(ctx, admin, app.ID, edit); err != nil {
				t.Errorf("%+v: got %v", edit, err)
			}
		}
		if !accepted(t, db, app.ID, secret, clock.Now()) {
			t.Error("its secret is not accepted")
		}
	})
}

func TestSetNetworksRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, admin := t.Context(), storetest.Admin(t, db)
		app, _, err := db.CreateClient(ctx, admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		var many []string
		for i := range registry.MaxNetworks {
			many = append(many, fmt.Sprintf("10.0.%d.0/24", i))
		}
		tooMany := append(networks(t, many...), netip.MustParsePrefix("192.0.2.0/24"))
		invalid, _ := errors.AsType[registry.Invalid](db.SetNetworks(ctx, admin, app.ID, registry.NetworksEdit{Networks: tooMany}))
		if invalid["networks"] != "Enter at most 50 networks." {
			t.Errorf("51 networks: got %v", invalid)
		}
		if err := db.SetNetworks(ctx, admin, "cl_nobody", registry.NetworksEdit{}); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("of no application: got %v, want ErrNotFound", err)
		}
		in := ledger(forAuditLog)
		in.Name, in.Origin = "Of the platform", registry.PlatformOrigin
		locked, _, err := db.CreateClient(ctx, registry.Operator, in, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.SetNetworks(ctx, admin, locked.ID, registry.NetworksEdit{Networks: networks(t, "192.0.2.0/24")}); !errors.Is(err, registry.ErrLocked) {
			t.Errorf("of the platform: got %v, want ErrLocked", err)
		}
	})
}
