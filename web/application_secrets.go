package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// newSecretPage handles GET /admin/applications/{id}/secrets/new.
func (s *Server) newSecretPage(c echo.Context) error {
	v, err := s.applicationToRotate(c, "application.add-secret")
	if err != nil {
		return err
	}
	if v.App.Public() {
		return s.noSecret(c, v, secretsPath(c))
	}
	form := views.NewSecretForm(v.App, v.Now)
	form.Seen = secretsSeen(v)
	return s.askForSecret(c, http.StatusOK, form)
}

// newSecret handles POST /admin/applications/{id}/secrets/new.
func (s *Server) newSecret(c echo.Context) error {
	var in struct {
		registry.SecretInput
		Seen int `form:"seen"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	terms, err := in.Terms(s.Now().UTC())
	if err == nil {
		added := registry.AddedSecret{SecretTerms: terms, Seen: in.Seen}
		_, err = s.Store.AddSecret(c.Request().Context(), actor(c), c.Param("id"), added, store.ShowOnce{SessionToken: sessionToken(c)})
	}
	invalid, wrong := errors.AsType[registry.Invalid](err)
	switch {
	case err == nil:
		return redirect(c, applicationPath(c)+"/secret")
	case errors.Is(err, registry.ErrConflict):
		return s.regenerated(c, views.RegenerateForm{Input: registry.RotationInput{Seen: in.Seen}})
	case !wrong:
		return err
	}
	v, err := s.applicationToRotate(c, "application.add-secret")
	if err != nil {
		return err
	}
	if v.App.Public() {
		return s.noSecret(c, v, secretsPath(c))
	}
	return s.askForSecret(c, http.StatusUnprocessableEntity, views.SecretForm{App: v.App, Input: in.SecretInput, Seen: in.Seen, Invalid: invalid, Now: v.Now})
}

func (s *Server) askForSecret(c echo.Context, code int, form views.SecretForm) error {
	form.Back = secretsPath(c)
	return render(c, code, views.NewSecretPage(s.shell(c, "Add a secret to "+form.App.Name, applicationsPath), form))
}

// secretsPath is where an application's secrets are listed.
func secretsPath(c echo.Context) string { return applicationPath(c) + "#secrets" }

// secretToChange reads the application and the secret that the address names,
// for a page that leads to a change of it.
func (s *Server) secretToChange(c echo.Context, action string) (v views.ApplicationView, secret registry.ClientSecret, err error) {
	if v, err = s.applicationOwned(c, action); err != nil {
		return v, secret, err
	}
	secret, known := v.App.Secret(c.Param("secret"))
	if !known {
		return v, secret, registry.ErrNotFound
	}
	return v, secret, nil
}

// editSecretPage handles GET /admin/applications/{id}/secrets/{secret}/edit.
func (s *Server) editSecretPage(c echo.Context) error {
	v, secret, err := s.secretToChange(c, "application.update-secret")
	if err != nil {
		return err
	}
	if !secret.Lasts(v.Now) {
		return redirect(c, secretsPath(c)) // where it is listed as ended
	}
	return s.editSecretAgain(c, http.StatusOK, v, views.SecretForm{Secret: secret, Input: registry.SecretInputOf(secret.Terms())})
}

// editSecret handles POST /admin/applications/{id}/secrets/{secret}/edit.
func (s *Server) editSecret(c echo.Context) error {
	var in struct {
		registry.SecretInput
		SeenName string `form:"seen_name"`
		SeenEnd  string `form:"seen_end"` // unix seconds
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	terms, err := in.Terms(s.Now().UTC())
	if err == nil {
		edit := registry.SecretEdit{SecretTerms: terms, Seen: &registry.SecretTerms{Name: in.SeenName, Ends: parseUnix(in.SeenEnd)}}
		err = s.Store.UpdateSecret(c.Request().Context(), actor(c), c.Param("id"), c.Param("secret"), edit)
	}
	invalid, wrong := errors.AsType[registry.Invalid](err)
	meanwhile := errors.Is(err, registry.ErrConflict)
	switch {
	case err == nil:
		s.flash(c, "Saved")
		return redirect(c, secretsPath(c))
	case !wrong && !meanwhile:
		return err
	}
	v, secret, err := s.secretToChange(c, "application.update-secret")
	if err != nil {
		return err
	}
	if !secret.Lasts(v.Now) {
		return registry.ErrConflict
	}
	code := http.StatusUnprocessableEntity
	if meanwhile {
		code = http.StatusConflict
	}
	return s.editSecretAgain(c, code, v, views.SecretForm{Secret: secret, Input: in.SecretInput, Invalid: invalid, Meanwhile: meanwhile})
}

func (s *Server) editSecretAgain(c echo.Context, code int, v views.ApplicationView, form views.SecretForm) error {
	form.App, form.Now, form.Back = v.App, v.Now, secretsPath(c)
	return render(c, code, views.EditSecretPage(s.shell(c, "Edit a secret of "+v.App.Name, applicationsPath), form))
}

// parseUnix returns the time that a form carried, or the zero time.
func parseUnix(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// pauseSecretPage handles GET /admin/applications/{id}/secrets/{secret}/pause.
func (s *Server) pauseSecretPage(c echo.Context) error {
	return s.askAboutSecret(c, "Pause", "application.pause-secret", registry.ClientSecret.Authenticates, views.PauseSecretPage)
}

// resumeSecretPage handles GET /admin/applications/{id}/secrets/{secret}/resume.
func (s *Server) resumeSecretPage(c echo.Context) error {
	isPaused := func(secret registry.ClientSecret, now time.Time) bool {
		return secret.State(now) == registry.SecretPaused
	}
	return s.askAboutSecret(c, "Resume", "application.resume-secret", isPaused, views.ResumeSecretPage)
}

// endSecretPage handles GET /admin/applications/{id}/secrets/{secret}/end.
func (s *Server) endSecretPage(c echo.Context) error {
	return s.askAboutSecret(c, "End", "application.end-secret", registry.ClientSecret.Lasts, views.EndSecretPage)
}

// askAboutSecret asks whether to do something to a secret, if it still can be done.
func (s *Server) askAboutSecret(c echo.Context, verb, action string, possible func(registry.ClientSecret, time.Time) bool,
	page func(views.Shell, views.ApplicationView, registry.ClientSecret) templ.Component,
) error {
	v, secret, err := s.secretToChange(c, action)
	if err != nil {
		return err
	}
	if !possible(secret, v.Now) {
		return redirect(c, secretsPath(c)) // where one sees why
	}
	return render(c, http.StatusOK, page(s.shell(c, verb+" a secret of "+v.App.Name, applicationsPath), v, secret))
}

// pauseSecret handles POST /admin/applications/{id}/secrets/{secret}/pause.
func (s *Server) pauseSecret(c echo.Context) error {
	return s.changeSecret(c, s.Store.PauseSecret, "The secret is paused, and its tokens with it")
}

// resumeSecret handles POST /admin/applications/{id}/secrets/{secret}/resume.
func (s *Server) resumeSecret(c echo.Context) error {
	return s.changeSecret(c, s.Store.ResumeSecret, "The secret is accepted again")
}

// endSecret handles POST /admin/applications/{id}/secrets/{secret}/end.
func (s *Server) endSecret(c echo.Context) error {
	return s.changeSecret(c, s.Store.EndSecret, "The secret has ended, and its tokens with it")
}

func (s *Server) changeSecret(c echo.Context, change func(ctx context.Context, by registry.Actor, id, secretID string) error, told string) error {
	if err := change(c.Request().Context(), actor(c), c.Param("id"), c.Param("secret")); err != nil {
		return err
	}
	s.flash(c, told)
	return redirect(c, secretsPath(c))
}
