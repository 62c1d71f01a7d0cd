package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
)

// permissionJSON is what a subject may do in one place of a service.
type permissionJSON struct {
	SubjectName string               `json:"subjectName"`
	SubjectType registry.SubjectType `json:"subjectType"`
	SubjectID   string               `json:"subjectId"`
	Groups      []string             `json:"groups"`
	Role        string               `json:"role"`
	Service     string               `json:"service"`
	ObjectName  string               `json:"objectName"`
	ObjectType  string               `json:"objectType"`
	ObjectID    string               `json:"objectId"`
	Actions     []string             `json:"actions"`
}

// apiPermissions handles GET /api/v1/permissions.
func (s *Server) apiPermissions(c echo.Context) error {
	q := apiQuery(c, "service", "subject_type", "subject_id", "limit", "cursor")
	limit := q.limit()
	asked := store.PermissionQuery{
		Service: q.values.Get("service"),
		Subject: registry.Subject{Type: registry.SubjectType(q.values.Get("subject_type")), ID: q.values.Get("subject_id")},
	}
	switch asked.Subject.Type {
	case "", registry.UserSubject, registry.GroupSubject, registry.ApplicationSubject:
	default:
		q.wrong("subject_type", "Choose user, group or application.")
	}
	if err := q.err(); err != nil {
		return err
	}
	records, next, err := s.Store.PermissionRecords(c.Request().Context(), actor(c), asked, q.values.Get("cursor"), limit)
	if err != nil {
		return err
	}
	answer := struct {
		Permissions []permissionJSON `json:"permissions"`
		Next        *string          `json:"next"`
	}{make([]permissionJSON, len(records)), orNull(next)}
	for i, r := range records {
		answer.Permissions[i] = permissionJSON{
			SubjectName: r.Subject.Name, SubjectType: r.Subject.Subject.Type, SubjectID: r.Subject.Subject.ID,
			Groups: orEmpty(r.Groups), Role: strings.Join(r.Templates, ", "), Service: r.Service.Key,
			ObjectName: r.ObjectName, ObjectType: r.ObjectType(), ObjectID: r.Object, Actions: r.Actions,
		}
	}
	if next != "" {
		s.linkNext(c, next)
	}
	return c.JSON(http.StatusOK, answer)
}

// permissionsCSV handles GET /admin/permissions.csv: the report of who may do what.
func (s *Server) permissionsCSV(c echo.Context) error {
	file := newCSV(c, "permissions.csv", "subject name", "subject type", "subject ID", "groups", "role", "service", "object name", "object type", "object ID", "actions")
	return file.end(s, s.Store.PermissionsReport(c.Request().Context(), actor(c), func(r registry.PermissionRecord) error {
		return file.row(r.Subject.Name, string(r.Subject.Subject.Type), r.Subject.Subject.ID, strings.Join(r.Groups, ", "), strings.Join(r.Templates, ", "),
			r.Service.Name, r.ObjectName, r.ObjectType(), r.Object, strings.Join(r.Actions, " "))
	}))
}
