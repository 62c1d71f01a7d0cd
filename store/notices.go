package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele/registry"
)

const (
	noticeEvery = time.Second // how soon people are told of what another process did
	expiryEvery = time.Minute // how exactly they are told of a secret's end
	noticeBatch = 100         // notices in one transaction
)

// notice writes down what people are to be told of an event, in the event's own
// transaction.
func (t *tx) notice(ctx context.Context, e registry.Event) error {
	n, tells := registry.NoticeOf(e)
	if !tells {
		return nil
	}
	return t.insertNotice(ctx, n)
}

func (t *tx) insertNotice(ctx context.Context, n registry.Notice) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO notices (id, kind, at, actor_type, actor_id, actor_name, target_type, target_id, target_name, user_id, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		"nt_"+rand.Text(), n.Kind, n.At.UnixMilli(), n.Actor.Type, n.Actor.ID, n.Actor.Name,
		n.Target.Type, n.Target.ID, n.Target.Name, n.UserID, snapshot(n.Detail))
	if err != nil {
		return fmt.Errorf("write a notice: %w", err)
	}
	t.noticed = true
	return nil
}

const noticeColumns = `notices.id, notices.kind, notices.at, notices.actor_type, notices.actor_id, notices.actor_name,
	notices.target_type, notices.target_id, notices.target_name, notices.user_id, notices.detail`

func noticeFields(n *registry.Notice) []any {
	return []any{
		&n.ID, &n.Kind,
		milliseconds{&n.At},
		&n.Actor.Type, &n.Actor.ID, &n.Actor.Name,
		&n.Target.Type, &n.Target.ID, &n.Target.Name, &n.UserID,
		fromJSON{&n.Detail},
	}
}

// fromJSON scans a TEXT of JSON.
type fromJSON struct{ to any }

func (j fromJSON) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("scan %T as JSON", src)
	}
	return json.Unmarshal([]byte(text), j.to)
}

// TellNotices tells people of what happened until ctx ends: at once of what was
// done here, and within seconds of what was done elsewhere.
func (db *DB) TellNotices(ctx context.Context) {
	tick, last := time.NewTicker(noticeEvery), time.Time{}
	defer tick.Stop()
	for {
		var err error
		if now := db.now(); now.Sub(last) >= expiryEvery {
			err, last = db.noticeExpiry(ctx), now
		}
		if err = errors.Join(err, db.tell(ctx)); err != nil && ctx.Err() == nil {
			db.log.WarnContext(ctx, "people could not be told yet of what happened", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-db.noticed:
		}
	}
}

// Tell tells people now of everything that has happened so far, as TellNotices
// does by and by.
func (db *DB) Tell(ctx context.Context) error {
	if err := db.noticeExpiry(ctx); err != nil {
		return err
	}
	return db.tell(ctx)
}

// tell gives the notices that nobody was told of to those who are to be, each
// once, whichever of several instances does it.
func (db *DB) tell(ctx context.Context) error {
	for {
		var waits bool
		err := db.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM notices WHERE told_at IS NULL)`).Scan(&waits)
		if err != nil {
			return fmt.Errorf("look for notices: %w", err)
		}
		if !waits {
			return nil
		}
		err = db.inTx(ctx, registry.System, false, func(t *tx) error {
			notices, err := t.takeNotices(ctx)
			if err != nil {
				return err
			}
			rules, err := t.noticeRules(ctx)
			if err != nil {
				return err
			}
			hooks, err := t.webhooks(ctx, `enabled`)
			if err != nil {
				return err
			}
			for _, n := range notices {
				if err := t.queueWebhooks(ctx, n, hooks); err != nil {
					return err
				}
				if err := t.tell(ctx, n, rules); err != nil {
					return err
				}
				if !db.mail {
					continue
				}
				if err := t.queueMail(ctx, n, rules); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("tell people: %w", err)
		}
	}
}

// takeNotices returns notices that nobody was told of, which are this
// transaction's to tell.
func (t *tx) takeNotices(ctx context.Context) ([]registry.Notice, error) {
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		UPDATE notices SET told_at = $1 WHERE told_at IS NULL
		AND id IN (SELECT id FROM notices WHERE told_at IS NULL ORDER BY at, id LIMIT %d) RETURNING %s`, noticeBatch, noticeColumns), t.now.Unix())
	if err != nil {
		return nil, fmt.Errorf("take notices: %w", err)
	}
	return collect(rows, noticeFields)
}

