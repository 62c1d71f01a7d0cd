package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// noteRefusal keeps what somebody who is known was refused for lack of a scope
// or a permission, so that it is found by the request's ID.
func (s *Server) noteRefusal(c echo.Context, err error) {
	by := actor(c)
	r := registry.Refusal{RequestID: requestID(c), At: s.Now(), Asked: c.Request().Method + " " + c.Path()}
	r.Subject = by.Subject()
	if r.Subject.Type == registry.UserSubject {
		r.ClientID = accessToken(c).ClientID
	}
	missing, noScope := errors.AsType[registry.MissingScope](err)
	forbidden, noPermission := errors.AsType[registry.Forbidden](err)
	switch {
	case by.ID == "":
		return
	case noScope:
		r.Scope, r.Lacking = missing.Scope, missing.Scope
	case noPermission:
		r.Permission = forbidden.Missing
	default:
		return
	}
	s.Store.Refused(r)
}

// whyQuery is a question as it stands in an address.
type whyQuery struct {
	Request    string `query:"request"`
	Subject    string `query:"subject"`
	Permission string `query:"permission"` // "service/key"
	Object     string `query:"object"`
	Scope      string `query:"scope"`
	Client     string `query:"client"`
	For        string `query:"for"` // whom to ask about, with nothing asked yet
}

// whyPage handles GET /admin/permissions/why: a form that asks why something was
// refused, and below it the answer.
func (s *Server) whyPage(c echo.Context) error {
	var q whyQuery
	if err := new(echo.DefaultBinder).BindQueryParams(c, &q); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	page := views.Why{
		Request: strings.TrimSpace(q.Request), Subject: cmp.Or(q.Subject, q.For), Permission: q.Permission, Object: q.Object, Scope: q.Scope, Client: q.Client,
		Invalid: registry.Invalid{}, Now: s.Now().UTC(),
	}
	var err error
	if page.Catalogue, err = s.Store.Catalogue(c.Request().Context()); err != nil {
		return err
	}
	switch {
	case page.Request != "":
		err = s.findRefusals(c, &page)
	case c.QueryParams().Has("subject"):
		err = s.answerWhy(c, &page)
	}
	if err != nil {
		return err
	}
	code := http.StatusOK
	if len(page.Invalid) > 0 {
		code = http.StatusUnprocessableEntity
	}
	return render(c, code, views.WhyPage(s.shell(c, "Why was this refused?", permissionsPath), page))
}

// findRefusals answers each question that was refused in a request.
func (s *Server) findRefusals(c echo.Context, page *views.Why) error {
	ctx, by := c.Request().Context(), actor(c)
	refusals, err := s.Store.Refusals(ctx, by, page.Request)
	if err != nil {
		return err
	}
	for _, r := range refusals {
		e, err := s.Store.Explain(ctx, by, r.AccessQuestion)
		if err != nil {
			return err
		}
		page.Found = append(page.Found, views.Explained{Explanation: e, Refusal: r})
	}
	return nil
}

// answerWhy answers the question that the form asks, or says what is wrong with it.
func (s *Server) answerWhy(c echo.Context, page *views.Why) error {
	ctx, by := c.Request().Context(), actor(c)
	var q registry.AccessQuestion
	var err error
	if q.Subject, err = s.Store.SubjectNamed(ctx, by, page.Subject); err != nil {
		if err := noteInvalid(page.Invalid, "subject", "subject", err); err != nil {
			return err
		}
	}
	if page.Client != "" {
		client, err := s.Store.SubjectNamed(ctx, by, page.Client)
		if err != nil {
			if err := noteInvalid(page.Invalid, "client", "subject", err); err != nil {
				return err
			}
		} else if client.Type != registry.ApplicationSubject {
			page.Invalid["client"] = "Enter the client ID or the name of an application."
		}
		q.ClientID = client.ID
	}
	q.Permission.Service, q.Permission.Key, _ = strings.Cut(page.Permission, "/")
	service, _ := page.Catalogue.Service(q.Permission.Service)
	if _, known := service.Permission(q.Permission.Key); !known && (page.Permission != "" || page.Scope == "") {
		page.Invalid["permission"] = "Choose a permission, a scope or both."
	}
	if q.Object = strings.TrimSpace(page.Object); !registry.IsObject(q.Object) {
		page.Invalid["object"] = "Enter the ID of a container, or container/object, or leave it empty for the whole service."
	}
	if q.Scope = page.Scope; q.Scope != "" {
		if _, _, known := page.Catalogue.Scope(q.Scope); !known {
			page.Invalid["scope"] = "Choose a scope from the list, or none."
		}
	}
	if len(page.Invalid) > 0 {
		return nil
	}
	e, err := s.Store.Explain(ctx, by, q)
	if errors.Is(err, registry.ErrNotFound) {
		page.Invalid["permission"] = "You may look at the permissions of other services, not of this one."
		return nil
	}
	if err != nil {
		return err
	}
	page.Found = []views.Explained{{Explanation: e}}
	return nil
}

// noteInvalid notes what err says is wrong with a field, for another one, or returns err.
func noteInvalid(invalid registry.Invalid, field, said string, err error) error {
	wrong, ok := errors.AsType[registry.Invalid](err)
	if !ok {
		return err
	}
	invalid[field] = wrong[said]
	return nil
}

// applicationAccess handles GET /admin/applications/{id}/access.
func (s *Server) applicationAccess(c echo.Context) error {
	return s.subjectAccess(c, registry.ApplicationSubject, "/admin/applications")
}

// userAccess handles GET /admin/users/{id}/access.
func (s *Server) userAccess(c echo.Context) error {
	return s.subjectAccess(c, registry.UserSubject, views.UsersPath)
}

func (s *Server) subjectAccess(c echo.Context, kind registry.SubjectType, nav string) error {
	access, err := s.Store.SubjectAccess(c.Request().Context(), actor(c), registry.Subject{Type: kind, ID: c.Param("id")})
	if err != nil {
		return err
	}
	page := views.SubjectAccess{Access: access, Service: c.QueryParam("service"), From: c.QueryParam("from")}
	return render(c, http.StatusOK, views.SubjectAccessPage(s.shell(c, "Effective access of "+access.Subject.Name, nav), page))
}
