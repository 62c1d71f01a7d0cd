package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// applications handles GET /admin/applications.
func (s *Server) applications(c echo.Context) error {
	list := views.Applications{
		Now: s.Now().UTC(), MayView: may(c, registry.ViewApplications), MayManage: may(c, registry.ManageApplications),
	}
	if err := new(echo.DefaultBinder).BindQueryParams(c, &list.Query); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	catalogue, err := s.Store.Catalogue(c.Request().Context())
	if err != nil {
		return err
	}
	list.Scopes = catalogue.Services
	list.Page, err = s.Store.Applications(c.Request().Context(), actor(c), list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.ApplicationsPage(s.shell(c, "Applications", applicationsPath), list))
}
