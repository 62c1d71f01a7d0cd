package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// activityShown is how many events an application's page shows.
const activityShown = 20

// application handles GET /admin/applications/{id}.
func (s *Server) application(c echo.Context) error {
	v, err := s.applicationView(c)
	if err != nil {
		return err
	}
	if v.MayAudit || v.Owns {
		page, err := s.Store.AuditEvents(c.Request().Context(), actor(c), registry.AuditQuery{Target: v.App.ID, Limit: activityShown})
		if err != nil {
			return err
		}
		v.Activity = page.Entries
	}
	if v.Consents, err = s.consentSummary(c, v.App.Application); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.ApplicationPage(s.shell(c, v.App.Name, applicationsPath), v))
}

// applicationsPath is the place of every application's pages in the navigation.
const applicationsPath = "/admin/applications"

func applicationPath(c echo.Context) string { return applicationsPath + "/" + c.Param("id") }

// applicationView reads the application that the address names, and what the
// viewer may do with it.
func (s *Server) applicationView(c echo.Context) (v views.ApplicationView, err error) {
	ctx, by := c.Request().Context(), actor(c)
	if v.App, err = s.Store.Application(ctx, by, c.Param("id")); err != nil {
		return v, err
	}
	if v.Catalogue, err = s.Store.Catalogue(ctx); err != nil {
		return v, err
	}
	v.Now = s.Now().UTC()
	v.MayView, v.MayAudit = may(c, registry.ViewApplications), may(c, registry.ReadAuditLog)
	if !v.App.Locked() {
		v.Owns = v.App.OwnedBy(by.ID)
		v.MayManage = may(c, registry.ManageApplications)
		v.Granter = granter(c)
		v.MayRotate = !v.App.Public() && (v.Owns || v.MayManage && v.Granter.MayAll(v.Catalogue, v.App.Permissions))
	}
	return v, nil
}

// applicationToChange is applicationView for a page that leads to a change. It
// fails with registry.ErrForbidden when the viewer may not make it.
func (s *Server) applicationToChange(c echo.Context, action string) (views.ApplicationView, error) {
	v, err := s.applicationView(c)
	if err != nil || v.MayManage {
		return v, err
	}
	if v.App.Locked() {
		return v, registry.ErrLocked
	}
	return v, s.Store.Require(c.Request().Context(), actor(c), action, registry.ApplicationTarget(v.App.ID), registry.ManageApplications)
}

// clientToChange is applicationToChange for an OAuth client.
func (s *Server) clientToChange(c echo.Context, action string) (views.ApplicationView, error) {
	v, err := s.applicationToChange(c, action)
	if err == nil && v.App.Type != registry.OAuthClient {
		err = registry.ErrNotFound
	}
	return v, err
}

// applicationOwned is applicationToChange for what its owners may do as well.
func (s *Server) applicationOwned(c echo.Context, action string) (views.ApplicationView, error) {
	v, err := s.applicationView(c)
	if err == nil && !v.Owns {
		return s.applicationToChange(c, action)
	}
	return v, err
}

// applicationEditPage handles GET /admin/applications/{id}/edit.
func (s *Server) applicationEditPage(c echo.Context) error {
	v, err := s.applicationToChange(c, "application.update")
	if err != nil {
		return err
	}
	if v.App.Type == registry.ApplicationKey {
		return s.editKeyAgain(c, http.StatusOK, views.KeyForm{Input: v.App.KeyDetails()})
	}
	form := views.ApplicationEditForm{Input: v.App.Details(), Seen: v.App.Details()}
	return render(c, http.StatusOK, views.ApplicationEditPage(s.shell(c, "Edit "+v.App.Name, applicationsPath), v, form))
}

