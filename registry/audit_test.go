package registry

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAuditFilter(t *testing.T) {
	day := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		filter AuditFilter
		want   AuditQuery
		wrong  []string
	}{
		{"nothing", AuditFilter{}, AuditQuery{}, nil},
		{"white space around", AuditFilter{Actor: " Demo ", Action: " application.* ", Target: "\u00a0x "}, AuditQuery{Actor: "Demo", Action: "application.*", Target: "x"}, nil},
		{"a day is all of it", AuditFilter{From: "2026-06-01", To: "2026-06-01"}, AuditQuery{From: day, To: day.AddDate(0, 0, 1)}, nil},
		{"times", AuditFilter{From: "2026-06-01T02:00:00+02:00", To: "2026-06-01T00:00:00.5Z"}, AuditQuery{From: day, To: day.Add(time.Second / 2)}, nil},
		{"refused", AuditFilter{Outcome: "refused"}, AuditQuery{Outcome: Refused}, nil},
		{"everything wrong", AuditFilter{Actor: "a\x00b", Action: strings.Repeat("x", 101), Outcome: "maybe", Target: "\xff", From: "soon", To: "2026-02-30"}, AuditQuery{}, []string{"action", "actor", "from", "outcome", "target", "to"}},
		{"the end before the start", AuditFilter{From: "2026-06-02", To: "2026-06-01"}, AuditQuery{}, []string{"to"}},
		{"no time between", AuditFilter{From: "2026-06-01T00:00:00Z", To: "2026-06-01T00:00:00Z"}, AuditQuery{}, []string{"to"}},
		{"years no log has", AuditFilter{From: "0001-01-01", To: "9999-12-31"}, AuditQuery{}, []string{"from", "to"}},
		{"no zone", AuditFilter{From: "2026-06-01T00:00:00"}, AuditQuery{}, []string{"from"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.filter.Query()
			invalid, _ := errors.AsType[Invalid](err)
			if wrong := slices.Sorted(maps.Keys(invalid)); got != tt.want || !slices.Equal(wrong, tt.wrong) {
				t.Errorf("got %+v and %v, want %+v and %v wrong", got, err, tt.want, tt.wrong)
			}
		})
	}
}
