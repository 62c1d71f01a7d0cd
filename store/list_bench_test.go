package store_test

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

const (
	manyApplications = 100_000
	// slowestPage is what 99 of 100 pages of the list may take at most.
	slowestPage = 10 * time.Millisecond
)

// BenchmarkApplications reads pages of the list at 100,000 applications, with
// every filter in every order, and reports what half and 99 of 100 of them took
// at most. LIST_BAR=1 holds them to slowestPage, on a machine that is quiet.
//
//	e2e/postgres.sh go test ./store -run '^$' -bench Applications -benchtime 20x
func BenchmarkApplications(b *testing.B) {
	for _, database := range []struct {
		name string
		make func(testing.TB) string
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.Postgres}} {
		b.Run(database.name, func(b *testing.B) {
			address := database.make(b)
			filled := fillApplications(b, address, manyApplications)
			if store.IsPostgres(address) {
				execAll(b, filled, "VACUUM ANALYZE") // as autovacuum does before long
			}
			db := storetest.Open(b, address, storetest.NewClock())
			for _, name := range slices.Sorted(maps.Keys(manyQueries())) {
				b.Run(name, func(b *testing.B) { benchmarkList(b, db, manyQueries()[name]) })
			}
		})
	}
}

func benchmarkList(b *testing.B, db *store.DB, q registry.ApplicationQuery) {
	var times []time.Duration
	for b.Loop() {
		for _, sort := range everySort {
			for _, origin := range []registry.Origin{"", registry.TeamOrigin, registry.PlatformOrigin} {
				q.Sort, q.Origin, q.After = sort, origin, ""
				for range 3 { // pages
					start := time.Now()
					page, err := db.Applications(b.Context(), registry.Operator, q)
					if err != nil {
						b.Fatal(err)
					}
					times = append(times, time.Since(start))
					if page.Next == "" {
						break
					}
					q.After = page.Next
				}
			}
		}
	}
	slices.Sort(times)
	p99 := times[len(times)*99/100]
	b.ReportMetric(0, "ns/op") // an operation is many pages
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(p99.Microseconds()), "p99-µs")
	if os.Getenv("LIST_BAR") != "" && p99 > slowestPage {
		b.Errorf("99 of 100 pages took up to %s, want %s at most", p99, slowestPage)
	}
}
