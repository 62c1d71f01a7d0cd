package views

import (
	"fmt"
	"strconv"

	"clientele/registry"
	"clientele/views/ui"
)

// SubjectAccess is what a user or an application may do: at every service, or
// at one of them from some line on.
type SubjectAccess struct {
	Access  registry.SubjectAccess
	Service string
	From    string
}

func (a SubjectAccess) path() string { return subjectPage(a.Access.Subject.Subject) + "/access" }

// shown returns the services that are shown.
func (a SubjectAccess) shown() []registry.ServiceAccess {
	if a.Service == "" {
		return a.Access.Services
	}
	for _, s := range a.Access.Services {
		if s.Service.Key == a.Service {
			return []registry.ServiceAccess{s}
		}
	}
	return nil
}

// filter chooses between all services and each.
func (a SubjectAccess) filter() ui.Field {
	options := []ui.Option{{Value: "", Label: "All services"}}
	for _, s := range a.Access.Services {
		options = append(options, ui.Option{Value: s.Service.Key, Label: s.Service.Name})
	}
	return ui.Field{Name: "service", Label: "Service", Value: a.Service, Options: withChosen(options, a.Service)}
}

// lines returns the lines of a service that are shown, and how the rest of them
// is reached.
func (a SubjectAccess) lines(s registry.ServiceAccess) ([]registry.AccessLine, ui.Pages) {
	from := 0
	if a.Service != "" {
		from, _ = strconv.Atoi(a.From)
	}
	lines, prev, next := s.Page(from)
	at := func(from int) string {
		if from < 0 {
			return ""
		}
		return withParams(a.path(), ui.Param{Name: "service", Value: s.Service.Key}, ui.Param{Name: "from", Value: strconv.Itoa(from)})
	}
	pages := ui.Pages{Previous: at(prev), Next: at(next)}
	if prev >= 0 || next >= 0 {
		pages.Text = fmt.Sprintf("%s permissions", thousands(int64(len(s.Lines))))
	}
	return lines, pages
}

// scopeWords says what tokens of the subject open at a service.
func (a SubjectAccess) scopeWords(s registry.ServiceAccess) (text string, warn bool) {
	switch {
	case a.Access.Subject.Subject.Type != registry.ApplicationSubject:
		return "", false
	case a.Access.Keyed && s.Service.BuiltIn:
		return "Its keys let it in without scopes.", false
	case a.Access.Keyed:
		return "The service takes no keys. When it asks what the application may do, these permissions answer.", false
	case len(s.Service.Scopes) == 0:
		return "The service has no scopes.", false
	case len(s.Scopes) == 0:
		return "No scope lets its tokens in here, so that these permissions count for nothing.", true
	}
	text = "Its tokens can carry "
	for i, scope := range s.Scopes {
		if i > 0 {
			text += ", "
		}
		text += scope.Key
	}
	if len(s.Lines) == 0 && len(s.Service.Permissions) > 0 {
		return text + ", but it may do nothing here.", true
	}
	return text + ".", false
}
