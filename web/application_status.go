package web

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// disableApplicationPage handles GET /admin/applications/{id}/disable.
func (s *Server) disableApplicationPage(c echo.Context) error {
	return s.askForStatus(c, "Disable", "application.disable", views.DisableApplicationPage)
}

// enableApplicationPage handles GET /admin/applications/{id}/enable.
func (s *Server) enableApplicationPage(c echo.Context) error {
	return s.askForStatus(c, "Enable", "application.enable", views.EnableApplicationPage)
}

func (s *Server) askForStatus(c echo.Context, verb, action string, page func(views.Shell, registry.Application, string) templ.Component) error {
	v, err := s.applicationToChange(c, action)
	if err != nil {
		return err
	}
	shell := s.shell(c, verb+" "+v.App.Name, applicationsPath)
	return render(c, http.StatusOK, page(shell, v.App.Application, localPath(c.QueryParam("back"), applicationPath(c))))
}

// disableApplication handles POST /admin/applications/{id}/disable.
func (s *Server) disableApplication(c echo.Context) error {
	return s.setStatus(c, registry.Disabled, "The application is disabled")
}

// enableApplication handles POST /admin/applications/{id}/enable.
func (s *Server) enableApplication(c echo.Context) error {
	return s.setStatus(c, registry.Active, "The application is enabled")
}

func (s *Server) setStatus(c echo.Context, status registry.Status, told string) error {
	var in struct {
		Back string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	if err := s.Store.SetStatus(c.Request().Context(), actor(c), c.Param("id"), status); err != nil {
		return err
	}
	s.flash(c, told)
	return redirect(c, localPath(in.Back, applicationPath(c)))
}
