package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// navigation is the console's pages, each with the permission to view it.
var navigation = []struct {
	views.NavItem
	need registry.Permission // in part, if the page shows parts
}{
	{views.NavItem{Key: "/admin/applications", Label: "Applications", Icon: "app-window", Href: "/admin/applications"}, registry.ViewApplications},
	{views.NavItem{Key: permissionsPath, Label: "Permissions", Icon: "shield-check", Href: permissionsPath}, registry.ViewPermissions},
	{views.NavItem{Key: "/admin/scopes", Label: "Scopes", Icon: "braces", Href: "/admin/scopes"}, registry.ViewApplications},
	{views.NavItem{Key: views.UsersPath, Label: "Users", Icon: "user-round", Href: views.UsersPath}, registry.ViewUsers},
	{views.NavItem{Key: views.GroupsPath, Label: "Groups", Icon: "users", Href: views.GroupsPath}, registry.ViewUsers},
	{views.NavItem{Key: "/admin/audit-log", Label: "Audit log", Icon: "scroll-text", Href: "/admin/audit-log"}, registry.ReadAuditLog},
	{views.NavItem{Key: views.SettingsPath, Label: "Settings", Icon: "settings", Href: views.SettingsPath}, registry.ManageSettings},
}

// shell returns what stands around the page called title. active is the
// address of its place in the navigation, or "".
func (s *Server) shell(c echo.Context, title, active string) views.Shell {
	_, host, _ := strings.Cut(s.Issuer, "://")
	shell := views.Shell{
		Title: title, Active: active, Theme: s.cookie(c, "theme"), Path: c.Request().URL.RequestURI(), Issuer: host,
		Flash: s.takeFlash(c), Dialog: c.Request().Header.Get("HX-Target") == "dialog#modal",
	}
	v, signedIn := viewer(c)
	if !signedIn {
		return shell
	}
	shell.TeamName, shell.TeamLogo = v.Team.Name, v.Team.Logo
	shell.Allows, shell.Granter = v.May, registry.GranterHolding(v.Held)
	shell.Unread = s.unreadNotices(c, v)
	shell.User = &views.ShellUser{Name: v.User.Name, Email: v.User.Email}
	for _, item := range navigation {
		if v.May(item.need) || item.Key == applicationsPath && v.Owns || item.need == registry.ViewPermissions && registry.PermissionReach(v.Held).Any() {
			shell.Nav = append(shell.Nav, item.NavItem)
		}
	}
	return shell
}
