package registry

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CredentialPolicy is what the team asks of secrets. It binds whoever makes or
// changes one; those there are go on as they are.
type CredentialPolicy struct {
	LongestLife    int // days from when a secret is made to its end; 0: it needs none
	LongestOverlap int // days that a replaced secret may still be accepted; 0: not at all
	MostSecrets    int // how many of an application may be live at once
}

// The bounds of a policy.
const (
	MaxLife    = 3650 // days
	MaxOverlap = 90   // days
	MaxSecrets = 20   // each is compared with at every token request
)

// DefaultPolicy is in force until the team sets its own.
var DefaultPolicy = CredentialPolicy{LongestOverlap: MaxOverlap, MostSecrets: 10}

// PolicyInput is a CredentialPolicy as a person fills it in.
type PolicyInput struct {
	LongestLife    string `form:"longest_life"` // "": no limit
	LongestOverlap string `form:"longest_overlap"`
	MostSecrets    string `form:"most_secrets"`
}

// Policy returns what was filled in. It fails with Invalid, which names every
// wrong field.
func (in PolicyInput) Policy() (p CredentialPolicy, err error) {
	invalid := Invalid{}
	number := func(field, text string, least, most int, what string) int {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < least || n > most {
			invalid[field] = fmt.Sprintf("Enter %s, from %d to %d.", what, least, most)
		}
		return n
	}
	if strings.TrimSpace(in.LongestLife) != "" {
		p.LongestLife = number("longest_life", in.LongestLife, 1, MaxLife, "a number of days")
		if invalid["longest_life"] != "" {
			invalid["longest_life"] = fmt.Sprintf("Enter a number of days, from 1 to %d, or nothing for no limit.", MaxLife)
		}
	}
	p.LongestOverlap = number("longest_overlap", in.LongestOverlap, 0, MaxOverlap, "a number of days")
	p.MostSecrets = number("most_secrets", in.MostSecrets, 1, MaxSecrets, "a number of secrets")
	if len(invalid) > 0 {
		return p, invalid
	}
	return p, nil
}

// PolicyInputOf returns how one would fill in the policy.
func PolicyInputOf(p CredentialPolicy) PolicyInput {
	in := PolicyInput{LongestOverlap: strconv.Itoa(p.LongestOverlap), MostSecrets: strconv.Itoa(p.MostSecrets)}
	if p.LongestLife > 0 {
		in.LongestLife = strconv.Itoa(p.LongestLife)
	}
	return in
}

// PolicyEdit is a new policy, and the one that its editor saw. When that is no
// longer in force, someone else was faster, and nothing is done; nil is not
// compared.
type PolicyEdit struct {
	CredentialPolicy
	Seen *CredentialPolicy
}

// PolicyUse is the policy, and what it would not allow any more.
type PolicyUse struct {
	Policy  CredentialPolicy
	TooLong Count          // live secrets that end later than it allows, or never
	TooMany Count          // applications with more live secrets than it allows
	Broken  []PolicyBreach // the first BreachesListed of them, by the application's name
}

// BreachesListed is how many of the applications that break the policy are named.
const BreachesListed = 20

// PolicyBreach is an application that breaks the policy.
type PolicyBreach struct {
	ID, Name string
	Locked   bool
	TooLong  int // of its live secrets, how many end too late
	Live     int // how many live secrets it has
}

// End returns when a secret made at made ends at the latest; the zero time when
// it needs no end.
func (p CredentialPolicy) End(made time.Time) time.Time {
	if p.LongestLife == 0 {
		return time.Time{}
	}
	return made.AddDate(0, 0, p.LongestLife)
}

// CheckEnd reports that a secret made at made may not end when terms say, as
// Invalid, or nil.
func (p CredentialPolicy) CheckEnd(made time.Time, terms SecretTerms) error {
	latest := p.End(made)
	if latest.IsZero() || !terms.Ends.IsZero() && !terms.Ends.After(latest) {
		return nil
	}
	return Invalid{"until": fmt.Sprintf("Choose an end until %s UTC: %s.", minute(latest), p.LifeWords())}
}

// LifeWords says how long a secret may live: "team policy lets a secret live 90
// days at most".
func (p CredentialPolicy) LifeWords() string {
	return "team policy lets a secret live " + Days(p.LongestLife) + " at most"
}

// OverlapWords says how long a replaced secret may be accepted.
func (p CredentialPolicy) OverlapWords() string {
	if p.LongestOverlap == 0 {
		return "team policy allows no overlap"
	}
	return "team policy allows an overlap of " + Days(p.LongestOverlap) + " at most"
}

// MostWords says how many live secrets an application may have.
func (p CredentialPolicy) MostWords() string {
	if p.MostSecrets == 1 {
		return "team policy allows 1 live secret of an application"
	}
	return fmt.Sprintf("team policy allows %d live secrets of an application", p.MostSecrets)
}

// Days writes a number of days: "1 day", "30 days".
func Days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return strconv.Itoa(n) + " days"
}
