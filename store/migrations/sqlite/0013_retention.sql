-- +goose Up

-- How long events are kept, and where the chain starts since older ones were deleted: with the event after pruned_seq,
-- whose predecessor's hash is pruned_hash.
ALTER TABLE audit_head ADD COLUMN keep_days INTEGER NOT NULL DEFAULT 0; -- 0: for ever
ALTER TABLE audit_head ADD COLUMN pruned_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_head ADD COLUMN pruned_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_head ADD COLUMN pruned_before INTEGER NOT NULL DEFAULT 0; -- unix milliseconds; the log is complete from then on

UPDATE meta SET schema_version = 13;
