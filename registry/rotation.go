package registry

import (
	"strings"
	"time"
)

// RotationEnd says when the secrets that a new one replaces stop being accepted.
type RotationEnd string

const (
	EndNow    RotationEnd = "now" // and their tokens with them
	EndInDay  RotationEnd = "24h"
	EndInWeek RotationEnd = "7d"
	EndAt     RotationEnd = "at" // at a time of one's choice
)

// MaxOverlap is the longest that a replaced secret may still be accepted.
const MaxOverlap = 90 * 24 * time.Hour

// NoneSeen is the Seen of a Rotation for an application that never had a secret.
const NoneSeen = -1

// Rotation is how to replace an application's secrets by a new one.
type Rotation struct {
	End RotationEnd
	At  time.Time // for EndAt
	// Seen is how many secrets the application ever had as far as the caller
	// knows. When there are more by now, someone was faster, and nothing is
	// done. 0 is not compared.
	Seen int
}

// RotationInput is a Rotation as a person fills it in.
type RotationInput struct {
	End  string `form:"end"`
	At   string `form:"at"` // UTC, as <input type="datetime-local"> sends it
	Seen int    `form:"seen"`
}

// Rotation returns what was filled in. It fails with Invalid.
func (in RotationInput) Rotation() (Rotation, error) {
	r := Rotation{End: RotationEnd(in.End), Seen: in.Seen}
	if r.End != EndAt {
		return r, nil
	}
	text := strings.Replace(strings.TrimSpace(in.At), " ", "T", 1)
	if text == "" {
		return r, Invalid{"at": "Choose the date and time when the current secret stops."}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		at, err := time.Parse(layout, text)
		if err == nil {
			r.At = at
			return r, nil
		}
	}
	return r, Invalid{"at": "Enter a date and time in UTC, such as 2026-06-30 09:00."}
}

// Ends returns when replaced secrets stop, for a rotation that is made now. It
// fails with Invalid when no such time was chosen, or one that is past or more
// than MaxOverlap away.
func (r Rotation) Ends(now time.Time) (time.Time, error) {
	switch r.End {
	case EndNow:
		return now, nil
	case EndInDay:
		return now.Add(24 * time.Hour), nil
	case EndInWeek:
		return now.Add(7 * 24 * time.Hour), nil
	case EndAt:
		latest := now.Add(MaxOverlap)
		switch {
		case !r.At.After(now):
			return time.Time{}, Invalid{"at": "Choose a time in the future. It is " + now.UTC().Format("2006-01-02 15:04") + " UTC now."}
		case r.At.After(latest):
			return time.Time{}, Invalid{"at": "Choose a time within 90 days, until " + latest.UTC().Format("2006-01-02 15:04") + " UTC."}
		}
		return r.At, nil
	default:
		return time.Time{}, Invalid{"end": "Choose when the current secret stops."}
	}
}
