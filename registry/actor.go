package registry

// ActorType says what kind of caller an Actor is.
type ActorType string

const (
	// UserActor is a signed-in person.
	UserActor ActorType = "user"
	// ApplicationActor is a caller of the REST API that came with an application's own token.
	ApplicationActor ActorType = "application"
	// OperatorActor is whoever can run the binary on the database: the command
	// line. It may do everything.
	OperatorActor ActorType = "operator"
)

// Actor is for whom something is done. Its permissions are not part of it:
// they are read in the transaction that needs them.
type Actor struct {
	Type      ActorType
	ID        string // a user's ID, a client ID, or "cli"
	Name      string // as the audit log shows it
	Address   string // where the request came from, or ""
	RequestID string // or ""
}

// Operator is the actor of the command line.
var Operator = Actor{Type: OperatorActor, ID: "cli", Name: "Command line"}

// System is the actor of what Clientele does by itself.
var System = Actor{Type: OperatorActor, ID: "clientele", Name: "Clientele"}

// Subject is who holds permissions.
type Subject struct {
	Type SubjectType
	ID   string // a user's or a group's ID, or a client ID
}

// SubjectType is one of the kinds of holder.
type SubjectType string

const (
	UserSubject        SubjectType = "user"
	GroupSubject       SubjectType = "group" // of users, who hold what it holds
	ApplicationSubject SubjectType = "application"
)

// Subject returns whose permissions decide for the actor.
func (a Actor) Subject() Subject { return Subject{Type: SubjectType(a.Type), ID: a.ID} }
