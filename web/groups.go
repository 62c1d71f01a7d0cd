package web

import (
	"errors"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// groups handles GET /admin/groups.
func (s *Server) groups(c echo.Context) error {
	list := views.Groups{Rights: userRights(c)}
	if err := new(echo.DefaultBinder).BindQueryParams(c, &list.Query); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	var err error
	list.Page, err = s.Store.Groups(c.Request().Context(), actor(c), list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.GroupsPage(s.shell(c, "Groups", views.GroupsPath), list))
}

// group handles GET /admin/groups/{id}.
func (s *Server) group(c echo.Context) error {
	ctx, by := c.Request().Context(), actor(c)
	v := views.GroupView{Now: s.Now().UTC(), Rights: userRights(c), MayAudit: may(c, registry.ReadAuditLog)}
	var err error
	if v.Group, err = s.Store.Group(ctx, by, c.Param("id")); err != nil {
		return err
	}
	if v.Catalogue, err = s.Store.Catalogue(ctx); err != nil {
		return err
	}
	v.Members.Path = views.GroupPath(v.Group.ID, "")
	v.Members.Query.MemberOf = v.Group.ID
	code, err := s.groupUsers(c, &v.Members)
	if err != nil {
		return err
	}
	if v.MayAudit {
		page, err := s.Store.AuditEvents(ctx, by, registry.AuditQuery{Target: v.Group.ID, Limit: activityShown})
		if err != nil {
			return err
		}
		v.Activity = page.Entries
	}
	return render(c, code, views.GroupPage(s.shell(c, v.Group.Name, views.GroupsPath), v))
}

// groupUsers finds the users in or outside of a group that the address asks for.
func (s *Server) groupUsers(c echo.Context, l *views.GroupUsers) (code int, err error) {
	l.Query.Search, l.Query.After, l.Query.Before = c.QueryParam("q"), c.QueryParam("after"), c.QueryParam("before")
	l.Page, err = s.Store.Users(c.Request().Context(), actor(c), l.Query)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		l.Invalid = invalid
		return http.StatusUnprocessableEntity, nil
	}
	return http.StatusOK, err
}

// groupToChange returns the group of the address, or registry.ErrForbidden when
// the viewer may not change it, and records that they tried.
func (s *Server) groupToChange(c echo.Context, action string) (registry.GroupAccount, error) {
	g, err := s.Store.Group(c.Request().Context(), actor(c), c.Param("id"))
	if err != nil {
		return g, err
	}
	if may(c, registry.ManageUsers) && !g.Beyond {
		return g, nil
	}
	target := registry.Target{Type: "group", ID: g.ID, Name: g.Name}
	return g, s.Store.RequireToGive(c.Request().Context(), actor(c), action, target, registry.ManageUsers, g.Subject())
}

// requireFor returns registry.ErrForbidden unless the viewer holds need, and
// records that they tried.
func (s *Server) requireFor(c echo.Context, action string, target registry.Target, need registry.Permission) error {
	if may(c, need) {
		return nil
	}
	return s.Store.Require(c.Request().Context(), actor(c), action, target, need)
}

// newGroupPage handles GET /admin/groups/new.
func (s *Server) newGroupPage(c echo.Context) error {
	if err := s.requireFor(c, "group.create", registry.AllGroups, registry.ManageUsers); err != nil {
		return err
	}
	return s.showGroupForm(c, http.StatusOK, "New group", views.GroupForm{})
}