// applicationEdit handles POST /admin/applications/{id}/edit.
func (s *Server) applicationEdit(c echo.Context) error {
	v, err := s.applicationView(c)
	if err != nil {
		return err
	}
	if v.App.Type == registry.ApplicationKey {
		return s.editKey(c)
	}
	in, err := bindDetails(c)
	if err != nil {
		return err
	}
	var refused error
	if in.wrong != nil {
		refused = s.alsoWrong(c, c.Param("id"), in)
	} else {
		refused = s.Store.UpdateClient(c.Request().Context(), actor(c), c.Param("id"), in.edit())
	}
	invalid, wrong := errors.AsType[registry.Invalid](refused)
	switch {
	case refused == nil:
		s.flash(c, "Saved")
		return redirect(c, applicationPath(c))
	case wrong:
		return s.editAgain(c, http.StatusUnprocessableEntity, in.edit(), invalid)
	case errors.Is(refused, registry.ErrConflict):
		return s.editAgain(c, http.StatusConflict, in.edit(), nil)
	default:
		return refused
	}
}

// applicationCheck handles POST /admin/applications/{id}/edit/check: what is
// wrong with what was typed so far.
func (s *Server) applicationCheck(c echo.Context) error {
	in, err := bindDetails(c)
	if err != nil {
		return err
	}
	refused := s.Store.CheckDetails(c.Request().Context(), actor(c), c.Param("id"), in.ClientDetails)
	invalid, wrong := errors.AsType[registry.Invalid](refused)
	if refused != nil && !wrong {
		return refused
	}
	return s.editAgain(c, http.StatusOK, in.edit(), invalid)
}

func (in detailsInput) edit() registry.ClientEdit {
	return registry.ClientEdit{ClientDetails: in.ClientDetails, Seen: views.ParseSeen[registry.ClientDetails](in.Seen), Logo: in.Logo}
}

// editAgain shows the form with what was typed and what is wrong with it, and
// what someone else changed meanwhile.
func (s *Server) editAgain(c echo.Context, code int, in registry.ClientEdit, invalid registry.Invalid) error {
	v, err := s.applicationView(c)
	if err != nil {
		return err
	}
	form := views.ApplicationEditForm{Input: in.Onto(v.App.Details()), Logo: in.Logo, Invalid: invalid, Seen: v.App.Details()}
	if in.Seen != nil {
		form.Meanwhile = in.Seen.Changes(form.Seen)
	}
	return render(c, code, views.ApplicationEditPage(s.shell(c, "Edit "+v.App.Name, applicationsPath), v, form))
}

// applicationScopesPage handles GET /admin/applications/{id}/scopes. The query
// may name the scopes to tick, for the way back from the next step.
func (s *Server) applicationScopesPage(c echo.Context) error {
	v, err := s.clientToChange(c, "application.update-scopes")
	if err != nil {
		return err
	}
	in := queriedScopes(c)
	if len(in.Scopes) == 0 {
		in.Scopes, in.Required = v.App.ScopeKeys(), v.App.Required
	}
	return s.chooseScopes(c, v, in, nil)
}

// queriedScopes returns the scopes that the address names.
func queriedScopes(c echo.Context) registry.ScopeEdit {
	query := c.QueryParams()
	return registry.ScopeEdit{Scopes: query["scope"], Required: query["required"]}
}

// applicationScopes handles POST /admin/applications/{id}/scopes, which
// changes nothing: it leads to the step that shows what would change.
func (s *Server) applicationScopes(c echo.Context) error {
	var in registry.ScopeEdit
	if err := bind(c, &in); err != nil {
		return err
	}
	v, err := s.clientToChange(c, "application.update-scopes")
	if err != nil {
		return err
	}
	if err := registry.CheckScopes(in, v.Catalogue); err != nil {
		return s.chooseScopes(c, v, in, err)
	}
	return redirect(c, views.ReviewAddress(v.App, in))
}

// applicationReview handles GET /admin/applications/{id}/scopes/review: what
// would change if the scopes in the query were saved.
func (s *Server) applicationReview(c echo.Context) error {
	v, err := s.clientToChange(c, "application.update-scopes")
	if err != nil {
		return err
	}
	in := queriedScopes(c)
	if err := registry.CheckScopes(in, v.Catalogue); err != nil {
		return s.chooseScopes(c, v, in, err)
	}
	return s.reviewScopes(c, v, in, false)
}