// tell gives a notice to those whom its rule names. What somebody did is no
// news to them.
func (t *tx) tell(ctx context.Context, n registry.Notice, rules []registry.NoticeRule) error {
	kind, known := registry.NoticeTypeOf(n.Kind)
	if !known { // a newer binary's
		return nil
	}
	rule := ruleOf(rules, n.Kind)
	if !rule.On {
		return nil
	}
	if rule.Affected {
		those, args := affectedUsers(n)
		if err := t.tellUsers(ctx, n, "", those, args...); err != nil {
			return err
		}
		if kind.Owners {
			if err := t.tellUsers(ctx, n, toOwner, `SELECT user_id AS id FROM application_owners WHERE application_id = $1`, n.Target.ID); err != nil {
				return err
			}
		}
	}
	if rule.Admins {
		return t.tellUsers(ctx, n, kind.Audience.String(), usersHolding(registry.WithNeeds(kind.Audience)))
	}
	return nil
}

// toOwner is what users need, instead of a permission, to see what they were
// told as owners of the application.
const toOwner = "owner"

// affectedUsers selects the IDs of the users whom a notice affects.
func affectedUsers(n registry.Notice) (query string, args []any) {
	if n.Kind == registry.NoticeConsentRevoked && n.UserID == "" { // all of them at once
		return `SELECT user_id AS id FROM consents WHERE application_id = $1 AND revoked_by = $2 AND ended_at = $3`,
			[]any{n.Target.ID, registry.RevokedByAdmin, n.At.Unix()}
	}
	return `SELECT id FROM users WHERE id = $1`, []any{n.UserID}
}

// tellUsers gives a notice to the users whose IDs a query selects, but for those
// who are disabled or have it already.
func (t *tx) tellUsers(ctx context.Context, n registry.Notice, needs, query string, args ...any) error {
	i := len(args)
	_, err := t.ExecContext(ctx, fmt.Sprintf(`
		INSERT INTO user_notices (user_id, notice_id, at, needs, read_at)
		SELECT DISTINCT u.id, CAST($%[2]d AS TEXT), CAST($%[3]d AS BIGINT), CAST($%[4]d AS TEXT),
			CASE WHEN u.id = CAST($%[5]d AS TEXT) THEN CAST($%[6]d AS BIGINT) END
		FROM (%[1]s) AS those JOIN users u ON u.id = those.id WHERE u.disabled_at IS NULL
		ON CONFLICT DO NOTHING`, query, i+1, i+2, i+3, i+4, i+5),
		append(args, n.ID, n.At.UnixMilli(), needs, n.Actor.ID, t.now.Unix())...)
	if err != nil {
		return fmt.Errorf("tell users: %w", err)
	}
	return nil
}

// OwnNotices returns a page of what a user was told, as far as the user may
// still see it. It fails with registry.ErrNotFound for all but users, and with
// registry.Invalid when there is no such page.
func (db *DB) OwnNotices(ctx context.Context, by registry.Actor, q registry.NoticeQuery) (page registry.NoticePage, err error) {
	err = db.inTx(ctx, by, true, func(t *tx) error {
		visible, err := t.visibleNotices(ctx)
		if err != nil {
			return err
		}
		page, err = t.noticePage(ctx, q, visible)
		return err
	})
	if err != nil {
		return registry.NoticePage{}, fmt.Errorf("read notices: %w", err)
	}
	return page, nil
}

// OwnNotice returns what a user was told, and notes that it was read. It fails
// with registry.ErrNotFound when the user was not told, or may not see it any
// more.
func (db *DB) OwnNotice(ctx context.Context, by registry.Actor, id string) (n registry.OwnNotice, err error) {
	err = db.inTx(ctx, by, false, func(t *tx) error {
		visible, err := t.visibleNotices(ctx)
		if err != nil {
			return err
		}
		where := visible.where + ` AND notice_id = ` + visible.bind(asText(id))
		_, err = t.ExecContext(ctx, `UPDATE user_notices AS r SET read_at = `+visible.bind(t.now.Unix())+` WHERE read_at IS NULL AND `+where, visible.args...)
		if err != nil {
			return err
		}
		err = t.QueryRowContext(ctx, `
			SELECT `+ownNoticeColumns+` FROM user_notices r JOIN notices ON notices.id = r.notice_id WHERE `+where, visible.args[:len(visible.args)-1]...).
			Scan(ownNoticeFields(&n)...)
		if errors.Is(err, sql.ErrNoRows) {
			return registry.ErrNotFound
		}
		return err
	})
	if err != nil {
		return registry.OwnNotice{}, fmt.Errorf("open a notice: %w", err)
	}
	return n, nil
}

