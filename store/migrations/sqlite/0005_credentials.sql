-- +goose Up

-- Secrets that live beside each other. A paused one is revoked until it is resumed: revoked_at is since when, so that all
-- that asks for what is accepted refuses it, older binaries too.
ALTER TABLE secrets ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE secrets ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));
ALTER TABLE secrets ADD COLUMN replaced_by TEXT; -- the secret that was made to follow it; NULL: none
-- So far a secret only got an end when the next one replaced it.
UPDATE secrets SET replaced_by = (
	SELECT n.id FROM secrets n WHERE n.application_id = secrets.application_id AND n.created_at > secrets.created_at ORDER BY n.created_at, n.id LIMIT 1)
WHERE expires_at IS NOT NULL;

-- What the team asks of secrets.
CREATE TABLE credential_policy (
	id              INTEGER PRIMARY KEY CHECK (id = 1),
	longest_life    INTEGER NOT NULL, -- days; 0: no limit
	longest_overlap INTEGER NOT NULL, -- days
	most_secrets    INTEGER NOT NULL  -- live at once, of an application
) STRICT;
INSERT INTO credential_policy (id, longest_life, longest_overlap, most_secrets) VALUES (1, 0, 90, 10);

-- A CHECK cannot be changed, so that a table with the new one takes the old one's place.
CREATE TABLE failures (
	application_id TEXT    NOT NULL, -- '' when the reason is unknown_client
	day            INTEGER NOT NULL, -- days since 1970-01-01
	reason         TEXT    NOT NULL CHECK (reason IN ('unknown_client', 'wrong_secret', 'expired_secret', 'paused_secret', 'disabled', 'wrong_method', 'network')),
	failures       INTEGER NOT NULL,
	last_at        INTEGER NOT NULL,
	last_address   TEXT    NOT NULL,
	PRIMARY KEY (application_id, day, reason),
	CHECK ((application_id = '') = (reason = 'unknown_client'))
) STRICT;
INSERT INTO failures (application_id, day, reason, failures, last_at, last_address)
SELECT application_id, day, reason, failures, last_at, last_address FROM authentication_failures;
DROP TABLE authentication_failures;
ALTER TABLE failures RENAME TO authentication_failures;

UPDATE meta SET schema_version = 5;
