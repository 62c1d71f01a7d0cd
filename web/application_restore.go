package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// restoreApplicationPage handles GET /admin/applications/{id}/restore.
func (s *Server) restoreApplicationPage(c echo.Context) error {
	app, err := s.Store.DeletedApplication(c.Request().Context(), actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	return s.askToRestore(c, http.StatusOK, views.RestoreApplicationForm{App: app, Name: app.Name, Back: c.QueryParam("back")})
}

// restoreApplication handles POST /admin/applications/{id}/restore.
func (s *Server) restoreApplication(c echo.Context) error {
	var in struct {
		Name string `form:"name"`
		Back string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, by, id := c.Request().Context(), actor(c), c.Param("id")
	refused := s.Store.RestoreApplication(ctx, by, id, in.Name)
	invalid, wrong := errors.AsType[registry.Invalid](refused)
	switch {
	case refused == nil:
		s.flash(c, "The application is back")
		return redirect(c, applicationPath(c))
	case !wrong:
		return refused
	}
	app, err := s.Store.DeletedApplication(ctx, by, id)
	if err != nil {
		return err
	}
	return s.askToRestore(c, http.StatusUnprocessableEntity, views.RestoreApplicationForm{App: app, Name: in.Name, Invalid: invalid, Back: in.Back})
}

func (s *Server) askToRestore(c echo.Context, code int, form views.RestoreApplicationForm) error {
	if form.App.Locked() {
		return registry.ErrLocked
	}
	form.Back = localPath(form.Back, applicationsPath+"?status=deleted")
	return render(c, code, views.RestoreApplicationPage(s.shell(c, "Restore "+form.App.Name, applicationsPath), form))
}
