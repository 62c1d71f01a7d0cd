package oauth

import (
	"net/url"
	"slices"
	"strings"

	"clientele/registry"
)

// parseScope splits a scope parameter into its scopes, or none when it is
// empty (RFC 6749, appendix A.4).
func parseScope(param string) ([]string, error) {
	if param == "" {
		return nil, nil
	}
	scopes := strings.Split(param, " ")
	for _, scope := range scopes {
		if scope == "" || strings.ContainsFunc(scope, isNotScopeChar) {
			return nil, invalidScope("The scope parameter is a list of scopes separated by single spaces.")
		}
	}
	return scopes, nil
}

func isNotScopeChar(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }

// checkResources refuses resource indicators that are not absolute URIs
// without fragment, or that none of the scopes reaches (RFC 8707, section 2).
func checkResources(resources []string, scopes []Scope) error {
	for _, resource := range resources {
		u, err := url.Parse(resource)
		if err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
			return invalidTarget("A resource is an absolute URI without a fragment.")
		}
		if !slices.ContainsFunc(scopes, func(s Scope) bool { return s.Audience == resource }) {
			return invalidTarget("None of the client's scopes opens the resource " + legible(resource))
		}
	}
	return nil
}

// For whom scopes are asked for: OpenID scopes need a user.
const (
	withoutUser = false
	withUser    = true
)

// narrow returns the registered scopes that are wanted and belong to one of
// the resources, in registered order. No wanted scopes means all of them, no
// resources means any. OpenID scopes are never given without a user, and with
// one whatever the resources, which are about APIs. Whatever is wanted and
// cannot be given is an error, never left out.
func narrow(registered []Scope, wanted, resources []string, user bool) ([]Scope, error) {
	give := make([]bool, len(registered))
	reachable := func(s Scope) bool {
		return len(resources) == 0 || slices.Contains(resources, s.Audience) || s.Service == registry.OpenIDService
	}
	for i, scope := range registered {
		give[i] = len(wanted) == 0 && reachable(scope) && (user || scope.Service != registry.OpenIDService)
	}
	for _, key := range wanted {
		i := slices.IndexFunc(registered, func(s Scope) bool { return s.Key == key })
		switch {
		case i < 0:
			return nil, invalidScope("This scope is not registered for the client, or was not granted to it: " + legible(key))
		case !user && registered[i].Service == registry.OpenIDService:
			return nil, invalidScope("This scope is about a signed-in user, and there is none with this grant_type: " + legible(key))
		case !reachable(registered[i]):
			return nil, invalidScope("This scope belongs to none of the requested resources: " + legible(key))
		}
		give[i] = true
	}
	var given []Scope
	for i, scope := range registered {
		if give[i] {
			given = append(given, scope)
		}
	}
	if len(given) == 0 {
		return nil, invalidScope("The client has no scope that could be granted here.")
	}
	return given, nil
}

// limit returns the scopes of a token for a user: registered for the client,
// granted by the user, and as narrow as is wanted this time. A token that is
// meant for some resources identifies nobody, unless we are one of them.
func limit(registered []Scope, granted, wanted, resources []string) ([]Scope, error) {
	var left []Scope
	for _, scope := range registered {
		forAPI := len(resources) > 0 && scope.Service == registry.OpenIDService && !slices.Contains(resources, scope.Audience)
		if slices.Contains(granted, scope.Key) && !forAPI {
			left = append(left, scope)
		}
	}
	if err := checkResources(resources, left); err != nil {
		return nil, err
	}
	return narrow(left, wanted, resources, withUser)
}

// join writes scopes as a scope parameter.
func join(scopes []Scope) string { return strings.Join(keysOf(scopes), " ") }

func keysOf(scopes []Scope) []string {
	keys := make([]string, len(scopes))
	for i, scope := range scopes {
		keys[i] = scope.Key
	}
	return keys
}

// audiences returns whom a token with these scopes is for, each once.
func audiences(scopes []Scope) audience {
	var aud audience
	for _, scope := range scopes {
		if !slices.Contains(aud, scope.Audience) {
			aud = append(aud, scope.Audience)
		}
	}
	return aud
}
