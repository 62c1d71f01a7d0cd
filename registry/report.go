package registry

import (
	"slices"
	"strings"
)

// ReportLine is what an application may ask for and do at one service, on all
// of it or on one of its containers or objects.
type ReportLine struct {
	Application ApplicationRecord
	Service     string // its name; "" for an application that reaches none
	ServiceKey  string
	Scopes      []string // that let it in, on the line of the whole service
	ObjectID    string   // "" is the whole service
	ObjectName  string
	Path        string
	Templates   []string // names of those it holds there
	Actions     []string // keys of all permissions it holds there, those of templates included
}

// Report returns the lines of one application, in the catalogue's order. There
// is at least one.
func Report(app ApplicationRecord, c Catalogue) []ReportLine {
	var lines []ReportLine
	for _, s := range c.Services {
		for _, object := range objectsOf(app, s) {
			line := ReportLine{Application: app, Service: s.Name, ServiceKey: s.Key, ObjectID: object}
			line.ObjectName, line.Path = s.place(object)
			if object == "" {
				line.Scopes = scopesOf(app, s)
			}
			for _, g := range app.Permissions {
				if g.Service == s.Key && g.Object == object {
					line.add(g, s)
				}
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		lines = []ReportLine{{Application: app}}
	}
	return lines
}

func (l *ReportLine) add(g HeldGrant, s Service) {
	keys := []string{g.Key}
	if g.Kind == TemplateGrant {
		t, _ := s.Template(g.Key)
		l.Templates, keys = append(l.Templates, t.Name), t.Permissions
	}
	for _, key := range keys {
		if !slices.Contains(l.Actions, key) {
			l.Actions = append(l.Actions, key)
		}
	}
}

// objectsOf returns where in a service the application may go or do anything:
// "" for the whole of it, first.
func objectsOf(app ApplicationRecord, s Service) []string {
	var objects []string
	if len(scopesOf(app, s)) > 0 {
		objects = append(objects, "")
	}
	for _, g := range app.Permissions {
		if g.Service == s.Key && !slices.Contains(objects, g.Object) {
			objects = append(objects, g.Object)
		}
	}
	slices.Sort(objects)
	return objects
}

func scopesOf(app ApplicationRecord, s Service) []string {
	var keys []string
	for _, scope := range s.Scopes {
		if slices.Contains(app.Scopes, scope.Key) {
			keys = append(keys, scope.Key)
		}
	}
	return keys
}

// place returns the name and path of a container or object of the service.
func (s Service) place(object string) (name, path string) {
	container, key, _ := strings.Cut(object, "/")
	for _, c := range s.Containers {
		if c.Key != container {
			continue
		}
		for _, o := range c.Objects {
			if o.Key == key {
				return o.Name, o.Path
			}
		}
		return c.Name, ""
	}
	return "", ""
}
