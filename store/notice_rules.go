package store

import (
	"context"
	"fmt"
	"slices"

	"clientele/registry"
)

// NoticeRules returns who is told of each kind of notice, in the order of
// registry.NoticeTypes. It needs the permission to manage settings.
func (db *DB) NoticeRules(ctx context.Context, by registry.Actor) (rules []registry.NoticeRule, err error) {
	what := intent{action: "team.read-notice-rules", need: registry.ManageSettings, target: noticeRulesTarget}
	err = db.view(ctx, by, what, func(t *tx) error {
		rules, err = t.noticeRules(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the rules of notices: %w", err)
	}
	return rules, nil
}

// SetNoticeRule says who is told of a kind of notice from then on. It needs the
// permission to manage settings. The rule that is in force changes nothing. It
// fails with registry.Invalid, with registry.ErrConflict when the rule is not the
// one that was seen, unless that is nil, and with registry.ErrNotFound when there
// is no such kind.
func (db *DB) SetNoticeRule(ctx context.Context, by registry.Actor, rule registry.NoticeRule, seen *registry.NoticeRule) error {
	what := intent{action: "team.set-notice-rule", need: registry.ManageSettings, target: noticeRulesTarget}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		kind, known := registry.NoticeTypeOf(rule.Kind)
		if !known {
			return registry.Event{}, registry.ErrNotFound
		}
		rule = rule.Clean()
		rule.Affected = rule.Affected && kind.Affects != ""
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		rules, err := t.noticeRules(ctx)
		if err != nil {
			return registry.Event{}, err
		}
		was := ruleOf(rules, rule.Kind)
		if seen != nil && len(seen.Changes(was)) > 0 {
			return registry.Event{}, registry.ErrConflict
		}
		if err := rule.Check(); err != nil {
			return registry.Event{}, err
		}
		if was == rule {
			return registry.Event{}, errUnchanged
		}
		_, err = t.ExecContext(ctx, `
			INSERT INTO notice_rules (kind, enabled, admins, affected, email, addresses) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind) DO UPDATE SET enabled = excluded.enabled, admins = excluded.admins, affected = excluded.affected,
				email = excluded.email, addresses = excluded.addresses`,
			rule.Kind, rule.On, rule.Admins, rule.Affected, rule.Email, rule.Addresses)
		return registry.Event{
			Target: registry.Target{Type: "team", ID: string(rule.Kind), Name: "Notice: " + kind.Name},
			Before: snapshot(was), After: snapshot(rule),
		}, err
	})
	if err != nil {
		return fmt.Errorf("set the rule of a notice: %w", err)
	}
	return nil
}

var noticeRulesTarget = registry.Target{Type: "team", ID: "notices", Name: "Notices"}

// noticeRules returns the rule of each kind.
func (t *tx) noticeRules(ctx context.Context) ([]registry.NoticeRule, error) {
	rows, err := t.QueryContext(ctx, `SELECT kind, enabled, admins, affected, email, addresses FROM notice_rules`)
	if err != nil {
		return nil, fmt.Errorf("read the rules of notices: %w", err)
	}
	set, err := collect(rows, func(r *registry.NoticeRule) []any {
		return []any{&r.Kind, &r.On, &r.Admins, &r.Affected, &r.Email, &r.Addresses}
	})
	if err != nil {
		return nil, fmt.Errorf("read the rules of notices: %w", err)
	}
	rules := make([]registry.NoticeRule, len(registry.NoticeTypes))
	for i, kind := range registry.NoticeTypes {
		rules[i] = kind.DefaultRule()
		if at := slices.IndexFunc(set, func(r registry.NoticeRule) bool { return r.Kind == kind.Kind }); at >= 0 {
			rules[i] = set[at]
		}
	}
	return rules, nil
}

// ruleOf returns the rule of a kind among those of all.
func ruleOf(rules []registry.NoticeRule, kind registry.NoticeKind) registry.NoticeRule {
	return rules[slices.IndexFunc(rules, func(r registry.NoticeRule) bool { return r.Kind == kind })]
}
