package oauth

import (
	"context"
	"errors"
	"time"
)

// Revoke ends a token of the client's own: an access token alone, a refresh
// token with all that came of the same sign-in (RFC 7009). A token that is
// unknown or another client's is no error, and nothing is done. It fails with
// an *Error when the client does not authenticate.
func (s *Server) Revoke(ctx context.Context, req TokenQuery) error {
	client, _, err := s.authenticate(ctx, req.Credentials, req.Address)
	if err != nil {
		return err
	}
	c, err := s.verify(ctx, req.Token)
	refusal, refused := errors.AsType[*Error](err)
	switch {
	case refused && refusal.Code == "invalid_token": // no access token of ours
		err = s.Store.EndFamily(ctx, Caller{client.ID, req.Origin}, req.Token)
	case err != nil:
		return err
	case c.ClientID == client.ID:
		err = s.Store.RevokeToken(ctx, c.ID, time.Unix(c.ExpiresAt, 0).Add(leeway))
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}
