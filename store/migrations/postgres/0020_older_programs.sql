-- +goose Up

-- Only SQLite's triggers change.
UPDATE meta SET schema_version = 20;
