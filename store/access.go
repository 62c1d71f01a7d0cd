package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele/registry"
)

// evaluation is what looking into what others may do is refused as.
func evaluation() intent {
	return intent{action: "permission.evaluate", need: registry.EvaluateAccess, target: registry.AllPermissions}
}

// Evaluate answers questions of access, in their order and all as of one
// moment, up to the one with which the semantics end. It needs the permission
// to evaluate access, on all of the service.
func (db *DB) Evaluate(ctx context.Context, by registry.Actor, asked []registry.AccessQuestion, semantics registry.Semantics) (answers []registry.Access, err error) {
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	err = db.view(ctx, by, evaluation(), func(t *tx) error {
		for _, q := range asked {
			answer, err := t.access(ctx, catalogue, q)
			if err != nil {
				return err
			}
			answers = append(answers, answer)
			if semantics.Ends(answer.Allowed) {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("evaluate access: %w", err)
	}
	return answers, nil
}

// access answers one question. What is allowed takes one statement, and one
// more with a scope.
func (t *tx) access(ctx context.Context, c registry.Catalogue, q registry.AccessQuestion) (registry.Access, error) {
	held, err := t.heldOn(ctx, q.Subject, q.Permission.Service, q.Object)
	if err != nil {
		return registry.Access{}, err
	}
	scopes, err := t.carried(ctx, q)
	if err != nil {
		return registry.Access{}, err
	}
	a := registry.Access{Question: q, Decision: registry.Decide(held, scopes, q.Question), Reason: registry.AccessGranted}
	if a.Allowed {
		return a, nil
	}
	subject, err := t.subjectName(ctx, q.Subject)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return a, err
	}
	service, _ := c.Service(q.Permission.Service)
	_, known := service.Permission(q.Permission.Key)
	switch {
	case err != nil:
		a.Reason = registry.UnknownSubject
	case subject.Disabled:
		a.Reason = registry.SubjectDisabled
	case !known:
		a.Reason = registry.UnknownPermission
	case a.MissingPermission != registry.Permission{}:
		a.Reason = registry.PermissionMissing
	default:
		a.Reason = registry.ScopeMissing
	}
	return a, nil
}

// carried returns the scopes that tokens of the subject can carry: those that an
// application is registered for and, of a user, those that they consented to
// give to the application that acts for them. A question that is about no scope
// is about none of them.
func (t *tx) carried(ctx context.Context, q registry.AccessQuestion) ([]string, error) {
	if q.Scope == "" {
		return nil, nil
	}
	query, args := `
		SELECT s.scope FROM application_scopes s JOIN applications a ON a.id = s.application_id
		WHERE a.id = $1 AND a.status = 'active' AND a.deleted_at IS NULL`, []any{asText(q.Subject.ID)}
	if q.Subject.Type != registry.ApplicationSubject {
		query += ` AND EXISTS (SELECT 1 FROM consents c JOIN consent_scopes o ON o.consent_id = c.id AND o.scope = s.scope AND o.allowed
			WHERE c.user_id = $2 AND c.application_id = $1 AND c.ended_at IS NULL AND c.expires_at > $3)`
		args = []any{asText(q.ClientID), asText(q.Subject.ID), t.now.Unix()}
	}
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read scopes: %w", err)
	}
	scopes, err := collect(rows, func(scope *string) []any { return []any{scope} })
	if err != nil {
		return nil, fmt.Errorf("read scopes: %w", err)
	}
	return scopes, nil
}

// subjectName returns a subject as pages show it, or registry.ErrNotFound.
func (t *tx) subjectName(ctx context.Context, s registry.Subject) (registry.PickedSubject, error) {
	named := registry.PickedSubject{Subject: s}
	query, known := map[registry.SubjectType]string{
		registry.UserSubject:        `SELECT name, email, disabled_at IS NOT NULL FROM users WHERE id = $1`,
		registry.GroupSubject:       `SELECT name, id, FALSE FROM user_groups WHERE id = $1`,
		registry.ApplicationSubject: `SELECT name, id, status = 'disabled' FROM applications WHERE id = $1 AND deleted_at IS NULL`,
	}[s.Type]
	if !known {
		return named, registry.ErrNotFound
	}
	err := t.QueryRowContext(ctx, query, asText(s.ID)).Scan(&named.Name, &named.Detail, &named.Disabled)
	if errors.Is(err, sql.ErrNoRows) {
		return named, registry.ErrNotFound
	}
	if err != nil {
		return named, fmt.Errorf("read the subject: %w", err)
	}
	return named, nil
}
