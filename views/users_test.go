package views

import (
	"slices"
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func demoUsers() Users {
	user := func(id, name string, change func(*registry.UserRow)) registry.UserRow {
		u := registry.UserRow{
			User:           registry.User{ID: "us_" + id, Name: name, Email: id + "@example.com", CreatedAt: noon.Add(-90 * day)},
			LastSignedInAt: noon.Add(-2 * time.Hour),
		}
		change(&u)
		return u
	}
	invited := func(u *registry.UserRow) {
		u.InvitedAt, u.DisabledAt, u.LastSignedInAt, u.NoPassword = noon.Add(-2*day), noon.Add(-2*day), time.Time{}, true
		u.LinkEnds = noon.Add(5 * day)
	}
	return Users{
		Now: noon, Rights: UserRights{Viewer: "us_admin", MayManage: true, MayGrant: true},
		Page: registry.UserPage{
			Found: registry.Count{N: 1000, More: true}, Prev: "PREV", Next: "NEXT",
			Users: []registry.UserRow{
				user("admin", "Demo Admin", func(u *registry.UserRow) { u.Admin, u.Holds = true, true }),
				user("ada", "Ada <Demo>", func(u *registry.UserRow) { u.Holds, u.Groups = true, 3 }),
				user("ben", "Ben Demo", invited),
				user("cut", "Cut Off", func(u *registry.UserRow) { u.DisabledAt = noon.Add(-day) }),
				user("late", "Late Demo", func(u *registry.UserRow) { invited(u); u.LinkEnds = noon.Add(-day) }),
				user("reset", "Reset Demo", func(u *registry.UserRow) { u.NoPassword, u.LinkEnds = true, noon.Add(time.Hour) }),
			},
		},
	}
}

func demoUser(i int, change func(*UserView)) UserView {
	all := registry.Catalogue{Services: slices.Concat(registry.BuiltIn().Services, demoServices().Services)}
	v := UserView{
		User: registry.UserAccount{UserRow: demoUsers().Page.Users[i]}, Catalogue: all, Rights: demoUsers().Rights, Now: noon,
	}
	change(&v)
	return v
}

func TestUserPages(t *testing.T) {
	shell, nobody, inDialog := demoShell(), Shell{Title: "Choose a password", Path: "/invitation"}, demoShell()
	gone, mailed := demoShell(), demoShell()
	gone.Title, mailed.Title = "That link was already shown", "That link goes by e-mail"
	inDialog.Dialog = true
	list := func(change func(*Users)) templ.Component {
		l := demoUsers()
		change(&l)
		return UsersPage(shell, l)
	}
	user := func(i int, change func(*UserView)) templ.Component { return UserPage(shell, demoUser(i, change)) }
	plain := func(*UserView) {}
	rows := demoUsers().Page.Users
	link := registry.UserLink{Kind: registry.InvitationLink, Code: registry.ParseSecret("CODE"), User: rows[2].User, Team: "Demo <team>", ExpiresAt: noon.Add(day)}
	reset := link
	reset.Kind, reset.User = registry.ResetLink, rows[5].User
	pages := map[string]templ.Component{
		"users":          list(func(*Users) {}),
		"users_found":    list(func(l *Users) { l.Query = registry.UserQuery{Search: "a&b", Status: registry.Active, Sort: "-used"} }),
		"users_viewed":   list(func(l *Users) { l.Rights, l.Page.Prev, l.Page.Next = UserRights{Viewer: "us_ada"}, "", "" }),
		"users_helpdesk": list(func(l *Users) { l.Rights, l.Page.Users[1].Beyond = UserRights{Viewer: "us_x", MayManage: true}, true }),
		"users_none":     list(func(l *Users) { l.Page, l.Query.Search = registry.UserPage{}, "zzz" }),
		"users_invited":  list(func(l *Users) { l.Page, l.Query.Status = registry.UserPage{}, registry.Invited }),
		"users_disabled": list(func(l *Users) { l.Page, l.Query.Status = registry.UserPage{}, registry.Disabled }),
		"users_gone": list(func(l *Users) {
			l.Page, l.Invalid = registry.UserPage{}, registry.Invalid{"page": "That page is no longer there."}
		}),
		"users_wrong": list(func(l *Users) {
			l.Page, l.Invalid = registry.UserPage{}, registry.Invalid{"status": "Choose a status."}
		}),

		"user": user(1, func(v *UserView) {
			viewer := registry.HeldGrant{Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}
			clerks := registry.Group{ID: "gr_clerks", Name: "Clerks & co"}
			v.User.Held = []registry.AccountGrant{{HeldGrant: viewer}, {HeldGrant: viewer, Group: clerks}, {HeldGrant: registry.HeldGrant{Service: "team", Kind: registry.PermissionGrant, Key: "view-users"}}, {HeldGrant: registry.HeldGrant{Service: "gone", Kind: registry.PermissionGrant, Key: "view"}}}
			v.User.MemberOf, v.User.Browsers, v.User.Consents, v.MayAudit = []registry.Group{clerks}, 2, 3, true
			v.Activity = []registry.AuditEntry{{Event: registry.Event{Seq: 7, At: noon.Add(-day), Action: "user.create", Outcome: registry.Done, Actor: registry.Actor{Name: "Demo Admin"}}}}
		}),
		"user_owner": user(1, func(v *UserView) {
			v.User.Owned = registry.Owned{Count: 12, Alone: 3, Applications: []registry.Application{{ID: "cl_one", Name: "One <b>"}, {ID: "cl_two", Name: "Two"}}}
		}),
		"user_owner_disable": UserQuestionPage(inDialog, UserQuestion{Deed: DisableUser, User: rows[1], Owned: registry.Owned{Count: 12, Alone: 3}, Back: "/admin/users"}),
		"user_own":           user(0, plain),
		"user_invited":       user(2, plain),
		"user_disabled":      user(3, plain),
		"user_expired":       user(4, plain),
		"user_reset":         user(5, plain),
		"user_invited_unsent": user(2, func(v *UserView) {
			v.Mail, v.User.LinkMail = true, registry.Delivery{ID: "msg_1", Email: "ben@example.com", State: registry.DeliveryWaiting, Attempts: 2, TriedAt: noon.Add(-time.Minute), Status: 451, Answer: "Come <back> later"}
		}),
		"user_reset_sent": user(5, func(v *UserView) {
			v.Mail, v.User.LinkMail = true, registry.Delivery{ID: "msg_1", Email: "reset@example.com", State: registry.DeliveryDelivered, TriedAt: noon.Add(-time.Minute)}
		}),
		"user_viewed": user(5, func(v *UserView) { v.Rights.MayManage = false; v.User.LinkEnds = time.Time{} }),

		"user_wrong": UserQuestionPage(inDialog, UserQuestion{
			Deed: DisableUser, User: rows[1], Back: "/admin/users", Input: registry.Reason{Reason: "too <long>"},
			Invalid: registry.Invalid{"user": "This is the last administrator.", "reason": "Use at most 200 characters."},
		}),
		"user_admin":       UserQuestionPage(inDialog, UserQuestion{Deed: MakeAdministrator, User: rows[1], Back: "/admin/users"}),
		"user_no_admin":    UserQuestionPage(shell, UserQuestion{Deed: RemoveAdministrator, User: rows[0], Back: "/admin/users"}),
		"user_self":        OwnAccountPage(shell, "/admin/users"),
		"user_link":        UserLinkPage(shell, UserLinkView{User: rows[2], Link: "https://auth.example.com/invitation?code=CODE", Now: noon}),
		"user_link_new":    UserLinkPage(shell, UserLinkView{User: rows[5], Link: "https://auth.example.com/new-password?code=CODE", Now: noon}),
		"user_link_gone":   UserLinkGonePage(gone, registry.UserAccount{UserRow: rows[2]}),
		"user_link_mailed": UserLinkGonePage(mailed, registry.UserAccount{UserRow: rows[2], LinkMail: registry.Delivery{ID: "msg_1"}}),
		"invite":           InviteUserPage(shell, InvitationForm{}),
		"invite_mail":      InviteUserPage(shell, InvitationForm{Link: HandoverChoice{Offered: true, ByMail: true}}),
		"user_link_mail":   UserQuestionPage(inDialog, UserQuestion{Deed: RenewInvitation, User: rows[2], Link: HandoverChoice{ByMail: true, Error: "No e-mail is sent now. Hand the link over yourself."}, Back: "/admin/users"}),
		"invite_wrong": InviteUserPage(shell, InvitationForm{
			MayGrant: true, Input: registry.NewInvitation{Name: "A <b>", Email: "nobody", Admin: true, Groups: []string{"gr_clerks"}},
			Groups: []registry.GroupRow{
				{Group: registry.Group{ID: "gr_clerks", Name: "Clerks & co"}, Grants: 2, Services: "Orders"}, {Group: registry.Group{ID: "gr_empty", Name: "Empty"}},
			},
			Invalid: registry.Invalid{"email": "Enter an e-mail address such as name@example.com."},
		}),
		"open_link":         OpenLinkPage(nobody, OpenLinkForm{Link: link}),
		"open_link_wrong":   OpenLinkPage(nobody, OpenLinkForm{Link: reset, Invalid: registry.Invalid{"new": "Use at least 12 characters."}}),
		"open_link_wait":    OpenLinkPage(nobody, OpenLinkForm{Link: link, Wait: time.Minute}),
		"open_link_spent":   DeadLinkPage(nobody, DeadLink{Spent: true}),
		"open_link_expired": DeadLinkPage(nobody, DeadLink{ExpiredAt: noon}),
		"open_link_unknown": DeadLinkPage(nobody, DeadLink{}),
	}
	for deed, i := range map[UserDeed]int{DisableUser: 1, EnableUser: 3, SignOutUser: 1, ResetPassword: 1, RenewInvitation: 2, WithdrawInvitation: 2} {
		pages["user_"+string(deed)] = UserQuestionPage(shell, UserQuestion{Deed: deed, User: rows[i], Back: "/admin/users"})
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestLinkMailWords(t *testing.T) {
	waits := registry.Delivery{ID: "msg_1", Email: "ben@example.com", State: registry.DeliveryWaiting}
	tried := waits
	tried.Attempts, tried.TriedAt, tried.Status, tried.Answer = 1, noon.Add(-5*time.Minute), 550, "no such user"
	failed := tried
	failed.State = registry.DeliveryFailed
	for _, tt := range []struct {
		name   string
		mail   registry.Delivery
		change func(*UserView)
		want   string
	}{
		{"by hand", registry.Delivery{}, nil, ""},
		{"waits", waits, nil, "It is being sent to ben@example.com by e-mail."},
		{"no mail server", tried, func(v *UserView) { v.Mail = false }, "It waits to be sent to ben@example.com: no e-mail is sent now. The operator names a mail server with --smtp-url."},
		{"refused", tried, nil, "It could not be sent to ben@example.com by e-mail yet, and is tried again. The mail server’s last answer, 5 min ago: 550: no such user"},
		{"given up", failed, nil, "It could not be sent to ben@example.com by e-mail, and is not tried again. The mail server’s last answer, 5 min ago: 550: no such user"},
		{"expired", waits, func(v *UserView) { v.Now = v.User.LinkEnds }, "It could not be sent to ben@example.com by e-mail, and is not tried again."},
	} {
		v := demoUser(2, func(v *UserView) { v.Mail, v.User.LinkMail = true, tt.mail })
		if tt.change != nil {
			tt.change(&v)
		}
		if got := v.linkMailWords(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
