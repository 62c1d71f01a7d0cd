package views

import (
	"testing"

	"github.com/a-h/templ"

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

func TestNoticeRulesPage(t *testing.T) {
	var rules []registry.NoticeRule
	for _, kind := range registry.NoticeTypes {
		rules = append(rules, kind.DefaultRule())
	}
	rules[1].On, rules[5].Admins = false, false
	nobody := registry.NoticeRule{Kind: registry.NoticeConsentRevoked, On: true}
	pages := map[string]templ.Component{
		"settings_notices":       NoticeRulesPage(demoShell(), rules),
		"settings_notice":        NoticeRulePage(demoShell(), NoticeRuleForm{Input: rules[0]}),
		"settings_notice_nobody": NoticeRulePage(demoShell(), NoticeRuleForm{Input: nobody, Invalid: registry.Invalid{"admins": "Choose who is told, or turn the notice off."}}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
	for _, kind := range registry.NoticeTypes {
		if noticeIcons[kind.Kind] == "" {
			t.Errorf("%s has no icon", kind.Kind)
		}
	}
}
