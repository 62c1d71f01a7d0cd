-- +goose Up

-- The services of which a subject itself holds something, sorted, a space between them. There are few such sets, so that who
-- holds nothing of a service is found in as many ranges of an index, however few they are. Triggers keep it, whoever writes.
ALTER TABLE applications ADD COLUMN holding TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN holding TEXT NOT NULL DEFAULT '';
ALTER TABLE user_groups ADD COLUMN holding TEXT NOT NULL DEFAULT '';
UPDATE applications SET holding = (SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'application' AND subject_id = applications.id) AS held) WHERE id IN (SELECT subject_id FROM grants WHERE subject_type = 'application');
UPDATE users SET holding = (SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'user' AND subject_id = users.id) AS held) WHERE id IN (SELECT subject_id FROM grants WHERE subject_type = 'user');
UPDATE user_groups SET holding = (SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'group' AND subject_id = user_groups.id) AS held) WHERE id IN (SELECT subject_id FROM grants WHERE subject_type = 'group');
CREATE INDEX applications_holding ON applications (holding, name_key, id) WHERE deleted_at IS NULL AND origin <> 'platform';
CREATE INDEX users_holding ON users (holding, name_key, id);
CREATE INDEX user_groups_holding ON user_groups (holding, name_key, id);
-- +goose StatementBegin
CREATE TRIGGER grants_given AFTER INSERT ON grants WHEN NOT EXISTS (
	SELECT 1 FROM grants WHERE subject_type = new.subject_type AND subject_id = new.subject_id AND service = new.service AND rowid <> new.rowid) BEGIN
	UPDATE applications SET holding = COALESCE((SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'application' AND subject_id = new.subject_id) AS held), '')
	WHERE new.subject_type = 'application' AND id = new.subject_id;
	UPDATE users SET holding = COALESCE((SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'user' AND subject_id = new.subject_id) AS held), '')
	WHERE new.subject_type = 'user' AND id = new.subject_id;
	UPDATE user_groups SET holding = COALESCE((SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'group' AND subject_id = new.subject_id) AS held), '')
	WHERE new.subject_type = 'group' AND id = new.subject_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER grants_taken AFTER DELETE ON grants WHEN NOT EXISTS (
	SELECT 1 FROM grants WHERE subject_type = old.subject_type AND subject_id = old.subject_id AND service = old.service) BEGIN
	UPDATE applications SET holding = COALESCE((SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'application' AND subject_id = old.subject_id) AS held), '')
	WHERE old.subject_type = 'application' AND id = old.subject_id;
	UPDATE users SET holding = COALESCE((SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'user' AND subject_id = old.subject_id) AS held), '')
	WHERE old.subject_type = 'user' AND id = old.subject_id;
	UPDATE user_groups SET holding = COALESCE((SELECT string_agg(service, ' ' ORDER BY service) FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'group' AND subject_id = old.subject_id) AS held), '')
	WHERE old.subject_type = 'group' AND id = old.subject_id;
END;
-- +goose StatementEnd

UPDATE meta SET schema_version = 17;
