package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// networksPage handles GET /admin/applications/{id}/networks.
func (s *Server) networksPage(c echo.Context) error {
	v, err := s.applicationToChange(c, "application.set-networks")
	if err != nil {
		return err
	}
	return s.showNetworks(c, http.StatusOK, v, views.NetworksForm{Input: registry.NetworksInputOf(v.App.Networks)})
}

// setNetworks handles POST /admin/applications/{id}/networks.
func (s *Server) setNetworks(c echo.Context) error {
	var in struct {
		registry.NetworksInput
		Seen string `form:"seen"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	networks, err := in.Parse()
	if err == nil {
		edit := registry.NetworksEdit{Networks: networks, Anyway: in.Anyway}
		if seen, wrong := (registry.NetworksInput{Networks: in.Seen}).Parse(); wrong == nil {
			edit.Seen = &seen
		}
		err = s.Store.SetNetworks(c.Request().Context(), actor(c), c.Param("id"), edit)
	}
	invalid, wrong := errors.AsType[registry.Invalid](err)
	form := views.NetworksForm{Input: in.NetworksInput, Invalid: invalid, Meanwhile: errors.Is(err, registry.ErrConflict)}
	switch {
	case err == nil:
		s.flash(c, "Saved")
		return redirect(c, applicationPath(c))
	case !wrong && !form.Meanwhile:
		return err
	}
	v, err := s.applicationToChange(c, "application.set-networks")
	if err != nil {
		return err
	}
	code := http.StatusUnprocessableEntity
	if form.Meanwhile {
		code = http.StatusConflict
	}
	return s.showNetworks(c, code, v, form)
}

func (s *Server) showNetworks(c echo.Context, code int, v views.ApplicationView, form views.NetworksForm) error {
	form.From = c.RealIP()
	return render(c, code, views.NetworksPage(s.shell(c, "Allowed networks of "+v.App.Name, applicationsPath), v, form))
}
