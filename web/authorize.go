package web

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// authorize handles GET /oauth2/authorize: it has the user sign in and consent,
// as far as that is still needed, and sends the browser back to the client with
// a code.
func (s *Server) authorize(c echo.Context) error {
	query, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return s.refuseAuthorization(c, malformedAuthorization)
	}
	ctx := c.Request().Context()
	req, err := s.OAuth.Authorization(ctx, query)
	if err != nil {
		return s.refuseAuthorization(c, err)
	}
	leadsTo(c, req.RedirectURI)
	who := whoAnswers(c)
	if req.NeedsSignIn(who.At, s.Now()) {
		if req.Prompt.None {
			return s.refuseAuthorization(c, req.Refuse(oauth.LoginRequired()))
		}
		return c.Redirect(http.StatusSeeOther, signInFor(query, !who.At.IsZero()))
	}
	code, err := s.Store.Authorize(ctx, who, req)
	switch {
	case err == nil:
		return c.Redirect(http.StatusSeeOther, req.Granted(code))
	case !errors.Is(err, store.ErrConsentRequired):
		return err
	case req.Prompt.None:
		return s.refuseAuthorization(c, req.Refuse(oauth.ConsentRequired()))
	}
	return s.askConsent(c, http.StatusOK, who, req, query, views.ConsentForm{})
}

// postAuthorize handles POST /oauth2/authorize (OpenID Connect Core 1.0,
// section 3.1.2.1). A post from another site carries no Lax cookie, so the
// browser is told to ask for the same by GET.
func (s *Server) postAuthorize(c echo.Context) error {
	form, err := body(c)
	if err != nil {
		return s.refuseAuthorization(c, malformedAuthorization)
	}
	return c.Redirect(http.StatusSeeOther, oauth.AuthorizePath+"?"+form.Encode())
}

var malformedAuthorization = &oauth.Error{Code: "invalid_request", Description: "The parameters of this request are not a well-formed form.", Status: http.StatusBadRequest}

// answerConsent handles POST /oauth2/authorize/consent.
func (s *Server) answerConsent(c echo.Context) error {
	var in struct {
		registry.ConsentAnswer
		Question string `form:"request"`
		Decision string `form:"decision"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, who := c.Request().Context(), whoAnswers(c)
	original, err := s.Store.ConsentRequest(ctx, who, in.Question)
	if err != nil {
		return s.refuseAnswer(c, err, "")
	}
	query, err := url.ParseQuery(original)
	if err != nil {
		return err
	}
	req, err := s.OAuth.Authorization(ctx, query) // again: what was registered may have changed since
	if err != nil {
		return s.refuseAuthorization(c, err)
	}
	leadsTo(c, req.RedirectURI)
	switch in.Decision {
	case "allow":
		code, err := s.Store.AnswerConsent(ctx, who, in.Question, req, in.ConsentAnswer)
		if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
			return s.askConsent(c, http.StatusUnprocessableEntity, who, req, query, views.ConsentForm{Answer: in.ConsentAnswer, Invalid: invalid})
		}
		if err != nil {
			return s.refuseAnswer(c, err, req.Client.Name)
		}
		return c.Redirect(http.StatusSeeOther, req.Granted(code))
	case "deny":
		if err := s.Store.DenyConsent(ctx, who, in.Question); err != nil {
			return s.refuseAnswer(c, err, req.Client.Name)
		}
		return c.Redirect(http.StatusSeeOther, req.Refuse(oauth.AccessDenied()).Location)
	default:
		return echo.ErrBadRequest
	}
}

// askConsent shows the question whether to consent, with what was answered
// wrongly.
func (s *Server) askConsent(c echo.Context, code int, who store.SignedIn, req oauth.AuthorizationRequest, query url.Values, form views.ConsentForm) (err error) {
	ctx := c.Request().Context()
	if form.Question, err = s.Store.AskConsent(ctx, who, req, query.Encode()); err != nil {
		return err
	}
	if form.Catalogue, err = s.Store.Catalogue(ctx); err != nil {
		return err
	}
	form.SwitchAccount = signInFor(query, true)
	return render(c, code, views.ConsentPage(s.shell(c, "Allow "+form.Question.Client.Name+"?", ""), form))
}

// refuseAuthorization tells the client by way of the browser, or, while nothing
// may be sent to where the request says, only the user.
func (s *Server) refuseAuthorization(c echo.Context, err error) error {
	if told, ok := errors.AsType[*oauth.AuthorizationError](err); ok {
		leadsTo(c, told.Location)
		return c.Redirect(http.StatusSeeOther, told.Location)
	}
	refusal, ok := errors.AsType[*oauth.Error](err)
	if !ok || refusal.Status >= http.StatusInternalServerError {
		return err
	}
	return render(c, refusal.Status, views.AuthorizeErrorPage(s.shell(c, "This sign-in link does not work", ""), views.Failure{
		Status: refusal.Status, Text: refusal.Description, RequestID: requestID(c),
	}))
}

// refuseAnswer says that there is no such question, or no longer. client is who
// asked, as far as that is known.
func (s *Server) refuseAnswer(c echo.Context, err error, client string) error {
	if !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	return render(c, http.StatusGone, views.ConsentGonePage(s.shell(c, "That question was already answered", ""), client))
}

// whoAnswers returns the viewer as who answers an authorization request; nobody
// has not signed in.
func whoAnswers(c echo.Context) store.SignedIn {
	v, _ := viewer(c)
	return store.SignedIn{By: actor(c), Token: sessionToken(c), At: v.SignedInAt}
}

// signInFor returns where to sign in and come back to an authorization request,
// which then asks for that no more.
func signInFor(query url.Values, again bool) string {
	back := url.Values{}
	for name, values := range query {
		back[name] = values
	}
	prompts := slices.DeleteFunc(strings.Fields(query.Get("prompt")), func(prompt string) bool { return prompt == "login" || prompt == "select_account" })
	back.Del("prompt")
	back.Del("max_age")
	if len(prompts) > 0 {
		back.Set("prompt", strings.Join(prompts, " "))
	}
	login := url.Values{"return_to": {oauth.AuthorizePath + "?" + back.Encode()}}
	if again {
		login.Set("again", "true")
	}
	return "/login?" + login.Encode()
}

// continuing returns the authorization request that someone signs in for, if
// that is where they go on to.
func (s *Server) continuing(c echo.Context, returnTo string) (req oauth.AuthorizationRequest, ok bool) {
	u, err := url.Parse(returnTo)
	if err != nil || u.Path != oauth.AuthorizePath {
		return req, false
	}
	req, err = s.OAuth.Authorization(c.Request().Context(), u.Query())
	return req, err == nil
}

// leadsTo lets the page's form lead on to a redirect URI, and from there to any
// https address: Chromium holds every redirect that follows a post against
// form-action. A client may have opened the page in a window of its own, which
// it waits for.
func leadsTo(c echo.Context, redirectURI string) {
	header := c.Response().Header()
	header.Del("Cross-Origin-Opener-Policy")
	header.Set("Content-Security-Policy", strings.Replace(policy, "form-action 'self'", "form-action 'self' https:"+formTarget(redirectURI), 1))
}

// formTarget returns what form-action needs beside https for a redirect URI.
func formTarget(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	switch {
	case err != nil || u.Scheme == "https":
		return ""
	case u.Scheme != "http":
		return " " + u.Scheme + ":"
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.Is6() {
		return " http:" // a policy cannot name it
	}
	return " http://" + u.Host
}
