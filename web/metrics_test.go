package web

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"clientele/store"
	"clientele/store/storetest"
)

// Metrics tell of sign-ins that were refused, of what waits, and that the
// database no longer answers.
func TestMetricsOfPeopleAndStore(t *testing.T) {
	clock, metrics := storetest.NewClock(), NewMetrics("devel", "")
	options := storetest.Options(filepath.Join(t.TempDir(), "test.db"), clock)
	options.Observer = metrics
	db, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	s := siteOn(db, clock, func(s *Server) { s.Metrics = metrics })
	scraped := func() string {
		w := httptest.NewRecorder()
		metrics.Handler(db, clock.Now, s.Log).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return w.Body.String()
	}
	for range 30 {
		s.browser(t).signIn("nobody@example.com", "wrong password")
	}
	for _, want := range []string{
		`clientele_authentication_failures_total{of="user",reason="wrong_password"} `,
		`clientele_authentication_failures_total{of="user",reason="throttled"} `,
		`clientele_http_request_duration_seconds_count{method="POST",route="/login",status="4xx"} 30`,
		"clientele_store_up 1\n",
		"clientele_uses_waiting 0\n",
	} {
		if got := scraped(); !strings.Contains(got, want) {
			t.Errorf("got %s\nwant %s in it", got, want)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := scraped(); !strings.Contains(got, "clientele_store_up 0\n") || strings.Contains(got, "clientele_deliveries_waiting") {
		t.Errorf("got %s\nwant clientele_store_up 0, and nothing of what waits", got)
	}
}