// applicationSaveScopes handles POST /admin/applications/{id}/scopes/review.
func (s *Server) applicationSaveScopes(c echo.Context) error {
	var in registry.ScopeEdit
	if err := bind(c, &in); err != nil {
		return err
	}
	refused := s.Store.SetScopes(c.Request().Context(), actor(c), c.Param("id"), in)
	if refused == nil {
		s.flash(c, "Scopes saved")
		return redirect(c, applicationPath(c)+"#access")
	}
	_, wrong := errors.AsType[registry.Invalid](refused)
	meanwhile := errors.Is(refused, registry.ErrConflict)
	if !wrong && !meanwhile {
		return refused
	}
	v, err := s.applicationView(c)
	if err != nil {
		return err
	}
	if meanwhile {
		return s.reviewScopes(c, v, in, true)
	}
	return s.chooseScopes(c, v, in, refused)
}

// chooseScopes shows the scopes to tick, and what is wrong with those that are.
func (s *Server) chooseScopes(c echo.Context, v views.ApplicationView, in registry.ScopeEdit, wrong error) error {
	form, code := views.ApplicationScopesForm{Ticked: in.Scopes, Required: in.Required}, http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](wrong); ok {
		form.Invalid, code = invalid, http.StatusUnprocessableEntity
	}
	return render(c, code, views.ApplicationScopesPage(s.shell(c, "Scopes of "+v.App.Name, applicationsPath), v, form))
}

// reviewScopes shows what would change, also since someone else changed the
// scopes meanwhile.
func (s *Server) reviewScopes(c echo.Context, v views.ApplicationView, in registry.ScopeEdit, meanwhile bool) error {
	code := http.StatusOK
	if meanwhile {
		code = http.StatusConflict
	}
	return render(c, code, views.ScopesReviewPage(s.shell(c, "Scopes of "+v.App.Name, applicationsPath), v, views.NewScopesReview(v, in, meanwhile)))
}

// applicationPermissionsPage handles GET /admin/applications/{id}/permissions.
func (s *Server) applicationPermissionsPage(c echo.Context) error {
	return s.showPermissions(c, http.StatusOK, views.PermissionsForm{})
}

// applicationGrant handles POST /admin/applications/{id}/permissions.
func (s *Server) applicationGrant(c echo.Context) error {
	return s.changeGrant(c, "Assigned ", s.Store.Grant)
}

// applicationUngrant handles POST /admin/applications/{id}/permissions/remove.
func (s *Server) applicationUngrant(c echo.Context) error {
	return s.changeGrant(c, "Removed ", s.Store.Ungrant)
}

// changeGrant gives or takes what was sent. htmx gets the page as it is then,
// to take the service out of it.
func (s *Server) changeGrant(c echo.Context, done string, change func(context.Context, registry.Actor, registry.GrantInput) error) error {
	var sent struct {
		Service string `form:"service"`
		Grant   string `form:"grant"`
		Object  string `form:"object"`
	}
	if err := bind(c, &sent); err != nil {
		return err
	}
	ctx := c.Request().Context()
	in := registry.GrantInput{
		Subject: registry.Subject{Type: registry.ApplicationSubject, ID: c.Param("id")}, Service: sent.Service, Object: sent.Object,
	}
	in.Kind, in.Key = registry.ParseGrantName(sent.Grant)
	err := change(ctx, actor(c), in)
	if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
		return s.showPermissions(c, http.StatusUnprocessableEntity, views.PermissionsForm{Input: in, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	catalogue, err := s.Store.Catalogue(ctx)
	if err != nil {
		return err
	}
	done += views.GrantText(catalogue, in.Held())
	if isHTMX(c) {
		return s.showPermissions(c, http.StatusOK, views.PermissionsForm{Input: registry.GrantInput{Service: in.Service}, Done: done})
	}
	s.flash(c, done)
	return redirect(c, views.PermissionsAddress(c.Param("id"), in.Service))
}

func (s *Server) showPermissions(c echo.Context, code int, form views.PermissionsForm) error {
	v, err := s.applicationView(c)
	if err != nil {
		return err
	}
	return render(c, code, views.ApplicationPermissionsPage(s.shell(c, "Permissions of "+v.App.Name, applicationsPath), v, form))
}
