-- +goose Up

-- People are found by three characters or more out of their name or address, without reading all of them. The index folds
-- case itself, so that triggers can keep it whoever writes.
ALTER TABLE users ADD COLUMN row_id INTEGER; -- for the search index; VACUUM must not renumber it
UPDATE users SET row_id = rowid;
CREATE UNIQUE INDEX users_row ON users (row_id);
CREATE VIRTUAL TABLE users_search USING fts5 (search_text, content = '', contentless_delete = 1, tokenize = 'trigram', detail = 'none');
INSERT INTO users_search (rowid, search_text) SELECT row_id, name || char(10) || email_key FROM users;
-- +goose StatementBegin
CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
	UPDATE users SET row_id = (SELECT COALESCE(max(row_id), 0) + 1 FROM users) WHERE id = new.id;
	INSERT INTO users_search (rowid, search_text) SELECT row_id, name || char(10) || email_key FROM users WHERE id = new.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_search_update AFTER UPDATE OF name, email_key ON users BEGIN
	INSERT OR REPLACE INTO users_search (rowid, search_text) VALUES (new.row_id, new.name || char(10) || new.email_key);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
	DELETE FROM users_search WHERE rowid = old.row_id;
END;
-- +goose StatementEnd

UPDATE meta SET schema_version = 19;
