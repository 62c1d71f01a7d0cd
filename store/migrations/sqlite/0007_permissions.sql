-- +goose Up

-- Lists of who holds what of a service go by name, so that grants repeat their subject's, folded. Triggers keep it,
-- whoever writes. SQLite folds the names of users in ASCII only.
ALTER TABLE grants ADD COLUMN subject_key TEXT NOT NULL DEFAULT '';
UPDATE grants SET subject_key = COALESCE(CASE subject_type
	WHEN 'application' THEN (SELECT name_key FROM applications WHERE id = subject_id)
	WHEN 'user' THEN (SELECT lower(name) FROM users WHERE id = subject_id)
	ELSE (SELECT name_key FROM user_groups WHERE id = subject_id) END, '');
-- One for each filter: what has few values, then the order of the list.
DROP INDEX grants_what;
CREATE INDEX grants_listed ON grants (service, subject_key, subject_type, subject_id, object, kind, key);
CREATE INDEX grants_subjects ON grants (service, subject_type, subject_key, subject_id, object, kind, key);
CREATE INDEX grants_what ON grants (service, kind, key, subject_key, subject_type, subject_id, object);
CREATE INDEX grants_where ON grants (service, object, subject_key, subject_type, subject_id, kind, key);

-- +goose StatementBegin
CREATE TRIGGER grants_name AFTER INSERT ON grants BEGIN
	UPDATE grants SET subject_key = COALESCE(CASE new.subject_type
		WHEN 'application' THEN (SELECT name_key FROM applications WHERE id = new.subject_id)
		WHEN 'user' THEN (SELECT lower(name) FROM users WHERE id = new.subject_id)
		ELSE (SELECT name_key FROM user_groups WHERE id = new.subject_id) END, '')
	WHERE rowid = new.rowid;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER applications_name_grants AFTER UPDATE OF name_key ON applications WHEN new.name_key <> old.name_key BEGIN
	UPDATE grants SET subject_key = new.name_key WHERE subject_type = 'application' AND subject_id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_name_grants AFTER UPDATE OF name ON users WHEN new.name <> old.name BEGIN
	UPDATE grants SET subject_key = lower(new.name) WHERE subject_type = 'user' AND subject_id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER user_groups_name_grants AFTER UPDATE OF name_key ON user_groups WHEN new.name_key <> old.name_key BEGIN
	UPDATE grants SET subject_key = new.name_key WHERE subject_type = 'group' AND subject_id = new.id;
END;
-- +goose StatementEnd

UPDATE meta SET schema_version = 7;
