package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestApplication(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, func(in *registry.NewClient) { in.Scopes = []string{"orders:write", "audit.log:read", "orders:read"} })
		d, err := db.Application(t.Context(), admin, app.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(app, d.Application); diff != "" {
			t.Errorf("the application (-want +got):\n%s", diff)
		}
		if got, want := d.ScopeKeys(), []string{"audit.log:read", "orders:read", "orders:write"}; !slices.Equal(got, want) {
			t.Errorf("got the scopes %v, want %v, as the catalogue has them", got, want)
		}
		if len(d.Secrets) != 1 || d.Secrets[0].CreatedByName != admin.Name || d.Secrets[0].State(clock.Now()) != registry.SecretLive {
			t.Errorf("got the secrets %+v, want a live one by %s", d.Secrets, admin.Name)
		}
		if len(d.Permissions) != 0 || d.Days != [registry.UsageDays]int64{} {
			t.Errorf("got %v and %v, want no permissions and no use", d.Permissions, d.Days)
		}

		for _, ago := range []time.Duration{31, 30, 29, 1, 0, 0} { // days
			db.TokenIssued(oauth.Use{ClientID: app.ID, SecretID: d.Secrets[0].ID, Address: "192.0.2.1", At: clock.Now().Add(-ago * 24 * time.Hour)})
		}
		db.FlushUsage(t.Context())
		if d, err = db.Application(t.Context(), admin, app.ID); err != nil {
			t.Fatal(err)
		}
		want := [registry.UsageDays]int64{0: 1, registry.UsageDays - 2: 1, registry.UsageDays - 1: 2}
		if d.Days != want || !d.LastUsedAt.Equal(clock.Now()) || d.LastUsedAddress != "192.0.2.1" || !d.Secrets[0].LastUsedAt.Equal(clock.Now()) {
			t.Errorf("got %v, used %v from %q, the secret %v; want %v, now", d.Days, d.LastUsedAt, d.LastUsedAddress, d.Secrets[0].LastUsedAt, want)
		}

		for _, id := range []string{"", "cl_none", strings.ToUpper(app.ID)} {
			if _, err := db.Application(t.Context(), admin, id); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%q: got %v, want ErrNotFound", id, err)
			}
		}
		if err := db.DeleteApplication(t.Context(), admin, app.ID, app.Name); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Application(t.Context(), admin, app.ID); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("deleted: got %v, want ErrNotFound", err)
		}
	})
}

func TestEndedSecretsAreShownForAMonth(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, nil)
		states := func() (all []registry.SecretState) {
			d, err := db.Application(t.Context(), admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range d.Secrets {
				all = append(all, s.State(clock.Now()))
			}
			return all
		}
		clock.Advance(time.Hour)
		if _, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			later time.Duration
			want  []registry.SecretState
		}{
			{0, []registry.SecretState{registry.SecretLive, registry.SecretEnding}},
			{24 * time.Hour, []registry.SecretState{registry.SecretLive, registry.SecretExpired}},
			{registry.SecretKept - time.Second, []registry.SecretState{registry.SecretLive, registry.SecretExpired}},
			{time.Second, []registry.SecretState{registry.SecretLive}},
		}
		for _, tt := range tests {
			clock.Advance(tt.later)
			if got := states(); !slices.Equal(got, tt.want) {
				t.Errorf("%v later: got %v, want %v", tt.later, got, tt.want)
			}
		}
	})
}

