package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// NoticeKind is one of the things that people are told of.
type NoticeKind string

const (
	NoticeApplicationCreated NoticeKind = "application.created"
	NoticePermissionsChanged NoticeKind = "permissions.changed"
	NoticeSecretExpiring     NoticeKind = "secret.expiring"
	NoticeSecretExpired      NoticeKind = "secret.expired"
	NoticeSecretRegenerated  NoticeKind = "secret.regenerated"
	NoticeRefreshReused      NoticeKind = "refresh-token.reused"
	NoticeConsentRevoked     NoticeKind = "consent.revoked"
	NoticeAdministratorAdded NoticeKind = "administrator.added"
	NoticeWebhookStopped     NoticeKind = "webhook.stopped"
)

// NoticeType is what there is to know of a kind of notice.
type NoticeType struct {
	Kind NoticeKind
	Name string // "Application created"
	Text string // when people are told, as a sentence
	// Audience is what administrators hold who are told: the permission to do
	// something about it.
	Audience Permission
	// Affects says whom it affects, such as "The users who gave it", or
	// is "" when it never affects a user.
	Affects string
	// Owners says that it affects those who own the application.
	Owners bool
}

const toOwners = "The owners of the application"

// NoticeTypes are all kinds of notices there are.
var NoticeTypes = []NoticeType{
	{NoticeApplicationCreated, "Application created", "An application is registered.", ManageApplications, "", false},
	{NoticePermissionsChanged, "Permissions changed", "A user, a group or an application is given permissions, or loses some.", ManagePermissions, "The user who gets or loses them", false},
	{NoticeSecretExpiring, "Secret expires soon", "A secret or application key ends in 30, 14, 7 or 1 days.", ManageApplications, toOwners, true},
	{NoticeSecretExpired, "Secret expired", "A secret or application key has reached its end and is refused from then on.", ManageApplications, toOwners, true},
	{NoticeSecretRegenerated, "Secret regenerated", "An application gets a new secret or key.", ManageApplications, toOwners, true},
	{NoticeRefreshReused, "Refresh token reused", "A code or a refresh token that was used already is presented again: someone may have copied it.", ManageApplications, "The user it acts for, and the owners of the application", true},
	{NoticeConsentRevoked, "Consent revoked by an administrator", "An administrator takes back what a user allowed an application.", ManageApplications, "The users who gave it", false},
	{NoticeAdministratorAdded, "New administrator", "Someone becomes able to give and take every permission.", ManagePermissions, "The new administrator", false},
	{NoticeWebhookStopped, "Webhook turned off", "Nothing has reached a webhook for 5 days.", ManageSettings, "", false},
}

// NoticeAudiences returns the permissions for which people are told of something.
func NoticeAudiences() []Permission {
	var all []Permission
	for _, t := range NoticeTypes {
		if !slices.Contains(all, t.Audience) {
			all = append(all, t.Audience)
		}
	}
	return all
}

// NoticeTypeOf returns the type of that kind, and whether there is one.
func NoticeTypeOf(kind NoticeKind) (NoticeType, bool) {
	i := slices.IndexFunc(NoticeTypes, func(t NoticeType) bool { return t.Kind == kind })
	if i < 0 {
		return NoticeType{}, false
	}
	return NoticeTypes[i], true
}

// noticeNames names kinds of notices.
func noticeNames(kinds []NoticeKind) []string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		t, _ := NoticeTypeOf(kind)
		names[i] = t.Name
	}
	return names
}

// NoticeRule says whether people are told of a kind of notice, and who is.
type NoticeRule struct {
	Kind     NoticeKind `form:"-" json:"-"`
	On       bool       `form:"on" json:"on"`
	Admins   bool       `form:"admins" json:"administrators"`    // all who hold the type's Audience
	Affected bool       `form:"affected" json:"affected"`        // the users whom it affects
	Email    bool       `form:"email" json:"by_email,omitempty"` // they are told by e-mail as well
	// Addresses are e-mail addresses that are told too, one a line.
	Addresses string `form:"addresses" json:"addresses,omitempty"`
}

// DefaultRule returns the rule that a kind has until it is given another.
func (t NoticeType) DefaultRule() NoticeRule {
	return NoticeRule{Kind: t.Kind, On: true, Admins: true, Affected: t.Affects != ""}
}

