package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/views"
)

// clientSecret handles GET /admin/applications/{id}/secret: it shows a new
// secret, once. Only a person who opens the page gets it, and not a browser
// that looks ahead, or a script.
func (s *Server) clientSecret(c echo.Context) error {
	ctx, by := c.Request().Context(), actor(c)
	app, err := s.Store.Application(ctx, by, c.Param("id"))
	switch {
	case err != nil:
		return err
	case isHTMX(c):
		return redirect(c, c.Request().URL.Path)
	case !isVisit(c.Request()):
		return c.NoContent(http.StatusNoContent)
	}
	if app.Public() { // it has none to be shown
		return redirect(c, applicationPath(c)+"/connect")
	}
	secret, err := s.Store.TakeSecret(ctx, by, sessionToken(c), app.ID)
	if errors.Is(err, registry.ErrNotFound) {
		return render(c, http.StatusGone, views.SecretGonePage(s.shell(c, "That secret was already shown", "/admin/applications"), app.Application))
	}
	if err != nil {
		return err
	}
	h, err := s.handover(c, app, secret)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.ClientSecretPage(s.shell(c, app.Name, "/admin/applications"), h))
}

// connectPage handles GET /admin/applications/{id}/connect.
func (s *Server) connectPage(c echo.Context) error {
	app, err := s.Store.Application(c.Request().Context(), actor(c), c.Param("id"))
	if err == nil && !app.ActsForUsers() {
		err = registry.ErrNotFound
	}
	if err != nil {
		return err
	}
	h, err := s.handover(c, app, registry.Secret{})
	if err != nil {
		return err
	}
	h.Snippets = nil // they are of no use without the secret
	return render(c, http.StatusOK, views.ClientConnectPage(s.shell(c, "Connect "+app.Name, "/admin/applications"), h))
}

// handover returns all that it takes to use a client, with its secret unless
// that is the zero one.
func (s *Server) handover(c echo.Context, app registry.ApplicationDetails, secret registry.Secret) (h views.Handover, err error) {
	catalogue, err := s.Store.Catalogue(c.Request().Context())
	if err != nil {
		return h, err
	}
	h.App, h.Catalogue = app, catalogue
	for _, g := range app.Permissions {
		h.Held = append(h.Held, views.GrantText(catalogue, g))
	}
	h.Credentials = views.Credentials{
		Issuer: s.Issuer, TokenEndpoint: s.Issuer + oauth.TokenPath, ClientID: app.ID, Secret: secret, AuthMethod: app.AuthMethod, Scopes: app.ScopeKeys(),
		RedirectURIs: app.RedirectURIs, Refresh: slices.Contains(app.Grants, registry.RefreshToken),
	}
	if app.ActsAsItself() && app.Type == registry.OAuthClient {
		if h.Snippets, err = h.Credentials.Snippets(); err != nil {
			return h, err
		}
	}
	if app.ActsForUsers() {
		h.CodeSnippets, err = h.Credentials.CodeSnippets()
	}
	return h, err
}

// isVisit reports whether a person opens a page: the request is neither a HEAD
// nor made ahead of a click that may never come, nor a script's.
func isVisit(r *http.Request) bool {
	mode, ahead := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose")+r.Header.Get("X-Moz")
	return r.Method == http.MethodGet && (mode == "" || mode == "navigate") &&
		!strings.Contains(strings.ToLower(ahead), "pre") // prefetch, prerender, preview
}
