package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxBody is the longest form accepted, in bytes.
const maxBody = 64 << 10

// TokenRequest is what a client sends to the token endpoint.
type TokenRequest struct {
	Credentials Credentials
	GrantType   string
	Scope       string
	Resources   []string // RFC 8707
	Origin               // the caller knows

	Code, RedirectURI, Verifier string // of authorization_code
	RefreshToken                string // of refresh_token
}

// TokenQuery is what a client sends to have a token introspected or revoked.
type TokenQuery struct {
	Credentials Credentials
	Token       string
	Origin      // the caller knows
}

// ParseTokenRequest reads the body of a token request, once. It fails with an
// *Error unless the request is a form whose every parameter is in the body,
// once, and which carries the client's credentials in one way.
func ParseTokenRequest(r *http.Request) (TokenRequest, error) {
	form, err := parseForm(r)
	if err != nil {
		return TokenRequest{}, err
	}
	credentials, err := parseCredentials(r.Header, form)
	if err != nil {
		return TokenRequest{}, err
	}
	return TokenRequest{
		Credentials: credentials,
		GrantType:   form.Get("grant_type"),
		Scope:       form.Get("scope"),
		Resources:   form["resource"],

		Code: form.Get("code"), RedirectURI: form.Get("redirect_uri"), Verifier: form.Get("code_verifier"),
		RefreshToken: form.Get("refresh_token"),
	}, nil
}

// ParseTokenQuery reads the body of a request for introspection (RFC 7662,
// section 2.1) or revocation (RFC 7009, section 2.1), as ParseTokenRequest does.
// The token_type_hint is not needed: one look tells what a token is.
func ParseTokenQuery(r *http.Request) (TokenQuery, error) {
	form, err := parseForm(r)
	if err != nil {
		return TokenQuery{}, err
	}
	credentials, err := parseCredentials(r.Header, form)
	if err != nil {
		return TokenQuery{}, err
	}
	if form.Get("token") == "" {
		return TokenQuery{}, invalidRequest("The parameter token is missing.")
	}
	return TokenQuery{Credentials: credentials, Token: form.Get("token")}, nil
}

// parseForm returns the parameters in the body of a POST. A query string is
// refused because addresses end up in logs (RFC 6749, section 2.3.1), and a
// repeated parameter because two readers might see different ones (section
// 3.2); only resource may repeat (RFC 8707, section 2).
func parseForm(r *http.Request) (url.Values, error) {
	if r.URL.RawQuery != "" {
		return nil, invalidRequest("Send parameters in the body, never in the query string.")
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("Send a form: Content-Type must be application/x-www-form-urlencoded.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return nil, &Error{Code: "invalid_request", Description: "The request is too long.", Status: http.StatusRequestEntityTooLarge}
	}
	if err != nil {
		return nil, invalidRequest("The request ended before its body did.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalidRequest("The body is not a well-formed form.")
	}
	for name, values := range form {
		if len(values) > 1 && name != "resource" {
			return nil, invalidRequest("Send each parameter once. This one is repeated: " + legible(name))
		}
	}
	return form, nil
}
