package registry

import "strings"

// KeyDetails is what can be said of an application key, and edited later.
type KeyDetails struct {
	Name        string `form:"name" json:"name" validate:"required,max=80,plain_text" label:"name"`
	Description string `form:"description" json:"description" validate:"max=500,plain_text" label:"description"`
}

// Clean returns the details as they are checked and stored.
func (d KeyDetails) Clean() KeyDetails {
	return KeyDetails{
		Name:        strings.Join(strings.Fields(d.Name), " "),
		Description: strings.TrimSpace(strings.ReplaceAll(d.Description, "\r\n", "\n")),
	}
}

// NewApplicationKey is what it takes to make an application key.
type NewApplicationKey struct {
	KeyDetails
	// First is when its first key ends; the zero value leaves that to the policy.
	First SecretInput `form:"-" validate:"-"`
}

// KeyEdit is new details of an application key, and what the editor knew of
// the old.
type KeyEdit struct {
	KeyDetails
	// Seen is the details as the editor saw them. When they are no longer so,
	// someone else was faster, and nothing is done. nil is not compared.
	Seen *KeyDetails `form:"-" json:"-" validate:"-"`
}

// Changes returns what differs in to, by field.
func (d KeyDetails) Changes(to KeyDetails) []DetailChange {
	var changes []DetailChange
	for _, c := range []DetailChange{{"name", d.Name, to.Name}, {"description", d.Description, to.Description}} {
		if c.Before != c.After {
			changes = append(changes, c)
		}
	}
	return changes
}

// KeyDetails returns what can be edited of an application key.
func (a Application) KeyDetails() KeyDetails { return KeyDetails{a.Name, a.Description} }

// KeyMigration is the OAuth client that is to take over from an application
// key. It gets the key's permissions, networks and owners.
type KeyMigration struct {
	Name       string   `form:"name" validate:"-"`
	AuthMethod string   `form:"auth_method" validate:"-"`
	Scopes     []string `form:"scope" validate:"-"`
}

// Client returns the client to register, whose rules are those of any.
func (m KeyMigration) Client(key Application) NewClient {
	return NewClient{
		ClientDetails: ClientDetails{Name: m.Name, Description: key.Description, Grants: []string{ClientCredentials}, AuthMethod: m.AuthMethod},
		Scopes:        m.Scopes,
	}
}