// Check reports what is wrong with the rule of a kind, as an Invalid error, or
// nil.
func (r NoticeRule) Check() error {
	invalid := Invalid{}
	if r.On && !r.Admins && !r.Affected && r.Addresses == "" {
		invalid["admins"] = "Choose who is told, or turn the notice off."
	}
	all := r.AddressList()
	for i, address := range all {
		if err := rules.Var(address, "email,max=254"); err != nil && invalid["addresses"] == "" {
			invalid["addresses"] = fmt.Sprintf("Line %d: Enter an e-mail address such as name@example.com.", i+1)
		}
	}
	if len(all) > MaxNoticeAddresses {
		invalid["addresses"] = fmt.Sprintf("Enter at most %d addresses.", MaxNoticeAddresses)
	}
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

// MaxNoticeAddresses is the most addresses that a rule can have.
const MaxNoticeAddresses = 20

// Clean returns the rule with each address once, alone on its line.
func (r NoticeRule) Clean() NoticeRule {
	var all []string
	for line := range strings.Lines(r.Addresses) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(all, line) {
			all = append(all, line)
		}
	}
	r.Addresses = strings.Join(all, "\n")
	return r
}

// Changes returns what has to change for the rule to become to.
func (r NoticeRule) Changes(to NoticeRule) []DetailChange {
	var all []DetailChange
	for _, flag := range []struct {
		field         string
		before, after bool
	}{
		{"on", r.On, to.On},
		{"admins", r.Admins, to.Admins},
		{"affected", r.Affected, to.Affected},
		{"email", r.Email, to.Email},
	} {
		if flag.before != flag.after {
			all = append(all, DetailChange{flag.field, flag.before, flag.after})
		}
	}
	if r.Addresses != to.Addresses {
		all = append(all, DetailChange{"addresses", r.AddressList(), to.AddressList()})
	}
	return all
}

// Onto returns what somebody typed who had seen another rule than there is now:
// what they left alone is as it is now.
func (r NoticeRule) Onto(seen, now NoticeRule) NoticeRule {
	for _, typed := range seen.Changes(r.Clean()) {
		switch typed.Field {
		case "on":
			now.On = r.On
		case "admins":
			now.Admins = r.Admins
		case "affected":
			now.Affected = r.Affected
		case "email":
			now.Email = r.Email
		case "addresses":
			now.Addresses = r.Addresses
		}
	}
	return now
}

// AddressList returns the addresses of a clean rule.
func (r NoticeRule) AddressList() []string {
	if r.Addresses == "" {
		return nil
	}
	return strings.Split(r.Addresses, "\n")
}

// Notice is something that people are told of.
type Notice struct {
	ID     string
	Kind   NoticeKind
	At     time.Time // to the millisecond
	Actor  Actor     // who did it; its address is not known
	Target Target    // an application, a user or a group
	UserID string    // the user whom it affects, or ""
	Detail NoticeDetail
}

// NoticeDetail is what there is to say about a notice beyond who and what.
type NoticeDetail struct {
	User   string      `json:"user,omitempty"`   // name of the user whom it affects
	Given  []HeldGrant `json:"given,omitempty"`  // permissions
	Taken  []HeldGrant `json:"taken,omitempty"`  // permissions
	Secret string      `json:"secret,omitempty"` // the first characters of the one that ends
	Name   string      `json:"name,omitempty"`   // of that secret
	Added  bool        `json:"added,omitempty"`  // the new secret replaces none
	Key    bool        `json:"key,omitempty"`    // the new secret is an application key
	Ends   time.Time   `json:"ends,omitzero"`    // when it does
	Days   int         `json:"days,omitempty"`   // until then, at most
	UsedAt time.Time   `json:"used_at,omitzero"` // when it was last used
	Reason string      `json:"reason,omitempty"`
	Count  int         `json:"count,omitempty"` // of consents, when they are several
}

// NoticeKept is how long notices are kept.
const NoticeKept = 90 * 24 * time.Hour

