package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"clientele/registry"
)

// tx is one transaction. now is read once, so all the rows it writes agree.
type tx struct {
	*sql.Tx
	dialect  dialect
	shared   bool     // with what others write
	compiled compiled // what it may read by, in a read-only transaction
	now      time.Time
	by       registry.Actor
	noticed  bool // people are to be told of what it does

	actorHeld func() ([]registry.Held, error) // what the actor holds, read once; nil where it may change
}

// intent is what an actor is about to change or to look at.
type intent struct {
	action string              // the audit event's
	target registry.Target     // as far as it is known beforehand
	need   registry.Permission // what the actor must hold; zero for what fn checks itself
	owner  bool                // so may whoever owns the target, an application
	input  any                 // checked against the rules, unless nil
}

// errUnchanged ends a change that found everything as it was asked to be:
// nothing is written, no event is recorded, and there is no error.
var errUnchanged = errors.New("unchanged")

// change is the only way to write on behalf of an actor. In one transaction it
// checks that by holds the permission and that the input keeps the rules, runs
// fn and appends the event that fn returns, of which change fills in actor and
// time, and action and target where fn left them out. A refusal is recorded too,
// by itself.
func (db *DB) change(ctx context.Context, by registry.Actor, in intent, fn func(*tx) (registry.Event, error)) error {
	return db.changeAll(ctx, by, in, func(t *tx) ([]registry.Event, error) {
		event, err := fn(t)
		return []registry.Event{event}, err
	})
}

