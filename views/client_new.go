package views

import (
	"slices"
	"strconv"
	"strings"

	"clientele/registry"
	"clientele/views/ui"
)

// NewClientPath is where the wizard that registers an OAuth client begins.
const NewClientPath = "/admin/applications/new/oauth-client"

// ClientDetailsForm is the wizard's first step: what was typed, and what is
// wrong with it.
type ClientDetailsForm struct {
	Draft      string // its ID; "" before the step was done once
	Input      registry.ClientDetails
	Logo       []byte // PNG, or nil
	Invalid    registry.Invalid
	Unfinished []UnfinishedClient // what the viewer may rather go on with
}

// UnfinishedClient is a registration that was begun and not ended.
type UnfinishedClient struct {
	Draft string // its ID
	Name  string
}

func (f ClientDetailsForm) action() string {
	if f.Draft == "" {
		return NewClientPath
	}
	return DraftPath(f.Draft)
}

// DraftPath is where the registration that was begun as a draft goes on.
func DraftPath(id string) string { return NewClientPath + "/" + id }

// blank reports whether nothing was typed yet.
func (f ClientDetailsForm) blank() bool { return f.Input.Name == "" && len(f.Invalid) == 0 }

// ClientScopesForm is the wizard's second step: what was ticked, and what is
// wrong with it.
type ClientScopesForm struct {
	Draft     string
	Input     registry.NewClient
	Invalid   registry.Invalid
	Catalogue registry.Catalogue
}

func (f ClientScopesForm) action() string { return DraftPath(f.Draft) + "/scopes" }

// services returns those that have a scope for the client to tick.
func (f ClientScopesForm) services() []registry.Service {
	return offeredServices(f.Catalogue, f.Input.Grants, f.Input.Scopes)
}

// actsAsItself reports whether permissions of its own mean anything to the client.
func (f ClientScopesForm) actsAsItself() bool {
	return slices.Contains(f.Input.Grants, registry.ClientCredentials)
}

func (f ClientScopesForm) offersTemplates(s registry.Service) bool {
	return f.actsAsItself() && len(s.Templates) > 0
}

// wrong returns what is wrong, and that may be the details too: another client
// may have taken the name meanwhile.
func (f ClientScopesForm) wrong() ui.Errors {
	order := []string{"scope"}
	for _, s := range f.services() {
		order = append(order, templateField(s))
	}
	return ui.Errors{Invalid: f.Invalid, Order: order, Title: "The client was not created"}
}

// templateField is the name of the field that chooses a service's template.
func templateField(s registry.Service) string { return "template." + s.Key }

func (f ClientScopesForm) template(s registry.Service) ui.Field {
	field := ui.Field{
		Name: templateField(s), Label: "Permissions for " + s.Name, Value: f.Input.Templates[s.Key], Error: f.Invalid[templateField(s)],
		Options: []ui.Option{{Value: "", Label: "No permissions"}},
	}
	for _, t := range s.Templates {
		field.Options = append(field.Options, ui.Option{Value: t.Key, Label: t.Name + ": " + permissionNames(s, t)})
	}
	return field
}

// permissionNames lists what a template gives.
func permissionNames(s registry.Service, t registry.Template) string {
	const most = 3
	var names []string
	for _, key := range t.Permissions {
		if p, ok := s.Permission(key); ok {
			names = append(names, p.Name)
		}
	}
	if len(names) > most {
		return strings.Join(names[:most-1], ", ") + " and " + strconv.Itoa(len(names)-most+1) + " more"
	}
	return strings.Join(names, ", ")
}

// anyTemplates reports whether there are permissions to offer.
func (f ClientScopesForm) anyTemplates() bool {
	return slices.ContainsFunc(f.services(), func(s registry.Service) bool { return len(s.Templates) > 0 })
}
