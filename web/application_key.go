package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// newKeyPage handles GET /admin/applications/new/application-key.
func (s *Server) newKeyPage(c echo.Context) error {
	return s.askForKey(c, http.StatusOK, views.KeyForm{}, nil)
}

// newKey handles POST /admin/applications/new/application-key.
func (s *Server) newKey(c echo.Context) error {
	var in struct {
		registry.KeyDetails
		Until string `form:"until"`
		At    string `form:"at"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	until := registry.SecretInput{Until: in.Until, At: in.At}
	key := registry.NewApplicationKey{KeyDetails: in.KeyDetails, First: until}
	app, _, err := s.Store.CreateKey(c.Request().Context(), actor(c), key, store.ShowOnce{SessionToken: sessionToken(c)})
	if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
		return s.askForKey(c, http.StatusUnprocessableEntity, views.KeyForm{Input: in.KeyDetails, Invalid: invalid}, &until)
	}
	if err != nil {
		return err
	}
	return redirect(c, applicationsPath+"/"+app.ID+"/secret")
}

// askForKey shows the form, with the usual end unless one was chosen.
func (s *Server) askForKey(c echo.Context, code int, form views.KeyForm, until *registry.SecretInput) error {
	policy, err := s.Store.PolicyForKeys(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	form.First = views.NewSecretForm(registry.ApplicationDetails{Policy: policy}, s.Now().UTC())
	if until != nil {
		form.First.Input = *until
	}
	return render(c, code, views.NewKeyPage(s.shell(c, "New application key", applicationsPath), form))
}

// editKey handles POST /admin/applications/{id}/edit of an application key.
func (s *Server) editKey(c echo.Context) error {
	var in struct {
		registry.KeyDetails
		SeenName        string `form:"seen_name"`
		SeenDescription string `form:"seen_description"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	edit := registry.KeyEdit{KeyDetails: in.KeyDetails, Seen: &registry.KeyDetails{Name: in.SeenName, Description: in.SeenDescription}}
	*edit.Seen = edit.Seen.Clean() // browsers send other line ends
	err := s.Store.UpdateKey(c.Request().Context(), actor(c), c.Param("id"), edit)
	form := views.KeyForm{Input: in.KeyDetails, Meanwhile: errors.Is(err, registry.ErrConflict)}
	invalid, wrong := errors.AsType[registry.Invalid](err)
	switch form.Invalid = invalid; {
	case err == nil:
		s.flash(c, "Saved")
		return redirect(c, applicationPath(c))
	case form.Meanwhile:
		return s.editKeyAgain(c, http.StatusConflict, form)
	case wrong:
		return s.editKeyAgain(c, http.StatusUnprocessableEntity, form)
	default:
		return err
	}
}

func (s *Server) editKeyAgain(c echo.Context, code int, form views.KeyForm) error {
	v, err := s.applicationView(c)
	if err != nil {
		return err
	}
	form.Seen = v.App.KeyDetails()
	return render(c, code, views.KeyEditPage(s.shell(c, "Edit "+v.App.Name, applicationsPath), v, form))
}

// migratePage handles GET /admin/applications/{id}/migrate.
func (s *Server) migratePage(c echo.Context) error {
	v, err := s.keyToMigrate(c)
	if err != nil {
		return err
	}
	in := registry.KeyMigration{Name: v.App.Name + " client", AuthMethod: registry.SecretBasic, Scopes: v.ScopesOfPermissions()}
	return s.askToMigrate(c, http.StatusOK, v, views.MigrationForm{Input: in})
}

// migrate handles POST /admin/applications/{id}/migrate. The same answer, sent
// twice, leads to the secret of the client that it made.
func (s *Server) migrate(c echo.Context) error {
	var in registry.KeyMigration
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	app, _, err := s.Store.MigrateKey(ctx, actor(c), c.Param("id"), in, store.ShowOnce{SessionToken: sessionToken(c)})
	invalid, wrong := errors.AsType[registry.Invalid](err)
	if err == nil {
		return redirect(c, applicationsPath+"/"+app.ID+"/secret")
	}
	if !wrong && !errors.Is(err, registry.ErrConflict) {
		return err
	}
	v, err := s.keyToMigrate(c)
	if err != nil {
		return err
	}
	if to := v.App.MovesTo.ID; to != "" {
		waits, err := s.Store.SecretWaits(ctx, sessionToken(c), to)
		if err != nil {
			return err
		}
		if waits {
			return redirect(c, applicationsPath+"/"+to+"/secret")
		}
	}
	return s.askToMigrate(c, http.StatusUnprocessableEntity, v, views.MigrationForm{Input: in, Invalid: invalid})
}

func (s *Server) askToMigrate(c echo.Context, code int, v views.ApplicationView, form views.MigrationForm) error {
	if v.App.MovesTo.ID != "" {
		return render(c, http.StatusConflict, views.MovedPage(s.shell(c, "It moves already", applicationsPath), v))
	}
	return render(c, code, views.MigratePage(s.shell(c, "Move "+v.App.Name, applicationsPath), v, form))
}

// keyToMigrate is applicationToChange for an application key that the viewer
// could see a new key of.
func (s *Server) keyToMigrate(c echo.Context) (views.ApplicationView, error) {
	const action = "application.migrate"
	v, err := s.applicationToChange(c, action)
	switch {
	case err != nil:
		return v, err
	case v.App.Type != registry.ApplicationKey:
		return v, registry.ErrNotFound
	case !v.MayRotate:
		return v, s.Store.RequireToGive(c.Request().Context(), actor(c), action, registry.ApplicationTarget(v.App.ID), registry.ManageApplications,
			registry.Subject{Type: registry.ApplicationSubject, ID: v.App.ID})
	default:
		return v, nil
	}
}
