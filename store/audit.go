package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"clientele/registry"
)

// appendEvent adds the event to the chain, and what people are told of it to
// the notices. It comes last in a transaction:
// advancing the head locks it until COMMIT, so that the chain never forks.
func (t *tx) appendEvent(ctx context.Context, e registry.Event) error {
	e.Actor, e.At = t.by, t.now.Truncate(time.Millisecond)
	var previous string
	err := t.QueryRowContext(ctx, `UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash`).Scan(&e.Seq, &previous)
	if err != nil {
		return fmt.Errorf("advance the audit chain: %w", err)
	}
	e.Hash = e.ChainHash(previous)
	_, err = t.ExecContext(ctx, `
		INSERT INTO audit_events (seq, at, actor_type, actor_id, actor_name, action, outcome, target_type, target_id, target_name, address, request_id, before, after, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		e.Seq, e.At.UnixMilli(), e.Actor.Type, e.Actor.ID, e.Actor.Name, e.Action, e.Outcome,
		e.Target.Type, e.Target.ID, e.Target.Name, e.Actor.Address, e.Actor.RequestID, e.Before, e.After, e.Hash)
	if err == nil {
		_, err = t.ExecContext(ctx, `UPDATE audit_head SET hash = $1 WHERE id = 1`, e.Hash)
	}
	if err != nil {
		return fmt.Errorf("append to the audit chain: %w", err)
	}
	return t.notice(ctx, e)
}

// eventColumns are the columns that eventFields scans.
const eventColumns = `seq, at, actor_type, actor_id, actor_name, action, outcome, target_type, target_id, target_name, address, request_id, before, after, hash`

func eventFields(e *registry.Event) []any {
	return []any{
		&e.Seq,
		milliseconds{&e.At},
		&e.Actor.Type, &e.Actor.ID, &e.Actor.Name, &e.Action, &e.Outcome,
		&e.Target.Type, &e.Target.ID, &e.Target.Name, &e.Actor.Address, &e.Actor.RequestID, &e.Before, &e.After, &e.Hash,
	}
}

// milliseconds scans a BIGINT of unix milliseconds.
type milliseconds struct{ to *time.Time }

func (m milliseconds) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("scan %T as a time", src)
	}
	*m.to = time.UnixMilli(n).UTC()
	return nil
}

// Head is the end of the audit chain. Kept elsewhere, it proves later that
// nothing before it was changed or removed.
type Head struct {
	Seq  int64
	Hash string
}

func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Hash) }

// Chain is an audit log that is whole: its end, and the last event of what was
// deleted before its start, which is zero when nothing was.
type Chain struct {
	Head
	Checkpoint Head
}

// BrokenChainError names the first event that is not as it was written.
type BrokenChainError struct {
	Seq int64
	Why string
}

func (e *BrokenChainError) Error() string {
	return fmt.Sprintf("the audit log is broken at event %d: %s", e.Seq, e.Why)
}

// VerifyAudit recomputes the whole hash chain, from its checkpoint on when older
// events were deleted. It fails with *BrokenChainError when an event was
// changed, removed or put in, or when expected, a head printed before, is no part
// of the chain.
func (db *DB) VerifyAudit(ctx context.Context, expected *Head) (Chain, error) {
	var chain Chain
	var at Head
	err := db.inTx(ctx, registry.Operator, true, func(t *tx) error {
		if err := t.QueryRowContext(ctx, `SELECT seq, hash, pruned_seq, pruned_hash FROM audit_head WHERE id = 1`).
			Scan(&chain.Seq, &chain.Hash, &chain.Checkpoint.Seq, &chain.Checkpoint.Hash); err != nil {
			return err
		}
		at = chain.Checkpoint
		switch {
		case expected != nil && expected.Seq == at.Seq && expected.Hash != at.Hash:
			return &BrokenChainError{at.Seq, "it is not the one that was expected"}
		case expected != nil && expected.Seq < at.Seq:
			return &BrokenChainError{expected.Seq, fmt.Sprintf("it was deleted, as were all until event %d; expect a newer head", at.Seq)}
		}
		rows, err := t.QueryContext(ctx, `SELECT `+eventColumns+` FROM audit_events ORDER BY seq`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e registry.Event
			if err := rows.Scan(eventFields(&e)...); err != nil {
				return err
			}
			switch {
			case e.Seq != at.Seq+1:
				return &BrokenChainError{at.Seq + 1, "it is missing"}
			case e.ChainHash(at.Hash) != e.Hash:
				return &BrokenChainError{e.Seq, "it is not as it was written, or the event before it is not"}
			case expected != nil && expected.Seq == e.Seq && expected.Hash != e.Hash:
				return &BrokenChainError{e.Seq, "it is not the one that was expected"}
			}
			at = Head{e.Seq, e.Hash}
		}
		return rows.Err()
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return chain, &BrokenChainError{0, "the head is missing"}
	case err != nil:
		return chain, err
	case at != chain.Head:
		return chain, &BrokenChainError{at.Seq + 1, fmt.Sprintf("the log ends before its head, event %d", chain.Seq)}
	case expected != nil && expected.Seq > chain.Seq:
		return chain, &BrokenChainError{chain.Seq + 1, fmt.Sprintf("event %d was expected", expected.Seq)}
	}
	return chain, nil
}
