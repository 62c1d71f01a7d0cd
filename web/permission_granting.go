package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// permissionGranting handles GET /admin/permissions/{service}/granting.
func (s *Server) permissionGranting(c echo.Context) error {
	v, err := s.Store.PermissionGranting(c.Request().Context(), actor(c), c.Param("service"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.PermissionGrantingPage(s.shell(c, "Who may grant "+v.Name, permissionsPath), v))
}

// setGrantingPage handles GET /admin/permissions/{service}/granting/{to}.
func (s *Server) setGrantingPage(to registry.Granting) echo.HandlerFunc {
	return func(c echo.Context) error { return s.askForGranting(c, http.StatusOK, views.GrantingQuestion{To: to}) }
}

// setGranting handles POST /admin/permissions/{service}/granting/{to}.
func (s *Server) setGranting(to registry.Granting) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, err := body(c); err != nil {
			return err
		}
		err := s.Store.SetGranting(c.Request().Context(), actor(c), c.Param("service"), to)
		if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
			return s.askForGranting(c, http.StatusUnprocessableEntity, views.GrantingQuestion{To: to, Invalid: invalid})
		}
		if err != nil {
			return err
		}
		s.flash(c, "Who may grant is changed")
		return redirect(c, views.GrantingPath(c.Param("service"), ""))
	}
}

func (s *Server) askForGranting(c echo.Context, code int, q views.GrantingQuestion) error {
	ctx, by, err := c.Request().Context(), actor(c), error(nil)
	if q.View, err = s.Store.PermissionGranting(ctx, by, c.Param("service")); err != nil {
		return err
	}
	if !q.View.May {
		target := registry.Target{Type: "service", ID: q.View.Key, Name: q.View.Name}
		if err := s.Store.RequireToGrant(ctx, by, "service.set-granting", target, q.View.Key, ""); err != nil {
			return err
		}
	}
	return render(c, code, views.GrantingQuestionPage(s.shell(c, q.Title(), permissionsPath), q))
}
