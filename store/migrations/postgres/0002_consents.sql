-- +goose Up

-- OAuth clients that act for users.
ALTER TABLE applications ADD COLUMN home_page TEXT NOT NULL DEFAULT ''; -- shown at consent
ALTER TABLE applications ADD COLUMN trust TEXT NOT NULL DEFAULT 'unverified' CHECK (trust IN ('unverified', 'verified', 'first_party'));
UPDATE applications SET trust = 'verified' WHERE origin = 'platform';
ALTER TABLE applications DROP CONSTRAINT applications_auth_method_check;
ALTER TABLE applications ADD CONSTRAINT applications_auth_method_check
	CHECK (auth_method IN ('client_secret_basic', 'client_secret_post', 'none')); -- none: a public client

ALTER TABLE application_grant_types DROP CONSTRAINT application_grant_types_grant_type_check;
ALTER TABLE application_grant_types ADD CONSTRAINT application_grant_types_grant_type_check
	CHECK (grant_type IN ('client_credentials', 'authorization_code', 'refresh_token'));

ALTER TABLE application_scopes ADD COLUMN required BOOLEAN NOT NULL DEFAULT FALSE; -- cannot be unticked at consent

-- Where codes may be sent, each to be matched exactly.
CREATE TABLE redirect_uris (
	application_id TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	uri            TEXT    NOT NULL,
	position       BIGINT  NOT NULL,
	PRIMARY KEY (application_id, uri)
);

-- Logos, as we encoded them ourselves.
CREATE TABLE logos (
	application_id TEXT COLLATE "C" PRIMARY KEY REFERENCES applications (id) ON DELETE CASCADE,
	hash           TEXT NOT NULL, -- hex SHA-256 of png: its address
	png            BYTEA NOT NULL
);
CREATE INDEX logos_hash ON logos (hash);

ALTER TABLE drafts ADD COLUMN logo BYTEA; -- PNG, or NULL

-- What a user lets an OAuth client do for them. One for each of the two is current; the others have ended.
CREATE TABLE consents (
	id                TEXT COLLATE "C" PRIMARY KEY,
	user_id           TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	application_id    TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	asked             BOOLEAN NOT NULL, -- FALSE: a first-party client, so that nobody was asked
	granted_at        BIGINT  NOT NULL, -- last, when it was renewed
	expires_at        BIGINT  NOT NULL,
	last_used_at      BIGINT  NOT NULL DEFAULT 0, -- 0: never
	last_used_address TEXT    NOT NULL DEFAULT '',
	reused_at         BIGINT,          -- when a spent refresh token was last presented again
	ended_at          BIGINT,          -- NULL: current
	revoked_by        TEXT    NOT NULL DEFAULT '' CHECK (revoked_by IN ('', 'user', 'admin')), -- '': it ran out
	revoked_by_name   TEXT    NOT NULL DEFAULT '', -- as it was then
	reason            TEXT    NOT NULL DEFAULT ''  -- of an admin, for the user to read
);
CREATE UNIQUE INDEX consents_current ON consents (user_id, application_id) WHERE ended_at IS NULL;
CREATE INDEX consents_user ON consents (user_id, granted_at, id);
CREATE INDEX consents_application ON consents (application_id, granted_at, id);
CREATE INDEX consents_ended ON consents (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX consents_expires ON consents (expires_at) WHERE ended_at IS NULL;

-- What was asked for, allowed or not: what was not is remembered until the consent ends.
CREATE TABLE consent_scopes (
	consent_id TEXT COLLATE "C" NOT NULL REFERENCES consents (id) ON DELETE CASCADE,
	scope      TEXT    NOT NULL REFERENCES scopes (key) ON DELETE CASCADE,
	allowed    BOOLEAN NOT NULL,
	PRIMARY KEY (consent_id, scope)
);
CREATE INDEX consent_scopes_scope ON consent_scopes (scope);

-- Consent pages that wait for their answer, each for one session and one answer.
CREATE TABLE consent_requests (
	id           TEXT COLLATE "C" PRIMARY KEY,
	session_hash TEXT    NOT NULL,
	user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	query        TEXT    NOT NULL, -- the authorization request, to be checked again
	expires_at   BIGINT  NOT NULL
);
CREATE INDEX consent_requests_expires ON consent_requests (expires_at);

-- A family is all that one authorization code yields: it ends as one.
CREATE TABLE families (
	id              TEXT COLLATE "C" PRIMARY KEY, -- the origin in the jti of its access tokens
	consent_id      TEXT COLLATE "C" NOT NULL REFERENCES consents (id) ON DELETE CASCADE,
	application_id  TEXT COLLATE "C" NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
	user_id         TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	scopes          TEXT    NOT NULL, -- separated by spaces
	nonce           TEXT    NOT NULL,
	signed_in_at    BIGINT  NOT NULL, -- the auth_time
	code_hash       TEXT    NOT NULL UNIQUE, -- hex SHA-256
	redirect_uri    TEXT    NOT NULL,
	challenge       TEXT    NOT NULL, -- of PKCE, S256
	code_expires_at BIGINT  NOT NULL,
	spent_at        BIGINT,          -- NULL: the code was not redeemed
	ended_at        BIGINT
);
CREATE INDEX families_consent ON families (consent_id);
CREATE INDEX families_unspent ON families (code_expires_at) WHERE spent_at IS NULL;

-- Refresh tokens, as hashes. Each is spent once and followed by the next.
CREATE TABLE refresh_tokens (
	hash       TEXT    PRIMARY KEY, -- hex SHA-256
	family_id  TEXT COLLATE "C" NOT NULL REFERENCES families (id) ON DELETE CASCADE,
	created_at BIGINT  NOT NULL,
	spent_at   BIGINT,             -- NULL: it is the family's last
	successor  BYTEA               -- sealed under a key that only this token yields; for a short while after it was spent
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_successor ON refresh_tokens (spent_at) WHERE successor IS NOT NULL;

-- Access tokens that their client revoked before they ended.
CREATE TABLE revoked_tokens (
	jti        TEXT    PRIMARY KEY,
	expires_at BIGINT  NOT NULL
);
CREATE INDEX revoked_tokens_expires ON revoked_tokens (expires_at);

UPDATE meta SET schema_version = 2;
