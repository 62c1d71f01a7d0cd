package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/views"
)

// tryClientPage handles GET /admin/applications/{id}/test.
func (s *Server) tryClientPage(c echo.Context) error {
	app, err := s.applicationToTry(c)
	if err != nil {
		return err
	}
	return s.renderTrial(c, http.StatusOK, views.TrialForm{App: app.Application})
}

// tryClient handles POST /admin/applications/{id}/test: it gets a token with
// the secret that was sent, and calls an API with it.
func (s *Server) tryClient(c echo.Context) error {
	var in struct {
		Secret string `form:"client_secret"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	app, err := s.applicationToTry(c)
	if err != nil {
		return err
	}
	form := views.TrialForm{App: app.Application}
	if strings.TrimSpace(in.Secret) == "" {
		form.Invalid = registry.Invalid{"client_secret": "Paste the client secret."}
		return s.renderTrial(c, http.StatusUnprocessableEntity, form)
	}
	trial, err := s.try(c, app, registry.ParseSecret(in.Secret))
	if err != nil {
		return err
	}
	form.Trial = &trial
	return s.renderTrial(c, http.StatusOK, form)
}

// applicationToTry returns the application, or registry.ErrNotFound when it
// gets no tokens without a user.
func (s *Server) applicationToTry(c echo.Context) (registry.ApplicationDetails, error) {
	app, err := s.Store.Application(c.Request().Context(), actor(c), c.Param("id"))
	if err == nil && !app.ActsAsItself() {
		err = registry.ErrNotFound
	}
	return app, err
}

func (s *Server) renderTrial(c echo.Context, code int, form views.TrialForm) error {
	return render(c, code, views.ClientTryPage(s.shell(c, "Test "+form.App.Name, "/admin/applications"), form))
}

// trialCalls are our own APIs by the scope that opens them.
var trialCalls = []struct{ scope, address string }{
	{"audit.log:read", "/api/v1/audit-log?limit=1"},
	{"applications:read", "/api/v1/applications?limit=1"},
	{"authorization.permissions:read", "/api/v1/permissions?limit=1"},
}

// try gets a token for the client and calls the APIs that it opens, by the same
// endpoints that everyone uses.
func (s *Server) try(c echo.Context, app registry.ApplicationDetails, secret registry.Secret) (views.Trial, error) {
	trial := views.Trial{App: app.Application, Now: s.Now()}
	said, err := dispatch(c, http.MethodPost, oauth.TokenPath, asClient(app.Application, secret))
	if err != nil {
		return trial, err
	}
	if said.status != http.StatusOK {
		trial.Refused = &views.TokenRefusal{}
		return trial, json.Unmarshal(said.body.Bytes(), trial.Refused)
	}
	var issued oauth.TokenResponse
	if err := json.Unmarshal(said.body.Bytes(), &issued); err != nil {
		return trial, fmt.Errorf("read the token response: %w", err)
	}
	trial.Token, trial.ExpiresAt = issued.AccessToken, trial.Now.Add(time.Duration(issued.ExpiresIn)*time.Second)
	if err := decodeToken(&trial); err != nil {
		return trial, fmt.Errorf("read the token: %w", err)
	}
	for _, api := range trialCalls {
		if slices.Contains(strings.Fields(issued.Scope), api.scope) {
			call, err := callAPI(c, api.address, issued.AccessToken)
			if err != nil {
				return trial, err
			}
			trial.Calls = append(trial.Calls, call)
		}
	}
	return trial, nil
}

// asClient asks for a token in the way that the client is registered for.
func asClient(app registry.Application, secret registry.Secret) func(*http.Request) {
	return func(r *http.Request) {
		form := url.Values{"grant_type": {registry.ClientCredentials}}
		if app.AuthMethod == registry.SecretPost {
			form.Set("client_id", app.ID)
			form.Set("client_secret", secret.Reveal())
		} else {
			r.SetBasicAuth(url.QueryEscape(app.ID), url.QueryEscape(secret.Reveal())) // RFC 6749, section 2.3.1
		}
		r.Header.Set("Content-Type", echo.MIMEApplicationForm)
		r.Body = io.NopCloser(strings.NewReader(form.Encode()))
	}
}

// callAPI gets an address with a token.
func callAPI(c echo.Context, address, token string) (views.APICall, error) {
	said, err := dispatch(c, http.MethodGet, address, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
	if err != nil {
		return views.APICall{}, err
	}
	call := views.APICall{Request: http.MethodGet + " " + address, Status: said.status}
	if said.status == http.StatusForbidden {
		var problem problemDocument
		if err := json.Unmarshal(said.body.Bytes(), &problem); err != nil {
			return call, fmt.Errorf("read the problem: %w", err)
		}
		if missing := problem.MissingPermission; missing != nil {
			call.Missing = missing.Name + " of " + missing.ServiceName
		}
	}
	call.Body, err = indented(said.body.Bytes())
	return call, err
}

// decodeToken fills in what the token says.
func decodeToken(trial *views.Trial) error {
	header, rest, _ := strings.Cut(trial.Token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	for encoded, text := range map[string]*string{header: &trial.Header, claims: &trial.Claims} {
		plain, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil {
			return err
		}
		if *text, err = indented(plain); err != nil {
			return err
		}
	}
	var said struct {
		Audience any `json:"aud"` // a string or several (RFC 7519, section 4.1.3)
	}
	if err := json.Unmarshal([]byte(trial.Claims), &said); err != nil {
		return err
	}
	several, ok := said.Audience.([]any)
	if !ok {
		several = []any{said.Audience}
	}
	for _, audience := range several {
		trial.Audience = append(trial.Audience, fmt.Sprint(audience))
	}
	return nil
}

func indented(document []byte) (string, error) {
	var text bytes.Buffer
	err := json.Indent(&text, bytes.TrimSpace(document), "", "  ")
	return text.String(), err
}
