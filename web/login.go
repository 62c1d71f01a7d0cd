package web

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/store"
	"clientele/views"
)

// loginPage handles GET /login. Who is signed in already goes on at once.
func (s *Server) loginPage(c echo.Context) error {
	to := localPath(c.QueryParam("return_to"), "/")
	if _, ok := viewer(c); ok {
		return redirect(c, to)
	}
	return render(c, http.StatusOK, views.LoginPage(s.shell(c, "Sign in", ""), views.LoginForm{ReturnTo: to}))
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
	if err := s.startSession(c, user); err != nil {
		return err
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
		code, form.Wait = http.StatusTooManyRequests, throttled.RetryAfter
		setRetryAfter(c, throttled.RetryAfter)
	case errors.Is(err, store.ErrSignIn):
		form.Refused = true
	default:
		return err
	}
	s.Log.WarnContext(c.Request().Context(), "sign-in refused",
		slog.String("request_id", requestID(c)), slog.String("address", c.RealIP()), slog.Bool("throttled", tooMany))
	return render(c, code, views.LoginPage(s.shell(c, "Sign in", ""), form))
}

// logout handles POST /logout.
func (s *Server) logout(c echo.Context) error {
	if err := endSession(c); err != nil {
		return err
	}
	return redirect(c, "/login")
}
