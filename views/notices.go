package views

import (
	"net/url"
	"strconv"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// NoticesPath is where users see what they were told.
const NoticesPath = ProfilePath + "/notices"

// NoticeList is a page of what a user was told.
type NoticeList struct {
	Query   registry.NoticeQuery
	Page    registry.NoticePage
	Invalid registry.Invalid
	Now     time.Time
}

// address returns the page's address, with a place in the list unless it is "".
func (l NoticeList) address(unread bool, place, id string) string {
	q := url.Values{}
	if unread {
		q.Set("show", "unread")
	}
	if place != "" {
		q.Set(place, id)
	}
	if len(q) == 0 {
		return NoticesPath
	}
	return NoticesPath + "?" + q.Encode()
}

// here is the page's own address.
func (l NoticeList) here() string {
	switch {
	case l.Query.Before != "":
		return l.address(l.Query.Unread, "before", l.Query.Before)
	case l.Query.After != "":
		return l.address(l.Query.Unread, "after", l.Query.After)
	default:
		return l.address(l.Query.Unread, "", "")
	}
}

func (l NoticeList) tabs() ui.TabBar {
	return ui.TabBar{Label: "Notices", Tabs: []ui.Tab{
		{Text: "All", Href: l.address(false, "", ""), Current: !l.Query.Unread},
		{Text: "Unread", Href: l.address(true, "", ""), Current: l.Query.Unread},
	}}
}

func (l NoticeList) pages() ui.Pages {
	n := len(l.Page.Notices)
	pages := ui.Pages{Text: countOf(n, "notice")}
	if l.Page.Newer || l.Page.Older {
		pages.Text += " on this page"
	}
	if n > 0 && l.Page.Newer {
		pages.First = l.address(l.Query.Unread, "", "")
		pages.Previous = l.address(l.Query.Unread, "after", l.Page.Notices[0].ID)
	}
	if n > 0 && l.Page.Older {
		pages.Next = l.address(l.Query.Unread, "before", l.Page.Notices[n-1].ID)
	}
	return pages
}

// NoticeTarget returns where there is more to see for a viewer than the notice
// says, or the list of notices.
func NoticeTarget(n registry.OwnNotice, may func(registry.Permission) bool) string {
	if path := noticePath(n, may); path != "" {
		return path
	}
	return NoticesPath
}

func noticePath(n registry.OwnNotice, may func(registry.Permission) bool) string {
	if own := n.Path(true); n.Own && own != "" {
		return own
	}
	need := registry.ViewApplications
	if n.Kind == registry.NoticeWebhookStopped {
		need = registry.ManageSettings
	}
	if !n.Owner && !may(need) {
		return ""
	}
	return n.Path(false)
}

// noticeIcons are the icons of the kinds of notices.
var noticeIcons = map[registry.NoticeKind]string{
	registry.NoticeApplicationCreated: "app-window",
	registry.NoticePermissionsChanged: "lock",
	registry.NoticeSecretExpiring:     "clock",
	registry.NoticeSecretExpired:      "circle-x",
	registry.NoticeSecretRegenerated:  "key-round",
	registry.NoticeRefreshReused:      "triangle-alert",
	registry.NoticeConsentRevoked:     "ban",
	registry.NoticeAdministratorAdded: "shield-check",
	registry.NoticeWebhookStopped:     "zap",
}

// unreadWords is a number of unread notices as the bell shows it.
func unreadWords(n int) string {
	if n > 9 {
		return "9+"
	}
	return strconv.Itoa(n)
}

// bellLabel says what the bell is, and how many notices are unread.
func bellLabel(n int) string {
	if n == 0 {
		return "Notices"
	}
	return unreadWords(n) + " unread, notices"
}
