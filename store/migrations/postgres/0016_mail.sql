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

UPDATE meta SET schema_version = 16;
