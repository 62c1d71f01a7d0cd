package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"clientele/static"
)

// Icon draws a Lucide icon of static/icons in the colour of the text. It is
// decoration: what it says must also be said in words, beside it or in the label
// of its button. An unknown name fails the page.
func Icon(name string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		drawing, err := static.Icon(name)
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">`+drawing+`</svg>`)
		return err
	})
}
