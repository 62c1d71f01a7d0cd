package views

import (
	"net/url"
	"strings"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// PermissionSubjects is a page of who holds what of a service: what of it is
// asked for, what is wrong with that, and what was found.
type PermissionSubjects struct {
	Service registry.ServicePart
	Query   registry.SubjectQuery
	Page    registry.SubjectPage
	Invalid registry.Invalid // what is wrong with Query
	Now     time.Time
}

// PermissionObjects is a page of a service's containers and objects.
type PermissionObjects struct {
	Service registry.ServicePart
	Search  string
	Page    registry.ObjectPage
	Invalid registry.Invalid
}

// PermissionTemplates is a service's templates and permissions, with how many
// subjects were given each.
type PermissionTemplates struct {
	Service registry.ServicePart
	Use     registry.GrantUse
}

// PermissionHolders is a page of those who may do something at a service, by
// themselves or through groups.
type PermissionHolders struct {
	Service registry.ServicePart
	Query   registry.HolderQuery
	Page    registry.HolderPage
	Invalid registry.Invalid
}

func (l PermissionHolders) address(after string) string {
	return withParams(servicePath(l.Service, accessTab), ui.Param{Name: "permission", Value: l.Query.Permission},
		ui.Param{Name: "object", Value: l.Query.Object}, ui.Param{Name: "after", Value: after})
}

func (l PermissionHolders) permissionField() ui.Field {
	var options []ui.Option
	for _, p := range l.Service.Permissions {
		options = append(options, ui.Option{Value: p.Key, Label: p.Name})
	}
	return ui.Field{Name: "permission", Label: "Permission", Value: l.Query.Permission, Options: withChosen(options, l.Query.Permission)}
}

func (l PermissionHolders) objectField() ui.Field {
	objects := ServiceAccess{Service: l.Service.Service}.objectOptions()
	var options []ui.Option
	if len(l.Service.Only) == 0 {
		options = append(options, ui.Option{Value: "", Label: registry.WholeService})
	}
	options = append(options, objects[:min(len(objects), objectsToChoose)]...)
	return ui.Field{Name: "object", Label: "On", Value: l.Query.Object, Options: withChosen(options, l.Query.Object)}
}

func (l PermissionHolders) pages() ui.Pages {
	p := ui.Pages{Text: countOf(len(l.Page.Holders), "subject") + " on this page"}
	if l.Query.After != "" {
		p.First = l.address("")
	}
	if l.Page.Next != "" {
		p.Next = l.address(l.Page.Next)
	}
	return p
}

// lacking names what a permission is held in vain without, or is "".
func (l PermissionHolders) lacking(h registry.Holder) string {
	def, _ := l.Service.Permission(h.Lacks.Key)
	return def.Name
}

// The pages of a service's permissions, as their addresses end.
const (
	subjectsTab  = ""
	objectsTab   = "/objects"
	templatesTab = "/templates"
	accessTab    = "/access"
)

func serviceTabs(s registry.ServicePart, current string) ui.TabBar {
	bar := ui.TabBar{Label: "Permissions of " + s.Name}
	for _, tab := range []struct{ text, page string }{
		{"Subjects", subjectsTab}, {"Containers and objects", objectsTab}, {"Templates and permissions", templatesTab}, {"Effective access", accessTab}, {"Who may grant", grantingTab},
	} {
		bar.Tabs = append(bar.Tabs, ui.Tab{Text: tab.text, Href: servicePath(s, tab.page), Current: tab.page == current})
	}
	return bar
}

// mayAssign reports whether the viewer may give and take permissions of any part
// of the service.
func (s Shell) mayAssign(service registry.ServicePart) bool {
	_, some := s.Granter.Part(service.Service)
	return some
}

// accessHref is where what a subject may do is explained, or "" for who may not
// look at the subject.
func (s Shell) accessHref(subject registry.Subject) string {
	need := registry.ViewUsers
	if subject.Type == registry.ApplicationSubject {
		need = registry.ViewApplications
	}
	if !s.May(need) {
		return ""
	}
	return subjectPage(subject) + "/access"
}

// only names the containers and objects that the viewer may look at.
func only(s registry.ServicePart) string {
	names := make([]string, len(s.Only))
	for i, object := range s.Only {
		names[i], _ = s.ObjectName(object)
	}
	return strings.Join(names, ", ")
}

// withParams returns an address with those parameters that are set.
func withParams(address string, params ...ui.Param) string {
	values := url.Values{}
	for _, p := range params {
		if p.Value != "" {
			values.Set(p.Name, p.Value)
		}
	}
	if len(values) == 0 {
		return address
	}
	return address + "?" + values.Encode()
}

// subjectsAddress is where those grants of a service are listed that a query asks for.
func subjectsAddress(s registry.ServicePart, q registry.SubjectQuery) string {
	return withParams(servicePath(s, subjectsTab),
		ui.Param{Name: "type", Value: string(q.Type)}, ui.Param{Name: "grant", Value: q.Grant}, ui.Param{Name: "object", Value: q.Object},
		ui.Param{Name: "q", Value: q.Search}, ui.Param{Name: "after", Value: q.After}, ui.Param{Name: "before", Value: q.Before})
}

// address is the list as change leaves the query, from its first page.
func (l PermissionSubjects) address(change func(*registry.SubjectQuery)) string {
	q := l.Query
	q.After, q.Before = "", ""
	change(&q)
	return subjectsAddress(l.Service, q)
}

func (l PermissionSubjects) search() ui.Search {
	s := ui.Search{
		Action: servicePath(l.Service, subjectsTab), Target: "subjects", Value: l.Query.Search,
		Label: "Search subjects", Placeholder: "Search name",
	}
	if l.Query.Filtered() {
		s.Clear = s.Action
	}
	return s
}

func (l PermissionSubjects) typeOptions() []ui.Option {
	options := []ui.Option{{Value: "", Label: "Any subject"}}
	for _, kind := range []registry.SubjectType{registry.UserSubject, registry.GroupSubject, registry.ApplicationSubject} {
		options = append(options, ui.Option{Value: string(kind), Label: subjectWords(kind) + "s"})
	}
	return options
}

func (l PermissionSubjects) grantOptions() []ui.Option {
	options := append([]ui.Option{{Value: "", Label: "Any permission"}}, ServiceAccess{Service: l.Service.Service}.grantOptions()...)
	return withChosen(options, l.Query.Grant)
}

// objectsToChoose is how many containers and objects a menu holds. Others are
// found on their own page.
const objectsToChoose = 200

func (l PermissionSubjects) objectOptions() []ui.Option {
	objects := ServiceAccess{Service: l.Service.Service}.objectOptions()
	options := append([]ui.Option{{Value: "", Label: "On anything"}, {Value: registry.OnWholeService, Label: registry.WholeService}},
		objects[:min(len(objects), objectsToChoose)]...)
	for _, o := range objects[len(options)-2:] {
		if o.Value == l.Query.Object {
			options = append(options, o)
		}
	}
	return withChosen(options, l.Query.Object)
}

// withChosen adds the value that was asked for should it be no longer there.
func withChosen(options []ui.Option, value string) []ui.Option {
	for _, o := range options {
		if o.Value == value {
			return options
		}
	}
	return append(options, ui.Option{Value: value, Label: value})
}

func (l PermissionSubjects) pages() ui.Pages {
	p := ui.Pages{Text: amount(l.Page.Found, "assignment")}
	if l.Page.Prev != "" {
		p.First = l.address(func(*registry.SubjectQuery) {})
		p.Previous = l.address(func(q *registry.SubjectQuery) { q.Before = l.Page.Prev })
	}
	if l.Page.Next != "" {
		p.Next = l.address(func(q *registry.SubjectQuery) { q.After = l.Page.Next })
	}
	return p
}

func (l PermissionSubjects) given(g registry.SubjectGrant) given {
	return ServiceAccess{Service: l.Service.Service}.given(g.HeldGrant)
}

// tick is the box by which a grant is chosen, or none.
func (l PermissionSubjects) tick(s Shell, g registry.SubjectGrant) ui.Tick {
	if g.Locked || !s.Granter.May(l.Service.Service, g.Object) {
		return ui.Tick{}
	}
	return ui.Tick{Name: "row", Value: registry.GrantRow(g.Subject, g.HeldGrant), Label: "Tick " + l.given(g).Name + " of " + g.Name}
}

func (l PermissionSubjects) row(s Shell, g registry.SubjectGrant) ui.Row {
	shown := l.given(g)
	row := ui.Row{Icon: subjectIcon(g.Subject.Type), Name: g.Name, Sub: g.Detail, Phone: shown.Name, Locked: g.Locked}
	if shown.Where != "" {
		row.Phone += " on " + shown.Where
	}
	switch kind := g.Subject.Type; {
	case kind == registry.ApplicationSubject && s.May(registry.ViewApplications):
		row.Href = PermissionsAddress(g.Subject.ID, g.Service)
	case kind == registry.UserSubject && s.May(registry.ViewUsers):
		row.Href = UserPath(g.Subject.ID, "")
	case kind == registry.GroupSubject && s.May(registry.ViewUsers):
		row.Href = GroupPath(g.Subject.ID, "")
	}
	return row
}

// where says what a grant is on.
func where(g given) string {
	if g.Where == "" {
		return registry.WholeService
	}
	return g.Where
}

func (l PermissionObjects) address(from string) string {
	return withParams(servicePath(l.Service, objectsTab), ui.Param{Name: "q", Value: l.Search}, ui.Param{Name: "from", Value: from})
}

func (l PermissionObjects) search() ui.Search {
	s := ui.Search{
		Action: servicePath(l.Service, objectsTab), Target: "objects", Value: l.Search,
		Label: "Search containers and objects", Placeholder: "Search name, path or ID",
	}
	if l.Search != "" {
		s.Clear = s.Action
	}
	return s
}

func (l PermissionObjects) pages() ui.Pages {
	p := ui.Pages{Text: thousands(int64(l.Page.Found)) + " containers and objects"}
	if l.Page.Found == 1 {
		p.Text = "1 container or object"
	}
	if l.Page.Prev != "" {
		p.First, p.Previous = l.address(""), l.address(l.Page.Prev)
	}
	if l.Page.Next != "" {
		p.Next = l.address(l.Page.Next)
	}
	return p
}

func (l PermissionObjects) row(o registry.PlacedObject) ui.Row {
	row := ui.Row{Icon: "box", Name: o.Name, Sub: o.Key, Phone: o.Path, Href: subjectsAddress(l.Service, registry.SubjectQuery{Object: o.Key})}
	if o.Container != "" {
		row.Icon, row.Name = "list", o.Container+" › "+o.Name
	}
	return row
}

// use counts the subjects that were given a template or permission.
func (l PermissionTemplates) use(kind registry.GrantKind, key string) registry.Count {
	return l.Use[registry.GrantName(kind, key)]
}
