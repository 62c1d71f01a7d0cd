package views

import (
	"clientele/registry"
	"clientele/views/ui"
)

const grantingTab = "/granting"

// GrantingQuestion is what is asked before it changes who may grant the
// permissions of a service, and why it was not done.
type GrantingQuestion struct {
	View    registry.GrantingView
	To      registry.Granting
	Invalid registry.Invalid
}

// Title asks the question.
func (q GrantingQuestion) Title() string {
	if q.To == registry.Restricted {
		return "Restrict who may grant " + q.View.Name + "?"
	}
	return "Let administrators grant " + q.View.Name + "?"
}

func (q GrantingQuestion) dialog() ui.Dialog {
	d := ui.Dialog{
		Icon: "shield-check", Title: q.Title(), Action: GrantingPath(q.View.Key, q.To), Cancel: GrantingPath(q.View.Key, ""),
		Submit: ui.Action{Text: "Let administrators grant", Kind: ui.Primary},
	}
	if q.To == registry.Restricted {
		d.Kind, d.Submit = ui.Danger, ui.Action{Text: "Restrict", Kind: ui.Danger}
	}
	return d
}

// GrantingPath is where it is told who may grant the permissions of a service,
// or asked whether to change it.
func GrantingPath(service string, to registry.Granting) string {
	address := servicePath(registry.ServicePart{Service: registry.Service{Key: service}}, grantingTab)
	if to != "" {
		address += "/" + string(to)
	}
	return address
}

// ownPermission is the name of the permission whose holders grant when the
// service is restricted.
func ownPermission(s registry.ServicePart) string {
	return permissionList(s.Service, []string{registry.ManageOwnPermissions})
}

func hasOwnPermission(s registry.ServicePart) bool {
	_, has := s.Permission(registry.ManageOwnPermissions)
	return has
}

// ownHolders says how many could grant if the service were restricted.
func ownHolders(v registry.GrantingView) string {
	if v.Holders == 0 {
		return "Nobody who can sign in"
	}
	return countOf(v.Holders, "user") + " who can sign in"
}
