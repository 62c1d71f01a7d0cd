package oauth

import (
	"context"
	"maps"
	"slices"

	"clientele/registry"
)

// The addresses of the endpoints, below the issuer.
const (
	AuthorizePath  = "/oauth2/authorize"
	TokenPath      = "/oauth2/token" //nolint:gosec // an address, not a credential
	IntrospectPath = "/oauth2/introspect"
	RevokePath     = "/oauth2/revoke"
	UserInfoPath   = "/oauth2/userinfo"
	JWKSPath       = "/oauth2/jwks"
	MetadataPath   = "/.well-known/oauth-authorization-server"
	DiscoveryPath  = "/.well-known/openid-configuration"
)

// Metadata describes the server to its clients (RFC 8414). It names only what works.
type Metadata struct {
	Issuer                                    string   `json:"issuer"`
	AuthorizationEndpoint                     string   `json:"authorization_endpoint"`
	TokenEndpoint                             string   `json:"token_endpoint"`
	IntrospectionEndpoint                     string   `json:"introspection_endpoint"`
	RevocationEndpoint                        string   `json:"revocation_endpoint"`
	JWKSURI                                   string   `json:"jwks_uri"`
	ScopesSupported                           []string `json:"scopes_supported"` // those of OpenID; which others there are is for a team to know
	ResponseTypesSupported                    []string `json:"response_types_supported"`
	ResponseModesSupported                    []string `json:"response_modes_supported"`
	GrantTypesSupported                       []string `json:"grant_types_supported"`
	TokenEndpointAuthMethodsSupported         []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectionEndpointAuthMethodsSupported []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationEndpointAuthMethodsSupported    []string `json:"revocation_endpoint_auth_methods_supported"`
	CodeChallengeMethodsSupported             []string `json:"code_challenge_methods_supported"`
	AuthorizationResponseIssSupported         bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// Discovery is the metadata with what OpenID Connect adds (OpenID Connect
// Discovery 1.0, section 3).
type Discovery struct {
	Metadata
	UserInfoEndpoint                 string   `json:"userinfo_endpoint"`
	SubjectTypesSupported            []string `json:"subject_types_supported"`
	IDTokenSigningAlgValuesSupported []string `json:"id_token_signing_alg_values_supported"`
	ClaimsSupported                  []string `json:"claims_supported"`
	PromptValuesSupported            []string `json:"prompt_values_supported"`
	ClaimsParameterSupported         bool     `json:"claims_parameter_supported"`
	RequestParameterSupported        bool     `json:"request_parameter_supported"`
	RequestURIParameterSupported     bool     `json:"request_uri_parameter_supported"` // true unless it is there
}

// Metadata returns the server's description. Its addresses follow from the
// configured issuer, never from the request.
func (s *Server) Metadata() Metadata {
	withSecret := []string{registry.SecretBasic, registry.SecretPost}
	orWithout := append(withSecret[:2:2], registry.PublicClient)
	return Metadata{
		Issuer:                            s.Issuer,
		AuthorizationEndpoint:             s.Issuer + AuthorizePath,
		TokenEndpoint:                     s.Issuer + TokenPath,
		IntrospectionEndpoint:             s.Issuer + IntrospectPath,
		RevocationEndpoint:                s.Issuer + RevokePath,
		JWKSURI:                           s.Issuer + JWKSPath,
		ScopesSupported:                   openIDScopes(),
		ResponseTypesSupported:            []string{"code"},
		ResponseModesSupported:            []string{"query"},
		GrantTypesSupported:               GrantTypes(),
		TokenEndpointAuthMethodsSupported: orWithout,
		IntrospectionEndpointAuthMethodsSupported: withSecret,
		RevocationEndpointAuthMethodsSupported:    orWithout,
		CodeChallengeMethodsSupported:             []string{"S256"},
		AuthorizationResponseIssSupported:         true,
	}
}

// Discovery returns the server's description for clients that sign users in.
func (s *Server) Discovery() Discovery {
	return Discovery{
		Metadata:                         s.Metadata(),
		UserInfoEndpoint:                 s.Issuer + UserInfoPath,
		SubjectTypesSupported:            []string{"public"},
		IDTokenSigningAlgValuesSupported: []string{ES256, RS256},
		ClaimsSupported:                  []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "name", "email", "email_verified"},
		PromptValuesSupported:            []string{"none", "login", "select_account", "consent"},
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

// GrantTypes returns every grant_type that tokens are issued for, sorted.
func GrantTypes() []string { return slices.Sorted(maps.Keys(grants)) }

func openIDScopes() []string {
	service, _ := registry.BuiltIn().Service(registry.OpenIDService)
	keys := make([]string, len(service.Scopes))
	for i, scope := range service.Scopes {
		keys[i] = scope.Key
	}
	return keys
}
