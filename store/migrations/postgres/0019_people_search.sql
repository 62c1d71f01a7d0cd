-- +goose Up

-- People and groups are found by three characters or more out of their name or address, without reading all of them.
ALTER TABLE users ALTER COLUMN email_key TYPE TEXT COLLATE "C"; -- what an address begins with is a range of its index
CREATE INDEX users_search ON users USING gin ((name_key || chr(10) || email_key) gin_trgm_ops);
CREATE INDEX user_groups_search ON user_groups USING gin (name_key gin_trgm_ops);

UPDATE meta SET schema_version = 19;
