package views

import (
	"testing"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestGroupPages(t *testing.T) {
	shell, inDialog := demoShell(), demoShell()
	shell.Title, inDialog.Title, inDialog.Dialog = "Demo title", "Demo question?", true
	clerks := registry.GroupRow{Group: registry.Group{ID: "gr_clerks", Name: "Clerks & co"}, Description: "They <sell>", CreatedAt: noon.Add(-day), Members: 6, Grants: 2, Services: "Orders"}
	empty := registry.GroupRow{Group: registry.Group{ID: "gr_empty", Name: "Empty"}, CreatedAt: noon}
	rights := UserRights{Viewer: "us_admin", MayManage: true, MayGrant: true}
	list := func(change func(*Groups)) templ.Component {
		l := Groups{Rights: rights, Page: registry.GroupPage{Groups: []registry.GroupRow{clerks, empty}, Found: registry.Count{N: 2}, Prev: "PREV", Next: "NEXT"}}
		change(&l)
		return GroupsPage(shell, l)
	}
	account := registry.GroupAccount{GroupRow: clerks, Held: []registry.HeldGrant{
		{Service: "orders", Kind: registry.TemplateGrant, Key: "viewer"}, {Service: "orders", Object: "shop", Kind: registry.PermissionGrant, Key: "view"},
	}}
	groupBy := func(shell Shell, change func(*GroupView)) templ.Component {
		v := GroupView{Group: account, Catalogue: demoServices(), Rights: rights, Now: noon, Members: GroupUsers{Path: "/admin/groups/gr_clerks", Page: demoUsers().Page}}
		change(&v)
		return GroupPage(shell, v)
	}
	group := func(change func(*GroupView)) templ.Component { return groupBy(shell, change) }
	helpdesk := shell
	helpdesk.Granter = registry.Granter{}
	outside := func(change func(*NewMembers)) templ.Component {
		v := NewMembers{Group: clerks, Now: noon, Users: GroupUsers{Path: "/admin/groups/gr_clerks/add", Page: demoUsers().Page}}
		change(&v)
		return NewMembersPage(shell, v)
	}
	question := func(change func(*GroupQuestion)) GroupQuestion {
		q := GroupQuestion{Group: account, Catalogue: demoServices(), Member: demoUsers().Page.Users[1].User, Grant: account.Held[1], Back: "/admin/groups"}
		change(&q)
		return q
	}
	plain := func(*GroupQuestion) {}
	holdsNothing := func(q *GroupQuestion) { q.Group = registry.GroupAccount{GroupRow: empty} }
	last := func(q *GroupQuestion) {
		q.Invalid = registry.Invalid{"group": "This is the last administrator."}
	}
	gone := registry.Invalid{"page": "That page is no longer there."}
	for name, page := range map[string]templ.Component{
		"groups":        list(func(*Groups) {}),
		"groups_viewed": list(func(l *Groups) { l.Rights, l.Page.Prev, l.Page.Next = UserRights{}, "", "" }),
		"groups_none":   list(func(l *Groups) { l.Page = registry.GroupPage{} }),
		"groups_lost":   list(func(l *Groups) { l.Page, l.Query.Search = registry.GroupPage{}, "a&b" }),
		"groups_gone":   list(func(l *Groups) { l.Page, l.Invalid = registry.GroupPage{}, gone }),

		"group":          group(func(v *GroupView) { v.MayAudit, v.Members.Query.Search = true, "a&b" }),
		"group_helpdesk": groupBy(helpdesk, func(v *GroupView) { v.Rights.MayGrant, v.Group.Beyond = false, true }),
		"group_empty": group(func(v *GroupView) {
			v.Group, v.Members.Page = registry.GroupAccount{GroupRow: empty}, registry.UserPage{}
		}),
		"group_lost": group(func(v *GroupView) { v.Members.Page, v.Members.Query.Search = registry.UserPage{}, "zzz" }),
		"group_gone": group(func(v *GroupView) { v.Members.Page, v.Members.Invalid = registry.UserPage{}, gone }),

		"group_new":       GroupFormPage(shell, GroupForm{}),
		"group_edit":      GroupFormPage(shell, GroupForm{ID: "gr_clerks", Input: registry.GroupInput{Name: "<typed>"}, Invalid: registry.Invalid{"name": "Enter a name."}}),
		"group_add":       outside(func(*NewMembers) {}),
		"group_add_empty": outside(func(v *NewMembers) { v.Group, v.Users.Page = empty, registry.UserPage{} }),
		"group_add_lost":  outside(func(v *NewMembers) { v.Users.Page, v.Users.Query.Search = registry.UserPage{}, "zzz" }),

		"group_remove":         RemoveMemberPage(shell, question(plain)),
		"group_remove_nothing": RemoveMemberPage(inDialog, question(holdsNothing)),
		"group_remove_last":    RemoveMemberPage(inDialog, question(last)),
		"group_ungrant":        RemoveGroupGrantPage(shell, question(plain)),
		"group_ungrant_empty":  RemoveGroupGrantPage(inDialog, question(func(q *GroupQuestion) { q.Group.Members = 0 })),
		"group_delete":         DeleteGroupPage(shell, question(plain)),
		"group_delete_wrong": DeleteGroupPage(inDialog, question(func(q *GroupQuestion) {
			q.Group.Members, q.Typed, q.Invalid = 0, "<clerks>", registry.Invalid{"confirm": "Type the group’s name exactly: Clerks & co"}
		})),
		"group_delete_nothing": DeleteGroupPage(inDialog, question(holdsNothing)),
	} {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}
