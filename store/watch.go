package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// version is how caches know that something changed: the sequence of the audit
// log's head. Every instance and the command line move it with each change.
type version struct {
	generation atomic.Uint64 // moves whenever a cache may be out of date
	confirmed  atomic.Int64  // unix nanoseconds of the last successful look
}

const (
	lookEvery   = time.Second
	trustForOne = 2 * time.Second // a cache not confirmed for longer is bypassed
)

// forget empties the caches, because something changed.
func (db *DB) forget() {
	db.version.generation.Add(1)
	db.catalogue.clear()
	db.clients.clear()
	db.keys.clear()
}

// watch looks every second whether another process changed something.
func (db *DB) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var seen int64 = -1
	for {
		started := db.now()
		look, cancel := context.WithTimeout(ctx, lookEvery)
		var seq int64
		err := db.read.QueryRowContext(look, `SELECT seq FROM audit_head`).Scan(&seq)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			db.log.WarnContext(ctx, "the database does not answer; caches are bypassed until it does", "err", err)
		default:
			if seq != seen {
				db.forget()
				seen = seq
			}
			db.version.confirmed.Store(started.UnixNano())
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// fresh reports whether caches may be trusted at this moment.
func (db *DB) fresh() bool {
	return db.now().UnixNano()-db.version.confirmed.Load() <= int64(trustForOne)
}

// cache holds what was read until something changes.
type cache[K comparable, V any] struct {
	mu  sync.RWMutex
	all map[K]V
}

const cacheLimit = 20_000 // entries; past it the cache starts over

func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = nil
}

// cached returns what load read for key since the last change, or loads it.
// What was loaded while something changed is not kept.
func cached[K comparable, V any](db *DB, c *cache[K, V], key K, load func() (V, error)) (V, error) {
	if db.fresh() {
		c.mu.RLock()
		v, ok := c.all[key]
		c.mu.RUnlock()
		if ok {
			return v, nil
		}
	}
	generation := db.version.generation.Load()
	v, err := load()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if db.version.generation.Load() == generation {
		if c.all == nil || len(c.all) >= cacheLimit {
			c.all = map[K]V{}
		}
		c.all[key] = v
	}
	return v, nil
}
