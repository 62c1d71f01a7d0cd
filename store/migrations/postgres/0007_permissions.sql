-- +goose Up

-- Lists of who holds what of a service go by name, so that grants repeat their subject's, folded. Triggers keep it,
-- whoever writes.
ALTER TABLE grants ADD COLUMN subject_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE grants SET subject_key = COALESCE(CASE subject_type
	WHEN 'application' THEN (SELECT name_key FROM applications WHERE id = subject_id)
	WHEN 'user' THEN (SELECT lower(name) FROM users WHERE id = subject_id)
	ELSE (SELECT name_key FROM user_groups WHERE id = subject_id) END, '');
-- One for each filter: what has few values, then the order of the list. In byte order, as SQLite and cursors have it.
ALTER TABLE grants ALTER COLUMN object TYPE TEXT COLLATE "C", ALTER COLUMN kind TYPE TEXT COLLATE "C",
	ALTER COLUMN key TYPE TEXT COLLATE "C", ALTER COLUMN subject_type TYPE TEXT COLLATE "C";
DROP INDEX grants_what;
CREATE INDEX grants_listed ON grants (service, subject_key, subject_type, subject_id, object, kind, key);
CREATE INDEX grants_subjects ON grants (service, subject_type, subject_key, subject_id, object, kind, key);
CREATE INDEX grants_what ON grants (service, kind, key, subject_key, subject_type, subject_id, object);
CREATE INDEX grants_where ON grants (service, object, subject_key, subject_type, subject_id, kind, key);

-- +goose StatementBegin
CREATE FUNCTION name_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	new.subject_key := COALESCE(CASE new.subject_type
		WHEN 'application' THEN (SELECT name_key FROM applications WHERE id = new.subject_id)
		WHEN 'user' THEN (SELECT lower(name) FROM users WHERE id = new.subject_id)
		ELSE (SELECT name_key FROM user_groups WHERE id = new.subject_id) END, '');
	RETURN new;
END $$;
-- +goose StatementEnd
CREATE TRIGGER grants_name BEFORE INSERT ON grants FOR EACH ROW EXECUTE FUNCTION name_grant();
-- +goose StatementBegin
CREATE FUNCTION name_grants_of_application() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE grants SET subject_key = new.name_key WHERE subject_type = 'application' AND subject_id = new.id;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER applications_name_grants AFTER UPDATE OF name_key ON applications FOR EACH ROW
	WHEN (new.name_key <> old.name_key) EXECUTE FUNCTION name_grants_of_application();
-- +goose StatementBegin
CREATE FUNCTION name_grants_of_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE grants SET subject_key = lower(new.name) WHERE subject_type = 'user' AND subject_id = new.id;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_name_grants AFTER UPDATE OF name ON users FOR EACH ROW
	WHEN (new.name <> old.name) EXECUTE FUNCTION name_grants_of_user();
-- +goose StatementBegin
CREATE FUNCTION name_grants_of_group() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE grants SET subject_key = new.name_key WHERE subject_type = 'group' AND subject_id = new.id;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER user_groups_name_grants AFTER UPDATE OF name_key ON user_groups FOR EACH ROW
	WHEN (new.name_key <> old.name_key) EXECUTE FUNCTION name_grants_of_group();

UPDATE meta SET schema_version = 7;
