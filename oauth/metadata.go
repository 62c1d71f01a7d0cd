package oauth

import (
	"context"
	"maps"
	"slices"

	"clientele/registry"
)

// The addresses of the endpoints, below the issuer.
const (
	TokenPath    = "/oauth2/token" //nolint:gosec // an address, not a credential
	JWKSPath     = "/oauth2/jwks"
	MetadataPath = "/.well-known/oauth-authorization-server"
)

// Metadata describes the server to its clients (RFC 8414). It names only what works.
type Metadata struct {
	Issuer                            string   `json:"issuer"`
	TokenEndpoint                     string   `json:"token_endpoint"`
	JWKSURI                           string   `json:"jwks_uri"`
	GrantTypesSupported               []string `json:"grant_types_supported"`
	TokenEndpointAuthMethodsSupported []string `json:"token_endpoint_auth_methods_supported"`
	// Empty without an authorization endpoint, yet there: section 2 requires it, and clients check.
	ResponseTypesSupported []string `json:"response_types_supported"`
}

// Metadata returns the server's description. Its addresses follow from the
// configured issuer, never from the request.
func (s *Server) Metadata() Metadata {
	return Metadata{
		Issuer:                            s.Issuer,
		TokenEndpoint:                     s.Issuer + TokenPath,
		JWKSURI:                           s.Issuer + JWKSPath,
		GrantTypesSupported:               grantTypes(),
		TokenEndpointAuthMethodsSupported: []string{registry.SecretBasic, registry.SecretPost},
		ResponseTypesSupported:            []string{},
	}
}

// JWKS returns the public keys that verify tokens, as a JWK Set. The caller
// must not change it.
func (s *Server) JWKS(ctx context.Context) ([]byte, error) {
	keys, err := s.Store.SigningKeys(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	return keys.JWKS(), nil
}

func grantTypes() []string { return slices.Sorted(maps.Keys(grants)) }
