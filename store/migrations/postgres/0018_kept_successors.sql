-- +goose Up

-- A family's successor that is kept for a retry, found without reading all tokens that the family ever had.
CREATE INDEX refresh_tokens_kept ON refresh_tokens (family_id, spent_at) WHERE successor IS NOT NULL;

UPDATE meta SET schema_version = 18;
