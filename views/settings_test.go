package views

import (
	"testing"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestTeamPage(t *testing.T) {
	team := registry.Team{Name: "Demo <Team>", Logo: "abc"}
	pages := map[string]TeamForm{
		"settings_team": {Input: registry.TeamEdit{Name: team.Name}, Team: team},
		"settings_team_meanwhile": {
			Input: registry.TeamEdit{Name: "Mine", Logo: registry.LogoEdit{PNG: []byte("PNG")}}, Team: team, Meanwhile: true,
			Invalid: registry.Invalid{"logo": "The file is damaged."},
		},
	}
	for name, form := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, TeamPage(demoShell(), form)) })
	}
}
