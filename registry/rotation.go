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
	EndAt     RotationEnd = "at"     // at a time of one's choice
	EndLatest RotationEnd = "latest" // when they would have, if the policy allows so long an overlap
)

// Days returns how many days from now the choice is, or 0.
func (e RotationEnd) Days() int {
	switch e {
	case EndInDay:
		return 1
	case EndInWeek:
		return 7
	default:
		return 0
	}
}

// NoneSeen is the Seen of a Rotation for an application that never had a secret.
const NoneSeen = -1

// Rotation is how to replace an application's secrets by a new one.
type Rotation struct {
	End RotationEnd
	At  time.Time // for EndAt
	// Secret is the ID of the one secret to replace, whose name the new one
	// takes over. "" is all that are live.
	Secret string
	// Seen is how many secrets the application ever had as far as the caller
	// knows. When there are more by now, someone was faster, and nothing is
	// done. 0 is not compared.
	Seen int
}

// RotationInput is a Rotation as a person fills it in.
type RotationInput struct {
	End    string `form:"end"`
	At     string `form:"at"` // UTC, as <input type="datetime-local"> sends it
	Secret string `form:"secret"`
	Seen   int    `form:"seen"`
}

// Rotation returns what was filled in. It fails with Invalid.
func (in RotationInput) Rotation() (Rotation, error) {
	r := Rotation{End: RotationEnd(in.End), Secret: in.Secret, Seen: in.Seen}
	if r.End != EndAt {
		return r, nil
	}
	if strings.TrimSpace(in.At) == "" {
		return r, Invalid{"at": "Choose the date and time when the current secret stops."}
	}
	at, ok := parseMinute(in.At)
	if !ok {
		return r, Invalid{"at": notAMinute}
	}
	r.At = at
	return r, nil
}

// Ends returns when replaced secrets stop, for a rotation that is made now. It
// fails with Invalid when no such time was chosen, or one that is past or later
// than the policy allows.
func (r Rotation) Ends(now time.Time, policy CredentialPolicy) (time.Time, error) {
	latest := now.AddDate(0, 0, policy.LongestOverlap)
	var end time.Time
	switch r.End {
	case EndNow:
		return now, nil
	case EndLatest:
		return latest, nil
	case EndInDay, EndInWeek:
		if end = now.AddDate(0, 0, r.End.Days()); end.After(latest) {
			return time.Time{}, Invalid{"end": "Choose an earlier end: " + policy.OverlapWords() + "."}
		}
		return end, nil
	case EndAt:
		switch {
		case !r.At.After(now):
			return time.Time{}, Invalid{"at": notInTheFuture(now)}
		case policy.LongestOverlap == 0:
			return time.Time{}, Invalid{"end": "Choose Now: " + policy.OverlapWords() + "."}
		case r.At.After(latest):
			return time.Time{}, Invalid{"at": "Choose a time within " + Days(policy.LongestOverlap) + ", until " + minute(latest) + " UTC: team policy allows no longer overlap."}
		}
		return r.At, nil
	default:
		return time.Time{}, Invalid{"end": "Choose when the current secret stops."}
	}
}
