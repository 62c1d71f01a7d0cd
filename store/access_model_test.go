package store_test

import (
	"database/sql"
	"flag"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"clientele/e2e/figure"
	"clientele/registry"
	"clientele/store/storetest"
)

// worlds is how many random worlds the decision is held against the model in.
// ./task faults makes 10,000.
var worlds = flag.Int("worlds", 1000, "how many random worlds decisions are held against the model in")

// The decision, with the SQL that loads what it needs, against what it is
// defined as: plainly, slowly and by other means.
func TestAccessIsAsDefined(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database string) {
		r := &dice{state: 1} // the same worlds each time
		services := make([]modelService, 300)
		for i := range services {
			services[i] = randomService(r, i)
		}
		all := make([]world, *worlds)
		for i := range all {
			all[i] = randomWorld(r, i, services)
		}
		fillWorlds(t, raw(t, database), services, all)
		db := storetest.Open(t, database, storetest.NewClock())

		allowed, reasons := 0, map[registry.AccessReason]int{}
		for i, w := range all {
			var asked []registry.AccessQuestion
			for range 3 {
				asked = append(asked, w.randomQuestion(r))
			}
			answers, err := db.Evaluate(t.Context(), registry.Operator, asked, registry.ExecuteAll)
			if err != nil {
				t.Fatal(err)
			}
			for j, q := range asked {
				want := w.may(q)
				if answers[j].Allowed != want {
					t.Fatalf("world %d: %+v: got %+v, want %t in %+v", i, q, answers[j], want, w)
				}
				if why := w.contradicts(q, answers[j]); why != "" {
					t.Fatalf("world %d: %+v: got %+v, but %s in %+v", i, q, answers[j], why, w)
				}
				reasons[answers[j].Reason]++
				if want {
					allowed++
				}
			}
		}
		figure.Report(t, "decisions in random worlds, "+path.Base(t.Name()), "0 unlike the model", "%d decisions, 0 unlike the model", 3**worlds)
		if n := 3 * *worlds; allowed < n/10 || allowed > n*9/10 || len(reasons) < 6 {
			t.Errorf("%d of %d allowed, and reasons %v: the worlds are too much alike", allowed, n, reasons)
		}
	})
}

// dice are numbers as if at random (SplitMix64).
type dice struct{ state uint64 }

// IntN returns one below n.
func (d *dice) IntN(n int) int {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

type modelService struct {
	key         string
	permissions []string
	needs       map[string][]string
	templates   map[string][]string
	scopes      []string
}

type modelGrant struct {
	subject registry.Subject
	registry.HeldGrant
}

type modelConsent struct {
	user, client string
	scopes       map[string]bool // allowed or declined
	over, ended  bool
}

type world struct {
	services []modelService // two, of which one may be the other
	users    map[string]bool
	groups   map[string][]string // members
	apps     map[string]string   // "active", "disabled" or "deleted"
	scopes   map[string][]string // of applications
	consents []modelConsent
	grants   []modelGrant
}

var modelObjects = []string{"", "a", "a/1", "a/2", "a/11", "aa", "aa/1", "b"}

func randomService(r *dice, i int) modelService {
	s := modelService{key: fmt.Sprintf("s%d", i), needs: map[string][]string{}, templates: map[string][]string{}}
	for p := range 2 + r.IntN(4) {
		s.permissions = append(s.permissions, fmt.Sprintf("p%d", p))
	}
	for _, p := range s.permissions {
		for _, other := range s.permissions {
			if p != other && r.IntN(6) == 0 { // also in circles
				s.needs[p] = append(s.needs[p], other)
			}
		}
	}
	for m := range r.IntN(3) {
		s.templates[fmt.Sprintf("t%d", m)] = some(r, s.permissions)
	}
	s.scopes = []string{s.key, s.key + ":read", s.key + ":write", s.key + ".more:read"}
	return s
}

// some returns about half of all.
func some(r *dice, all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(string) bool { return r.IntN(2) == 0 })
}

func one[T any](r *dice, of []T) T { return of[r.IntN(len(of))] }

