-- +goose Up

-- Search by part of a name needs trigrams; the extension ships with PostgreSQL and any owner of a database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Identifiers compare by their bytes, all of them: an index in one collation does not serve a comparison in another.

-- What this database is: which schema, which binaries it serves, which key file opens its seals.
CREATE TABLE meta (
	id              BIGINT PRIMARY KEY CHECK (id = 1),
	schema_version  BIGINT  NOT NULL,           -- of the newest migration
	serves_from     BIGINT  NOT NULL,           -- a binary that knows an older schema than this must not open it
	key_fingerprint TEXT    NOT NULL DEFAULT '' -- hex SHA-256 of the key file's key, set at first start
);
INSERT INTO meta (id, schema_version, serves_from) VALUES (1, 1, 1);

-- The installation. It has a row once it was set up.
CREATE TABLE team (
	id         BIGINT PRIMARY KEY CHECK (id = 1),
	name       TEXT    NOT NULL,
	created_at BIGINT  NOT NULL -- unix seconds, as all times here unless they say otherwise
);

-- Codes of printed setup links, as hashes. All are spent together when the team is made.
CREATE TABLE setup_codes (
	hash       TEXT    PRIMARY KEY,
	created_at BIGINT  NOT NULL
);

CREATE TABLE users (
	id            TEXT COLLATE "C" PRIMARY KEY,
	email         TEXT    NOT NULL,
	email_key     TEXT    NOT NULL UNIQUE, -- lower-cased
	name          TEXT    NOT NULL,
	password_hash TEXT    NOT NULL,        -- argon2id, PHC string
	created_at    BIGINT  NOT NULL,
	disabled_at   BIGINT                   -- NULL: may sign in
);

