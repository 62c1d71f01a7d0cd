package oauth

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is a refusal, as the client is told of it (RFC 6749, section 5.2; RFC
// 6750, section 3.1). Every method of Server that fails returns one.
type Error struct {
	Code        string        `json:"error"`             // "invalid_grant"; "" when a bearer token is simply missing
	Description string        `json:"error_description"` // for the client's developer; never a secret or a cause
	Status      int           `json:"-"`
	Scope       string        `json:"scope,omitempty"` // what insufficient_scope asks for
	RetryAfter  time.Duration `json:"-"`               // when it is worth another try; 0: not for that long
	scheme      string        // of the credential that was refused: "Bearer" when empty
	cause       error         // for the log
}

func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Description, e.cause)
	}
	return e.Code + ": " + e.Description
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Challenge returns the WWW-Authenticate header that goes with the refusal, or "".
func (e *Error) Challenge() string {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return ""
	case e.Code == "invalid_client":
		return `Basic realm="Clientele", charset="UTF-8"`
	case e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden:
		return ""
	case e.Code == "": // RFC 6750, section 3.1: who sent no token is told of no error
		return `Bearer realm="Clientele"`
	}
	challenge := fmt.Sprintf(`%s realm="Clientele", error="%s", error_description="%s"`, cmp.Or(e.scheme, "Bearer"), e.Code, e.Description)
	if e.Scope != "" {
		challenge += fmt.Sprintf(`, scope="%s"`, e.Scope)
	}
	return challenge
}

func invalidRequest(description string) *Error {
	return &Error{Code: "invalid_request", Description: description, Status: http.StatusBadRequest}
}

func invalidClient(description string) *Error {
	return &Error{Code: "invalid_client", Description: description, Status: http.StatusUnauthorized}
}

func invalidScope(description string) *Error {
	return &Error{Code: "invalid_scope", Description: description, Status: http.StatusBadRequest}
}

func invalidTarget(description string) *Error {
	return &Error{Code: "invalid_target", Description: description, Status: http.StatusBadRequest}
}

func invalidToken(description string) *Error {
	return &Error{Code: "invalid_token", Description: description, Status: http.StatusUnauthorized}
}

// InsufficientScope refuses a token that lacks scope (RFC 6750, section 3.1).
func InsufficientScope(scope string) *Error {
	return &Error{
		Code:        "insufficient_scope",
		Description: fmt.Sprintf("The token lacks the scope %s.", legible(scope)),
		Status:      http.StatusForbidden,
		Scope:       legible(scope),
	}
}

// unavailable is not the client's fault: the store did not answer.
func unavailable(cause error) *Error {
	return &Error{
		Code:        "temporarily_unavailable",
		Description: "The server cannot answer at the moment. Try again shortly.",
		Status:      http.StatusServiceUnavailable,
		cause:       cause,
	}
}

// legible returns what a client sent as it may stand in an error description:
// in the characters that RFC 6749, section 5.2 allows, and not long.
func legible(sent string) string {
	const longest = 100
	if len(sent) > longest {
		sent = sent[:longest]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, sent)
}
