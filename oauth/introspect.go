package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"clientele/registry"
)

// Introspection is what is said of a token (RFC 7662, section 2.2). Of one that
// is not good, nothing but that.
type Introspection struct {
	Active    bool     `json:"active"`
	Scope     string   `json:"scope,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	ExpiresAt int64    `json:"exp,omitempty"`
	IssuedAt  int64    `json:"iat,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  audience `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	ID        string   `json:"jti,omitempty"`
}

// Introspect answers whether an access token, whoever it was issued to, is
// good at this moment. It fails with an *Error unless the client authenticates
// with a secret and holds the permission to introspect.
func (s *Server) Introspect(ctx context.Context, req TokenQuery) (Introspection, error) {
	client, secret, err := s.authenticate(ctx, req.Credentials, req.Address)
	if err != nil {
		return Introspection{}, err
	}
	if secret.ID == "" {
		return Introspection{}, invalidClient("A public client cannot ask about tokens, since anyone could be it.")
	}
	err = s.Store.MayIntrospect(ctx, Caller{client.ID, req.Origin})
	switch {
	case errors.Is(err, registry.ErrForbidden):
		return Introspection{}, &Error{
			Code: "access_denied", Status: http.StatusForbidden,
			Description: "The client lacks the permission " + registry.IntrospectTokens.String() + ". Ask an administrator to assign it.",
		}
	case errors.Is(err, registry.ErrNotFound): // deleted a moment ago
		return Introspection{}, invalidClient(authenticationFailed)
	case err != nil:
		return Introspection{}, unavailable(err)
	}
	c, err := s.verify(ctx, req.Token)
	if err == nil {
		err = s.checkTimes(c)
	}
	var token AccessToken
	if err == nil {
		token, err = s.standing(ctx, c)
	}
	refusal, refused := errors.AsType[*Error](err)
	switch {
	case refused && refusal.Code == "invalid_token":
		return Introspection{}, nil
	case err != nil:
		return Introspection{}, err
	}
	return Introspection{
		Active: true, Scope: strings.Join(token.Scopes, " "), ClientID: c.ClientID, TokenType: "Bearer",
		ExpiresAt: c.ExpiresAt, IssuedAt: c.IssuedAt, Subject: c.Subject, Audience: c.Audience, Issuer: c.Issuer, ID: c.ID,
	}, nil
}