-- Signed-in browsers. Only a hash of the cookie is kept.
CREATE TABLE sessions (
	hash       TEXT    PRIMARY KEY,
	user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	data       TEXT    NOT NULL,  -- JSON: what the console remembers between pages
	created_at BIGINT  NOT NULL,
	seen_at    BIGINT  NOT NULL,
	expires_at BIGINT  NOT NULL,  -- absolute end
	address    TEXT    NOT NULL,
	agent      TEXT    NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Browsers that signed in before; each has its own allowance of attempts.
CREATE TABLE devices (
	hash       TEXT    PRIMARY KEY,
	user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	created_at BIGINT  NOT NULL,
	expires_at BIGINT  NOT NULL
);
CREATE INDEX devices_expires ON devices (expires_at);

-- Sign-in attempts in the current quarter hour, counted before a password is looked at.
CREATE TABLE signin_attempts (
	bucket   TEXT    PRIMARY KEY, -- account:…, device:… or address:…
	starts   BIGINT  NOT NULL,    -- start of the quarter hour counted
	attempts BIGINT  NOT NULL
);

-- The catalogue: services and what each offers.
CREATE TABLE services (
	key         TEXT    PRIMARY KEY,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	audience    TEXT    NOT NULL, -- '' for built-in services: the issuer
	builtin     BOOLEAN NOT NULL,
	position    BIGINT  NOT NULL
);

CREATE TABLE scopes (
	key         TEXT    PRIMARY KEY,
	service     TEXT    NOT NULL REFERENCES services (key),
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	position    BIGINT  NOT NULL
);
CREATE INDEX scopes_service ON scopes (service);

CREATE TABLE permissions (
	service     TEXT    NOT NULL REFERENCES services (key),
	key         TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	position    BIGINT  NOT NULL,
	PRIMARY KEY (service, key)
);

-- Some permissions mean nothing without others.
CREATE TABLE permission_needs (
	service    TEXT NOT NULL,
	permission TEXT NOT NULL,
	needs      TEXT NOT NULL,
	PRIMARY KEY (service, permission, needs),
	FOREIGN KEY (service, permission) REFERENCES permissions (service, key) ON DELETE CASCADE,
	FOREIGN KEY (service, needs) REFERENCES permissions (service, key) ON DELETE CASCADE
);

CREATE TABLE templates (
	service     TEXT    NOT NULL REFERENCES services (key),
	key         TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	description TEXT    NOT NULL,
	position    BIGINT  NOT NULL,
	PRIMARY KEY (service, key)
);

CREATE TABLE template_permissions (
	service    TEXT NOT NULL,
	template   TEXT NOT NULL,
	permission TEXT NOT NULL,
	PRIMARY KEY (service, template, permission),
	FOREIGN KEY (service, template) REFERENCES templates (service, key) ON DELETE CASCADE,
	FOREIGN KEY (service, permission) REFERENCES permissions (service, key) ON DELETE CASCADE
);

CREATE TABLE containers (
	service  TEXT    NOT NULL REFERENCES services (key),
	key      TEXT    NOT NULL,
	name     TEXT    NOT NULL,
	position BIGINT  NOT NULL,
	PRIMARY KEY (service, key)
);

CREATE TABLE objects (
	service   TEXT    NOT NULL,
	container TEXT    NOT NULL,
	key       TEXT    NOT NULL,
	name      TEXT    NOT NULL,
	path      TEXT    NOT NULL,
	position  BIGINT  NOT NULL,
	PRIMARY KEY (service, container, key),
	FOREIGN KEY (service, container) REFERENCES containers (service, key) ON DELETE CASCADE
);

-- Everything registered to call the platform's APIs.
CREATE TABLE applications (
	row_id            BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id                TEXT    COLLATE "C" NOT NULL UNIQUE, -- the client ID
	type              TEXT    NOT NULL CHECK (type IN ('oauth_client', 'application_key')),
	origin            TEXT    NOT NULL CHECK (origin IN ('team', 'platform')),
	status            TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
	name              TEXT    NOT NULL,
	name_key          TEXT    COLLATE "C" NOT NULL, -- folded: unique among the living, sorted by
	description       TEXT    NOT NULL,
	auth_method       TEXT    NOT NULL CHECK (auth_method IN ('client_secret_basic', 'client_secret_post')),
	token_alg         TEXT    NOT NULL CHECK (token_alg IN ('ES256', 'RS256')),
	created_at        BIGINT  NOT NULL,
	created_by        TEXT COLLATE "C" NOT NULL, -- a user's ID, or '' when the platform or the command line made it
	created_by_name   TEXT    NOT NULL, -- as it was then
	last_used_at      BIGINT  NOT NULL DEFAULT 0, -- 0: never
	last_used_address TEXT    NOT NULL DEFAULT '',
	grants            BIGINT  NOT NULL DEFAULT 0, -- how many rows of the table grants it holds
	deleted_at        BIGINT, -- NULL: living
	search_text       TEXT    NOT NULL -- folded name, ID and creator
);
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

CREATE INDEX applications_search ON applications USING gin (search_text gin_trgm_ops);

CREATE TABLE application_grant_types (
	application_id TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	grant_type     TEXT NOT NULL CHECK (grant_type IN ('client_credentials')),
	PRIMARY KEY (application_id, grant_type)
);

CREATE TABLE application_scopes (
	application_id TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	scope          TEXT NOT NULL REFERENCES scopes (key),
	PRIMARY KEY (application_id, scope)
);
CREATE INDEX application_scopes_scope ON application_scopes (scope, application_id);

-- Client credentials, as hashes. Several may be live while one is rotated.
CREATE TABLE secrets (
	id                TEXT COLLATE "C" PRIMARY KEY,
	application_id    TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	hash              TEXT    NOT NULL, -- hex SHA-256
	prefix            TEXT    NOT NULL, -- the first characters, to recognise it by
	created_at        BIGINT  NOT NULL,
	created_by_name   TEXT    NOT NULL,
	expires_at        BIGINT,          -- NULL: until ended; its tokens outlive this
	revoked_at        BIGINT,          -- ended now, and its tokens with it
	last_used_at      BIGINT  NOT NULL DEFAULT 0,
	last_used_address TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX secrets_application ON secrets (application_id, created_at);
CREATE INDEX secrets_live ON secrets (application_id, expires_at, id) WHERE revoked_at IS NULL;
CREATE INDEX secrets_expires ON secrets (expires_at, id, application_id) WHERE revoked_at IS NULL AND expires_at IS NOT NULL;

-- Tokens issued per application and UTC day.
CREATE TABLE application_days (
	application_id TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	day            BIGINT  NOT NULL, -- days since 1970-01-01
	tokens         BIGINT  NOT NULL,
	PRIMARY KEY (application_id, day)
);

-- Who may do what: a permission or a template of a service, on all of it ('') or on one container or object of it.
CREATE TABLE grants (
	subject_type TEXT    NOT NULL CHECK (subject_type IN ('user', 'group', 'application')),
	subject_id   TEXT COLLATE "C" NOT NULL,
	service      TEXT    NOT NULL REFERENCES services (key),
	object       TEXT    NOT NULL, -- '', 'container' or 'container/object'
	kind         TEXT    NOT NULL CHECK (kind IN ('permission', 'template')),
	key          TEXT    NOT NULL,
	granted_at   BIGINT  NOT NULL,
	granted_by   TEXT    NOT NULL,
	PRIMARY KEY (subject_type, subject_id, service, object, kind, key)
);
CREATE INDEX grants_what ON grants (service, kind, key);

-- The wizard's unfinished registrations, without secrets.
CREATE TABLE drafts (
	id             TEXT COLLATE "C" PRIMARY KEY,
	user_id        TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	data           TEXT    NOT NULL, -- JSON of what was typed
	expires_at     BIGINT  NOT NULL,
	application_id TEXT COLLATE "C" -- what it became; a spent draft leads there
);
CREATE INDEX drafts_expires ON drafts (expires_at);

-- A new secret on its way to the one page that shows it, sealed under a key only that browser's session has.
CREATE TABLE shown_secrets (
	session_hash   TEXT    NOT NULL,
	application_id TEXT COLLATE "C" NOT NULL,
	sealed         BYTEA   NOT NULL,
	expires_at     BIGINT  NOT NULL,
	PRIMARY KEY (session_hash, application_id)
);
CREATE INDEX shown_secrets_expires ON shown_secrets (expires_at);

-- Keys that sign tokens, sealed under the key file. Published (next) before they sign (active).
CREATE TABLE signing_keys (
	id           TEXT    PRIMARY KEY, -- RFC 7638 thumbprint
	alg          TEXT    NOT NULL CHECK (alg IN ('ES256', 'RS256')),
	state        TEXT    NOT NULL CHECK (state IN ('next', 'active', 'retired')),
	sealed       BYTEA   NOT NULL,
	created_at   BIGINT  NOT NULL,
	activated_at BIGINT,
	retired_at   BIGINT 
);
CREATE UNIQUE INDEX signing_keys_one ON signing_keys (alg, state) WHERE state <> 'retired';

-- What was done or refused, by whom, to what. Rows are never updated; each hash covers its row and the hash before.
CREATE TABLE audit_events (
	seq         BIGINT PRIMARY KEY,
	at          BIGINT  NOT NULL, -- unix milliseconds
	actor_type  TEXT    NOT NULL,
	actor_id    TEXT    NOT NULL,
	actor_name  TEXT    NOT NULL,
	action      TEXT    NOT NULL, -- application.create
	area        TEXT    NOT NULL GENERATED ALWAYS AS (split_part(action, '.', 1)) STORED, -- application
	outcome     TEXT    NOT NULL CHECK (outcome IN ('done', 'refused')),
	target_type TEXT    NOT NULL,
	target_id   TEXT    NOT NULL,
	target_name TEXT    NOT NULL,
	address     TEXT    NOT NULL,
	request_id  TEXT    NOT NULL,
	before      TEXT    NOT NULL, -- JSON or ''
	after       TEXT    NOT NULL, -- JSON or ''
	hash        TEXT    NOT NULL  -- hex SHA-256
);
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
	id   BIGINT PRIMARY KEY CHECK (id = 1),
	seq  BIGINT  NOT NULL,
	hash TEXT    NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
