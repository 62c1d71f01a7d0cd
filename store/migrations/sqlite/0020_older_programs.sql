-- +goose Up

-- Programs with a SQLite before 3.44 can open the database, such as Litestream and a sqlite3 of some years: they know no order
-- within an aggregate.
DROP TRIGGER grants_given;
DROP TRIGGER grants_taken;
-- +goose StatementBegin
CREATE TRIGGER grants_given AFTER INSERT ON grants WHEN NOT EXISTS (
	SELECT 1 FROM grants WHERE subject_type = new.subject_type AND subject_id = new.subject_id AND service = new.service AND rowid <> new.rowid) BEGIN
	UPDATE applications SET holding = COALESCE((SELECT group_concat(service, ' ') FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'application' AND subject_id = new.subject_id ORDER BY service)), '')
	WHERE new.subject_type = 'application' AND id = new.subject_id;
	UPDATE users SET holding = COALESCE((SELECT group_concat(service, ' ') FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'user' AND subject_id = new.subject_id ORDER BY service)), '')
	WHERE new.subject_type = 'user' AND id = new.subject_id;
	UPDATE user_groups SET holding = COALESCE((SELECT group_concat(service, ' ') FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'group' AND subject_id = new.subject_id ORDER BY service)), '')
	WHERE new.subject_type = 'group' AND id = new.subject_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER grants_taken AFTER DELETE ON grants WHEN NOT EXISTS (
	SELECT 1 FROM grants WHERE subject_type = old.subject_type AND subject_id = old.subject_id AND service = old.service) BEGIN
	UPDATE applications SET holding = COALESCE((SELECT group_concat(service, ' ') FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'application' AND subject_id = old.subject_id ORDER BY service)), '')
	WHERE old.subject_type = 'application' AND id = old.subject_id;
	UPDATE users SET holding = COALESCE((SELECT group_concat(service, ' ') FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'user' AND subject_id = old.subject_id ORDER BY service)), '')
	WHERE old.subject_type = 'user' AND id = old.subject_id;
	UPDATE user_groups SET holding = COALESCE((SELECT group_concat(service, ' ') FROM (SELECT DISTINCT service FROM grants WHERE subject_type = 'group' AND subject_id = old.subject_id ORDER BY service)), '')
	WHERE old.subject_type = 'group' AND id = old.subject_id;
END;
-- +goose StatementEnd

UPDATE meta SET schema_version = 20;
