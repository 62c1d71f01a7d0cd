package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// regeneratePage handles GET /admin/applications/{id}/regenerate. The query may
// name the one secret to replace.
func (s *Server) regeneratePage(c echo.Context) error {
	form := views.RegenerateForm{Back: c.QueryParam("back"), Input: registry.RotationInput{Secret: c.QueryParam("secret")}}
	return s.askToRegenerate(c, http.StatusOK, form)
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
	form.Back = localPath(form.Back, applicationPath(c))
	v, err := s.applicationToRotate(c, "application.regenerate-secret")
	if err != nil {
		return err
	}
	if v.App.Public() {
		return s.noSecret(c, v, form.Back)
	}
	form.App, form.Now = v.App, v.Now
	if one, named := v.App.Secret(form.Input.Secret); form.Input.Secret != "" && (!named || !one.Lasts(v.Now)) {
		return redirect(c, form.Back) // where it is listed as ended
	}
	if form.Input.Seen == 0 {
		form.Input.Seen = secretsSeen(v)
	}
	return render(c, code, views.RegeneratePage(s.shell(c, "Regenerate secret of "+v.App.Name, applicationsPath), form))
}

// applicationToRotate is applicationToChange for a page that leads to a new
// secret.
func (s *Server) applicationToRotate(c echo.Context, action string) (views.ApplicationView, error) {
	v, err := s.applicationOwned(c, action)
	if err == nil && !v.MayRotate && !v.App.Public() {
		err = s.Store.RequireToGive(c.Request().Context(), actor(c), action, registry.ApplicationTarget(v.App.ID), registry.ManageApplications,
			registry.Subject{Type: registry.ApplicationSubject, ID: v.App.ID})
	}
	return v, err
}

// noSecret answers who wants a secret of a public client.
func (s *Server) noSecret(c echo.Context, v views.ApplicationView, back string) error {
	form := views.RegenerateForm{App: v.App, Back: back}
	return render(c, http.StatusConflict, views.NoSecretPage(s.shell(c, "It has no secret", applicationsPath), form))
}

// secretsSeen is the Seen of a registry.Rotation for the application as it is.
func secretsSeen(v views.ApplicationView) int {
	if v.App.SecretsMade == 0 {
		return registry.NoneSeen
	}
	return v.App.SecretsMade
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
