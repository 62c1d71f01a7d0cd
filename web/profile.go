package web

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// profile handles GET /profile.
func (s *Server) profile(c echo.Context) error {
	v, err := s.profileView(c)
	if err != nil {
		return err
	}
	return s.showProfile(c, http.StatusOK, v)
}

// updateProfile handles POST /profile: a new name or e-mail address.
func (s *Server) updateProfile(c echo.Context) error {
	var in struct {
		registry.ProfileEdit
		SeenName  string `form:"seen_name"`
		SeenEmail string `form:"seen_email"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	in.Seen = &registry.UserDetails{Name: in.SeenName, Email: in.SeenEmail}
	refused := s.Store.UpdateProfile(c.Request().Context(), actor(c), in.ProfileEdit, s.ownBrowser(c))
	if refused == nil {
		s.flash(c, "Saved")
		return redirect(c, views.ProfilePath)
	}
	v, err := s.profileView(c)
	if err != nil {
		return err
	}
	v.Details.Input = in.Onto(v.Profile.Details())
	v.Details.Meanwhile = in.Seen.Changes(v.Details.Seen)
	code := http.StatusConflict
	if !errors.Is(refused, registry.ErrConflict) {
		if code, err = s.refusePassword(c, refused, &v.Details.Invalid, &v.Details.Wait); err != nil {
			return err
		}
	}
	return s.showProfile(c, code, v)
}

// changePassword handles POST /profile/password. This browser's session goes
// on under a new token.
func (s *Server) changePassword(c echo.Context) error {
	var in registry.PasswordChange
	if err := bind(c, &in); err != nil {
		return err
	}
	token, refused := s.Store.ChangePassword(c.Request().Context(), actor(c), in, s.ownBrowser(c))
	if refused == nil {
		renewSession(c, token)
		s.flash(c, "Your password is changed, and your other browsers are signed out")
		return redirect(c, views.ProfilePath)
	}
	v, err := s.profileView(c)
	if err != nil {
		return err
	}
	code, err := s.refusePassword(c, refused, &v.Password.Invalid, &v.Password.Wait)
	if err != nil {
		return err
	}
	return s.showProfile(c, code, v)
}

// setNoticeMail handles POST /profile/notices/mail.
func (s *Server) setNoticeMail(c echo.Context) error {
	var in struct {
		On bool `form:"on"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	if err := s.Store.SetNoticeMail(c.Request().Context(), actor(c), in.On); err != nil {
		return err
	}
	s.flash(c, "Saved")
	return redirect(c, views.ProfilePath+"#notices")
}

// refusePassword says what is wrong with a form in which a password was typed,
// and returns the status of that. Another error it returns.
func (s *Server) refusePassword(c echo.Context, refused error, invalid *registry.Invalid, wait *time.Duration) (int, error) {
	throttled, tooMany := errors.AsType[store.ThrottledError](refused)
	wrong, isWrong := errors.AsType[registry.Invalid](refused)
	switch {
	case tooMany:
		*wait = throttled.RetryAfter
		setRetryAfter(c, throttled.RetryAfter)
		s.Log.WarnContext(c.Request().Context(), "a password in the profile was not looked at",
			slog.String("request_id", requestID(c)), slog.String("user", actor(c).ID), slog.String("address", c.RealIP()))
		return http.StatusTooManyRequests, nil
	case isWrong:
		*invalid = wrong
		return http.StatusUnprocessableEntity, nil
	default:
		return 0, refused
	}
}

// endOwnSession handles POST /profile/sessions/{session}/end.
func (s *Server) endOwnSession(c echo.Context) error {
	if err := s.Store.EndOwnSession(c.Request().Context(), actor(c), c.Param("session")); err != nil {
		return err
	}
	s.flash(c, "That browser is signed out")
	return redirect(c, views.ProfilePath+"#sessions")
}

// endOtherSessions handles POST /profile/sessions/end.
func (s *Server) endOtherSessions(c echo.Context) error {
	if err := s.Store.EndOtherSessions(c.Request().Context(), actor(c), sessionToken(c)); err != nil {
		return err
	}
	s.flash(c, "All your other browsers are signed out")
	return redirect(c, views.ProfilePath+"#sessions")
}

// profileView reads what the viewer sees of themselves, as it is now.
func (s *Server) profileView(c echo.Context) (v views.ProfileView, err error) {
	v.Profile, err = s.Store.Profile(c.Request().Context(), actor(c), sessionToken(c))
	v.Details.Input = v.Profile.Details()
	v.Details.Seen = v.Details.Input
	v.Mail, v.Now = s.Mail, s.Now().UTC()
	if err == nil {
		v.Consents, err = s.ownConsentList(c, "")
	}
	return v, err
}

func (s *Server) showProfile(c echo.Context, code int, v views.ProfileView) error {
	return render(c, code, views.ProfilePage(s.shell(c, "Edit Profile", views.ProfilePath), v))
}

// ownBrowser returns the tokens of the browser that asks.
func (s *Server) ownBrowser(c echo.Context) store.Browser {
	return store.Browser{Session: sessionToken(c), Device: s.cookie(c, "device")}
}
