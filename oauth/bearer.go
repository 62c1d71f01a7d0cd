package oauth

import (
	"net/http"
	"strings"
)

// BearerToken returns the token in the Authorization header, the only place
// where it is looked for (RFC 6750, section 2.1; RFC 9700, section 4.3.2). It
// fails with an *Error when there is none, or more than one.
func BearerToken(r *http.Request) (string, error) {
	authorization := r.Header.Values("Authorization")
	if len(authorization) > 1 {
		return "", invalidRequest("Send one Authorization header.")
	}
	if len(authorization) == 1 {
		scheme, token, _ := strings.Cut(authorization[0], " ")
		if token = strings.TrimLeft(token, " "); strings.EqualFold(scheme, "Bearer") && token != "" {
			return token, nil
		}
	}
	return "", &Error{Description: "Send an access token in the Authorization header, as Bearer.", Status: http.StatusUnauthorized}
}