func TestUpdateClient(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, nil)
		details := app.Details()
		details.Name, details.AuthMethod, details.TokenAlg = "  Ledger   Sync 2 ", registry.SecretPost, registry.RS256
		if err := db.UpdateClient(t.Context(), admin, app.ID, registry.ClientEdit{ClientDetails: details}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // changes nothing
			d, err := db.Application(t.Context(), admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			if d.Name != "Ledger Sync 2" || d.AuthMethod != registry.SecretPost || d.TokenAlg != registry.RS256 || d.Description != app.Description || !slices.Equal(d.Grants, app.Grants) {
				t.Errorf("got %+v", d.Application)
			}
			seen := d.Details()
			if err := db.UpdateClient(t.Context(), admin, app.ID, registry.ClientEdit{ClientDetails: d.Details(), Seen: &seen}); err != nil {
				t.Fatal(err)
			}
		}
		events := eventsOf(t, db, app.ID)[1:]
		if len(events) != 1 || events[0].Action != "application.update" ||
			events[0].Before != `{"auth_method":"client_secret_basic","name":"Ledger Sync","token_alg":"ES256"}` ||
			events[0].After != `{"auth_method":"client_secret_post","name":"Ledger Sync 2","token_alg":"RS256"}` {
			t.Errorf("got %+v, want one event with what changed", events)
		}
		found, err := db.Applications(t.Context(), admin, registry.ApplicationQuery{Search: "sync 2"})
		if err != nil || len(found.Applications) != 1 {
			t.Errorf("found %d by the new name, %v; want 1", len(found.Applications), err)
		}
		client, err := db.OAuthClient(t.Context(), app.ID)
		if err != nil || client.AuthMethod != registry.SecretPost || client.TokenAlg != oauth.RS256 {
			t.Errorf("the token endpoint knows %+v, %v; want the new method and algorithm", client, err)
		}
	})
}

func TestUpdateClientThatActsForUsers(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := mustCreate(t, db, admin, portal(nil))
		seen := app.Details()
		told := 1
		// update edits the application and returns the event of it.
		update := func(change func(*registry.ClientEdit)) registry.Event {
			t.Helper()
			clock.Advance(time.Minute)
			d, err := db.Application(t.Context(), admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			before := d.Details()
			edit := registry.ClientEdit{ClientDetails: d.Details(), Seen: &before}
			change(&edit)
			if err := db.UpdateClient(t.Context(), admin, app.ID, edit); err != nil {
				t.Fatal(err)
			}
			events := eventsOf(t, db, app.ID)
			if told++; len(events) != told {
				t.Fatalf("got %d events, want %d", len(events), told)
			}
			return events[told-1]
		}
		got := update(func(e *registry.ClientEdit) {
			e.RedirectURIs, e.HomePage, e.Trust, e.Grants = []string{"https://portal.example/2\r\nhttps://portal.example/1"}, "", registry.FirstParty, e.Grants[:1]
			e.Logo.PNG = []byte("GNP")
		})
		wantBefore := `{"grants":["authorization_code","refresh_token"],"home_page":"https://portal.example","logo":"` + pngHash +
			`","redirect_uris":["https://portal.example/cb","http://127.0.0.1/cb"],"trust":"verified"}`
		wantAfter := `{"grants":["authorization_code"],"home_page":"","logo":"` + hashOf("GNP") +
			`","redirect_uris":["https://portal.example/2","https://portal.example/1"],"trust":"first_party"}`
		if got.Before != wantBefore || got.After != wantAfter {
			t.Errorf("got %s\nto  %s,\nwant %s\nto   %s", got.Before, got.After, wantBefore, wantAfter)
		}
		err := db.UpdateClient(t.Context(), admin, app.ID, registry.ClientEdit{ClientDetails: seen, Seen: &seen})
		if !errors.Is(err, registry.ErrConflict) {
			t.Errorf("changed meanwhile: got %v, want ErrConflict", err)
		}

		got = update(func(e *registry.ClientEdit) { e.AuthMethod, e.Logo.Remove = registry.PublicClient, true })
		if !strings.Contains(got.Before, `"secrets":[{"prefix":"cs_`) || !strings.Contains(got.After, `"ends":"now"`) ||
			!strings.Contains(got.After, `"auth_method":"none"`) || !strings.Contains(got.After, `"logo":""`) {
			t.Errorf("public: got %s to %s, want the end of its secret and logo", got.Before, got.After)
		}
		d, err := db.Application(t.Context(), admin, app.ID)
		if err != nil || d.Secrets[0].Authenticates(clock.Now()) || d.Logo != "" {
			t.Errorf("public: got %+v, %v; want neither secret nor logo", d, err)
		}
		if _, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndNow}, store.ShowOnce{}); !isInvalid(err, "auth_method") {
			t.Errorf("a secret for a public client: got %v, want a complaint", err)
		}

		update(func(e *registry.ClientEdit) {
			e.AuthMethod, e.Grants = registry.SecretPost, []string{registry.ClientCredentials}
		})
		d, err = db.Application(t.Context(), admin, app.ID)
		if err != nil || len(d.RedirectURIs) != 0 || d.Trust != registry.Unverified || len(d.Required) != 0 {
			t.Errorf("as itself: got %+v, %v; want nothing of what is for users", d, err)
		}
		update(func(e *registry.ClientEdit) {
			e.Grants, e.RedirectURIs = []string{registry.AuthorizationCode}, []string{"https://portal.example"}
		})
		if d, err = db.Application(t.Context(), admin, app.ID); err != nil || !slices.Equal(d.Required, []string{"openid"}) {
			t.Errorf("for users again: got %v required, %v; want openid", d.Required, err)
		}
	})
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// The first secret of a client that was public is made once, however often one
// confirms it.
func TestTheFirstSecretIsMadeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := mustCreate(t, db, admin, portal(func(in *registry.NewClient) { in.AuthMethod = registry.PublicClient }))
		edit := registry.ClientEdit{ClientDetails: app.Details()}
		edit.AuthMethod = registry.SecretBasic
		if err := db.UpdateClient(t.Context(), admin, app.ID, edit); err != nil {
			t.Fatal(err)
		}
		for i, want := range []error{nil, registry.ErrConflict} {
			_, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndNow, Seen: registry.NoneSeen}, store.ShowOnce{})
			if !errors.Is(err, want) {
				t.Errorf("confirmation %d: got %v, want %v", i+1, err, want)
			}
		}
		if d, err := db.Application(t.Context(), admin, app.ID); err != nil || d.SecretsMade != 1 {
			t.Errorf("got %d secrets, %v; want 1", d.SecretsMade, err)
		}
	})
}

func TestUpdateClientRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, nil)
		registered(t, db, admin, func(in *registry.NewClient) { in.Name = "Taken" })
		platform := registered(t, db, registry.Operator, func(in *registry.NewClient) {
			in.Name, in.Origin = "Of the platform", registry.PlatformOrigin
		})
		stale := app.Details()
		stale.Description = "As it was before."
		with := func(change func(*registry.ClientEdit)) registry.ClientEdit {
			edit := registry.ClientEdit{ClientDetails: app.Details()}
			edit.Description = "New."
			change(&edit)
			return edit
		}
		same := func(*registry.ClientEdit) {}
		tests := []struct {
			name   string
			by     registry.Actor
			id     string
			edit   registry.ClientEdit
			want   error
			fields []string
		}{
			{"no permission", storetest.User(t, db, "Nobody", "nobody@example.com", false).Actor(), app.ID, with(same), registry.ErrForbidden, nil},
			{"unknown", admin, "cl_none", with(same), registry.ErrNotFound, nil},
			{"of the platform", admin, platform.ID, with(same), registry.ErrLocked, nil},
			{"changed meanwhile", admin, app.ID, with(func(e *registry.ClientEdit) { e.Seen = &stale }), registry.ErrConflict, nil},
			{"everything wrong", admin, app.ID, registry.ClientEdit{}, nil, []string{"auth_method", "grant", "name"}},
			{"taken name", admin, app.ID, with(func(e *registry.ClientEdit) { e.Name = "tAKEN" }), nil, []string{"name"}},
		}
		for _, tt := range tests {
			err := db.UpdateClient(t.Context(), tt.by, tt.id, tt.edit)
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
			}
			invalid, _ := errors.AsType[registry.Invalid](err)
			if tt.fields != nil && !slices.Equal(slices.Sorted(maps.Keys(invalid)), tt.fields) {
				t.Errorf("%s: got %v, want %v to be wrong", tt.name, err, tt.fields)
			}
		}
		d, err := db.Application(t.Context(), admin, app.ID)
		if diff := cmp.Diff(app, d.Application); err != nil || diff != "" {
			t.Errorf("%v, changed (-want +got):\n%s", err, diff)
		}
	})
}