// newGroup handles POST /admin/groups/new.
func (s *Server) newGroup(c echo.Context) error {
	var in registry.GroupInput
	if err := bind(c, &in); err != nil {
		return err
	}
	g, err := s.Store.CreateGroup(c.Request().Context(), actor(c), in)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		return s.showGroupForm(c, http.StatusUnprocessableEntity, "New group", views.GroupForm{Input: in, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	s.flash(c, "The group is made")
	return redirect(c, views.GroupPath(g.ID, ""))
}

// editGroupPage handles GET /admin/groups/{id}/edit.
func (s *Server) editGroupPage(c echo.Context) error {
	g, err := s.groupToChange(c, "group.update")
	if err != nil {
		return err
	}
	return s.showGroupForm(c, http.StatusOK, "Edit "+g.Name, views.GroupForm{ID: g.ID, Input: registry.GroupInput{Name: g.Name, Description: g.Description}})
}

// editGroup handles POST /admin/groups/{id}/edit.
func (s *Server) editGroup(c echo.Context) error {
	var in registry.GroupInput
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.Store.UpdateGroup(c.Request().Context(), actor(c), c.Param("id"), in)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		g, err := s.groupToChange(c, "group.update")
		if err != nil {
			return err
		}
		return s.showGroupForm(c, http.StatusUnprocessableEntity, "Edit "+g.Name, views.GroupForm{ID: g.ID, Input: in, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	s.flash(c, "The group is saved")
	return redirect(c, views.GroupPath(c.Param("id"), ""))
}

func (s *Server) showGroupForm(c echo.Context, code int, title string, f views.GroupForm) error {
	return render(c, code, views.GroupFormPage(s.shell(c, title, views.GroupsPath), f))
}

// newMembersPage handles GET /admin/groups/{id}/add.
func (s *Server) newMembersPage(c echo.Context) error {
	g, err := s.groupToChange(c, "group.add-member")
	if err != nil {
		return err
	}
	v := views.NewMembers{Group: g.GroupRow, Now: s.Now().UTC(), Users: views.GroupUsers{Path: views.GroupPath(g.ID, "add")}}
	v.Users.Query.OutsideOf = g.ID
	code, err := s.groupUsers(c, &v.Users)
	if err != nil {
		return err
	}
	return render(c, code, views.NewMembersPage(s.shell(c, "Add members to "+g.Name, views.GroupsPath), v))
}

// addMember handles POST /admin/groups/{id}/add.
func (s *Server) addMember(c echo.Context) error {
	var in struct {
		User string `form:"user"`
		Back string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, by, id := c.Request().Context(), actor(c), c.Param("id")
	if err := s.Store.AddMember(ctx, by, id, in.User); err != nil {
		return err
	}
	u, err := s.Store.User(ctx, by, in.User)
	if err != nil {
		return err
	}
	s.flash(c, u.Name+" is in the group")
	return redirect(c, localPath(in.Back, views.GroupPath(id, "add")))
}

// removeMemberPage handles GET /admin/groups/{id}/members/{user}/remove.
func (s *Server) removeMemberPage(c echo.Context) error {
	return s.askToRemoveMember(c, http.StatusOK, views.GroupQuestion{Back: c.QueryParam("back")})
}

// removeMember handles POST /admin/groups/{id}/members/{user}/remove.
func (s *Server) removeMember(c echo.Context) error {
	var in struct {
		Back string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.Store.RemoveMember(c.Request().Context(), actor(c), c.Param("id"), c.Param("user"))
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		return s.askToRemoveMember(c, http.StatusUnprocessableEntity, views.GroupQuestion{Invalid: invalid, Back: in.Back})
	}
	if err != nil {
		return err
	}
	s.flash(c, "The user is no longer in the group")
	return redirect(c, localPath(in.Back, views.GroupPath(c.Param("id"), "")))
}

func (s *Server) askToRemoveMember(c echo.Context, code int, q views.GroupQuestion) error {
	var err error
	if q.Group, err = s.groupToChange(c, "group.remove-member"); err != nil {
		return err
	}
	u, err := s.Store.User(c.Request().Context(), actor(c), c.Param("user"))
	if err != nil {
		return err
	}
	q.Member = u.User
	return s.askOfGroup(c, code, "Remove "+u.Name+" from "+q.Group.Name+"?", q, views.RemoveMemberPage)
}

// removeGroupGrantPage handles GET /admin/groups/{id}/permissions/remove.
func (s *Server) removeGroupGrantPage(c echo.Context) error {
	kind, key := registry.ParseGrantName(c.QueryParam("grant"))
	return s.askToUngrantGroup(c, http.StatusOK, views.GroupQuestion{
		Grant: registry.HeldGrant{Service: c.QueryParam("service"), Object: c.QueryParam("object"), Kind: kind, Key: key},
	})
}

// removeGroupGrant handles POST /admin/groups/{id}/permissions/remove.
func (s *Server) removeGroupGrant(c echo.Context) error {
	var in struct {
		Service string `form:"service"`
		Grant   string `form:"grant"`
		Object  string `form:"object"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	kind, key := registry.ParseGrantName(in.Grant)
	grant := registry.GrantInput{Subject: registry.Group{ID: c.Param("id")}.Subject(), Service: in.Service, Object: in.Object, Kind: kind, Key: key}
	err := s.Store.Ungrant(c.Request().Context(), actor(c), grant)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		return s.askToUngrantGroup(c, http.StatusUnprocessableEntity, views.GroupQuestion{Grant: grant.Held(), Invalid: invalid})
	}
	if err != nil {
		return err
	}
	s.flash(c, "The permission is removed")
	return redirect(c, views.GroupPath(c.Param("id"), ""))
}

func (s *Server) askToUngrantGroup(c echo.Context, code int, q views.GroupQuestion) error {
	var err error
	if q.Group, err = s.Store.Group(c.Request().Context(), actor(c), c.Param("id")); err != nil {
		return err
	}
	target := registry.Target{Type: "group", ID: q.Group.ID, Name: q.Group.Name}
	if err := s.Store.RequireToGrant(c.Request().Context(), actor(c), "permission.revoke", target, q.Grant.Service, q.Grant.Object); err != nil {
		return err
	}
	return s.askOfGroup(c, code, "Remove a permission of "+q.Group.Name+"?", q, views.RemoveGroupGrantPage)
}

// deleteGroupPage handles GET /admin/groups/{id}/delete.
func (s *Server) deleteGroupPage(c echo.Context) error {
	return s.askToDeleteGroup(c, http.StatusOK, views.GroupQuestion{Back: c.QueryParam("back")})
}

// deleteGroup handles POST /admin/groups/{id}/delete.
func (s *Server) deleteGroup(c echo.Context) error {
	var in struct {
		Confirm string `form:"confirm"`
		Back    string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.Store.DeleteGroup(c.Request().Context(), actor(c), c.Param("id"), in.Confirm)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		return s.askToDeleteGroup(c, http.StatusUnprocessableEntity, views.GroupQuestion{Typed: in.Confirm, Invalid: invalid, Back: in.Back})
	}
	if err != nil {
		return err
	}
	s.flash(c, "The group is deleted")
	return redirect(c, views.GroupsPath)
}

func (s *Server) askToDeleteGroup(c echo.Context, code int, q views.GroupQuestion) error {
	var err error
	if q.Group, err = s.groupToChange(c, "group.delete"); err != nil {
		return err
	}
	return s.askOfGroup(c, code, "Delete "+q.Group.Name+"?", q, views.DeleteGroupPage)
}

func (s *Server) askOfGroup(c echo.Context, code int, title string, q views.GroupQuestion, page func(views.Shell, views.GroupQuestion) templ.Component) error {
	var err error
	if q.Catalogue, err = s.Store.Catalogue(c.Request().Context()); err != nil {
		return err
	}
	q.Back = localPath(q.Back, views.GroupPath(q.Group.ID, ""))
	return render(c, code, page(s.shell(c, title, views.GroupsPath), q))
}
