package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// queueLink writes down that a link is to be sent to its user by e-mail.
func (t *tx) queueLink(ctx context.Context, key Key, link registry.UserLink) error {
	id := newDeliveryID()
	_, err := t.ExecContext(ctx, `
		INSERT INTO deliveries (id, email, user_id, link_hash, link_code, at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $6)`,
		id, link.User.Email, link.User.ID, link.Code.Hash(), key.seal(linkPurpose(id), []byte(link.Code.Reveal())), t.now.UnixMilli())
	if err != nil {
		return fmt.Errorf("queue the link: %w", err)
	}
	return nil
}

func linkPurpose(id string) string { return "link of delivery " + id }

// addLinks adds the links that deliveries hand over.
func (t *tx) addLinks(ctx context.Context, key Key, due []registry.DueDelivery) error {
	for i := range due {
		d := &due[i]
		if d.WebhookID != "" || d.Notice.ID != "" {
			continue
		}
		var sealed []byte
		err := t.QueryRowContext(ctx, `
			SELECT d.link_code, l.kind, l.made_by, l.expires_at, u.name, COALESCE((SELECT name FROM team), '')
			FROM deliveries d JOIN user_links l ON l.hash = d.link_hash JOIN users u ON u.id = l.user_id WHERE d.id = $1`, d.ID).
			Scan(&sealed, &d.Link.Kind, &d.Link.By, seconds{&d.Link.ExpiresAt}, &d.Link.User.Name, &d.Link.Team)
		if err != nil {
			return fmt.Errorf("read a link to send: %w", err)
		}
		plain, err := key.open(linkPurpose(d.ID), sealed)
		if err != nil {
			return fmt.Errorf("open the link of delivery %s: %w", d.ID, err)
		}
		d.Link.Code = registry.ParseSecret(string(plain))
	}
	return nil
}

// endedLinks gives up sending links that nobody can open any more.
const endedLinks = `
	UPDATE deliveries SET state = 'failed', due_at = NULL, link_code = NULL
	WHERE link_code IS NOT NULL AND link_hash IN (SELECT hash FROM user_links WHERE expires_at <= $1)`

// linkMail returns the message that hands over the link by which a user is to
// choose a password, or one without an ID.
func (t *tx) linkMail(ctx context.Context, user string) (registry.Delivery, error) {
	found, err := t.deliveries(ctx, `d.link_hash IN (SELECT hash FROM user_links WHERE user_id = $1 AND spent_at IS NULL)`, user)
	if err != nil || len(found) == 0 {
		return registry.Delivery{}, err
	}
	return found[0], nil
}
