-- +goose Up

-- The user whom a message by e-mail is for; NULL: one of a rule's addresses.
ALTER TABLE deliveries ADD COLUMN user_id TEXT REFERENCES users (id) ON DELETE CASCADE;

-- The link that a message hands over: a message goes with its link. Its code is sealed with the key file, and only for as
-- long as it may have to be sent.
ALTER TABLE deliveries ADD COLUMN link_hash TEXT REFERENCES user_links (hash) ON DELETE CASCADE;
ALTER TABLE deliveries ADD COLUMN link_code BLOB;
CREATE INDEX deliveries_user ON deliveries (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX deliveries_link ON deliveries (link_hash) WHERE link_hash IS NOT NULL;

-- The name of who made a link, for the message.
ALTER TABLE user_links ADD COLUMN made_by TEXT NOT NULL DEFAULT '';

-- Whether a user gets notices by e-mail too, where the rule of their kind says that users do.
ALTER TABLE users ADD COLUMN notice_mail INTEGER NOT NULL DEFAULT 1 CHECK (notice_mail IN (0, 1));

-- Whether an application is the team's, and nobody who can sign in owns it.
ALTER TABLE applications ADD COLUMN unowned INTEGER NOT NULL DEFAULT 0 CHECK (unowned IN (0, 1));
UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
	SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL);
CREATE INDEX applications_unowned ON applications (unowned, name_key, id) WHERE deleted_at IS NULL;
-- +goose StatementBegin
CREATE TRIGGER applications_unowned_at_first AFTER INSERT ON applications BEGIN
	UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
		SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL) WHERE id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER application_owners_added AFTER INSERT ON application_owners BEGIN
	UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
		SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL) WHERE id = new.application_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER application_owners_removed AFTER DELETE ON application_owners BEGIN
	UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
		SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL) WHERE id = old.application_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_own AFTER UPDATE OF disabled_at ON users BEGIN
	UPDATE applications SET unowned = origin = 'team' AND NOT EXISTS (
		SELECT 1 FROM application_owners o JOIN users u ON u.id = o.user_id WHERE o.application_id = applications.id AND u.disabled_at IS NULL) WHERE id IN (SELECT application_id FROM application_owners WHERE user_id = new.id);
END;
-- +goose StatementEnd

UPDATE meta SET schema_version = 16;
