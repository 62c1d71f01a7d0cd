package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

const permissionsPath = "/admin/permissions"

// viewingPermissions lets on only people who may look at the permissions of
// some service or part of one. For others what is behind it does not exist.
func (s *Server) viewingPermissions(next echo.HandlerFunc) echo.HandlerFunc {
	rest := s.viewing(registry.ViewPermissions)(next)
	return func(c echo.Context) error {
		if v, _ := viewer(c); registry.PermissionReach(v.Held).Any() {
			return next(c)
		}
		return rest(c)
	}
}

// permissions handles GET /admin/permissions: with a subject in the query, the
// services of which it can be assigned permissions.
func (s *Server) permissions(c echo.Context) error {
	list := views.PermissionServices{Search: c.QueryParam("q")}
	var err error
	if list.Services, err = s.Store.PermissionServices(c.Request().Context(), actor(c), list.Search); err != nil {
		return err
	}
	if name := c.QueryParam("subject"); name != "" {
		list.Services = slices.DeleteFunc(list.Services, func(one registry.ServiceSubjects) bool {
			_, some := granter(c).Part(one.Service)
			return !some
		})
		if list.For, err = s.toBeAssigned(c, name, list.Services); err != nil {
			return err
		}
	}
	return render(c, http.StatusOK, views.PermissionsPage(s.shell(c, "Permissions", permissionsPath), list))
}

// toBeAssigned returns the subject of that name who is to be assigned
// permissions of one of those services, or registry.ErrNotFound.
func (s *Server) toBeAssigned(c echo.Context, name string, among []registry.ServiceSubjects) (*registry.PickedSubject, error) {
	service := registry.ManagePermissions.Service // for who may grant nothing, to be refused
	if len(among) > 0 {
		service = among[0].Key
	}
	picked, err := s.Store.PickedSubjects(c.Request().Context(), actor(c), service, []string{name})
	if err == nil && len(picked) == 0 {
		err = registry.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &picked[0], nil
}

// permissionSubjects handles GET /admin/permissions/{service}.
func (s *Server) permissionSubjects(c echo.Context) error {
	ctx, by, list := c.Request().Context(), actor(c), views.PermissionSubjects{Now: s.Now().UTC()}
	if err := new(echo.DefaultBinder).BindQueryParams(c, &list.Query); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	var err error
	if list.Service, err = s.Store.PermissionService(ctx, by, c.Param("service")); err != nil {
		return err
	}
	list.Page, err = s.Store.SubjectGrants(ctx, by, list.Service.Key, list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.PermissionSubjectsPage(s.shell(c, "Permissions of "+list.Service.Name, permissionsPath), list))
}

// permissionObjects handles GET /admin/permissions/{service}/objects.
func (s *Server) permissionObjects(c echo.Context) error {
	list := views.PermissionObjects{Search: c.QueryParam("q")}
	var err error
	if list.Service, err = s.Store.PermissionService(c.Request().Context(), actor(c), c.Param("service")); err != nil {
		return err
	}
	list.Page, err = list.Service.ObjectPage(list.Search, c.QueryParam("from"))
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	}
	return render(c, code, views.PermissionObjectsPage(s.shell(c, "Objects of "+list.Service.Name, permissionsPath), list))
}

// permissionTemplates handles GET /admin/permissions/{service}/templates.
func (s *Server) permissionTemplates(c echo.Context) error {
	ctx, by, list := c.Request().Context(), actor(c), views.PermissionTemplates{}
	var err error
	if list.Service, err = s.Store.PermissionService(ctx, by, c.Param("service")); err != nil {
		return err
	}
	if list.Use, err = s.Store.GrantUse(ctx, by, list.Service.Key); err != nil {
		return err
	}
	return render(c, http.StatusOK, views.PermissionTemplatesPage(s.shell(c, "Templates of "+list.Service.Name, permissionsPath), list))
}

// permissionHolders handles GET /admin/permissions/{service}/access.
func (s *Server) permissionHolders(c echo.Context) error {
	ctx, by, list := c.Request().Context(), actor(c), views.PermissionHolders{}
	if err := new(echo.DefaultBinder).BindQueryParams(c, &list.Query); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	var err error
	if list.Service, err = s.Store.PermissionService(ctx, by, c.Param("service")); err != nil {
		return err
	}
	if list.Query.Permission == "" {
		list.Query.Permission = list.Service.Permissions[0].Key
	}
	if list.Query.Object == "" && len(list.Service.Only) > 0 {
		list.Query.Object = list.Service.Only[0]
	}
	list.Page, err = s.Store.Holders(ctx, by, list.Service.Key, list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.PermissionHoldersPage(s.shell(c, "Effective access to "+list.Service.Name, permissionsPath), list))
}
