-- +goose Up

-- Who looks after an application: whoever made it, until others are named.
CREATE TABLE application_owners (
	application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	PRIMARY KEY (application_id, user_id)
) STRICT;
CREATE INDEX application_owners_user ON application_owners (user_id, application_id);
INSERT INTO application_owners (application_id, user_id) SELECT a.id, u.id FROM applications a JOIN users u ON u.id = a.created_by;
-- So far these notices affected nobody, so that nobody could choose that owners are told.
UPDATE notice_rules SET affected = 1 WHERE kind IN ('secret.expiring', 'secret.expired', 'secret.regenerated');

-- Application keys come without an ID: their application is found by the hash.
CREATE INDEX secrets_hash ON secrets (hash);
-- The OAuth client that takes over from an application key, or ''.
ALTER TABLE applications ADD COLUMN moves_to TEXT NOT NULL DEFAULT '';
CREATE INDEX applications_moves_to ON applications (moves_to) WHERE moves_to <> '';

UPDATE meta SET schema_version = 14;
