package web

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// applicationsCSV handles GET /admin/applications.csv: the report of
// applications with their scopes and permissions.
func (s *Server) applicationsCSV(c echo.Context) error {
	file := newCSV(c, "applications.csv", "application ID", "name", "type", "configured by", "status", "created by", "created at", "owners", "last used",
		"service", "scopes", "object name", "object ID", "path", "templates", "actions")
	return file.end(s, s.Store.ApplicationsReport(c.Request().Context(), actor(c), func(l registry.ReportLine) error {
		app := l.Application
		return file.row(app.ID, app.Name, string(app.Type), string(app.Origin), string(app.Status), app.CreatedByName,
			reportTime(app.CreatedAt), ownerNames(app.Owners), reportTime(app.LastUsedAt),
			l.Service, strings.Join(l.Scopes, " "), l.ObjectName, l.ObjectID, l.Path, strings.Join(l.Templates, ", "), strings.Join(l.Actions, " "))
	}))
}

// ownerNames names owners, and who of them cannot sign in.
func ownerNames(owners []registry.Owner) string {
	names := make([]string, len(owners))
	for i, o := range owners {
		names[i] = o.Name
		if o.Disabled {
			names[i] += " (disabled)"
		}
	}
	return strings.Join(names, ", ")
}

func reportTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
