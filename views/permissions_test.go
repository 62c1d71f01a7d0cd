package views

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clientele/registry"
	"clientele/views/viewtest"
)

func permissionsShell() Shell {
	return Shell{
		Title: "Permissions", Active: permissionsPath, Path: permissionsPath, TeamName: "Harbor", User: &ShellUser{Name: "Demo Admin", Email: "admin@example.com"},
		Allows: func(registry.Permission) bool { return true }, Granter: registry.EveryGranter,
	}
}

func demoPart() registry.ServicePart {
	return registry.ServicePart{Service: demoServices().Services[0]}
}

func demoSubjects() PermissionSubjects {
	grant := func(kind registry.SubjectType, id, name, detail string, what registry.HeldGrant) registry.SubjectGrant {
		what.Service = "orders"
		return registry.SubjectGrant{
			HeldGrant: what, Subject: registry.Subject{Type: kind, ID: id}, Name: name, Detail: detail,
			GrantedAt: noon.Add(-48 * time.Hour), GrantedBy: "Demo Admin",
		}
	}
	l := PermissionSubjects{Service: demoPart(), Now: noon, Page: registry.SubjectPage{
		Grants: []registry.SubjectGrant{
			grant(registry.ApplicationSubject, "cl_demo0000000001", "Ledger Sync", "cl_demo0000000001", registry.HeldGrant{Kind: registry.TemplateGrant, Key: "editor"}),
			grant(registry.GroupSubject, "gr_1", "Clerks", "Who work with orders", registry.HeldGrant{Kind: registry.PermissionGrant, Key: "view", Object: "web"}),
			grant(registry.UserSubject, "us_1", "Demo User", "user@example.com", registry.HeldGrant{Kind: registry.PermissionGrant, Key: "edit", Object: "web/returns"}),
		},
		Found: registry.Count{N: 3},
	}}
	l.Page.Grants[0].Locked, l.Page.Grants[0].GrantedBy = true, ""
	l.Page.Grants[2].Disabled = true
	return l
}

func TestPermissionsPages(t *testing.T) {
	team := registry.ServicePart{Service: demoServices().Services[2]}
	team.BuiltIn = true
	part := demoPart()
	part.Only = []string{"web/returns"}
	viewtest.Golden(t, "permissions", PermissionsPage(permissionsShell(), PermissionServices{Services: []registry.ServiceSubjects{
		{ServicePart: team, Users: registry.Count{N: 1}},
		{ServicePart: part, Users: registry.Count{N: 1000, More: true}, Groups: registry.Count{N: 2}, Applications: registry.Count{N: 40}},
		{ServicePart: demoPart()},
	}}))
	viewtest.Golden(t, "permissions_for", PermissionsPage(permissionsShell(), PermissionServices{
		Search: "or", For: &registry.PickedSubject{Subject: registry.Subject{Type: registry.GroupSubject, ID: "gr_clerks"}, Name: "Clerks & co"},
		Services: []registry.ServiceSubjects{{ServicePart: registry.ServicePart{Service: demoServices().Services[0]}}},
	}))
	own := demoPart()
	own.Permissions = append(own.Permissions, registry.PermissionDef{Key: registry.ManageOwnPermissions, Name: "Manage <orders>"})
	restricted := own
	restricted.Granting = registry.Restricted
	viewtest.Golden(t, "granting", PermissionGrantingPage(permissionsShell(), registry.GrantingView{ServicePart: own, May: true}))
	viewtest.Golden(t, "granting_restricted", PermissionGrantingPage(permissionsShell(), registry.GrantingView{ServicePart: restricted, Holders: 2}))
	viewtest.Golden(t, "granting_never", PermissionGrantingPage(permissionsShell(), registry.GrantingView{ServicePart: demoPart(), May: true}))
	viewtest.Golden(t, "granting_restrict", GrantingQuestionPage(permissionsShell(), GrantingQuestion{
		View: registry.GrantingView{ServicePart: own}, To: registry.Restricted, Invalid: registry.Invalid{"granting": "Nobody who can sign in holds it."},
	}))
	viewtest.Golden(t, "granting_standard", GrantingQuestionPage(permissionsShell(), GrantingQuestion{
		View: registry.GrantingView{ServicePart: restricted, Holders: 1, Holds: true}, To: registry.Standard,
	}))
	viewtest.Golden(t, "permissions_none", PermissionsPage(permissionsShell(), PermissionServices{Search: "nothing"}))

	viewtest.Golden(t, "permission_subjects", PermissionSubjectsPage(permissionsShell(), demoSubjects()))
	found := demoSubjects()
	found.Query = registry.SubjectQuery{Type: registry.UserSubject, Grant: "template:gone", Object: "web", Search: "demo", After: "x"}
	found.Page.Prev, found.Page.Next, found.Page.Found = "prev", "next", registry.Count{N: 1000, More: true}
	found.Service.Only = []string{"web"}
	viewtest.Golden(t, "permission_subjects_found", PermissionSubjectsPage(permissionsShell(), found))
	none := PermissionSubjects{Service: demoPart(), Now: noon}
	viewtest.Golden(t, "permission_subjects_empty", PermissionSubjectsPage(permissionsShell(), none))
	none.Query.Search = "nobody"
	viewtest.Golden(t, "permission_subjects_none", PermissionSubjectsPage(permissionsShell(), none))
	none.Invalid = registry.Invalid{"type": "Choose a kind of subject from: user, group, application."}
	viewtest.Golden(t, "permission_subjects_wrong", PermissionSubjectsPage(permissionsShell(), none))

	objects := PermissionObjects{Service: demoPart()}
	objects.Page, _ = objects.Service.ObjectPage("", "")
	viewtest.Golden(t, "permission_objects", PermissionObjectsPage(permissionsShell(), objects))
	objects.Page, objects.Search = registry.ObjectPage{}, "nothing"
	viewtest.Golden(t, "permission_objects_none", PermissionObjectsPage(permissionsShell(), objects))
	viewtest.Golden(t, "permission_objects_empty", PermissionObjectsPage(permissionsShell(), PermissionObjects{Service: team}))

	viewtest.Golden(t, "permission_templates", PermissionTemplatesPage(permissionsShell(), PermissionTemplates{
		Service: demoPart(), Use: registry.GrantUse{"template:viewer": {N: 1}, "permission:view": {N: 1000, More: true}},
	}))
}

