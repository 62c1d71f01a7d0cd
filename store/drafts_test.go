package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestDraftBecomesAnApplication(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		id := mustDraft(t, db, admin)
		want := ledger(func(in *registry.NewClient) {
			in.Name, in.Templates, in.TokenAlg = "Ledger", map[string]string{"orders": "viewer"}, registry.RS256
			in.Grants, in.RedirectURIs, in.Trust = []string{registry.AuthorizationCode, registry.RefreshToken}, []string{"https://ledger.example/cb"}, registry.Verified
			in.Required, in.Logo = []string{"orders:read"}, []byte("PNG")
		})
		if err := db.SetDraftScopes(t.Context(), admin, id, want.Scopes, want.Required, want.Templates); err != nil {
			t.Fatal(err)
		}
		if err := db.SetDraftDetails(t.Context(), admin, id, want.ClientDetails, want.Logo); err != nil {
			t.Fatal(err)
		}
		draft, err := db.Draft(t.Context(), admin, id)
		if diff := cmp.Diff(store.Draft{ID: id, Input: want}, draft); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}

		client, err := db.SubmitDraft(t.Context(), admin, id, store.ShowOnce{SessionToken: "session"})
		if err != nil {
			t.Fatal(err)
		}
		record, err := db.ApplicationRecord(t.Context(), admin, client)
		if err != nil || record.Name != "Ledger" || len(record.Scopes) != 2 || len(record.Permissions) != 1 ||
			len(record.RedirectURIs) != 1 || record.Trust != registry.Verified || len(record.Required) != 1 || record.Logo == "" {
			t.Errorf("got %+v, %v, want what the draft said", record, err)
		}
		spent := draft
		spent.ClientID = client
		if err := db.SetDraftDetails(t.Context(), admin, id, ledger(nil).ClientDetails, nil); err != nil {
			t.Errorf("details of a spent draft: got %v, want none", err)
		}
		draft, err = db.Draft(t.Context(), admin, id)
		if diff := cmp.Diff(spent, draft); err != nil || diff != "" {
			t.Errorf("spent draft: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestManySubmitsOfADraftCreateOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		id := mustDraft(t, db, admin)
		if err := db.SetDraftScopes(t.Context(), admin, id, []string{"orders:read"}, nil, nil); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		clients := map[string]int{}
		inParallel(20, func(int) {
			client, err := db.SubmitDraft(t.Context(), admin, id, store.ShowOnce{SessionToken: "session"})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			clients[client]++
		})
		if len(clients) != 1 {
			t.Errorf("20 submits led to %v, want one client", clients)
		}
		page, err := db.Applications(t.Context(), admin, registry.ApplicationQuery{})
		if err != nil || len(page.Applications) != 1 || page.Applications[0].Secrets != 1 {
			t.Errorf("got %+v, %v, want one application with one secret", page.Applications, err)
		}
		events, err := db.AuditEvents(t.Context(), admin, registry.AuditQuery{Action: "application.create"})
		if err != nil || len(events.Entries) != 1 {
			t.Errorf("got %d events, %v, want one", len(events.Entries), err)
		}
	})
}

func TestADraftThatIsWrongStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		apply(t, db, demoCatalogue("orders"))
		admin := storetest.Admin(t, db)
		if _, err := db.NewDraft(t.Context(), admin, registry.ClientDetails{Name: "x"}, nil); !isInvalid(err, "grant", "auth_method") {
			t.Errorf("new: got %v, want complaints about grant and auth_method", err)
		}
		id := mustDraft(t, db, admin)
		if err := db.SetDraftDetails(t.Context(), admin, id, registry.ClientDetails{}, nil); !isInvalid(err, "name", "grant", "auth_method") {
			t.Errorf("details: got %v, want complaints about all", err)
		}
		if _, err := db.SubmitDraft(t.Context(), admin, id, store.ShowOnce{}); !isInvalid(err, "scope") {
			t.Errorf("no scopes: got %v, want a complaint about them", err)
		}
		mustCreate(t, db, admin, ledger(nil)) // takes the name meanwhile
		if err := db.SetDraftScopes(t.Context(), admin, id, []string{"orders:read"}, nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := db.SubmitDraft(t.Context(), admin, id, store.ShowOnce{}); !isInvalid(err, "name") {
			t.Errorf("taken name: got %v, want a complaint about it", err)
		}
		draft, err := db.Draft(t.Context(), admin, id)
		if err != nil || draft.Input.Name != "Ledger Sync" || len(draft.Input.Scopes) != 1 || draft.ClientID != "" {
			t.Errorf("got %+v, %v, want the draft as it was saved", draft, err)
		}
	})
}

