package registry

import "time"

// RefusalKept is how long a refusal can be found by its request's ID.
const RefusalKept = 7 * 24 * time.Hour

// Refusal is what was asked when somebody was refused something, as far as it
// was known: of a call that lacked a scope no permission was asked for yet.
type Refusal struct {
	AccessQuestion

	RequestID string
	At        time.Time
	Asked     string // "GET /api/v1/audit-log"
	AskedBy   string // the ID of who asked for the decision, or "" when the subject itself was refused
	Lacking   string // the scope that the token did not carry, or ""
}
