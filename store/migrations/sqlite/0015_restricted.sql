-- +goose Up

-- Who gives and takes the permissions of a service: those who may manage permissions (standard), or those who hold the
-- service's own permission for that (restricted).
ALTER TABLE services ADD COLUMN granting TEXT NOT NULL DEFAULT 'standard' CHECK (granting IN ('standard', 'restricted'));

UPDATE meta SET schema_version = 15;
