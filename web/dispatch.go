package web

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

// reply is what one of our own endpoints said to a request of ours.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *reply) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// dispatch has one of our own endpoints answer a request that the caller of c
// could have sent: through every middleware, and from the same address, but
// without the caller's cookies. fill completes the request.
func dispatch(c echo.Context, method, address string, fill func(*http.Request)) (*reply, error) {
	caller := c.Request()
	r, err := http.NewRequestWithContext(caller.Context(), method, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("dispatch: %w", err)
	}
	r.Host, r.RemoteAddr, r.RequestURI = caller.Host, caller.RemoteAddr, address
	for _, forwarded := range caller.Header.Values(echo.HeaderXForwardedFor) {
		r.Header.Add(echo.HeaderXForwardedFor, forwarded)
	}
	fill(r)
	said := &reply{header: http.Header{}}
	c.Echo().ServeHTTP(said, r)
	return said, nil
}
