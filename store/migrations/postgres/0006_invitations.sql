-- +goose Up

-- Who was invited is a user who may not sign in until they accept.
ALTER TABLE users ADD COLUMN invited_at BIGINT; -- NULL once they accepted; until then disabled_at is set as well
ALTER TABLE users ADD COLUMN last_signed_in_at BIGINT NOT NULL DEFAULT 0; -- 0: never
ALTER TABLE users ADD COLUMN name_key TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name)) STORED; -- sorted by
UPDATE users SET last_signed_in_at = COALESCE((SELECT max(created_at) FROM sessions WHERE user_id = users.id), 0);
CREATE INDEX users_by_name ON users (name_key, id);
CREATE INDEX users_by_signed_in ON users (last_signed_in_at, id);
CREATE INDEX users_off ON users (name_key, id) WHERE disabled_at IS NOT NULL; -- disabled or invited

-- One-time links by which users choose a password, as hashes.
CREATE TABLE user_links (
	hash       TEXT   PRIMARY KEY, -- hex SHA-256
	user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	kind       TEXT   NOT NULL CHECK (kind IN ('invitation', 'reset')),
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	spent_at   BIGINT              -- NULL: not opened yet
);
CREATE INDEX user_links_user ON user_links (user_id);
CREATE INDEX user_links_expires ON user_links (expires_at);

UPDATE meta SET schema_version = 6;
