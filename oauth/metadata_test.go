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
		`"token_endpoint":"https://clientele.example/oauth2/token",` +
		`"jwks_uri":"https://clientele.example/oauth2/jwks",` +
		`"grant_types_supported":["client_credentials"],` +
		`"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],` +
		`"response_types_supported":[]}`
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
