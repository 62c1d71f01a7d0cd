package views

import (
	"net/url"
	"strconv"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// GroupsPath is the address of the list of groups.
const GroupsPath = "/admin/groups"

// GroupPath returns the address of one of the group's pages; "" is the first.
func GroupPath(id, page string) string {
	address := GroupsPath + "/" + url.PathEscape(id)
	if page == "" {
		return address
	}
	return address + "/" + page
}

// Groups is a page of the list of groups: what of it is asked for, what is
// wrong with that, and what was found.
type Groups struct {
	Query   registry.GroupQuery
	Invalid registry.Invalid
	Page    registry.GroupPage
	Rights  UserRights
}

// overGroup reports whether the viewer may change the group: who is in one that
// holds permissions has them.
func (r UserRights) overGroup(g registry.GroupRow) bool {
	return r.MayManage && !g.Beyond
}

func (l Groups) address(after, before string) string {
	return listAddress(GroupsPath, l.Query.Search, after, before)
}

// listAddress is a page of a list that can be searched.
func listAddress(path, search, after, before string) string {
	return withParams(path, ui.Param{Name: "q", Value: search}, ui.Param{Name: "after", Value: after}, ui.Param{Name: "before", Value: before})
}

func (l Groups) search() ui.Search {
	s := ui.Search{Action: GroupsPath, Target: "groups", Value: l.Query.Search, Label: "Search groups", Placeholder: "Search name"}
	if s.Value != "" {
		s.Clear = GroupsPath
	}
	return s
}

func (l Groups) pages() ui.Pages {
	return pagesOf(amount(l.Page.Found, "group"), l.Page.Prev, l.Page.Next, l.address)
}

// pagesOf are the pages around one of a list, at their addresses.
func pagesOf(text, prev, next string, address func(after, before string) string) ui.Pages {
	p := ui.Pages{Text: text}
	if prev != "" {
		p.First, p.Previous = address("", ""), address("", prev)
	}
	if next != "" {
		p.Next = address(next, "")
	}
	return p
}

func groupRow(g registry.GroupRow) ui.Row {
	phone := countOf(g.Members, "member")
	if g.Services != "" {
		phone += " · " + g.Services
	}
	return ui.Row{Icon: "users", Href: GroupPath(g.ID, ""), Name: g.Name, Sub: g.ID, Phone: phone}
}

// GroupView is a group with its members, of which a page is shown, and what it
// holds.
type GroupView struct {
	Group     registry.GroupAccount
	Catalogue registry.Catalogue
	Members   GroupUsers
	Activity  []registry.AuditEntry // newest first
	Rights    UserRights
	MayAudit  bool // may see the activity
	Now       time.Time
}

func (v GroupView) path(page string) string { return GroupPath(v.Group.ID, page) }

// over reports whether the viewer may change the group.
func (v GroupView) over() bool { return v.Rights.overGroup(v.Group.GroupRow) }

// held returns what the group holds, service by service.
func (v GroupView) held() []ServiceAccess {
	var all []ServiceAccess
	for _, g := range v.Group.Held {
		if n := len(all); n == 0 || all[n-1].Service.Key != g.Service {
			service, _ := v.Catalogue.Service(g.Service)
			all = append(all, ServiceAccess{Service: service})
		}
		all[len(all)-1].Grants = append(all[len(all)-1].Grants, g)
	}
	return all
}

// ungrant is where one asks whether to take from the group what it holds.
func (v GroupView) ungrant(g registry.HeldGrant) string {
	return withParams(v.path("permissions/remove"), ui.Param{Name: "service", Value: g.Service},
		ui.Param{Name: "grant", Value: registry.GrantName(g.Kind, g.Key)}, ui.Param{Name: "object", Value: g.Object})
}

// GroupUsers is a page of users in a group, or outside of it: what of it is
// asked for, what is wrong with that, and what was found.
type GroupUsers struct {
	Path    string // where it is listed
	Query   registry.UserQuery
	Invalid registry.Invalid
	Page    registry.UserPage
}

func (l GroupUsers) address(after, before string) string {
	return listAddress(l.Path, l.Query.Search, after, before)
}

func (l GroupUsers) search() ui.Search {
	s := ui.Search{Action: l.Path, Target: "members", Value: l.Query.Search, Label: "Search users", Placeholder: "Search name or e-mail"}
	if s.Value != "" {
		s.Clear = l.Path
	}
	return s
}

func (l GroupUsers) pages() ui.Pages {
	return pagesOf(amount(l.Page.Found, "user"), l.Page.Prev, l.Page.Next, l.address)
}

// here is this page of the list.
func (l GroupUsers) here() string { return l.address(l.Query.After, l.Query.Before) }

// GroupForm is what was typed to make or to change a group, and what is wrong
// with it.
type GroupForm struct {
	ID      string // "" for a new one
	Input   registry.GroupInput
	Invalid registry.Invalid
}

// NewMembers is where users are put into a group.
type NewMembers struct {
	Group registry.GroupRow
	Users GroupUsers
	Now   time.Time
}

// GroupQuestion is what is asked before something is taken from a group, and
// why it was not done.
type GroupQuestion struct {
	Group     registry.GroupAccount
	Catalogue registry.Catalogue
	Member    registry.User      // to be taken out
	Grant     registry.HeldGrant // to be taken away
	Typed     string             // to delete the group
	Invalid   registry.Invalid
	Back      string // where the question was asked
}

// losses says in short what the group holds.
func (q GroupQuestion) losses() []string {
	all := make([]string, len(q.Group.Held))
	for i, g := range q.Group.Held {
		all[i] = q.name(g)
	}
	return all
}

// name says what a grant gives, and where.
func (q GroupQuestion) name(g registry.HeldGrant) string {
	service, _ := q.Catalogue.Service(g.Service)
	shown := ServiceAccess{Service: service}.given(g)
	text := service.Name + ": " + shown.Name
	if shown.Where != "" {
		text += ", on " + shown.Where
	}
	return text
}

// members names those whom it concerns.
func (q GroupQuestion) members() string {
	switch q.Group.Members {
	case 0:
		return "It has no members"
	case 1:
		return "Its only member loses"
	default:
		return "Its " + strconv.Itoa(q.Group.Members) + " members lose"
	}
}

func (q GroupQuestion) dialog(title, page, submit string) ui.Dialog {
	return ui.Dialog{
		Icon: "trash-2", Kind: ui.Danger, Title: title, Action: GroupPath(q.Group.ID, page), Cancel: q.Back,
		Submit: ui.Action{Text: submit, Kind: ui.Danger},
	}
}
