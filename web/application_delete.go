package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// deleteApplicationPage handles GET /admin/applications/{id}/delete.
func (s *Server) deleteApplicationPage(c echo.Context) error {
	return s.askToDelete(c, http.StatusOK, views.DeleteApplicationForm{Back: c.QueryParam("back")})
}

// deleteApplication handles POST /admin/applications/{id}/delete.
func (s *Server) deleteApplication(c echo.Context) error {
	var in struct {
		Confirm string `form:"confirm"`
		Back    string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.Store.DeleteApplication(c.Request().Context(), actor(c), c.Param("id"), in.Confirm)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		return s.askToDelete(c, http.StatusUnprocessableEntity, views.DeleteApplicationForm{Typed: in.Confirm, Invalid: invalid, Back: in.Back})
	}
	if err != nil {
		return err
	}
	s.flash(c, "The application is deleted")
	back := localPath(in.Back, applicationsPath)
	if strings.HasPrefix(back, applicationPath(c)) { // its own pages are gone
		back = applicationsPath
	}
	return redirect(c, back)
}

func (s *Server) askToDelete(c echo.Context, code int, form views.DeleteApplicationForm) error {
	v, err := s.applicationToChange(c, "application.delete")
	if err != nil {
		return err
	}
	form.App, form.Back = v.App.Application, localPath(form.Back, applicationPath(c))
	return render(c, code, views.DeleteApplicationPage(s.shell(c, "Delete "+v.App.Name, applicationsPath), form))
}
