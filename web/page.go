package web

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// bind fills in from the request body only. Echo would mix in the query, so
// that a link could pre-fill a form or carry a secret in its address.
func bind(c echo.Context, in any) error {
	form, err := body(c)
	if err != nil {
		return err
	}
	return bindForm(c, form, in)
}

// bindForm fills in from a form that was read already.
func bindForm(c echo.Context, form url.Values, in any) error {
	r := c.Request()
	r.Form, r.PostForm = form, form
	r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	return new(echo.DefaultBinder).BindBody(c, in)
}

// body returns the form that was sent. It fails with an echo.HTTPError when it
// is no form, cannot be read or holds what is no text.
func body(c echo.Context) (url.Values, error) {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if r.ContentLength != 0 && (err != nil || kind != echo.MIMEApplicationForm) {
		return nil, echo.ErrUnsupportedMediaType
	}
	if err := r.ParseForm(); err != nil {
		return nil, unreadable(err)
	}
	if !isTextForm(r.PostForm) {
		return nil, echo.ErrBadRequest
	}
	return r.PostForm, nil
}

// unreadable answers a body that ends too early, or too late.
func unreadable(err error) error {
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return echo.ErrStatusRequestEntityTooLarge
	}
	return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
}

// render sends a view once it has rendered whole, so that a failing view is a
// clean 500 and never half a page.
func render(c echo.Context, status int, view templ.Component) error {
	var page bytes.Buffer
	if err := view.Render(c.Request().Context(), &page); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return c.HTMLBlob(status, page.Bytes())
}

// redirect sends the viewer on to another page. htmx would follow a 303 by
// fetch and put that page into the one that is open, so it is told to navigate;
// and not to a part of the page that is open, which a browser would only scroll
// to.
func redirect(c echo.Context, to string) error {
	if isHTMX(c) {
		page, _, _ := strings.Cut(to, "#")
		if open, err := url.Parse(c.Request().Header.Get("HX-Current-URL")); err == nil && open.RequestURI() == page {
			to = page
		}
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// isHTMX reports whether htmx sent the request, and wants a part of a page.
func isHTMX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// localPath returns path when it is an address on this server, and otherwise
// instead. It is how a return_to or back is read.
func localPath(path, instead string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil ||
		!strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || // "//host" is another server's
		strings.Contains(u.Path, `\`) || !isText(u.Path) { // browsers read a backslash as a slash
		return instead
	}
	return u.RequestURI()
}

const actorKey = "actor"

// actor returns for whom the request is, or the zero Actor for nobody.
func actor(c echo.Context) registry.Actor {
	by, _ := c.Get(actorKey).(registry.Actor)
	return by
}

// act makes by the actor of the request.
func act(c echo.Context, by registry.Actor) {
	by.Address, by.RequestID = c.RealIP(), requestID(c)
	c.Set(actorKey, by)
}
