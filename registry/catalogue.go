package registry

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Catalogue is what platform services offer: the shape of a catalogue file and
// of what the store keeps.
type Catalogue struct {
	Services []Service `yaml:"services" json:"services"`
}

// Service is an API behind the platform (a resource server).
type Service struct {
	Key         string          `yaml:"key" json:"key"`
	Name        string          `yaml:"name" json:"name"`
	Description string          `yaml:"description" json:"description"`
	Audience    string          `yaml:"audience" json:"audience"` // the aud of its tokens; "" for built-in services: the issuer
	Scopes      []Scope         `yaml:"scopes" json:"scopes,omitempty"`
	Permissions []PermissionDef `yaml:"permissions" json:"permissions,omitempty"`
	Templates   []Template      `yaml:"templates" json:"templates,omitempty"`
	Containers  []Container     `yaml:"containers" json:"containers,omitempty"`
	Granting    Granting        `yaml:"granting" json:"granting,omitempty"` // "" in a file: as it is, and Standard at first
	BuiltIn     bool            `yaml:"-" json:"-"`
}

// Scope is the name of an area of a service's API. Scopes narrow; they never give.
type Scope struct {
	Key         string `yaml:"key" json:"key"` // service[.resource][:action]
	Name        string `yaml:"name" json:"name"`
	Description string `yaml:"description" json:"description"`
}

// PermissionDef is an action of a service that can be granted.
type PermissionDef struct {
	Key         string   `yaml:"key" json:"key"`
	Name        string   `yaml:"name" json:"name"`
	Description string   `yaml:"description" json:"description"`
	Needs       []string `yaml:"needs" json:"needs,omitempty"` // means nothing without these permissions of the service
}

// Template is a named set of a service's permissions.
type Template struct {
	Key         string   `yaml:"key" json:"key"`
	Name        string   `yaml:"name" json:"name"`
	Description string   `yaml:"description" json:"description,omitempty"`
	Permissions []string `yaml:"permissions" json:"permissions"`
}

// Container holds objects of a service, on which permissions can be granted one by one.
type Container struct {
	Key     string   `yaml:"key" json:"key"`
	Name    string   `yaml:"name" json:"name"`
	Objects []Object `yaml:"objects" json:"objects,omitempty"`
}

// Object is a thing in a container.
type Object struct {
	Key  string `yaml:"key" json:"key"`
	Name string `yaml:"name" json:"name"`
	Path string `yaml:"path" json:"path"`
}

// Permission returns the service's permission of that key, and whether there is one.
func (s Service) Permission(key string) (PermissionDef, bool) {
	for _, p := range s.Permissions {
		if p.Key == key {
			return p, true
		}
	}
	return PermissionDef{}, false
}

// Template returns the service's template of that key, and whether there is one.
func (s Service) Template(key string) (Template, bool) {
	for _, t := range s.Templates {
		if t.Key == key {
			return t, true
		}
	}
	return Template{}, false
}

// Service returns the service of that key, and whether there is one.
func (c Catalogue) Service(key string) (Service, bool) {
	for _, s := range c.Services {
		if s.Key == key {
			return s, true
		}
	}
	return Service{}, false
}

// Scope returns the scope of that key with its service, and whether there is one.
func (c Catalogue) Scope(key string) (Service, Scope, bool) {
	for _, service := range c.Services {
		for _, scope := range service.Scopes {
			if scope.Key == key {
				return service, scope, true
			}
		}
	}
	return Service{}, Scope{}, false
}

