package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// teamPage handles GET /admin/settings.
func (s *Server) teamPage(c echo.Context) error {
	team, err := s.Store.Team(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	return s.showTeam(c, http.StatusOK, views.TeamForm{Input: registry.TeamEdit{Name: team.Name}, Team: team})
}

// updateTeam handles POST /admin/settings: another name or logo.
func (s *Server) updateTeam(c echo.Context) error {
	form, file, err := bodyWithFile(c)
	if err != nil {
		return err
	}
	var in registry.TeamEdit
	if err := bindForm(c, form, &in); err != nil {
		return err
	}
	var wrongLogo registry.Invalid
	if in.Logo, wrongLogo, err = readLogo(form, file); err != nil {
		return err
	}
	var refused error
	if wrongLogo == nil {
		refused = s.Store.UpdateTeam(c.Request().Context(), actor(c), in)
	} else {
		invalid, _ := errors.AsType[registry.Invalid](registry.Check(in.Clean()))
		refused = wrongLogo.And(invalid)
	}
	if refused == nil {
		s.flash(c, "Saved")
		return redirect(c, views.SettingsPath)
	}
	team, err := s.Store.Team(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	again := views.TeamForm{Input: in, Team: team}
	invalid, wrong := errors.AsType[registry.Invalid](refused)
	switch again.Invalid = invalid; {
	case wrong:
		return s.showTeam(c, http.StatusUnprocessableEntity, again)
	case errors.Is(refused, registry.ErrConflict):
		again.Meanwhile = true
		return s.showTeam(c, http.StatusConflict, again)
	default:
		return refused
	}
}

func (s *Server) showTeam(c echo.Context, code int, form views.TeamForm) error {
	return render(c, code, views.TeamPage(s.shell(c, "Settings", views.SettingsPath), form))
}
