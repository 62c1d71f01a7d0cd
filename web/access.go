package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// signedIn lets only signed-in people on, and sends others to sign in first.
func signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := viewer(c); ok {
			return next(c)
		}
		to := "/login"
		if page := whereFrom(c); page != "" && page != "/" {
			to += "?return_to=" + url.QueryEscape(page)
		}
		return redirect(c, to)
	}
}

// whereFrom returns the page to come back to after signing in, or "".
func whereFrom(c echo.Context) string {
	r := c.Request()
	switch {
	case isHTMX(c): // it asks from within a page
		page, err := url.Parse(r.Header.Get("HX-Current-URL"))
		if err != nil {
			return ""
		}
		return localPath(page.RequestURI(), "")
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return localPath(r.URL.RequestURI(), "")
	default: // what was posted is gone
		return ""
	}
}

// viewing lets on only people who hold p. For others what is behind it does
// not exist; that they tried is recorded.
func (s *Server) viewing(p registry.Permission) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if may(c, p) {
				return next(c)
			}
			err := s.Store.Require(c.Request().Context(), actor(c), "page.view", registry.Target{Type: "page", ID: c.Path(), Name: c.Path()}, p)
			if errors.Is(err, registry.ErrForbidden) {
				s.noteRefusal(c, err)
				return registry.ErrNotFound
			}
			if err != nil {
				return err
			}
			return next(c)
		}
	}
}
