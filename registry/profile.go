package registry

import (
	"errors"
	"strings"
	"time"
)

// Profile is what users see of themselves.
type Profile struct {
	User
	Sessions   []UserSession // the one that looks first, then the last used
	NoticeMail bool          // wants notices by e-mail too
}

// UserSession is a browser in which a user is signed in.
type UserSession struct {
	ID         string // names the session and opens nothing
	Agent      string // the browser's User-Agent
	Address    string // where it signed in from
	SignedInAt time.Time
	SeenAt     time.Time // to the minute
	Current    bool      // it is the one that looks
}

// UserDetails is what users can edit of themselves.
type UserDetails struct {
	Name  string `form:"name" validate:"required,max=80,plain_text" label:"name"`
	Email string `form:"email" validate:"required,max=254,email" label:"e-mail address"`
}

// Details returns what can be edited of the user.
func (u User) Details() UserDetails { return UserDetails{Name: u.Name, Email: u.Email} }

// Clean returns the details without stray white space.
func (d UserDetails) Clean() UserDetails {
	u := NewUser{Name: d.Name, Email: d.Email}.Clean()
	return UserDetails{Name: u.Name, Email: u.Email}
}

// Changes returns what has to change for the details to become to.
func (d UserDetails) Changes(to UserDetails) []DetailChange {
	var all []DetailChange
	if d.Name != to.Name {
		all = append(all, DetailChange{"name", d.Name, to.Name})
	}
	if d.Email != to.Email {
		all = append(all, DetailChange{"email", d.Email, to.Email})
	}
	return all
}

// ProfileEdit is new details of a user, and what the user knew of the old.
type ProfileEdit struct {
	UserDetails
	// Password is the one that the user has. It is needed for another e-mail address.
	Password string `form:"password" validate:"-"`
	// Seen is the details as the user saw them. When they are no longer so,
	// another browser was faster, and nothing is done. nil is not compared.
	Seen *UserDetails `form:"-" validate:"-"`
}

// Onto returns what was typed, on details that changed meanwhile: what was left
// alone is as it is now.
func (e ProfileEdit) Onto(now UserDetails) UserDetails {
	if e.Seen == nil {
		return e.UserDetails
	}
	if e.Name != e.Seen.Name {
		now.Name = e.Name
	}
	if e.Email != e.Seen.Email {
		now.Email = e.Email
	}
	return now
}

// PasswordChange is the password that a user has, and the one to have instead.
type PasswordChange struct {
	Current string `form:"current"`
	New     string `form:"new"`
}

// Check reports what is wrong with the new password of a user of the team, as
// an Invalid error, or nil.
func (c PasswordChange) Check(u User, team string) error {
	err := Check(Setup{Team: team, NewUser: NewUser{Email: u.Email, Name: u.Name, Password: c.New}})
	invalid, broken := errors.AsType[Invalid](err)
	if err != nil && !broken {
		return err
	}
	if wrong := invalid["password"]; wrong != "" {
		return Invalid{"new": strings.Replace(wrong, "Enter a password.", "Enter a new password.", 1)}
	}
	return nil
}