func randomWorld(r *dice, i int, services []modelService) world {
	w := world{
		services: []modelService{one(r, services), one(r, services)},
		users:    map[string]bool{}, groups: map[string][]string{}, apps: map[string]string{}, scopes: map[string][]string{},
	}
	for u := range 2 {
		w.users[fmt.Sprintf("w%du%d", i, u)] = r.IntN(8) > 0
	}
	for g := range 2 {
		w.groups[fmt.Sprintf("w%dg%d", i, g)] = some(r, w.subjects(registry.UserSubject))
	}
	for a := range 2 {
		id := fmt.Sprintf("w%da%d", i, a)
		w.apps[id] = one(r, []string{"active", "active", "active", "active", "disabled", "deleted"})
		for _, s := range w.services {
			for _, scope := range some(r, s.scopes) {
				if !slices.Contains(w.scopes[id], scope) {
					w.scopes[id] = append(w.scopes[id], scope)
				}
			}
		}
		if user := one(r, w.subjects(registry.UserSubject)); r.IntN(2) == 0 {
			c := modelConsent{user: user, client: id, scopes: map[string]bool{}, over: r.IntN(6) == 0, ended: r.IntN(6) == 0}
			for _, scope := range append(some(r, w.services[0].scopes), w.services[0].scopes[1]) {
				c.scopes[scope] = r.IntN(4) > 0
			}
			w.consents = append(w.consents, c)
		}
	}
	for range 3 + r.IntN(8) {
		s := one(r, w.services)
		kind, key := registry.PermissionGrant, one(r, s.permissions)
		if names := sorted(s.templates); len(names) > 0 && r.IntN(2) == 0 {
			kind, key = registry.TemplateGrant, one(r, names)
		}
		g := modelGrant{w.randomSubject(r), registry.HeldGrant{Service: s.key, Object: one(r, modelObjects), Kind: kind, Key: key}}
		if !slices.Contains(w.grants, g) {
			w.grants = append(w.grants, g)
		}
	}
	return w
}

