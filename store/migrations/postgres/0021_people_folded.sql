-- +goose Up

-- Only SQLite's index of people changes.
UPDATE meta SET schema_version = 21;
