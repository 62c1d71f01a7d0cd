package web

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// statusGone is how the log counts requests that nobody waits for any more.
const statusGone = 499

// status is the only mapping from errors to HTTP.
func status(err error) int {
	if known, ok := errors.AsType[*echo.HTTPError](err); ok {
		return known.Code
	}
	if refusal, ok := errors.AsType[*oauth.Error](err); ok {
		return refusal.Status
	}
	if _, ok := errors.AsType[registry.Invalid](err); ok {
		return http.StatusUnprocessableEntity
	}
	if _, ok := errors.AsType[store.ThrottledError](err); ok {
		return http.StatusTooManyRequests
	}
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, registry.ErrForbidden), errors.Is(err, errCrossOrigin), errors.Is(err, errSignedOut):
		return http.StatusForbidden
	case errors.Is(err, registry.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, context.Canceled):
		return statusGone
	case store.Unavailable(err):
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// fail answers a request that err ended: with a page or, for htmx, a dialog in
// the console, with a problem document in the API, and with the protocol's own
// document at its endpoints.
func (s *Server) fail(err error, c echo.Context) {
	code := status(err)
	if code >= http.StatusInternalServerError {
		s.Log.ErrorContext(c.Request().Context(), "request failed",
			slog.String("request_id", requestID(c)), slog.String("path", c.Request().URL.EscapedPath()), slog.Any("err", err))
	}
	if c.Response().Committed {
		return
	}
	if wait := retryAfter(code, err); wait > 0 {
		setRetryAfter(c, wait)
	}
	s.noteRefusal(c, err)
	told := explain(code, err)
	told.Status, told.RequestID = code, requestID(c)
	var failed error
	switch {
	case isAPI(c):
		failed = s.problem(c, told, err)
	case !isConsole(c):
		failed = c.JSON(code, map[string]string{"error": "invalid_request", "error_description": told.Text})
	default:
		failed = s.failConsole(c, told)
	}
	if failed != nil {
		s.Log.ErrorContext(c.Request().Context(), "an error could not be told", "request_id", requestID(c), "err", failed)
	}
}

// retryAfter returns how long a client had better wait, or 0.
func retryAfter(code int, err error) time.Duration {
	if throttled, ok := errors.AsType[store.ThrottledError](err); ok {
		return throttled.RetryAfter
	}
	if refusal, ok := errors.AsType[*oauth.Error](err); ok && refusal.RetryAfter > 0 {
		return refusal.RetryAfter
	}
	if code == http.StatusServiceUnavailable {
		return 2 * time.Second
	}
	return 0
}