// NoticeOf returns what people are told of an event, without an ID, and false
// when it is nothing.
func NoticeOf(e Event) (Notice, bool) {
	n := Notice{At: e.At, Actor: Actor{Type: e.Actor.Type, ID: e.Actor.ID, Name: e.Actor.Name}, Target: e.Target}
	if e.Outcome != Done {
		return n, false
	}
	switch e.Action {
	case "application.create":
		n.Kind = NoticeApplicationCreated
	case "application.regenerate-secret", "application.add-secret":
		n.Kind, n.Detail = NoticeSecretRegenerated, newSecretDetail(e.After)
		n.Detail.Added = e.Action == "application.add-secret"
	case "permission.grant", "permission.revoke":
		n.Kind = NoticePermissionsChanged
		n.Detail.Given, n.Detail.Taken = grantsIn(e.After), grantsIn(e.Before)
		if e.Target.Type == string(UserSubject) || e.Target.Type == string(GroupSubject) {
			if slices.ContainsFunc(n.Detail.Given, givesAdministration) {
				n.Kind = NoticeAdministratorAdded
			}
		}
	case "consent.reuse-detected":
		n.Kind = NoticeRefreshReused
		n.affects(e.After)
	case "consent.revoke":
		var after struct {
			By     Revoker `json:"revoked_by"`
			Reason string  `json:"reason"`
		}
		var before struct {
			Count int `json:"count"`
		}
		if !decoded(e.After, &after) || after.By != RevokedByAdmin || !decoded(e.Before, &before) {
			return n, false
		}
		n.Kind, n.Detail = NoticeConsentRevoked, NoticeDetail{Reason: after.Reason, Count: before.Count}
		n.affects(e.Before)
	case "webhook.stop":
		n.Kind = NoticeWebhookStopped
	case "group.add-member":
		var after struct {
			User  string `json:"user"`
			Name  string `json:"user_name"`
			Admin bool   `json:"admin"`
		}
		if !decoded(e.After, &after) || !after.Admin {
			return n, false
		}
		n.Kind, n.Target = NoticeAdministratorAdded, Target{Type: string(UserSubject), ID: after.User, Name: after.Name}
	case "user.create", "user.invite":
		var after struct {
			Admin bool `json:"admin"`
		}
		if !decoded(e.After, &after) || !after.Admin {
			return n, false
		}
		n.Kind = NoticeAdministratorAdded
	default:
		return n, false
	}
	if n.Target.Type == string(UserSubject) {
		n.UserID, n.Detail.User = n.Target.ID, n.Target.Name
	}
	return n, true
}

// affects notes the user that a record of an event names, if it names one.
func (n *Notice) affects(record string) {
	var of struct {
		User string `json:"user"`
		Name string `json:"user_name"`
	}
	if decoded(record, &of) {
		n.UserID, n.Detail.User = of.User, of.Name
	}
}

func decoded(record string, into any) bool { return json.Unmarshal([]byte(record), into) == nil }

// newSecretDetail returns what an event tells of a new secret, which comes last,
// and of those that it replaces: of the last of these to end.
func newSecretDetail(after string) (d NoticeDetail) {
	var of struct {
		Secrets []struct{ Prefix, Name, Ends string }
	}
	if !decoded(after, &of) || len(of.Secrets) == 0 {
		return d
	}
	last := len(of.Secrets) - 1
	d.Key = strings.HasPrefix(of.Secrets[last].Prefix, keyPrefix)
	for _, s := range of.Secrets[:last] {
		if ends, err := time.Parse(time.RFC3339, s.Ends); err == nil && ends.After(d.Ends) {
			d.Secret, d.Name, d.Ends = s.Prefix, s.Name, ends
		}
	}
	return d
}

// grantsIn returns the permissions that an event's record names: one, or
// several in "permissions".
func grantsIn(record string) []HeldGrant {
	var of struct {
		HeldGrant
		Permissions []HeldGrant `json:"permissions"`
	}
	if !decoded(record, &of) {
		return nil
	}
	if of.Key != "" {
		return []HeldGrant{of.HeldGrant}
	}
	return of.Permissions
}

// givesAdministration reports whether a grant lets its holder give and take
// every permission.
func givesAdministration(g HeldGrant) bool {
	if g.Service != ManagePermissions.Service || g.Object != "" {
		return false
	}
	if g.Kind == PermissionGrant {
		return g.Key == ManagePermissions.Key
	}
	service, _ := BuiltIn().Service(g.Service)
	template, _ := service.Template(g.Key)
	return slices.Contains(template.Permissions, ManagePermissions.Key)
}

// Title says what happened to what: "Application created: Ledger Sync".
func (n Notice) Title() string {
	t, _ := NoticeTypeOf(n.Kind)
	what := cmp.Or(t.Name, string(n.Kind))
	if n.Detail.Added {
		what = "Secret added"
	}
	if n.Detail.isKey() {
		what = strings.Replace(what, "Secret", "Key", 1)
	}
	return what + ": " + n.Target.Name
}

