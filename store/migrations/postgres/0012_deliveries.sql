-- +goose Up

-- Other programs that are told of notices.
CREATE TABLE webhooks (
	id            TEXT COLLATE "C" PRIMARY KEY,
	url           TEXT    NOT NULL,
	description   TEXT    NOT NULL,
	secret        BYTEA   NOT NULL, -- signs what is sent; sealed with the key file
	old_secret    BYTEA,             -- the one before, which signs as well
	old_until     BIGINT  NOT NULL DEFAULT 0, -- until then
	enabled       BOOLEAN NOT NULL,
	created_at    BIGINT  NOT NULL,
	stopped_at    BIGINT  NOT NULL DEFAULT 0, -- when it was turned off because nothing reached it
	failing_since BIGINT  NOT NULL DEFAULT 0  -- first failed attempt since the last that was accepted
);

-- The kinds of notices that a webhook is told of.
CREATE TABLE webhook_kinds (
	webhook_id TEXT COLLATE "C" NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
	kind       TEXT NOT NULL,
	PRIMARY KEY (webhook_id, kind)
);

-- Messages about notices, which go out until they are accepted or too old. Whoever takes one to send it moves due_at on,
-- so that nobody else takes it until then.
CREATE TABLE deliveries (
	id         TEXT COLLATE "C" PRIMARY KEY,
	webhook_id TEXT COLLATE "C" REFERENCES webhooks (id) ON DELETE CASCADE, -- NULL: by e-mail
	email      TEXT    NOT NULL DEFAULT '',
	notice_id  TEXT COLLATE "C" REFERENCES notices (id) ON DELETE CASCADE, -- NULL: a test
	own        BOOLEAN NOT NULL DEFAULT FALSE, -- the notice affects who gets it
	at         BIGINT  NOT NULL, -- unix milliseconds
	state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
	due_at     BIGINT,          -- unix milliseconds; NULL: it does not wait
	attempts   BIGINT  NOT NULL DEFAULT 0,
	tried_at   BIGINT  NOT NULL DEFAULT 0,
	status     BIGINT  NOT NULL DEFAULT 0, -- of the last answer
	answer     TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX deliveries_due ON deliveries (attempts, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_webhook ON deliveries (webhook_id, at, id);
CREATE INDEX deliveries_at ON deliveries (at);
CREATE UNIQUE INDEX deliveries_notice ON deliveries (notice_id, COALESCE(webhook_id, ''), email);

-- Whether those who are told get an e-mail as well, and who else does: addresses, one a line.
ALTER TABLE notice_rules ADD COLUMN email BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE notice_rules ADD COLUMN addresses TEXT NOT NULL DEFAULT '';

UPDATE meta SET schema_version = 12;
