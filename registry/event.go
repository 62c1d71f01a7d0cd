package registry

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"
)

// Outcome says whether an event happened or was refused.
type Outcome string

const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
)

// Target is what an event is about.
type Target struct {
	Type string // "application", "user", "service", "team", "signing_key", "audit_log"
	ID   string
	Name string // as it was then
}

// The targets of what is done to a whole list.
var (
	AllApplications = Target{Type: "applications", ID: "applications", Name: "Applications"}
	WholeAuditLog   = Target{Type: "audit_log", ID: "audit-log", Name: "Audit log"}
	AllUsers        = Target{Type: "users", ID: "users", Name: "Users"}
	AllGroups       = Target{Type: "groups", ID: "groups", Name: "Groups"}
	WholeCatalogue  = Target{Type: "catalogue", ID: "catalogue", Name: "Catalogue"}
	AllPermissions  = Target{Type: "permissions", ID: "permissions", Name: "Permissions"}
)

// ApplicationTarget returns the target of what is done to the application of
// that ID, whose name is not known yet.
func ApplicationTarget(id string) Target { return Target{Type: "application", ID: id} }

// Event is one line of the audit log: what was done or refused, by whom, to what.
type Event struct {
	Seq           int64     // 1, 2, 3, … without gaps
	At            time.Time // to the millisecond
	Actor         Actor
	Action        string // "application.create"
	Outcome       Outcome
	Target        Target
	Before, After string // JSON objects of what changed, or ""
	Hash          string // hex; see ChainHash
}

// ChainHash returns the event's link in the hash chain: the hex SHA-256 of the
// previous event's hash and every stored field, each preceded by its length so
// that no byte can move from one field to the next. The first event's
// predecessor is "".
func (e Event) ChainHash(previous string) string {
	h := sha256.New()
	put(h, previous)
	putInt(h, e.Seq)
	putInt(h, e.At.UnixMilli())
	for _, field := range []string{
		string(e.Actor.Type), e.Actor.ID, e.Actor.Name, e.Action, string(e.Outcome),
		e.Target.Type, e.Target.ID, e.Target.Name, e.Actor.Address, e.Actor.RequestID, e.Before, e.After,
	} {
		put(h, field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func put(h hash.Hash, field string) {
	putInt(h, int64(len(field)))
	h.Write([]byte(field))
}

func putInt(h hash.Hash, n int64) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) //nolint:gosec // the bits are hashed, the sign does not matter
}
