package web

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"clientele/oauth"
)

// description is docs/api/openapi.yaml, and what finds a request in it. Loading
// it checks its examples too.
type description struct {
	*openapi3.T
	router routers.Router
}

var described = sync.OnceValues(func() (d description, err error) {
	loader := openapi3.NewLoader()
	if d.T, err = loader.LoadFromFile("../docs/api/openapi.yaml"); err != nil {
		return d, err
	}
	if err := d.Validate(loader.Context); err != nil {
		return d, err
	}
	d.Servers = nil // tests are no server of it
	d.router, err = legacy.NewRouter(d.T)
	return d, err
})

// ask sends a request to the API or the token endpoint, and holds the answer
// against the description.
func (s *site) ask(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			t.Fatal(err)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w := httptest.NewRecorder()
	s.echo.ServeHTTP(w, r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := hold(t, r, w); err != nil {
		t.Errorf("%s %s: the answer %d %s is not as described: %v", r.Method, r.URL, w.Code, w.Body, err)
	}
	return w
}

// hold returns what about an answer is not as described. A request that is
// described nowhere has to be answered with a problem.
func hold(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) error {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		var problem any
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
			return err
		}
		return d.Components.Schemas["Problem"].Value.VisitJSON(problem, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors())
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	request := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if w.Code == http.StatusOK { // what works has to be described as working
		if err := openapi3filter.ValidateRequest(t.Context(), request); err != nil {
			return err
		}
	}
	return openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: options,
	})
}

// Every route of the API is described, and everything described is there.
func TestAPIIsDescribed(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, route := range newSite(t).echo.Routes() {
		if !strings.HasPrefix(route.Path, "/api/") && !strings.HasPrefix(route.Path, "/access/") && route.Path != oauth.TokenPath || route.Method == http.MethodHead || route.Method == http.MethodOptions {
			continue
		}
		parts := strings.Split(route.Path, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		path := strings.Join(parts, "/")
		served[route.Method+" "+path] = true
		if item := d.Paths.Value(path); item == nil || item.GetOperation(route.Method) == nil {
			t.Errorf("%s %s is served, but not described", route.Method, path)
		}
	}
	for path, item := range d.Paths.Map() {
		for method := range item.Operations() {
			if !served[method+" "+path] {
				t.Errorf("%s %s is described, but not served", method, path)
			}
		}
	}
}
