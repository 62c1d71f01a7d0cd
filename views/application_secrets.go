package views

import (
	"fmt"
	"strings"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// SecretForm is a secret that is to be made or edited, as typed.
type SecretForm struct {
	App    registry.ApplicationDetails
	Secret registry.ClientSecret // the one to edit; zero for a new one
	Input  registry.SecretInput
	// Seen is how many secrets there were, for a new one. See registry.Rotation.
	Seen int
	// Meanwhile says that someone else changed the secret while it was edited.
	Meanwhile bool
	Invalid   registry.Invalid
	Back      string // where the question was asked
	Now       time.Time
}

// NewSecretForm returns the form for one more secret of an application, with
// the latest of the usual ends that the policy allows.
func NewSecretForm(app registry.ApplicationDetails, now time.Time) SecretForm {
	f := SecretForm{App: app, Now: now, Input: registry.SecretInput{Until: string(registry.UntilEnded)}}
	if latest := app.Policy.End(now); !latest.IsZero() {
		f.Input = registry.SecretInput{Until: string(registry.UntilAt), At: latest.UTC().Format("2006-01-02T15:04")}
		for _, until := range []registry.SecretUntil{registry.UntilYear, registry.UntilQuarter, registry.UntilMonth} {
			if until.Days() <= app.Policy.LongestLife {
				f.Input = registry.SecretInput{Until: string(until)}
				break
			}
		}
	}
	return f
}

// credentialWord is what an application of the type proves itself with.
func credentialWord(t registry.ApplicationType) string {
	if t == registry.ApplicationKey {
		return "key"
	}
	return "secret"
}

func (v ApplicationView) word() string { return credentialWord(v.App.Type) }
func (f SecretForm) word() string      { return credentialWord(f.App.Type) }
func (f RegenerateForm) word() string  { return credentialWord(f.App.Type) }
func (h Handover) word() string        { return credentialWord(h.App.Type) }

// refused says what comes of an application that proves itself with nothing.
func (v ApplicationView) refused() string {
	if v.App.Type == registry.ApplicationKey {
		return "is refused"
	}
	return "gets no tokens"
}

// capital begins a word as a title does.
func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// full reports whether the application has as many secrets as the policy allows.
func (f SecretForm) full() bool { return f.App.LiveSecrets(f.Now) >= f.App.Policy.MostSecrets }

// made is when the secret was made, or is.
func (f SecretForm) made() time.Time {
	if f.Secret.ID == "" {
		return f.Now
	}
	return f.Secret.CreatedAt
}

// untilOptions are the ends to choose from. Those that the policy does not
// allow cannot be chosen, and say why.
func (f SecretForm) untilOptions() []ui.Option {
	options := []ui.Option{
		{Value: string(registry.UntilEnded), Label: "When it is ended or replaced"},
		{Value: string(registry.UntilMonth), Label: "In 30 days"},
		{Value: string(registry.UntilQuarter), Label: "In 90 days"},
		{Value: string(registry.UntilYear), Label: "In a year"},
		{Value: string(registry.UntilAt), Label: "At a time I choose", Text: f.latestWords()},
	}
	for i, o := range options[:4] {
		var ends time.Time
		if days := registry.SecretUntil(o.Value).Days(); days > 0 {
			ends = f.Now.AddDate(0, 0, days)
			options[i].Text = "On " + ui.FullTime(ends)
		}
		if !f.allows(ends) {
			options[i].Disabled, options[i].Text = true, sentence(f.App.Policy.LifeWords())
		}
	}
	return options
}

// allows reports whether the secret may have that end: one that the policy
// allows, that it has, or an earlier one.
func (f SecretForm) allows(ends time.Time) bool {
	if f.App.Policy.CheckEnd(f.made(), registry.SecretTerms{Ends: ends}) == nil {
		return true
	}
	was := f.Secret.ExpiresAt
	return f.Secret.ID != "" && (ends.Equal(was) || !ends.IsZero() && (was.IsZero() || ends.Before(was)))
}

func (f SecretForm) latestWords() string {
	if latest := f.App.Policy.End(f.made()); latest.After(f.Now) {
		return "Until " + ui.FullTime(latest) + " at the latest"
	}
	return "In UTC"
}

// policyWords says what the policy has to do with the secret, or "".
func (f SecretForm) policyWords() string {
	policy := f.App.Policy
	switch latest := policy.End(f.made()); {
	case latest.IsZero():
		return ""
	case !latest.After(f.Now):
		return sentence(policy.LifeWords()) + " This one is older: it can only get an earlier end. To have one that lasts, regenerate it."
	default:
		return sentence(policy.LifeWords())
	}
}

// sentence makes a sentence of a phrase.
func sentence(phrase string) string { return strings.ToUpper(phrase[:1]) + phrase[1:] + "." }

// secretPath returns the address of one of a secret's pages, which leads back
// to the application's secrets.
func (v ApplicationView) secretPath(s registry.ClientSecret, page string) string {
	return v.path("secrets/" + s.ID + "/" + page)
}

// secretWords is what a secret is called where others are, too.
func secretWords(s registry.ClientSecret) string {
	if s.Name == "" {
		return s.Prefix + "…"
	}
	return s.Name + " (" + s.Prefix + "…)"
}

// accepted returns the secrets that authenticate, newest first.
func (v ApplicationView) accepted() []registry.ClientSecret {
	var all []registry.ClientSecret
	for _, s := range v.App.Secrets {
		if s.Authenticates(v.Now) {
			all = append(all, s)
		}
	}
	return all
}

// successor returns the secret that replaces s, if it is accepted.
func (v ApplicationView) successor(s registry.ClientSecret) (next registry.ClientSecret, accepted bool) {
	next, found := v.App.Secret(s.ReplacedBy)
	return next, found && next.Authenticates(v.Now)
}

// endingSecret is a secret in use that ends soon.
type endingSecret struct {
	registry.ClientSecret

	replaced bool // another one is there to follow it
}

// endingSoon returns the secrets that something still relies on although they
// end soon: those in use, unless it is their successor that is, and the last one.
func (v ApplicationView) endingSoon() []endingSecret {
	var all []endingSecret
	accepted := v.accepted()
	for _, s := range accepted {
		next, replaced := v.successor(s)
		soon := !s.ExpiresAt.IsZero() && s.ExpiresAt.Sub(v.Now) <= registry.ExpiringWithin
		used := !s.LastUsedAt.IsZero() && (!replaced || s.LastUsedAt.After(next.LastUsedAt))
		if soon && (used || len(accepted) == 1) {
			all = append(all, endingSecret{s, replaced})
		}
	}
	return all
}

// useWords says when the secret was used last, as a part of a sentence.
func useWords(s registry.ClientSecret, now time.Time) string {
	if s.LastUsedAt.IsZero() {
		return "was not used yet"
	}
	return "was used last, " + lower(ui.Ago(s.LastUsedAt, now))
}

// overlapEnd is until when a secret is accepted if its successor is made now
// and it is kept as long as the policy allows.
func (v ApplicationView) overlapEnd(s registry.ClientSecret) time.Time {
	latest := v.Now.AddDate(0, 0, v.App.Policy.LongestOverlap)
	if s.ExpiresAt.IsZero() || latest.Before(s.ExpiresAt) {
		return latest
	}
	return s.ExpiresAt
}

// mayOverlap reports whether a successor can be made beside a secret.
func (v ApplicationView) mayOverlap() bool {
	return v.MayRotate && v.App.Policy.LongestOverlap > 0 && v.App.LiveSecrets(v.Now) < v.App.Policy.MostSecrets
}

// rotations says of each secret that replaces others which are still accepted
// how far things have moved to it.
func (v ApplicationView) rotations() []string {
	var all []string
	for _, next := range v.accepted() {
		for _, old := range v.accepted() {
			if old.ReplacedBy == next.ID {
				all = append(all, v.rotation(old, next))
			}
		}
	}
	return all
}

func (v ApplicationView) rotation(old, next registry.ClientSecret) string {
	switch {
	case old.LastUsedAt.IsZero() && next.LastUsedAt.IsZero():
		return fmt.Sprintf("Neither the old %s %s nor the new one %s has been used yet.", v.word(), secretWords(old), secretWords(next))
	case !old.LastUsedAt.After(next.LastUsedAt):
		return fmt.Sprintf("The new %s %s is in use: it was used last, %s. The old one %s can be ended early.",
			v.word(), secretWords(next), lower(ui.Ago(next.LastUsedAt, v.Now)), secretWords(old))
	case next.LastUsedAt.IsZero():
		return fmt.Sprintf("The old %s %s is still in use: it was used last, %s. The new one has not been used yet.",
			v.word(), secretWords(old), lower(ui.Ago(old.LastUsedAt, v.Now)))
	default:
		return fmt.Sprintf("The old %s %s is still in use: it was used last, %s; the new one %s.",
			v.word(), secretWords(old), lower(ui.Ago(old.LastUsedAt, v.Now)), lower(ui.Ago(next.LastUsedAt, v.Now)))
	}
}

// endable reports whether ending the secret needs no second thought: it is
// accepted, and so is the one that replaces it.
func (v ApplicationView) endable(s registry.ClientSecret) bool {
	_, replaced := v.successor(s)
	return v.maySecrets() && replaced && s.Authenticates(v.Now)
}

// maySecrets reports whether the viewer may pause, end and rename its secrets.
func (v ApplicationView) maySecrets() bool { return v.MayManage || v.Owns && !v.App.Public() }

// secretStatus says what a secret is good for. One that ends is no worse than
// one that does not, until that is soon.
func secretStatus(s registry.ClientSecret, now time.Time) ui.Status {
	switch s.State(now) {
	case registry.SecretEnding:
		if s.ExpiresAt.Sub(now) <= registry.ExpiringWithin {
			return ui.Status{Kind: ui.Warn, Text: "Ends " + ui.Ago(s.ExpiresAt, now), Short: "Ending"}
		}
		return ui.Status{Kind: ui.OK, Text: "Live"}
	case registry.SecretLive:
		return ui.Status{Kind: ui.OK, Text: "Live"}
	case registry.SecretPaused:
		return ui.Status{Kind: ui.Info, Text: "Paused"}
	case registry.SecretExpired:
		return ui.Status{Kind: ui.Off, Text: "Expired"}
	default:
		return ui.Status{Kind: ui.Off, Text: "Ended"}
	}
}

// secretEnd returns when the secret stops or stopped being accepted; the zero
// time when it is to be accepted until it is ended.
func secretEnd(s registry.ClientSecret) time.Time {
	if !s.RevokedAt.IsZero() && !s.Paused {
		return s.RevokedAt
	}
	return s.ExpiresAt
}

// lacksFirstSecret reports whether the application is to have a secret, and
// never had one.
func (v ApplicationView) lacksFirstSecret() bool {
	return v.App.SecretsMade == 0 && len(v.App.Secrets) == 0 && !v.App.Public()
}

// newSecret is what the viewer may do about the secret.
func (v ApplicationView) newSecret() string {
	if v.lacksFirstSecret() {
		return "Make a " + v.word()
	}
	return "Regenerate " + v.word()
}

// pausedSecrets reports whether a secret would be accepted if it were resumed.
func (v ApplicationView) pausedSecrets() bool { return v.App.LiveSecrets(v.Now) > len(v.accepted()) }
