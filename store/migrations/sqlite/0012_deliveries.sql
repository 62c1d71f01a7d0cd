-- +goose Up

-- Other programs that are told of notices.
CREATE TABLE webhooks (
	id            TEXT    PRIMARY KEY,
	url           TEXT    NOT NULL,
	description   TEXT    NOT NULL,
	secret        BLOB    NOT NULL, -- signs what is sent; sealed with the key file
	old_secret    BLOB,             -- the one before, which signs as well
	old_until     INTEGER NOT NULL DEFAULT 0, -- until then
	enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
	created_at    INTEGER NOT NULL,
	stopped_at    INTEGER NOT NULL DEFAULT 0, -- when it was turned off because nothing reached it
	failing_since INTEGER NOT NULL DEFAULT 0  -- first failed attempt since the last that was accepted
) STRICT;

-- The kinds of notices that a webhook is told of.
CREATE TABLE webhook_kinds (
	webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
	kind       TEXT NOT NULL,
	PRIMARY KEY (webhook_id, kind)
) STRICT;

-- Messages about notices, which go out until they are accepted or too old. Whoever takes one to send it moves due_at on,
-- so that nobody else takes it until then.
CREATE TABLE deliveries (
	id         TEXT    PRIMARY KEY,
	webhook_id TEXT    REFERENCES webhooks (id) ON DELETE CASCADE, -- NULL: by e-mail
	email      TEXT    NOT NULL DEFAULT '',
	notice_id  TEXT    REFERENCES notices (id) ON DELETE CASCADE, -- NULL: a test
	own        INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1)), -- the notice affects who gets it
	at         INTEGER NOT NULL, -- unix milliseconds
	state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
	due_at     INTEGER,          -- unix milliseconds; NULL: it does not wait
	attempts   INTEGER NOT NULL DEFAULT 0,
	tried_at   INTEGER NOT NULL DEFAULT 0,
	status     INTEGER NOT NULL DEFAULT 0, -- of the last answer
	answer     TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX deliveries_due ON deliveries (attempts, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, at, id);
CREATE INDEX deliveries_at ON deliveries (at);
CREATE UNIQUE INDEX deliveries_notice ON deliveries (notice_id, COALESCE(webhook_id, ''), email);

-- Whether those who are told get an e-mail as well, and who else does: addresses, one a line.
ALTER TABLE notice_rules ADD COLUMN email INTEGER NOT NULL DEFAULT 0 CHECK (email IN (0, 1));
ALTER TABLE notice_rules ADD COLUMN addresses TEXT NOT NULL DEFAULT '';

UPDATE meta SET schema_version = 12;
