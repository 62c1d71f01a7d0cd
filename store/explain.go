package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"clientele/registry"
)

// explanation is what asking why is refused as.
func explanation() intent {
	return intent{action: "permission.explain", target: registry.AllPermissions}
}

// Explain answers a question of access with all that it rests on. One without
// a permission is about the scope alone. It fails with registry.Forbidden when
// the actor may look at nobody's permissions, and with registry.ErrNotFound
// when not at those that the question is about.
func (db *DB) Explain(ctx context.Context, by registry.Actor, q registry.AccessQuestion) (e registry.Explanation, err error) {
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return e, err
	}
	err = db.view(ctx, by, explanation(), func(t *tx) error {
		reach, err := t.reach(ctx)
		if err != nil {
			return err
		}
		if !reach.Covers(serviceOf(q, catalogue), q.Object) {
			return registry.ErrNotFound
		}
		e, err = t.explain(ctx, catalogue, q)
		return err
	})
	if err != nil {
		return e, fmt.Errorf("explain access: %w", err)
	}
	return e, nil
}

func (t *tx) explain(ctx context.Context, c registry.Catalogue, q registry.AccessQuestion) (e registry.Explanation, err error) {
	if e.Subject, err = t.subjectName(ctx, q.Subject); err != nil && !errors.Is(err, registry.ErrNotFound) {
		return e, err
	}
	app := registry.Subject{Type: registry.ApplicationSubject, ID: q.ClientID}
	if q.Subject.Type == registry.ApplicationSubject {
		app = q.Subject
	} else if e.Client, err = t.subjectName(ctx, app); err != nil && !errors.Is(err, registry.ErrNotFound) {
		return e, err
	}
	if e.Keyed, err = t.keyed(ctx, app); err != nil {
		return e, err
	}
	registered, err := t.scopesOf(ctx, asText(app.ID))
	if err != nil {
		return e, err
	}
	e.Registered = keysOf(registered, func(s registry.Scope) string { return s.Key })
	if e.Required, err = t.requiredScopes(ctx, asText(app.ID)); err != nil {
		return e, err
	}
	if e.Access, err = t.access(ctx, c, q); err != nil {
		return e, err
	}
	if q.Permission == (registry.Permission{}) {
		e.Allowed, e.MissingPermission = e.MissingScope == "", registry.Permission{}
		switch {
		case e.Reason != registry.UnknownPermission:
		case e.Allowed:
			e.Reason = registry.AccessGranted
		default:
			e.Reason = registry.ScopeMissing
		}
		return e, nil
	}
	held, err := t.heldOn(ctx, q.Subject, q.Permission.Service, q.Object)
	if err != nil {
		return e, err
	}
	service, _ := c.Service(q.Permission.Service)
	if e.Reason != registry.UnknownPermission {
		e.Needed = registry.Needed(held, service, q.Question)
	}
	return e, nil
}

// SubjectNamed returns whom a text names: a user by e-mail address, a group or
// an application by name, each by ID, and a user by a name that nobody else has.
// It fails with registry.Forbidden when the actor may look at nobody's
// permissions, and with registry.Invalid when it names nobody, or several.
func (db *DB) SubjectNamed(ctx context.Context, by registry.Actor, text string) (found registry.Subject, err error) {
	err = db.view(ctx, by, explanation(), func(t *tx) error {
		if _, err := t.reach(ctx); err != nil {
			return err
		}
		text = asText(strings.TrimSpace(text))
		rows, err := t.QueryContext(ctx, `
			SELECT 'user', id FROM users WHERE id = $1 OR email_key = $2 OR `+t.dialect.folded("name_key", text)+` = $3
			UNION SELECT 'group', id FROM user_groups WHERE id = $1 OR name_key = $3
			UNION SELECT 'application', id FROM applications WHERE deleted_at IS NULL AND id = $1
			UNION SELECT 'application', id FROM applications WHERE deleted_at IS NULL AND name_key = $3
			LIMIT 2`, text, strings.ToLower(text), registry.NameKey(text))
		if err != nil {
			return err
		}
		all, err := collect(rows, func(s *registry.Subject) []any { return []any{&s.Type, &s.ID} })
		switch {
		case err != nil:
			return err
		case len(all) == 0:
			return registry.Invalid{"subject": "Nobody is called that. Enter an e-mail address, a client ID, or the whole name of a group or an application."}
		case len(all) > 1:
			return registry.Invalid{"subject": "Several are called that. Enter an e-mail address or an ID instead."}
		}
		found = all[0]
		return nil
	})
	if err != nil {
		return found, fmt.Errorf("find a subject: %w", err)
	}
	return found, nil
}

// SubjectAccess returns what a subject may do. It needs the permission to view
// users or applications, whichever the subject is; whoever may only look at some
// permissions sees those. It fails with registry.ErrNotFound when there is no
// such subject.
func (db *DB) SubjectAccess(ctx context.Context, by registry.Actor, s registry.Subject) (a registry.SubjectAccess, err error) {
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return a, err
	}
	err = db.view(ctx, by, explanation(), func(t *tx) error {
		reach, err := t.reachOf(ctx, s)
		if err != nil {
			return err
		}
		if a.Subject, err = t.subjectName(ctx, s); err != nil {
			return err
		}
		if a.Keyed, err = t.keyed(ctx, s); err != nil {
			return err
		}
		held, err := t.held(ctx, s)
		if err != nil {
			return err
		}
		var scopes []registry.Scope
		if s.Type == registry.ApplicationSubject {
			if scopes, err = t.scopesOf(ctx, s.ID); err != nil {
				return err
			}
		}
		for _, service := range catalogue.Services {
			part, some := reach.Of(service)
			if !some {
				continue
			}
			one := registry.ServiceAccess{Service: service}
			for _, line := range registry.EffectiveAccess(held, service) {
				if reach.Covers(service.Key, line.Object) {
					one.Lines = append(one.Lines, line)
				}
			}
			for _, scope := range scopes {
				if of, _, _ := catalogue.Scope(scope.Key); of.Key == service.Key && len(part.Only) == 0 {
					one.Scopes = append(one.Scopes, scope)
				}
			}
			if len(one.Lines)+len(one.Scopes) > 0 {
				a.Services = append(a.Services, one)
			}
		}
		return nil
	})
	if err != nil {
		return a, fmt.Errorf("read effective access: %w", err)
	}
	return a, nil
}

// keyed reports whether a subject is an application key.
func (t *tx) keyed(ctx context.Context, s registry.Subject) (keyed bool, err error) {
	err = t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM applications WHERE $1 = 'application' AND id = $2 AND type = 'application_key')`,
		s.Type, asText(s.ID)).Scan(&keyed)
	if err != nil {
		return false, fmt.Errorf("read the type of the application: %w", err)
	}
	return keyed, nil
}

// reachOf is reach for who looks at a user or an application, where what these
// hold is shown anyway, to the owners of the application too.
func (t *tx) reachOf(ctx context.Context, s registry.Subject) (registry.Reach, error) {
	var err error
	if s.Type == registry.ApplicationSubject {
		err = t.requireOwner(ctx, s.ID, registry.ViewApplications)
	} else {
		err = t.require(ctx, registry.ViewUsers)
	}
	if err == nil {
		return registry.Everything, nil
	}
	if !errors.Is(err, registry.ErrForbidden) {
		return registry.Reach{}, err
	}
	return t.reach(ctx)
}
