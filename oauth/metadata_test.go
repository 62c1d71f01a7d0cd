package oauth

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestMetadataAdvertisesWhatWorks(t *testing.T) {
	s, m := testServer(t)
	got, err := json.Marshal(s.Metadata())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"issuer":"https://clientele.example",` +
		`"authorization_endpoint":"https://clientele.example/oauth2/authorize",` +
		`"token_endpoint":"https://clientele.example/oauth2/token",` +
		`"introspection_endpoint":"https://clientele.example/oauth2/introspect",` +
		`"revocation_endpoint":"https://clientele.example/oauth2/revoke",` +
		`"jwks_uri":"https://clientele.example/oauth2/jwks",` +
		`"scopes_supported":["openid","profile","email","offline_access"],` +
		`"response_types_supported":["code"],"response_modes_supported":["query"],` +
		`"grant_types_supported":["authorization_code","client_credentials","refresh_token"],` +
		`"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],` +
		`"introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],` +
		`"revocation_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],` +
		`"code_challenge_methods_supported":["S256"],"authorization_response_iss_parameter_supported":true}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	methods := s.Metadata().TokenEndpointAuthMethodsSupported
	for _, c := range m.clients {
		if !slices.Contains(methods, c.AuthMethod) {
			t.Errorf("got methods %v, want %s among them: it works", methods, c.AuthMethod)
		}
	}
}
