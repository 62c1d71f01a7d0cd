-- +goose Up

-- The user whom a message by e-mail is for; NULL: one of a rule's addresses.
ALTER TABLE deliveries ADD COLUMN user_id TEXT COLLATE "C" REFERENCES users (id) ON DELETE CASCADE;

-- The link that a message hands over: a message goes with its link. Its code is sealed with the key file, and only for as
-- long as it may have to be sent.
ALTER TABLE deliveries ADD COLUMN link_hash TEXT REFERENCES user_links (hash) ON DELETE CASCADE;
ALTER TABLE deliveries ADD COLUMN link_code BYTEA;
CREATE INDEX deliveries_user ON deliveries (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX deliveries_link ON deliveries (link_hash) WHERE link_hash IS NOT NULL;

-- The name of who made a link, for the message.
ALTER TABLE user_links ADD COLUMN made_by TEXT NOT NULL DEFAULT '';

-- Whether a user gets notices by e-mail too, where the rule of their kind says that users do.
ALTER TABLE users ADD COLUMN notice_mail BOOLEAN NOT NULL DEFAULT TRUE;

-- Whether an application is the team's, and nobody who can sign in owns it.
ALTER TABLE applications ADD COLUMN unowned BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
	SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL);
CREATE INDEX applications_unowned ON applications (unowned, name_key, id) WHERE deleted_at IS NULL;
-- +goose StatementBegin
CREATE FUNCTION own_new_application() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
		SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL) WHERE id = new.id;
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER applications_unowned_at_first AFTER INSERT ON applications FOR EACH ROW EXECUTE FUNCTION own_new_application();
-- +goose StatementBegin
CREATE FUNCTION own_application() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
		SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL) WHERE id = COALESCE(new.application_id, old.application_id);
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER application_owners_changed AFTER INSERT OR DELETE ON application_owners FOR EACH ROW EXECUTE FUNCTION own_application();
-- +goose StatementBegin
CREATE FUNCTION own_applications() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
		SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL) WHERE id IN (SELECT application_id FROM application_owners WHERE user_id = new.id);
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER users_own AFTER UPDATE OF disabled_at ON users FOR EACH ROW EXECUTE FUNCTION own_applications();

UPDATE meta SET schema_version = 16;
