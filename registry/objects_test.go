package registry

import (
	"reflect"
	"strings"
	"testing"
)

// What edits return follows the rules or is refused, and what was there before
// stays as it was, for those who still look at it.
func FuzzObjectEdits(f *testing.F) {
	f.Add("web", "Web", "returns", "Returns", "/web/returns")
	f.Add("", "", "..", "a\x00b", strings.Repeat("x", 400))
	f.Fuzz(func(t *testing.T, container, name, object, objectName, path string) {
		old := func() []Container {
			return []Container{{Key: "web", Name: "Old", Objects: []Object{{Key: "one", Name: "One"}}}, {Key: "lake", Name: "Lake"}}
		}
		for _, edit := range []ObjectEdit{
			PutContainer(container, name), PutObject(container, Object{Key: object, Name: objectName, Path: path}), DropContainer(container), DropObject(container, object),
		} {
			before := old()
			after, err := edit(before)
			if !reflect.DeepEqual(before, old()) {
				t.Fatalf("got %+v, want what was there left alone", before)
			}
			if err != nil || CheckContainers(after) != nil {
				continue
			}
			again, err := edit(after)
			if err != nil || !reflect.DeepEqual(after, again) {
				t.Errorf("got %+v and %v, want twice to be once: %+v", again, err, after)
			}
			for _, c := range after {
				if strings.Contains(c.Key, "/") || len(c.Key) > 100 || strings.ContainsRune(c.Name, 0) {
					t.Errorf("got %+v past the rules", c)
				}
			}
		}
	})
}
