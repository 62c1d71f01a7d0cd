package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/views"
)

// problemDocument is how the REST API tells of an error (RFC 9457). Its type
// is always "about:blank": the status says it all.
type problemDocument struct {
	Type              string             `json:"type"`
	Title             string             `json:"title"`
	Status            int                `json:"status"`
	Detail            string             `json:"detail"`
	Error             string             `json:"error,omitempty"` // the code of RFC 6750, section 3.1
	MissingScope      string             `json:"missing_scope,omitempty"`
	MissingPermission *missingPermission `json:"missing_permission,omitempty"`
	Errors            registry.Invalid   `json:"errors,omitempty"` // by parameter, or by place in the body
	RequestID         string             `json:"request_id"`
}

type missingPermission struct {
	Service     string `json:"service"`
	ServiceName string `json:"service_name"`
	Key         string `json:"key"`
	Name        string `json:"name"`
	AssignAt    string `json:"assign_at,omitempty"` // the page where an administrator can; of an application
}

// problem answers an API request that err ended.
func (s *Server) problem(c echo.Context, told views.Failure, err error) error {
	p := problemDocument{Type: "about:blank", Status: told.Status, Detail: told.Text, RequestID: told.RequestID}
	if missing, ok := errors.AsType[registry.MissingScope](err); ok {
		p.MissingScope = missing.Scope
		err = oauth.InsufficientScope(missing.Scope)
	}
	if refusal, ok := errors.AsType[*oauth.Error](err); ok {
		p.refused(refusal)
		if challenge := refusal.Challenge(); challenge != "" {
			c.Response().Header().Set("WWW-Authenticate", challenge)
		}
	}
	if forbidden, ok := errors.AsType[registry.Forbidden](err); ok {
		s.lacks(c, &p, forbidden.Missing)
	}
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		p.Status, p.Detail, p.Errors = http.StatusBadRequest, "Query parameters are wrong.", invalid
		if c.Request().Method != http.MethodGet {
			p.Detail = "Some of what was sent is wrong."
		}
	}
	if inUse, ok := errors.AsType[registry.InUse](err); ok {
		p.Detail = "N" + inUse.Error()[1:] + ". Send remove_in_use=true to take it from them as well."
	}
	p.Title = http.StatusText(p.Status)
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(p.Status, "application/problem+json", text)
}

func (p *problemDocument) refused(refusal *oauth.Error) {
	p.Status, p.Detail = refusal.Status, refusal.Description
	if refusal.Status < http.StatusInternalServerError {
		p.Error = refusal.Code
	}
}

// lacks says which permission the caller lacks and, of an application, where to
// assign it.
func (s *Server) lacks(c echo.Context, p *problemDocument, missing registry.Permission) {
	catalogue, _ := s.Store.Catalogue(c.Request().Context()) // without it, keys stand for names
	m := named(missing, catalogue)
	p.MissingPermission = &m
	if by := actor(c); by.Type == registry.ApplicationActor {
		m.AssignAt = s.Issuer + "/admin/applications/" + url.PathEscape(by.ID) + "/permissions"
		p.Detail = fmt.Sprintf("The application %s lacks the permission %s of the service %s (%s). Assign it at %s",
			by.Name, m.Name, m.ServiceName, missing, m.AssignAt)
		return
	}
	p.Detail = fmt.Sprintf("%s lacks the permission %s of the service %s (%s). Ask an administrator of the team for it.",
		actor(c).Name, m.Name, m.ServiceName, missing)
}
