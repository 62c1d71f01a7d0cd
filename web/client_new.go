package web

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// newClientPage handles GET /admin/applications/new/oauth-client.
func (s *Server) newClientPage(c echo.Context) error {
	if err := s.Store.Require(c.Request().Context(), actor(c), "application.create", registry.Target{Type: "application"}, registry.ManageApplications); err != nil {
		return err
	}
	drafts, err := s.Store.UnfinishedDrafts(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	form := views.ClientDetailsForm{Input: registry.ClientDetails{
		Grants: []string{registry.ClientCredentials}, AuthMethod: registry.SecretBasic, Trust: registry.Unverified,
	}}
	for _, d := range drafts { // one may have come by the browser's Back, to a page as empty as it was
		form.Unfinished = append(form.Unfinished, views.UnfinishedClient{Draft: d.ID, Name: d.Input.Name})
	}
	return s.renderDetails(c, http.StatusOK, form)
}

// newClient handles POST /admin/applications/new/oauth-client: it begins a draft.
func (s *Server) newClient(c echo.Context) error {
	in, err := bindDetails(c)
	if err != nil {
		return err
	}
	form := views.ClientDetailsForm{Input: in.ClientDetails, Logo: in.Logo.PNG}
	if in.wrong != nil {
		return s.refuseDetails(c, s.alsoWrong(c, "", in), form)
	}
	draft, err := s.Store.NewDraft(c.Request().Context(), actor(c), form.Input, form.Logo)
	if err != nil {
		return s.refuseDetails(c, err, form)
	}
	return redirect(c, views.DraftPath(draft)+"/scopes")
}

// detailsInput is the details of a client as a form sends them.
type detailsInput struct {
	registry.ClientDetails
	Seen  string            `form:"seen"` // of a form that edits
	Logo  registry.LogoEdit `form:"-"`
	wrong registry.Invalid  // with the logo, or nil
}

// bindDetails reads the details of a client, which may come with a file. A
// grant type of the form may be several, and the box for refresh tokens counts
// only where it can be seen.
func bindDetails(c echo.Context) (in detailsInput, err error) {
	form, file, err := bodyWithFile(c)
	if err != nil {
		return in, err
	}
	if err := bindForm(c, form, &in); err != nil {
		return in, err
	}
	in.Grants = strings.Fields(strings.Join(in.Grants, " "))
	if !in.ActsForUsers() {
		in.Grants = slices.DeleteFunc(in.Grants, func(grant string) bool { return grant == registry.RefreshToken })
	}
	in.Logo, in.wrong, err = readLogo(form, file)
	return in, err
}

// alsoWrong returns what is wrong with details whose logo is, as
// registry.Invalid; id is "" for a new application.
func (s *Server) alsoWrong(c echo.Context, id string, in detailsInput) error {
	err := s.Store.CheckDetails(c.Request().Context(), actor(c), id, in.ClientDetails)
	invalid, wrong := errors.AsType[registry.Invalid](err)
	if err != nil && !wrong {
		return err
	}
	all := maps.Clone(in.wrong)
	maps.Copy(all, invalid)
	return all
}

// checkNewClient handles POST /admin/applications/new/oauth-client/check: it
// says what is wrong with the details, and keeps nothing.
func (s *Server) checkNewClient(c echo.Context) error {
	in, err := bindDetails(c)
	if err != nil {
		return err
	}
	form := views.ClientDetailsForm{Input: in.ClientDetails}
	err = s.Store.CheckDetails(c.Request().Context(), actor(c), "", form.Input)
	if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
		form.Invalid = invalid
	} else if err != nil {
		return err
	}
	return s.renderDetails(c, http.StatusOK, form)
}

// draftDetailsPage handles GET /admin/applications/new/oauth-client/{draft}.
func (s *Server) draftDetailsPage(c echo.Context) error {
	return s.withDraft(c, func(draft store.Draft) error {
		return s.renderDetails(c, http.StatusOK, views.ClientDetailsForm{Draft: draft.ID, Input: draft.Input.ClientDetails, Logo: draft.Input.Logo})
	})
}

