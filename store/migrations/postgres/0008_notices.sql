-- +goose Up

-- The team's logo, as we encoded it ourselves.
ALTER TABLE team ADD COLUMN logo BYTEA; -- PNG, or NULL
ALTER TABLE team ADD COLUMN logo_hash TEXT NOT NULL DEFAULT ''; -- hex SHA-256 of logo: its address

-- What people are to be told of, written together with what happened. Who is told is decided a moment later.
CREATE TABLE notices (
	id          TEXT COLLATE "C" PRIMARY KEY,
	kind        TEXT    NOT NULL,
	at          BIGINT NOT NULL, -- unix milliseconds
	actor_type  TEXT    NOT NULL,
	actor_id    TEXT COLLATE "C" NOT NULL,
	actor_name  TEXT    NOT NULL,
	target_type TEXT    NOT NULL,
	target_id   TEXT COLLATE "C" NOT NULL,
	target_name TEXT    NOT NULL,
	user_id     TEXT COLLATE "C" NOT NULL, -- the user whom it affects, or ''
	detail      TEXT    NOT NULL, -- JSON
	told_at     BIGINT          -- NULL: nobody has been told yet
);
CREATE INDEX notices_untold ON notices (at, id) WHERE told_at IS NULL;
CREATE INDEX notices_at ON notices (at);

-- Who has been told of what in the console.
CREATE TABLE user_notices (
	user_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	notice_id TEXT COLLATE "C" NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
	at        BIGINT NOT NULL, -- the notice's
	needs     TEXT    NOT NULL, -- the permission without which the user may not see it any more; '' when it affects the user
	read_at   BIGINT,         -- NULL: not read
	PRIMARY KEY (user_id, notice_id)
);
CREATE INDEX user_notices_newest ON user_notices (user_id, at, notice_id);
CREATE INDEX user_notices_unread ON user_notices (user_id, at, notice_id, needs) WHERE read_at IS NULL;
CREATE INDEX user_notices_notice ON user_notices (notice_id);

-- Who is told of a kind of notice, where that is not as it is by default.
CREATE TABLE notice_rules (
	kind     TEXT    PRIMARY KEY,
	enabled  BOOLEAN NOT NULL,
	admins   BOOLEAN NOT NULL,
	affected BOOLEAN NOT NULL
);

-- Which end of a secret people have been told of, and how many days before it: 31 is not yet, 0 is that it has come.
ALTER TABLE secrets ADD COLUMN noticed_end BIGINT NOT NULL DEFAULT 0;
ALTER TABLE secrets ADD COLUMN noticed_days BIGINT NOT NULL DEFAULT 31;
CREATE INDEX secrets_unnoticed ON secrets (id) WHERE revoked_at IS NULL AND expires_at IS NOT NULL AND noticed_end <> expires_at;
CREATE INDEX secrets_to_notice ON secrets (expires_at, id) WHERE revoked_at IS NULL AND noticed_days > 0;

UPDATE meta SET schema_version = 8;
