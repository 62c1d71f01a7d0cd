-- +goose Up

-- Users that hold permissions together.
CREATE TABLE user_groups (
	id          TEXT COLLATE "C" PRIMARY KEY,
	name        TEXT    NOT NULL,
	name_key    TEXT COLLATE "C" NOT NULL UNIQUE, -- folded: sorted by
	description TEXT    NOT NULL,
	created_at  BIGINT  NOT NULL
);

CREATE TABLE group_members (
	group_id TEXT COLLATE "C" NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
	user_id  TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	added_at BIGINT  NOT NULL,
	PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id, group_id);

-- Who only acts for users needs no permissions, so that the list of those that lack some leaves them out.
ALTER TABLE applications ADD COLUMN acts_as_itself BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE applications SET acts_as_itself = FALSE
WHERE EXISTS (SELECT 1 FROM application_grant_types WHERE application_id = id AND grant_type = 'authorization_code')
AND NOT EXISTS (SELECT 1 FROM application_grant_types WHERE application_id = id AND grant_type = 'client_credentials');
DROP INDEX applications_by_name;
DROP INDEX applications_by_created;
DROP INDEX applications_by_used;
DROP INDEX applications_facts;
CREATE INDEX applications_by_name ON applications (origin, type, status, (grants = 0 AND acts_as_itself), name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_by_created ON applications (origin, type, status, (grants = 0 AND acts_as_itself), created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_by_used ON applications (origin, type, status, (grants = 0 AND acts_as_itself), last_used_at, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_facts ON applications (id, origin, type, status, grants, acts_as_itself, deleted_at, created_at, last_used_at, name_key);

UPDATE meta SET schema_version = 4;
