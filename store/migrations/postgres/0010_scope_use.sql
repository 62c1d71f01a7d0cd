-- +goose Up

-- Since when an application has a scope, and when a token last carried it, to a few hours; 0: none did. Those there are were
-- not observed before now.
ALTER TABLE application_scopes ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE application_scopes ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
UPDATE application_scopes SET added_at = CAST(EXTRACT(EPOCH FROM now()) AS BIGINT);

UPDATE meta SET schema_version = 10;
