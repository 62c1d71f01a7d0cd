package oauth

import "context"

// clientCredentials is the grant of RFC 6749, section 4.4: the client acts for
// itself, as far as its registered scopes go. The secret it used is the origin
// of the token, so that stopping the secret can stop the token.
func (s *Server) clientCredentials(_ context.Context, c *Client, used Secret, req TokenRequest) (grant, error) {
	wanted, err := parseScope(req.Scope)
	if err != nil {
		return grant{}, err
	}
	if err := checkResources(req.Resources, c.Scopes); err != nil {
		return grant{}, err
	}
	scopes, err := narrow(c.Scopes, wanted, req.Resources, withoutUser)
	if err != nil {
		return grant{}, err
	}
	return grant{Subject: c.ID, Origin: used.ID, Scopes: scopes}, nil
}
