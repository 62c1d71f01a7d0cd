package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// me is what a token says of its holder.
type me struct {
	Type      string     `json:"type"` // "user" or "application"
	ID        string     `json:"id"`
	Name      string     `json:"name,omitempty"`  // of a user, with the scope profile
	Email     string     `json:"email,omitempty"` // with the scope email
	ClientID  string     `json:"client_id"`
	Scopes    []string   `json:"scopes"`
	ExpiresAt *time.Time `json:"expires_at"` // null of an application key
}

// apiMe handles GET /api/v1/me: whom the token acts for, and what it opens.
func (s *Server) apiMe(c echo.Context) error {
	token, by := accessToken(c), actor(c)
	m := me{Type: string(by.Type), ID: by.ID, ClientID: token.ClientID, Scopes: orEmpty(token.Scopes), ExpiresAt: timeOrNull(token.ExpiresAt)}
	if by.Type == registry.ApplicationActor {
		m.Name = by.Name
	}
	if slices.Contains(token.Scopes, "profile") {
		m.Name = token.User.Name
	}
	if slices.Contains(token.Scopes, "email") {
		m.Email = token.User.Email
	}
	return c.JSON(http.StatusOK, m)
}
