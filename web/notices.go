package web

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// notices handles GET /profile/notices.
func (s *Server) notices(c echo.Context) error {
	list := views.NoticeList{
		Query: registry.NoticeQuery{Unread: c.QueryParam("show") == "unread", Before: c.QueryParam("before"), After: c.QueryParam("after")},
		Now:   s.Now().UTC(),
	}
	page, err := s.Store.OwnNotices(c.Request().Context(), actor(c), list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	list.Page = page
	return render(c, code, views.NoticesPage(s.shell(c, "Notices", views.NoticesPath), list))
}

// openNotice handles GET /profile/notices/{notice}: it leads to what the notice
// is about, and notes that it was read.
func (s *Server) openNotice(c echo.Context) error {
	notice, err := s.Store.OwnNotice(c.Request().Context(), actor(c), c.Param("notice"))
	if err != nil {
		return err
	}
	return redirect(c, views.NoticeTarget(notice, func(p registry.Permission) bool { return may(c, p) }))
}

// readNotices handles POST /profile/notices/read: one, or all when none is named.
func (s *Server) readNotices(c echo.Context) error {
	var in struct {
		IDs  []string `form:"notice"`
		Back string   `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	if err := s.Store.ReadNotices(c.Request().Context(), actor(c), in.IDs); err != nil {
		return err
	}
	return redirect(c, localPath(in.Back, views.NoticesPath))
}

// unreadNotices counts for the bell. A page is shown without the count when that
// fails.
func (s *Server) unreadNotices(c echo.Context, v store.Session) int {
	n, err := s.Store.UnreadNotices(c.Request().Context(), actor(c), v.Held)
	if err != nil {
		s.Log.WarnContext(c.Request().Context(), "notices could not be counted", slog.String("request_id", requestID(c)), slog.Any("err", err))
	}
	return n
}
