package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// noticeRules handles GET /admin/settings/notices.
func (s *Server) noticeRules(c echo.Context) error {
	rules, err := s.Store.NoticeRules(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	trouble, err := s.Store.MailTrouble(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	v := views.NoticeRules{Rules: rules, Trouble: trouble, Now: s.Now().UTC()}
	return render(c, http.StatusOK, views.NoticeRulesPage(s.shell(c, "Notices", views.SettingsPath), v))
}

// noticeRulePage handles GET /admin/settings/notices/{kind}.
func (s *Server) noticeRulePage(c echo.Context) error {
	rules, err := s.Store.NoticeRules(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rules, func(r registry.NoticeRule) bool { return string(r.Kind) == c.Param("kind") })
	if i < 0 {
		return registry.ErrNotFound
	}
	return s.showNoticeRule(c, http.StatusOK, rules[i], nil)
}

// setNoticeRule handles POST /admin/settings/notices/{kind}.
func (s *Server) setNoticeRule(c echo.Context) error {
	in := registry.NoticeRule{}
	if err := bind(c, &in); err != nil {
		return err
	}
	in.Kind = registry.NoticeKind(c.Param("kind"))
	err := s.Store.SetNoticeRule(c.Request().Context(), actor(c), in)
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		return s.showNoticeRule(c, http.StatusUnprocessableEntity, in, invalid)
	}
	if err != nil {
		return err
	}
	s.flash(c, "Saved")
	return redirect(c, views.NoticeRulesPath)
}

func (s *Server) showNoticeRule(c echo.Context, code int, rule registry.NoticeRule, invalid registry.Invalid) error {
	return render(c, code, views.NoticeRulePage(s.shell(c, "Notices", views.SettingsPath), views.NoticeRuleForm{Input: rule, Invalid: invalid, Mail: s.Mail}))
}
