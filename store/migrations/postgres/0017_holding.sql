-- +goose Up

-- The services of which a subject itself holds something, sorted, a space between them. There are few such sets, so that who
-- holds nothing of a service is found in as many ranges of an index, however few they are. Triggers keep it, whoever writes.
ALTER TABLE applications ADD COLUMN holding TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN holding TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE user_groups ADD COLUMN holding TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE applications SET holding = (SELECT string_agg(service, ' ' ORDER BY service COLLATE "C") FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'application' AND subject_id = applications.id) AS held) WHERE id IN (SELECT subject_id FROM grants WHERE subject_type = 'application');
UPDATE users SET holding = (SELECT string_agg(service, ' ' ORDER BY service COLLATE "C") FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'user' AND subject_id = users.id) AS held) WHERE id IN (SELECT subject_id FROM grants WHERE subject_type = 'user');
UPDATE user_groups SET holding = (SELECT string_agg(service, ' ' ORDER BY service COLLATE "C") FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'group' AND subject_id = user_groups.id) AS held) WHERE id IN (SELECT subject_id FROM grants WHERE subject_type = 'group');
CREATE INDEX applications_holding ON applications (holding, name_key, id) WHERE deleted_at IS NULL AND origin <> 'platform';
CREATE INDEX users_holding ON users (holding, name_key, id);
CREATE INDEX user_groups_holding ON user_groups (holding, name_key, id);
-- +goose StatementBegin
CREATE FUNCTION note_holding() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	g grants := CASE TG_OP WHEN 'INSERT' THEN new ELSE old END;
	held TEXT := COALESCE((SELECT string_agg(DISTINCT service COLLATE "C", ' ' ORDER BY service COLLATE "C")
		FROM grants WHERE subject_type = g.subject_type AND subject_id = g.subject_id), '');
BEGIN
	UPDATE applications SET holding = held WHERE g.subject_type = 'application' AND id = g.subject_id AND holding <> held;
	UPDATE users SET holding = held WHERE g.subject_type = 'user' AND id = g.subject_id AND holding <> held;
	UPDATE user_groups SET holding = held WHERE g.subject_type = 'group' AND id = g.subject_id AND holding <> held;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER grants_given AFTER INSERT ON grants FOR EACH ROW EXECUTE FUNCTION note_holding();
CREATE TRIGGER grants_taken AFTER DELETE ON grants FOR EACH ROW EXECUTE FUNCTION note_holding();

UPDATE meta SET schema_version = 17;
