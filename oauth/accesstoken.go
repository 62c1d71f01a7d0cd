package oauth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"clientele/registry"
)

// tokenType tells an access token from every other JWT (RFC 9068, section 2.1).
const tokenType = "at+jwt"

// leeway is how far the clocks of two instances may differ.
const leeway = 30 * time.Second

// claims are all that an access token says (RFC 9068, section 2.2). Nothing in
// a request adds to them.
type claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	ClientID  string   `json:"client_id"`
	Scope     string   `json:"scope"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	ID        string   `json:"jti"` // the origin's ID, a dot, and random characters
}

// audience is whom a token is for.
type audience []string

// UnmarshalJSON accepts a string and an array of strings.
func (a *audience) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*a = audience{""}
		return json.Unmarshal(data, &(*a)[0])
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// AccessToken is what a verified token says.
type AccessToken struct {
	ClientID  string
	User      User     // for whom the client acts; zero when it acts for itself
	Scopes    []string // those of the token that are still consented to
	ExpiresAt time.Time
	Key       bool // an application key came in its place, which has no scopes and does not say when it ends

	networks []netip.Prefix // of the client
}

// issue returns the tokens for what was granted.
func (s *Server) issue(ctx context.Context, c *Client, g grant, now time.Time) (TokenResponse, error) {
	keys, err := s.Store.SigningKeys(ctx)
	if err != nil {
		return TokenResponse{}, unavailable(err)
	}
	key, ok := keys.Active(c.TokenAlg)
	if !ok {
		return TokenResponse{}, unavailable(fmt.Errorf("no active %s key", c.TokenAlg))
	}
	ends := now.Add(AccessTokenLifetime)
	if !g.EndsAt.IsZero() && g.EndsAt.Before(ends) {
		ends = g.EndsAt
	}
	response := TokenResponse{
		TokenType: "Bearer", ExpiresIn: int(ends.Unix() - now.Unix()), Scope: join(g.Scopes), RefreshToken: g.RefreshToken,
	}
	response.AccessToken, err = key.sign(key.header, claims{
		Issuer:    s.Issuer,
		Subject:   g.Subject,
		Audience:  audiences(g.Scopes),
		ClientID:  c.ID,
		Scope:     response.Scope,
		IssuedAt:  now.Unix(),
		ExpiresAt: ends.Unix(),
		ID:        g.Origin + "." + rand.Text(),
	}.appendJSON(make([]byte, 0, 512)))
	if err == nil && g.Identity != nil {
		response.IDToken, err = s.idToken(key, *g.Identity, response.AccessToken, now)
	}
	if err != nil {
		return TokenResponse{}, unavailable(err)
	}
	return response, nil
}

// VerifyAccessToken returns what a token that was sent to one of our own APIs
// says, if it was issued here for our APIs, has not ended, and neither its
// client was disabled nor what it rests on revoked since: the secret that
// obtained it or the user's consent. Otherwise it fails with the *Error
// invalid_token, and with access_denied when a client that acts for itself sent
// it from outside its networks: address is where it came from.
func (s *Server) VerifyAccessToken(ctx context.Context, raw, address string) (AccessToken, error) {
	c, err := s.verify(ctx, raw)
	if err != nil {
		return AccessToken{}, err
	}
	if !slices.Contains(c.Audience, s.Issuer) {
		return AccessToken{}, invalidToken("The token is for another API.")
	}
	if err := s.checkTimes(c); err != nil {
		return AccessToken{}, err
	}
	token, err := s.standing(ctx, c)
	if err != nil {
		return AccessToken{}, err
	}
	if token.User.ID == "" && !registry.Admits(token.networks, address) {
		s.Store.AuthenticationFailed(Failure{ClientID: c.ClientID, Reason: registry.WrongNetwork, Address: address, At: s.Now()})
		return AccessToken{}, &Error{Code: "access_denied", Description: outsideNetworks(address), Status: http.StatusForbidden}
	}
	return token, nil
}

// checkTimes refuses a token before and after its time.
func (s *Server) checkTimes(c claims) error {
	now := s.Now()
	switch {
	case now.Add(leeway).Before(time.Unix(c.IssuedAt, 0)):
		return invalidToken("The token was issued in the future.")
	case !now.Add(-leeway).Before(time.Unix(c.ExpiresAt, 0)):
		return invalidToken("The token has expired.")
	}
	return nil
}

// verify returns the claims of an access token that one of our keys signed,
// with the algorithm that this key is for: the token's own word on that is
// only compared (RFC 8725, section 3.1).
func (s *Server) verify(ctx context.Context, raw string) (claims, error) {
	keys, err := s.Store.SigningKeys(ctx)
	if err != nil {
		return claims{}, unavailable(err)
	}
	token, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		return claims{}, invalidToken("The token is not a signed JWT of ours.")
	}
	header := token.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != tokenType {
		return claims{}, invalidToken("The token is not an access token.")
	}
	key, ok := keys.byID[header.KeyID]
	if !ok || header.Algorithm != key.Alg {
		return claims{}, invalidToken("The token is signed with a key that is not ours, or no longer.")
	}
	payload, err := token.Verify(key.Private.Public())
	if err != nil {
		return claims{}, invalidToken("The signature of the token is wrong.")
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, invalidToken("The claims of the token are malformed.")
	}
	if c.Issuer != s.Issuer {
		return claims{}, invalidToken("Another server issued the token.")
	}
	return c, nil
}

// standing returns what a token of ours is good for at this moment. It refuses
// one that was revoked, or whose client, secret, user or consent was cut off
// after it was issued.
func (s *Server) standing(ctx context.Context, c claims) (AccessToken, error) {
	token := AccessToken{ClientID: c.ClientID, Scopes: strings.Fields(c.Scope), ExpiresAt: time.Unix(c.ExpiresAt, 0)}
	client, err := s.client(ctx, c.ClientID)
	if errors.Is(err, ErrUnknownClient) || err == nil && client.Disabled {
		return AccessToken{}, errRevoked
	}
	if err != nil {
		return AccessToken{}, unavailable(err)
	}
	token.networks = client.Networks
	origin, _, _ := strings.Cut(c.ID, ".")
	if c.Subject == c.ClientID {
		switch i := slices.IndexFunc(client.Secrets, func(s Secret) bool { return s.ID == origin }); {
		case i < 0:
			return AccessToken{}, errRevoked
		case client.Secrets[i].Paused:
			return AccessToken{}, invalidToken("The secret that obtained the token is paused.")
		}
	} else {
		a, err := s.Store.Family(ctx, origin)
		if errors.Is(err, ErrNotGood) || err == nil && (a.ClientID != c.ClientID || a.User.ID != c.Subject) {
			return AccessToken{}, errRevoked
		}
		if err != nil {
			return AccessToken{}, unavailable(err)
		}
		token.User = a.User
		token.Scopes = slices.DeleteFunc(token.Scopes, func(scope string) bool { return !slices.Contains(a.Scopes, scope) })
	}
	revoked, err := s.Store.TokenRevoked(ctx, c.ID)
	if err != nil {
		return AccessToken{}, unavailable(err)
	}
	if revoked {
		return AccessToken{}, errRevoked
	}
	return token, nil
}

var errRevoked = invalidToken("The token was revoked.")
