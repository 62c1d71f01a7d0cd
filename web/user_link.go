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

// openLinkPage handles GET /invitation and /new-password, where one-time links
// lead. Looking at it spends nothing: programs that check links in messages
// look, too.
func (s *Server) openLinkPage(c echo.Context) error {
	link, err := s.Store.UserLink(c.Request().Context(), registry.ParseSecret(c.QueryParam("code")))
	if err != nil {
		return s.refuseLink(c, err, views.OpenLinkForm{})
	}
	return s.showLink(c, http.StatusOK, views.OpenLinkForm{Link: link})
}

// openLink handles POST /invitation and /new-password: somebody chooses a
// password and is signed in.
func (s *Server) openLink(c echo.Context) error {
	var in struct {
		Code string `form:"code"`
		New  string `form:"new"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, code := c.Request().Context(), registry.ParseSecret(in.Code)
	link, err := s.Store.UserLink(ctx, code)
	if err != nil {
		return s.refuseLink(c, err, views.OpenLinkForm{})
	}
	from := registry.Actor{Address: c.RealIP(), RequestID: requestID(c)}
	user, err := s.Store.OpenUserLink(ctx, from, code, registry.PasswordChange{New: in.New})
	if err != nil {
		return s.refuseLink(c, err, views.OpenLinkForm{Link: link})
	}
	s.Log.InfoContext(ctx, "a link was opened", slog.String("request_id", requestID(c)), slog.String("user", user.ID), slog.String("kind", string(link.Kind)))
	err = s.startSession(c, user, "")
	if errors.Is(err, store.ErrSignIn) { // disabled in this moment
		return redirect(c, "/login")
	}
	if err != nil {
		return err
	}
	return redirect(c, "/")
}

// refuseLink shows the form with what is wrong in it, or says why the link
// opens nothing.
func (s *Server) refuseLink(c echo.Context, err error, form views.OpenLinkForm) error {
	invalid, wrong := errors.AsType[registry.Invalid](err)
	dead, isDead := errors.AsType[store.LinkError](err)
	throttled, tooMany := errors.AsType[store.ThrottledError](err)
	switch {
	case wrong:
		form.Invalid = invalid
		return s.showLink(c, http.StatusUnprocessableEntity, form)
	case tooMany:
		form.Wait = throttled.RetryAfter
		setRetryAfter(c, throttled.RetryAfter)
		return s.showLink(c, http.StatusTooManyRequests, form)
	case isDead:
		code := http.StatusNotFound
		if dead.Spent || !dead.ExpiredAt.IsZero() {
			code = http.StatusGone
		}
		return render(c, code, views.DeadLinkPage(s.shell(c, "This link opens nothing", ""), views.DeadLink(dead)))
	default:
		return err
	}
}

func (s *Server) showLink(c echo.Context, code int, form views.OpenLinkForm) error {
	return render(c, code, views.OpenLinkPage(s.shell(c, "Choose a password", ""), form))
}
