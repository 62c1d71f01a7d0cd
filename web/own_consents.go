package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/views"
)

// ownConsents handles GET /profile/oauth-clients.
func (s *Server) ownConsents(c echo.Context) error {
	list, err := s.ownConsentList(c, c.QueryParam("q"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.OwnConsentsPage(s.shell(c, "OAuth Client Management", views.OwnConsentsPath), list))
}

// ownConsentList reads the viewer's consents to clients whose name contains search.
func (s *Server) ownConsentList(c echo.Context, search string) (list views.OwnConsents, err error) {
	ctx := c.Request().Context()
	list.Search, list.Now = search, s.Now().UTC()
	if list.Catalogue, err = s.Store.Catalogue(ctx); err != nil {
		return list, err
	}
	list.Own, err = s.Store.OwnConsents(ctx, actor(c), search)
	return list, err
}

// revokeConsentPage handles GET /profile/oauth-clients/{consent}/revoke.
func (s *Server) revokeConsentPage(c echo.Context) error {
	back := localPath(c.QueryParam("back"), views.OwnConsentsPath)
	consent, err := s.Store.OwnConsent(c.Request().Context(), actor(c), c.Param("consent"))
	if err != nil {
		return err
	}
	if !consent.Live(s.Now()) {
		return redirect(c, back) // where it is listed as ended
	}
	return render(c, http.StatusOK, views.RevokeConsentPage(s.shell(c, "Revoke "+consent.Client.Name, views.OwnConsentsPath), consent, back))
}

// revokeConsent handles POST /profile/oauth-clients/{consent}/revoke.
func (s *Server) revokeConsent(c echo.Context) error {
	var in struct {
		Back string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	if err := s.Store.RevokeConsent(c.Request().Context(), actor(c), c.Param("consent")); err != nil {
		return err
	}
	s.flash(c, "Revoked. "+views.OfflineWords)
	return redirect(c, localPath(in.Back, views.OwnConsentsPath))
}

// revokeAllConsentsPage handles GET /profile/oauth-clients/revoke.
func (s *Server) revokeAllConsentsPage(c echo.Context) error {
	own, err := s.Store.OwnConsents(c.Request().Context(), actor(c), "")
	if err != nil {
		return err
	}
	if own.All == 0 {
		return redirect(c, views.OwnConsentsPath)
	}
	return render(c, http.StatusOK, views.RevokeAllConsentsPage(s.shell(c, "Revoke all", views.OwnConsentsPath), own.All))
}

// revokeAllConsents handles POST /profile/oauth-clients/revoke.
func (s *Server) revokeAllConsents(c echo.Context) error {
	if err := s.Store.RevokeAllConsents(c.Request().Context(), actor(c)); err != nil {
		return err
	}
	s.flash(c, "All revoked. "+views.OfflineWords)
	return redirect(c, views.OwnConsentsPath)
}