// Text says what happened, in a sentence or two. own is for the user whom the
// notice affects.
func (n Notice) Text(own bool) string {
	switch d := n.Detail; n.Kind {
	case NoticeApplicationCreated:
		return n.Actor.Name + " registered it."
	case NoticePermissionsChanged:
		return joinSentences(sentence(n.Actor.Name+" gave", d.Given), sentence(n.Actor.Name+" took away", d.Taken))
	case NoticeSecretExpiring:
		return fmt.Sprintf("%s ends within %s, on %s. Clients that still use it then fail. %s", d.secret(), Days(d.Days), exactly(d.Ends), lastUsed(d.UsedAt))
	case NoticeSecretExpired:
		return fmt.Sprintf("%s ended on %s and is refused. %s", d.secret(), exactly(d.Ends), lastUsed(d.UsedAt))
	case NoticeSecretRegenerated:
		if d.Secret == "" {
			return n.Actor.Name + " made a new " + d.noun() + "."
		}
		return fmt.Sprintf("%s made a new %s. %s, which it replaces, is accepted until %s.", n.Actor.Name, d.noun(), d.secret(), exactly(d.Ends))
	case NoticeRefreshReused:
		return fmt.Sprintf("A code or refresh token of %s had been used already and was presented again. Someone may have copied it, so everything that it led to was ended.", d.User)
	case NoticeConsentRevoked:
		what := "the consent of " + d.User
		switch {
		case own:
			what = "your consent"
		case d.Count > 0:
			what = "the consents of all its users, " + fmt.Sprint(d.Count)
		}
		return joinSentences(n.Actor.Name+" revoked "+what+".", reason(d.Reason))
	case NoticeAdministratorAdded:
		return n.Actor.Name + " made it possible for " + n.Target.Name + " to give and take every permission."
	case NoticeWebhookStopped:
		return fmt.Sprintf("Nothing has reached it for %s. What happens now is not sent to it. Repair what it leads to, then turn it on again.", Days(int(DeliveryTried/(24*time.Hour))))
	default:
		return ""
	}
}

// Path is where in the console there is more to see, or "". own is for the user
// whom the notice affects.
func (n Notice) Path(own bool) string {
	switch {
	case own && (n.Kind == NoticeConsentRevoked || n.Kind == NoticeRefreshReused):
		return "/profile/oauth-clients"
	case !own && n.Target.Type == string(ApplicationSubject):
		return "/admin/applications/" + n.Target.ID
	case n.Kind == NoticeWebhookStopped:
		return "/admin/settings/webhooks/" + n.Target.ID
	default:
		return ""
	}
}

func sentence(start string, grants []HeldGrant) string {
	if len(grants) == 0 {
		return ""
	}
	all := make([]string, len(grants))
	for i, g := range grants {
		all[i] = string(g.Kind) + " " + g.Key + " of " + g.Service
		if g.Object != "" {
			all[i] += " on " + g.Object
		}
	}
	return start + " " + strings.Join(all, ", ") + "."
}

func joinSentences(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " ")
}

func reason(text string) string {
	if text == "" {
		return ""
	}
	return "Reason: " + text
}

func lastUsed(at time.Time) string {
	if at.IsZero() {
		return "It was never used."
	}
	return "It was last used on " + exactly(at) + "."
}

// secret names the secret that ends.
func (d NoticeDetail) secret() string {
	if d.Name == "" {
		return "The " + d.noun() + " " + d.Secret + "…"
	}
	return "The " + d.noun() + " " + d.Name + " (" + d.Secret + "…)"
}

func (d NoticeDetail) isKey() bool { return d.Key || strings.HasPrefix(d.Secret, keyPrefix) }

func (d NoticeDetail) noun() string {
	if d.isKey() {
		return "key"
	}
	return "secret"
}

func exactly(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// ExpiryNoticeDays are how many days before its end people are told of a
// secret, and 0 when it has ended.
var ExpiryNoticeDays = []int{0, 1, 7, 14, 30}

// NoticeQuery says which of a user's notices to return.
type NoticeQuery struct {
	Unread bool   // those that were not read
	Before string // only those older than the one of this ID
	After  string // only those newer than the one of this ID
}

// NoticePageSize is how many notices a page has.
const NoticePageSize = 25

// OwnNotice is a notice as one of those who are told of it has it.
type OwnNotice struct {
	Notice
	Own   bool // it affects this user
	Owner bool // the user owns the application
	Read  bool
}

// NoticePage is a page of a user's notices, newest first.
type NoticePage struct {
	Notices      []OwnNotice
	Newer, Older bool // there are more, before and after these
}