func TestSetRequiredScopes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := mustCreate(t, db, admin, portal(nil)) // orders:read and openid required, profile not
		tests := []struct {
			name           string
			scopes, marked []string
			want           []string // required then
			event          string   // "" when nothing changed
		}{
			{"as it was", []string{"openid", "orders:read", "profile"}, []string{"orders:read"}, []string{"openid", "orders:read"}, ""},
			{"another", []string{"openid", "orders:read", "profile"}, []string{"profile"}, []string{"openid", "profile"}, `{"required":["profile"],"optional":["orders:read"]}`},
			{
				"one that is added",
				[]string{"openid", "orders:read", "orders:write"},
				[]string{"orders:write", "profile"},
				[]string{"openid", "orders:write"},
				`{"added":["orders:write"],"removed":["profile"],"required":["orders:write"]}`,
			},
		}
		events := 1
		for _, tt := range tests {
			d, err := db.Application(t.Context(), admin, app.ID)
			if err != nil {
				t.Fatal(err)
			}
			in := registry.ScopeEdit{Scopes: tt.scopes, Required: tt.marked, Seen: d.ScopeKeys(), SeenRequired: d.Required}
			if err := db.SetScopes(t.Context(), admin, app.ID, in); err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if d, err = db.Application(t.Context(), admin, app.ID); err != nil || !slices.Equal(d.Required, tt.want) {
				t.Errorf("%s: got %v required, %v; want %v", tt.name, d.Required, err, tt.want)
			}
			all := eventsOf(t, db, app.ID)
			if tt.event != "" {
				events++
			}
			if len(all) != events || tt.event != "" && all[events-1].After != tt.event {
				t.Errorf("%s: got %+v, want %q", tt.name, all, tt.event)
			}
		}
		stale := registry.ScopeEdit{Scopes: []string{"openid"}, Seen: []string{"openid", "orders:read", "orders:write"}, SeenRequired: []string{"openid"}}
		if err := db.SetScopes(t.Context(), admin, app.ID, stale); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("changed meanwhile: got %v, want ErrConflict", err)
		}
	})
}

func TestSetScopes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, nil) // audit.log:read, orders:read
		set := func(by registry.Actor, id string, seen []string, scopes ...string) error {
			return db.SetScopes(t.Context(), by, id, registry.ScopeEdit{Scopes: scopes, Seen: seen})
		}
		if err := set(admin, app.ID, []string{"orders:read", "audit.log:read"}, "orders:write", "orders:read"); err != nil {
			t.Fatal(err)
		}
		if err := set(admin, app.ID, nil, "orders:read", "orders:write"); err != nil { // changes nothing
			t.Fatal(err)
		}
		events := eventsOf(t, db, app.ID)[1:]
		if len(events) != 1 || events[0].Action != "application.update-scopes" || events[0].After != `{"added":["orders:write"],"removed":["audit.log:read"]}` {
			t.Errorf("got %+v, want one event with what was added and removed", events)
		}

		platform := registered(t, db, registry.Operator, func(in *registry.NewClient) {
			in.Name, in.Origin = "Of the platform", registry.PlatformOrigin
		})
		nobody := storetest.User(t, db, "Nobody", "nobody@example.com", false).Actor()
		for name, tt := range map[string]struct{ got, want error }{
			"no permission":     {set(nobody, app.ID, nil, "orders:read"), registry.ErrForbidden},
			"unknown":           {set(admin, "cl_none", nil, "orders:read"), registry.ErrNotFound},
			"of the platform":   {set(admin, platform.ID, nil, "orders:read"), registry.ErrLocked},
			"changed meanwhile": {set(admin, app.ID, []string{"orders:read"}, "orders:read"), registry.ErrConflict},
		} {
			if !errors.Is(tt.got, tt.want) {
				t.Errorf("%s: got %v, want %v", name, tt.got, tt.want)
			}
		}
		for name, err := range map[string]error{
			"none":    set(admin, app.ID, nil),
			"twice":   set(admin, app.ID, nil, "orders:read", "orders:read"),
			"unknown": set(admin, app.ID, nil, "orders:read", "orders:delete"),
		} {
			if invalid, _ := errors.AsType[registry.Invalid](err); invalid["scope"] == "" {
				t.Errorf("%s: got %v, want what is wrong with the scopes", name, err)
			}
		}
		d, err := db.Application(t.Context(), admin, app.ID)
		if want := []string{"orders:read", "orders:write"}; err != nil || !slices.Equal(d.ScopeKeys(), want) {
			t.Errorf("got %v, %v; want %v", d.ScopeKeys(), err, want)
		}
	})
}