// changeAll is change for what is done to several at once: each has its event.
// No event means that nothing was done.
func (db *DB) changeAll(ctx context.Context, by registry.Actor, in intent, fn func(*tx) ([]registry.Event, error)) error {
	err := db.inTx(ctx, by, false, func(t *tx) error {
		if err := t.authorize(ctx, in); err != nil {
			return err
		}
		if in.input != nil {
			if err := registry.Check(in.input); err != nil {
				return err
			}
		}
		events, err := fn(t)
		if err == nil && len(events) == 0 {
			err = errUnchanged
		}
		if err != nil {
			return err
		}
		for _, event := range events {
			event.Action, event.Outcome = cmp.Or(event.Action, in.action), registry.Done
			if event.Target == (registry.Target{}) {
				event.Target = in.target
			}
			if err := t.appendEvent(ctx, event); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil:
		db.forget()
		return nil
	case errors.Is(err, errUnchanged):
		return nil
	case errors.Is(err, registry.ErrForbidden):
		db.recordRefusal(ctx, by, in.action, in.target, err)
	}
	return err
}

// view runs fn in a read-only transaction for an actor who holds the
// permission, if one is named: else fn checks. A refusal is recorded.
func (db *DB) view(ctx context.Context, by registry.Actor, in intent, fn func(*tx) error) error {
	err := db.inTx(ctx, by, true, func(t *tx) error {
		if err := t.authorize(ctx, in); err != nil {
			return err
		}
		return fn(t)
	})
	if errors.Is(err, registry.ErrForbidden) {
		db.recordRefusal(ctx, by, in.action, in.target, err)
	}
	return err
}

// inTx runs fn in a transaction and commits when it returns nil. Should the
// transaction be lost while others share it, fn runs again: it sets what it
// returns anew.
func (db *DB) inTx(ctx context.Context, by registry.Actor, readOnly bool, fn func(*tx) error) error {
	if db.observer != nil {
		start := db.now()
		defer func() { db.observer.Transaction(readOnly, db.now().Sub(start)) }()
	}
	var t *tx
	run := func(sqltx *sql.Tx) error {
		t = &tx{Tx: sqltx, dialect: db.dialect, shared: db.dialect == sqlite && !readOnly, now: db.now().UTC(), by: by}
		if readOnly {
			t.compiled = db.compiled
			t.actorHeld = sync.OnceValues(func() ([]registry.Held, error) { return t.held(ctx, by.Subject()) })
		}
		return fn(t)
	}
	var err error
	switch {
	case db.dialect == sqlite && !readOnly:
		err = db.writer.do(ctx, run)
	case db.dialect == postgres && readOnly: // all its statements see one moment, as in SQLite
		err = transact(ctx, db.read, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, run)
	case readOnly:
		err = transact(ctx, db.read, &sql.TxOptions{ReadOnly: true}, run)
	default:
		err = transact(ctx, db.write, nil, run)
	}
	if err != nil {
		return db.noteDamage(ctx, err)
	}
	if t.noticed {
		select {
		case db.noticed <- struct{}{}:
		default: // it is known already that there is something to tell
		}
	}
	return nil
}

// QueryContext runs a statement that returns rows.
func (t *tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := t.compiled[query]; stmt != nil {
		return t.StmtContext(ctx, stmt).QueryContext(ctx, args...) //nolint:sqlclosecheck // closed with the transaction
	}
	return t.Tx.QueryContext(t.lasting(ctx), query, args...)
}

// QueryRowContext is QueryContext for at most one row.
func (t *tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if stmt := t.compiled[query]; stmt != nil {
		return t.StmtContext(ctx, stmt).QueryRowContext(ctx, args...) //nolint:sqlclosecheck // closed with the transaction
	}
	return t.Tx.QueryRowContext(t.lasting(ctx), query, args...)
}

// ExecContext runs a statement that returns no rows.
func (t *tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(t.lasting(ctx), query, args...)
}

// lasting returns the context of a statement. To interrupt one would end the
// transaction for all who share it.
func (t *tx) lasting(ctx context.Context) context.Context {
	if t.shared {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// authorize returns registry.Forbidden unless the actor may do what is intended.
func (t *tx) authorize(ctx context.Context, in intent) error {
	switch {
	case in.need == (registry.Permission{}):
		return nil
	case in.owner:
		return t.requireOwner(ctx, in.target.ID, in.need)
	default:
		return t.require(ctx, in.need)
	}
}

// require returns registry.Forbidden unless the transaction's actor holds p on
// the whole service.
func (t *tx) require(ctx context.Context, p registry.Permission) error {
	if t.by.Type == registry.OperatorActor {
		return nil
	}
	held, err := t.actorHolds(ctx)
	if err != nil {
		return err
	}
	if !registry.Decide(held, nil, registry.Question{Permission: p}).Allowed {
		return registry.Forbidden{Missing: p}
	}
	return nil
}

// lockMeta makes changes that read much before they write wait for each other
// on PostgreSQL; SQLite has one writer anyway.
func (t *tx) lockMeta(ctx context.Context) error {
	_, err := t.ExecContext(ctx, `UPDATE meta SET id = id`)
	return err
}

// holders are the subjects whose grants count for the subject $1, $2: it and,
// for a user, the groups. A disabled user or application has none.
const holders = `
	SELECT CAST($1 AS TEXT) AS type, CAST($2 AS TEXT) AS id, '' AS group_id, '' AS group_name
	WHERE CASE $1
		WHEN 'user' THEN EXISTS (SELECT 1 FROM users WHERE id = $2 AND disabled_at IS NULL)
		WHEN 'application' THEN EXISTS (SELECT 1 FROM applications WHERE id = $2 AND status = 'active' AND deleted_at IS NULL)
		ELSE TRUE END
	UNION ALL
	SELECT 'group', c.id, c.id, c.name FROM group_members m JOIN user_groups c ON c.id = m.group_id JOIN users u ON u.id = m.user_id
	WHERE $1 = 'user' AND m.user_id = $2 AND u.disabled_at IS NULL`

// heldWhere selects the permissions of the subject $1, $2 that come of the
// grants g of which a condition is true. CROSS JOIN makes SQLite start with the
// few holders, whatever the condition names.
const heldWhere = `
	SELECT g.service, COALESCE(p.permission, g.key), g.object, COALESCE(p.template, ''), h.group_id, h.group_name, COALESCE((
		SELECT string_agg(n.needs, ' ') FROM permission_needs n WHERE n.service = g.service AND n.permission = COALESCE(p.permission, g.key)), '')
	FROM (` + holders + `) AS h CROSS JOIN grants g
	LEFT JOIN template_permissions p ON g.kind = 'template' AND p.service = g.service AND p.template = g.key
	WHERE g.subject_type = h.type AND g.subject_id = h.id AND (g.kind = 'permission' OR p.permission IS NOT NULL) AND `

const (
	heldQuery       = heldWhere + `TRUE`
	heldOnQuery     = heldWhere + `g.service = $3 AND g.object IN ('', $4, $5)`
	heldInQuery     = heldWhere + `g.service = $3`
	heldByUserQuery = heldWhere + `(
		g.object = '' AND g.service IN (SELECT key FROM services WHERE builtin) OR g.service IN (SELECT service FROM permissions WHERE key = $3))`
)

// held returns the permissions of a subject: its own and those of its groups,
// those from templates included. A disabled user or application holds none.
func (t *tx) held(ctx context.Context, s registry.Subject) ([]registry.Held, error) {
	return collectHeld(t.QueryContext(ctx, heldQuery, s.Type, asText(s.ID)))
}

// heldOn is held for what counts on one object of a service.
func (t *tx) heldOn(ctx context.Context, s registry.Subject, service, object string) ([]registry.Held, error) {
	container, _, _ := strings.Cut(object, "/")
	return collectHeld(t.QueryContext(ctx, heldOnQuery, s.Type, asText(s.ID), asText(service), asText(container), asText(object)))
}

// actorHolds is held of the actor.
func (t *tx) actorHolds(ctx context.Context) ([]registry.Held, error) {
	if t.actorHeld != nil {
		return t.actorHeld()
	}
	return t.held(ctx, t.by.Subject())
}

// collectHeld returns what one of the queries for permissions found.
func collectHeld(rows *sql.Rows, err error) ([]registry.Held, error) {
	if err != nil {
		return nil, fmt.Errorf("load permissions: %w", err)
	}
	return collect(rows, func(h *registry.Held) []any {
		return []any{&h.Permission.Service, &h.Permission.Key, &h.Object, &h.Template, &h.GroupID, &h.GroupName, words{&h.Needs}}
	})
}

// collect scans every row into a T through the destinations that into names,
// and closes rows.
func collect[T any](rows *sql.Rows, into func(*T) []any) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := rows.Scan(into(&one)...); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// recordRefusal appends the event of a refused attempt. The same refusal is
// recorded once a minute, so that a caller in a loop cannot flood the log.
func (db *DB) recordRefusal(ctx context.Context, by registry.Actor, action string, target registry.Target, cause error) {
	ctx = context.WithoutCancel(ctx)
	target = db.nameTarget(ctx, target)
	if !db.refusals.first(fmt.Sprintf("%s %s %s %s", by.Type, by.ID, action, target.ID), db.now()) {
		return
	}
	event := registry.Event{Action: action, Outcome: registry.Refused, Target: target}
	if forbidden, ok := errors.AsType[registry.Forbidden](cause); ok {
		event.After = snapshot(map[string]string{"missing_permission": forbidden.Missing.String()})
	}
	if missing, ok := errors.AsType[registry.MissingScope](cause); ok {
		event.After = snapshot(map[string]string{"missing_scope": missing.Scope})
	}
	err := db.inTx(ctx, by, false, func(t *tx) error { return t.appendEvent(ctx, event) })
	if err != nil {
		db.log.ErrorContext(ctx, "a refusal could not be recorded", "action", action, "err", err)
	}
}

// nameTarget returns the target with the name of the application it is. One
// that was never registered is no target: else whoever makes up IDs would be
// recorded anew with each.
func (db *DB) nameTarget(ctx context.Context, target registry.Target) registry.Target {
	if target.Type != "application" || target.ID == "" || target.Name != "" {
		return target
	}
	err := db.read.QueryRowContext(ctx, `SELECT name FROM applications WHERE id = $1`, asText(target.ID)).Scan(&target.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return registry.Target{Type: target.Type}
	}
	if err != nil {
		db.log.WarnContext(ctx, "the application of a refusal could not be named", "err", err)
	}
	return target
}

// recent remembers for a minute what was seen.
type recent struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// first reports whether key was not seen in the last minute, and notes it.
func (r *recent) first(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.seen[key]; ok && now.Sub(last) < time.Minute {
		return false
	}
	if r.seen == nil || len(r.seen) > 10_000 {
		r.seen = map[string]time.Time{}
	}
	r.seen[key] = now
	return true
}

// snapshot returns v as the JSON that an event keeps of it.
func snapshot(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain structs and maps come here
	}
	return string(text)
}

// isDuplicate reports whether err says that a row breaks a UNIQUE constraint or
// index whose name or column contains what.
func isDuplicate(err error, what string) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505" && strings.Contains(pg.ConstraintName, what)
	}
	return err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed") && strings.Contains(err.Error(), what)
}

// unix returns t for a column that is NULL or 0 when t is zero.
func nullUnix(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.Unix(), Valid: !t.IsZero()}
}

// seconds scans a BIGINT of unix seconds, NULL and 0 being the zero time.
type seconds struct{ to *time.Time }

func (s seconds) Scan(src any) error {
	switch n := src.(type) {
	case nil:
		*s.to = time.Time{}
	case int64:
		*s.to = time.Time{}
		if n != 0 {
			*s.to = time.Unix(n, 0).UTC()
		}
	default:
		return fmt.Errorf("scan %T as a time", src)
	}
	return nil
}

// words scans words that spaces separate, or NULL.
type words struct{ to *[]string }

func (w words) Scan(src any) error {
	text, _ := src.(string)
	*w.to = strings.Fields(text)
	return nil
}
