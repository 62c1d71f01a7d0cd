package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/views"
)

// scopes handles GET /admin/scopes.
func (s *Server) scopes(c echo.Context) error {
	ctx := c.Request().Context()
	use, err := s.Store.ScopeUse(ctx, actor(c))
	if err != nil {
		return err
	}
	catalogue, err := s.Store.Catalogue(ctx)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.ScopesPage(s.shell(c, "Scopes", "/admin/scopes"), views.NewScopeList(catalogue, use, c.QueryParam("q"))))
}
