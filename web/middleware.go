package web

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

const (
	// bodyLimit is how many bytes a request may carry: the longest form there
	// is, and some.
	bodyLimit = 1 << 20
	// uploadLimit is how many one with a file may carry. Of the file no more
	// than maxLogoFile is looked at, but whoever sends more is told which field
	// is wrong, and keeps the others.
	uploadLimit = 16 << 20
)

const requestIDHeader = "X-Request-Id"

// A proxy's request ID goes into logs and the audit log as it is.
var wellFormedRequestID = regexp.MustCompile(`^[A-Za-z0-9._:-]{8,64}$`)

// identify gives every request an ID, by which people and logs speak of the
// same one. Only a trusted proxy may choose it.
func (s *Server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(requestIDHeader)
		if !s.fromTrustedProxy(c.Request()) || !wellFormedRequestID.MatchString(id) {
			id = rand.Text()
		}
		c.Response().Header().Set(requestIDHeader, id)
		return next(c)
	}
}

// requestID returns the ID of the request being answered.
func requestID(c echo.Context) string { return c.Response().Header().Get(requestIDHeader) }

// logAccess writes a line for every request, but for what goes well at the
// protocol's endpoints only at level debug. Queries are left out: setup codes
// and what people search for stand there.
func (s *Server) logAccess(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := s.Now()
		if err := next(c); err != nil {
			c.Error(err) // answers now, so that the line has the status
		}
		r := c.Request()
		level := slog.LevelInfo
		if isProtocol(c) && c.Response().Status < http.StatusBadRequest {
			level = slog.LevelDebug // the store keeps count of tokens; a line for each would cost a tenth of it
		}
		if !s.Log.Enabled(r.Context(), level) {
			return nil
		}
		line := []slog.Attr{
			slog.String("request_id", requestID(c)),
			slog.String("method", r.Method),
			slog.String("path", r.URL.EscapedPath()),
			slog.Int("status", c.Response().Status),
			slog.Float64("duration_ms", float64(s.Now().Sub(start).Microseconds())/1000),
			slog.Int64("bytes", c.Response().Size),
			slog.String("address", c.RealIP()),
		}
		if by := actor(c); by.ID != "" {
			line = append(line, slog.String(string(by.Type), by.ID))
		}
		s.Log.LogAttrs(r.Context(), level, "request", line...)
		return nil
	}
}

// recoverPanic turns a panic into an error page and a line in the log.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch r := recover(); r {
			case nil:
			case http.ErrAbortHandler:
				panic(r)
			default:
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// policy is the Content-Security-Policy of every answer: what is not our own
// does not run, load or get sent anywhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// protect sets the headers by which browsers protect people, and refuses
// addresses that are no text. The API, the protocol and authorization requests
// tell of queries themselves.
func (s *Server) protect(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		if s.Secure {
			header.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		if !isText(c.Request().URL.Path) {
			return echo.ErrNotFound
		}
		if isConsole(c) && !isAuthorization(c.Request().URL.Path) && !isTextForm(c.QueryParams()) {
			return echo.ErrBadRequest
		}
		return next(c)
	}
}

func isTextForm(form url.Values) bool {
	for name, values := range form {
		if !isText(name) || slices.ContainsFunc(values, func(v string) bool { return !isText(v) }) {
			return false
		}
	}
	return true
}

// isText reports whether text is UTF-8 without NUL, which PostgreSQL cannot
// store or look for.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

func limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, limit := c.Request(), int64(bodyLimit)
		kind := r.Header.Get(echo.HeaderContentType)
		if strings.HasPrefix(kind, echo.MIMEMultipartForm) || r.Method == http.MethodPut && strings.HasPrefix(kind, echo.MIMEApplicationJSON) {
			limit = uploadLimit
		}
		if r.ContentLength > limit {
			return echo.ErrStatusRequestEntityTooLarge
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
		return next(c)
	}
}

// compress packs pages. Protocol and API answers are small, and assets come
// packed already.
var compress = middleware.GzipWithConfig(middleware.GzipConfig{
	Level:     gzip.BestSpeed, // the list is a fifth longer than at the usual level, which takes four times as long
	MinLength: 1024,
	Skipper: func(c echo.Context) bool {
		return !isConsole(c) || strings.HasPrefix(c.Request().URL.Path, "/static/")
	},
})

// noStore keeps pages out of caches: they show what only the viewer may see.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		return next(c)
	}
}

var crossOrigin = http.NewCrossOriginProtection()

// sameOrigin refuses requests that change something and come from another
// site's page: a browser would send the viewer's cookie along.
func sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := crossOrigin.Check(c.Request()); err != nil {
			return errCrossOrigin
		}
		return next(c)
	}
}

var errCrossOrigin = errors.New("the request came from another site's page")
