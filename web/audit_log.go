package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

const auditLogPath = "/admin/audit-log"

// auditLog handles GET /admin/audit-log.
func (s *Server) auditLog(c echo.Context) error {
	log, q, err := auditFilter(c)
	if err == nil {
		log.Page, err = s.Store.AuditEvents(c.Request().Context(), actor(c), q)
	}
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		log.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.AuditLogPage(s.shell(c, "Audit log", auditLogPath), log))
}

// auditEvent handles GET /admin/audit-log/{seq}.
func (s *Server) auditEvent(c echo.Context) error {
	seq, err := strconv.ParseInt(c.Param("seq"), 10, 64)
	if err != nil {
		return registry.ErrNotFound
	}
	entry, err := s.Store.AuditEvent(c.Request().Context(), actor(c), seq)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.AuditEventPage(s.shell(c, "Event "+c.Param("seq"), auditLogPath), entry))
}

// auditLogCSV handles GET /admin/audit-log.csv.
func (s *Server) auditLogCSV(c echo.Context) error {
	_, q, err := auditFilter(c)
	if err != nil {
		return err
	}
	file := newCSV(c, "audit-log.csv", "sequence", "time", "actor type", "actor ID", "actor", "action", "outcome",
		"target type", "target ID", "target", "address", "request ID", "before", "after", "hash")
	return file.end(s, s.Store.AuditExport(c.Request().Context(), actor(c), q, func(e registry.Event) error {
		return file.row(strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(rfc3339Milli), string(e.Actor.Type), e.Actor.ID, e.Actor.Name,
			e.Action, string(e.Outcome), e.Target.Type, e.Target.ID, e.Target.Name, e.Actor.Address, e.Actor.RequestID, e.Before, e.After, e.Hash)
	}))
}

// auditLogJSONL handles GET /admin/audit-log.jsonl: one event of the API a line.
func (s *Server) auditLogJSONL(c echo.Context) error {
	_, q, err := auditFilter(c)
	if err != nil {
		return err
	}
	file := &download{c: c, name: "audit-log.jsonl", mediaType: "application/jsonl"}
	lines := json.NewEncoder(file)
	return file.end(s, s.Store.AuditExport(c.Request().Context(), actor(c), q, func(e registry.Event) error {
		return lines.Encode(auditEventOf(e))
	}))
}

// auditFilter reads from the query what to show, and which page of it. It
// fails with registry.Invalid.
func auditFilter(c echo.Context) (log views.AuditLog, q registry.AuditQuery, err error) {
	if err := new(echo.DefaultBinder).BindQueryParams(c, &log.Input); err != nil {
		return log, q, echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	q, err = log.Input.Query()
	if err != nil {
		return log, q, err
	}
	for name, place := range map[string]*int64{"before": &q.Before, "after": &q.After} {
		if text := c.QueryParam(name); text != "" {
			if *place, err = strconv.ParseInt(text, 10, 64); err != nil || *place < 1 {
				return log, q, registry.Invalid{"cursor": "That page is no longer there."}
			}
		}
	}
	return log, q, nil
}
