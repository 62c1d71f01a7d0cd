package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clientele/registry"
)

// CodeLifetime is how long a code waits to be redeemed (RFC 6749, section 4.1.2).
const CodeLifetime = time.Minute

// AuthorizationRequest is what a client asks a user for, checked (RFC 6749,
// section 4.1.1; OpenID Connect Core 1.0, section 3.1.2.1).
type AuthorizationRequest struct {
	Client      *Client
	RedirectURI string // one that is registered
	Scopes      []Scope
	Nonce       string
	Challenge   string // of PKCE, S256
	Prompt      Prompt
	MaxAge      time.Duration // how long ago the user may have signed in; negative: no matter
	LoginHint   string

	state  string
	issuer string
}

// Prompt is how a client wants the user to be asked.
type Prompt struct {
	None    bool // not at all
	SignIn  bool // to sign in, though they are signed in
	Consent bool // to consent, though they have consented
}

// AuthorizationError is a refusal that the client is told of by way of the
// user's browser (RFC 6749, section 4.1.2.1).
type AuthorizationError struct {
	Refusal  *Error
	Location string // where the browser is to go: a redirect URI that is registered
}

func (e *AuthorizationError) Error() string { return e.Refusal.Error() }

// s256Challenge is what the SHA-256 of a verifier looks like (RFC 7636, section 4.2).
var s256Challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// Authorization checks an authorization request. It fails with an *Error while
// nothing may be sent to the redirect URI: the client is unknown, or the URI is
// not one of its own. Everything else that is wrong is an *AuthorizationError.
func (s *Server) Authorization(ctx context.Context, query url.Values) (AuthorizationRequest, error) {
	r := AuthorizationRequest{MaxAge: -1, state: query.Get("state"), issuer: s.Issuer}
	if len(query["client_id"]) > 1 || len(query["redirect_uri"]) > 1 {
		return r, invalidRequest("The request names the client or its redirect URI more than once.")
	}
	client, err := s.client(ctx, query.Get("client_id"))
	switch {
	case errors.Is(err, ErrUnknownClient):
		return r, invalidRequest("There is no application with the client_id of this request.")
	case err != nil:
		return r, unavailable(err)
	case query.Get("redirect_uri") == "":
		return r, invalidRequest("The request has no redirect_uri, so that there is nowhere to send the answer.")
	case !redirectMatches(client.RedirectURIs, query.Get("redirect_uri")):
		return r, invalidRequest("The redirect_uri of this request is not registered for the application. It must be the same to the letter.")
	}
	r.Client, r.RedirectURI = client, query.Get("redirect_uri")
	if refusal := r.read(query); refusal != nil {
		return r, r.Refuse(refusal)
	}
	return r, nil
}

// read checks all that is answered by way of the redirect URI.
func (r *AuthorizationRequest) read(query url.Values) *Error {
	for name, values := range query {
		if len(values) > 1 && name != "resource" {
			return invalidRequest("Send each parameter once. This one is repeated: " + legible(name))
		}
	}
	for _, unsupported := range []string{"request", "request_uri", "registration"} {
		if query.Has(unsupported) {
			return &Error{Code: unsupported + "_not_supported", Description: "Send the parameters themselves, without " + unsupported + ".", Status: http.StatusBadRequest}
		}
	}
	switch kind, mode := query.Get("response_type"), query.Get("response_mode"); {
	case kind == "":
		return invalidRequest("The parameter response_type is missing.")
	case kind != "code":
		return &Error{Code: "unsupported_response_type", Description: "The response_type must be code.", Status: http.StatusBadRequest}
	case mode != "" && mode != "query":
		return invalidRequest("The response_mode must be query.")
	case r.Client.Disabled:
		return unauthorizedClient("The client is disabled.")
	case !slices.Contains(r.Client.Grants, registry.AuthorizationCode):
		return unauthorizedClient("The client is not registered for the grant type authorization_code.")
	}
	if refusal := r.readPKCE(query); refusal != nil {
		return refusal
	}
	if refusal := r.readOpenID(query); refusal != nil {
		return refusal
	}
	return r.readScopes(query)
}