func TestAssignPages(t *testing.T) {
	app := registry.PickedSubject{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: "cl_demo0000000001"}, Name: "Ledger Sync", Detail: "cl_demo0000000001"}
	group := registry.PickedSubject{Subject: registry.Subject{Type: registry.GroupSubject, ID: "gr_1"}, Name: "Clerks", Detail: "Who work with orders"}
	user := registry.PickedSubject{Subject: registry.Subject{Type: registry.UserSubject, ID: "us_1"}, Name: "Demo User", Detail: "user@demo.example", Disabled: true}
	list := AssignSubjects{Service: demoPart(), Page: registry.PickPage{Subjects: []registry.PickedSubject{group, user}, Prev: "prev", Next: "next"}}
	viewtest.Golden(t, "permission_pick", AssignSubjectsPage(permissionsShell(), list))
	list.Query = registry.PickQuery{Type: registry.UserSubject, Search: "demo", Picked: []string{registry.SubjectName(app.Subject), registry.SubjectName(user.Subject)}}
	list.Page = registry.PickPage{Subjects: []registry.PickedSubject{user}, Picked: []registry.PickedSubject{app, user}}
	viewtest.Golden(t, "permission_pick_found", AssignSubjectsPage(permissionsShell(), list))
	list.Page.Subjects = nil
	viewtest.Golden(t, "permission_pick_none", AssignSubjectsPage(permissionsShell(), list))
	list.Invalid = registry.Invalid{"page": "That page is no longer there."}
	viewtest.Golden(t, "permission_pick_wrong", AssignSubjectsPage(permissionsShell(), list))
	viewtest.Golden(t, "permission_pick_all", AssignSubjectsPage(permissionsShell(), AssignSubjects{Service: demoPart()}))

	what := AssignWhat{Service: demoPart(), Granter: registry.EveryGranter, Picked: []registry.PickedSubject{app, group, user}}
	viewtest.Golden(t, "permission_assign", AssignWhatPage(permissionsShell(), what))
	what.Object, what.Grants = "web/returns", []string{"template:viewer", "permission:edit"}
	what.Invalid = registry.Invalid{"grant": "Demo has no permission \"x\". Choose one it has.", "object": "Choose one it has, or the whole service."}
	viewtest.Golden(t, "permission_assign_wrong", AssignWhatPage(permissionsShell(), what))

	many := &what.Service.Containers[0]
	many.Objects = slices.Clone(many.Objects)
	for i := range objectsToChoose {
		many.Objects = append(many.Objects, registry.Object{Key: fmt.Sprint("item", i), Name: fmt.Sprint("Item ", i)})
	}
	viewtest.Golden(t, "permission_assign_many_objects", AssignWhatPage(permissionsShell(), what))
}

