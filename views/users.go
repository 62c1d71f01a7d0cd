package views

import (
	"net/url"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// UsersPath is the address of the list of users.
const UsersPath = "/admin/users"

// Users is a page of the list of users: what of it is asked for, what is wrong
// with that, and what was found.
type Users struct {
	Query   registry.UserQuery
	Invalid registry.Invalid
	Page    registry.UserPage
	Rights  UserRights
	Now     time.Time
}

// UserRights is what the viewer may do with users.
type UserRights struct {
	Viewer    string // the viewer's ID
	MayManage bool   // may invite users, disable them and sign them out
	MayGrant  bool   // may make administrators
}

// over reports whether the viewer may disable the user and sign them out.
func (r UserRights) over(u registry.UserRow) bool {
	return r.MayManage && u.ID != r.Viewer && (r.MayGrant || !u.Admin)
}

// overAccess reports whether the viewer may make the user an administrator, or
// take that back.
func (r UserRights) overAccess(u registry.UserRow) bool { return r.MayGrant && u.ID != r.Viewer }

// mayLink reports whether the viewer may see a link that opens the account.
func (r UserRights) mayLink(u registry.UserRow) bool { return r.over(u) && !u.Beyond }

// UserPath returns the address of one of the user's pages; "" is the first.
func UserPath(id, page string) string {
	address := UsersPath + "/" + url.PathEscape(id)
	if page == "" {
		return address
	}
	return address + "/" + page
}

// address returns the address of the list with the query as change leaves it,
// from its first page unless change says otherwise.
func (l Users) address(change func(*registry.UserQuery)) string {
	q := l.Query
	q.After, q.Before = "", ""
	change(&q)
	if q.Sort == registry.SortName {
		q.Sort = ""
	}
	params := url.Values{}
	for name, value := range map[string]string{"status": string(q.Status), "q": q.Search, "sort": string(q.Sort), "after": q.After, "before": q.Before} {
		if value != "" {
			params.Set(name, value)
		}
	}
	if len(params) == 0 {
		return UsersPath
	}
	return UsersPath + "?" + params.Encode()
}

func (l Users) first() string { return l.address(func(*registry.UserQuery) {}) }

// page returns the address of one of a user's pages that leads back to this
// place in the list.
func (l Users) page(u registry.UserRow, page string) string {
	here := l.address(func(q *registry.UserQuery) { q.After, q.Before = l.Query.After, l.Query.Before })
	return UserPath(u.ID, page) + "?back=" + url.QueryEscape(here)
}

func (l Users) clear() string {
	if l.Query.Search == "" {
		return ""
	}
	return l.address(func(q *registry.UserQuery) { q.Search = "" })
}

func (l Users) sort() string {
	if l.Query.Sort == "" {
		return string(registry.SortName)
	}
	return string(l.Query.Sort)
}

func (l Users) sortedBy(sort string) string {
	return l.address(func(q *registry.UserQuery) { q.Sort = registry.ApplicationSort(sort) })
}

func (l Users) tabs() []ui.Tab {
	var tabs []ui.Tab
	for _, status := range []registry.Status{"", registry.Active, registry.Invited, registry.Disabled} {
		tab := ui.Tab{Text: "All", Current: l.Query.Status == status, Href: l.address(func(q *registry.UserQuery) { q.Status = status })}
		if status != "" {
			tab.Text = userStatusWords(status).Text
		}
		if tab.Current && len(l.Invalid) == 0 {
			tab.Count = countWords(l.Page.Found)
		}
		tabs = append(tabs, tab)
	}
	return tabs
}

func (l Users) pages() ui.Pages {
	p := ui.Pages{Text: countOf(l.Page.Found.N, "user")}
	if l.Page.Found.More {
		p.Text = "More than " + thousands(int64(l.Page.Found.N)) + " users"
	}
	if l.Page.Prev != "" {
		p.First, p.Previous = l.first(), l.address(func(q *registry.UserQuery) { q.Before = l.Page.Prev })
	}
	if l.Page.Next != "" {
		p.Next = l.address(func(q *registry.UserQuery) { q.After = l.Page.Next })
	}
	return p
}

func (l Users) row(u registry.UserRow) ui.Row {
	phone := accessWords(u) + " · " + lower(ui.Ago(u.LastSignedInAt, l.Now))
	return ui.Row{Icon: "user-round", Href: UserPath(u.ID, ""), Name: u.Name, Sub: u.Email, Phone: phone}
}

// accessWords says in short what a user holds.
func accessWords(u registry.UserRow) string {
	switch {
	case u.Admin:
		return "Administrator"
	case u.Holds:
		return "Some permissions"
	default:
		return "No permissions"
	}
}

func userStatusWords(s registry.Status) ui.Status {
	if s == registry.Invited {
		return ui.Status{Kind: ui.Info, Text: "Invited"}
	}
	return statusWords(s)
}

// userStatus says what matters most about an account.
func userStatus(u registry.UserRow, now time.Time) ui.Status {
	switch status := u.Status(); {
	case status == registry.Invited && !now.Before(u.LinkEnds):
		return ui.Status{Kind: ui.Warn, Text: "Invitation expired", Short: "Expired"}
	case status == registry.Active && u.NoPassword:
		return ui.Status{Kind: ui.Warn, Text: "Password reset", Short: "Reset"}
	default:
		return userStatusWords(status)
	}
}
