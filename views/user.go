package views

import (
	"slices"
	"strconv"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// UserView is a user as those see them who look after users.
type UserView struct {
	User      registry.UserAccount
	Catalogue registry.Catalogue
	Activity  []registry.AuditEntry // newest first
	Rights    UserRights
	Mail      bool // e-mail is sent here
	MayAudit  bool // may see the activity
	Now       time.Time
}

func (v UserView) path(page string) string { return UserPath(v.User.ID, page) }

// self reports whether the viewer is the user.
func (v UserView) self() bool { return v.User.ID == v.Rights.Viewer }

// heldService is what a user holds of one service.
type heldService struct {
	ServiceAccess
	Held []registry.AccountGrant
}

// held returns what the user holds, service by service.
func (v UserView) held() []heldService {
	var all []heldService
	for _, g := range v.User.Held {
		if n := len(all); n == 0 || all[n-1].Service.Key != g.Service {
			service, _ := v.Catalogue.Service(g.Service)
			all = append(all, heldService{ServiceAccess: ServiceAccess{Service: service}})
		}
		all[len(all)-1].Held = append(all[len(all)-1].Held, g)
	}
	return all
}

// mayDo are the names of what the user may do in the console by a service's
// permissions.
func (v UserView) mayDo(s registry.Service) string {
	if v.User.Status() == registry.Disabled {
		return ""
	}
	grants := make([]registry.HeldGrant, len(v.User.Held))
	for i, g := range v.User.Held {
		grants[i] = g.HeldGrant
	}
	held := registry.HeldBy(grants, v.Catalogue)
	var keys []string
	for _, p := range s.Permissions {
		if registry.Decide(held, nil, registry.Question{Permission: registry.Permission{Service: s.Key, Key: p.Key}}).Allowed {
			keys = append(keys, p.Key)
		}
	}
	return permissionList(s, keys)
}

// assignTo is where a subject is assigned permissions of a service.
func assignTo(subject registry.Subject, service string) string {
	return withSubjects(permissionsPath+"/"+service+assignWhatPage, []string{registry.SubjectName(subject)})
}

// linkWords says how long the user's link can still be opened.
func (v UserView) linkWords() string {
	switch end := v.User.LinkEnds; {
	case end.IsZero():
		return "There is no link by which they could choose one."
	case v.Now.Before(end):
		return "The link by which they choose one ends " + lower(ui.Ago(end, v.Now)) + ", at " + ui.FullTime(end) + "."
	default:
		return "The link by which they could choose one ended at " + ui.FullTime(end) + "."
	}
}

// invitedNote warns when the invitation could not be sent so far.
func (v UserView) invitedNote() ui.Note {
	d := v.User.LinkMail
	if d.State == registry.DeliveryFailed || d.State == registry.DeliveryWaiting && d.Answer != "" {
		return ui.Note{Kind: ui.Warn, Title: "The invitation has not reached them yet"}
	}
	return ui.Note{Title: "They have not accepted the invitation yet", Icon: "clock"}
}

// linkMailWords says what became of the e-mail that hands the link over.
func (v UserView) linkMailWords() string {
	d, answer := v.User.LinkMail, ""
	if d.Answer != "" {
		answer = " The mail server’s last answer, " + lower(ui.Ago(d.TriedAt, v.Now)) + ": " + answerHead(d)
	}
	switch given := d.State == registry.DeliveryFailed || !v.Now.Before(v.User.LinkEnds); {
	case d.ID == "":
		return ""
	case d.State == registry.DeliveryDelivered:
		return "It was sent to " + d.Email + " by e-mail, at " + ui.FullTime(d.TriedAt) + "."
	case given:
		return "It could not be sent to " + d.Email + " by e-mail, and is not tried again." + answer
	case !v.Mail:
		return "It waits to be sent to " + d.Email + ": no e-mail is sent now. The operator names a mail server with --smtp-url."
	case answer != "":
		return "It could not be sent to " + d.Email + " by e-mail yet, and is tried again." + answer
	default:
		return "It is being sent to " + d.Email + " by e-mail."
	}
}

// UserQuestion is what is asked before something is done to a user, what was
// typed, and what is wrong with that.
type UserQuestion struct {
	Deed    UserDeed
	User    registry.UserRow
	Input   registry.Reason
	Owned   registry.Owned
	Invalid registry.Invalid
	Link    HandoverChoice // of what makes one
	Back    string         // where the question was asked
}

// ownedWords says what nobody looks after once the user cannot.
func (q UserQuestion) ownedWords() string {
	if q.Deed != DisableUser || q.Owned.Count == 0 {
		return ""
	}
	words := "They own " + countOf(q.Owned.Count, "application")
	switch q.Owned.Alone {
	case 0:
		return words + ", with others"
	case q.Owned.Count:
		return words + ", alone"
	default:
		return words + ", " + strconv.Itoa(q.Owned.Alone) + " of them alone"
	}
}

// UserDeed is something that is done to a user, by the last part of its address.
type UserDeed string

// The deeds.
const (
	DisableUser        UserDeed = "disable"
	EnableUser         UserDeed = "enable"
	SignOutUser        UserDeed = "sign-out"
	ResetPassword      UserDeed = "reset-password"
	RenewInvitation    UserDeed = "invitation"
	WithdrawInvitation UserDeed = "withdraw"

	MakeAdministrator   UserDeed = "administrator"
	RemoveAdministrator UserDeed = "administrator/remove"
)

// MakesLink reports whether the deed makes a link by which the user chooses a
// password.
func (d UserDeed) MakesLink() bool { return d == ResetPassword || d == RenewInvitation }

// Title asks the question.
func (q UserQuestion) Title() string {
	return map[UserDeed]string{
		DisableUser: "Disable " + q.User.Name + "?", EnableUser: "Enable " + q.User.Name + "?", SignOutUser: "Sign " + q.User.Name + " out everywhere?",
		ResetPassword: "Reset the password of " + q.User.Name + "?", RenewInvitation: "Make a new link for " + q.User.Name + "?",
		WithdrawInvitation: "Withdraw the invitation of " + q.User.Name + "?",
		MakeAdministrator:  "Make " + q.User.Name + " an administrator?", RemoveAdministrator: "Remove " + q.User.Name + " as an administrator?",
	}[q.Deed]
}

func (q UserQuestion) dialog() ui.Dialog {
	d := map[UserDeed]ui.Dialog{
		DisableUser:        {Icon: "ban", Kind: ui.Danger, Submit: ui.Action{Text: "Disable user"}},
		EnableUser:         {Icon: "power", Submit: ui.Action{Text: "Enable user"}},
		SignOutUser:        {Icon: "log-out", Submit: ui.Action{Text: "Sign out everywhere"}},
		ResetPassword:      {Icon: "key-round", Kind: ui.Danger, Submit: ui.Action{Text: "Reset password"}},
		RenewInvitation:    {Icon: "refresh-cw", Submit: ui.Action{Text: "Make a new link"}},
		WithdrawInvitation: {Icon: "trash-2", Kind: ui.Danger, Submit: ui.Action{Text: "Withdraw invitation"}},

		MakeAdministrator:   {Icon: "shield-check", Submit: ui.Action{Text: "Make administrator"}},
		RemoveAdministrator: {Icon: "ban", Kind: ui.Danger, Submit: ui.Action{Text: "Remove administrator"}},
	}[q.Deed]
	d.Title, d.Action, d.Cancel = q.Title(), UserPath(q.User.ID, string(q.Deed)), q.Back
	if d.Submit.Kind = ui.Primary; d.Kind == ui.Danger {
		d.Submit.Kind = ui.Danger
	}
	return d
}

// text says what happens.
func (q UserQuestion) text() string {
	switch q.Deed {
	case DisableUser:
		return "They are signed out at once and cannot sign in. Applications that act for them get nothing new, and what these hold stops working here at once. " + OfflineWords + " Their groups, permissions and consents are kept, for when they are enabled again."
	case EnableUser:
		return "They can sign in again with the password that they had, and hold what they held. Applications that they allowed can act for them again."
	case SignOutUser:
		return "Every browser in which they are signed in has to sign in again. Applications that they allowed go on acting for them, with the tokens they have and new ones. To stop these too, disable the user, or revoke the consents on the pages of the applications."
	case ResetPassword:
		return "Their password stops working at once, and every browser is signed out. By a link, good once and for 24 hours, they choose another: whoever opens it gets the account. Applications that they allowed go on acting for them."
	case RenewInvitation:
		return "The link that they have stops working. The new one is good once, and for 7 days: whoever opens it gets the account."
	case MakeAdministrator:
		return "They get the Admin template of every built-in service at once: they may do everything here, and make others administrators. To hand over only a part, assign them single permissions instead."
	case RemoveAdministrator:
		return "The Admin template of every built-in service is taken from them at once. What they hold by single permissions or through groups stays, and so do the applications that they registered."
	default:
		return "Their link stops working, and what they were given is taken back. You can invite them again at any time."
	}
}

// UserLinkView is a link to hand over, shown once.
type UserLinkView struct {
	User registry.UserRow
	Link string
	Now  time.Time
}

func (v UserLinkView) title() string {
	if v.User.Status() == registry.Invited {
		return v.User.Name + " is invited"
	}
	return v.User.Name + " needs a new password"
}

// InvitationForm is what was typed to invite somebody, and what is wrong with it.
type InvitationForm struct {
	Input    registry.NewInvitation
	Invalid  registry.Invalid
	Link     HandoverChoice
	MayGrant bool                // may make administrators
	Groups   []registry.GroupRow // into which they may be put here
}

// into is the field that puts whom one invites into a group.
func (f InvitationForm) into(g registry.GroupRow) ui.Field {
	field := ui.Field{ID: g.ID, Name: "group", Value: g.ID, Label: g.Name, Checked: slices.Contains(f.Input.Groups, g.ID), Hint: "Holds no permissions."}
	if g.Services != "" {
		field.Hint = "Holds permissions of " + g.Services + "."
	}
	return field
}
