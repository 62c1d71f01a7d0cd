package ui

import "github.com/a-h/templ"

// Kind is how much an action or a state asks for attention.
type Kind string

// The kinds. Actions are Neutral, Primary, Ghost or Danger; callouts Neutral,
// Warn, Danger or OK; statuses OK, Warn, Info, Danger or Off.
const (
	Neutral Kind = ""
	Primary Kind = "primary"
	Ghost   Kind = "ghost"
	Danger  Kind = "danger"
	OK      Kind = "ok"
	Warn    Kind = "warn"
	Info    Kind = "info"
	Off     Kind = "off"
)

// Action is something one may do: a button, a link that looks like one, or an
// entry of a menu. Text is a verb and its object ("Regenerate secret"), with "…"
// at its end when another step follows.
type Action struct {
	Text    string
	Icon    string // before the text; alone when there is no text
	IconEnd string // after the text
	Label   string // what a screen reader says instead of Text; needed when there is none
	Kind    Kind
	Small   bool
	Class   string // more classes, such as hide-phone

	Href   string // where a link leads; where a form of a menu posts
	NewTab bool   // a link leaves the page open that it is in

	Name, Value string // what a submit button sends
	Form        string // the id of the form a button submits when it stands outside it
	FormAction  string // where a submit button sends its form instead
}

// class returns the classes of a button.
func (a Action) class() string {
	class := "btn"
	if a.Kind != Neutral {
		class += " btn-" + string(a.Kind)
	}
	if a.Text == "" {
		class += " btn-icon"
	}
	if a.Small {
		class += " btn-small"
	}
	return joined(class, a.Class)
}

// itemClass returns the classes of an entry of a menu.
func (a Action) itemClass() string {
	class := "menu-item"
	if a.Kind == Danger {
		class += " menu-item-danger"
	}
	return joined(class, a.Class)
}

// attrs returns the attributes that a button and its kin share.
func (a Action) attrs() templ.Attributes {
	var target string
	if a.NewTab {
		target = "_blank"
	}
	return some(templ.Attributes{
		"aria-label": a.Label,
		"name":       a.Name,
		"value":      a.Value,
		"form":       a.Form,
		"formaction": a.FormAction,
		"target":     target,
	})
}

func joined(class, more string) string {
	if more == "" {
		return class
	}
	return class + " " + more
}

// some returns those attributes that say something: no empty string, no false.
func some(attrs templ.Attributes) templ.Attributes {
	for name, value := range attrs {
		if value == "" || value == false {
			delete(attrs, name)
		}
	}
	return attrs
}
