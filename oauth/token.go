package oauth

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"clientele/registry"
)

// TokenResponse is the answer to a token request (RFC 6749, section 5.1).
type TokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`

	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"` // OpenID Connect Core 1.0, section 3.1.3.3
}

// grant is what a client has proved a right to.
type grant struct {
	Subject string  // a client ID or a user's ID
	Origin  string  // what ends the token when it is revoked: a secret's ID, or a family's
	Scopes  []Scope // never empty

	// What follows is of a user's consent.
	ConsentID    string
	EndsAt       time.Time // when the consent does, and the token with it; zero: never
	RefreshToken string
	Identity     *idClaims // for an ID token, or nil
}

// grants maps grant_type to what proves the right to a token.
var grants = map[string]func(*Server, context.Context, *Client, Secret, TokenRequest) (grant, error){
	registry.ClientCredentials: (*Server).clientCredentials,
	registry.AuthorizationCode: (*Server).authorizationCode,
	registry.RefreshToken:      (*Server).refreshToken,
}

// Token answers a token request. Each step either narrows what is known or
// ends with an *Error.
func (s *Server) Token(ctx context.Context, req TokenRequest) (TokenResponse, error) {
	// 1. A grant that exists.
	if req.GrantType == "" {
		return TokenResponse{}, invalidRequest("The parameter grant_type is missing.")
	}
	prove, ok := grants[req.GrantType]
	if !ok {
		return TokenResponse{}, &Error{
			Code:        "unsupported_grant_type",
			Description: "The grant_type is not one of: " + strings.Join(GrantTypes(), ", "),
			Status:      http.StatusBadRequest,
		}
	}
	// 2. A client that is who it says, and may use the grant.
	client, secret, err := s.authenticate(ctx, req.Credentials, req.Address)
	if err != nil {
		return TokenResponse{}, err
	}
	if !slices.Contains(client.Grants, req.GrantType) {
		return TokenResponse{}, &Error{
			Code:        "unauthorized_client",
			Description: "The client is not registered for this grant_type.",
			Status:      http.StatusBadRequest,
		}
	}
	// 3. What the grant gives it.
	granted, err := prove(s, ctx, client, secret, req)
	if err != nil {
		return TokenResponse{}, err
	}
	// 4. Tokens for exactly that.
	now := s.Now()
	response, err := s.issue(ctx, client, granted, now)
	if err != nil {
		return TokenResponse{}, err
	}
	s.Store.TokenIssued(Use{ClientID: client.ID, SecretID: secret.ID, ConsentID: granted.ConsentID, Scopes: keysOf(granted.Scopes), Address: req.Address, At: now})
	return response, nil
}
