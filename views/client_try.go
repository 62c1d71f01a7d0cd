package views

import (
	"net/http"
	"strconv"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// TrialForm asks for a client's secret, to try it out.
type TrialForm struct {
	App     registry.Application
	Invalid registry.Invalid
	Trial   *Trial // what came of it, or nil
}

// Trial is what came of asking for a token with a client's credentials.
type Trial struct {
	App     registry.Application
	Refused *TokenRefusal // nil when there is a token

	Token     string
	Header    string // JSON
	Claims    string // JSON
	ExpiresAt time.Time
	Now       time.Time
	Audience  []string
	Calls     []APICall // with the token; of none when it is for other APIs
}

// TokenRefusal is the token endpoint's error (RFC 6749, section 5.2).
type TokenRefusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// APICall is what one of our own APIs answered.
type APICall struct {
	Request string // "GET /api/v1/audit-log?limit=1"
	Status  int
	Body    string // JSON
	Missing string // the permission that the application lacks, or ""
}

func (c APICall) ok() bool { return c.Status == http.StatusOK }

func (c APICall) status() string { return strconv.Itoa(c.Status) + " " + http.StatusText(c.Status) }

// advice says what to do about a refusal.
func (t Trial) advice() (text string, way ui.Action) {
	path := "/admin/applications/" + t.App.ID
	switch {
	case t.App.Status == registry.Disabled:
		return "A disabled client gets no tokens. Enable it first.", ui.Action{Text: "View application", Href: path}
	case t.Refused.Code == "invalid_client":
		return "Paste the whole secret, of this application and still accepted. If it is lost, make a new one.", ui.Action{Text: "Regenerate secret", Href: path + "/regenerate"}
	case t.Refused.Code == "invalid_scope":
		return "The client needs a scope to ask for.", ui.Action{Text: "Edit scopes", Href: path + "/scopes"}
	default:
		return "Try again in a moment.", ui.Action{Text: "View application", Href: path}
	}
}