func TestADraftIsOnesOwnForADay(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		apply(t, db, demoCatalogue("orders"))
		admin, clerk := storetest.Admin(t, db), clerk(t, db)
		id := mustDraft(t, db, admin)
		wantNone := func(who string, by registry.Actor, id string) {
			t.Helper()
			_, readErr := db.Draft(t.Context(), by, id)
			_, submitErr := db.SubmitDraft(t.Context(), by, id, store.ShowOnce{})
			for what, err := range map[string]error{
				"read": readErr, "submit": submitErr,
				"details": db.SetDraftDetails(t.Context(), by, id, ledger(nil).ClientDetails, nil),
				"scopes":  db.SetDraftScopes(t.Context(), by, id, nil, nil, nil),
			} {
				if !errors.Is(err, registry.ErrNotFound) {
					t.Errorf("%s, %s: got %v, want ErrNotFound", who, what, err)
				}
			}
		}
		wantNone("someone else's", clerk, id)
		wantNone("made up", admin, "dr_x")

		clock.Advance(23 * time.Hour)
		if err := db.SetDraftScopes(t.Context(), admin, id, []string{"orders:read"}, nil, nil); err != nil {
			t.Errorf("after 23 hours: got %v, want none", err)
		}
		clock.Advance(23 * time.Hour)
		if _, err := db.Draft(t.Context(), admin, id); err != nil {
			t.Errorf("23 hours after it was saved: got %v, want none", err)
		}
		clock.Advance(time.Hour)
		wantNone("a day old", admin, id)
	})
}

func TestUnfinishedDrafts(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		apply(t, db, demoCatalogue("orders"))
		admin, clerk := storetest.Admin(t, db), clerk(t, db)
		want := func(when string, by registry.Actor, want ...string) {
			t.Helper()
			drafts, err := db.UnfinishedDrafts(t.Context(), by)
			var got []string
			for _, d := range drafts {
				got = append(got, d.ID)
				if d.Input.Name != "Ledger Sync" {
					t.Errorf("%s: got %q, want its name", when, d.Input.Name)
				}
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", when, err, diff)
			}
		}
		want("at first", admin)
		var ids []string
		for range 4 {
			ids = append(ids, mustDraft(t, db, admin))
			clock.Advance(time.Minute)
		}
		want("of many", admin, ids[3], ids[2], ids[1])
		want("someone else's", clerk)
		if err := db.SetDraftScopes(t.Context(), admin, ids[2], []string{"orders:read"}, nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := db.SubmitDraft(t.Context(), admin, ids[2], store.ShowOnce{SessionToken: "session"}); err != nil {
			t.Fatal(err)
		}
		want("one became an application", admin, ids[3], ids[1], ids[0])
		clock.Advance(store.DraftLifetime - 2*time.Minute)
		want("a day later", admin, ids[3])
	})
}

func mustDraft(t *testing.T, db *store.DB, by registry.Actor) string {
	t.Helper()
	id, err := db.NewDraft(t.Context(), by, ledger(nil).ClientDetails, nil)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// isInvalid reports whether err complains about just these fields.
func isInvalid(err error, fields ...string) bool {
	invalid, ok := errors.AsType[registry.Invalid](err)
	for _, field := range fields {
		ok = ok && invalid[field] != ""
	}
	return ok && len(invalid) == len(fields)
}
