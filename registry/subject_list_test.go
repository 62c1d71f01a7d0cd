package registry

import (
	"fmt"
	"slices"
	"testing"
)

func TestObjectPages(t *testing.T) {
	s := Service{Containers: []Container{{Key: "attic", Name: "Attic"}, {Key: "pool", Name: "Pool"}}}
	for i := range 120 {
		s.Containers[1].Objects = append(s.Containers[1].Objects, Object{Key: fmt.Sprint("o", i), Name: fmt.Sprint("Object ", i), Path: fmt.Sprint("/p/", i)})
	}
	var seen []string
	pages, from := 0, ""
	for {
		page, err := s.ObjectPage("", from)
		if err != nil || page.Found != 122 {
			t.Fatalf("got %+v, %v, want 122 found", page, err)
		}
		if (page.Prev != "") != (pages > 0) {
			t.Errorf("page %d: got %q as the page before", pages, page.Prev)
		}
		for _, o := range page.Objects {
			seen = append(seen, o.Key)
		}
		pages++
		if from = page.Next; from == "" {
			break
		}
	}
	if pages != 3 || len(seen) != 122 || seen[0] != "attic" || seen[1] != "pool" || seen[121] != "pool/o119" {
		t.Errorf("got %d pages of %v", pages, seen)
	}
	for search, want := range map[string][]string{
		"ATTIC": {"attic"}, "/p/119": {"pool/o119"}, "object 77": {"pool/o77"}, "pool/o5": {"pool/o5", "pool/o50", "pool/o51", "pool/o52", "pool/o53", "pool/o54", "pool/o55", "pool/o56", "pool/o57", "pool/o58", "pool/o59"}, "nothing": nil,
	} {
		page, err := s.ObjectPage(search, "")
		var got []string
		for _, o := range page.Objects {
			got = append(got, o.Key)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", search, got, err, want)
		}
	}
	if _, err := s.ObjectPage("attic", "pool"); err == nil {
		t.Error("a page that begins with what is not found: got no error")
	}
}
