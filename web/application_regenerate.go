package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// regeneratePage handles GET /admin/applications/{id}/regenerate.
func (s *Server) regeneratePage(c echo.Context) error {
	return s.askToRegenerate(c, http.StatusOK, views.RegenerateForm{Back: c.QueryParam("back")})
}

// regenerate handles POST /admin/applications/{id}/regenerate.
func (s *Server) regenerate(c echo.Context) error {
	var in struct {
		registry.RotationInput
		Back string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	form := views.RegenerateForm{Input: in.RotationInput, Back: in.Back}
	rotation, err := form.Input.Rotation()
	if err == nil {
		_, err = s.Store.RegenerateSecret(c.Request().Context(), actor(c), c.Param("id"), rotation, store.ShowOnce{SessionToken: sessionToken(c)})
	}
	invalid, wrong := errors.AsType[registry.Invalid](err)
	switch {
	case wrong:
		form.Invalid = invalid
		return s.askToRegenerate(c, http.StatusUnprocessableEntity, form)
	case errors.Is(err, registry.ErrConflict):
		return s.regenerated(c, form)
	case err != nil:
		return err
	}
	return redirect(c, applicationPath(c)+"/secret")
}

// askToRegenerate shows the form. It carries how many secrets there are, so
// that one confirmation, sent twice, makes one.
func (s *Server) askToRegenerate(c echo.Context, code int, form views.RegenerateForm) error {
	v, err := s.applicationToChange(c, "application.regenerate-secret")
	if err == nil && v.App.Public() {
		form.App, form.Back = v.App, localPath(form.Back, applicationPath(c))
		return render(c, http.StatusConflict, views.NoSecretPage(s.shell(c, "It has no secret", applicationsPath), form))
	}
	if err == nil && !v.MayRotate {
		err = s.Store.Require(c.Request().Context(), actor(c), "application.regenerate-secret", registry.ApplicationTarget(v.App.ID), registry.ManagePermissions)
	}
	if err != nil {
		return err
	}
	form.App, form.Now, form.Back = v.App, v.Now, localPath(form.Back, applicationPath(c))
	if form.Input.Seen == 0 {
		form.Input.Seen = v.App.SecretsMade
	}
	if form.Input.Seen == 0 {
		form.Input.Seen = registry.NoneSeen
	}
	return render(c, code, views.RegeneratePage(s.shell(c, "Regenerate secret of "+v.App.Name, applicationsPath), form))
}

// regenerated answers a confirmation that comes after another: the same one
// sent twice leads to the secret that it made, and somebody else's is told.
func (s *Server) regenerated(c echo.Context, form views.RegenerateForm) error {
	waits, err := s.Store.SecretWaits(c.Request().Context(), sessionToken(c), c.Param("id"))
	if err != nil {
		return err
	}
	if waits {
		return redirect(c, applicationPath(c)+"/secret")
	}
	v, err := s.applicationView(c)
	if err != nil {
		return err
	}
	form.App, form.Now, form.Back = v.App, v.Now, localPath(form.Back, applicationPath(c))
	return render(c, http.StatusConflict, views.RegeneratedPage(s.shell(c, "It has a new secret already", applicationsPath), form))
}
