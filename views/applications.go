package views

import (
	"cmp"
	"net/url"
	"strconv"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// Applications is a page of the applications list: what of it is asked for,
// what is wrong with that, and what was found.
type Applications struct {
	Query   registry.ApplicationQuery
	Invalid registry.Invalid
	Page    registry.ApplicationPage
	Scopes  []registry.Service // with the scopes to filter by
	Now     time.Time

	MayView   bool // may see those that others own
	MayManage bool // may register, edit and disable applications
}

// lede says what is listed.
func (l Applications) lede() string {
	if !l.MayView {
		return "The applications that you own: look after their secrets, and see what they may reach."
	}
	return "What may ask this server for tokens to your platform's APIs."
}

// applicationsPath is the address of the list.
const applicationsPath = "/admin/applications"

// address returns the address of the list with the query as change leaves it,
// from its first page unless change says otherwise.
func (l Applications) address(change func(*registry.ApplicationQuery)) string {
	q := l.Query
	q.After, q.Before = "", ""
	change(&q)
	if q.Sort == registry.SortUsedDown {
		q.Sort = ""
	}
	params := url.Values{}
	for name, value := range map[string]string{
		"origin": string(q.Origin), "type": string(q.Type), "status": string(q.Status), "scope": q.Scope, "owner": q.Owner,
		"attention": string(q.Attention), "days": l.days(q), "q": q.Search, "sort": string(q.Sort), "after": q.After, "before": q.Before,
	} {
		if value != "" {
			params.Set(name, value)
		}
	}
	if len(params) == 0 {
		return applicationsPath
	}
	return applicationsPath + "?" + params.Encode()
}

// days is for how many days what is listed was not used, as the address says it.
func (l Applications) days(q registry.ApplicationQuery) string {
	if q.Attention != registry.Unused || q.Unused() == registry.UnusedDays {
		return ""
	}
	return strconv.Itoa(q.Unused())
}

func (l Applications) here() string {
	return l.address(func(q *registry.ApplicationQuery) { q.After, q.Before = l.Query.After, l.Query.Before })
}

// first is the first page of what is listed.
func (l Applications) first() string { return l.address(func(*registry.ApplicationQuery) {}) }

// unfiltered lists all of the same origin.
func (l Applications) unfiltered() string {
	return l.address(func(q *registry.ApplicationQuery) {
		*q = registry.ApplicationQuery{Origin: q.Origin, Sort: q.Sort}
	})
}

// clear is where all filters are off, or "" when they are.
func (l Applications) clear() string {
	if !l.Query.Filtered() {
		return ""
	}
	return l.unfiltered()
}

func (l Applications) sortedBy(sort string) string {
	return l.address(func(q *registry.ApplicationQuery) { q.Sort = registry.ApplicationSort(sort) })
}

// sort is the order in use.
func (l Applications) sort() string {
	if l.Query.Sort == "" {
		return string(registry.SortUsedDown)
	}
	return string(l.Query.Sort)
}

func (l Applications) tabs() []ui.Tab {
	var tabs []ui.Tab
	for _, tab := range []struct {
		origin registry.Origin
		text   string
		count  registry.Count
	}{
		{"", "All", l.Page.All},
		{registry.TeamOrigin, "Team", l.Page.Team},
		{registry.PlatformOrigin, "Platform", l.Page.Platform},
	} {
		if len(l.Invalid) > 0 {
			tab.count = registry.Count{More: true}
		}
		tabs = append(tabs, ui.Tab{
			Text: tab.text, Count: countWords(tab.count), Current: l.Query.Origin == tab.origin,
			Href: l.address(func(q *registry.ApplicationQuery) { q.Origin = tab.origin }),
		})
	}
	return tabs
}

// countWords writes a count: "12", "1,000+", and nothing when nothing is known.
func countWords(c registry.Count) string {
	switch {
	case !c.More:
		return thousands(int64(c.N))
	case c.N == 0:
		return ""
	default:
		return thousands(int64(c.N)) + "+"
	}
}

// listed is the count of what is listed.
func (l Applications) listed() registry.Count {
	switch l.Query.Origin {
	case registry.TeamOrigin:
		return l.Page.Team
	case registry.PlatformOrigin:
		return l.Page.Platform
	default:
		return l.Page.All
	}
}

func (l Applications) pages() ui.Pages {
	var pages ui.Pages
	switch c := l.listed(); {
	case c.More:
		pages.Text = "More than " + thousands(int64(c.N)) + " applications"
	case c.N == 1:
		pages.Text = "1 application"
	default:
		pages.Text = countWords(c) + " applications"
	}
	if l.Page.Prev != "" {
		pages.First = l.first()
		pages.Previous = l.address(func(q *registry.ApplicationQuery) { q.Before = l.Page.Prev })
	}
	if l.Page.Next != "" {
		pages.Next = l.address(func(q *registry.ApplicationQuery) { q.After = l.Page.Next })
	}
	return pages
}

// mayChange reports whether the viewer may change the application of a row.
func (l Applications) mayChange(a registry.ApplicationRow) bool {
	return l.MayManage && !a.Locked() && a.DeletedAt.IsZero()
}

// mayTick reports whether several of what is listed can be disabled or deleted
// at once: where one looks for what to clean up.
func (l Applications) mayTick() bool {
	return l.MayManage && l.Query.Status != registry.Deleted && (l.Query.Attention != "" || l.Query.Status != "")
}

// tick is the box by which an application is chosen, or none.
func (l Applications) tick(a registry.ApplicationRow) ui.Tick {
	if !l.mayChange(a) {
		return ui.Tick{}
	}
	return ui.Tick{Name: "id", Value: a.ID, Label: "Tick " + a.Name}
}

// mayRestore reports whether the viewer may bring the application of a row back.
func (l Applications) mayRestore(a registry.ApplicationRow) bool {
	return l.MayManage && !a.Locked() && !a.DeletedAt.IsZero()
}

// mayRotate reports whether the viewer may see a new secret of it.
func (l Applications) mayRotate(a registry.ApplicationRow) bool {
	return !a.Public() && !a.Locked() && a.DeletedAt.IsZero() && (a.Owned || l.MayManage && !a.Beyond)
}

// page returns the address of one of the application's pages that leads back
// to this place in the list.
func (l Applications) page(a registry.ApplicationRow, page string) string {
	return string(applicationAddress(a.ID)) + "/" + page + "?back=" + url.QueryEscape(l.here())
}

// rowStatus says what matters most about an application.
func (l Applications) rowStatus(a registry.ApplicationRow) ui.Status {
	switch {
	case !a.DeletedAt.IsZero():
		return ui.Status{Kind: ui.Off, Text: "Gone " + ui.Ago(a.DeletedAt.Add(registry.DeletedFor), l.Now), Short: "Deleted"}
	case a.Status != registry.Active:
		return statusWords(a.Status)
	case a.Secrets == 0 && !a.Public():
		word := credentialWord(a.Type)
		return ui.Status{Kind: ui.Danger, Text: "No " + word + " accepted", Short: "No " + word}
	case !a.SecretEnds.IsZero() && a.SecretEnds.Sub(l.Now) <= registry.ExpiringWithin:
		return ui.Status{Kind: ui.Warn, Text: capital(credentialWord(a.Type)) + " ends " + ui.Ago(a.SecretEnds, l.Now), Short: "Expiring"}
	case a.Permissions == 0 && a.ActsAsItself():
		return ui.Status{Kind: ui.Warn, Text: "No permissions", Short: "No rights"}
	case a.LastUsedAt.IsZero():
		return ui.Status{Kind: ui.Info, Text: "Not used yet", Short: "Unused"}
	default:
		return statusWords(a.Status)
	}
}

func (l Applications) row(s Shell, a registry.ApplicationRow) ui.Row {
	row := ui.Row{
		Href: string(applicationAddress(a.ID)), Icon: typeIcon(a.Type), Name: a.Name, Sub: a.ID, Locked: a.Locked(),
		Phone: typeWords(a.Type) + " · " + ui.Ago(a.LastUsedAt, l.Now),
	}
	if !a.DeletedAt.IsZero() { // what is left of it are its events
		row.Href = ""
		if s.May(registry.ReadAuditLog) {
			row.Href = AuditLog{Input: registry.AuditFilter{Target: a.ID}}.address(auditLogPath, "", 0)
		}
	}
	return row
}

func (l Applications) typeOptions() []ui.Option {
	return []ui.Option{
		{Value: "", Label: "Any type"},
		{Value: string(registry.OAuthClient), Label: typeWords(registry.OAuthClient)},
		{Value: string(registry.ApplicationKey), Label: typeWords(registry.ApplicationKey)},
	}
}

func (l Applications) statusOptions() []ui.Option {
	options := []ui.Option{{Value: "", Label: "Any status"}}
	for _, status := range []registry.Status{registry.Active, registry.Disabled, registry.Deleted} {
		options = append(options, ui.Option{Value: string(status), Label: statusWords(status).Text})
	}
	return options
}

// ownerOptions are everybody, the viewer, and whoever is asked for.
func (l Applications) ownerOptions() []ui.Option {
	options := []ui.Option{{Value: "", Label: "Any owner"}, {Value: registry.OwnedByViewer, Label: "Owned by me"}}
	if l.Query.Owner != "" && l.Query.Owner != registry.OwnedByViewer {
		options = append(options, ui.Option{Value: l.Query.Owner, Label: "Owned by " + cmp.Or(l.Page.Owner, l.Query.Owner)})
	}
	return options
}

func (l Applications) attentionOptions() []ui.Option {
	return []ui.Option{
		{Value: "", Label: "Needs attention"},
		{Value: string(registry.Unused), Label: "Unused for " + registry.Days(l.Query.Unused())},
		{Value: string(registry.Expiring), Label: "Secret ends in 30 days"},
		{Value: string(registry.Powerless), Label: "No permissions"},
		{Value: string(registry.Unowned), Label: "No owner"},
	}
}

// scopeOptions are the catalogue's scopes, and the one asked for should it be
// no longer there.
func (l Applications) scopeOptions() []ui.Option {
	options := []ui.Option{{Value: "", Label: "Any scope"}}
	known := l.Query.Scope == ""
	for _, service := range l.Scopes {
		for _, scope := range service.Scopes {
			options = append(options, ui.Option{Value: scope.Key, Label: scope.Key})
			known = known || scope.Key == l.Query.Scope
		}
	}
	if !known {
		options = append(options, ui.Option{Value: l.Query.Scope, Label: l.Query.Scope})
	}
	return options
}
