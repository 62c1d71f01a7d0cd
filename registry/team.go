package registry

import "strings"

// Team is the installation, as its people see it.
type Team struct {
	Name string
	Logo string // the hash in its address, /logos/{hash}; "" when it has none
}

// TeamEdit is what the team is to be called, and what its editor knew of it.
type TeamEdit struct {
	Name string   `form:"name" validate:"required,max=80,plain_text" label:"team name"`
	Logo LogoEdit `form:"-" validate:"-"`
	// Seen is the name as the editor saw it. When it is no longer so, someone
	// else was faster, and nothing is done. "" is not compared.
	Seen string `form:"seen" validate:"-"`
}

// Clean returns the edit without stray white space.
func (e TeamEdit) Clean() TeamEdit {
	e.Name = strings.Join(strings.Fields(e.Name), " ")
	return e
}
