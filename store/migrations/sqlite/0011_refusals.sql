-- +goose Up

-- What was refused lately, to be found by the request's ID when somebody asks why. The audit log has the same refusal
-- once a minute; here is each, but for floods of them.
CREATE TABLE refusals (
	request_id   TEXT    NOT NULL,
	at           INTEGER NOT NULL, -- unix seconds
	asked        TEXT    NOT NULL, -- "GET /api/v1/audit-log"
	asked_by     TEXT    NOT NULL, -- the client ID of who asked for a decision, or ''
	subject_type TEXT    NOT NULL,
	subject_id   TEXT    NOT NULL,
	client_id    TEXT    NOT NULL, -- that acted for the user, or ''
	service      TEXT    NOT NULL, -- of the permission that was needed, or ''
	permission   TEXT    NOT NULL,
	object       TEXT    NOT NULL,
	scope        TEXT    NOT NULL, -- that was needed, or ''
	lacking      TEXT    NOT NULL  -- the scope that the token did not carry, or ''
) STRICT;
CREATE INDEX refusals_request ON refusals (request_id);
CREATE INDEX refusals_at ON refusals (at);

-- Who holds something in one place, by name.
CREATE INDEX grants_held ON grants (service, kind, key, object, subject_key, subject_type, subject_id);

UPDATE meta SET schema_version = 11;
