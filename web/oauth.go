package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
)

// forFiveMinutes lets clients keep what seldom changes. A signing key is
// published for longer than that before it signs.
const forFiveMinutes = "public, max-age=300"

// token handles POST /oauth2/token.
func (s *Server) token(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Pragma", "no-cache") // RFC 6749, section 5.1
	req, err := oauth.ParseTokenRequest(c.Request())
	if err != nil {
		return s.refuseToken(c, "", err)
	}
	req.Origin = origin(c)
	token, err := s.OAuth.Token(c.Request().Context(), req)
	if err != nil {
		return s.refuseToken(c, req.GrantType, err)
	}
	s.Metrics.tokenIssued(req.GrantType)
	return c.JSONBlob(http.StatusOK, token.JSON())
}

func (s *Server) refuseToken(c echo.Context, grant string, err error) error {
	if refusal, ok := errors.AsType[*oauth.Error](err); ok {
		s.Metrics.tokenRefused(grant, refusal.Code)
	}
	return s.refuse(c, err)
}

// introspect handles POST /oauth2/introspect.
func (s *Server) introspect(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	req, err := oauth.ParseTokenQuery(c.Request())
	if err != nil {
		return s.refuse(c, err)
	}
	req.Origin = origin(c)
	said, err := s.OAuth.Introspect(c.Request().Context(), req)
	if err != nil {
		return s.refuse(c, err)
	}
	return c.JSON(http.StatusOK, said)
}

// revoke handles POST /oauth2/revoke.
func (s *Server) revoke(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	req, err := oauth.ParseTokenQuery(c.Request())
	if err != nil {
		return s.refuse(c, err)
	}
	req.Origin = origin(c)
	if err := s.OAuth.Revoke(c.Request().Context(), req); err != nil {
		return s.refuse(c, err)
	}
	return c.NoContent(http.StatusOK)
}

// userInfo handles GET and POST /oauth2/userinfo.
func (s *Server) userInfo(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	raw, err := rawToken(c)
	if err != nil {
		return s.refuse(c, err)
	}
	claims, err := s.OAuth.UserInfo(c.Request().Context(), raw, c.RealIP())
	if err != nil {
		return s.refuse(c, err)
	}
	return c.JSON(http.StatusOK, claims)
}

// origin returns where a request comes from.
func origin(c echo.Context) oauth.Origin {
	return oauth.Origin{Address: c.RealIP(), RequestID: requestID(c)}
}

// jwks handles GET /oauth2/jwks.
func (s *Server) jwks(c echo.Context) error {
	keys, err := s.OAuth.JWKS(c.Request().Context())
	if err != nil {
		return s.refuse(c, err)
	}
	c.Response().Header().Set("Cache-Control", forFiveMinutes)
	return c.JSONBlob(http.StatusOK, keys)
}

// authorizationServerMetadata handles GET /.well-known/oauth-authorization-server.
func (s *Server) authorizationServerMetadata(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", forFiveMinutes)
	return c.JSON(http.StatusOK, s.OAuth.Metadata())
}

// openIDConfiguration handles GET /.well-known/openid-configuration.
func (s *Server) openIDConfiguration(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", forFiveMinutes)
	return c.JSON(http.StatusOK, s.OAuth.Discovery())
}

// refuse answers with the protocol's own error document.
func (s *Server) refuse(c echo.Context, err error) error {
	refusal, ok := errors.AsType[*oauth.Error](err)
	if !ok || c.Request().Context().Err() != nil { // nobody waits for the answer any more
		return err
	}
	header := c.Response().Header()
	header.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After")
	if challenge := refusal.Challenge(); challenge != "" {
		header.Set("WWW-Authenticate", challenge)
	}
	if wait := retryAfter(refusal.Status, refusal); wait > 0 {
		setRetryAfter(c, wait)
	}
	if refusal.Status == http.StatusServiceUnavailable {
		s.Log.ErrorContext(c.Request().Context(), "protocol request failed", "path", c.Path(), "err", refusal)
	}
	return c.JSON(refusal.Status, refusal)
}

// anyOrigin lets scripts of every origin read what an endpoint answers. No
// cookie counts there, so none is allowed.
func anyOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Access-Control-Allow-Origin", "*")
		return next(c)
	}
}

// preflight answers OPTIONS, by which a browser asks before it lets a script
// send credentials in a header.
func preflight(c echo.Context) error {
	header := c.Response().Header()
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	header.Set("Access-Control-Max-Age", "7200")
	return c.NoContent(http.StatusNoContent)
}
