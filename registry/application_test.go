package registry

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCleanDetails(t *testing.T) {
	for name, tt := range map[string]struct{ in, want ClientDetails }{
		"nothing": {ClientDetails{}, ClientDetails{Trust: Unverified, TokenAlg: ES256}},
		"white space": {
			ClientDetails{
				Name: " Ledger \t Sync ", Description: " Books\r\norders. ", Grants: []string{AuthorizationCode}, HomePage: " https://a.example\n",
				RedirectURIs: []string{" https://a.example/1 \r\n\r\nhttps://a.example/2\rhttps://a.example/3", "", "https://a.example/4\n"}, Trust: Verified,
			},
			ClientDetails{
				Name: "Ledger Sync", Description: "Books\norders.", Grants: []string{AuthorizationCode}, HomePage: "https://a.example",
				RedirectURIs: []string{"https://a.example/1", "https://a.example/2", "https://a.example/3", "https://a.example/4"}, Trust: Verified, TokenAlg: ES256,
			},
		},
		"what only matters to clients that act for users": {
			ClientDetails{Grants: []string{ClientCredentials}, HomePage: "x", RedirectURIs: []string{"y"}, Trust: FirstParty},
			ClientDetails{Grants: []string{ClientCredentials}, Trust: Unverified, TokenAlg: ES256},
		},
	} {
		if diff := cmp.Diff(tt.want, tt.in.Clean()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What an editor left alone is as someone else has it meanwhile; what they
// typed stays.
func TestEditOntoAllThatChangedMeanwhile(t *testing.T) {
	seen := ClientDetails{
		Name: "Portal", Grants: []string{AuthorizationCode, RefreshToken}, AuthMethod: SecretBasic,
		RedirectURIs: []string{"https://a.example/1", "https://a.example/2"}, HomePage: "https://a.example", Trust: Unverified,
	}
	now := seen
	now.RedirectURIs, now.HomePage, now.Trust, now.Name = []string{"https://b.example"}, "https://b.example", Verified, "Portal 2"
	tests := []struct {
		name   string
		change func(*ClientDetails)
		want   []string // of what the editor's differs from now
	}{
		{"nothing", func(*ClientDetails) {}, nil},
		{"as a form sends it", func(d *ClientDetails) { d.RedirectURIs = []string{"https://a.example/1\r\nhttps://a.example/2\r\n"} }, nil},
		{"all", func(d *ClientDetails) {
			d.Grants, d.AuthMethod, d.Description = []string{AuthorizationCode}, SecretPost, "New."
			d.RedirectURIs, d.HomePage, d.Trust = []string{"https://c.example"}, "", FirstParty
		}, []string{"description", "grants", "auth_method", "redirect_uris", "home_page", "trust"}},
		{"the order of lines", func(d *ClientDetails) { d.RedirectURIs = []string{"https://a.example/2", "https://a.example/1"} }, []string{"redirect_uris"}},
	}
	for _, tt := range tests {
		edit := ClientEdit{ClientDetails: seen, Seen: &seen}
		tt.change(&edit.ClientDetails)
		var got []string
		for _, c := range now.Changes(edit.Onto(now)) {
			got = append(got, c.Field)
			if fmt.Sprint(c.Before) == fmt.Sprint(c.After) {
				t.Errorf("%s: %s changed from %v to %v", tt.name, c.Field, c.Before, c.After)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v changed, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRequiredScopes(t *testing.T) {
	code, machine := []string{AuthorizationCode}, []string{ClientCredentials}
	tests := []struct {
		name                   string
		grants, scopes, marked []string
		want                   []string
	}{
		{"none", code, []string{"orders:read"}, nil, nil},
		{"one of two", code, []string{"orders:write", "orders:read"}, []string{"orders:read"}, []string{"orders:read"}},
		{"sign in, always", code, []string{"profile", "openid"}, nil, []string{"openid"}},
		{"one that is not asked for", code, []string{"orders:read"}, []string{"orders:write"}, nil},
		{"with nobody to ask", machine, []string{"orders:read", "openid"}, []string{"orders:read"}, nil},
	}
	for _, tt := range tests {
		if got := RequiredScopes(tt.grants, tt.scopes, tt.marked); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
