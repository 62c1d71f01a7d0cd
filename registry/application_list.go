package registry

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Deleted is the status of what was deleted in the last 30 days. Only
// ApplicationQuery and ApplicationRow know it.
const Deleted Status = "deleted"

const (
	// MaxAtOnce is how many applications can be disabled or deleted together: a
	// page of the list.
	MaxAtOnce = 50
	// ConfirmDelete is what one types to delete several.
	ConfirmDelete = "DELETE"
)

// DeletedFor is how long a deleted application is kept.
const DeletedFor = 30 * 24 * time.Hour

// Attention is a reason to look after an application.
type Attention string

const (
	Unused    Attention = "unused"         // for some days, UnusedDays unless asked otherwise; if never used, since it was made
	Expiring  Attention = "expiring"       // a live secret ends within ExpiringWithin
	Powerless Attention = "no_permissions" // holds no permissions, so its tokens open nothing
	Unowned   Attention = "no_owner"       // of the team, and nobody who can sign in owns it
)

const (
	UnusedDays     = 90
	MaxUnusedDays  = 3650
	ExpiringWithin = 30 * 24 * time.Hour
)

// ApplicationSort is an order of applications; a leading hyphen turns it round.
type ApplicationSort string

const (
	SortName        ApplicationSort = "name"
	SortNameDown    ApplicationSort = "-name"
	SortCreated     ApplicationSort = "created"
	SortCreatedDown ApplicationSort = "-created" // newest first
	SortUsed        ApplicationSort = "used"     // never used first
	SortUsedDown    ApplicationSort = "-used"    // just used first; the default
)

// Key returns what is sorted by ("name"), and whether downwards.
func (s ApplicationSort) Key() (key string, down bool) {
	key, down = strings.CutPrefix(string(s), "-")
	return key, down
}

// ApplicationQuery says which page of which applications to list. Its zero
// value asks for the first page of all that live, last used first.
type ApplicationQuery struct {
	Origin    Origin          `query:"origin" validate:"omitempty,oneof=team platform" form:"origin" label:"origin"`
	Type      ApplicationType `query:"type" validate:"omitempty,oneof=oauth_client application_key" form:"type" label:"type"`
	Status    Status          `query:"status" validate:"omitempty,oneof=active disabled deleted" form:"status" label:"status"`
	Scope     string          `query:"scope" validate:"max=200,plain_text" form:"scope" label:"scope"`
	Attention Attention       `query:"attention" validate:"omitempty,oneof=unused expiring no_permissions no_owner" form:"attention" label:"reason"`
	Owner     string          `query:"owner" validate:"max=100,plain_text" form:"owner" label:"owner"` // a user's ID, or OwnedByViewer
	Days      string          `query:"days" validate:"-" form:"days" label:"days"`                     // of Unused, as one types it; see Unused
	Search    string          `query:"q" validate:"-" form:"q" label:"search"`                         // part of a name, client ID or creator; under three characters, the start of a name
	Sort      ApplicationSort `query:"sort" validate:"omitempty,oneof=name -name created -created used -used" form:"sort" label:"order"`
	After     string          `query:"after" validate:"-" form:"after" label:"page"`   // the page after this cursor
	Before    string          `query:"before" validate:"-" form:"before" label:"page"` // the page before this cursor; wins over After
}

// Clean returns the query as it is run: with its default order, and with a
// search folded like the names it is compared with. Nothing that a person
// types is an error.
func (q ApplicationQuery) Clean() ApplicationQuery {
	if q.Sort == "" {
		q.Sort = SortUsedDown
	}
	q.Search = NameKey(CleanSearch(q.Search))
	return q
}

// Unused returns for how many days what is Unused was not used: what was typed
// if that is a number, from 1 to MaxUnusedDays, else UnusedDays.
func (q ApplicationQuery) Unused() int {
	days, err := strconv.Atoi(strings.TrimSpace(q.Days))
	if errors.Is(err, strconv.ErrRange) && days > 0 {
		err = nil // Atoi returned the nearest
	}
	if err != nil {
		return UnusedDays
	}
	return min(max(days, 1), MaxUnusedDays)
}

// CleanSearch returns what a person searches for without what cannot be
// searched for.
func CleanSearch(text string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(visible), " ")
	if runes := []rune(text); len(runes) > maxSearch {
		text = string(runes[:maxSearch])
	}
	return text
}

// maxSearch is more characters than anything that is searched has, so that
// what is longer finds nothing.
const maxSearch = 100

// Filtered reports whether the query leaves out anything but by origin.
func (q ApplicationQuery) Filtered() bool {
	return q.Type != "" || q.Status != "" || q.Scope != "" || q.Owner != "" || q.Attention != "" || q.Search != ""
}

// SearchText returns what an application is found by, folded. Whoever changes
// a name stores it anew.
func SearchText(name, id, creator string) string {
	return NameKey(strings.Join([]string{name, id, creator}, "\n"))
}

// ApplicationPage is one page of the applications list.
type ApplicationPage struct {
	Applications []ApplicationRow
	All          Count  // all that match, and of these
	Team         Count  // what the team configured
	Platform     Count  // what the platform did
	Owner        string // the name of the user whose are asked for
	// Partial says that more match than could be sorted: only the first 1,000
	// found are in the list.
	Partial bool
	// Unknown are the requests that named a client there is none of; counted
	// with the first page of an unfiltered list.
	Unknown AuthenticationFailures
	Prev    string // cursor for Before, or "" on the first page
	Next    string // cursor for After, or "" on the last page
}

// Count is a number that is not counted to its end.
type Count struct {
	N    int
	More bool // there are more than N
}

// ApplicationRow is an application as the list shows it.
type ApplicationRow struct {
	Application
	Scopes      int       // how many it may ask for
	Permissions int       // how many permissions and templates it holds
	Beyond      bool      // holds what the viewer could not give
	Secrets     int       // how many of its secrets are accepted
	SecretEnds  time.Time // when the first of them ends, or zero
	Owned       bool      // by who asks
}

// Cursor is a place in an ordered list: the sort key and ID of a row.
type Cursor struct {
	Sort ApplicationSort `json:"s"`
	Name string          `json:"n,omitempty"` // the key when sorted by name
	Time int64           `json:"t,omitempty"` // the key otherwise, in unix seconds
	ID   string          `json:"i"`
}

var errCursor = errors.New("not a cursor of this list")

// String returns the cursor as it stands in addresses. It means nothing to
// anyone but ParseCursor.
func (c Cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and a number marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// ParseCursor returns the cursor that String wrote. It fails when the text is
// anything else, or was made for another order.
func ParseCursor(text string, sort ApplicationSort) (Cursor, error) {
	const longest = 2048
	if len(text) > longest {
		return Cursor{}, errCursor
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Cursor{}, errCursor
	}
	var c Cursor
	if err := json.Unmarshal(raw, &c); err != nil {
		return Cursor{}, errCursor
	}
	// Written anew it is the same, so there is one cursor for a place, and none
	// with a NUL or broken UTF-8, which a database could refuse.
	if c.Sort != sort || c.ID == "" || c.String() != text || strings.ContainsRune(c.Name+c.ID, 0) {
		return Cursor{}, errCursor
	}
	return c, nil
}
