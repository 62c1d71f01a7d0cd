package views

import (
	"strings"
	"time"

	"clientele/registry"
	"clientele/views/ui"
)

// The places of a user's own pages, which everyone who is signed in has.
const (
	ProfilePath      = "/profile"
	OwnConsentsPath  = ProfilePath + "/oauth-clients"
	profilePassword  = ProfilePath + "/password"
	profileSessions  = ProfilePath + "/sessions"
	profileTitle     = "Edit Profile"
	ownConsentsTitle = "OAuth Client Management"
)

// accountNav is the part of the navigation that everyone has.
var accountNav = []NavItem{
	{Key: ProfilePath, Label: profileTitle, Icon: "user-round", Href: ProfilePath},
	{Key: OwnConsentsPath, Label: ownConsentsTitle, Icon: "shield-check", Href: OwnConsentsPath},
}

// ProfileView is what users see and change of themselves.
type ProfileView struct {
	Profile  registry.Profile
	Details  ProfileForm
	Password PasswordForm
	Consents OwnConsents
	Mail     bool // e-mail is sent here
	Now      time.Time
}

// ProfileForm is what was typed as details, what is wrong with it, and the
// details as they were when they were shown.
type ProfileForm struct {
	Input   registry.UserDetails
	Invalid registry.Invalid
	Seen    registry.UserDetails
	// Meanwhile is what another browser changed since then.
	Meanwhile []registry.DetailChange
	Wait      time.Duration // how long to wait after too many passwords; 0 for none
}

// PasswordForm is what is wrong with a change of password. What was typed is
// never given back.
type PasswordForm struct {
	Invalid registry.Invalid
	Wait    time.Duration // how long to wait after too many attempts; 0 for none
}

// passwordErrors is what is wrong with a form in which a password was typed.
func passwordErrors(invalid registry.Invalid, wait time.Duration, order ...string) ui.Errors {
	if wait > 0 {
		return tooManyAttempts(wait)
	}
	return ui.Errors{Invalid: invalid, Order: order}
}

// others counts the sessions but the one that looks.
func (v ProfileView) others() int {
	n := 0
	for _, s := range v.Profile.Sessions {
		if !s.Current {
			n++
		}
	}
	return n
}

func sessionRow(s registry.UserSession, now time.Time) ui.Row {
	phone := s.Address + " · " + lower(ui.Ago(s.SeenAt, now))
	if s.Current {
		phone = s.Address + " · this one"
	}
	return ui.Row{Icon: "monitor", Name: browserWords(s.Agent), Sub: s.Address, Phone: phone}
}

// browserWords says in words which browser a User-Agent is of: "Firefox on
// Windows". Anyone can send any, so it tells apart and proves nothing.
func browserWords(agent string) string {
	browser := firstNamed(agent, browserMarks)
	system := firstNamed(agent, systemMarks)
	switch {
	case browser == "" && system == "":
		return "Unknown browser"
	case browser == "":
		return "Browser on " + system
	case system == "":
		return browser
	default:
		return browser + " on " + system
	}
}

// mark is what a User-Agent has in it of a browser or system.
type mark struct{ text, name string }

// The first mark wins: many browsers say that they are several.
var (
	browserMarks = []mark{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Vivaldi/", "Vivaldi"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"Chromium/", "Chromium"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
		{"Wget/", "Wget"},
		{"python-requests/", "Python"},
		{"Go-http-client/", "Go program"},
	}
	systemMarks = []mark{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"Macintosh", "macOS"},
		{"Linux", "Linux"},
		{"X11", "Unix"},
	}
)

func firstNamed(agent string, marks []mark) string {
	for _, m := range marks {
		if strings.Contains(agent, m.text) {
			return m.name
		}
	}
	return ""
}
