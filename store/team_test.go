package store_test

import (
	"bytes"
	"errors"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

func TestTeam(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		if _, err := db.Team(ctx, registry.Operator); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("before there is a team: got %v, want ErrNotFound", err)
		}
		code, _, err := db.NewSetupCode(ctx)
		if err != nil {
			t.Fatal(err)
		}
		user, err := db.Setup(ctx, registry.System, code, registry.Setup{
			Team: "First", NewUser: registry.NewUser{Name: "Demo Admin", Email: "admin@example.com", Password: "correct horse battery"},
		})
		if err != nil {
			t.Fatal(err)
		}
		admin, logo := user.Actor(), []byte("\x89PNG a logo")
		update := func(in registry.TeamEdit) (registry.Team, error) {
			t.Helper()
			refused := db.UpdateTeam(ctx, admin, in)
			team, err := db.Team(ctx, admin)
			if err != nil {
				t.Fatal(err)
			}
			return team, refused
		}
		team, err := update(registry.TeamEdit{Name: " Second \n team ", Seen: "First", Logo: registry.LogoEdit{PNG: logo}})
		if err != nil || team.Name != "Second team" || team.Logo == "" {
			t.Fatalf("got %+v %v, want another name and a logo", team, err)
		}
		if png, err := db.Logo(ctx, team.Logo); err != nil || !bytes.Equal(png, logo) {
			t.Errorf("got the logo %q %v, want %q", png, err, logo)
		}
		event := newest(t, db, "team")
		if event.Action != "team.update" || event.Target.Name != "Second team" || event.Before != `{"logo":"","name":"First"}` {
			t.Errorf("got %+v, want the change", event)
		}
		if again, err := update(registry.TeamEdit{Name: "Third", Seen: "First"}); !errors.Is(err, registry.ErrConflict) || again != team {
			t.Errorf("seen otherwise: got %+v %v, want ErrConflict", again, err)
		}
		if again, err := update(registry.TeamEdit{Name: "Second team"}); err != nil || again != team || newest(t, db, "team").Seq != event.Seq {
			t.Errorf("as it is: got %+v %v, want nothing changed", again, err)
		}
		var invalid registry.Invalid
		if _, err := update(registry.TeamEdit{Name: "\u202e"}); !errors.As(err, &invalid) || invalid["name"] == "" {
			t.Errorf("got %v, want the name refused", err)
		}
		if team, err = update(registry.TeamEdit{Name: "Second team", Logo: registry.LogoEdit{Remove: true}}); err != nil || team.Logo != "" {
			t.Errorf("got %+v %v, want no logo", team, err)
		}
	})
}
