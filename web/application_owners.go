package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// ownersPage handles GET /admin/applications/{id}/owners. The query may look
// for users to add.
func (s *Server) ownersPage(c echo.Context) error {
	return s.showOwners(c, http.StatusOK, views.OwnersForm{Search: c.QueryParam("q")})
}

// addOwner handles POST /admin/applications/{id}/owners.
func (s *Server) addOwner(c echo.Context) error {
	var in struct {
		User   string `form:"user"`
		Search string `form:"q"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.Store.AddOwner(c.Request().Context(), actor(c), c.Param("id"), in.User)
	if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
		return s.showOwners(c, http.StatusUnprocessableEntity, views.OwnersForm{Search: in.Search, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	s.flash(c, "Added as an owner")
	return redirect(c, applicationPath(c)+"/owners")
}

func (s *Server) showOwners(c echo.Context, code int, form views.OwnersForm) error {
	v, err := s.applicationToChange(c, "application.add-owner")
	if err != nil {
		return err
	}
	if form.MayAdd = v.Owns || v.Granter.MayAll(v.Catalogue, v.App.Permissions); form.MayAdd {
		form.Found, form.More, err = s.Store.OwnerCandidates(c.Request().Context(), actor(c), v.App.ID, form.Search)
		if err != nil {
			return err
		}
	}
	return render(c, code, views.OwnersPage(s.shell(c, "Owners of "+v.App.Name, applicationsPath), v, form))
}

// removeOwnerPage handles GET /admin/applications/{id}/owners/{user}/remove.
func (s *Server) removeOwnerPage(c echo.Context) error {
	v, err := s.applicationToChange(c, "application.remove-owner")
	if err != nil {
		return err
	}
	for _, o := range v.App.Owners {
		if o.ID == c.Param("user") {
			return render(c, http.StatusOK, views.RemoveOwnerPage(s.shell(c, "Remove an owner", applicationsPath), v, o))
		}
	}
	return registry.ErrNotFound
}

// removeOwner handles POST /admin/applications/{id}/owners/{user}/remove.
func (s *Server) removeOwner(c echo.Context) error {
	if err := s.Store.RemoveOwner(c.Request().Context(), actor(c), c.Param("id"), c.Param("user")); err != nil {
		return err
	}
	s.flash(c, "No longer an owner")
	return redirect(c, applicationPath(c)+"/owners")
}
