package main

import "clientele/registry"

// demoUser is someone who can sign in to the demo.
type demoUser struct {
	name, email, role string
	admin             bool
	templates         map[string]string // by service
}

var demoUsers = []demoUser{
	{name: "Demo Admin", email: "admin@demo.example", role: "administrator", admin: true},
	{name: "Demo Platform Owner", email: "platform@demo.example", role: "administrator", admin: true},
	{name: "Demo Application Manager", email: "apps@demo.example", role: "manages applications, not permissions", templates: map[string]string{"applications": "admin"}},
	{name: "Demo Viewer", email: "viewer@demo.example", role: "sees applications", templates: map[string]string{"applications": "viewer"}},
	{name: "Demo Auditor", email: "auditor@demo.example", role: "sees applications and the audit log", templates: map[string]string{"applications": "viewer", "audit": "admin"}},
	{name: "Demo Network Owner", email: "network@demo.example", role: "looks after the permissions of one service", templates: map[string]string{"on-prem": "analyst"}},
	{name: "Demo Guest", email: "guest@demo.example", role: "may see nothing yet"},
	{name: "Demo Integrator", email: "integrator@demo.example", role: "owns applications, and may do nothing else"},
}

// demoOwners are owners beside who registered an application, by their place
// in demoUsers.
var demoOwners = map[string]int{"Network Agent Berlin": 7, "Pool Monitor": 7, "Skill Tester": 7}

// demoGrants are what some of them hold beside that, by their place in demoUsers.
var demoGrants = []struct {
	user int
	registry.HeldGrant
}{
	{1, registry.HeldGrant{Service: "studio", Kind: registry.TemplateGrant, Key: "admin"}},
	{2, registry.HeldGrant{Service: "integration", Object: "purchasing", Kind: registry.TemplateGrant, Key: "analyst"}},
	{3, registry.HeldGrant{Service: "integration", Object: "orders/returns", Kind: registry.TemplateGrant, Key: "viewer"}},
	{4, registry.HeldGrant{Service: "integration", Object: "orders", Kind: registry.PermissionGrant, Key: "view-all"}},
}

// demoState is what became of an application in the demo's history.
type demoState string

const (
	inUse    demoState = "in use"
	disabled demoState = "disabled"
	deleted  demoState = "deleted"
	rotated  demoState = "rotated"  // the overlap is over
	rotating demoState = "rotating" // the old secret ends in a few days, and is still the one in use
	moved    demoState = "moved"    // likewise, but the new secret is in use already
)

// demoApplication is one application of the demo and its history.
type demoApplication struct {
	name, description string
	by                int // index into demoUsers; -1: the platform
	age               int // days since it was registered
	tokens            int // a day, while it was used
	idle              int // days since it was last used; -1: never
	method            string
	scopes            []string
	templates         map[string]string
	state             demoState
	users             *demoConsent // nil: it acts as itself
}

// asked returns the scopes that the application asks for: all, but for one that
// never learned to use what it was given.
func (a demoApplication) asked() []string {
	if a.name == "Delivery Watch" {
		return a.scopes[:1]
	}
	return a.scopes
}

// demoConsent is what users know of an application that acts for them.
type demoConsent struct {
	redirectURIs []string
	required     []string // scopes
	homePage     string
	trust        registry.Trust
	logo         bool // it has one
}

const (
	basic  = registry.SecretBasic
	post   = registry.SecretPost
	public = registry.PublicClient
)

