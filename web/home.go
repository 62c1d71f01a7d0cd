package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"clientele/views"
)

// home handles GET /: it leads to the first page that the viewer may see, or
// says that there is none.
func (s *Server) home(c echo.Context) error {
	shell := s.shell(c, "Welcome", "")
	if len(shell.Nav) > 0 {
		return redirect(c, shell.Nav[0].Href)
	}
	return render(c, http.StatusOK, views.NothingToSee(shell))
}

// theme handles POST /theme: a choice of light, dark, or what the system says.
func (s *Server) theme(c echo.Context) error {
	var in struct {
		Theme string `form:"theme"`
		Back  string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	if slices.Contains([]string{"system", "light", "dark"}, in.Theme) {
		const aYear = 365 * 24 * 60 * 60
		s.setCookie(c, "theme", in.Theme, aYear)
	}
	return redirect(c, localPath(in.Back, "/"))
}

// healthz handles GET /healthz: the process lives.
func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz handles GET /readyz: the database answers and can be written, tokens
// can be signed, and the server is not about to stop.
func (s *Server) readyz(c echo.Context) error {
	select {
	case <-s.Stopping:
		return c.String(http.StatusServiceUnavailable, "stopping\n")
	default:
	}
	ctx := c.Request().Context()
	err := s.Store.Ready(ctx)
	if err == nil {
		_, err = s.Store.SigningKeys(ctx)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if err != nil {
		s.Log.WarnContext(ctx, "not ready", "err", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ok\n")
}
