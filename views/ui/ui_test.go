package ui

import (
	"testing"
	"time"
)

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		t    time.Time
		want string
	}{
		{"never", time.Time{}, "Never"},
		{"now", now, "Just now"},
		{"seconds", now.Add(-59 * time.Second), "Just now"},
		{"minutes", now.Add(-11 * time.Minute), "11 min ago"},
		{"hours", now.Add(-11 * time.Hour), "11 h ago"},
		{"hours across midnight", now.Add(-12*time.Hour - time.Minute), "Yesterday"},
		{"days are those of UTC", time.Date(2026, 11, 24, 1, 0, 0, 0, time.FixedZone("east", 2*3600)), "Yesterday"},
		{"yesterday", now.Add(-30 * time.Hour), "Yesterday"},
		{"days", now.Add(-6 * 24 * time.Hour), "6 days ago"},
		{"long ago", now.Add(-42 * 24 * time.Hour), "13 Oct 2026"},
		{"soon", now.Add(30 * time.Second), "in a moment"},
		{"in minutes", now.Add(5 * time.Minute), "in 5 min"},
		{"in hours", now.Add(24 * time.Hour), "in 24 h"},
		{"in days", now.Add(7 * 24 * time.Hour), "in 7 days"},
		{"far ahead", now.Add(90 * 24 * time.Hour), "22 Feb 2027"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Ago(tt.t, now); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestInitials(t *testing.T) {
	tests := []struct{ name, want string }{
		{"", "?"},
		{"  ", "?"},
		{"demo", "D"},
		{"Demo Admin", "DA"},
		{"Demo van der Admin", "DA"},
		{"élan ñandú", "ÉÑ"},
	}
	for _, tt := range tests {
		if got := Initials(tt.name); got != tt.want {
			t.Errorf("Initials(%q): got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSort(t *testing.T) {
	tests := []struct {
		name        string
		sort        Sort
		state, next string
	}{
		{"another column", Sort{Key: "name", Current: "-used"}, "none", "name"},
		{"another column, newest first", Sort{Key: "used", Current: "name", Descending: true}, "none", "-used"},
		{"ascending", Sort{Key: "name", Current: "name"}, "ascending", "-name"},
		{"descending", Sort{Key: "name", Current: "-name"}, "descending", "name"},
		{"descending, newest first", Sort{Key: "used", Current: "-used", Descending: true}, "descending", "used"},
		{"ascending, newest first", Sort{Key: "used", Current: "used", Descending: true}, "ascending", "-used"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if state, next := tt.sort.state(), tt.sort.next(); state != tt.state || next != tt.next {
				t.Errorf("got %s and then %s, want %s and %s", state, next, tt.state, tt.next)
			}
		})
	}
}
