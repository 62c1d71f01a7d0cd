// Package oauth implements the protocol: what the endpoints of RFC 6749 and
// its companions accept, refuse and answer. It knows neither HTTP routing nor
// SQL; it declares the storage it needs.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"clientele/registry"
)

// AccessTokenLifetime is how long an access token is good for. A resource
// server that only checks signatures learns of a revocation after at most this long.
const AccessTokenLifetime = 15 * time.Minute

var (
	// ErrUnknownClient means that no OAuth client has that ID.
	ErrUnknownClient = errors.New("unknown client")
	// ErrNotGood means that a code or a token is unknown, spent, expired,
	// another client's, or that what it rests on has ended.
	ErrNotGood = errors.New("not good, or no longer")
	// ErrReused is the ErrNotGood of a code or a refresh token that was spent
	// before. What it had yielded was revoked.
	ErrReused = fmt.Errorf("%w: used before", ErrNotGood)
)

// Client is what the protocol needs to know of an OAuth client.
type Client struct {
	ID           string
	Name         string
	Disabled     bool
	Grants       []string       // grant types it is registered for
	AuthMethod   string         // the one method it may authenticate with
	TokenAlg     string         // what its tokens are signed with: ES256 or RS256
	Scopes       []Scope        // registered for it, in the catalogue's order
	Secrets      []Secret       // all that were not ended by hand, the expired ones too: their tokens live on
	RedirectURIs []string       // where its codes may be sent
	Networks     []netip.Prefix // where it may be used from; none is anywhere
	Key          bool           // it is an application key: its Secrets are keys, and it gets no tokens
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
	Paused    bool      // refused until it is resumed, and its tokens with it
}

// Use is one access token issued to a client.
type Use struct {
	ClientID  string
	SecretID  string   // the secret or key it authenticated with; "" of a public client
	ConsentID string   // the consent that the token rests on; "" when the client acts for itself
	Scopes    []string // those of the token
	Address   string   // where the request came from
	At        time.Time
}

// Authorized is what a user lets a client do, as a code, a refresh token or an
// access token proves it.
type Authorized struct {
	FamilyID   string // all that one code yields; the origin of its access tokens
	ConsentID  string
	ClientID   string
	User       User
	Scopes     []string // those of the code that the consent still allows
	Nonce      string   // of the authorization request, or ""
	SignedInAt time.Time
	EndsAt     time.Time // when the consent does
}

// User is what tokens and userinfo tell of a user.
type User struct{ ID, Name, Email string }

// Caller is the client that sends a request, once it has authenticated.
type Caller struct {
	ClientID string
	Origin
}

// Origin is where a request comes from, for the audit log.
type Origin struct {
	Address   string
	RequestID string
}

// CodeRedemption is a client's claim to an authorization code.
type CodeRedemption struct {
	Code        string
	RedirectURI string
	Challenge   string // S256 of the verifier that was presented
	Refresh     bool   // a refresh token is wanted, too, if the consent outlasts the access token
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
	// KeyHolder returns the application that has, or had, the application key
	// of that hash, or ErrUnknownClient. It may be 2 s old.
	KeyHolder(ctx context.Context, hash string) (*Client, error)
	// SigningKeys returns the keys. They may be 2 s old.
	SigningKeys(ctx context.Context) (*KeySet, error)
	// TokenIssued notes a use. It neither blocks nor fails.
	TokenIssued(use Use)
	// AuthenticationFailed counts a failure. It neither blocks nor fails.
	AuthenticationFailed(f Failure)

	// RedeemCode spends a code and returns what it proves with the first
	// refresh token, or "" when there is none. The code stays unspent when
	// accept fails, with that error. It fails with ErrNotGood, and with
	// ErrReused.
	RedeemCode(ctx context.Context, by Caller, in CodeRedemption, accept func(Authorized) error) (a Authorized, refresh string, err error)
	// Refresh spends a client's refresh token and returns what it proves with
	// the token that succeeds it. A token that was spent a moment ago, and whose
	// successor was not used, yields the same successor. It stays unspent when
	// accept fails, with that error. It fails with ErrNotGood, and with ErrReused.
	Refresh(ctx context.Context, by Caller, token string, accept func(Authorized) error) (a Authorized, next string, err error)
	// Family returns what the family still proves, or ErrNotGood. It is never
	// older than the call.
	Family(ctx context.Context, id string) (Authorized, error)
	// EndFamily ends the family of a client's refresh token. It does nothing
	// when the client has no such token.
	EndFamily(ctx context.Context, by Caller, token string) error
	// RevokeToken makes the access token of that jti be good for nothing.
	RevokeToken(ctx context.Context, jti string, until time.Time) error
	// TokenRevoked reports whether RevokeToken was told so.
	TokenRevoked(ctx context.Context, jti string) (bool, error)
	// MayIntrospect returns nil when the client may ask about everybody's
	// tokens, and otherwise an error that says what it lacks.
	MayIntrospect(ctx context.Context, by Caller) error
}

// Server answers protocol requests. Its methods are safe for concurrent use.
type Server struct {
	Issuer string // exactly as configured, without a slash at its end
	Store  Store
	Now    func() time.Time

	failures failures
}
