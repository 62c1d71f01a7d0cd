package registry

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Retentions are for how many days events of the audit log can be kept; 0 is
// for ever.
var Retentions = []int{0, 30, 90, 180, 365, 730, 3650}

// RetentionEdit is for how many days events are to be kept.
type RetentionEdit struct {
	Days int `form:"days" json:"days"`
	// Confirm is "DELETE" where events are to go sooner than before.
	Confirm string `form:"confirm" json:"-"`
}

// Check reports what is wrong with the edit of a retention of that many days, as
// Invalid, or nil.
func (e RetentionEdit) Check(was int) error {
	switch {
	case !slices.Contains(Retentions, e.Days):
		return Invalid{"days": "Choose how long events are kept."}
	case shortens(was, e.Days) && strings.TrimSpace(e.Confirm) != "DELETE":
		return Invalid{"confirm": "Type DELETE to have older events deleted."}
	}
	return nil
}

// shortens reports whether a retention in days takes events away sooner.
func shortens(was, is int) bool { return is != 0 && (was == 0 || is < was) }

// KeptSince returns the start of the time whose events are kept: of a day in
// UTC, so that what is older goes once a day.
func KeptSince(days int, now time.Time) time.Time {
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -days)
}

// RetentionWords says for how long events are kept.
func RetentionWords(days int) string {
	switch {
	case days == 0:
		return "For ever"
	case days == 365:
		return "1 year"
	case days > 365:
		return strconv.Itoa(days/365) + " years"
	default:
		return Days(days)
	}
}

// AuditRetention is how long events are kept, and from when on the log is
// complete.
type AuditRetention struct {
	Days          int
	CompleteSince time.Time // zero when nothing was ever deleted
}

// RetentionLoss is what another retention would delete.
type RetentionLoss struct {
	Days   int
	Before time.Time
	Events Count
	Sooner bool // than now: it has to be confirmed
}
