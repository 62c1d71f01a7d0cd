package web

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// setupPage handles GET /setup, where a printed link leads.
func (s *Server) setupPage(c echo.Context) error {
	form := views.SetupForm{Code: c.QueryParam("code")}
	if err := s.Store.CheckSetupCode(c.Request().Context(), form.Code); err != nil {
		return s.refuseSetup(c, err, form)
	}
	return render(c, http.StatusOK, views.SetupPage(s.shell(c, "Set up", ""), form))
}

// setupCheck handles POST /setup/check, as one leaves a field.
func (s *Server) setupCheck(c echo.Context) error {
	in, err := bindSetup(c)
	if err != nil {
		return err
	}
	form := views.SetupForm{Input: in.Setup, Code: in.Code}
	if err := s.Store.CheckSetupCode(c.Request().Context(), in.Code); err != nil {
		return s.refuseSetup(c, err, form)
	}
	form.Invalid, _ = errors.AsType[registry.Invalid](registry.Check(in.Clean()))
	return render(c, http.StatusOK, views.SetupPage(s.shell(c, "Set up", ""), form))
}

// setup handles POST /setup: it makes the team and its first administrator,
// who is signed in at once.
func (s *Server) setup(c echo.Context) error {
	in, err := bindSetup(c)
	if err != nil {
		return err
	}
	from := registry.Actor{Address: c.RealIP(), RequestID: requestID(c)}
	user, err := s.Store.Setup(c.Request().Context(), from, in.Code, in.Setup)
	if err != nil {
		return s.refuseSetup(c, err, views.SetupForm{Input: in.Setup, Code: in.Code})
	}
	s.Log.InfoContext(c.Request().Context(), "the team is set up", slog.String("request_id", requestID(c)), slog.String("user", user.ID))
	if err := s.startSession(c, user, ""); err != nil {
		return err
	}
	return redirect(c, "/")
}

// setupInput is the form of the setup page.
type setupInput struct {
	registry.Setup
	Code string `form:"code"`
}

func bindSetup(c echo.Context) (setupInput, error) {
	var in setupInput
	err := bind(c, &in)
	return in, err
}

// refuseSetup shows the form with what is wrong in it, or says where to find
// the link, or that everything is set up.
func (s *Server) refuseSetup(c echo.Context, err error, form views.SetupForm) error {
	invalid, wrong := errors.AsType[registry.Invalid](err)
	switch {
	case wrong:
		form.Invalid = invalid
		return render(c, http.StatusUnprocessableEntity, views.SetupPage(s.shell(c, "Set up", ""), form))
	case errors.Is(err, store.ErrSetupCode):
		return render(c, http.StatusForbidden, views.SetupLinkPage(s.shell(c, "Set up", "")))
	case errors.Is(err, registry.ErrNotFound):
		return render(c, http.StatusNotFound, views.SetupDonePage(s.shell(c, "Set up already", "")))
	default:
		return err
	}
}