func (w world) subjects(kind registry.SubjectType) []string {
	switch kind {
	case registry.UserSubject:
		return sorted(w.users)
	case registry.GroupSubject:
		return sorted(w.groups)
	default:
		return sorted(w.apps)
	}
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (w world) randomSubject(r *dice) registry.Subject {
	kind := one(r, []registry.SubjectType{registry.UserSubject, registry.GroupSubject, registry.ApplicationSubject})
	return registry.Subject{Type: kind, ID: one(r, w.subjects(kind))}
}

func (w world) randomQuestion(r *dice) registry.AccessQuestion {
	s := one(r, w.services)
	q := registry.AccessQuestion{Subject: w.randomSubject(r)}
	q.Permission = registry.Permission{Service: s.key, Key: one(r, s.permissions)}
	q.Object = one(r, append(modelObjects, "a/3", "c", "c/1"))
	if g := one(r, w.grants); r.IntN(3) > 0 { // about what somebody was given
		q.Subject, q.Permission.Service, q.Object = g.subject, g.Service, g.Object
		if g.subject.Type == registry.GroupSubject && len(w.groups[g.subject.ID]) > 0 {
			q.Subject = registry.Subject{Type: registry.UserSubject, ID: one(r, w.groups[g.subject.ID])}
		}
		if g.Kind == registry.PermissionGrant {
			q.Permission.Key = g.Key
		} else if of := w.service(g.Service).templates[g.Key]; len(of) > 0 {
			q.Permission.Key = one(r, of)
		}
	}
	switch r.IntN(40) {
	case 0:
		q.Permission.Key = "p9"
	case 1:
		q.Permission.Service = "s999"
	case 2:
		q.Subject.ID = "nobody"
	case 3:
		q.Subject.Type = "robot"
	}
	if r.IntN(3) == 0 {
		q.Scope = one(r, s.scopes)
	}
	if len(w.consents) > 0 && r.IntN(2) == 0 {
		q.ClientID = one(r, w.consents).client
	}
	return q
}

func (w world) service(key string) modelService {
	for _, s := range w.services {
		if s.key == key {
			return s
		}
	}
	return modelService{}
}

// may is the definition.
func (w world) may(q registry.AccessQuestion) bool {
	return w.state(q.Subject) == "active" && w.missing(q) == nil && w.opens(q)
}

// missing returns the permissions that are not held where they would have to be.
func (w world) missing(q registry.AccessQuestion) (missing []string) {
	s := w.service(q.Permission.Service)
	for _, p := range s.with(q.Permission.Key) {
		if !w.holds(q.Subject, s, p, q.Object) {
			missing = append(missing, p)
		}
	}
	return missing
}

// with returns a permission and all it means nothing without, however far away.
func (s modelService) with(permission string) []string {
	all := map[string]bool{permission: true}
	for grown := true; grown; {
		before := len(all)
		for p := range all {
			for _, needed := range s.needs[p] {
				all[needed] = true
			}
		}
		grown = len(all) > before
	}
	return sorted(all)
}

func (w world) state(s registry.Subject) string {
	switch s.Type {
	case registry.UserSubject:
		enabled, known := w.users[s.ID]
		return map[[2]bool]string{{true, true}: "active", {false, true}: "disabled"}[[2]bool{enabled, known}]
	case registry.GroupSubject:
		if _, known := w.groups[s.ID]; known {
			return "active"
		}
	case registry.ApplicationSubject:
		return strings.Replace(w.apps[s.ID], "deleted", "", 1)
	}
	return ""
}

func (w world) holds(who registry.Subject, s modelService, permission, object string) bool {
	return slices.ContainsFunc(w.grants, func(g modelGrant) bool {
		theirs := g.subject == who || g.subject.Type == registry.GroupSubject && who.Type == registry.UserSubject && slices.Contains(w.groups[g.subject.ID], who.ID)
		above := []string{"", object}
		if at := strings.IndexByte(object, '/'); at >= 0 {
			above = append(above, object[:at])
		}
		given := g.Kind == registry.PermissionGrant && g.Key == permission || g.Kind == registry.TemplateGrant && slices.Contains(s.templates[g.Key], permission)
		return theirs && g.Service == s.key && slices.Contains(above, g.Object) && given
	})
}

func (w world) opens(q registry.AccessQuestion) bool {
	if q.Scope == "" {
		return true
	}
	area, _, _ := strings.Cut(q.Scope, ":")
	for _, scope := range []string{q.Scope, area} {
		switch q.Subject.Type {
		case registry.ApplicationSubject:
			if slices.Contains(w.scopes[q.Subject.ID], scope) {
				return true
			}
		case registry.UserSubject:
			for _, c := range w.consents {
				if c.user == q.Subject.ID && c.client == q.ClientID && c.scopes[scope] && !c.over && !c.ended &&
					w.apps[c.client] == "active" && slices.Contains(w.scopes[c.client], scope) {
					return true
				}
			}
		}
	}
	return false
}

// contradicts says what is wrong with the reason of an answer, or "".
func (w world) contradicts(q registry.AccessQuestion, a registry.Access) string {
	state, known := w.state(q.Subject), slices.Contains(w.service(q.Permission.Service).permissions, q.Permission.Key)
	lacks := a.MissingPermission != registry.Permission{} && a.MissingPermission.Service == q.Permission.Service && slices.Contains(w.missing(q), a.MissingPermission.Key)
	right := map[registry.AccessReason]bool{
		registry.AccessGranted:     a.Allowed,
		registry.UnknownSubject:    state == "",
		registry.SubjectDisabled:   state == "disabled",
		registry.UnknownPermission: state == "active" && !known,
		registry.PermissionMissing: state == "active" && known && lacks,
		registry.ScopeMissing:      state == "active" && known && a.MissingPermission == registry.Permission{} && a.MissingScope == q.Scope && !w.opens(q),
	}
	switch {
	case !right[a.Reason]:
		return "that is not the reason"
	case state == "active" && (a.MissingScope == "") != w.opens(q):
		return "the scope is judged otherwise"
	case a.Allowed && a.By.Permission != q.Permission:
		return "that does not give it"
	}
	return ""
}

// fillWorlds writes worlds behind the store's back.
func fillWorlds(t *testing.T, db *sql.DB, services []modelService, all []world) {
	t.Helper()
	rows := map[string][]string{}
	tables := []string{
		"services (key, name, description, audience, builtin, position)", "scopes (key, service, name, description, position)",
		"permissions (service, key, name, description, position)", "permission_needs (service, permission, needs)",
		"templates (service, key, name, description, position)", "template_permissions (service, template, permission)",
		"users (id, email, email_key, name, password_hash, created_at, disabled_at)", "user_groups (id, name, name_key, description, created_at)",
		"group_members (group_id, user_id, added_at)",
		"applications (id, type, origin, status, name, name_key, description, auth_method, token_alg, created_at, created_by, created_by_name, search_text, deleted_at)",
		"application_scopes (application_id, scope)", "consents (id, user_id, application_id, asked, granted_at, expires_at, ended_at)",
		"consent_scopes (consent_id, scope, allowed)", "grants (subject_type, subject_id, service, object, kind, key, granted_at, granted_by)",
	}
	insert := func(table string, values ...any) {
		texts := make([]string, len(values))
		for i, v := range values {
			if texts[i] = fmt.Sprint(v); fmt.Sprintf("%T", v) == "string" {
				texts[i] = "'" + texts[i] + "'"
			}
		}
		rows[table] = append(rows[table], "("+strings.Join(texts, ", ")+")")
	}
	for i, s := range services {
		insert("services", s.key, s.key, "", "https://"+s.key, sqlTruth(false), i)
		for j, scope := range s.scopes {
			insert("scopes", scope, s.key, scope, "", j)
		}
		for j, p := range s.permissions {
			insert("permissions", s.key, p, p, "", j)
		}
		for p, needs := range s.needs {
			for _, needed := range needs {
				insert("permission_needs", s.key, p, needed)
			}
		}
		for m, permissions := range s.templates {
			insert("templates", s.key, m, m, "", 0)
			for _, p := range permissions {
				insert("template_permissions", s.key, m, p)
			}
		}
	}
	now := storetest.Noon.Unix()
	for i, w := range all {
		for id, enabled := range w.users {
			disabled := sqlNull
			if !enabled {
				disabled = "5"
			}
			insert("users", id, id, id, id, "", 0, sqlText(disabled))
		}
		for id, members := range w.groups {
			insert("user_groups", id, id, id, "", 0)
			for _, user := range members {
				insert("group_members", id, user, 0)
			}
		}
		for id, state := range w.apps {
			status, deleted := strings.Replace(state, "deleted", "active", 1), sqlNull
			if state == "deleted" {
				deleted = "5"
			}
			insert("applications", id, "oauth_client", "team", status, id, id, "", "client_secret_basic", "ES256", 0, "", "", id, sqlText(deleted))
			for _, scope := range w.scopes[id] {
				insert("application_scopes", id, scope)
			}
		}
		for j, c := range w.consents {
			id, expires, ended := fmt.Sprintf("w%dc%d", i, j), now+1, sqlNull
			if c.over {
				expires = now
			}
			if c.ended {
				ended = "5"
			}
			insert("consents", id, c.user, c.client, sqlTruth(true), 0, expires, sqlText(ended))
			for scope, allowed := range c.scopes {
				insert("consent_scopes", id, scope, sqlTruth(allowed))
			}
		}
		for _, g := range w.grants {
			insert("grants", string(g.subject.Type), g.subject.ID, g.Service, g.Object, string(g.Kind), g.Key, 0, "")
		}
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		name, _, _ := strings.Cut(table, " ")
		for chunk := range slices.Chunk(rows[name], 500) {
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO "+table+" VALUES "+strings.Join(chunk, ", ")); err != nil {
				t.Fatalf("%s: %v", table, err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

const sqlNull = "NULL"

// sqlText is SQL as it is, rather than a value.
type sqlText string

func sqlTruth(v bool) sqlText { return sqlText(strings.ToUpper(fmt.Sprint(v))) }
