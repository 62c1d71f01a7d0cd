package oauth

import (
	"net/url"
	"slices"
	"strings"
)

// redirectMatches reports whether a code may be sent to sent: it is, byte for
// byte, a redirect URI that is registered (RFC 9700, section 2.1). Only the
// port of a loopback address is free, since the operating system gives it to a
// native client at the moment (RFC 8252, section 7.3).
func redirectMatches(registered []string, sent string) bool {
	if slices.Contains(registered, sent) {
		return true
	}
	free, loopback := withoutPort(sent)
	return loopback && slices.ContainsFunc(registered, func(uri string) bool {
		with, ok := withoutPort(uri)
		return ok && with == free
	})
}

// withoutPort returns a redirect URI of a loopback address without its port,
// and whether it is one. localhost is not: names can be made to lead elsewhere.
func withoutPort(uri string) (string, bool) {
	for _, host := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, host)
		if !ok {
			continue
		}
		if port, ok := strings.CutPrefix(rest, ":"); ok {
			rest = strings.TrimLeft(port, "0123456789")
			if digits := port[:len(port)-len(rest)]; !isPort(digits) {
				return "", false
			}
		}
		if rest == "" || rest[0] == '/' || rest[0] == '?' {
			return host + rest, true
		}
	}
	return "", false
}

func isPort(digits string) bool {
	const most = "65535"
	return digits != "" && digits[0] != '0' && (len(digits) < len(most) || len(digits) == len(most) && digits <= most)
}

// redirectTo returns the redirect URI, as it is registered, with an answer
// added to its query.
func redirectTo(uri string, answer url.Values) string {
	if strings.Contains(uri, "?") {
		return uri + "&" + answer.Encode()
	}
	return uri + "?" + answer.Encode()
}
