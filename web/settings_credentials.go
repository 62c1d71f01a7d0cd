package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/views"
)

// credentialPolicyPage handles GET /admin/settings/credentials.
func (s *Server) credentialPolicyPage(c echo.Context) error {
	use, err := s.Store.CredentialPolicy(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	return s.showCredentialPolicy(c, http.StatusOK, views.PolicyForm{Use: use, Input: registry.PolicyInputOf(use.Policy)})
}

// setCredentialPolicy handles POST /admin/settings/credentials.
func (s *Server) setCredentialPolicy(c echo.Context) error {
	var in struct {
		registry.PolicyInput
		SeenLife    string `form:"seen_life"`
		SeenOverlap string `form:"seen_overlap"`
		SeenMost    string `form:"seen_most"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, edit := c.Request().Context(), registry.PolicyEdit{}
	policy, err := in.Policy()
	if err == nil {
		edit.CredentialPolicy = policy
		if seen, err := (registry.PolicyInput{LongestLife: in.SeenLife, LongestOverlap: in.SeenOverlap, MostSecrets: in.SeenMost}).Policy(); err == nil {
			edit.Seen = &seen
		}
		err = s.Store.SetCredentialPolicy(ctx, actor(c), edit)
	}
	invalid, wrong := errors.AsType[registry.Invalid](err)
	form := views.PolicyForm{Input: in.PolicyInput, Invalid: invalid, Meanwhile: errors.Is(err, registry.ErrConflict)}
	switch {
	case err == nil:
		s.flash(c, "Saved")
		return redirect(c, views.CredentialPolicyPath)
	case !wrong && !form.Meanwhile:
		return err
	}
	if form.Use, err = s.Store.CredentialPolicy(ctx, actor(c)); err != nil {
		return err
	}
	code := http.StatusUnprocessableEntity
	if form.Meanwhile {
		code = http.StatusConflict
	}
	return s.showCredentialPolicy(c, code, form)
}

func (s *Server) showCredentialPolicy(c echo.Context, code int, form views.PolicyForm) error {
	return render(c, code, views.CredentialPolicyPage(s.shell(c, "Credentials", views.SettingsPath), form))
}
