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
	rule, err := s.noticeRuleOf(c)
	if err != nil {
		return err
	}
	return s.showNoticeRule(c, http.StatusOK, views.NoticeRuleForm{Input: rule, Seen: rule})
}

// setNoticeRule handles POST /admin/settings/notices/{kind}. When someone else
// was faster, it says so, and keeps what was typed.
func (s *Server) setNoticeRule(c echo.Context) error {
	var in struct {
		registry.NoticeRule
		Seen string `form:"seen"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	in.Kind = registry.NoticeKind(c.Param("kind"))
	seen := views.ParseSeen[registry.NoticeRule](in.Seen)
	refused := s.Store.SetNoticeRule(c.Request().Context(), actor(c), in.NoticeRule, seen)
	if refused == nil {
		s.flash(c, "Saved")
		return redirect(c, views.NoticeRulesPath)
	}
	invalid, wrong := errors.AsType[registry.Invalid](refused)
	if !wrong && !errors.Is(refused, registry.ErrConflict) {
		return refused
	}
	now, err := s.noticeRuleOf(c)
	if err != nil {
		return err
	}
	if seen == nil {
		seen = &now
	}
	if wrong {
		return s.showNoticeRule(c, http.StatusUnprocessableEntity, views.NoticeRuleForm{Input: in.NoticeRule, Invalid: invalid, Seen: *seen})
	}
	return s.showNoticeRule(c, http.StatusConflict, views.NoticeRuleForm{Input: in.Onto(*seen, now), Seen: now, Meanwhile: seen.Changes(now)})
}

// noticeRuleOf returns the rule of the kind that the address names.
func (s *Server) noticeRuleOf(c echo.Context) (registry.NoticeRule, error) {
	rules, err := s.Store.NoticeRules(c.Request().Context(), actor(c))
	if err != nil {
		return registry.NoticeRule{}, err
	}
	i := slices.IndexFunc(rules, func(r registry.NoticeRule) bool { return string(r.Kind) == c.Param("kind") })
	if i < 0 {
		return registry.NoticeRule{}, registry.ErrNotFound
	}
	return rules[i], nil
}

func (s *Server) showNoticeRule(c echo.Context, code int, f views.NoticeRuleForm) error {
	f.Mail = s.Mail
	return render(c, code, views.NoticeRulePage(s.shell(c, "Notices", views.SettingsPath), f))
}