// BuiltIn returns the services that Clientele itself serves. They are always
// in the catalogue and cannot be removed or applied over. A scope is among
// them only when its API is served.
func BuiltIn() Catalogue {
	return Catalogue{Services: []Service{
		{
			Key: "team", Name: "Team", BuiltIn: true,
			Description: "The team itself: its users and settings.",
			Scopes: []Scope{
				{Key: MembersScope, Name: "Read users and groups", Description: "Opens GET /api/v1/members: every user with their name, e-mail address, status and groups."},
			},
			Permissions: []PermissionDef{
				{Key: ViewUsers.Key, Name: "View users", Description: "See every user with their groups and what they hold, and when they last signed in."},
				{Key: ManageUsers.Key, Name: "Manage users", Description: "Invite users, disable them, reset their passwords and sign them out.", Needs: []string{ViewUsers.Key}},
				{Key: ReadMembers.Key, Name: "Import members", Description: "Read users and their groups over GET /api/v1/members, to bring them into another system."},
				{Key: ManageSettings.Key, Name: "Manage settings", Description: "Change the team's settings and its catalogue of services."},
			},
			Templates: []Template{
				{Key: "viewer", Name: "Viewer", Permissions: []string{ViewUsers.Key, ReadMembers.Key}},
				{Key: AdminTemplate, Name: "Admin", Permissions: []string{ViewUsers.Key, ManageUsers.Key, ReadMembers.Key, ManageSettings.Key}},
			},
		},
		{
			Key: "applications", Name: "Applications", BuiltIn: true,
			Description: "The applications registered here, with their scopes and secrets.",
			Scopes: []Scope{
				{Key: "applications:read", Name: "Read applications", Description: "Opens GET /api/v1/applications and /api/v1/applications/{id}: every application with its scopes and permissions, never its secrets."},
			},
			Permissions: []PermissionDef{
				{Key: ViewApplications.Key, Name: "View applications", Description: "See every application, its scopes, permissions and use."},
				{Key: ManageApplications.Key, Name: "Manage applications", Description: "Register, edit, disable and delete applications, and make new secrets.", Needs: []string{ViewApplications.Key}},
			},
			Templates: []Template{
				{Key: "viewer", Name: "Viewer", Permissions: []string{ViewApplications.Key}},
				{Key: "admin", Name: "Admin", Permissions: []string{ViewApplications.Key, ManageApplications.Key}},
			},
		},
		{
			Key: "authorization", Name: "Authorization", BuiltIn: true,
			Description: "Who holds which permissions, and what tokens are good for.",
			Scopes: []Scope{
				{Key: "authorization.permissions:read", Name: "Read permissions", Description: "Opens GET /api/v1/permissions: who may do what, at every service."},
				{Key: "authorization.access:evaluate", Name: "Evaluate access", Description: "Opens POST /access/v1/evaluation and /access/v1/evaluations: whether a user or an application may do something."},
				{Key: ObjectsScope, Name: "Sync containers and objects", Description: "Opens PUT and DELETE below /api/v1/services/{service}/containers: telling which containers and objects a service has. It gives nobody anything."},
			},
			Permissions: []PermissionDef{
				{Key: IntrospectTokens.Key, Name: "Introspect tokens", Description: "Ask POST /oauth2/introspect whether a token is good, whoever it was issued to. For applications."},
				{Key: EvaluateAccess.Key, Name: "Evaluate access", Description: "Ask POST /access/v1/evaluation whether a user or an application may do something. For the APIs of the platform."},
				{Key: ManageObjects.Key, Name: "Manage objects", Description: "Say over the API which containers and objects every service has. A service may name a permission manage-objects of its own, for its own. For applications."},
				{Key: ViewPermissions.Key, Name: "View permissions", Description: "See who holds which permissions."},
				{Key: ManagePermissions.Key, Name: "Manage permissions", Description: "Give and take permissions of every service.", Needs: []string{ViewPermissions.Key}},
			},
			Templates: []Template{{Key: "admin", Name: "Admin", Permissions: []string{IntrospectTokens.Key, EvaluateAccess.Key, ManageObjects.Key, ViewPermissions.Key, ManagePermissions.Key}}},
		},
		{
			Key: "audit", Name: "Audit log", BuiltIn: true,
			Description: "What was done and refused, by whom, and when.",
			Scopes: []Scope{
				{Key: "audit.log:read", Name: "Read the audit log", Description: "Opens GET /api/v1/audit-log: every event with who did it, when, and what it changed."},
			},
			Permissions: []PermissionDef{
				{Key: ReadAuditLog.Key, Name: "Use audit log API", Description: "Read and download the audit log, in the console and over its API."},
			},
			Templates: []Template{{Key: "admin", Name: "Admin", Permissions: []string{ReadAuditLog.Key}}},
		},
		{
			Key: OpenIDService, Name: "OpenID Connect", BuiltIn: true,
			Description: "Who the signed-in user is. Only for clients that act for users.",
			Scopes: []Scope{
				{Key: "openid", Name: "Sign in", Description: "Tells the application which user signed in, by an ID that is theirs alone, with an ID token and at /oauth2/userinfo."},
				{Key: "profile", Name: "Name", Description: "Tells the application the user’s name, in the ID token, at /oauth2/userinfo and at /api/v1/me."},
				{Key: "email", Name: "E-mail address", Description: "Tells the application the user’s e-mail address, in the ID token, at /oauth2/userinfo and at /api/v1/me."},
				{Key: "offline_access", Name: "Stay connected", Description: "Lets the application go on while the user is away, until the consent ends. Its refresh tokens do that with or without this scope."},
			},
		},
	}}
}

// ObjectsScope is the scope that opens the containers and objects of services.
const ObjectsScope = "authorization.objects:write"

// MembersScope is the scope that opens the list of users to other programs.
const MembersScope = "team.user-group-info:read"

// OpenIDService is the key of the service whose scopes tell about a signed-in
// user. Without a user they open nothing.
const OpenIDService = "openid"

// OpenIDScope is the scope that signs a user in. Who asks for it needs it.
const OpenIDScope = "openid"

// AdminTemplate is the template that an administrator holds of every built-in service.
const AdminTemplate = "admin"

