package oauth

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"clientele/registry"
)

// TokenResponse is the answer to a token request (RFC 6749, section 5.1).
type TokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// grant is what a client has proved a right to.
type grant struct {
	Subject string  // a client ID or a user's ID
	Origin  string  // what ends the token when it is revoked: a secret's ID
	Scopes  []Scope // never empty
}

// grants maps grant_type to what proves the right to a token.
var grants = map[string]func(*Client, Secret, TokenRequest) (grant, error){
	registry.ClientCredentials: clientCredentials,
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
			Description: "The grant_type is not one of: " + strings.Join(grantTypes(), ", "),
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
	granted, err := prove(client, secret, req)
	if err != nil {
		return TokenResponse{}, err
	}
	// 4. A token for exactly that.
	now := s.Now()
	token, err := s.issue(ctx, client, granted, now)
	if err != nil {
		return TokenResponse{}, err
	}
	s.Store.TokenIssued(Use{ClientID: client.ID, SecretID: secret.ID, Address: req.Address, At: now})
	return TokenResponse{
		AccessToken: token,
		TokenType:   "Bearer",
		ExpiresIn:   int(AccessTokenLifetime.Seconds()),
		Scope:       join(granted.Scopes),
	}, nil
}
