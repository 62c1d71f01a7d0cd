package views

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clientele/registry"
	"clientele/views/ui"
)

// auditArea is a kind of thing that actions are about.
type auditArea struct {
	Key     string
	Name    string
	Icon    string
	Actions []auditAction
}

// auditAction is what the audit log calls something, and what people call it:
// words that hold whether it was done or refused.
type auditAction struct{ Key, Words string }

// auditAreas are all actions there are.
var auditAreas = []auditArea{
	{"application", "Applications", "app-window", []auditAction{
		{"application.create", "Register an application"},
		{"application.update", "Edit an application"},
		{"application.disable", "Disable an application"},
		{"application.enable", "Enable an application"},
		{"application.delete", "Delete an application"},
		{"application.restore", "Restore a deleted application"},
		{"application.purge", "Remove deleted applications for good"},
		{"application.update-scopes", "Change an application's scopes"},
		{"application.list", "List applications"},
		{"application.read", "Look at an application"},
		{"application.download", "Download the report of applications"},
		{"application.regenerate-secret", "Regenerate a secret"},
		{"application.add-secret", "Add a secret"},
		{"application.migrate", "Move an application key to an OAuth client"},
		{"application.add-owner", "Add an owner"},
		{"application.remove-owner", "Remove an owner"},
		{"application.set-networks", "Change an application's networks"},
		{"application.update-secret", "Edit a secret"},
		{"application.pause-secret", "Pause a secret"},
		{"application.resume-secret", "Resume a secret"},
		{"application.end-secret", "End a secret"},
		{"application.show-secret", "See a new secret"},
		{"application.check", "Check what was typed for an application"},
	}},
	{"audit-log", "Audit log", "scroll-text", []auditAction{
		{"audit-log.read", "Read the audit log"},
		{"audit-log.download", "Download the audit log"},
		{"audit-log.set-retention", "Change how long events are kept"},
		{"audit-log.read-retention", "Look at how long events are kept"},
		{"audit-log.prune", "Delete old events"},
	}},
	{"catalogue", "Catalogue", "box", []auditAction{
		{"catalogue.apply", "Change the catalogue of services"},
	}},
	{"consent", "Consents", "circle-check", []auditAction{
		{"consent.grant", "Allow an application to act for one"},
		{"consent.renew", "Allow an application again"},
		{"consent.narrow", "Allow an application less"},
		{"consent.revoke", "Revoke consent"},
		{"consent.reuse-detected", "Present a used code or refresh token again"},
		{"consent.sign-out", "Sign a user out of an application"},
		{"consent.list", "Look at consents"},
		{"consent.download", "Download consents"},
	}},
	{"keys", "Signing keys", "key-round", []auditAction{
		{"keys.create", "Make a signing key"},
		{"keys.rotate", "Rotate the signing keys"},
	}},
	{"page", "Pages", "eye", []auditAction{
		{"page.view", "Open a page"},
	}},
	{"permission", "Permissions", "shield-check", []auditAction{
		{"permission.evaluate", "Ask for a decision"},
		{"permission.explain", "Ask why something was refused"},
		{"permission.grant", "Give permissions"},
		{"permission.list", "List who holds what"},
		{"permission.download", "Download the report of permissions"},
		{"permission.revoke", "Take permissions away"},
	}},
	{"scope", "Scopes", "braces", []auditAction{
		{"scope.list", "List scopes and their use"},
	}},
	{"service", "Services", "box", []auditAction{
		{"service.set-granting", "Change who may grant"},
		{"service.sync-objects", "Sync containers and objects"},
	}},
	{"team", "Team", "users", []auditAction{
		{"team.create", "Set up the team"},
		{"team.read", "Look at the team's settings"},
		{"team.read-notice-rules", "Look at who is told of what"},
		{"team.set-notice-rule", "Change who is told of what"},
		{"team.update", "Change the team's name or logo"},
		{"team.set-credential-policy", "Change what is asked of secrets"},
		{"team.read-credential-policy", "Look at what is asked of secrets"},
	}},
	{"token", "Tokens", "key-round", []auditAction{
		{"token.introspect", "Look a token up"},
	}},
	{"user", "Users", "user-round", []auditAction{
		{"user.create", "Add a user"},
		{"user.invite", "Invite a user"},
		{"user.renew-invitation", "Make a new link for an invitation"},
		{"user.withdraw-invitation", "Withdraw an invitation"},
		{"user.accept-invitation", "Accept an invitation"},
		{"user.show-link", "See a new link of a user"},
		{"user.disable", "Disable a user"},
		{"user.enable", "Enable a user"},
		{"user.reset-password", "Reset a user's password"},
		{"user.set-password", "Choose a password after a reset"},
		{"user.sign-out", "Sign a user out everywhere"},
		{"user.list", "List users"},
		{"user.read", "Look at a user"},
		{"user.download", "Download users"},
		{"user.update", "Edit one's profile"},
		{"user.change-password", "Change one's password"},
		{"user.set-notice-mail", "Turn one's notices by e-mail on or off"},
	}},
	{"webhook", "Webhooks", "zap", []auditAction{
		{"webhook.create", "Add a webhook"},
		{"webhook.update", "Edit a webhook"},
		{"webhook.enable", "Turn a webhook on"},
		{"webhook.disable", "Turn a webhook off"},
		{"webhook.stop", "Turn off a webhook that nothing reaches"},
		{"webhook.rotate-secret", "Make a new secret of a webhook"},
		{"webhook.delete", "Delete a webhook"},
		{"webhook.list", "List webhooks"},
		{"webhook.read", "Look at a webhook"},
		{"webhook.show-secret", "See a new secret of a webhook"},
		{"webhook.test", "Send a test to a webhook"},
		{"webhook.resend", "Send something to a webhook again"},
	}},
	{"group", "Groups", "users", []auditAction{
		{"group.create", "Make a group"},
		{"group.update", "Edit a group"},
		{"group.delete", "Delete a group"},
		{"group.add-member", "Add a user to a group"},
		{"group.remove-member", "Take a user out of a group"},
		{"group.list", "List groups"},
		{"group.read", "Look at a group"},
	}},
}

