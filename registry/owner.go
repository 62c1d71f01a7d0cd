package registry

// Owner is a user who looks after an application: sees it, and what was done
// to it, and makes, pauses and ends its secrets, without managing others.
type Owner struct {
	ID, Name, Email string
	Disabled        bool // cannot sign in
}

const (
	// MaxOwners is how many owners an application can have.
	MaxOwners = 20
	// OwnersFound is how many users a search for new owners returns.
	OwnersFound = 20
	// OwnedShown is how many applications a user's page lists.
	OwnedShown = 10
)

// OwnedByViewer stands in an ApplicationQuery for whoever asks.
const OwnedByViewer = "me"

// Owned is what a user owns: the first OwnedShown by name.
type Owned struct {
	Applications []Application // with ID, Name and Type
	Count        int
	Alone        int // how many have no other owner who can sign in
}
