-- +goose Up

-- What this database is: which schema, which binaries it serves, which key file opens its seals.
CREATE TABLE meta (
	id              INTEGER PRIMARY KEY CHECK (id = 1),
	schema_version  INTEGER NOT NULL,           -- of the newest migration
	serves_from     INTEGER NOT NULL,           -- a binary that knows an older schema than this must not open it
	key_fingerprint TEXT    NOT NULL DEFAULT '' -- hex SHA-256 of the key file's key, set at first start
) STRICT;
INSERT INTO meta (id, schema_version, serves_from) VALUES (1, 1, 1);

-- The installation. It has a row once it was set up.
CREATE TABLE team (
	id         INTEGER PRIMARY KEY CHECK (id = 1),
	name       TEXT    NOT NULL,
	created_at INTEGER NOT NULL -- unix seconds, as all times here unless they say otherwise
) STRICT;

-- Codes of printed setup links, as hashes. All are spent together when the team is made.
CREATE TABLE setup_codes (
	hash       TEXT    PRIMARY KEY,
	created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
	id            TEXT    PRIMARY KEY,
	email         TEXT    NOT NULL,
	email_key     TEXT    NOT NULL UNIQUE, -- lower-cased
	name          TEXT    NOT NULL,
	password_hash TEXT    NOT NULL,        -- argon2id, PHC string
	created_at    INTEGER NOT NULL,
	disabled_at   INTEGER                  -- NULL: may sign in
) STRICT;