var demoApplications = []demoApplication{
	{"Ledger Sync", "Copies bookings from the ledger into the Orders pool every hour.", 0, 410, 96, 0, basic, []string{"integration.data-pools:data_push", "integration.data-pools:read"}, map[string]string{"integration": "analyst"}, inUse, nil},
	{"Nightly Export", "Writes the day's KPIs to the warehouse.", 1, 380, 24, 0, basic, []string{"studio.knowledge-models:read", "studio.knowledge-models:query", "storage-manager.buckets"}, map[string]string{"studio": "viewer", "storage-manager": "analyst"}, inUse, nil},
	{"Order Events Stream", "Streams order events into the Orders pool.", 2, 350, 288, 0, basic, []string{"integration.data-pools:continuous_data_push"}, map[string]string{"integration": "analyst"}, inUse, nil},
	{"Invoice Bot", "Closes invoice checks that need no person.", 2, 300, 140, 0, post, []string{"action-engine.projects", "studio.tasks:read", "studio.tasks:update"}, map[string]string{"action-engine": "analyst", "studio": "editor"}, inUse, nil},
	{"Audit Archive", "Keeps the audit log in cold storage for ten years.", 0, 290, 24, 0, basic, []string{"audit.log:read"}, map[string]string{"audit": "admin"}, inUse, nil},
	{"Application Inventory", "Lists applications in the company's asset inventory.", 0, 280, 4, 0, basic, []string{"applications:read"}, map[string]string{"applications": "viewer"}, inUse, nil},
	{"Warehouse Scanner", "Reads storage places by hand scanner.", 1, 260, 60, 0, basic, []string{"storage-manager.buckets"}, map[string]string{"storage-manager": "viewer"}, rotating, nil},
	{"Supplier Portal", "Shows suppliers the state of their purchase orders.", 1, 240, 180, 0, post, []string{"studio.knowledge-models:query", "integration.data-models:read"}, map[string]string{"studio": "viewer", "integration": "viewer"}, moved, nil},
	{"Billing Reconciler", "Compares invoices with payments.", 2, 230, 12, 1, basic, []string{"integration.data-pools:query", "integration.data-models:read"}, map[string]string{"integration": "viewer"}, rotated, nil},
	{"Forecast Notebook", "Trains the delivery forecast every night.", 2, 220, 8, 0, basic, []string{"machine-learning", "integration.data-models:read"}, map[string]string{"machine-learning": "analyst", "integration": "viewer"}, inUse, nil},
	{"Delivery Watch", "Warns of late deliveries.", 0, 210, 48, 0, basic, []string{"studio.triggers:read", "studio.skills:execute"}, map[string]string{"studio": "viewer"}, inUse, nil},
	{"Helpdesk Assistant", "Answers questions about order processes in chat.", 1, 200, 77, 0, post, []string{"intelligence.conversations:write", "intelligence.knowledge-models:read"}, nil, inUse, nil},
	{"Tooling Gateway", "Runs published tools for language models.", 0, 190, 33, 2, basic, []string{"mcp-asset.tools:execute"}, nil, inUse, nil},
	{"Package Mover", "Moves packages from test to production.", 1, 185, 2, 3, basic, []string{"package-manager", "studio.packages:read"}, map[string]string{"studio": "admin"}, inUse, nil},
	{"Process Runner", "Starts onboarding processes for new suppliers.", 2, 180, 15, 1, basic, []string{"orchestration-engine"}, nil, inUse, nil},
	{"Desktop Fleet", "Pauses recording outside of office hours.", 0, 170, 6, 4, basic, []string{"task-mining.clients:suspend", "task-mining.metadata:read"}, map[string]string{"task-mining": "analyst"}, inUse, nil},
	{"Network Agent Berlin", "Agent inside the Berlin network.", 1, 165, 96, 0, basic, []string{"on-prem-client"}, map[string]string{"on-prem": "viewer"}, inUse, nil},
	{"Network Agent Lisbon", "Agent inside the Lisbon network.", 1, 165, 96, 0, basic, []string{"on-prem-client"}, map[string]string{"on-prem": "viewer"}, inUse, nil},
	{"Adoption Dashboard", "Counts who uses what, by month.", 0, 160, 1, 12, basic, []string{"platform-adoption.tracking-events:read"}, nil, inUse, nil},
	{"KPI Subscriber", "Tells the chat channel when a KPI moves.", 2, 150, 24, 0, post, []string{"intelligence.subscriptions:manage"}, nil, inUse, nil},
	{"Returns Analysis", "One-off analysis of the returns process.", 1, 340, 3, 118, basic, []string{"integration.data-pools:query"}, map[string]string{"integration": "viewer"}, inUse, nil},
	{"Legacy Reporting", "Replaced by Nightly Export.", 0, 400, 9, 204, basic, []string{"studio.knowledge-models:read", "studio.packages:read"}, map[string]string{"studio": "viewer"}, disabled, nil},
	{"Quarterly Close", "Runs for a few days each quarter.", 2, 320, 11, 55, basic, []string{"integration.data-pools:read", "integration.data-pools:query"}, map[string]string{"integration": "viewer"}, inUse, nil},
	{"Proof of Concept 2025", "Trial of the assistant; nobody claims it.", 1, 360, 2, 190, post, []string{"intelligence.conversations:write"}, nil, inUse, nil},
	{"Attribute Writer", "Writes risk classes back into the knowledge model.", 2, 140, 40, 0, basic, []string{"studio.knowledge-models.augmented-attributes:update", "studio.knowledge-models:read"}, map[string]string{"studio": "editor"}, inUse, nil},
	{"Task Exporter", "Copies tasks into the ticket system.", 1, 130, 30, 0, basic, []string{"studio.tasks:read"}, map[string]string{"studio": "viewer"}, inUse, nil},
	{"Trigger Manager", "Keeps triggers in version control.", 0, 120, 4, 6, basic, []string{"studio.triggers:read", "studio.triggers:manage"}, map[string]string{"studio": "admin"}, inUse, nil},
	{"Skill Tester", "Runs every skill once a day against test data.", 2, 110, 19, 0, basic, []string{"studio.skills:read", "studio.skills:execute"}, map[string]string{"studio": "viewer"}, inUse, nil},
	{"Bucket Cleaner", "Deletes exports older than a year.", 1, 100, 1, 0, basic, []string{"storage-manager.buckets"}, map[string]string{"storage-manager": "analyst"}, inUse, nil},
	{"Pool Monitor", "Checks that every data pool loaded.", 0, 95, 24, 0, basic, []string{"integration.data-pools:read", "integration.data-models:read"}, map[string]string{"integration": "viewer"}, inUse, nil},
	{"Hackathon Team A", "Summer hackathon.", 2, 92, 0, -1, post, []string{"studio.packages:read"}, nil, inUse, nil},
	{"Hackathon Team B", "Summer hackathon.", 2, 92, 5, 91, post, []string{"studio.packages:read", "studio.skills:read"}, nil, disabled, nil},
	{"Gateway Recorder", "Receives recordings of the pilot group.", 0, 80, 64, 0, basic, []string{"task-mining.gateway"}, nil, inUse, nil},
	{"Contract Migration", "Moved contracts in spring; deleted since.", 1, 150, 14, 60, basic, []string{"storage-manager.buckets", "integration.data-pools:data_push"}, map[string]string{"storage-manager": "analyst"}, deleted, nil},
	{"Purchase Mirror", "Mirrors purchase orders to the partner network.", 2, 45, 52, 0, basic, []string{"integration.data-pools:query"}, map[string]string{"integration": "viewer"}, inUse, nil},
	{"Onboarding Kiosk", "Shows new colleagues their first tasks.", 1, 20, 10, 0, post, []string{"studio.tasks:read", "action-engine.projects"}, map[string]string{"studio": "viewer", "action-engine": "viewer"}, inUse, nil},
	{"Carbon Report", "Reads transport data for the yearly report.", 0, 6, 0, -1, basic, []string{"integration.data-models:read"}, map[string]string{"integration": "viewer"}, inUse, nil},
	{"Test Client", "First try of the API.", 2, 2, 3, 1, basic, []string{"applications:read", "audit.log:read"}, nil, inUse, nil},
	{"Platform Scheduler", "Made by the platform: starts scheduled loads.", -1, 430, 144, 0, basic, []string{"integration.data-pools", "orchestration-engine"}, map[string]string{"integration": "analyst"}, inUse, nil},
	{"Platform Search Index", "Made by the platform: indexes packages for search.", -1, 430, 288, 0, basic, []string{"studio"}, map[string]string{"studio": "viewer"}, inUse, nil},
	{"Platform Usage Meter", "Made by the platform: meters use for billing.", -1, 430, 24, 0, basic, []string{"platform-adoption.tracking-events:read", "task-mining.metadata:read"}, nil, inUse, nil},
	{"Order Workbench", "Where the team works through orders every day.", 0, 260, 0, -1, basic, []string{"openid", "profile", "email", "studio.knowledge-models:query", "studio.tasks:read", "studio.tasks:update"}, nil, inUse, &demoConsent{
		redirectURIs: []string{"https://workbench.demo.example/signed-in"}, homePage: "https://workbench.demo.example", trust: registry.FirstParty, logo: true,
	}},
	{"Chart Studio", "Draws charts from knowledge models, for whoever signs in.", 1, 175, 0, -1, basic, []string{"openid", "profile", "studio.knowledge-models:read", "studio.knowledge-models:query"}, nil, inUse, &demoConsent{
		redirectURIs: []string{"https://charts.demo.example/oauth/callback", "https://staging.charts.demo.example/oauth/callback"}, required: []string{"studio.knowledge-models:read"},
		homePage: "https://charts.demo.example", trust: registry.Verified, logo: true,
	}},
	{"Task Pocket", "Tasks on the phone.", 2, 125, 0, -1, public, []string{"openid", "studio.tasks:read", "studio.tasks:update"}, nil, inUse, &demoConsent{
		redirectURIs: []string{"example.demo.taskpocket:/signed-in"}, required: []string{"studio.tasks:read"}, trust: registry.Verified,
	}},
	{"Notebook Connector", "Lets data scientists query pools from a notebook on their own machine.", 2, 70, 0, -1, public, []string{"openid", "integration.data-pools:read", "integration.data-pools:query"}, nil, inUse, &demoConsent{
		redirectURIs: []string{"http://127.0.0.1/callback"}, homePage: "https://notebooks.demo.example", trust: registry.Unverified,
	}},
	{"Meeting Summarizer", "Writes what was decided into the task list.", 1, 12, 0, -1, post, []string{"openid", "email", "studio.tasks:read", "studio.tasks:update", "intelligence.conversations:write"}, nil, inUse, &demoConsent{
		redirectURIs: []string{"https://summarizer.demo.example/cb"}, homePage: "https://summarizer.demo.example", trust: registry.Unverified,
	}},
}
