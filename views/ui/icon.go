package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"clientele/static"
)

// Icon is the Lucide icon of that name (a file of static/icons), as decoration:
// what it says must also be said in words.
func Icon(name string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		drawing, err := static.Icon(name)
		if err == nil {
			_, err = io.WriteString(w, `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">`+drawing+`</svg>`)
		}
		return err
	})
}
