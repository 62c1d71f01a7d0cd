package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// pickSubjects handles GET /admin/permissions/{service}/assign.
func (s *Server) pickSubjects(c echo.Context) error {
	ctx, by, list := c.Request().Context(), actor(c), views.AssignSubjects{}
	if err := new(echo.DefaultBinder).BindQueryParams(c, &list.Query); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	var err error
	if list.Service, err = s.Store.PermissionService(ctx, by, c.Param("service")); err != nil {
		return err
	}
	list.Page, err = s.Store.SubjectsToPick(ctx, by, list.Service.Key, list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
		list.Query = registry.PickQuery{Search: list.Query.Search, Picked: list.Query.Picked}
		if list.Page, err = s.Store.SubjectsToPick(ctx, by, list.Service.Key, registry.PickQuery{Search: list.Query.Search}); err != nil {
			return err
		}
		if list.Page.Picked, err = s.Store.PickedSubjects(ctx, by, list.Service.Key, list.Query.Picked); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return s.renderPick(c, code, list)
}

func (s *Server) renderPick(c echo.Context, code int, list views.AssignSubjects) error {
	return render(c, code, views.AssignSubjectsPage(s.shell(c, "Assign permissions of "+list.Service.Name, permissionsPath), list))
}

// assignPage handles GET /admin/permissions/{service}/assign/what. Without
// anybody picked it is the step before that has to be done.
func (s *Server) assignPage(c echo.Context) error {
	form := views.AssignWhat{Object: c.QueryParam("object"), Granter: granter(c), Grants: c.QueryParams()["grant"]}
	return s.showAssign(c, http.StatusOK, c.QueryParams()["subject"], form)
}

// assign handles POST /admin/permissions/{service}/assign/what.
func (s *Server) assign(c echo.Context) error {
	sent, err := body(c)
	if err != nil {
		return err
	}
	in := registry.Assignment{Service: c.Param("service"), Object: strings.TrimSpace(sent.Get("object")), Grants: slices.Compact(slices.Sorted(slices.Values(sent["grant"])))}
	for _, name := range sent["subject"] {
		if subject := registry.ParseSubjectName(name); !slices.Contains(in.Subjects, subject) {
			in.Subjects = append(in.Subjects, subject)
		}
	}
	err = s.Store.Assign(c.Request().Context(), actor(c), in)
	if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
		return s.showAssign(c, http.StatusUnprocessableEntity, sent["subject"], views.AssignWhat{Object: in.Object, Granter: granter(c), Grants: in.Grants, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	s.flash(c, "The permissions are assigned")
	return redirect(c, servicePermissions(in.Service))
}

func (s *Server) showAssign(c echo.Context, code int, names []string, form views.AssignWhat) error {
	ctx, by := c.Request().Context(), actor(c)
	var err error
	if form.Service, err = s.Store.PermissionService(ctx, by, c.Param("service")); err != nil {
		return err
	}
	if form.Picked, err = s.Store.PickedSubjects(ctx, by, form.Service.Key, names); err != nil {
		return err
	}
	if n := len(form.Picked); n > 0 && n <= registry.AssignedAtOnce {
		return render(c, code, views.AssignWhatPage(s.shell(c, "Assign permissions of "+form.Service.Name, permissionsPath), form))
	}
	list := views.AssignSubjects{Service: form.Service, Query: registry.PickQuery{Picked: names}}
	err = registry.CheckAssignment(registry.Assignment{Subjects: make([]registry.Subject, len(form.Picked))}, registry.Catalogue{})
	invalid, _ := errors.AsType[registry.Invalid](err)
	list.Invalid = registry.Invalid{"subject": invalid["subject"]}
	if list.Page, err = s.Store.SubjectsToPick(ctx, by, form.Service.Key, registry.PickQuery{}); err != nil {
		return err
	}
	list.Page.Picked = form.Picked
	return s.renderPick(c, http.StatusUnprocessableEntity, list)
}

// changeGrantsPage handles GET /admin/permissions/{service}/change and …/remove.
func (s *Server) changeGrantsPage(remove bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		return s.showGrantChange(c, http.StatusOK, grantChange(c, c.QueryParams(), remove), nil)
	}
}

// changeGrants handles POST /admin/permissions/{service}/change and …/remove.
func (s *Server) changeGrants(remove bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		sent, err := body(c)
		if err != nil {
			return err
		}
		in := grantChange(c, sent, remove)
		err = s.Store.ChangeGrants(c.Request().Context(), actor(c), in)
		if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
			return s.showGrantChange(c, http.StatusUnprocessableEntity, in, invalid)
		}
		if err != nil {
			return err
		}
		told := "The permissions are changed"
		if remove {
			told = "The permissions are removed"
		}
		s.flash(c, told)
		return redirect(c, servicePermissions(in.Service))
	}
}

func grantChange(c echo.Context, sent url.Values, remove bool) registry.GrantChange {
	return registry.GrantChange{Service: c.Param("service"), Rows: sent["row"], Remove: remove, Grants: sent["grant"]}
}

func (s *Server) showGrantChange(c echo.Context, code int, in registry.GrantChange, wrong registry.Invalid) error {
	ctx, by, v := c.Request().Context(), actor(c), views.GrantChangeView{Input: in, Invalid: wrong}
	var err error
	if v.Service, err = s.Store.PermissionService(ctx, by, in.Service); err != nil {
		return err
	}
	v.Effects, err = s.Store.GrantEffects(ctx, by, in)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		v.Invalid, code = invalid.And(wrong), http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.GrantChangePage(s.shell(c, "Change permissions of "+v.Service.Name, permissionsPath), v))
}

func servicePermissions(service string) string {
	return permissionsPath + "/" + url.PathEscape(service)
}
