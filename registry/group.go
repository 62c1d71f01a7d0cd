package registry

import (
	"strings"
	"time"
)

// Group is users that hold permissions together.
type Group struct {
	ID   string
	Name string
}

// Subject returns the group as a holder of permissions.
func (g Group) Subject() Subject { return Subject{Type: GroupSubject, ID: g.ID} }

// GroupInput is what it takes to make or to change a group.
type GroupInput struct {
	Name        string `form:"name" json:"name" validate:"required,max=80,plain_text" label:"name"`
	Description string `form:"description" json:"description,omitempty" validate:"max=200,plain_text" label:"description"`
}

// Clean returns the input without stray white space.
func (in GroupInput) Clean() GroupInput {
	in.Name = strings.Join(strings.Fields(in.Name), " ")
	in.Description = strings.Join(strings.Fields(in.Description), " ")
	return in
}

// GroupRow is a group as the list shows it.
type GroupRow struct {
	Group
	Description string
	CreatedAt   time.Time
	Members     int
	Grants      int    // how many permissions and templates it was given
	Beyond      bool   // was given what the viewer could not give
	Services    string // the names of the services of which it was given something
}

// GroupQuery says which page of which groups to list, by name. Its zero value
// asks for the first page of all.
type GroupQuery struct {
	Search string `query:"q" form:"q"`           // part of a name
	After  string `query:"after" form:"after"`   // the page after this cursor
	Before string `query:"before" form:"before"` // the page before this cursor; wins over After
}

// GroupPage is a page of the list of groups.
type GroupPage struct {
	Groups     []GroupRow
	Found      Count // how many match
	Prev, Next string
}

// GroupAccount is a group with what it holds.
type GroupAccount struct {
	GroupRow
	Held []HeldGrant
}
