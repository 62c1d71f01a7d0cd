package store_test

import (
	"fmt"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// A refusal is found by its request's ID, at once, for as long as it is kept.
func TestRefusals(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		refusal := func(id, caller string, object string) registry.Refusal {
			r := registry.Refusal{RequestID: id, At: clock.Now(), Asked: "POST /access/v1/evaluation", AskedBy: caller}
			r.Subject = registry.Subject{Type: registry.UserSubject, ID: "us_x"}
			r.Permission, r.Object = registry.Permission{Service: "orders", Key: "view"}, object
			return r
		}
		find := func(id string) []registry.Refusal {
			t.Helper()
			found, err := db.Refusals(t.Context(), registry.Operator, id)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		one := refusal("request-1", "cl_api", "pool/o1")
		db.Refused(one)
		if got := find("request-1"); len(got) != 1 || got[0] != one {
			t.Fatalf("got %+v, want %+v", got, one)
		}

		// Neither one caller nor all of them fill the database.
		for i := range 300 {
			db.Refused(refusal("flood", "cl_flood", fmt.Sprint(i)), refusal(fmt.Sprint("many", i), fmt.Sprint("cl_", i), ""))
		}
		if got := len(find("flood")); got != 20 {
			t.Errorf("%d of a flood are shown, want 20", got)
		}
		kept := 0
		for i := range 300 {
			kept += len(find(fmt.Sprint("many", i)))
		}
		if kept != 150 {
			t.Errorf("%d of others are kept, want the 150 that 50 of the flood leave", kept)
		}
		db.Refused(refusal("request-2", "cl_flood", "")) // the flood is over
		if got := find("request-2"); len(got) != 1 {
			t.Errorf("after the flood: got %v, want one", got)
		}

		clock.Advance(registry.RefusalKept)
		if got := find("request-1"); len(got) != 0 {
			t.Errorf("after all that time: got %v, want none", got)
		}
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		clock.Advance(-registry.RefusalKept)
		if got := find("request-1"); len(got) != 0 {
			t.Errorf("swept: got %v, want none", got)
		}
	})
}
