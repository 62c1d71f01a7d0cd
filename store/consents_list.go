package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clientele/registry"
)

// OwnConsents returns what a user lets OAuth clients do, of those clients whose
// name contains search. It fails with registry.ErrNotFound for all but users.
func (db *DB) OwnConsents(ctx context.Context, by registry.Actor, search string) (own registry.OwnConsents, err error) {
	err = db.inTx(ctx, by, true, func(t *tx) error {
		if _, err := t.ownAccount(ctx, ""); err != nil {
			return err
		}
		own, err = t.ownConsents(ctx, search)
		return err
	})
	if err != nil {
		return registry.OwnConsents{}, fmt.Errorf("list own consents: %w", err)
	}
	return own, nil
}

func (t *tx) ownConsents(ctx context.Context, search string) (own registry.OwnConsents, err error) {
	named := "%" + likeEscaper.Replace(registry.NameKey(registry.CleanSearch(search))) + "%"
	own.Live, err = t.ownConsentsWhere(ctx, `a.name_key LIKE $2 ESCAPE '\' AND c.ended_at IS NULL AND c.expires_at > $3
		ORDER BY c.last_used_at DESC, c.granted_at DESC, c.id`, named, t.now.Unix())
	if err != nil {
		return own, err
	}
	own.Ended, err = t.ownConsentsWhere(ctx, `a.name_key LIKE $2 ESCAPE '\' AND COALESCE(c.ended_at, c.expires_at) <= $3 AND COALESCE(c.ended_at, c.expires_at) > $4
		ORDER BY COALESCE(c.ended_at, c.expires_at) DESC, c.id`, named, t.now.Unix(), t.now.Add(-registry.EndedConsentKept).Unix())
	if err != nil {
		return own, err
	}
	own.More = len(own.Live) > registry.OwnConsentsShown
	own.Live, own.Ended = own.Live[:min(len(own.Live), registry.OwnConsentsShown)], own.Ended[:min(len(own.Ended), registry.OwnConsentsShown)]
	err = t.QueryRowContext(ctx, `
		SELECT count(*) FROM consents c JOIN applications a ON a.id = c.application_id AND a.deleted_at IS NULL
		WHERE c.user_id = $1 AND c.ended_at IS NULL AND c.expires_at > $2`, t.by.ID, t.now.Unix()).Scan(&own.All)
	if err != nil {
		return own, fmt.Errorf("count own consents: %w", err)
	}
	return own, nil
}

// OwnConsent returns one of a user's consents, live or ended, or
// registry.ErrNotFound when it is none of theirs.
func (db *DB) OwnConsent(ctx context.Context, by registry.Actor, id string) (c registry.OwnConsent, err error) {
	err = db.inTx(ctx, by, true, func(t *tx) error {
		if _, err := t.ownAccount(ctx, ""); err != nil {
			return err
		}
		c, err = t.ownConsent(ctx, id)
		return err
	})
	if err != nil {
		return registry.OwnConsent{}, fmt.Errorf("read own consent: %w", err)
	}
	return c, nil
}

func (t *tx) ownConsent(ctx context.Context, id string) (registry.OwnConsent, error) {
	found, err := t.ownConsentsWhere(ctx, `c.id = $2`, id)
	if err != nil || len(found) == 1 {
		return append(found, registry.OwnConsent{})[0], err
	}
	return registry.OwnConsent{}, registry.ErrNotFound
}

