package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// mostTogether is how many writes share a commit at most, so that the first of
// them does not wait long for the last.
const mostTogether = 64

// writer commits what is written to SQLite, which has one writer. A commit waits
// for the disk; those that come meanwhile share the next one. Each of them is
// done or fails by itself, and none is told so before the commit.
type writer struct {
	pool *sql.DB // of one connection

	mu      sync.Mutex
	busy    bool // one of them is at it, for itself and for others
	waiting []*write
}

// write is what one caller writes.
type write struct {
	ctx  context.Context //nolint:containedctx // it waits here with its caller
	run  func(*sql.Tx) error
	err  error
	fell any       // what run panicked with
	turn chan bool // true: it is done. false: now it is this one's turn
}

// do runs a function in a transaction and returns once that is committed, or
// with why it is not. The function may run again after a transaction was lost.
// It must not watch ctx: to interrupt a statement can end the transaction of all.
func (w *writer) do(ctx context.Context, run func(*sql.Tx) error) error {
	m := &write{ctx: ctx, run: run, turn: make(chan bool, 1)}
	if w.enter(m) || !<-m.turn {
		w.lead(m)
		w.handOver()
	}
	if m.fell != nil {
		panic(m.fell)
	}
	return m.err
}

// enter reports whether it is m's turn; if not, m waits.
func (w *writer) enter(m *write) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy {
		w.waiting = append(w.waiting, m)
		return false
	}
	w.busy = true
	return true
}

// handOver lets one of those who wait lead the others.
func (w *writer) handOver() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if next := w.take(); next != nil {
		next.turn <- false
	} else {
		w.busy = false
	}
}

// next returns one of those who wait, or nil.
func (w *writer) next() *write {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.take()
}

func (w *writer) take() *write {
	if len(w.waiting) == 0 {
		return nil
	}
	m := w.waiting[0]
	w.waiting = w.waiting[1:]
	return m
}

// lead does m, and with it what else waits.
func (w *writer) lead(m *write) {
	ctx := context.WithoutCancel(m.ctx)
	tx, err := w.pool.BeginTx(ctx, nil)
	if err != nil {
		m.err = fmt.Errorf("begin: %w", err)
		return
	}
	defer tx.Rollback() // does nothing once committed
	if m.err = m.try(tx); m.err != nil {
		return
	}
	together := []*write{m}
	defer func() {
		for _, other := range together[1:] {
			other.turn <- true
		}
	}()
	for len(together) < mostTogether {
		other := w.next()
		if other == nil {
			break
		}
		together = append(together, other)
		if err := other.within(ctx, tx); err != nil { // nothing is left of what was done
			_ = tx.Rollback()
			for _, one := range together {
				one.alone(ctx, w.pool)
			}
			return
		}
	}
	if err := tx.Commit(); err != nil {
		for _, one := range together {
			one.err = errors.Join(one.err, fmt.Errorf("commit: %w", err))
		}
	}
}

// try runs the function, unless its caller is gone.
func (m *write) try(tx *sql.Tx) (err error) {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	defer func() {
		if fell := recover(); fell != nil {
			m.fell, err = fmt.Errorf("%v\n%s", fell, debug.Stack()), errFell
		}
	}()
	return m.run(tx)
}

var errFell = errors.New("panicked")

// within runs the function in a transaction in which others were done, and takes
// back what it did when it fails. It returns an error when the transaction is
// lost.
func (m *write) within(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT one`); err != nil {
		return err
	}
	if m.err = m.try(tx); m.err != nil {
		if _, err := tx.ExecContext(ctx, `ROLLBACK TO one`); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `RELEASE one`)
	return err
}

// alone runs the function in a transaction of its own.
func (m *write) alone(ctx context.Context, pool *sql.DB) {
	m.fell = nil
	m.err = transact(ctx, pool, nil, m.try)
}

// transact runs fn in a transaction and commits when it returns nil.
func transact(ctx context.Context, pool *sql.DB, options *sql.TxOptions, fn func(*sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // does nothing once committed
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
