package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"clientele/registry"
)

// Credentials are what a client proves itself with, and how it sent them.
type Credentials struct {
	ID, Secret string
	Method     string // "client_secret_basic", "client_secret_post", or "none" when there is only a client ID
}

// authenticationFailed answers an unknown client and a wrong secret alike.
const authenticationFailed = "The client ID or the client secret is wrong."

// parseCredentials finds the credentials in the header or the form, and
// refuses a request that has both (RFC 6749, section 2.3).
func parseCredentials(header http.Header, form url.Values) (Credentials, error) {
	authorization := header.Values("Authorization")
	secret, assertion := form.Get("client_secret"), form.Get("client_assertion")
	switch {
	case len(authorization) > 1,
		len(authorization) == 1 && (secret != "" || assertion != ""),
		secret != "" && assertion != "":
		return Credentials{}, invalidRequest("Authenticate in one way only: in the Authorization header or in the body.")
	case len(authorization) == 1:
		c, ok := parseBasic(authorization[0])
		if !ok {
			return Credentials{}, invalidClient("The Authorization header is not Basic with the client ID and secret, each form-encoded, joined by a colon, in base64.")
		}
		if id := form.Get("client_id"); id != "" && id != c.ID {
			return Credentials{}, invalidRequest("The client_id in the body is not the one in the Authorization header.")
		}
		return c, nil
	case secret != "":
		return Credentials{ID: form.Get("client_id"), Secret: secret, Method: registry.SecretPost}, nil
	case form.Get("client_id") != "" && assertion == "":
		return Credentials{ID: form.Get("client_id"), Method: registry.PublicClient}, nil
	default:
		return Credentials{}, invalidClient("Authenticate with the client ID and the client secret.")
	}
}

// parseBasic reads an Authorization header of the Basic scheme, whose halves a
// client form-encodes before it joins them (RFC 6749, section 2.3.1).
func parseBasic(header string) (Credentials, bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	joined, err := base64.StdEncoding.DecodeString(strings.TrimLeft(encoded, " "))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return Credentials{}, false
	}
	id, secret, found := strings.Cut(string(joined), ":")
	if !found {
		return Credentials{}, false
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil {
		return Credentials{}, false
	}
	return Credentials{ID: id, Secret: secret, Method: registry.SecretBasic}, true
}

// authenticate returns the client and the secret that it proved itself with,
// and counts a failure to do so, which came from address; a public client
// proves nothing and has none. Only someone who knows a secret learns more than
// that it failed.
func (s *Server) authenticate(ctx context.Context, c Credentials, address string) (*Client, Secret, error) {
	hash, now := sha256.Sum256([]byte(c.Secret)), s.Now()
	refuse := func(id string, reason registry.FailureReason, description string) (*Client, Secret, error) {
		return nil, Secret{}, s.failed(id, reason, address, invalidClient(description))
	}
	client, err := s.client(ctx, c.ID)
	if errors.Is(err, ErrUnknownClient) {
		return refuse("", registry.UnknownClient, authenticationFailed)
	}
	if err != nil {
		return nil, Secret{}, unavailable(err)
	}
	if client.AuthMethod == registry.PublicClient && c.Method == registry.PublicClient {
		switch {
		case client.Disabled:
			return refuse(client.ID, registry.ClientOff, "The client is disabled.")
		case !registry.Admits(client.Networks, address):
			return refuse(client.ID, registry.WrongNetwork, outsideNetworks(address))
		}
		return client, Secret{}, nil
	}
	secret, found := client.secretOf(hash)
	switch {
	case c.Method == registry.PublicClient:
		return refuse(client.ID, registry.WrongMethod, "Authenticate with the client ID and the client secret.")
	case !found:
		return refuse(client.ID, registry.WrongSecret, authenticationFailed)
	case !secret.ExpiresAt.IsZero() && !now.Before(secret.ExpiresAt):
		return refuse(client.ID, registry.ExpiredSecret, "The client secret has expired. Use the newer one.")
	case secret.Paused:
		return refuse(client.ID, registry.PausedSecret, "The client secret is paused. Use another one, or ask an administrator to resume it.")
	case client.Disabled:
		return refuse(client.ID, registry.ClientOff, "The client is disabled.")
	case client.AuthMethod != c.Method:
		return refuse(client.ID, registry.WrongMethod, "The client is registered to authenticate with "+client.AuthMethod+".")
	case !registry.Admits(client.Networks, address):
		return refuse(client.ID, registry.WrongNetwork, outsideNetworks(address))
	}
	return client, secret, nil
}

// outsideNetworks says where the request came from, so that whoever runs the
// client knows what to ask for.
func outsideNetworks(address string) string {
	return "The client may not be used from " + legible(address) + ". Ask an administrator to allow that network."
}

// client returns the client, or ErrUnknownClient also for what cannot be an ID
// (RFC 6749, appendix A.1) and would trouble a database.
func (s *Server) client(ctx context.Context, id string) (*Client, error) {
	const longest = 100
	if id == "" || len(id) > longest || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, ErrUnknownClient
	}
	return s.Store.OAuthClient(ctx, id)
}

// secretOf compares with every secret, in constant time, so that how long it
// takes tells nothing of any.
func (c *Client) secretOf(hash [32]byte) (match Secret, found bool) {
	for i := range c.Secrets {
		if subtle.ConstantTimeCompare(c.Secrets[i].Hash[:], hash[:]) == 1 {
			match, found = c.Secrets[i], true
		}
	}
	return match, found
}
