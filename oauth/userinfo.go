package oauth

import (
	"context"
	"slices"
)

// UserInfo answers the claims that the access token opens about its user
// (OpenID Connect Core 1.0, section 5.3). It fails with an *Error: invalid_token
// when VerifyAccessToken does or when there is no user, and insufficient_scope
// without the scope openid.
func (s *Server) UserInfo(ctx context.Context, raw, address string) (UserClaims, error) {
	token, err := s.VerifyAccessToken(ctx, raw, address)
	if err != nil {
		return UserClaims{}, err
	}
	if token.User.ID == "" {
		return UserClaims{}, invalidToken("The token is a client’s own, so that there is no user to tell about.")
	}
	if !slices.Contains(token.Scopes, scopeOpenID) {
		return UserClaims{}, InsufficientScope(scopeOpenID)
	}
	return userClaims(token.User, token.Scopes).UserClaims, nil
}
