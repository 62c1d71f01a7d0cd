package registry

import "time"

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryWaiting   DeliveryState = "waiting"   // for its first attempt, or for another
	DeliveryDelivered DeliveryState = "delivered" // it was accepted
	DeliveryFailed    DeliveryState = "failed"    // it was tried for DeliveryTried, and is no longer
)

const (
	// DeliveryTried is how long a message is tried again before it counts as
	// failed. A webhook that nothing reaches for as long is turned off.
	DeliveryTried = 5 * 24 * time.Hour
	// DeliveriesKept is how long deliveries are kept.
	DeliveriesKept = 30 * 24 * time.Hour
	// DeliveryPageSize is how many deliveries a page has.
	DeliveryPageSize = 25
	// AnswerKept is how many bytes are kept of what a server answers.
	AnswerKept = 1 << 10
)

// Delivery is a message about a notice, or with a user's link, that is sent to
// one webhook or e-mail address, however often it takes.
type Delivery struct {
	ID        string // the same at each attempt: webhook-id, and the local part of Message-ID
	WebhookID string // or ""
	Email     string // an address, or ""
	UserID    string // the user whose address that is, or "" for one of a rule's
	Notice    Notice // without an ID: a test, or a link
	Own       bool   // the notice affects who gets it
	At        time.Time
	State     DeliveryState
	Attempts  int
	TriedAt   time.Time // last
	NextAt    time.Time // of one that waits
	Status    int       // of the last answer: of HTTP or SMTP; 0 when there was none
	Answer    string    // what the last attempt was answered, or why it was not
}

// Title says what the message is about.
func (d Delivery) Title() string {
	if d.Notice.ID == "" {
		return "Test"
	}
	return d.Notice.Title()
}

// DueDelivery is a delivery to be attempted now, with where and how.
type DueDelivery struct {
	Delivery
	URL     string
	Secrets []Secret // that sign it, the newest first
	Link    UserLink // that it hands over; of no kind when it is about a notice
}

// Attempt is how an attempt to deliver went.
type Attempt struct {
	Delivered bool
	Status    int
	Answer    string
}

// RetryAfter returns how long to wait after an attempt that failed, the nth, up
// to 8 hours. random, from 0 to 1, spreads what failed together.
func RetryAfter(n int, random float64) time.Duration {
	const first, longest = 5 * time.Second, 8 * time.Hour
	wait := longest
	if n < 8 { // 5 s × 4^7 is longer
		wait = min(longest, first<<(2*max(0, n-1)))
	}
	return time.Duration(float64(wait) * (0.8 + 0.4*random))
}

// MailTrouble is how many e-mails the mail server did not accept yet, and what
// it answered last.
type MailTrouble struct {
	Messages int
	Answer   string
	TriedAt  time.Time
}

// DeliveryQuery says which of a webhook's deliveries to return.
type DeliveryQuery struct {
	Before string // only those older than the one of this ID
	After  string // only those newer than the one of this ID
}

// DeliveryPage is a page of a webhook's deliveries, newest first.
type DeliveryPage struct {
	Deliveries   []Delivery
	Newer, Older bool // there are more, before and after these
}
