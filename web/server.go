// Package web is everything Clientele says over HTTP: the console, the
// protocol's endpoints and the REST API. routes.go is its table of contents.
//
// A handler binds what was sent, calls one use case of the store or the
// protocol, and chooses a view. errors.go is the only place that turns errors
// into answers.
package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/store"
)

// Server answers requests from the store. Set all its fields, then call Handler.
type Server struct {
	Store          *store.DB
	OAuth          *oauth.Server
	Issuer         string          // the address of this server, without a slash at its end
	Secure         bool            // the issuer is https: cookies are Secure, and browsers are told to stay with https
	TrustedProxies []netip.Prefix  // whose X-Forwarded-For and X-Request-Id are believed
	Mail           bool            // e-mail is sent
	Stopping       <-chan struct{} // closed once it is about to stop: /readyz says so; nil: never
	Metrics        *Metrics        // counts what is answered; or nil
	Now            func() time.Time
	Log            *slog.Logger
}

// Handler returns everything the server answers to.
func (s *Server) Handler() http.Handler { return s.echo() }

func (s *Server) echo() *echo.Echo {
	e := echo.New()
	e.Logger.SetOutput(io.Discard) // ours is s.Log
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = addressExtractor(s.TrustedProxies)
	if s.Metrics != nil {
		e.Use(s.Metrics.measure)
	}
	e.Use(s.identify, s.logAccess, s.recoverPanic, s.protect, limitBody, compress)
	s.routes(e)
	if s.Metrics != nil {
		s.Metrics.know(e.Routes())
	}
	return e
}
