package oauth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"clientele/registry"
)

// keyScheme is how application keys come: "Authorization: AppKey ak_…". No
// standard knows it; keys are kept for what cannot ask for tokens yet.
const keyScheme = "AppKey"

// ApplicationKey returns the application key in the Authorization header, and whether
// there is the scheme of one.
func ApplicationKey(r *http.Request) (key registry.Secret, sent bool) {
	authorization := r.Header.Values("Authorization")
	if len(authorization) != 1 {
		return registry.Secret{}, false
	}
	scheme, value, _ := strings.Cut(authorization[0], " ")
	return registry.ParseSecret(value), strings.EqualFold(scheme, keyScheme)
}

// VerifyKey returns what takes a token's place when an application key is sent
// from address to one of our own APIs. It fails with the *Error invalid_token, as tokens do,
// and with access_denied from outside the application's networks; each failure
// is counted. Only someone who knows a key learns more than that it failed.
func (s *Server) VerifyKey(ctx context.Context, key registry.Secret, address string) (AccessToken, error) {
	now := s.Now()
	refuse := func(id string, reason registry.FailureReason, description string) (AccessToken, error) {
		return AccessToken{}, s.failed(id, reason, address, &Error{Code: "invalid_token", Description: description, Status: http.StatusUnauthorized, scheme: keyScheme})
	}
	if !key.WellFormedKey() {
		return refuse("", registry.UnknownClient, wrongKey)
	}
	app, err := s.Store.KeyHolder(ctx, key.Hash())
	if errors.Is(err, ErrUnknownClient) {
		return refuse("", registry.UnknownClient, wrongKey)
	}
	if err != nil {
		return AccessToken{}, unavailable(err)
	}
	live, found := app.secretOf(key.Digest())
	switch {
	case !found:
		return refuse(app.ID, registry.WrongSecret, wrongKey)
	case !live.ExpiresAt.IsZero() && !now.Before(live.ExpiresAt):
		return refuse(app.ID, registry.ExpiredSecret, "The application key has expired. Use the newer one.")
	case live.Paused:
		return refuse(app.ID, registry.PausedSecret, "The application key is paused. Use another one, or ask an administrator to resume it.")
	case app.Disabled:
		return refuse(app.ID, registry.ClientOff, "The application is disabled.")
	case !registry.Admits(app.Networks, address):
		return AccessToken{}, s.failed(app.ID, registry.WrongNetwork, address, &Error{Code: "access_denied", Description: outsideNetworks(address), Status: http.StatusForbidden})
	}
	s.Store.TokenIssued(Use{ClientID: app.ID, SecretID: live.ID, Address: address, At: now})
	return AccessToken{ClientID: app.ID, Key: true}, nil
}

const wrongKey = "The application key is wrong."
