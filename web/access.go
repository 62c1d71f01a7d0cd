package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// errSignedOut is why nothing came of what someone sent: the session had ended.
var errSignedOut = errors.New("nobody is signed in")

// signedIn lets only signed-in people on, and sends others to sign in first. It
// fails with errSignedOut where that would lose what they sent.
func signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, ok := viewer(c); ok {
			return next(c)
		}
		if method := c.Request().Method; method != http.MethodGet && method != http.MethodHead {
			return errSignedOut
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
	if !isHTMX(c) {
		return localPath(c.Request().URL.RequestURI(), "")
	}
	page, err := url.Parse(c.Request().Header.Get("HX-Current-URL")) // it asks from within a page
	if err != nil {
		return ""
	}
	return localPath(page.RequestURI(), "")
}

// viewingApplications lets on who may view applications, and who owns one to
// the list and to what they own. Whether they may do what is behind it is for
// use cases to judge.
func (s *Server) viewingApplications(next echo.HandlerFunc) echo.HandlerFunc {
	all := s.viewing(registry.ViewApplications)(next)
	return func(c echo.Context) error {
		v, _ := viewer(c)
		if !v.Owns || may(c, registry.ViewApplications) {
			return all(c)
		}
		if id := c.Param("id"); id != "" {
			err := s.Store.RequireOwner(c.Request().Context(), actor(c), "page.view", id, registry.ViewApplications)
			if errors.Is(err, registry.ErrForbidden) {
				return registry.ErrNotFound
			}
			if err != nil {
				return err
			}
		}
		return next(c)
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
