// Package oauth implements the protocol: what the endpoints of RFC 6749 and
// its companions accept, refuse and answer. It knows neither HTTP routing nor
// SQL; it declares the storage it needs.
package oauth

import (
	"context"
	"errors"
	"time"

	"clientele/registry"
)

// AccessTokenLifetime is how long an access token is good for. A resource
// server that only checks signatures learns of a revocation after at most this long.
const AccessTokenLifetime = 15 * time.Minute

// ErrUnknownClient means that no OAuth client has that ID.
var ErrUnknownClient = errors.New("unknown client")

// Client is what the protocol needs to know of an OAuth client.
type Client struct {
	ID         string
	Disabled   bool
	Grants     []string // grant types it is registered for
	AuthMethod string   // the one method it may authenticate with
	TokenAlg   string   // what its access tokens are signed with: ES256 or RS256
	Scopes     []Scope  // registered for it, in the catalogue's order
	Secrets    []Secret // all that were not revoked, the expired ones too: their tokens live on
}

// Scope is a scope that is registered for a client.
type Scope struct {
	Key      string
	Service  string // key of the service that it opens
	Audience string // of that service, in the aud of tokens; the issuer for built-in services
}

// Secret is a credential that a client may authenticate with until it expires.
type Secret struct {
	ID        string
	Hash      [32]byte  // SHA-256 of the secret
	ExpiresAt time.Time // zero: never
}

// Use is one access token issued to a client that authenticated with a secret.
type Use struct {
	ClientID, SecretID string
	Address            string // where the request came from
	At                 time.Time
}

// Failure is one request by someone who did not prove to be the client.
type Failure struct {
	ClientID string // "" when the reason is registry.UnknownClient
	Reason   registry.FailureReason
	Address  string // where the request came from
	At       time.Time
}

// Store is the storage that the protocol needs. *store.DB provides it.
type Store interface {
	// OAuthClient returns the client, which is shared and must not be changed,
	// or ErrUnknownClient. It may be 2 s old.
	OAuthClient(ctx context.Context, id string) (*Client, error)
	// SigningKeys returns the keys. They may be 2 s old.
	SigningKeys(ctx context.Context) (*KeySet, error)
	// TokenIssued notes a use. It neither blocks nor fails.
	TokenIssued(use Use)
	// AuthenticationFailed counts a failure. It neither blocks nor fails.
	AuthenticationFailed(f Failure)
}

// Server answers protocol requests. Its methods are safe for concurrent use.
type Server struct {
	Issuer string // exactly as configured, without a slash at its end
	Store  Store
	Now    func() time.Time
}
