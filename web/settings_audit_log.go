package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// retentionPage handles GET /admin/settings/audit-log.
func (s *Server) retentionPage(c echo.Context) error {
	now, err := s.Store.AuditRetention(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	return s.showRetention(c, http.StatusOK, views.RetentionForm{Now: now, Days: strconv.Itoa(now.Days)})
}

// setRetention handles POST /admin/settings/audit-log. What would delete events
// sooner leads to the question whether to.
func (s *Server) setRetention(c echo.Context) error {
	var in struct {
		Days    string  `form:"days"`
		Confirm *string `form:"confirm"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	edit := registry.RetentionEdit{Days: -1}
	if days, err := strconv.Atoi(in.Days); err == nil {
		edit.Days = days
	}
	if in.Confirm != nil {
		edit.Confirm = *in.Confirm
	}
	err := s.Store.SetAuditRetention(c.Request().Context(), actor(c), edit)
	invalid, wrong := errors.AsType[registry.Invalid](err)
	switch {
	case err == nil:
		s.flash(c, "Saved")
		return redirect(c, views.RetentionPath)
	case !wrong:
		return err
	case invalid["confirm"] != "" && in.Confirm == nil:
		return redirect(c, views.RetentionPath+"/shorten?"+url.Values{"days": {in.Days}}.Encode())
	case invalid["confirm"] != "":
		return s.askToShorten(c, http.StatusUnprocessableEntity, edit.Days, views.ShortenRetention{Typed: edit.Confirm, Invalid: invalid})
	}
	now, err := s.Store.AuditRetention(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	return s.showRetention(c, http.StatusUnprocessableEntity, views.RetentionForm{Now: now, Days: in.Days, Invalid: invalid})
}

func (s *Server) showRetention(c echo.Context, code int, f views.RetentionForm) error {
	return render(c, code, views.RetentionPage(s.shell(c, "Audit log", views.SettingsPath), f))
}

// shortenRetentionPage handles GET /admin/settings/audit-log/shorten.
func (s *Server) shortenRetentionPage(c echo.Context) error {
	days, err := strconv.Atoi(c.QueryParam("days"))
	if err != nil {
		return redirect(c, views.RetentionPath)
	}
	return s.askToShorten(c, http.StatusOK, days, views.ShortenRetention{})
}

func (s *Server) askToShorten(c echo.Context, code, days int, q views.ShortenRetention) error {
	var err error
	q.Loss, err = s.Store.RetentionLoss(c.Request().Context(), actor(c), days)
	if _, wrong := errors.AsType[registry.Invalid](err); wrong || err == nil && !q.Loss.Sooner {
		return redirect(c, views.RetentionPath) // there is nothing to ask
	}
	if err != nil {
		return err
	}
	title := "Keep events for " + registry.RetentionWords(days) + " only?"
	return render(c, code, views.ShortenRetentionPage(s.shell(c, title, views.SettingsPath), q))
}