func setRetryAfter(c echo.Context, wait time.Duration) {
	c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// failConsole shows what went wrong. htmx would put it into whatever part of
// the page asked; it goes into the one dialog instead, where nobody misses it.
func (s *Server) failConsole(c echo.Context, told views.Failure) error {
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	if current(c) == nil && told.Status < http.StatusInternalServerError { // no route knew who asks
		_ = s.recognize(func(echo.Context) error { return nil })(c)
	}
	if !isHTMX(c) {
		return render(c, told.Status, views.ErrorPage(s.shell(c, told.Title, ""), told))
	}
	header.Set("HX-Retarget", "#modal")
	header.Set("HX-Reswap", "innerHTML")
	header.Set("HX-Reselect", "#failure")
	header.Set("HX-Push-Url", "false")
	header.Set("HX-Replace-Url", "false")
	return render(c, told.Status, views.ErrorDialog(told))
}

// explain says in plain words what happened and what to do about it.
func explain(code int, err error) views.Failure {
	switch code {
	case http.StatusBadRequest:
		return views.Failure{Title: "That request could not be read", Text: "Go back, reload the page and try again."}
	case http.StatusForbidden:
		return explainForbidden(err)
	case http.StatusNotFound:
		return views.Failure{Title: "Page not found", Text: "There is nothing here, or nothing that you may see."}
	case http.StatusMethodNotAllowed:
		return views.Failure{Title: "That does not work here", Text: "This address does not answer to that kind of request."}
	case http.StatusConflict:
		return views.Failure{Title: "That has changed meanwhile", Text: "Someone else was faster, or you did this already. Reload the page to see how it is now."}
	case http.StatusGone:
		return views.Failure{Title: "That is gone", Text: "What was here could be seen only once, or has ended."}
	case http.StatusRequestEntityTooLarge:
		return views.Failure{Title: "That is too much", Text: "The request is too long. Shorten what you typed, or choose a smaller file, and try again."}
	case http.StatusUnsupportedMediaType:
		return views.Failure{Title: "That request could not be read", Text: "It was sent in a format that is not understood here."}
	case http.StatusUnprocessableEntity:
		return views.Failure{Title: "Some of that is not right", Text: sentences(err)}
	case http.StatusTooManyRequests:
		return views.Failure{Title: "Too many at once", Text: "The server is kept busy at the moment. Try again in a minute."}
	case http.StatusServiceUnavailable:
		if store.Unwritable(err) {
			return views.Failure{
				Title: "Nothing can be saved at the moment",
				Text:  "The database cannot be written: its disk may be full or read-only. Nothing was changed, and what is there can still be looked at. Tell whoever runs this server.",
			}
		}
		if store.Damaged(err) {
			return views.Failure{
				Title: "The database is damaged",
				Text:  "What is asked for cannot be read. Nothing was changed, and trying again does not help. Tell whoever runs this server: its log says what to do.",
			}
		}
		return views.Failure{Title: "The database does not answer", Text: "Nothing was changed. Try again in a moment."}
	}
	if code < http.StatusInternalServerError {
		return views.Failure{Title: "That did not work", Text: "The request was not accepted. Go back and try again."}
	}
	return views.Failure{Title: "Something went wrong", Text: "The fault is on our side and has been logged. Try again; if it stays, tell whoever runs this server the request ID."}
}

func explainForbidden(err error) views.Failure {
	if errors.Is(err, errCrossOrigin) {
		return views.Failure{Title: "That came from another site", Text: "For your safety nothing was changed. Open the page here and try again."}
	}
	if errors.Is(err, errSignedOut) {
		return views.Failure{Title: "You are signed out", Text: "Your session has ended, and nothing was changed.", SignIn: true}
	}
	if errors.Is(err, registry.ErrLocked) {
		return views.Failure{Title: "Made by a platform service", Text: "The service that made this application also changes it. Here it can only be looked at."}
	}
	told := views.Failure{Title: "You may not do that", Text: "Ask an administrator of your team for access."}
	if forbidden, ok := errors.AsType[registry.Forbidden](err); ok {
		told.Text = "It needs the permission " + forbidden.Missing.String() + ". Ask an administrator of your team for it."
	}
	return told
}

// sentences returns what is wrong with an input.
func sentences(err error) string {
	invalid, _ := errors.AsType[registry.Invalid](err)
	var all []string
	for _, field := range slices.Sorted(maps.Keys(invalid)) {
		all = append(all, invalid[field])
	}
	return strings.Join(all, " ")
}

func isAPI(c echo.Context) bool {
	path := c.Request().URL.Path
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/access/")
}

// isProtocol reports whether the request is for an endpoint of OAuth that other
// programs call.
func isProtocol(c echo.Context) bool {
	path := c.Request().URL.Path
	return strings.HasPrefix(path, "/oauth2/") && !isAuthorization(path) || strings.HasPrefix(path, "/.well-known/")
}

// isAuthorization reports whether the path is for the part of OAuth that people see.
func isAuthorization(path string) bool {
	return path == oauth.AuthorizePath || strings.HasPrefix(path, oauth.AuthorizePath+"/")
}

// isConsole reports whether the request is for a page rather than for the
// protocol or an API.
func isConsole(c echo.Context) bool { return !isAPI(c) && !isProtocol(c) }