var auditWords = func() map[string]string {
	words := map[string]string{}
	for _, area := range auditAreas {
		for _, action := range area.Actions {
			words[action.Key] = action.Words
		}
	}
	return words
}()

// actionWords says in plain words what an action is. One that a newer binary
// recorded keeps its name.
func actionWords(action string) string {
	if words, ok := auditWords[action]; ok {
		return words
	}
	return action
}

// actionOptions are all that the log can be filtered by, and what it is
// filtered by even if that is none of them.
func actionOptions(chosen string) []ui.Option {
	options := []ui.Option{{Value: "", Label: "Any action"}}
	for _, area := range auditAreas {
		if len(area.Actions) > 1 {
			options = append(options, ui.Option{Value: area.Key + ".*", Label: area.Name + ": anything"})
		}
		for _, action := range area.Actions {
			options = append(options, ui.Option{Value: action.Key, Label: area.Name + ": " + action.Words})
		}
	}
	if !slices.ContainsFunc(options, func(o ui.Option) bool { return o.Value == chosen }) {
		options = append(options, ui.Option{Value: chosen, Label: chosen})
	}
	return options
}

// auditIcon is the icon of what an action is about.
func auditIcon(action string) string {
	for _, area := range auditAreas {
		if area.Key == registry.Area(action) {
			return area.Icon
		}
	}
	return "activity"
}

// auditChange is one property of what an event changed.
type auditChange struct {
	Field  string
	Before []auditValue
	After  []auditValue
	Same   bool // it was not changed
}

// auditValue is a value of a property, or one of several.
type auditValue struct {
	Text string
	Gone bool // not there afterwards
	New  bool // not there before
}

// auditChanges returns what an event changed, property by property: first what
// differs.
func auditChanges(e registry.Event) []auditChange {
	before, after := properties(e.Before), properties(e.After)
	var different, same []auditChange
	for _, field := range slices.Sorted(maps.Keys(union(before, after))) {
		change := auditChange{Field: fieldWords(field), Before: values(before[field]), After: values(after[field])}
		if e.Before != "" {
			for i, v := range change.Before {
				change.Before[i].Gone = !slices.Contains(after[field], v.Text)
			}
			for i, v := range change.After {
				change.After[i].New = !slices.Contains(before[field], v.Text)
			}
		}
		if change.Same = slices.Equal(before[field], after[field]); change.Same {
			same = append(same, change)
		} else {
			different = append(different, change)
		}
	}
	return append(different, same...)
}

func union(a, b map[string][]string) map[string][]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func values(texts []string) []auditValue {
	all := make([]auditValue, len(texts))
	for i, text := range texts {
		all[i].Text = text
	}
	return all
}

// properties returns the values by property of a JSON object; an object in an
// object by its path. What is no JSON has none.
func properties(object string) map[string][]string {
	all := map[string][]string{}
	decoder := json.NewDecoder(strings.NewReader(object))
	decoder.UseNumber()
	var fields map[string]any
	if decoder.Decode(&fields) == nil {
		flatten("", fields, all)
	}
	return all
}

func flatten(path string, fields map[string]any, into map[string][]string) {
	for field, value := range fields {
		switch v := value.(type) {
		case nil:
		case map[string]any:
			flatten(path+field+".", v, into)
		case []any:
			for _, one := range v {
				into[path+field] = append(into[path+field], valueWords(one))
			}
		default:
			if text := valueWords(v); text != "" {
				into[path+field] = []string{text}
			}
		}
	}
}

// valueWords writes a JSON value for people.
func valueWords(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		if v {
			return "Yes"
		}
		return "No"
	case map[string]any:
		var all []string
		for _, field := range slices.Sorted(maps.Keys(v)) {
			if text := valueWords(v[field]); text != "" {
				all = append(all, field+": "+text)
			}
		}
		return strings.Join(all, ", ")
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, valueWords(one))
		}
		return strings.Join(all, ", ")
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// fieldWords turns "filter.auth_method" into "Filter: auth method".
func fieldWords(field string) string {
	words := strings.NewReplacer("token_alg", "signing algorithm", "redirect_uris", "redirect URIs", "_", " ", ".", ": ").Replace(field)
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}
