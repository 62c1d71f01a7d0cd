package web

import (
	"errors"
	"net/http"
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
	secret, err := s.Store.TakeSecret(ctx, by, sessionToken(c), app.ID)
	if errors.Is(err, registry.ErrNotFound) {
		return render(c, http.StatusGone, views.SecretGonePage(s.shell(c, "That secret was already shown", "/admin/applications"), app.Application))
	}
	if err != nil {
		return err
	}
	return s.handOver(c, app, secret)
}

// handOver shows a new secret with all that it takes to use it.
func (s *Server) handOver(c echo.Context, app registry.ApplicationDetails, secret registry.Secret) error {
	catalogue, err := s.Store.Catalogue(c.Request().Context())
	if err != nil {
		return err
	}
	var held []string
	for _, g := range app.Permissions {
		held = append(held, views.GrantText(catalogue, g))
	}
	h := views.Handover{
		App: app, Held: held,
		Credentials: views.Credentials{
			TokenEndpoint: s.Issuer + oauth.TokenPath, ClientID: app.ID, Secret: secret, AuthMethod: app.AuthMethod, Scopes: app.ScopeKeys(),
		},
	}
	snippets, err := h.Credentials.Snippets()
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.ClientSecretPage(s.shell(c, app.Name, "/admin/applications"), h, snippets))
}

// isVisit reports whether a person opens a page: the request is neither a HEAD
// nor made ahead of a click that may never come, nor a script's.
func isVisit(r *http.Request) bool {
	mode, ahead := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose")+r.Header.Get("X-Moz")
	return r.Method == http.MethodGet && (mode == "" || mode == "navigate") &&
		!strings.Contains(strings.ToLower(ahead), "pre") // prefetch, prerender, preview
}
