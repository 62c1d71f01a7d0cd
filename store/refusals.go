package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

const (
	// Of a flood of refusals the first are kept: what is refused over and over
	// has one reason.
	refusalsAtOnce   = 200 // until the next flush
	refusalsOfCaller = 50  // of these
	refusalsKept     = 200_000
	refusalsShown    = 20 // of one request
)

// Refused notes refusals, so that they are found by their request's ID. They
// are written down when tokens are.
func (db *DB) Refused(all ...registry.Refusal) {
	db.usage.mu.Lock()
	defer db.usage.mu.Unlock()
	for _, r := range all {
		db.usage.note(r)
	}
}

// note keeps a refusal, unless there are enough.
func (u *unwritten) note(r registry.Refusal) {
	caller := r.AskedBy
	if caller == "" {
		caller = registry.SubjectName(r.Subject)
	}
	if len(u.refusals) < refusalsAtOnce && u.refused[caller] < refusalsOfCaller {
		u.refusals = append(u.refusals, r)
		u.refused[caller]++
	}
}

func (t *tx) writeRefusals(ctx context.Context, all []registry.Refusal) error {
	for _, r := range all {
		_, err := t.ExecContext(ctx, `
			INSERT INTO refusals (request_id, at, asked, asked_by, subject_type, subject_id, client_id, service, permission, object, scope, lacking)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			r.RequestID, r.At.Unix(), r.Asked, r.AskedBy, r.Subject.Type, r.Subject.ID, r.ClientID, r.Permission.Service, r.Permission.Key, r.Object, r.Scope, r.Lacking)
		if err != nil {
			return fmt.Errorf("write a refusal: %w", err)
		}
	}
	return nil
}

// Refusals returns what was refused in the request of that ID, the latest
// first, as far as the actor may look at permissions. It is empty when nothing
// was, or longer ago than registry.RefusalKept. It fails with
// registry.Forbidden when the actor may look at none.
func (db *DB) Refusals(ctx context.Context, by registry.Actor, requestID string) (found []registry.Refusal, err error) {
	db.FlushUsage(ctx) // what was refused a moment ago is asked about most
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	err = db.view(ctx, by, intent{action: "permission.explain", target: registry.AllPermissions}, func(t *tx) error {
		reach, err := t.reach(ctx)
		if err != nil {
			return err
		}
		rows, err := t.QueryContext(ctx, fmt.Sprintf(`
			SELECT request_id, at, asked, asked_by, subject_type, subject_id, client_id, service, permission, object, scope, lacking
			FROM refusals WHERE request_id = $1 AND at > $2 ORDER BY at DESC LIMIT %d`, refusalsShown), asText(requestID), t.now.Add(-registry.RefusalKept).Unix())
		if err != nil {
			return err
		}
		all, err := collect(rows, func(r *registry.Refusal) []any {
			return []any{
				&r.RequestID,
				seconds{&r.At},
				&r.Asked, &r.AskedBy, &r.Subject.Type, &r.Subject.ID, &r.ClientID,
				&r.Permission.Service, &r.Permission.Key, &r.Object, &r.Scope, &r.Lacking,
			}
		})
		for _, r := range all {
			if reach.Covers(serviceOf(r.AccessQuestion, catalogue), r.Object) {
				found = append(found, r)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for a refusal: %w", err)
	}
	return found, nil
}

// serviceOf returns the key of the service that a question is about.
func serviceOf(q registry.AccessQuestion, c registry.Catalogue) string {
	if q.Permission.Service != "" {
		return q.Permission.Service
	}
	service, _, _ := c.Scope(q.Scope)
	return service.Key
}
