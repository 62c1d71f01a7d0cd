package registry

import (
	"strings"
	"time"
)

// AuditFilter is how a person or an API caller asks for a part of the audit
// log: in words, of which every one is optional.
type AuditFilter struct {
	Actor   string `query:"actor"`   // an actor's ID, or part of the name it last acted under
	Action  string `query:"action"`  // "application.create", or "application.*" for all of its kind
	Outcome string `query:"outcome"` // "done" or "refused"
	Target  string `query:"target"`  // the ID of what it was done to, or part of an application's name
	From    string `query:"from"`    // a day in UTC, or a time (RFC 3339): then or later
	To      string `query:"to"`      // a day in UTC, itself included, or a time (RFC 3339): earlier
}

// AuditQuery says which events of the audit log to return: those that match
// all that is not zero. Its zero value asks for the newest page.
type AuditQuery struct {
	Actor   string
	Action  string
	Outcome Outcome
	Target  string
	From    time.Time // not before
	To      time.Time // before

	Before int64 // only events older than the one of this sequence
	After  int64 // only events newer than the one of this sequence
	Limit  int   // events a page; 0 is AuditPageSize
}

// AuditPageSize is how many events a page has unless its query says otherwise.
const AuditPageSize = 50

// AuditPage is a page of the audit log, newest event first.
type AuditPage struct {
	Entries []AuditEntry
	Newer   bool // there are newer events than the first one
	Older   bool // there are older events than the last one
	// CompleteSince is from when on no event was deleted; zero when none ever was.
	CompleteSince time.Time
}

// AuditEntry is an event, and what is known today of what it was about.
type AuditEntry struct {
	Event
	TargetLives bool // its target is an application that was not deleted
}

// Area returns the kind of thing that an action is about: "application" of
// "application.create".
func Area(action string) string {
	area, _, _ := strings.Cut(action, ".")
	return area
}

// Query returns the filter as the store takes it. It fails with Invalid, which
// names every wrong field.
func (f AuditFilter) Query() (AuditQuery, error) {
	invalid := Invalid{}
	q := AuditQuery{
		Actor:   strings.TrimSpace(f.Actor),
		Action:  strings.TrimSpace(f.Action),
		Outcome: Outcome(f.Outcome),
		Target:  strings.TrimSpace(f.Target),
	}
	for field, text := range map[string]string{"actor": q.Actor, "action": q.Action, "target": q.Target} {
		switch {
		case len(text) > 100:
			invalid[field] = "Use at most 100 characters."
		case !isPlainText(text):
			invalid[field] = "Use visible characters only: no control or direction marks."
		}
	}
	if q.Outcome != "" && q.Outcome != Done && q.Outcome != Refused {
		invalid["outcome"] = "Choose done or refused."
	}
	var ok bool
	if q.From, ok = parseTime(f.From, 0); !ok {
		invalid["from"] = wrongTime
	}
	if q.To, ok = parseTime(f.To, 24*time.Hour); !ok {
		invalid["to"] = wrongTime
	}
	if len(invalid) == 0 && !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		invalid["to"] = "Choose an end that is after the start."
	}
	if len(invalid) > 0 {
		return AuditQuery{}, invalid
	}
	return q, nil
}

const wrongTime = "Enter a day such as 2026-06-30, or a time such as 2026-06-30T12:00:00Z."

// parseTime returns the time that text names: a day's start, moved by ofDay,
// or an RFC 3339 time. The zero time stands for no text.
func parseTime(text string, ofDay time.Duration) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.DateOnly, text)
	if err == nil {
		t = t.Add(ofDay)
	} else if t, err = time.Parse(time.RFC3339, text); err != nil {
		return time.Time{}, false
	}
	t = t.UTC()
	return t, t.Year() >= 1970 && t.Year() <= 9999
}
