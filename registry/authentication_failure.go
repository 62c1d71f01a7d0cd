package registry

import "time"

// FailureDays is how many days ApplicationDetails counts failed
// authentications for.
const FailureDays = 7

// FailureReason says why a client did not prove who it is.
type FailureReason string

const (
	UnknownClient FailureReason = "unknown_client" // no client has that ID; counted for all of them together
	WrongSecret   FailureReason = "wrong_secret"   // it is none of the client's
	ExpiredSecret FailureReason = "expired_secret" // it was, until its end
	PausedSecret  FailureReason = "paused_secret"  // it is, and refused until it is resumed
	ClientOff     FailureReason = "disabled"       // the client is disabled
	WrongMethod   FailureReason = "wrong_method"   // sent in another way than the client is registered with
	WrongNetwork  FailureReason = "network"        // from outside the networks that it is kept to
)

// AuthenticationFailures is how often an application did not prove who it is
// in the last FailureDays, and how it failed last.
type AuthenticationFailures struct {
	Count       int64
	LastAt      time.Time // zero: it never failed
	LastAddress string
	LastReason  FailureReason
}
