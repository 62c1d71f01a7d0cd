package ui

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Field is one labelled control, what was typed into it, and what is wrong with
// that, if anything.
type Field struct {
	Name, Label, Value string
	ID                 string // in the page; Name when empty
	Hint, Error        string // whole sentences
	Emphasis           string // the part of Label to show bold

	Required bool
	Optional bool // says so beside the label

	Type         string // of a TextField: "text" when empty
	Autocomplete string // "off" when empty
	Placeholder  string
	MaxLength    int
	Rows         int  // of a TextArea: 3 when 0
	Mono         bool // for what machines read
	Autofocus    bool

	Accept  string   // of a FileField: the kinds of file, as content types
	Checked bool     // of a Checkbox
	Options []Option // of a Select, RadioCards or Choices

	// Check is where the server checks the field as one leaves it. The form is
	// posted there as it stands; the answer holds the same field again, in a
	// whole page or alone, and only this field is replaced.
	Check string
}

// Option is one of the values a field may have.
type Option struct {
	Value, Label string
	Text         string // a line that explains it, for RadioCards and Choices
	Icon         string // for RadioCards
	Disabled     bool
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

// boxID is the id of what holds label, control and messages: what a check replaces.
func (f Field) boxID() string { return f.id() + "-field" }

func (f Field) errorID() string { return f.id() + "-err" }

func (f Field) hintID() string { return f.id() + "-hint" }

// describedBy returns the ids of the field's messages.
func (f Field) describedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.errorID())
	}
	if f.Hint != "" {
		ids = append(ids, f.hintID())
	}
	return strings.Join(ids, " ")
}

// invalid returns the value of aria-invalid.
func (f Field) invalid() string {
	if f.Error == "" {
		return ""
	}
	return "true"
}

// control returns the attributes that every control of a field has.
func (f Field) control() templ.Attributes {
	attrs := templ.Attributes{
		"name":             f.Name,
		"required":         f.Required,
		"autofocus":        f.Autofocus,
		"aria-describedby": f.describedBy(),
		"aria-invalid":     f.invalid(),
	}
	if f.Check != "" {
		attrs["hx-post"] = f.Check
		attrs["hx-encoding"] = "application/x-www-form-urlencoded" // no file of the form goes along
		attrs["hx-trigger"] = "change"
		attrs["hx-target"] = "#" + f.boxID()
		attrs["hx-select"] = "#" + f.boxID()
		attrs["hx-swap"] = "outerMorph"
		attrs["hx-sync"] = "this:replace"
	}
	return some(attrs)
}

// text returns the attributes of a control that one types into.
func (f Field) text() templ.Attributes {
	attrs := f.control()
	attrs["autocomplete"] = f.Autocomplete
	if f.Autocomplete == "" {
		attrs["autocomplete"] = "off"
	}
	if f.Placeholder != "" {
		attrs["placeholder"] = f.Placeholder
	}
	if f.MaxLength > 0 {
		attrs["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	if f.Mono {
		attrs["spellcheck"] = "false"
		attrs["autocapitalize"] = "off"
	}
	return attrs
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) rows() string {
	if f.Rows == 0 {
		return "3"
	}
	return strconv.Itoa(f.Rows)
}

// label returns the label before, in and after its emphasis.
func (f Field) label() (before, bold, after string) {
	before, after, found := strings.Cut(f.Label, f.Emphasis)
	if f.Emphasis == "" || !found {
		return f.Label, "", ""
	}
	return before, f.Emphasis, after
}

// group returns the attributes of a fieldset of radio buttons.
func (f Field) group() templ.Attributes {
	return some(templ.Attributes{"role": "radiogroup", "aria-describedby": f.describedBy(), "aria-invalid": f.invalid()})
}

// optionID returns the id of a radio button: the first has the field's own, so
// that the summary of errors can lead to it.
func (f Field) optionID(i int) string {
	if i == 0 {
		return f.id()
	}
	return f.id() + "-" + strconv.Itoa(i)
}

// option returns the attributes of a radio button.
func (f Field) option(i int) templ.Attributes {
	attrs := f.control()
	delete(attrs, "aria-describedby") // the group says it, for all
	delete(attrs, "aria-invalid")
	if i > 0 {
		delete(attrs, "autofocus")
	}
	return attrs
}
