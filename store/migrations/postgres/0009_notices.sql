-- +goose Up

-- The team's logo, as we encoded it ourselves.
ALTER TABLE team ADD COLUMN logo BYTEA; -- PNG, or NULL
ALTER TABLE team ADD COLUMN logo_hash TEXT NOT NULL DEFAULT ''; -- hex SHA-256 of logo: its address

UPDATE meta SET schema_version = 9;