-- Signed-in browsers. Only a hash of the cookie is kept.
CREATE TABLE sessions (
	hash       TEXT    PRIMARY KEY,
	user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	data       TEXT    NOT NULL,  -- JSON: what the console remembers between pages
	created_at INTEGER NOT NULL,
	seen_at    INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,  -- absolute end
	address    TEXT    NOT NULL,
	agent      TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Browsers that signed in before; each has its own allowance of attempts.
CREATE TABLE devices (
	hash       TEXT    PRIMARY KEY,
	user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_expires ON devices (expires_at);

-- Sign-in attempts in the current quarter hour, counted before a password is looked at.
CREATE TABLE signin_attempts (
	bucket   TEXT    PRIMARY KEY, -- account:…, device:… or address:…
	starts   INTEGER NOT NULL,    -- start of the quarter hour counted
	attempts INTEGER NOT NULL
) STRICT;

-- The catalogue: services and what each offers.
CREATE TABLE services (
	key         TEXT    PRIMARY KEY,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	audience    TEXT    NOT NULL, -- '' for built-in services: the issuer
	builtin     INTEGER NOT NULL CHECK (builtin IN (0, 1)),
	position    INTEGER NOT NULL
) STRICT;

CREATE TABLE scopes (
	key         TEXT    PRIMARY KEY,
	service     TEXT    NOT NULL REFERENCES services (key),
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	position    INTEGER NOT NULL
) STRICT;
CREATE INDEX scopes_service ON scopes (service);

CREATE TABLE permissions (
	service     TEXT    NOT NULL REFERENCES services (key),
	key         TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	position    INTEGER NOT NULL,
	PRIMARY KEY (service, key)
) STRICT;

-- Some permissions mean nothing without others.
CREATE TABLE permission_needs (
	service    TEXT NOT NULL,
	permission TEXT NOT NULL,
	needs      TEXT NOT NULL,
	PRIMARY KEY (service, permission, needs),
	FOREIGN KEY (service, permission) REFERENCES permissions (service, key) ON DELETE CASCADE,
	FOREIGN KEY (service, needs) REFERENCES permissions (service, key) ON DELETE CASCADE
) STRICT;

CREATE TABLE templates (
	service     TEXT    NOT NULL REFERENCES services (key),
	key         TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	position    INTEGER NOT NULL,
	PRIMARY KEY (service, key)
) STRICT;

CREATE TABLE template_permissions (
	service    TEXT NOT NULL,
	template   TEXT NOT NULL,
	permission TEXT NOT NULL,
	PRIMARY KEY (service, template, permission),
	FOREIGN KEY (service, template) REFERENCES templates (service, key) ON DELETE CASCADE,
	FOREIGN KEY (service, permission) REFERENCES permissions (service, key) ON DELETE CASCADE
) STRICT;

CREATE TABLE containers (
	service  TEXT    NOT NULL REFERENCES services (key),
	key      TEXT    NOT NULL,
	name     TEXT    NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (service, key)
) STRICT;

CREATE TABLE objects (
	service   TEXT    NOT NULL,
	container TEXT    NOT NULL,
	key       TEXT    NOT NULL,
	name      TEXT    NOT NULL,
	path      TEXT    NOT NULL,
	position  INTEGER NOT NULL,
	PRIMARY KEY (service, container, key),
	FOREIGN KEY (service, container) REFERENCES containers (service, key) ON DELETE CASCADE
) STRICT;

-- Everything registered to call the platform's APIs.
CREATE TABLE applications (
	row_id            INTEGER PRIMARY KEY,     -- for the search index; VACUUM must not renumber it
	id                TEXT    NOT NULL UNIQUE, -- the client ID
	type              TEXT    NOT NULL CHECK (type IN ('oauth_client', 'application_key')),
	origin            TEXT    NOT NULL CHECK (origin IN ('team', 'platform')),
	status            TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
	name              TEXT    NOT NULL,
	name_key          TEXT    NOT NULL, -- folded: unique among the living, sorted by
	description       TEXT    NOT NULL,
	auth_method       TEXT    NOT NULL CHECK (auth_method IN ('client_secret_basic', 'client_secret_post')),
	token_alg         TEXT    NOT NULL CHECK (token_alg IN ('ES256', 'RS256')),
	created_at        INTEGER NOT NULL,
	created_by        TEXT    NOT NULL, -- a user's ID, or '' when the platform or the command line made it
	created_by_name   TEXT    NOT NULL, -- as it was then
	last_used_at      INTEGER NOT NULL DEFAULT 0, -- 0: never
	last_used_address TEXT    NOT NULL DEFAULT '',
	grants            INTEGER NOT NULL DEFAULT 0, -- how many rows of the table grants it holds
	deleted_at        INTEGER, -- NULL: living
	search_text       TEXT    NOT NULL -- folded name, ID and creator
) STRICT;
CREATE UNIQUE INDEX applications_unique_name ON applications (name_key) WHERE deleted_at IS NULL;
CREATE INDEX applications_name ON applications (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_created ON applications (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_used ON applications (last_used_at, id) WHERE deleted_at IS NULL;
-- Filtered, the list reads one range of these for each combination of what takes few values, and merges the ranges.
CREATE INDEX applications_by_name ON applications (origin, type, status, (grants = 0), name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_by_created ON applications (origin, type, status, (grants = 0), created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_by_used ON applications (origin, type, status, (grants = 0), last_used_at, id) WHERE deleted_at IS NULL;
-- What the list sorts and filters by, so that rows which other indexes lead to need not be read.
CREATE INDEX applications_facts ON applications (id, origin, type, status, grants, deleted_at, created_at, last_used_at, name_key);
CREATE INDEX applications_idle ON applications ((CASE WHEN last_used_at > created_at THEN last_used_at ELSE created_at END), id) WHERE deleted_at IS NULL;
CREATE INDEX applications_deleted ON applications (deleted_at, id, origin, type, status, created_at, last_used_at, name_key) WHERE deleted_at IS NOT NULL;

-- Words, and what a search for them is narrowed by, in one index.
CREATE VIRTUAL TABLE applications_search USING fts5 (
	search_text, origin, type, status, content = 'applications', content_rowid = 'row_id', tokenize = 'trigram', detail = 'full'
);
-- +goose StatementBegin
CREATE TRIGGER applications_search_insert AFTER INSERT ON applications BEGIN
	INSERT INTO applications_search (rowid, search_text, origin, type, status) VALUES (new.row_id, new.search_text, new.origin, new.type, new.status);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER applications_search_delete AFTER DELETE ON applications BEGIN
	INSERT INTO applications_search (applications_search, rowid, search_text, origin, type, status)
	VALUES ('delete', old.row_id, old.search_text, old.origin, old.type, old.status);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER applications_search_update AFTER UPDATE OF search_text, status ON applications BEGIN
	INSERT INTO applications_search (applications_search, rowid, search_text, origin, type, status)
	VALUES ('delete', old.row_id, old.search_text, old.origin, old.type, old.status);
	INSERT INTO applications_search (rowid, search_text, origin, type, status) VALUES (new.row_id, new.search_text, new.origin, new.type, new.status);
END;
-- +goose StatementEnd

CREATE TABLE application_grant_types (
	application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	grant_type     TEXT NOT NULL CHECK (grant_type IN ('client_credentials')),
	PRIMARY KEY (application_id, grant_type)
) STRICT;

CREATE TABLE application_scopes (
	application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	scope          TEXT NOT NULL REFERENCES scopes (key),
	PRIMARY KEY (application_id, scope)
) STRICT;
CREATE INDEX application_scopes_scope ON application_scopes (scope, application_id);

-- Client credentials, as hashes. Several may be live while one is rotated.
CREATE TABLE secrets (
	id                TEXT    PRIMARY KEY,
	application_id    TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	hash              TEXT    NOT NULL, -- hex SHA-256
	prefix            TEXT    NOT NULL, -- the first characters, to recognise it by
	created_at        INTEGER NOT NULL,
	created_by_name   TEXT    NOT NULL,
	expires_at        INTEGER,          -- NULL: until ended; its tokens outlive this
	revoked_at        INTEGER,          -- ended now, and its tokens with it
	last_used_at      INTEGER NOT NULL DEFAULT 0,
	last_used_address TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX secrets_application ON secrets (application_id, created_at);
CREATE INDEX secrets_live ON secrets (application_id, expires_at, id) WHERE revoked_at IS NULL;
CREATE INDEX secrets_expires ON secrets (expires_at, id, application_id) WHERE revoked_at IS NULL AND expires_at IS NOT NULL;

-- Tokens issued per application and UTC day.
CREATE TABLE application_days (
	application_id TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	day            INTEGER NOT NULL, -- days since 1970-01-01
	tokens         INTEGER NOT NULL,
	PRIMARY KEY (application_id, day)
) STRICT;

-- Who may do what: a permission or a template of a service, on all of it ('') or on one container or object of it.
CREATE TABLE grants (
	subject_type TEXT    NOT NULL CHECK (subject_type IN ('user', 'group', 'application')),
	subject_id   TEXT    NOT NULL,
	service      TEXT    NOT NULL REFERENCES services (key),
	object       TEXT    NOT NULL, -- '', 'container' or 'container/object'
	kind         TEXT    NOT NULL CHECK (kind IN ('permission', 'template')),
	key          TEXT    NOT NULL,
	granted_at   INTEGER NOT NULL,
	granted_by   TEXT    NOT NULL,
	PRIMARY KEY (subject_type, subject_id, service, object, kind, key)
) STRICT;
CREATE INDEX grants_what ON grants (service, kind, key);

-- The wizard's unfinished registrations, without secrets.
CREATE TABLE drafts (
	id             TEXT    PRIMARY KEY,
	user_id        TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	data           TEXT    NOT NULL, -- JSON of what was typed
	expires_at     INTEGER NOT NULL,
	application_id TEXT             -- what it became; a spent draft leads there
) STRICT;
CREATE INDEX drafts_expires ON drafts (expires_at);

-- A new secret on its way to the one page that shows it, sealed under a key only that browser's session has.
CREATE TABLE shown_secrets (
	session_hash   TEXT    NOT NULL,
	application_id TEXT    NOT NULL,
	sealed         BLOB    NOT NULL,
	expires_at     INTEGER NOT NULL,
	PRIMARY KEY (session_hash, application_id)
) STRICT;
CREATE INDEX shown_secrets_expires ON shown_secrets (expires_at);

-- Keys that sign tokens, sealed under the key file. Published (next) before they sign (active).
CREATE TABLE signing_keys (
	id           TEXT    PRIMARY KEY, -- RFC 7638 thumbprint
	alg          TEXT    NOT NULL CHECK (alg IN ('ES256', 'RS256')),
	state        TEXT    NOT NULL CHECK (state IN ('next', 'active', 'retired')),
	sealed       BLOB    NOT NULL,
	created_at   INTEGER NOT NULL,
	activated_at INTEGER,
	retired_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX signing_keys_one ON signing_keys (alg, state) WHERE state <> 'retired';

-- What was done or refused, by whom, to what. Rows are never updated; each hash covers its row and the hash before.
CREATE TABLE audit_events (
	seq         INTEGER PRIMARY KEY,
	at          INTEGER NOT NULL, -- unix milliseconds
	actor_type  TEXT    NOT NULL,
	actor_id    TEXT    NOT NULL,
	actor_name  TEXT    NOT NULL,
	action      TEXT    NOT NULL, -- application.create
	area        TEXT    NOT NULL GENERATED ALWAYS AS (substr(action, 1, instr(action, '.') - 1)) VIRTUAL, -- application
	outcome     TEXT    NOT NULL CHECK (outcome IN ('done', 'refused')),
	target_type TEXT    NOT NULL,
	target_id   TEXT    NOT NULL,
	target_name TEXT    NOT NULL,
	address     TEXT    NOT NULL,
	request_id  TEXT    NOT NULL,
	before      TEXT    NOT NULL, -- JSON or ''
	after       TEXT    NOT NULL, -- JSON or ''
	hash        TEXT    NOT NULL  -- hex SHA-256
) STRICT;
-- Each filter of the log reads its newest first, within whatever times are asked for; an actor's few events of one kind
-- are found among its many without leaving the index.
CREATE INDEX audit_events_at ON audit_events (at, seq);
CREATE INDEX audit_events_actor ON audit_events (actor_id, at, seq, area, action);
CREATE INDEX audit_events_action ON audit_events (action, at, seq);
CREATE INDEX audit_events_area ON audit_events (area, at, seq);
CREATE INDEX audit_events_target ON audit_events (target_id, at, seq);
CREATE INDEX audit_events_refused ON audit_events (at, seq) WHERE outcome = 'refused';

-- The end of the chain. Its sequence is also the version by which caches know that something changed.
CREATE TABLE audit_head (
	id   INTEGER PRIMARY KEY CHECK (id = 1),
	seq  INTEGER NOT NULL,
	hash TEXT    NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
