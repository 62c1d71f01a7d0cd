package views

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func demoProfile() ProfileView {
	user := registry.User{ID: "us_demo", Name: "Demo <Admin>", Email: "admin@example.com"}
	return ProfileView{
		Profile: registry.Profile{User: user, Sessions: []registry.UserSession{
			{ID: "s1", Agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", Address: "192.0.2.1", SignedInAt: noon.Add(-time.Hour), SeenAt: noon, Current: true},
			{ID: "s2", Agent: "<script>", Address: "2001:db8::1", SignedInAt: noon.Add(-50 * time.Hour), SeenAt: noon.Add(-10 * time.Hour)},
		}},
		Details: ProfileForm{Input: user.Details(), Seen: user.Details()},
		Now:     noon,
	}
}

func TestProfilePage(t *testing.T) {
	shell := demoShell()
	shell.Active = ProfilePath
	with := func(change func(*ProfileView)) templ.Component {
		v := demoProfile()
		change(&v)
		return ProfilePage(shell, v)
	}
	pages := map[string]templ.Component{
		"profile":      with(func(*ProfileView) {}),
		"profile_mail": with(func(v *ProfileView) { v.Mail, v.Profile.NoticeMail = true, true }),
		"profile_alone": with(func(v *ProfileView) {
			v.Profile.Sessions = v.Profile.Sessions[:1]
		}),
		"profile_wrong": with(func(v *ProfileView) {
			v.Details.Input = registry.UserDetails{Email: "no address"}
			v.Details.Invalid = registry.Invalid{"name": "Enter a name.", "email": "Enter an e-mail address such as name@example.com.", "password": "Enter your current password."}
			v.Password.Invalid = registry.Invalid{"current": "That is not your current password.", "new": "Use at least 12 characters."}
		}),
		"profile_meanwhile": with(func(v *ProfileView) {
			v.Details.Meanwhile = registry.UserDetails{Name: "Demo", Email: "demo@example.com"}.Changes(v.Details.Seen)
			v.Password.Wait = 10 * time.Minute
		}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestBrowserWords(t *testing.T) {
	tests := []struct{ agent, want string }{
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36", "Chrome on Linux"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/80.0 Chrome/80.0 Safari/537.36", "Chromium on Linux"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 OPR/123.0.0.0", "Opera on Windows"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari on macOS"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"},
		{"Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36", "Chrome on ChromeOS"},
		{"Mozilla/5.0 (Linux; U)", "Browser on Linux"},
		{"curl/8.14.1", "curl"},
		{"", "Unknown browser"},
		{"<script>alert(1)</script>", "Unknown browser"},
	}
	for _, tt := range tests {
		if got := browserWords(tt.agent); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.agent, got, tt.want)
		}
	}
}

func FuzzBrowserWords(f *testing.F) {
	for _, seed := range []string{"", "curl/8", "Edg Linux", "\x00\xff", "Firefox/ on X11"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		if got := browserWords(agent); got == "" || len(got) > 40 || !utf8.ValidString(got) {
			t.Errorf("%q: got %q, want a few words", agent, got)
		}
	})
}
