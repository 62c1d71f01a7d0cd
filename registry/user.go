package registry

import (
	"strings"
	"time"
)

// User is a person of the team.
type User struct {
	ID         string
	Email      string
	Name       string
	CreatedAt  time.Time
	DisabledAt time.Time // zero: may sign in
}

// Actor returns the user as the one for whom something is done.
func (u User) Actor() Actor { return Actor{Type: UserActor, ID: u.ID, Name: u.Name} }

// NewUser is what it takes to make a user.
type NewUser struct {
	Email    string `form:"email" json:"email" validate:"required,max=254,email" label:"e-mail address"`
	Name     string `form:"name" json:"name" validate:"required,max=80,plain_text" label:"name"`
	Password string `form:"password" json:"-" validate:"required,min=12,max=128" label:"password"`
	Admin    bool   `form:"-" json:"admin"`
}

// Clean returns the input without stray white space. A password keeps its own.
func (u NewUser) Clean() NewUser {
	u.Email = strings.TrimSpace(u.Email)
	u.Name = strings.Join(strings.Fields(u.Name), " ")
	return u
}

// Setup is what the first-run page asks for: the team and its first administrator.
type Setup struct {
	Team string `form:"team" json:"team" validate:"required,max=80,plain_text" label:"team name"`
	NewUser
}

// Clean returns the input without stray white space.
func (s Setup) Clean() Setup {
	s.Team = strings.Join(strings.Fields(s.Team), " ")
	s.NewUser = s.NewUser.Clean()
	return s
}

// EmailKey folds an address so that a person has one account however they type it.
func EmailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