// ownConsentsWhere returns those of the actor's consents to living clients
// that where selects, up to one more than are shown.
func (t *tx) ownConsentsWhere(ctx context.Context, where string, args ...any) ([]registry.OwnConsent, error) {
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		SELECT %s, %s FROM consents c
		JOIN applications a ON a.id = c.application_id AND a.deleted_at IS NULL
		LEFT JOIN logos l ON l.application_id = a.id
		WHERE c.user_id = $1 AND %s LIMIT %d`, consentColumns, consentClientColumns, where, registry.OwnConsentsShown+1),
		slices.Concat([]any{t.by.ID}, args)...)
	if err != nil {
		return nil, fmt.Errorf("read own consents: %w", err)
	}
	all, err := collect(rows, func(c *registry.OwnConsent) []any {
		return append(consentFields(&c.Consent), consentClientFields(&c.Client)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read own consents: %w", err)
	}
	return all, readScopesOf(ctx, t, all, func(c *registry.OwnConsent) *registry.Consent { return &c.Consent })
}

func readScopesOf[T any](ctx context.Context, t *tx, all []T, consent func(*T) *registry.Consent) error {
	consents := make([]*registry.Consent, len(all))
	for i := range all {
		consents[i] = consent(&all[i])
	}
	return t.readConsentScopes(ctx, consents...)
}

// consentsOf is to look at the consents to an application.
func consentsOf(action, clientID string) intent {
	return intent{action: action, need: registry.ViewApplications, target: registry.ApplicationTarget(clientID)}
}

// ApplicationConsents returns a page of the consents to an application. It
// needs the permission to view applications. It fails with
// registry.ErrNotFound, and with registry.Invalid when the query asks for what
// does not exist, or for a page that is no longer there.
func (db *DB) ApplicationConsents(ctx context.Context, by registry.Actor, clientID string, q registry.ConsentQuery) (page registry.ConsentPage, err error) {
	err = db.view(ctx, by, consentsOf("consent.list", clientID), func(t *tx) error {
		if err := registry.Check(q); err != nil {
			return err
		}
		if _, err := t.application(ctx, clientID); err != nil {
			return err
		}
		page, err = t.consentPage(ctx, clientID, q, pageSize)
		return err
	})
	if err != nil {
		return registry.ConsentPage{}, fmt.Errorf("list consents: %w", err)
	}
	return page, nil
}

// CountConsents counts the live consents to an application, as far as that is
// cheap. It needs to own the application, or the permission to view applications.
func (db *DB) CountConsents(ctx context.Context, by registry.Actor, clientID string) (n registry.Count, err error) {
	what := consentsOf("consent.list", clientID)
	what.owner = true
	err = db.view(ctx, by, what, func(t *tx) error {
		n, err = t.countConsents(ctx, clientID, registry.ConsentQuery{}, false)
		return err
	})
	if err != nil {
		return registry.Count{}, fmt.Errorf("count consents: %w", err)
	}
	return n, nil
}

// ApplicationConsent returns one consent to an application, live or ended, or
// registry.ErrNotFound. It needs the permission to view applications.
func (db *DB) ApplicationConsent(ctx context.Context, by registry.Actor, clientID, id string) (c registry.UserConsent, err error) {
	err = db.view(ctx, by, consentsOf("consent.list", clientID), func(t *tx) error {
		if _, err := t.application(ctx, clientID); err != nil {
			return err
		}
		c, err = t.userConsent(ctx, clientID, id)
		return err
	})
	if err != nil {
		return registry.UserConsent{}, fmt.Errorf("read consent: %w", err)
	}
	return c, nil
}

func (t *tx) userConsent(ctx context.Context, clientID, id string) (registry.UserConsent, error) {
	found, err := t.userConsents(ctx, `c.application_id = $1 AND c.id = $2`, clientID, id)
	if err != nil || len(found) == 1 {
		return append(found, registry.UserConsent{})[0], err
	}
	return registry.UserConsent{}, registry.ErrNotFound
}

// ConsentsReport passes every consent to an application that is known, live
// and ended, to yield, the last granted first, and records that it was
// downloaded. It needs the permission to view applications. It fails before
// the first, or with what yield returns.
func (db *DB) ConsentsReport(ctx context.Context, by registry.Actor, clientID string, yield func(registry.UserConsent) error) error {
	what := consentsOf("consent.download", clientID)
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		app, err := t.application(ctx, clientID)
		return registry.Event{Target: applicationTarget(app)}, err
	})
	if err != nil {
		return fmt.Errorf("report consents: %w", err)
	}
	q := registry.ConsentQuery{State: registry.AllConsents}
	for {
		var page registry.ConsentPage
		err := db.view(ctx, by, what, func(t *tx) error {
			page, err = t.consentPage(ctx, clientID, q, reportBatch)
			if _, gone := errors.AsType[registry.Invalid](err); gone { // what was left has been removed meanwhile
				return nil
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("report consents: %w", err)
		}
		for _, c := range page.Consents {
			if err := yield(c); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		q.After = page.Next
	}
}

// consentPage returns a page of so many of the consents to a client.
func (t *tx) consentPage(ctx context.Context, clientID string, q registry.ConsentQuery, size int) (page registry.ConsentPage, err error) {
	few, err := t.fewPeople(ctx, registry.CleanSearch(q.Search))
	if err != nil {
		return page, err
	}
	s, column := t.consentSelection(clientID, q, few), t.sorted("c.granted_at", few)
	order := "DESC"
	if q.Before != "" {
		order = "ASC"
	}
	if q.Before != "" || q.After != "" {
		cursor, err := registry.ParseCursor(q.Before+q.After, registry.ConsentsByGrant)
		if err != nil {
			return page, noSuchPage
		}
		beyond := map[string]string{"DESC": "<", "ASC": ">"}[order]
		s.and(fmt.Sprintf("(%s, c.id) %s (%s, %s)", column, beyond, s.bind(cursor.Time), s.bind(cursor.ID)))
	}
	where := fmt.Sprintf("%s ORDER BY %s %s, c.id %s LIMIT %d", strings.Join(s.where, " AND "), column, order, order, size+1)
	found, err := t.userConsents(ctx, where, s.args...)
	if err != nil {
		return page, err
	}
	more := len(found) > size
	page.Consents = found[:min(len(found), size)]
	switch {
	case q.Before != "" && !more: // all before fits on the first page, which others then fill
		q.Before, q.After = "", ""
		return t.consentPage(ctx, clientID, q, size)
	case q.Before != "":
		slices.Reverse(page.Consents)
	case q.After != "" && len(found) == 0:
		return page, noSuchPage
	}
	if q.Before != "" || q.After != "" {
		page.Prev = consentCursor(page.Consents[0])
	}
	if q.Before != "" || more {
		page.Next = consentCursor(page.Consents[len(page.Consents)-1])
	}
	if size == pageSize {
		page.Found, err = t.countConsents(ctx, clientID, q, few)
	}
	return page, err
}

func consentCursor(c registry.UserConsent) string {
	return registry.Cursor{Sort: registry.ConsentsByGrant, Time: c.GrantedAt.Unix(), ID: c.ID}.String()
}

func (t *tx) countConsents(ctx context.Context, clientID string, q registry.ConsentQuery, few bool) (registry.Count, error) {
	s := t.consentSelection(clientID, q, few)
	var n int
	err := t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM consents c JOIN users u ON u.id = c.user_id WHERE %s LIMIT %d) AS found`,
		strings.Join(s.where, " AND "), countLimit+1), s.args...).Scan(&n)
	if err != nil {
		return registry.Count{}, fmt.Errorf("count consents: %w", err)
	}
	return counted(n), nil
}

