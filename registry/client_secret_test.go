package registry

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSecretState(t *testing.T) {
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	later, before := now.Add(time.Second), now.Add(-time.Second)
	tests := []struct {
		secret ClientSecret
		want   SecretState
		lasts  bool
	}{
		{ClientSecret{}, SecretLive, true},
		{ClientSecret{ExpiresAt: later}, SecretEnding, true},
		{ClientSecret{ExpiresAt: now}, SecretExpired, false},
		{ClientSecret{RevokedAt: before}, SecretEnded, false},
		{ClientSecret{RevokedAt: before, ExpiresAt: later}, SecretEnded, false},
		{ClientSecret{RevokedAt: before, Paused: true}, SecretPaused, true},
		{ClientSecret{RevokedAt: before, Paused: true, ExpiresAt: later}, SecretPaused, true},
		{ClientSecret{RevokedAt: before, Paused: true, ExpiresAt: before}, SecretExpired, false},
	}
	for _, tt := range tests {
		accepted := tt.want == SecretLive || tt.want == SecretEnding
		if got := tt.secret.State(now); got != tt.want || tt.secret.Authenticates(now) != accepted || tt.secret.Lasts(now) != tt.lasts {
			t.Errorf("%+v: got %s, accepted %t, lasts %t; want %s, %t, %t", tt.secret, got, tt.secret.Authenticates(now), tt.secret.Lasts(now), tt.want, accepted, tt.lasts)
		}
	}
}

func TestSecretInputTerms(t *testing.T) {
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		in    SecretInput
		want  SecretTerms
		wrong []string // the fields
		told  string   // in what is wrong
	}{
		{"until it is ended", SecretInput{Name: "  CI   runner ", Until: "ended", At: "ignored"}, SecretTerms{Name: "CI runner"}, nil, ""},
		{"no name", SecretInput{Until: "30d"}, SecretTerms{Ends: now.AddDate(0, 0, 30)}, nil, ""},
		{"a quarter", SecretInput{Until: "90d"}, SecretTerms{Ends: now.AddDate(0, 0, 90)}, nil, ""},
		{"a year", SecretInput{Until: "365d"}, SecretTerms{Ends: now.AddDate(0, 0, 365)}, nil, ""},
		{"chosen", SecretInput{Until: "at", At: "2027-01-31 08:00"}, SecretTerms{Ends: time.Date(2027, time.January, 31, 8, 0, 0, 0, time.UTC)}, nil, ""},
		{"nothing chosen", SecretInput{}, SecretTerms{}, []string{"until"}, "Choose when it ends."},
		{"no such choice", SecretInput{Until: "forever"}, SecretTerms{}, []string{"until"}, "Choose when it ends."},
		{"no time", SecretInput{Until: "at", At: " "}, SecretTerms{}, []string{"at"}, "Choose the date and time"},
		{"not a time", SecretInput{Until: "at", At: "tomorrow"}, SecretTerms{}, []string{"at"}, "such as 2026-06-30 09:00"},
		{"the present", SecretInput{Until: "at", At: "2026-06-01T12:00"}, SecretTerms{}, []string{"at"}, "It is 2026-06-01 12:00 UTC now"},
		{"all wrong", SecretInput{Name: strings.Repeat("x", 61), Until: "at", At: "1999-01-01T00:00"}, SecretTerms{}, []string{"at", "name"}, "at most 60"},
		{"a name that turns writing round", SecretInput{Name: "CI\u202e", Until: "ended"}, SecretTerms{}, []string{"name"}, "visible characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.in.Terms(now)
			invalid, _ := errors.AsType[Invalid](err)
			if !slices.Equal(slices.Sorted(maps.Keys(invalid)), tt.wrong) || tt.wrong != nil && !strings.Contains(invalid.Error(), tt.told) {
				t.Errorf("got %v, want %q in what is wrong with %v", err, tt.told, tt.wrong)
			}
			if tt.wrong == nil && got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if tt.wrong == nil {
				if again, err := SecretInputOf(got).Terms(now); err != nil || again != got {
					t.Errorf("filled in again: got %+v, %v; want %+v", again, err, got)
				}
			}
		})
	}
}

func FuzzSecretInput(f *testing.F) {
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	f.Add("CI", "at", "2026-06-30T09:00")
	f.Add("", "at", "2026-06-30 09:00:59")
	f.Add("\x00", "365d", "0000-00-00T99:99")
	f.Fuzz(func(t *testing.T, name, until, at string) {
		terms, err := SecretInput{Name: name, Until: until, At: at}.Terms(now)
		if err == nil && !terms.Ends.IsZero() && !terms.Ends.After(now) {
			t.Errorf("%q: got the end %s, want one to come", at, terms.Ends)
		}
		if _, invalid := errors.AsType[Invalid](err); err != nil && !invalid {
			t.Errorf("got %v, want Invalid", err)
		}
	})
}

func TestPolicyInput(t *testing.T) {
	tests := []struct {
		name  string
		in    PolicyInput
		want  CredentialPolicy
		wrong []string
	}{
		{"the default", PolicyInput{"", "90", "10"}, DefaultPolicy, nil},
		{"strict", PolicyInput{" 1 ", "0", "1"}, CredentialPolicy{LongestLife: 1, MostSecrets: 1}, nil},
		{"lax", PolicyInput{"3650", "90", "20"}, CredentialPolicy{3650, 90, 20}, nil},
		{"nothing", PolicyInput{}, CredentialPolicy{}, []string{"longest_overlap", "most_secrets"}},
		{"too little", PolicyInput{"0", "-1", "0"}, CredentialPolicy{}, []string{"longest_life", "longest_overlap", "most_secrets"}},
		{"too much", PolicyInput{"3651", "91", "21"}, CredentialPolicy{}, []string{"longest_life", "longest_overlap", "most_secrets"}},
		{"no numbers", PolicyInput{"1e3", "9.5", "99999999999999999999"}, CredentialPolicy{}, []string{"longest_life", "longest_overlap", "most_secrets"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.in.Policy()
			invalid, _ := errors.AsType[Invalid](err)
			if !slices.Equal(slices.Sorted(maps.Keys(invalid)), tt.wrong) || tt.wrong == nil && got != tt.want {
				t.Errorf("got %+v, %v; want %+v and %v wrong", got, err, tt.want, tt.wrong)
			}
			if tt.wrong == nil {
				if again, err := PolicyInputOf(got).Policy(); err != nil || again != got {
					t.Errorf("filled in again: got %+v, %v; want %+v", again, err, got)
				}
			}
		})
	}
}

func TestPolicyEnds(t *testing.T) {
	made := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	month := CredentialPolicy{LongestLife: 30}
	tests := []struct {
		policy CredentialPolicy
		ends   time.Time
		told   string
	}{
		{DefaultPolicy, time.Time{}, ""},
		{DefaultPolicy, made.AddDate(99, 0, 0), ""},
		{month, made.AddDate(0, 0, 30), ""},
		{month, made.AddDate(0, 0, 30).Add(time.Second), "Choose an end until 2026-07-01 12:00 UTC: team policy lets a secret live 30 days at most."},
		{month, time.Time{}, "Choose an end until 2026-07-01 12:00 UTC"},
	}
	for _, tt := range tests {
		invalid, _ := errors.AsType[Invalid](tt.policy.CheckEnd(made, SecretTerms{Ends: tt.ends}))
		if (invalid == nil) != (tt.told == "") || !strings.Contains(invalid["until"], tt.told) {
			t.Errorf("%+v, %s: got %v, want %q", tt.policy, tt.ends, invalid, tt.told)
		}
	}
}
