-- +goose Up

-- Where a client may be used from, in CIDR notation; none is anywhere.
CREATE TABLE application_networks (
	application_id TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	network        TEXT    NOT NULL,
	position       INTEGER NOT NULL,
	PRIMARY KEY (application_id, network)
) STRICT;

UPDATE meta SET schema_version = 9;
