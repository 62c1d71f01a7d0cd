package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"slices"

	"clientele/registry"
)

// verifier is what proves that a code is redeemed by who asked for it (RFC
// 7636, section 4.1).
var verifier = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// authorizationCode is the grant of RFC 6749, section 4.1.3: the client acts
// for the user who consented, as far as the scopes of the code go.
func (s *Server) authorizationCode(ctx context.Context, c *Client, _ Secret, req TokenRequest) (grant, error) {
	switch {
	case req.Code == "":
		return grant{}, invalidRequest("The parameter code is missing.")
	case req.RedirectURI == "":
		return grant{}, invalidRequest("The parameter redirect_uri is missing. Send the one of the authorization request.")
	case req.Verifier == "":
		return grant{}, invalidRequest("The parameter code_verifier is missing.")
	case !verifier.MatchString(req.Verifier):
		return grant{}, invalidRequest("The code_verifier is 43 to 128 letters, digits, hyphens, periods, underscores and tildes.")
	}
	challenge := sha256.Sum256([]byte(req.Verifier))
	var scopes []Scope
	a, refresh, err := s.Store.RedeemCode(ctx, Caller{c.ID, req.Origin}, CodeRedemption{
		Code: req.Code, RedirectURI: req.RedirectURI,
		Challenge: base64.RawURLEncoding.EncodeToString(challenge[:]),
		Refresh:   slices.Contains(c.Grants, registry.RefreshToken),
	}, func(a Authorized) (err error) {
		scopes, err = limit(c.Scopes, a.Scopes, nil, req.Resources)
		return err
	})
	if err != nil {
		return grant{}, notGood(err, "The code is not good, or no longer. It works once, within a minute, for the client, the redirect_uri and the code_verifier that it was asked for with.")
	}
	return s.forUser(c, a, scopes, refresh, a.Nonce), nil
}

// refreshToken is the grant of RFC 6749, section 6. Every refresh token is
// spent once and succeeded by another (RFC 9700, section 4.14.2). Scopes may be
// fewer than the user consented to, this time; never more.
func (s *Server) refreshToken(ctx context.Context, c *Client, _ Secret, req TokenRequest) (grant, error) {
	if req.RefreshToken == "" {
		return grant{}, invalidRequest("The parameter refresh_token is missing.")
	}
	wanted, err := parseScope(req.Scope)
	if err != nil {
		return grant{}, err
	}
	var scopes []Scope
	a, next, err := s.Store.Refresh(ctx, Caller{c.ID, req.Origin}, req.RefreshToken, func(a Authorized) (err error) {
		scopes, err = limit(c.Scopes, a.Scopes, wanted, req.Resources)
		return err
	})
	if errors.Is(err, ErrReused) {
		return grant{}, notGood(err, "The refresh token was used before, so that all tokens of this sign-in were revoked. Ask the user to sign in again.")
	}
	if err != nil {
		return grant{}, notGood(err, "The refresh token is not good, or no longer: it expired, or the user took their consent back.")
	}
	return s.forUser(c, a, scopes, next, ""), nil
}

// forUser returns what a client may do for a user. An ID token goes with it
// when the user consented to being identified.
func (s *Server) forUser(c *Client, a Authorized, scopes []Scope, refresh, nonce string) grant {
	g := grant{
		Subject: a.User.ID, Origin: a.FamilyID, Scopes: scopes,
		ConsentID: a.ConsentID, EndsAt: a.EndsAt, RefreshToken: refresh,
	}
	if slices.Contains(a.Scopes, scopeOpenID) {
		claims := userClaims(a.User, a.Scopes)
		claims.Nonce, claims.AuthTime, claims.Audience = nonce, a.SignedInAt.Unix(), c.ID
		g.Identity = &claims
	}
	return g
}

// notGood is what a client is told of a code or refresh token that fails.
func notGood(err error, description string) error {
	if refusal, ok := errors.AsType[*Error](err); ok { // accept's own
		return refusal
	}
	if !errors.Is(err, ErrNotGood) {
		return unavailable(err)
	}
	return &Error{Code: "invalid_grant", Description: description, Status: http.StatusBadRequest, cause: err}
}
