package registry

import (
	"slices"
	"strings"
	"time"
)

// OnWholeService is the object that a SubjectQuery names for what is held on
// all of a service.
const OnWholeService = "*"

// SubjectQuery says which page of a service's grants to list: those that match
// all that is not zero. Its zero value asks for the first page of all, by the
// subject's name.
type SubjectQuery struct {
	Type   SubjectType `query:"type" validate:"omitempty,oneof=user group application" form:"type" label:"kind of subject"`
	Grant  string      `query:"grant" validate:"max=200,plain_text" form:"grant" label:"permission"` // GrantName's
	Object string      `query:"object" validate:"max=300,plain_text" form:"object" label:"object"`   // "container", "container/object" or OnWholeService
	Search string      `query:"q" validate:"-" form:"q" label:"search"`                              // part of the subject's name
	After  string      `query:"after" validate:"-" form:"after" label:"page"`                        // the page after this cursor
	Before string      `query:"before" validate:"-" form:"before" label:"page"`                      // the page before this cursor; wins over After
}

// Filtered reports whether the query leaves out anything.
func (q SubjectQuery) Filtered() bool {
	return q.Type != "" || q.Grant != "" || q.Object != "" || q.Search != ""
}

// SubjectsByName is the order of a SubjectPage's cursors.
const SubjectsByName ApplicationSort = "subject"

// SubjectGrant is what a subject was given of a service, as lists show it.
type SubjectGrant struct {
	HeldGrant
	Subject   Subject
	Name      string
	Detail    string // what tells it from others of that name: a user's e-mail address, or an ID
	Disabled  bool   // so that the grant is of no use
	Locked    bool   // an application of the platform, which changes it
	GrantedAt time.Time
	GrantedBy string // a user's name, or "" for the command line and for who is gone
}

// SubjectPage is a page of a service's grants.
type SubjectPage struct {
	Grants     []SubjectGrant
	Found      Count // how many match
	Prev, Next string
}

// GrantUse is how many subjects were given what of a service themselves, by
// GrantName, wherever in the service they hold it.
type GrantUse map[string]Count

// ObjectsShown is how many containers and objects are on a page.
const ObjectsShown = 50

// PlacedObject is a container or an object of a service.
type PlacedObject struct {
	Key       string // "container" or "container/object", as grants name it
	Container string // the name of the container that an object is in, or ""
	Name      string
	Path      string // "" for containers, and where the service gives none
}

// ObjectPage is a page of a service's containers and objects, each container
// before its objects, in the catalogue's order.
type ObjectPage struct {
	Objects    []PlacedObject
	Found      int
	Prev, Next string // the first object of that page
}

// ObjectPage returns the page that begins with the object from, or the first,
// of those containers and objects whose name, path or key contains the search.
// It fails with Invalid when from is not among them.
func (s Service) ObjectPage(search, from string) (ObjectPage, error) {
	search = NameKey(CleanSearch(search))
	var all []PlacedObject
	add := func(o PlacedObject) {
		if strings.Contains(NameKey(strings.Join([]string{o.Container, o.Name, o.Path, o.Key}, "\n")), search) {
			all = append(all, o)
		}
	}
	for _, c := range s.Containers {
		add(PlacedObject{Key: c.Key, Name: c.Name})
		for _, o := range c.Objects {
			add(PlacedObject{Key: c.Key + "/" + o.Key, Container: c.Name, Name: o.Name, Path: o.Path})
		}
	}
	page := ObjectPage{Found: len(all)}
	at := 0
	if from != "" {
		at = slices.IndexFunc(all, func(o PlacedObject) bool { return o.Key == from })
		if at < 0 {
			return page, Invalid{"page": "That page is no longer there."}
		}
	}
	if at > 0 {
		page.Prev = all[max(0, at-ObjectsShown)].Key
	}
	if next := at + ObjectsShown; next < len(all) {
		page.Next = all[next].Key
	}
	page.Objects = all[at:min(at+ObjectsShown, len(all))]
	return page, nil
}
