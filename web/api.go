package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
)

// bearer lets a call of the REST API on only with an access token for it, and
// makes the actor whom the token is for: the user who consented, or else the
// application itself. An application key does in place of a token.
func (s *Server) bearer(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token, err := s.verify(c)
		if err != nil {
			return err
		}
		by, err := s.Store.ApplicationActor(c.Request().Context(), token.ClientID)
		if errors.Is(err, registry.ErrNotFound) { // deleted a moment ago
			return &oauth.Error{Code: "invalid_token", Description: "The token was revoked.", Status: http.StatusUnauthorized}
		}
		if err != nil {
			return err
		}
		if user := token.User; user.ID != "" {
			by = registry.Actor{Type: registry.UserActor, ID: user.ID, Name: user.Name + " (through " + by.Name + ")"}
		}
		act(c, by)
		c.Set(tokenKey, token)
		return next(c)
	}
}

// verify returns what the token or the application key of the call is good for.
func (s *Server) verify(c echo.Context) (oauth.AccessToken, error) {
	ctx, address := c.Request().Context(), c.RealIP()
	if key, sent := oauth.ApplicationKey(c.Request()); sent {
		return s.OAuth.VerifyKey(ctx, key, address)
	}
	raw, err := rawToken(c)
	if err != nil {
		return oauth.AccessToken{}, err
	}
	return s.OAuth.VerifyAccessToken(ctx, raw, address)
}

const tokenKey = "token"

// accessToken returns the token of the call, which bearer verified.
func accessToken(c echo.Context) oauth.AccessToken {
	token, _ := c.Get(tokenKey).(oauth.AccessToken)
	return token
}

// scope lets a call on only when its token carries the scope. action is what
// the audit log says was refused to one without it, and on the application that
// the address names, or on that. A key has no scopes, which only narrow.
// Permission is the store's to judge.
func (s *Server) scope(scope, action string, on registry.Target) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			token := accessToken(c)
			if token.Key {
				return next(c)
			}
			target := on
			if id := c.Param("id"); id != "" {
				target = registry.ApplicationTarget(id)
			}
			if err := s.Store.RequireScope(c.Request().Context(), actor(c), token.Scopes, scope, action, target); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// rawToken returns the token of the call as it was sent, in the header. It
// fails with an *oauth.Error.
func rawToken(c echo.Context) (string, error) {
	r := c.Request()
	if r.URL.Query().Has("access_token") { // RFC 9700, section 4.3.2
		return "", invalidBearer("Send the access token in the Authorization header, never in the address.")
	}
	raw, err := oauth.BearerToken(r)
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(raw, isNotTokenChar) {
		return "", invalidBearer("The Authorization header is malformed: send Bearer and one access token.")
	}
	return raw, nil
}

func invalidBearer(description string) error {
	return &oauth.Error{Code: "invalid_request", Description: description, Status: http.StatusBadRequest}
}

// isNotTokenChar reports whether r cannot stand in a bearer token (RFC 6750, section 2.1).
func isNotTokenChar(r rune) bool {
	return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=", r)
}

// query are the parameters of a call, each there once at most.
type query struct {
	values  url.Values
	invalid registry.Invalid
}

// apiQuery reads the query of a call that knows these parameters. What is
// wrong with it is told by err, in the end and all at once.
func apiQuery(c echo.Context, known ...string) *query {
	q := &query{invalid: registry.Invalid{}}
	var err error
	if q.values, err = url.ParseQuery(c.Request().URL.RawQuery); err != nil {
		q.invalid["query"] = "Encode the query like a form: name=value, joined by &."
	}
	for name, values := range q.values {
		switch {
		case !slices.Contains(known, name):
			q.invalid[strings.ToValidUTF8(name, "?")] = "There is no such parameter here."
		case len(values) > 1:
			q.invalid[name] = "Send this parameter once."
		case !isText(values[0]):
			q.invalid[name] = "Send text in UTF-8."
		}
	}
	return q
}

// limit returns how many a page shall have.
func (q *query) limit() int {
	const usual, most = 50, 200
	if !q.values.Has("limit") {
		return usual
	}
	n, err := strconv.Atoi(q.values.Get("limit"))
	if err != nil || n < 1 || n > most {
		q.wrong("limit", fmt.Sprintf("Choose a number from 1 to %d.", most))
	}
	return n
}

// wrong notes what is wrong with a parameter, unless something was before.
func (q *query) wrong(name, message string) {
	if _, told := q.invalid[name]; !told {
		q.invalid[name] = message
	}
}

// err returns registry.Invalid when anything is wrong.
func (q *query) err() error {
	if len(q.invalid) > 0 {
		return q.invalid
	}
	return nil
}

// linkNext tells the address of the next page (RFC 8288).
func (s *Server) linkNext(c echo.Context, cursor string) {
	q := c.Request().URL.Query()
	q.Set("cursor", cursor)
	c.Response().Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, s.Issuer, c.Request().URL.EscapedPath(), q.Encode()))
}

// orNull returns what JSON writes as null when text is "".
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// timeOrNull returns what JSON writes as a time in UTC, or as null when it is zero.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
