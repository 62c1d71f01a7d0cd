package static

import (
	"embed"
	"fmt"
	"regexp"
	"sync"
)

//go:embed icons/*.svg
var iconFiles embed.FS

var drawing = regexp.MustCompile(`(?s)^<svg[^>]*>(.*)</svg>\s*$`)

var icons sync.Map // name -> drawing

// Icon returns what is inside the <svg> of a Lucide icon, drawn on 24 by 24.
// It fails when the icon is not among those in icons/.
func Icon(name string) (string, error) {
	if known, ok := icons.Load(name); ok {
		return known.(string), nil
	}
	file, err := iconFiles.ReadFile("icons/" + name + ".svg")
	if err != nil {
		return "", fmt.Errorf("no icon %q: %w", name, err)
	}
	parts := drawing.FindSubmatch(file)
	if parts == nil {
		return "", fmt.Errorf("icon %q is no drawing", name)
	}
	inside := string(parts[1])
	icons.Store(name, inside)
	return inside, nil
}
