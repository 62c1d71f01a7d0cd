-- +goose Up

-- Secrets that live beside each other. A paused one is revoked until it is resumed: revoked_at is since when, so that all
-- that asks for what is accepted refuses it, older binaries too.
ALTER TABLE secrets ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE secrets ADD COLUMN paused BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE secrets ADD COLUMN replaced_by TEXT COLLATE "C"; -- the secret that was made to follow it; NULL: none
-- So far a secret only got an end when the next one replaced it.
UPDATE secrets SET replaced_by = (
	SELECT n.id FROM secrets n WHERE n.application_id = secrets.application_id AND n.created_at > secrets.created_at ORDER BY n.created_at, n.id LIMIT 1)
WHERE expires_at IS NOT NULL;

-- What the team asks of secrets.
CREATE TABLE credential_policy (
	id              INTEGER PRIMARY KEY CHECK (id = 1),
	longest_life    BIGINT  NOT NULL, -- days; 0: no limit
	longest_overlap BIGINT  NOT NULL, -- days
	most_secrets    BIGINT  NOT NULL  -- live at once, of an application
);
INSERT INTO credential_policy (id, longest_life, longest_overlap, most_secrets) VALUES (1, 0, 90, 10);

ALTER TABLE authentication_failures DROP CONSTRAINT authentication_failures_reason_check;
ALTER TABLE authentication_failures ADD CONSTRAINT authentication_failures_reason_check
	CHECK (reason IN ('unknown_client', 'wrong_secret', 'expired_secret', 'paused_secret', 'disabled', 'wrong_method', 'network'));

UPDATE meta SET schema_version = 5;