// consentSelection selects, from consents c and users u, those consents to a
// client that the query asks for: by the search's index when it finds few.
func (t *tx) consentSelection(clientID string, q registry.ConsentQuery, few bool) *selection {
	s := &selection{dialect: t.dialect, now: t.now}
	s.and(t.sorted("c.application_id", few) + " = " + s.bind(clientID))
	switch q.State {
	case registry.LiveConsents:
		s.and("c.ended_at IS NULL", "c.expires_at > "+s.bind(t.now.Unix()))
	case registry.EndedConsents:
		s.and("COALESCE(c.ended_at, c.expires_at) <= "+s.bind(t.now.Unix()),
			"COALESCE(c.ended_at, c.expires_at) > "+s.bind(t.now.Add(-registry.EndedConsentKept).Unix()))
	}
	if search := registry.CleanSearch(q.Search); search != "" {
		s.personNamed("u", search, few)
	}
	return s
}

// userConsents returns the consents that where selects of consents c and users u.
func (t *tx) userConsents(ctx context.Context, where string, args ...any) ([]registry.UserConsent, error) {
	rows, err := t.QueryContext(ctx, `SELECT `+consentColumns+`, u.name, u.email FROM consents c JOIN users u ON u.id = c.user_id WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	all, err := collect(rows, func(c *registry.UserConsent) []any {
		return append(consentFields(&c.Consent), &c.UserName, &c.UserEmail)
	})
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return all, readScopesOf(ctx, t, all, func(c *registry.UserConsent) *registry.Consent { return &c.Consent })
}
