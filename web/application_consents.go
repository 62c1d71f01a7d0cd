package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// applicationConsents handles GET /admin/applications/{id}/consents.
func (s *Server) applicationConsents(c echo.Context) error {
	ctx, by := c.Request().Context(), actor(c)
	list := views.ApplicationConsents{Now: s.Now().UTC(), MayRevoke: may(c, registry.ManageApplications)}
	if err := new(echo.DefaultBinder).BindQueryParams(c, &list.Query); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	app, err := s.Store.Application(ctx, by, c.Param("id"))
	if err != nil {
		return err
	}
	list.App = app.Application
	if list.Catalogue, err = s.Store.Catalogue(ctx); err != nil {
		return err
	}
	list.Page, err = s.Store.ApplicationConsents(ctx, by, app.ID, list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.ApplicationConsentsPage(s.shell(c, "Consents to "+app.Name, applicationsPath), list))
}

// applicationConsentsCSV handles GET /admin/applications/{id}/consents.csv.
func (s *Server) applicationConsentsCSV(c echo.Context) error {
	now := s.Now()
	file := newCSV(c, "consents.csv", "consent ID", "user ID", "user name", "user e-mail address", "scopes", "asked",
		"allowed at", "ends at", "last used", "last used from", "ended at", "ended by", "reason")
	return file.end(s, s.Store.ConsentsReport(c.Request().Context(), actor(c), c.Param("id"), func(u registry.UserConsent) error {
		ended := ""
		if at := u.Ended(now); !at.IsZero() {
			ended = reportTime(at)
		}
		asked := map[bool]string{true: "yes", false: "no"}[u.Asked]
		return file.row(u.ID, u.UserID, u.UserName, u.UserEmail, strings.Join(u.Allowed, " "), asked,
			reportTime(u.GrantedAt), reportTime(u.ExpiresAt), reportTime(u.LastUsedAt), u.LastUsedAddress, ended, u.RevokedByName, u.Reason)
	}))
}

// consentSummary counts the users who let an application act for them, if it
// is one that can.
func (s *Server) consentSummary(c echo.Context, app registry.Application) (views.ConsentSummary, error) {
	if app.Type != registry.OAuthClient {
		return views.ConsentSummary{}, nil
	}
	live, err := s.Store.CountConsents(c.Request().Context(), actor(c), app.ID)
	return views.ConsentSummary{Live: live, Shown: live.N > 0 || slices.Contains(app.Grants, registry.AuthorizationCode)}, err
}

// revokeConsentOfPage handles GET /admin/applications/{id}/consents/{consent}/revoke.
func (s *Server) revokeConsentOfPage(c echo.Context) error {
	return s.askToRevoke(c, http.StatusOK, views.RevocationForm{})
}

// revokeConsentOf handles POST /admin/applications/{id}/consents/{consent}/revoke.
func (s *Server) revokeConsentOf(c echo.Context) error {
	var in registry.Revocation
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.Store.RevokeConsentOf(c.Request().Context(), actor(c), c.Param("id"), c.Param("consent"), in)
	if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
		return s.askToRevoke(c, http.StatusUnprocessableEntity, views.RevocationForm{Input: in, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	s.flash(c, "Revoked. "+views.OfflineWords)
	return redirect(c, applicationPath(c)+"/consents")
}

// askToRevoke asks before a user's consent is revoked.
func (s *Server) askToRevoke(c echo.Context, code int, form views.RevocationForm) error {
	ctx, by := c.Request().Context(), actor(c)
	app, err := s.applicationToRevoke(c)
	if err != nil {
		return err
	}
	consent, err := s.Store.ApplicationConsent(ctx, by, app.ID, c.Param("consent"))
	if err != nil {
		return err
	}
	form.Back = applicationPath(c) + "/consents"
	if !consent.Live(s.Now()) {
		return redirect(c, form.Back)
	}
	return render(c, code, views.RevokeConsentOfPage(s.shell(c, "Revoke a consent", applicationsPath), app, consent, form))
}

// revokeAllConsentsOfPage handles GET /admin/applications/{id}/consents/revoke.
func (s *Server) revokeAllConsentsOfPage(c echo.Context) error {
	return s.askToRevokeAll(c, http.StatusOK, views.RevocationForm{})
}

// revokeAllConsentsOf handles POST /admin/applications/{id}/consents/revoke.
func (s *Server) revokeAllConsentsOf(c echo.Context) error {
	var in registry.Revocation
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.Store.RevokeAllConsentsOf(c.Request().Context(), actor(c), c.Param("id"), in)
	if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
		return s.askToRevokeAll(c, http.StatusUnprocessableEntity, views.RevocationForm{Input: in, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	s.flash(c, "All revoked. "+views.OfflineWords)
	return redirect(c, applicationPath(c)+"/consents")
}

// askToRevokeAll asks before all users' consents are revoked.
func (s *Server) askToRevokeAll(c echo.Context, code int, form views.RevocationForm) error {
	app, err := s.applicationToRevoke(c)
	if err != nil {
		return err
	}
	live, err := s.Store.CountConsents(c.Request().Context(), actor(c), app.ID)
	if err != nil {
		return err
	}
	form.Back = applicationPath(c) + "/consents"
	return render(c, code, views.RevokeAllConsentsOfPage(s.shell(c, "Revoke all consents", applicationsPath), app, live, form))
}

// applicationToRevoke reads the application that the address names, for who
// may revoke consents to it. Those to what the platform made can be revoked as
// well: users gave them, not the platform.
func (s *Server) applicationToRevoke(c echo.Context) (registry.Application, error) {
	ctx, by := c.Request().Context(), actor(c)
	app, err := s.Store.Application(ctx, by, c.Param("id"))
	if err != nil {
		return registry.Application{}, err
	}
	if !may(c, registry.ManageApplications) {
		err = s.Store.Require(ctx, by, "consent.revoke", registry.ApplicationTarget(c.Param("id")), registry.ManageApplications)
	}
	return app.Application, err
}
