package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
)

// Metrics counts what the server and its store do, and tells Prometheus. All
// labels are of few values: none is a client's, an address or a path as it was
// sent. Its methods count nothing on a nil *Metrics.
type Metrics struct {
	set         *vm.Set
	read, write *vm.PrometheusHistogram
	issued      map[string]*vm.Counter // by grant
	routes      map[route]*answers     // never changes once requests are answered
	other       answers                // of what no route matched
}

// route is a route as it was registered.
type route struct{ method, path string }

// answers are how long a route's answers took, by the first digit of the
// status. What was never answered has no series.
type answers [6]atomic.Pointer[vm.PrometheusHistogram]

// Seconds. A token takes a tenth of a millisecond, a page a few, a report long.
var (
	requestBuckets     = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	transactionBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

// NewMetrics returns metrics of a build in which nothing is counted yet.
func NewMetrics(version, revision string) *Metrics {
	vm.ExposeMetadata(true)
	m := &Metrics{set: vm.NewSet(), issued: map[string]*vm.Counter{}, routes: map[route]*answers{}}
	m.set.NewGauge(fmt.Sprintf(`clientele_build_info{version=%q,revision=%q}`, version, revision), nil).Set(1)
	m.read = m.set.NewPrometheusHistogramExt(`clientele_store_transaction_duration_seconds{kind="read"}`, transactionBuckets)
	m.write = m.set.NewPrometheusHistogramExt(`clientele_store_transaction_duration_seconds{kind="write"}`, transactionBuckets)
	for _, grant := range oauth.GrantTypes() {
		m.issued[grant] = m.set.NewCounter(fmt.Sprintf(`clientele_tokens_issued_total{grant=%q}`, grant))
	}
	return m
}

// Transaction counts a transaction of the store.
func (m *Metrics) Transaction(readOnly bool, took time.Duration) {
	if readOnly {
		m.read.Update(took.Seconds())
	} else {
		m.write.Update(took.Seconds())
	}
}

// AuthenticationFailed counts that someone did not prove to be a client.
func (m *Metrics) AuthenticationFailed(reason registry.FailureReason) {
	m.authenticationFailed("client", string(reason))
}

func (m *Metrics) authenticationFailed(of, reason string) {
	if m != nil {
		m.set.GetOrCreateCounter(fmt.Sprintf(`clientele_authentication_failures_total{of=%q,reason=%q}`, of, reason)).Inc()
	}
}

func (m *Metrics) tokenIssued(grant string) {
	if m != nil {
		m.issued[grant].Inc()
	}
}

func (m *Metrics) tokenRefused(grant, code string) {
	if m == nil {
		return
	}
	if m.issued[grant] == nil {
		grant = "other"
	}
	m.set.GetOrCreateCounter(fmt.Sprintf(`clientele_token_requests_refused_total{grant=%q,error=%q}`, grant, code)).Inc()
}

// know makes room for what an Echo answers to.
func (m *Metrics) know(routes []*echo.Route) {
	for _, r := range routes {
		m.routes[route{r.Method, r.Path}] = &answers{}
	}
}

// measure counts every request, by its route.
func (m *Metrics) measure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now() //nolint:forbidigo // how long something took is no matter of the store's time
		err := next(c)
		at := route{c.Request().Method, c.Path()}
		all, known := m.routes[at]
		if !known {
			all, at = &m.other, route{"other", "other"}
		}
		class := min(max(c.Response().Status/100, 0), len(all)-1)
		took := all[class].Load()
		if took == nil {
			took = m.set.GetOrCreatePrometheusHistogramExt(
				fmt.Sprintf(`clientele_http_request_duration_seconds{method=%q,route=%q,status="%dxx"}`, at.method, at.path, class), requestBuckets)
			all[class].Store(took)
		}
		took.UpdateDuration(start)
		return err
	}
}

// Handler answers GET /metrics in Prometheus' text format.
func (m *Metrics) Handler(db *store.DB, now func() time.Time, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		m.set.WritePrometheus(w)
		vm.WriteProcessMetrics(w)
		// What the database is asked for is left out while it does not answer: clientele_store_up says so.
		waiting, err := db.Backlog(r.Context())
		var keys *oauth.KeySet
		if err == nil {
			keys, err = db.SigningKeys(r.Context())
		}
		if err != nil {
			log.WarnContext(r.Context(), "metrics of the database are left out", "err", err)
			vm.WriteGaugeUint64(w, "clientele_store_up", 0)
			return
		}
		vm.WriteGaugeUint64(w, "clientele_store_up", 1)
		vm.WriteGaugeUint64(w, "clientele_deliveries_waiting", waiting.Deliveries)
		vm.WriteGaugeUint64(w, "clientele_uses_waiting", waiting.Uses)
		vm.WriteGaugeUint64(w, "clientele_writers_waiting", waiting.Writers)
		for _, alg := range []string{registry.ES256, registry.RS256} {
			if key, ok := keys.Active(alg); ok {
				vm.WriteGaugeFloat64(w, fmt.Sprintf(`clientele_signing_key_age_seconds{alg=%q}`, alg), now().Sub(key.ActivatedAt).Seconds())
			}
		}
	})
	return mux
}
