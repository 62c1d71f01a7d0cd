package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"
)

func TestSecret(t *testing.T) {
	s := NewSecret()
	if !s.WellFormed() || len(s.Reveal()) != 52 || !strings.HasPrefix(s.Reveal(), "cs_") {
		t.Errorf("%q is not well formed", s.Reveal())
	}
	for i := range len(s.Reveal()) { // a scanner is not misled by a typing error
		typo := []byte(s.Reveal())
		if typo[i]++; ParseSecret(string(typo)).WellFormed() {
			t.Errorf("%q passes for %q", typo, s.Reveal())
		}
	}
	encoded, err := json.Marshal(map[string]any{"secret": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v %s", s, s, s, s), string(encoded), s.LogValue().String()} {
		if strings.Contains(printed, s.Reveal()) {
			t.Errorf("printed as %s", printed)
		}
	}
}

func TestSecretsDiffer(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	a, b := NewSecret(), NewSecret()
	cryptotest.SetGlobalRandom(t, 1)
	if again := NewSecret(); again != a || a == b {
		t.Errorf("got %q, %q and %q again, want two that differ and the first again", a.Reveal(), b.Reveal(), again.Reveal())
	}
}

func TestDecide(t *testing.T) {
	view, edit := Permission{"orders", "view"}, Permission{"orders", "edit"}
	tests := []struct {
		name   string
		held   []Held
		scopes []string
		q      Question
		want   bool
	}{
		{"nothing held", nil, nil, Question{Permission: view}, false},
		{"held on the service", []Held{{Permission: view}}, nil, Question{Permission: view}, true},
		{"another permission", []Held{{Permission: view}}, nil, Question{Permission: edit}, false},
		{"another service", []Held{{Permission: Permission{"billing", "view"}}}, nil, Question{Permission: view}, false},
		{"the service level wins", []Held{{Permission: view}}, nil, Question{Permission: view, Object: "pool/one"}, true},
		{"on the container of the object", []Held{{Permission: view, Object: "pool"}}, nil, Question{Permission: view, Object: "pool/one"}, true},
		{"on the object", []Held{{Permission: view, Object: "pool/one"}}, nil, Question{Permission: view, Object: "pool/one"}, true},
		{"on another object", []Held{{Permission: view, Object: "pool/one"}}, nil, Question{Permission: view, Object: "pool/onetwo"}, false},
		{"on a container of like name", []Held{{Permission: view, Object: "poo"}}, nil, Question{Permission: view, Object: "pool/one"}, false},
		{"an object is not the service", []Held{{Permission: view, Object: "pool"}}, nil, Question{Permission: view}, false},
		{"what it needs is held too", []Held{{Permission: edit, Needs: []string{"view"}}, {Permission: view}}, nil, Question{Permission: edit}, true},
		{"what it needs is not held", []Held{{Permission: edit, Needs: []string{"view"}}}, nil, Question{Permission: edit}, false},
		{"what it needs is held on the container", []Held{{Permission: edit, Needs: []string{"view"}}, {Permission: view, Object: "pool"}}, nil, Question{Permission: edit, Object: "pool/one"}, true},
		{"what it needs is held elsewhere", []Held{{Permission: edit, Needs: []string{"view"}}, {Permission: view, Object: "pool"}}, nil, Question{Permission: edit}, false},
		{"what it needs, needs more", []Held{{Permission: edit, Needs: []string{"view"}}, {Permission: view, Needs: []string{"list"}}}, nil, Question{Permission: edit}, false},
		{"two that need each other", []Held{{Permission: edit, Needs: []string{"view"}}, {Permission: view, Needs: []string{"edit"}}}, nil, Question{Permission: edit}, true},
		{"scope and permission", []Held{{Permission: view}}, []string{"orders:read"}, Question{Permission: view, Scope: "orders:read"}, true},
		{"permission without scope", []Held{{Permission: view}}, []string{"orders:write"}, Question{Permission: view, Scope: "orders:read"}, false},
		{"scope without permission", nil, []string{"orders:read"}, Question{Permission: view, Scope: "orders:read"}, false},
		{"the scope of the whole area", []Held{{Permission: view}}, []string{"orders"}, Question{Permission: view, Scope: "orders:read"}, true},
		{"a narrower scope is not the area", []Held{{Permission: view}}, []string{"orders:read"}, Question{Permission: view, Scope: "orders"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Decide(tt.held, tt.scopes, tt.q); got.Allowed != tt.want {
				t.Errorf("got %+v, want allowed %v", got, tt.want)
			}
		})
	}
}

func TestCheckNamesEveryWrongField(t *testing.T) {
	valid := NewClient{
		ClientDetails: ClientDetails{Name: "Payroll", Grants: []string{ClientCredentials}, AuthMethod: SecretBasic},
		Scopes:        []string{"orders:read"},
	}
	with := func(change func(*NewClient)) NewClient {
		c := valid
		change(&c)
		return c
	}
	forUsers := func(c *NewClient) {
		c.Grants, c.RedirectURIs = []string{AuthorizationCode, RefreshToken}, []string{"https://app.example.com/cb"}
	}
	const needsSecret = "Choose client_secret_basic or client_secret_post: only clients that act for users, and never as themselves, can do without a secret."
	tests := []struct {
		name string
		in   NewClient
		want Invalid
	}{
		{"valid", valid, nil},
		{"nothing", NewClient{}, Invalid{
			"name": "Enter a name.", "grant": "Choose at least one grant type.",
			"auth_method": "Choose an authentication method from: client_secret_basic, client_secret_post, none.", "scope": "Choose at least one scope.",
		}},
		{"long name", with(func(c *NewClient) { c.Name = strings.Repeat("ä", 81) }), Invalid{"name": "Use at most 80 characters."}},
		{"name that turns writing around", with(func(c *NewClient) { c.Name = "Pay\u202eroll" }), Invalid{"name": "Use visible characters only: no control or direction marks."}},
		{"name that is not UTF-8", with(func(c *NewClient) { c.Name = "Pay\xffroll" }), Invalid{"name": "Use visible characters only: no control or direction marks."}},
		{"unknown grant", with(func(c *NewClient) { c.Grants = []string{"password"} }), Invalid{"grant": "Choose a grant type from: client_credentials, authorization_code, refresh_token."}},
		{"unknown method", with(func(c *NewClient) { c.AuthMethod = "mtls" }), Invalid{"auth_method": "Choose an authentication method from: client_secret_basic, client_secret_post, none."}},
		{"acts for users", with(forUsers), nil},
		{"public, on every kind of address", with(func(c *NewClient) {
			forUsers(c)
			c.AuthMethod, c.Trust, c.HomePage = PublicClient, FirstParty, "https://app.example.com/#about"
			c.RedirectURIs = []string{"https://app.example.com/", "http://127.0.0.1/cb", "com.example.app:/cb"}
		}), nil},
		{"acts for users, nowhere", with(func(c *NewClient) {
			forUsers(c)
			c.RedirectURIs = nil
		}), Invalid{"redirect_uris": "Enter a redirect URI."}},
		{"every wrong line", with(func(c *NewClient) {
			forUsers(c)
			c.RedirectURIs = []string{"https://app.example.com/cb", "http://app.example.com/cb", "https://app.example.com/cb", "https://app.example.com/*"}
		}), Invalid{"redirect_uris": "Line 2: Use https. Plain http is for 127.0.0.1, [::1] and localhost only.\n" +
			"Line 3: It is the same as line 1. Write it once.\nLine 4: Write out the whole address: there are no wildcards."}},
		{"too many lines", with(func(c *NewClient) {
			forUsers(c)
			c.RedirectURIs = make([]string, 21)
		}), Invalid{"redirect_uris": "Enter at most 20 redirect URIs."}},
		{"refresh tokens for nobody", with(func(c *NewClient) { c.Grants = []string{ClientCredentials, RefreshToken} }), Invalid{
			"grant": "Choose authorization_code too: refresh tokens are for clients that act for users.",
		}},
		{"as itself without a secret", with(func(c *NewClient) { c.AuthMethod = PublicClient }), Invalid{"auth_method": needsSecret}},
		{"both, without a secret", with(func(c *NewClient) {
			forUsers(c)
			c.Grants, c.AuthMethod = []string{AuthorizationCode, ClientCredentials}, PublicClient
		}), Invalid{"auth_method": needsSecret}},
		{"home page and trust", with(func(c *NewClient) {
			forUsers(c)
			c.HomePage, c.Trust = "app.example.com", "friend"
		}), Invalid{
			"home_page": "Enter an absolute address, such as https://app.example.com.", "trust": "Choose a trust from: unverified, verified, first_party.",
		}},
		{"by RSA", with(func(c *NewClient) { c.TokenAlg = RS256 }), nil},
		{"unknown algorithm", with(func(c *NewClient) { c.TokenAlg = "none" }), Invalid{"token_alg": "Choose a signing algorithm from: ES256, RS256."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(tt.in)
			got, _ := errors.AsType[Invalid](err)
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestChainHashCoversEveryField(t *testing.T) {
	base := Event{
		Seq: 1, At: time.UnixMilli(1), Actor: Actor{Type: UserActor, ID: "a", Name: "b", Address: "c", RequestID: "d"},
		Action: "e", Outcome: Done, Target: Target{"f", "g", "h"}, Before: "i", After: "j",
	}
	changes := map[string]func(*Event){
		"seq": func(e *Event) { e.Seq++ }, "at": func(e *Event) { e.At = e.At.Add(time.Millisecond) },
		"actor type": func(e *Event) { e.Actor.Type = OperatorActor }, "actor ID": func(e *Event) { e.Actor.ID += "x" },
		"actor name": func(e *Event) { e.Actor.Name += "x" }, "address": func(e *Event) { e.Actor.Address += "x" },
		"request ID": func(e *Event) { e.Actor.RequestID += "x" }, "action": func(e *Event) { e.Action += "x" },
		"outcome": func(e *Event) { e.Outcome = Refused }, "target type": func(e *Event) { e.Target.Type += "x" },
		"target ID": func(e *Event) { e.Target.ID += "x" }, "target name": func(e *Event) { e.Target.Name += "x" },
		"before": func(e *Event) { e.Before += "x" }, "after": func(e *Event) { e.After += "x" },
		"moved letter": func(e *Event) { e.Target.Type, e.Target.ID = e.Target.Type+e.Target.ID, "" },
	}
	want := base.ChainHash("before")
	for name, change := range changes {
		changed := base
		change(&changed)
		if changed.ChainHash("before") == want {
			t.Errorf("%s: the hash did not change", name)
		}
	}
	if base.ChainHash("other") == want {
		t.Error("the hash does not cover the one before")
	}
}
