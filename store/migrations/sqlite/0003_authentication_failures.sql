-- +goose Up

-- Requests whose client did not prove who it is, per UTC day and reason; those that named no client of ours together.
CREATE TABLE authentication_failures (
	application_id TEXT    NOT NULL, -- '' when the reason is unknown_client
	day            INTEGER NOT NULL, -- days since 1970-01-01
	reason         TEXT    NOT NULL CHECK (reason IN ('unknown_client', 'wrong_secret', 'expired_secret', 'disabled', 'wrong_method')),
	failures       INTEGER NOT NULL,
	last_at        INTEGER NOT NULL,
	last_address   TEXT    NOT NULL,
	PRIMARY KEY (application_id, day, reason),
	CHECK ((application_id = '') = (reason = 'unknown_client'))
) STRICT;

UPDATE meta SET schema_version = 3;
