package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// disableApplicationsPage handles GET /admin/applications/disable?id=…&id=….
func (s *Server) disableApplicationsPage(c echo.Context) error {
	form, err := s.ticked(c, c.QueryParams()["id"], func(a registry.Application) bool { return a.Status == registry.Disabled })
	if err != nil {
		return err
	}
	form.Back = localPath(c.QueryParam("back"), applicationsPath)
	return s.askAboutMany(c, http.StatusOK, form, views.DisableApplicationsPage)
}

// disableApplications handles POST /admin/applications/disable.
func (s *Server) disableApplications(c echo.Context) error {
	return s.changeMany(c, "disabled", func(ctx context.Context, by registry.Actor, in manyInput) (int, error) {
		return s.Store.DisableApplications(ctx, by, in.IDs)
	})
}

// deleteApplicationsPage handles GET /admin/applications/delete?id=…&id=….
func (s *Server) deleteApplicationsPage(c echo.Context) error {
	form, err := s.ticked(c, c.QueryParams()["id"], func(registry.Application) bool { return false })
	if err != nil {
		return err
	}
	form.Back = localPath(c.QueryParam("back"), applicationsPath)
	return s.askAboutMany(c, http.StatusOK, form, views.DeleteApplicationsPage)
}

// deleteApplications handles POST /admin/applications/delete.
func (s *Server) deleteApplications(c echo.Context) error {
	return s.changeMany(c, "deleted", func(ctx context.Context, by registry.Actor, in manyInput) (int, error) {
		return s.Store.DeleteApplications(ctx, by, in.IDs, in.Confirm)
	})
}

// manyInput is which applications are to be changed together.
type manyInput struct {
	IDs     []string `form:"id"`
	Confirm string   `form:"confirm"`
	Back    string   `form:"back"`
}

// changeMany does something to several applications, or asks again.
func (s *Server) changeMany(c echo.Context, done string, change func(context.Context, registry.Actor, manyInput) (int, error)) error {
	var in manyInput
	if err := bind(c, &in); err != nil {
		return err
	}
	n, err := change(c.Request().Context(), actor(c), in)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok && invalid["confirm"] != "" {
		form, err := s.ticked(c, in.IDs, func(registry.Application) bool { return false })
		if err != nil {
			return err
		}
		form.Typed, form.Invalid, form.Back = in.Confirm, invalid, localPath(in.Back, applicationsPath)
		return s.askAboutMany(c, http.StatusUnprocessableEntity, form, views.DeleteApplicationsPage)
	}
	switch {
	case err != nil:
		return err
	case n == 0:
		s.flash(c, "Nothing was left to change")
	case n == 1:
		s.flash(c, "1 application is "+done)
	default:
		s.flash(c, fmt.Sprintf("%d applications are %s", n, done))
	}
	return redirect(c, localPath(in.Back, applicationsPath))
}

// ticked reads the applications that were ticked. Those that are gone are left
// out; those that are so already, or locked, are set apart.
func (s *Server) ticked(c echo.Context, ids []string, already func(registry.Application) bool) (form views.ManyApplicationsForm, err error) {
	ctx, by := c.Request().Context(), actor(c)
	if !may(c, registry.ManageApplications) {
		return form, s.Store.Require(ctx, by, "application.update", registry.AllApplications, registry.ManageApplications)
	}
	apps, err := s.Store.ApplicationsNamed(ctx, by, ids)
	if err != nil {
		return form, err
	}
	for _, app := range apps {
		if app.Locked() || already(app) {
			form.Left = append(form.Left, app)
		} else {
			form.Apps = append(form.Apps, app)
		}
	}
	return form, nil
}

func (s *Server) askAboutMany(c echo.Context, code int, form views.ManyApplicationsForm, page func(views.Shell, views.ManyApplicationsForm) templ.Component) error {
	shell := s.shell(c, "Applications", applicationsPath)
	if len(form.Apps) == 0 {
		return render(c, http.StatusUnprocessableEntity, views.NothingTickedPage(shell, form.Back))
	}
	return render(c, code, page(shell, form))
}