// setDraftDetails handles POST /admin/applications/new/oauth-client/{draft}.
func (s *Server) setDraftDetails(c echo.Context) error {
	in, err := bindDetails(c)
	if err != nil {
		return err
	}
	form := views.ClientDetailsForm{Draft: c.Param("draft"), Input: in.ClientDetails, Logo: in.Logo.PNG}
	if in.wrong != nil {
		return s.withDraft(c, func(store.Draft) error { return s.refuseDetails(c, s.alsoWrong(c, "", in), form) })
	}
	if err := s.Store.SetDraftDetails(c.Request().Context(), actor(c), form.Draft, form.Input, form.Logo); err != nil {
		return s.refuseDetails(c, err, form)
	}
	return redirect(c, views.DraftPath(form.Draft)+"/scopes")
}

// draftScopesPage handles GET /admin/applications/new/oauth-client/{draft}/scopes.
func (s *Server) draftScopesPage(c echo.Context) error {
	return s.withDraft(c, func(draft store.Draft) error {
		return s.renderScopes(c, http.StatusOK, views.ClientScopesForm{Draft: draft.ID, Input: draft.Input})
	})
}

// setDraftScopes handles POST /admin/applications/new/oauth-client/{draft}/scopes:
// it keeps what was ticked and, unless asked to go back, makes the client.
func (s *Server) setDraftScopes(c echo.Context) error {
	form, err := body(c)
	if err != nil {
		return err
	}
	ctx, by, draft := c.Request().Context(), actor(c), c.Param("draft")
	catalogue, err := s.Store.Catalogue(ctx)
	if err != nil {
		return err
	}
	scopes := form["scope"]
	if err := s.Store.SetDraftScopes(ctx, by, draft, scopes, form["required"], chosenTemplates(form, catalogue, scopes)); err != nil {
		return err
	}
	if form.Has("back") {
		return redirect(c, views.DraftPath(draft))
	}
	client, err := s.Store.SubmitDraft(ctx, by, draft, store.ShowOnce{SessionToken: sessionToken(c)})
	if err != nil {
		return s.refuseDraft(c, err)
	}
	return redirect(c, "/admin/applications/"+client+"/secret")
}

// chosenTemplates returns the templates that were chosen, by service. The form
// shows those of services with a ticked scope only; others do not count.
func chosenTemplates(form url.Values, catalogue registry.Catalogue, scopes []string) map[string]string {
	chosen := map[string]string{}
	for _, scope := range scopes {
		service, _, _ := catalogue.Scope(scope)
		if template := form.Get("template." + service.Key); template != "" {
			chosen[service.Key] = template
		}
	}
	return chosen
}

// withDraft shows a page of the viewer's draft. One that was submitted leads
// to what it became.
func (s *Server) withDraft(c echo.Context, show func(store.Draft) error) error {
	draft, err := s.Store.Draft(c.Request().Context(), actor(c), c.Param("draft"))
	if err != nil {
		return err
	}
	if draft.ClientID != "" {
		return redirect(c, "/admin/applications/"+draft.ClientID)
	}
	return show(draft)
}

// refuseDetails shows the details with what is wrong in them.
func (s *Server) refuseDetails(c echo.Context, err error, form views.ClientDetailsForm) error {
	invalid, wrong := errors.AsType[registry.Invalid](err)
	if !wrong {
		return err
	}
	form.Invalid = invalid
	return s.renderDetails(c, http.StatusUnprocessableEntity, form)
}

// refuseDraft shows the scopes of a draft with what is wrong in it.
func (s *Server) refuseDraft(c echo.Context, err error) error {
	invalid, wrong := errors.AsType[registry.Invalid](err)
	if !wrong {
		return err
	}
	return s.withDraft(c, func(draft store.Draft) error {
		return s.renderScopes(c, http.StatusUnprocessableEntity, views.ClientScopesForm{Draft: draft.ID, Input: draft.Input, Invalid: invalid})
	})
}

func (s *Server) renderDetails(c echo.Context, code int, form views.ClientDetailsForm) error {
	return render(c, code, views.ClientDetailsPage(s.shell(c, "New OAuth client", "/admin/applications"), form))
}

func (s *Server) renderScopes(c echo.Context, code int, form views.ClientScopesForm) error {
	catalogue, err := s.Store.Catalogue(c.Request().Context())
	if err != nil {
		return err
	}
	form.Catalogue = catalogue
	return render(c, code, views.ClientScopesPage(s.shell(c, "Define scopes", "/admin/applications"), form))
}
