package ui

import (
	"fmt"
	"time"
)

// Ago returns how long before now t was, as one would say it: "2 min ago",
// "Yesterday", "13 Oct 2026", and "Never" for the zero time. A time yet to come
// is said the same way: "in 3 days".
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return "Never"
	}
	t, now = t.UTC(), now.UTC()
	if t.After(now) {
		return ahead(t, now)
	}
	since := now.Sub(t)
	days := daysBetween(t, now)
	switch {
	case since < time.Minute:
		return "Just now"
	case since < time.Hour:
		return fmt.Sprintf("%d min ago", since/time.Minute)
	case days == 0 || since < 12*time.Hour:
		return fmt.Sprintf("%d h ago", since/time.Hour)
	case days == 1:
		return "Yesterday"
	case days < 7:
		return fmt.Sprintf("%d days ago", days)
	}
	return t.Format("2 Jan 2006")
}

func ahead(t, now time.Time) string {
	until := t.Sub(now)
	days := daysBetween(now, t)
	switch {
	case until < time.Minute:
		return "in a moment"
	case until < time.Hour:
		return fmt.Sprintf("in %d min", until/time.Minute)
	case until < 48*time.Hour:
		return fmt.Sprintf("in %d h", until/time.Hour)
	case days <= 30:
		return fmt.Sprintf("in %d days", days)
	}
	return t.Format("2 Jan 2006")
}

// daysBetween counts the midnights (UTC) between two times.
func daysBetween(earlier, later time.Time) int {
	const day = 24 * time.Hour
	return int(later.Truncate(day).Sub(earlier.Truncate(day)) / day)
}

func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// FullTime returns t to the second: "13 Oct 2026, 09:30:00 UTC".
func FullTime(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }
