package registry

import "time"

// Invited is the status of a user who has not accepted the invitation yet.
const Invited Status = "invited"

// UserRow is a user as the list shows them.
type UserRow struct {
	User
	InvitedAt      time.Time // zero once they accepted
	LastSignedInAt time.Time // zero: never
	Groups         int       // how many they are in
	Admin          bool      // can manage users and permissions, by themselves or through a group
	Holds          bool      // any permission, by themselves or through a group
	Beyond         bool      // holds so what the viewer could not give
	NoPassword     bool      // it was reset, and they have not chosen another
	LinkEnds       time.Time // when the link ends by which they are to choose a password; zero when there is none
}

// Status returns what may be done with the account.
func (u UserRow) Status() Status {
	switch {
	case !u.InvitedAt.IsZero():
		return Invited
	case !u.DisabledAt.IsZero():
		return Disabled
	default:
		return Active
	}
}

// UserQuery says which page of which users to list. Its zero value asks for
// the first page of all, by name.
type UserQuery struct {
	Status Status          `query:"status" validate:"omitempty,oneof=active invited disabled" form:"status" label:"status"`
	Search string          `query:"q" validate:"-" form:"q" label:"search"` // part of a name or e-mail address
	Sort   ApplicationSort `query:"sort" validate:"omitempty,oneof=name -name used -used" form:"sort" label:"order"`
	After  string          `query:"after" validate:"-" form:"after" label:"page"`   // the page after this cursor
	Before string          `query:"before" validate:"-" form:"before" label:"page"` // the page before this cursor; wins over After

	MemberOf  string `query:"-" validate:"-" form:"-"` // the ID of a group that they are in
	OutsideOf string `query:"-" validate:"-" form:"-"` // the ID of a group that they are not in
}

// Clean returns the query as it is run.
func (q UserQuery) Clean() UserQuery {
	if q.Sort == "" {
		q.Sort = SortName
	}
	q.Search = CleanSearch(q.Search)
	return q
}

// UserPage is a page of the list of users.
type UserPage struct {
	Users      []UserRow
	Found      Count // how many match
	Prev, Next string
}

// UserAccount is a user as those see them who look after users.
type UserAccount struct {
	UserRow
	MemberOf []Group
	Held     []AccountGrant
	Browsers int // in how many they are signed in
	Consents int // how many applications they let act for them
	Owned    Owned
	LinkMail Delivery // by which the link goes to them; without an ID: by hand
}

// AccountGrant is what a user holds, and the group through which they do.
type AccountGrant struct {
	HeldGrant
	Group Group // zero when it was given to the user
}

// Member is a user with their groups, as other programs read them.
type Member struct {
	UserRow
	MemberOf []Group
}