func TestGrantChangePages(t *testing.T) {
	grants := demoSubjects().Page.Grants
	view := registry.Permission{Service: "orders", Key: "view"}
	change := GrantChangeView{Service: demoPart(), Input: registry.GrantChange{Service: "orders"}, Effects: []registry.GrantEffect{
		{SubjectGrant: grants[0], Stays: []registry.Held{
			{Permission: view}, {Permission: view, Template: "viewer"}, {Permission: view, GroupID: "gr_1", GroupName: "Clerks", Object: "web"},
		}},
		{SubjectGrant: grants[1], Stays: []registry.Held{{Permission: view, Template: "gone"}}},
		{SubjectGrant: grants[1]},
		{SubjectGrant: grants[2]},
	}}
	viewtest.Golden(t, "permission_change", GrantChangePage(permissionsShell(), change))
	change.Input.Grants, change.Invalid = []string{"template:editor"}, registry.Invalid{"grant": "Choose a template, or at least one permission."}
	viewtest.Golden(t, "permission_change_wrong", GrantChangePage(permissionsShell(), change))
	change.Input, change.Invalid = registry.GrantChange{Service: "orders", Remove: true}, registry.Invalid{"row": "This is the last administrator."}
	viewtest.Golden(t, "permission_remove", GrantChangePage(permissionsShell(), change))
	change.Effects, change.Invalid = nil, nil
	viewtest.Golden(t, "permission_remove_gone", GrantChangePage(permissionsShell(), change))
}

func TestWhyPage(t *testing.T) {
	catalogue := registry.Catalogue{Services: demoServices().Services}
	viewtest.Golden(t, "why", WhyPage(permissionsShell(), Why{Catalogue: catalogue, Now: noon}))
	viewtest.Golden(t, "why_unknown", WhyPage(permissionsShell(), Why{Catalogue: catalogue, Now: noon, Request: "K2VJ6QXW4N7PZ5TRA3MHBDGC2Y"}))
	refused := Explained{Refusal: registry.Refusal{RequestID: "K2VJ6QXW4N7PZ5TRA3MHBDGC2Y", At: noon.Add(-time.Hour), Asked: "GET /api/v1/orders"}}
	refused.Subject = registry.PickedSubject{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: "cl_demo0000000001"}, Name: "Ledger Sync", Detail: "cl_demo0000000001"}
	refused.Question.Subject = refused.Subject.Subject
	refused.Question.Permission, refused.Question.Object, refused.Question.Scope = registry.Permission{Service: "orders", Key: "edit"}, "web", "orders:write"
	refused.MissingScope, refused.MissingPermission, refused.Reason = "orders:write", registry.Permission{Service: "orders", Key: "view"}, registry.PermissionMissing
	refused.Registered = []string{"orders:read"}
	refused.Needed = []registry.NeededPermission{
		{Permission: refused.Question.Permission, By: []registry.Held{{Permission: refused.Question.Permission, Template: "editor", GroupName: "Clerks"}}},
		{Permission: refused.MissingPermission},
	}
	wrong := Why{Catalogue: catalogue, Now: noon, Subject: "Ledger", Permission: "orders/gone", Object: "a/b/c", Found: []Explained{refused}, Invalid: registry.Invalid{
		"subject": "Nobody is called that.", "permission": "Choose a permission, a scope or both.", "object": "Enter the ID of a container.",
	}}
	viewtest.Golden(t, "why_found", WhyPage(permissionsShell(), wrong))
}

func TestSubjectAccessPage(t *testing.T) {
	orders := demoServices().Services[0]
	held := []registry.Held{
		{Permission: registry.Permission{Service: "orders", Key: "edit"}, Needs: []string{"view"}, Object: "web"},
		{Permission: registry.Permission{Service: "orders", Key: "view"}, Template: "editor", GroupName: "Clerks", Object: "web/returns"},
	}
	access := registry.SubjectAccess{
		Subject:  registry.PickedSubject{Subject: registry.Subject{Type: registry.ApplicationSubject, ID: "cl_demo0000000001"}, Name: "Ledger Sync", Disabled: true},
		Services: []registry.ServiceAccess{{Service: orders, Lines: registry.EffectiveAccess(held, orders)}, {Service: demoServices().Services[2], Scopes: orders.Scopes[:1]}},
	}
	viewtest.Golden(t, "subject_access", SubjectAccessPage(permissionsShell(), SubjectAccess{Access: access}))
	viewtest.Golden(t, "subject_access_none", SubjectAccessPage(permissionsShell(), SubjectAccess{Access: access, Service: "nowhere"}))
}
