package registry

import (
	"strings"
	"time"
)

// ClientSecret is what is known of a secret once it was shown.
type ClientSecret struct {
	ID              string
	Name            string // what it is for, or ""
	Prefix          string
	CreatedAt       time.Time
	CreatedByName   string
	ExpiresAt       time.Time // zero: until ended
	RevokedAt       time.Time // zero: neither ended by hand nor paused
	Paused          bool      // RevokedAt is since when, and can be taken back
	ReplacedBy      string    // the ID of the secret that was made to follow it, or ""
	LastUsedAt      time.Time // zero: never
	LastUsedAddress string
}

// SecretState says what a secret is good for.
type SecretState string

const (
	SecretLive    SecretState = "live"    // authenticates, with no end set
	SecretEnding  SecretState = "ending"  // authenticates until ExpiresAt
	SecretPaused  SecretState = "paused"  // refused until it is resumed, and its tokens with it
	SecretExpired SecretState = "expired" // its time is over
	SecretEnded   SecretState = "ended"   // stopped by hand, and its tokens with it
)

// State returns what the secret is good for at now.
func (s ClientSecret) State(now time.Time) SecretState {
	switch {
	case !s.RevokedAt.IsZero() && !s.Paused:
		return SecretEnded
	case !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt):
		return SecretExpired
	case s.Paused:
		return SecretPaused
	case s.ExpiresAt.IsZero():
		return SecretLive
	default:
		return SecretEnding
	}
}

// Authenticates reports whether the secret is accepted at now.
func (s ClientSecret) Authenticates(now time.Time) bool {
	state := s.State(now)
	return state == SecretLive || state == SecretEnding
}

// Lasts reports whether the secret is accepted at now, or would be if it were
// resumed: the policy counts it as live.
func (s ClientSecret) Lasts(now time.Time) bool {
	return s.Authenticates(now) || s.State(now) == SecretPaused
}

// SecretTerms are what a secret is called and until when it is accepted.
type SecretTerms struct {
	Name string    `form:"name" validate:"max=60,plain_text" label:"name"`
	Ends time.Time `form:"-" validate:"-"` // zero: until it is ended
}

// Terms returns those of a secret.
func (s ClientSecret) Terms() SecretTerms { return SecretTerms{Name: s.Name, Ends: s.ExpiresAt} }

// AddedSecret is one more secret for an application.
type AddedSecret struct {
	SecretTerms
	Seen int `form:"-" validate:"-"` // see Rotation
}

// SecretEdit is new terms of a secret, and those that its editor saw. When they
// are no longer so, someone else was faster, and nothing is done; nil is not
// compared.
type SecretEdit struct {
	SecretTerms
	Seen *SecretTerms `form:"-" validate:"-"`
}

// SecretUntil is a choice of a secret's end.
type SecretUntil string

const (
	UntilEnded   SecretUntil = "ended" // no end is set
	UntilMonth   SecretUntil = "30d"
	UntilQuarter SecretUntil = "90d"
	UntilYear    SecretUntil = "365d"
	UntilAt      SecretUntil = "at" // at a time of one's choice
)

// Days returns how many days from now the choice is, or 0.
func (u SecretUntil) Days() int {
	switch u {
	case UntilMonth:
		return 30
	case UntilQuarter:
		return 90
	case UntilYear:
		return 365
	default:
		return 0
	}
}

// SecretInput is SecretTerms as a person fills them in.
type SecretInput struct {
	Name  string `form:"name"`
	Until string `form:"until"`
	At    string `form:"at"` // UTC, as <input type="datetime-local"> sends it
}

// Terms returns what was filled in at now. It fails with Invalid, which names
// every wrong field.
func (in SecretInput) Terms(now time.Time) (SecretTerms, error) {
	terms := SecretTerms{Name: strings.Join(strings.Fields(in.Name), " ")}
	wrong := Invalid{}
	switch until := SecretUntil(in.Until); until {
	case UntilEnded:
	case UntilMonth, UntilQuarter, UntilYear:
		terms.Ends = now.AddDate(0, 0, until.Days())
	case UntilAt:
		if strings.TrimSpace(in.At) == "" {
			wrong["at"] = "Choose the date and time when it ends."
		} else if at, ok := parseMinute(in.At); !ok {
			wrong["at"] = notAMinute
		} else if terms.Ends = at; !at.After(now) {
			wrong["at"] = notInTheFuture(now)
		}
	default:
		wrong["until"] = "Choose when it ends."
	}
	if invalid, broken := Check(terms).(Invalid); broken { //nolint:errorlint // Check wraps nothing
		wrong = invalid.And(wrong)
	}
	if len(wrong) > 0 {
		return terms, wrong
	}
	return terms, nil
}

// SecretInputOf returns how one would fill in the terms.
func SecretInputOf(t SecretTerms) SecretInput {
	if t.Ends.IsZero() {
		return SecretInput{Name: t.Name, Until: string(UntilEnded)}
	}
	return SecretInput{Name: t.Name, Until: string(UntilAt), At: t.Ends.UTC().Format("2006-01-02T15:04:05")}
}

// parseMinute reads a time in UTC as <input type="datetime-local"> sends it, or
// as one types it where there is no such input.
func parseMinute(text string) (time.Time, bool) {
	text = strings.Replace(strings.TrimSpace(text), " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

const notAMinute = "Enter a date and time in UTC, such as 2026-06-30 09:00."

func notInTheFuture(now time.Time) string {
	return "Choose a time in the future. It is " + minute(now) + " UTC now."
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
