package registry

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
)

func TestCheckGrant(t *testing.T) {
	catalogue := Catalogue{Services: []Service{{
		Key: "orders", Name: "Orders",
		Permissions: []PermissionDef{{Key: "view"}},
		Templates:   []Template{{Key: "viewer"}},
		Containers:  []Container{{Key: "pool", Name: "Pool", Objects: []Object{{Key: "one", Name: "One"}}}},
	}}}
	tests := []struct {
		name string
		in   GrantInput
		want Invalid
	}{
		{"permission", GrantInput{Service: "orders", Kind: PermissionGrant, Key: "view"}, nil},
		{"template", GrantInput{Service: "orders", Kind: TemplateGrant, Key: "viewer"}, nil},
		{"on a container", GrantInput{Service: "orders", Kind: PermissionGrant, Key: "view", Object: "pool"}, nil},
		{"on an object", GrantInput{Service: "orders", Kind: TemplateGrant, Key: "viewer", Object: "pool/one"}, nil},
		{"nothing", GrantInput{}, Invalid{"service": "Choose one it has."}},
		{"unknown service", GrantInput{Service: "billing"}, Invalid{"service": `The catalogue has no service "billing". Choose one it has.`}},
		{"no kind", GrantInput{Service: "orders", Key: "view"}, Invalid{"kind": "Choose a permission or a template."}},
		{"permission taken for a template", GrantInput{Service: "orders", Kind: TemplateGrant, Key: "view"}, Invalid{"key": `Orders has no template "view". Choose one it has.`}},
		{"unknown permission and object", GrantInput{Service: "orders", Kind: PermissionGrant, Key: "edit", Object: "pool/two"}, Invalid{
			"key":    `Orders has no permission "edit". Choose one it has.`,
			"object": `Orders has no container or object "pool/two". Choose one it has, or the whole service.`,
		}},
		{"object without a name", GrantInput{Service: "orders", Kind: PermissionGrant, Key: "view", Object: "pool/"}, Invalid{
			"object": `Orders has no container or object "pool/". Choose one it has, or the whole service.`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckGrant(tt.in, catalogue)
			got, _ := errors.AsType[Invalid](err)
			if fmt.Sprint(got) != fmt.Sprint(tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestObjectName(t *testing.T) {
	service := Service{Containers: []Container{{Key: "pool", Name: "Pool", Objects: []Object{{Key: "one", Name: "One"}}}}}
	for path, want := range map[string]string{"": "Whole service", "pool": "Pool", "pool/one": "Pool › One", "gone": "gone"} {
		if got, _ := service.ObjectName(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}

func TestDetailChanges(t *testing.T) {
	old := ClientDetails{Name: "Payroll", Grants: []string{"a", "b"}, AuthMethod: SecretBasic}
	if got := old.Changes(ClientDetails{Name: "Payroll", Grants: []string{"b", "a"}, AuthMethod: SecretBasic}); got != nil {
		t.Errorf("the same in another order: got %v, want no change", got)
	}
	if got := old.Changes(old.Clean()); got != nil {
		t.Errorf("the default algorithm by its name: got %v, want no change", got)
	}
	got := old.Changes(ClientDetails{Name: "Pay", Description: "New.", Grants: []string{"a"}, AuthMethod: SecretPost, TokenAlg: RS256})
	want := []DetailChange{
		{"name", "Payroll", "Pay"},
		{"description", "", "New."},
		{"grants", []string{"a", "b"}, []string{"a"}},
		{"auth_method", SecretBasic, SecretPost},
		{"token_alg", ES256, RS256},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEditOntoWhatChangedMeanwhile(t *testing.T) {
	seen := ClientDetails{Name: "Payroll", Description: "Old.", Grants: []string{"a"}, AuthMethod: SecretBasic}
	now := ClientDetails{Name: "Wages", Description: "Theirs.", Grants: []string{"b"}, AuthMethod: SecretPost}
	typed := ClientDetails{Name: "Payroll", Description: "Mine.", Grants: []string{"a"}, AuthMethod: SecretBasic}
	want := ClientDetails{Name: "Wages", Description: "Mine.", Grants: []string{"b"}, AuthMethod: SecretPost}
	if got := (ClientEdit{ClientDetails: typed, Seen: &seen}).Onto(now); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	typed = ClientDetails{Name: "Pay", Description: "", Grants: nil, AuthMethod: "", TokenAlg: RS256}
	if got := (ClientEdit{ClientDetails: typed, Seen: &seen}).Onto(now); !reflect.DeepEqual(got, typed) {
		t.Errorf("all typed anew: got %+v, want %+v", got, typed)
	}
	if got := (ClientEdit{ClientDetails: typed}).Onto(now); !reflect.DeepEqual(got, typed) {
		t.Errorf("nothing seen: got %+v, want %+v", got, typed)
	}
}

func TestCheckScopes(t *testing.T) {
	catalogue := Catalogue{Services: []Service{{Key: "orders", Scopes: []Scope{{Key: "orders:read"}, {Key: "orders:write"}}}}}
	tests := []struct {
		name   string
		scopes []string
		want   string
	}{
		{"known", []string{"orders:read", "orders:write"}, ""},
		{"none", nil, "Choose at least one scope."},
		{"twice", []string{"orders:read", "orders:read"}, "Name each scope once."},
		{"unknown", []string{"orders:read", "orders"}, `The catalogue has no scope "orders". Choose from those it has.`},
	}
	for _, tt := range tests {
		invalid, _ := errors.AsType[Invalid](CheckScopes(ScopeEdit{Scopes: tt.scopes}, catalogue))
		if invalid["scope"] != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, invalid, tt.want)
		}
	}
}

func TestCompareScopes(t *testing.T) {
	added, removed := CompareScopes([]string{"c", "a"}, []string{"b", "a", "b"})
	if fmt.Sprint(added, removed) != "[b] [c]" {
		t.Errorf("got added %v, removed %v; want [b], [c]", added, removed)
	}
}
