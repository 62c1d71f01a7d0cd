package views

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestAuditLog(t *testing.T) {
	at := time.Date(2026, time.June, 1, 12, 0, 0, 123_000_000, time.UTC)
	admin := registry.Actor{Type: registry.UserActor, ID: "us_demo", Name: "Demo Admin", Address: "192.0.2.7", RequestID: "REQUEST1"}
	changed := registry.AuditEntry{TargetLives: true, Event: registry.Event{
		Seq: 7, At: at, Actor: admin, Action: "application.update-scopes", Outcome: registry.Done,
		Target: registry.Target{Type: "application", ID: "cl_demo", Name: "Demo <Sync>"},
		Before: `{"name":"Demo","scopes":["a:read","b:read"]}`, After: `{"name":"Demo","scopes":["a:read","c:read"]}`, Hash: "9f86d081",
	}}
	refused := registry.AuditEntry{Event: registry.Event{
		Seq: 6, At: at, Actor: registry.Actor{Type: registry.ApplicationActor, ID: "cl_other", Name: "Demo Reader"},
		Action: "audit-log.read", Outcome: registry.Refused, After: `{"missing_scope":"audit.log:read"}`, Hash: "60303ae2",
	}}
	unknown := registry.AuditEntry{Event: registry.Event{
		Seq: 5, At: at, Actor: admin, Action: "future.thing", Outcome: registry.Done, After: "no JSON", Hash: "fd61a03a",
	}}
	filter := registry.AuditFilter{Actor: `"demo"`, Action: "future.*", Outcome: "refused", Target: "cl_demo", From: "2026-06-01", To: "2026-06-01T12:00:00Z"}

	pages := map[string]templ.Component{
		"audit_log":         AuditLogPage(demoShell(), AuditLog{Page: registry.AuditPage{Entries: []registry.AuditEntry{changed, refused, unknown}, Newer: true, Older: true}}),
		"audit_log_none":    AuditLogPage(demoShell(), AuditLog{Input: filter}),
		"audit_log_pruned":  AuditLogPage(demoShell(), AuditLog{Page: registry.AuditPage{Entries: []registry.AuditEntry{changed}, CompleteSince: time.Date(2026, time.May, 2, 0, 0, 0, 0, time.UTC)}}),
		"audit_log_empty":   AuditLogPage(demoShell(), AuditLog{}),
		"audit_log_wrong":   AuditLogPage(demoShell(), AuditLog{Input: registry.AuditFilter{From: "soon"}, Invalid: registry.Invalid{"from": "Enter a day.", "cursor": "Start again."}}),
		"audit_event":       AuditEventPage(demoShell(), changed),
		"audit_event_plain": AuditEventPage(Shell{User: &ShellUser{Name: "Auditor"}}, changed), // who may not look at applications
		"audit_refusal":     AuditEventPage(demoShell(), refused),
		"audit_unknown":     AuditEventPage(demoShell(), unknown),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, page) })
	}
}

func TestScopesPage(t *testing.T) {
	catalogue := registry.Catalogue{Services: []registry.Service{
		{Key: "orders", Name: "Orders", Description: "What was ordered.", Scopes: []registry.Scope{
			{Key: "orders:read", Name: "Read orders", Description: "Opens GET /orders."},
			{Key: "orders:write", Name: "Change orders", Description: "Opens <everything>."},
		}},
		{Key: "silent", Name: "Silent", Description: "It has no scopes."},
	}}
	use := map[string]int{"orders:read": 1}
	for name, search := range map[string]string{"scopes": "", "scopes_found": " CHANGE ", "scopes_none": "<b>"} {
		t.Run(name, func(t *testing.T) {
			viewtest.Golden(t, name, ScopesPage(demoShell(), NewScopeList(catalogue, use, search)))
		})
	}
}
