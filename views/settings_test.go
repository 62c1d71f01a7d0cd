package views

import (
	"testing"
	"time"

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
	rules[0].Email, rules[0].Addresses = true, "alarms@example.com\nlist@example.com"
	nobody := registry.NoticeRule{Kind: registry.NoticeConsentRevoked, On: true}
	pages := map[string]templ.Component{
		"settings_notices":      NoticeRulesPage(demoShell(), NoticeRules{Rules: rules}),
		"settings_notices_mail": NoticeRulesPage(demoShell(), NoticeRules{Rules: rules[:2], Trouble: registry.MailTrouble{Messages: 3, Answer: "No answer: connection refused", TriedAt: time.Date(2026, time.June, 1, 11, 55, 0, 0, time.UTC)}, Now: time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)}),
		"settings_notice":       NoticeRulePage(demoShell(), NoticeRuleForm{Input: rules[0], Seen: rules[0], Mail: true}),
		"settings_notice_meanwhile": NoticeRulePage(demoShell(), NoticeRuleForm{
			Input: rules[0], Seen: rules[0], Meanwhile: registry.NoticeRule{Addresses: "list@example.com"}.Changes(rules[0]), Mail: true,
		}),
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

func TestRetentionPages(t *testing.T) {
	since := time.Date(2026, time.May, 2, 0, 0, 0, 0, time.UTC)
	loss := registry.RetentionLoss{Days: 30, Before: since, Events: registry.Count{N: 1000, More: true}, Sooner: true}
	pages := map[string]templ.Component{
		"settings_audit_log":         RetentionPage(demoShell(), RetentionForm{Days: "0"}),
		"settings_audit_log_pruned":  RetentionPage(demoShell(), RetentionForm{Now: registry.AuditRetention{Days: 365, CompleteSince: since}, Days: "7", Invalid: registry.Invalid{"days": "Choose how long events are kept."}}),
		"settings_audit_log_shorten": ShortenRetentionPage(demoShell(), ShortenRetention{Loss: loss}),
		"settings_audit_log_wrong":   ShortenRetentionPage(demoShell(), ShortenRetention{Loss: registry.RetentionLoss{Days: 30}, Typed: "delete", Invalid: registry.Invalid{"confirm": "Type DELETE to have older events deleted."}}),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}
