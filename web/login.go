package web

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/store"
	"clientele/views"
)

// loginPage handles GET /login. Who is signed in already goes on at once,
// unless asked to sign in again.
func (s *Server) loginPage(c echo.Context) error {
	to := localPath(c.QueryParam("return_to"), "/")
	if _, ok := viewer(c); ok && !c.QueryParams().Has("again") {
		return redirect(c, to)
	}
	return s.showLogin(c, http.StatusOK, views.LoginForm{ReturnTo: to})
}

// showLogin shows the sign-in form. On the way to an authorization request it
// says which client waits, and fills in whom the client expects.
func (s *Server) showLogin(c echo.Context, code int, form views.LoginForm) error {
	if req, ok := s.continuing(c, form.ReturnTo); ok {
		leadsTo(c, req.RedirectURI)
		form.Client = req.Client.Name
		if form.Email == "" {
			form.Email = req.LoginHint
		}
	}
	shell := s.shell(c, "Sign in", "")
	shell.User, shell.Nav = nil, nil // who signs in again is nobody yet
	return render(c, code, views.LoginPage(shell, form))
}

// login handles POST /login.
func (s *Server) login(c echo.Context) error {
	var in struct {
		store.Credentials
		ReturnTo string `form:"return_to"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	in.Address, in.Device = c.RealIP(), s.cookie(c, "device")
	user, device, err := s.Store.SignIn(c.Request().Context(), in.Credentials)
	if err != nil {
		return s.refuseLogin(c, err, views.LoginForm{Email: in.Email, ReturnTo: localPath(in.ReturnTo, "/")})
	}
	if err := s.startSession(c, user, device); err != nil {
		return s.refuseLogin(c, err, views.LoginForm{Email: in.Email, ReturnTo: localPath(in.ReturnTo, "/")})
	}
	s.setCookie(c, "device", device, int(store.DeviceLifetime.Seconds()))
	s.Log.InfoContext(c.Request().Context(), "signed in",
		slog.String("request_id", requestID(c)), slog.String("user", user.ID), slog.String("address", in.Address))
	return redirect(c, localPath(in.ReturnTo, "/"))
}

// refuseLogin says that a sign-in failed, and not why.
func (s *Server) refuseLogin(c echo.Context, err error, form views.LoginForm) error {
	throttled, tooMany := errors.AsType[store.ThrottledError](err)
	code := http.StatusUnprocessableEntity
	switch {
	case tooMany:
		s.Metrics.authenticationFailed("user", "throttled")
		code, form.Wait = http.StatusTooManyRequests, throttled.RetryAfter
		setRetryAfter(c, throttled.RetryAfter)
	case errors.Is(err, store.ErrSignIn):
		s.Metrics.authenticationFailed("user", "wrong_password")
		form.Refused = true
	default:
		return err
	}
	s.Log.WarnContext(c.Request().Context(), "sign-in refused",
		slog.String("request_id", requestID(c)), slog.String("address", c.RealIP()), slog.Bool("throttled", tooMany))
	return s.showLogin(c, code, form)
}

// logout handles POST /logout.
func (s *Server) logout(c echo.Context) error {
	if err := endSession(c); err != nil {
		return err
	}
	return redirect(c, "/login")
}
