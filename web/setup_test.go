package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSetup(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		code, _, err := s.Store.NewSetupCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := s.browser(t)
		b.get("/setup").has(403, "Open the printed link")
		b.get("/setup?code=guess").has(403, "Open the printed link")
		b.post("/setup", setupForm("guess")).has(403, "Open the printed link")
		page := b.get("/setup?code=" + code)
		page.has(200, "Create team")
		if got := page.page().Find(`input[name="code"]`).AttrOr("value", ""); got != code {
			t.Errorf("got the code %q in the form, want it kept", got)
		}
		b.post("/setup?code="+code, setupForm("")).has(403) // a form never comes from the address
		b.post("/setup", setupForm(code)).redirects("/")
		b.get("/").redirects("/admin/applications")
		b.get("/setup?code="+code).has(404, "Sign in")
		b.post("/setup", setupForm(code)).has(404, "Sign in")
		s.browser(t).withHTMX().post("/setup", setupForm(code)).has(404, "Sign in")
	})
}

func TestSetupByHTMX(t *testing.T) {
	s := newSite(t)
	code, _, err := s.Store.NewSetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t).withHTMX()
	b.post("/setup", url.Values{"code": {code}}).has(422, "Check the highlighted fields")
	b.post("/setup", setupForm(code)).navigates("/")
}

func TestSetupNamesEveryWrongField(t *testing.T) {
	s := newSite(t)
	code, _, err := s.Store.NewSetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change url.Values
		wrong  []string
	}{
		{"nothing typed", url.Values{"team": {""}, "name": {" "}, "email": {""}, "password": {""}}, []string{"team", "name", "email", "password"}},
		{"too long", url.Values{"team": {strings.Repeat("t", 81)}, "name": {strings.Repeat("n", 81)}}, []string{"team", "name"}},
		{"no address", url.Values{"email": {"admin"}}, []string{"email"}},
		{"a turned name", url.Values{"name": {"Adm\u202ein"}}, []string{"name"}},
		{"short password", url.Values{"password": {"short"}}, []string{"password"}},
		{"the team as password", url.Values{"password": {"Harbor 123456"}}, []string{"password"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := setupForm(code)
			for field, value := range tt.change {
				form[field] = value
			}
			answer := s.browser(t).post("/setup", form)
			answer.has(http.StatusUnprocessableEntity)
			if got := answer.wrongFields(); !slices.Equal(got, tt.wrong) {
				t.Errorf("got %v marked, want %v", got, tt.wrong)
			}
			page := answer.page()
			for _, field := range []string{"team", "name", "email", "code"} {
				if got := page.Find(`input[name="`+field+`"]`).AttrOr("value", ""); got != form.Get(field) {
					t.Errorf("got %s %q, want %q kept", field, got, form.Get(field))
				}
			}
			if strings.Contains(answer.Body.String(), testPassword) || page.Find(`input[type="password"][value]`).Length() > 0 {
				t.Error("the password came back")
			}

			check := s.browser(t).withHTMX().post("/setup/check", form)
			check.has(http.StatusOK)
			if got := check.wrongFields(); !slices.Equal(got, tt.wrong) {
				t.Errorf("checked field by field: got %v marked, want %v", got, tt.wrong)
			}
		})
	}
	s.browser(t).post("/setup/check", setupForm("guess")).has(403)
	if err := s.Store.CheckSetupCode(t.Context(), code); err != nil {
		t.Errorf("got %v, want nothing changed", err)
	}
}

func TestSetupRace(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		code, _, err := s.Store.NewSetupCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var won, lost atomic.Int64
		var racers sync.WaitGroup
		for range 50 {
			b := s.browser(t)
			racers.Go(func() {
				switch code := b.post("/setup", setupForm(code)).Code; code {
				case http.StatusSeeOther:
					won.Add(1)
				case http.StatusNotFound,
					http.StatusForbidden,       // its code was spent while it was looked at
					http.StatusTooManyRequests: // it waited too long on a busy machine
					lost.Add(1)
				default:
					t.Errorf("a racer: got %d", code)
				}
			})
		}
		racers.Wait()
		if won.Load() != 1 || lost.Load() != 49 {
			t.Errorf("got %d set up and %d lost, want 1 and 49", won.Load(), lost.Load())
		}
	})
}