// ReadNotices notes that a user read those of the IDs, or all when there are
// none. It fails with registry.ErrNotFound for all but users.
func (db *DB) ReadNotices(ctx context.Context, by registry.Actor, ids []string) error {
	err := db.inTx(ctx, by, false, func(t *tx) error {
		visible, err := t.visibleNotices(ctx)
		if err != nil {
			return err
		}
		where := visible.where
		if len(ids) > 0 {
			where += ` AND notice_id IN (` + visible.bindAll(ids) + `)`
		}
		_, err = t.ExecContext(ctx, `UPDATE user_notices AS r SET read_at = `+visible.bind(t.now.Unix())+` WHERE read_at IS NULL AND `+where, visible.args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark notices as read: %w", err)
	}
	return nil
}

// unreadLimit is where counting unread notices stops: a page says "9+".
const unreadLimit = 10

// UnreadNotices returns how many notices a user who holds held has not read, and
// no more than 10.
func (db *DB) UnreadNotices(ctx context.Context, by registry.Actor, held []registry.Held) (n int, err error) {
	visible := visibleTo(by, held)
	err = db.read.QueryRowContext(ctx, fmt.Sprintf(`
		SELECT count(*) FROM (SELECT 1 FROM user_notices r WHERE read_at IS NULL AND %s LIMIT %d) AS unread`, visible.where, unreadLimit), visible.args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count notices: %w", err)
	}
	return n, nil
}

const ownNoticeColumns = noticeColumns + `, r.needs = '', r.needs = '` + toOwner + `', r.read_at IS NOT NULL`

func ownNoticeFields(n *registry.OwnNotice) []any {
	return append(noticeFields(&n.Notice), &n.Own, &n.Owner, &n.Read)
}

// visible is the condition under which a user may see a row r of user_notices.
type visible struct {
	where string
	args  []any
}

func (v *visible) bind(arg any) string {
	v.args = append(v.args, arg)
	return fmt.Sprintf("$%d", len(v.args))
}

func (v *visible) bindAll(texts []string) string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = v.bind(asText(text))
	}
	return strings.Join(all, ", ")
}

// visibleNotices returns what the user whose transaction it is may see, or
// registry.ErrNotFound for all but users.
func (t *tx) visibleNotices(ctx context.Context) (visible, error) {
	if t.by.Type != registry.UserActor {
		return visible{}, registry.ErrNotFound
	}
	held, err := t.actorHolds(ctx)
	return visibleTo(t.by, held), err
}

func visibleTo(by registry.Actor, held []registry.Held) visible {
	var v visible
	needs := []string{""}
	for _, p := range registry.NoticeAudiences() {
		if registry.Decide(held, nil, registry.Question{Permission: p}).Allowed {
			needs = append(needs, p.String())
		}
	}
	v.where = `r.user_id = ` + v.bind(by.ID) + ` AND (r.needs IN (` + v.bindAll(needs) + `) OR r.needs = ` + v.bind(toOwner) + ` AND EXISTS (
		SELECT 1 FROM notices t JOIN application_owners o ON o.application_id = t.target_id WHERE t.id = r.notice_id AND o.user_id = r.user_id))`
	return v
}

// noticePage reads the page that q asks for.
func (t *tx) noticePage(ctx context.Context, q registry.NoticeQuery, v visible) (page registry.NoticePage, err error) {
	if q.Unread {
		v.where += ` AND r.read_at IS NULL`
	}
	order, place, from := "DESC", "<", q.Before
	if q.After != "" {
		order, place, from = "ASC", ">", q.After
	}
	where := v.where
	if from != "" {
		var at int64
		err := t.QueryRowContext(ctx, `SELECT at FROM user_notices WHERE user_id = $1 AND notice_id = $2`, t.by.ID, asText(from)).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			return page, registry.Invalid{"cursor": "That page is no longer there."}
		}
		if err != nil {
			return page, err
		}
		where += ` AND (r.at, r.notice_id) ` + place + ` (` + v.bind(at) + `, ` + v.bind(asText(from)) + `)`
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		SELECT %[1]s FROM user_notices r JOIN notices ON notices.id = r.notice_id WHERE %[2]s
		ORDER BY r.at %[3]s, r.notice_id %[3]s LIMIT %[4]d`, ownNoticeColumns, where, order, registry.NoticePageSize+1), v.args...)
	if err != nil {
		return page, err
	}
	if page.Notices, err = collect(rows, ownNoticeFields); err != nil {
		return page, err
	}
	more := len(page.Notices) > registry.NoticePageSize
	page.Notices = page.Notices[:min(len(page.Notices), registry.NoticePageSize)]
	if q.After != "" {
		slices.Reverse(page.Notices)
		page.Newer, page.Older = more, true
	} else {
		page.Newer, page.Older = from != "", more
	}
	return page, nil
}
