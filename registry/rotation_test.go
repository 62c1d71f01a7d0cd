package registry

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRotationEnds(t *testing.T) {
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		in      RotationInput
		want    time.Time
		field   string // that is wrong
		message string // a part of what is said of it
	}{
		{"now", RotationInput{End: "now", At: "ignored"}, now, "", ""},
		{"in a day", RotationInput{End: "24h"}, now.Add(24 * time.Hour), "", ""},
		{"in a week", RotationInput{End: "7d"}, now.Add(7 * 24 * time.Hour), "", ""},
		{"chosen", RotationInput{End: "at", At: "2026-06-03T09:30"}, time.Date(2026, time.June, 3, 9, 30, 0, 0, time.UTC), "", ""},
		{"chosen to the second", RotationInput{End: "at", At: "2026-06-01T12:00:01"}, now.Add(time.Second), "", ""},
		{"typed", RotationInput{End: "at", At: " 2026-06-03 09:30 "}, time.Date(2026, time.June, 3, 9, 30, 0, 0, time.UTC), "", ""},
		{"the last moment", RotationInput{End: "at", At: "2026-08-30T12:00"}, now.AddDate(0, 0, MaxOverlap), "", ""},
		{"nothing chosen", RotationInput{}, time.Time{}, "end", "Choose when"},
		{"no such choice", RotationInput{End: "1y"}, time.Time{}, "end", "Choose when"},
		{"no time", RotationInput{End: "at"}, time.Time{}, "at", "Choose the date and time"},
		{"no such time", RotationInput{End: "at", At: "tomorrow"}, time.Time{}, "at", "such as"},
		{"no such day", RotationInput{End: "at", At: "2026-02-30T09:30"}, time.Time{}, "at", "such as"},
		{"now is not the future", RotationInput{End: "at", At: "2026-06-01T12:00"}, time.Time{}, "at", "It is 2026-06-01 12:00 UTC now"},
		{"past", RotationInput{End: "at", At: "1970-01-01T00:00"}, time.Time{}, "at", "future"},
		{"too far", RotationInput{End: "at", At: "2026-08-30T12:01"}, time.Time{}, "at", "until 2026-08-30 12:00 UTC"},
		{"far too far", RotationInput{End: "at", At: "9999-12-31T23:59"}, time.Time{}, "at", "within 90 days"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := tt.in.Rotation()
			var got time.Time
			if err == nil {
				got, err = r.Ends(now, DefaultPolicy)
			}
			invalid, _ := errors.AsType[Invalid](err)
			if tt.field == "" && err != nil || !strings.Contains(invalid[tt.field], tt.message) || tt.field != "" && len(invalid) != 1 {
				t.Errorf("got %v, want %q in what is wrong with %q", err, tt.message, tt.field)
			}
			if !got.Equal(tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRotationEndsWithinThePolicy(t *testing.T) {
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	none, day, month := CredentialPolicy{}, CredentialPolicy{LongestOverlap: 1}, CredentialPolicy{LongestOverlap: 30}
	tests := []struct {
		name    string
		policy  CredentialPolicy
		in      Rotation
		want    time.Time
		field   string
		message string
	}{
		{"now is always allowed", none, Rotation{End: EndNow}, now, "", ""},
		{"no overlap", none, Rotation{End: EndInDay}, time.Time{}, "end", "team policy allows no overlap"},
		{"no overlap, chosen", none, Rotation{End: EndAt, At: now.Add(time.Hour)}, time.Time{}, "end", "Choose Now"},
		{"no overlap, the latest", none, Rotation{End: EndLatest}, now, "", ""},
		{"a day", day, Rotation{End: EndInDay}, now.Add(24 * time.Hour), "", ""},
		{"a week of one day", day, Rotation{End: EndInWeek}, time.Time{}, "end", "team policy allows an overlap of 1 day at most"},
		{"the last moment", month, Rotation{End: EndAt, At: now.AddDate(0, 0, 30)}, now.AddDate(0, 0, 30), "", ""},
		{"too late", month, Rotation{End: EndAt, At: now.AddDate(0, 0, 31)}, time.Time{}, "at", "within 30 days, until 2026-07-01 12:00 UTC"},
		{"the latest", month, Rotation{End: EndLatest}, now.AddDate(0, 0, 30), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.in.Ends(now, tt.policy)
			invalid, _ := errors.AsType[Invalid](err)
			if tt.field == "" && err != nil || !strings.Contains(invalid[tt.field], tt.message) || tt.field != "" && len(invalid) != 1 || !got.Equal(tt.want) {
				t.Errorf("got %s, %v; want %s, %q in what is wrong with %q", got, err, tt.want, tt.message, tt.field)
			}
		})
	}
}