var (
	keyPattern   = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)
	scopePattern = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*(\.[a-z][a-z0-9]*([-_][a-z0-9]+)*)*(:[a-z][a-z0-9]*([-_][a-z0-9]+)*)?$`)
	objectKey    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// reserved are the keys of services that are or will be built in, and "why",
// which is a page beside those of services.
var reserved = map[string]bool{"why": true, "team": true, "applications": true, "authorization": true, "audit": true, "openid": true, "access": true}

// CheckCatalogue reports everything wrong with a catalogue that is about to be
// applied, as an Invalid error keyed by YAML path (`services[0].scopes[2].key`),
// or nil.
func CheckCatalogue(c Catalogue) error {
	invalid := Invalid{}
	services, scopes := map[string]bool{}, map[string]bool{}
	if len(c.Services) == 0 {
		invalid["services"] = "Name at least one service."
	}
	for i, s := range c.Services {
		at := checker{invalid: invalid, path: fmt.Sprintf("services[%d]", i)}
		at.key(s.Key, keyPattern, services)
		if reserved[s.Key] {
			at.wrong("key", fmt.Sprintf("%q belongs to a built-in service. Choose another key.", s.Key))
		}
		at.words(s.Name, s.Description)
		if u, err := url.Parse(s.Audience); err != nil || !u.IsAbs() || u.Fragment != "" || strings.ContainsAny(s.Audience, " \t\n") {
			at.wrong("audience", "Give the address of the API, such as https://api.example.com/orders.")
		}
		for j, scope := range s.Scopes {
			at := at.in("scopes", j)
			at.key(scope.Key, scopePattern, scopes)
			if _, _, taken := BuiltIn().Scope(scope.Key); taken {
				at.wrong("key", fmt.Sprintf("%q is a built-in scope. Choose another.", scope.Key))
			}
			at.words(scope.Name, scope.Description)
		}
		permissions := map[string]bool{}
		for j, p := range s.Permissions {
			at := at.in("permissions", j)
			at.key(p.Key, keyPattern, permissions)
			at.words(p.Name, p.Description)
		}
		for j, p := range s.Permissions {
			at.in("permissions", j).known("needs", p.Needs, permissions)
		}
		if invalid, wrong := CheckGranting(s, cmp.Or(s.Granting, Standard)).(Invalid); wrong { //nolint:errorlint // it is never wrapped
			at.wrong("granting", invalid["granting"])
		}
		templates := map[string]bool{}
		for j, t := range s.Templates {
			at := at.in("templates", j)
			at.key(t.Key, keyPattern, templates)
			at.name(t.Name)
			at.known("permissions", t.Permissions, permissions)
			if len(t.Permissions) == 0 {
				at.wrong("permissions", "Name at least one permission.")
			}
		}
		checkContainers(at, s.Containers)
	}
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

// checker collects what is wrong below one path of a catalogue.
type checker struct {
	invalid Invalid
	path    string
}

func (c checker) in(list string, i int) checker {
	return checker{c.invalid, strings.TrimPrefix(fmt.Sprintf("%s.%s[%d]", c.path, list, i), ".")}
}

func (c checker) wrong(field, message string) {
	if _, told := c.invalid[c.path+"."+field]; !told {
		c.invalid[c.path+"."+field] = message
	}
}

func (c checker) key(key string, pattern *regexp.Regexp, seen map[string]bool) {
	c.uniqueKey(key, pattern, seen, "Use lower-case letters and digits, joined by single hyphens, such as order-items.")
}

// objectKey checks the key of a container or an object, which the service chose.
func (c checker) objectKey(key string, seen map[string]bool) {
	c.uniqueKey(key, objectKey, seen, "Use letters, digits, dots, hyphens and underscores, at most 100, the first a letter or a digit.")
}

func (c checker) uniqueKey(key string, pattern *regexp.Regexp, seen map[string]bool, instead string) {
	switch {
	case key == "":
		c.wrong("key", "Give it a key.")
	case len(key) > 100 || !pattern.MatchString(key):
		c.wrong("key", fmt.Sprintf("%.100q is no key. %s", key, instead))
	case seen[key]:
		c.wrong("key", fmt.Sprintf("%q is there twice. Keys are unique.", key))
	}
	seen[key] = true
}

func (c checker) name(name string) {
	if strings.TrimSpace(name) == "" || len(name) > 100 || !isPlainText(name) {
		c.wrong("name", "Give it a name of at most 100 visible characters.")
	}
}

func (c checker) words(name, description string) {
	c.name(name)
	if strings.TrimSpace(description) == "" || len(description) > 500 || !isPlainText(description) {
		c.wrong("description", "Describe it in at most 500 characters: what it opens, in plain words.")
	}
}

func (c checker) known(field string, keys []string, permissions map[string]bool) {
	for i, key := range keys {
		if !permissions[key] {
			c.wrong(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("The service has no permission %q.", key))
		}
	}
}
