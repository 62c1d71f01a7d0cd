package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele/registry"
)

// deliveryLease is how long whoever takes a delivery has for its attempt: longer
// than any takes. After that, others take it: its taker has died.
const deliveryLease = time.Minute

// queueWebhooks writes down that a notice is to be sent to the webhooks that are
// on and told of its kind.
func (t *tx) queueWebhooks(ctx context.Context, n registry.Notice, hooks []registry.Webhook) error {
	for _, w := range hooks {
		if !w.On || !slices.Contains(w.Kinds, n.Kind) {
			continue
		}
		if err := t.queue(ctx, registry.Delivery{WebhookID: w.ID, Notice: n}); err != nil {
			return err
		}
	}
	return nil
}

// queueMail writes down that a notice is to be sent by e-mail to those who were
// told of it and want that, when its rule says so, and to the rule's addresses.
// What somebody did is no news to them.
func (t *tx) queueMail(ctx context.Context, n registry.Notice, rules []registry.NoticeRule) error {
	if _, known := registry.NoticeTypeOf(n.Kind); !known {
		return nil
	}
	rule := ruleOf(rules, n.Kind)
	if !rule.On {
		return nil
	}
	var to []registry.Delivery
	if rule.Email {
		rows, err := t.QueryContext(ctx, `
			SELECT u.email, u.id, r.needs = '' FROM user_notices r JOIN users u ON u.id = r.user_id
			WHERE r.notice_id = $1 AND r.read_at IS NULL AND u.notice_mail ORDER BY u.id`, n.ID)
		if err != nil {
			return fmt.Errorf("read whom to write to: %w", err)
		}
		if to, err = collect(rows, func(d *registry.Delivery) []any { return []any{&d.Email, &d.UserID, &d.Own} }); err != nil {
			return fmt.Errorf("read whom to write to: %w", err)
		}
	}
	for _, address := range rule.AddressList() {
		to = append(to, registry.Delivery{Email: address})
	}
	for _, d := range to {
		d.Notice = n
		if err := t.queue(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// MailTrouble returns how many messages by e-mail the mail server did not
// accept yet, and no more than 1,001, with what it answered last. It needs the
// permission to manage settings.
func (db *DB) MailTrouble(ctx context.Context, by registry.Actor) (waiting registry.MailTrouble, err error) {
	what := intent{action: "team.read-notice-rules", need: registry.ManageSettings, target: noticeRulesTarget}
	err = db.view(ctx, by, what, func(t *tx) error {
		err := t.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE %s LIMIT %d) AS waiting`, unsentMail, countLimit+1)).Scan(&waiting.Messages)
		if err != nil || waiting.Messages == 0 {
			return err
		}
		return t.QueryRowContext(ctx, `SELECT answer, tried_at FROM deliveries WHERE `+unsentMail+` ORDER BY tried_at DESC LIMIT 1`).
			Scan(&waiting.Answer, seconds{&waiting.TriedAt})
	})
	if err != nil {
		return registry.MailTrouble{}, fmt.Errorf("look for e-mails that wait: %w", err)
	}
	return waiting, nil
}

// unsentMail is the condition of e-mails that were tried in vain.
const unsentMail = `due_at IS NOT NULL AND attempts > 0 AND webhook_id IS NULL AND answer <> ''`

// queue writes down that a message is to be sent, now.
func (t *tx) queue(ctx context.Context, d registry.Delivery) error {
	nothing := func(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }
	_, err := t.ExecContext(ctx, `
		INSERT INTO deliveries (id, webhook_id, email, user_id, notice_id, own, at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING`,
		newDeliveryID(), nothing(d.WebhookID), d.Email, nothing(d.UserID), nothing(d.Notice.ID), d.Own, t.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	return nil
}

func newDeliveryID() string { return "msg_" + rand.Text() }

// SendTest has a test sent to a webhook, once even to one that is off. It needs the
// permission to manage settings, and fails with registry.ErrNotFound.
func (db *DB) SendTest(ctx context.Context, by registry.Actor, id string) error {
	err := db.aside(ctx, by, changeOfWebhook("webhook.test", id), func(t *tx) error {
		if _, err := t.webhook(ctx, id); err != nil {
			return err
		}
		return t.queue(ctx, registry.Delivery{WebhookID: id})
	})
	if err != nil {
		return fmt.Errorf("send a test: %w", err)
	}
	return nil
}

// SendAgain has a delivery of a webhook attempted now, also one that was
// accepted or has failed. It needs the permission to manage settings, and fails
// with registry.ErrNotFound.
func (db *DB) SendAgain(ctx context.Context, by registry.Actor, webhookID, id string) error {
	err := db.aside(ctx, by, changeOfWebhook("webhook.resend", webhookID), func(t *tx) error {
		result, err := t.ExecContext(ctx, `UPDATE deliveries SET state = 'waiting', due_at = $1 WHERE id = $2 AND webhook_id = $3`,
			t.now.UnixMilli(), asText(id), asText(webhookID))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(registry.ErrNotFound, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("send again: %w", err)
	}
	return nil
}

// Deliveries returns a page of a webhook's deliveries, newest first. It needs
// the permission to manage settings. It fails with registry.ErrNotFound, and
// with registry.Invalid when there is no such page.
func (db *DB) Deliveries(ctx context.Context, by registry.Actor, webhookID string, q registry.DeliveryQuery) (page registry.DeliveryPage, err error) {
	err = db.view(ctx, by, lookAtWebhook(webhookID), func(t *tx) error {
		if _, err := t.webhook(ctx, webhookID); err != nil {
			return err
		}
		page, err = t.deliveryPage(ctx, webhookID, q)
		return err
	})
	if err != nil {
		return registry.DeliveryPage{}, fmt.Errorf("list deliveries: %w", err)
	}
	return page, nil
}

func (t *tx) deliveryPage(ctx context.Context, webhookID string, q registry.DeliveryQuery) (page registry.DeliveryPage, err error) {
	where, args := `d.webhook_id = $1`, []any{webhookID}
	order, place, from := "DESC", "<", q.Before
	if q.After != "" {
		order, place, from = "ASC", ">", q.After
	}
	if from != "" {
		var at int64
		err := t.QueryRowContext(ctx, `SELECT at FROM deliveries WHERE webhook_id = $1 AND id = $2`, webhookID, asText(from)).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			return page, registry.Invalid{"cursor": "That page is no longer there."}
		}
		if err != nil {
			return page, err
		}
		where, args = where+` AND (d.at, d.id) `+place+` ($2, $3)`, append(args, at, asText(from))
	}
	page.Deliveries, err = t.deliveries(ctx, fmt.Sprintf(`%s ORDER BY d.at %[2]s, d.id %[2]s LIMIT %[3]d`, where, order, registry.DeliveryPageSize+1), args...)
	if err != nil {
		return page, err
	}
	more := len(page.Deliveries) > registry.DeliveryPageSize
	page.Deliveries = page.Deliveries[:min(len(page.Deliveries), registry.DeliveryPageSize)]
	if q.After != "" {
		slices.Reverse(page.Deliveries)
		page.Newer, page.Older = more, true
	} else {
		page.Newer, page.Older = from != "", more
	}
	return page, nil
}

// deliveries returns the deliveries d that where selects, with their notices.
func (t *tx) deliveries(ctx context.Context, where string, args ...any) ([]registry.Delivery, error) {
	rows, err := t.QueryContext(ctx, `
		SELECT d.id, COALESCE(d.webhook_id, ''), d.email, COALESCE(d.user_id, ''), d.own, d.at, d.state, COALESCE(d.due_at, 0), d.attempts, d.tried_at, d.status, d.answer,
			COALESCE(n.id, ''), COALESCE(n.kind, ''), COALESCE(n.at, d.at), COALESCE(n.actor_type, ''), COALESCE(n.actor_id, ''), COALESCE(n.actor_name, ''),
			COALESCE(n.target_type, ''), COALESCE(n.target_id, ''), COALESCE(n.target_name, ''), COALESCE(n.user_id, ''), COALESCE(n.detail, '{}')
		FROM deliveries d LEFT JOIN notices n ON n.id = d.notice_id WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	all, err := collect(rows, func(d *registry.Delivery) []any {
		return append([]any{
			&d.ID, &d.WebhookID, &d.Email, &d.UserID, &d.Own,
			milliseconds{&d.At},
			&d.State,
			milliseconds{&d.NextAt},
			&d.Attempts,
			seconds{&d.TriedAt},
			&d.Status, &d.Answer,
		}, noticeFields(&d.Notice)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return all, nil
}

// TakeDeliveries returns up to n deliveries that are to be attempted now, those
// by e-mail only when these are sent here. They are the caller's alone for a
// minute: after an attempt, it calls Delivered. Whoever dies before that leaves them to
// the next, under the same IDs.
func (db *DB) TakeDeliveries(ctx context.Context, n int) (due []registry.DueDelivery, err error) {
	var waits bool
	now := db.now()
	err = db.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM deliveries d WHERE `+isDue+`)`, now.UnixMilli(), db.mail).Scan(&waits)
	if err != nil {
		return nil, fmt.Errorf("look for deliveries: %w", err)
	}
	if !waits {
		return nil, nil
	}
	err = db.inTx(ctx, registry.System, false, func(t *tx) error {
		due, err = t.takeDeliveries(ctx, n, db.mail)
		if err != nil {
			return err
		}
		if err := t.addressWebhooks(ctx, db.key, due); err != nil {
			return err
		}
		return t.addLinks(ctx, db.key, due)
	})
	if err != nil {
		return nil, fmt.Errorf("take deliveries: %w", err)
	}
	return due, nil
}

// isDue is the condition of deliveries d that can be attempted at $1, by e-mail
// if $2. A link that has ended is not sent any more.
const isDue = `d.due_at <= $1 AND (d.webhook_id IS NOT NULL OR $2)
	AND (d.link_hash IS NULL OR EXISTS (SELECT 1 FROM user_links l WHERE l.hash = d.link_hash AND l.expires_at * 1000 > $1))`

// holdDeliveries has what waits for a webhook wait until it is no longer held.
func (t *tx) holdDeliveries(ctx context.Context, webhookID string, hold bool) error {
	due := sql.NullInt64{Int64: t.now.UnixMilli(), Valid: !hold}
	_, err := t.ExecContext(ctx, `UPDATE deliveries SET due_at = $1 WHERE webhook_id = $2 AND state = 'waiting' AND (due_at IS NULL) <> $3`, due, webhookID, hold)
	if err != nil {
		return fmt.Errorf("hold deliveries: %w", err)
	}
	return nil
}

func (t *tx) takeDeliveries(ctx context.Context, n int, mail bool) ([]registry.DueDelivery, error) {
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		UPDATE deliveries SET attempts = attempts + 1, tried_at = $3, due_at = $4
		WHERE due_at <= $1 AND id IN (SELECT d.id FROM deliveries d WHERE %s ORDER BY d.attempts, d.due_at, d.id LIMIT %d) RETURNING id`, isDue, n),
		t.now.UnixMilli(), mail, t.now.Unix(), t.now.Add(deliveryLease).UnixMilli())
	if err != nil {
		return nil, err
	}
	ids, err := collect(rows, func(id *string) []any { return []any{id} })
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	s := &selection{dialect: t.dialect}
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = s.bind(id)
	}
	all, err := t.deliveries(ctx, `d.id IN (`+strings.Join(places, ", ")+`) ORDER BY d.at, d.id`, s.args...)
	due := make([]registry.DueDelivery, len(all))
	for i, d := range all {
		due[i].Delivery = d
	}
	return due, err
}

// addressWebhooks adds where the deliveries go and what signs them.
func (t *tx) addressWebhooks(ctx context.Context, key Key, due []registry.DueDelivery) error {
	for i := range due {
		d := &due[i]
		if d.WebhookID == "" {
			continue
		}
		var secret, old []byte
		var oldUntil time.Time
		err := t.QueryRowContext(ctx, `SELECT url, secret, old_secret, old_until FROM webhooks WHERE id = $1`, d.WebhookID).
			Scan(&d.URL, &secret, &old, seconds{&oldUntil})
		if err != nil {
			return err
		}
		sealed := [][]byte{secret}
		if oldUntil.After(t.now) {
			sealed = append(sealed, old)
		}
		for _, s := range sealed {
			plain, err := key.open(webhookSecretPurpose(d.WebhookID), s)
			if err != nil {
				return fmt.Errorf("open the secret of webhook %s: %w", d.WebhookID, err)
			}
			d.Secrets = append(d.Secrets, registry.ParseSecret(string(plain)))
		}
	}
	return nil
}

// Delivered writes down how the attempt at a delivery went that TakeDeliveries
// returned. What was not accepted is attempted again, later each time, until it
// is older than registry.DeliveryTried. A webhook that nothing has reached for
// that long is turned off, and people are told.
func (db *DB) Delivered(ctx context.Context, d registry.Delivery, how registry.Attempt) error {
	var stop bool
	err := db.inTx(ctx, registry.System, false, func(t *tx) (err error) {
		if how.Delivered {
			return t.accepted(ctx, d, how)
		}
		stop, err = t.notAccepted(ctx, d, how)
		return err
	})
	if err == nil && stop {
		err = db.stopWebhook(ctx, d.WebhookID)
	}
	if err != nil {
		return fmt.Errorf("write down a delivery: %w", err)
	}
	return nil
}

func (t *tx) accepted(ctx context.Context, d registry.Delivery, how registry.Attempt) error {
	_, err := t.ExecContext(ctx, `UPDATE deliveries SET state = 'delivered', due_at = NULL, link_code = NULL, status = $1, answer = $2 WHERE id = $3`,
		how.Status, asText(how.Answer), d.ID)
	if err == nil && d.WebhookID != "" {
		_, err = t.ExecContext(ctx, `UPDATE webhooks SET failing_since = 0 WHERE id = $1 AND failing_since <> 0`, d.WebhookID)
	}
	return err
}

// notAccepted reports whether the webhook is to be turned off. What went to one
// that is off, such as a test, is not tried again. Of an attempt that outlasted
// its lease, what the next one finds counts.
func (t *tx) notAccepted(ctx context.Context, d registry.Delivery, how registry.Attempt) (stop bool, err error) {
	on := true
	if d.WebhookID != "" {
		err = t.QueryRowContext(ctx, `
			UPDATE webhooks SET failing_since = CASE failing_since WHEN 0 THEN CAST($1 AS BIGINT) ELSE failing_since END WHERE id = $2
			RETURNING enabled, enabled AND failing_since <= $3`, t.now.Unix(), d.WebhookID, t.now.Add(-registry.DeliveryTried).Unix()).Scan(&on, &stop)
		if errors.Is(err, sql.ErrNoRows) { // deleted meanwhile
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	next := sql.NullInt64{Int64: t.now.Add(registry.RetryAfter(d.Attempts, random())).UnixMilli(), Valid: on && t.now.Sub(d.At) < registry.DeliveryTried}
	state := registry.DeliveryWaiting
	if !next.Valid {
		state = registry.DeliveryFailed
	}
	_, err = t.ExecContext(ctx, `
		UPDATE deliveries SET state = $1, due_at = $2, link_code = CASE WHEN $1 = 'waiting' THEN link_code END, status = $3, answer = $4
		WHERE id = $5 AND attempts = $6 AND state = 'waiting'`,
		state, next, how.Status, asText(how.Answer), d.ID, d.Attempts)
	return stop, err
}

// random returns a number from 0 to 1.
func random() float64 {
	var bytes [4]byte
	rand.Read(bytes[:])
	return float64(binary.NativeEndian.Uint32(bytes[:])) / (1<<32 - 1)
}

// stopWebhook turns off a webhook that nothing has reached for
// registry.DeliveryTried.
func (db *DB) stopWebhook(ctx context.Context, id string) error {
	return db.change(ctx, registry.System, intent{action: "webhook.stop", target: registry.Target{Type: "webhook", ID: id}}, func(t *tx) (registry.Event, error) {
		w, err := t.lockWebhook(ctx, id)
		if errors.Is(err, registry.ErrNotFound) || err == nil && (!w.On || w.FailingSince.IsZero() || t.now.Sub(w.FailingSince) < registry.DeliveryTried) {
			err = errUnchanged // somebody was faster
		}
		if err == nil {
			_, err = t.ExecContext(ctx, `UPDATE webhooks SET enabled = $1, stopped_at = $2 WHERE id = $3`, false, t.now.Unix(), id)
		}
		if err == nil {
			err = t.holdDeliveries(ctx, id, true)
		}
		return registry.Event{Target: webhookTarget(w), After: snapshot(map[string]any{"failing_since": w.FailingSince.Format(time.RFC3339)})}, err
	})
}