// readPKCE wants a challenge of every client, and S256 at that (RFC 7636; RFC
// 9700, section 2.1.1).
func (r *AuthorizationRequest) readPKCE(query url.Values) *Error {
	r.Challenge = query.Get("code_challenge")
	switch method := query.Get("code_challenge_method"); {
	case r.Challenge == "":
		return invalidRequest("The parameter code_challenge is missing: this server wants PKCE.")
	case method != "S256":
		return invalidRequest("The code_challenge_method must be S256.")
	case !s256Challenge.MatchString(r.Challenge):
		return invalidRequest("The code_challenge is not the base64url of a SHA-256: 43 characters without padding.")
	}
	return nil
}

// readOpenID reads the parameters that OpenID Connect adds.
func (r *AuthorizationRequest) readOpenID(query url.Values) *Error {
	const longest = 1000
	r.Nonce, r.LoginHint = query.Get("nonce"), query.Get("login_hint")
	if len(r.Nonce) > longest || !isText(r.Nonce) || len(r.LoginHint) > longest || !isText(r.LoginHint) {
		return invalidRequest("The nonce and the login_hint are text of at most 1000 bytes.")
	}
	prompts := strings.Fields(query.Get("prompt"))
	for _, prompt := range prompts {
		switch prompt {
		case "none":
			r.Prompt.None = true
		case "login", "select_account":
			r.Prompt.SignIn = true
		case "consent":
			r.Prompt.Consent = true
		default:
			return invalidRequest("The prompt is not of none, login, select_account and consent: " + legible(prompt))
		}
	}
	if r.Prompt.None && len(prompts) > 1 {
		return invalidRequest("The prompt none stands alone.")
	}
	if query.Get("max_age") != "" {
		seconds, err := strconv.ParseUint(query.Get("max_age"), 10, 31)
		if err != nil {
			return invalidRequest("The max_age is a number of seconds.")
		}
		r.MaxAge = time.Duration(seconds) * time.Second
	}
	return nil
}

func (r *AuthorizationRequest) readScopes(query url.Values) *Error {
	wanted, err := parseScope(query.Get("scope"))
	if err == nil {
		err = checkResources(query["resource"], r.Client.Scopes)
	}
	if err == nil {
		r.Scopes, err = narrow(r.Client.Scopes, wanted, query["resource"], withUser)
	}
	refusal, _ := errors.AsType[*Error](err)
	return refusal
}

// NeedsSignIn reports whether the user has to sign in for this request, who
// signed in then last; zero is never.
func (r *AuthorizationRequest) NeedsSignIn(signedInAt, now time.Time) bool {
	return signedInAt.IsZero() || r.Prompt.SignIn || r.MaxAge >= 0 && now.Sub(signedInAt) > r.MaxAge
}

// Granted returns where the browser is to go with a code (RFC 6749, section
// 4.1.2; RFC 9207).
func (r *AuthorizationRequest) Granted(code string) string {
	return r.answer(url.Values{"code": {code}})
}

// Refuse returns the refusal as the client is told of it.
func (r *AuthorizationRequest) Refuse(refusal *Error) *AuthorizationError {
	return &AuthorizationError{Refusal: refusal, Location: r.answer(url.Values{"error": {refusal.Code}, "error_description": {refusal.Description}})}
}

func (r *AuthorizationRequest) answer(answer url.Values) string {
	answer.Set("iss", r.issuer)
	if r.state != "" {
		answer.Set("state", r.state)
	}
	return redirectTo(r.RedirectURI, answer)
}

// ScopeKeys returns the scopes that are asked for.
func (r *AuthorizationRequest) ScopeKeys() []string { return keysOf(r.Scopes) }

// AccessDenied is what a client is told when the user does not consent.
func AccessDenied() *Error {
	return &Error{Code: "access_denied", Description: "The user did not allow it.", Status: http.StatusForbidden}
}

// LoginRequired refuses a request with prompt none for whose user has to sign
// in first (OpenID Connect Core 1.0, section 3.1.2.6).
func LoginRequired() *Error {
	return &Error{Code: "login_required", Description: "The user has to sign in.", Status: http.StatusBadRequest}
}

// ConsentRequired refuses a request with prompt none for which the user has to
// be asked.
func ConsentRequired() *Error {
	return &Error{Code: "consent_required", Description: "The user has to be asked.", Status: http.StatusBadRequest}
}

func unauthorizedClient(description string) *Error {
	return &Error{Code: "unauthorized_client", Description: description, Status: http.StatusBadRequest}
}

// isText reports whether text can be stored: UTF-8 without NUL.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
