-- A file as version 1 wrote it. Never changed: it stands for the files that people have.
PRAGMA application_id = 0x56445245;
PRAGMA user_version = 1;
CREATE TABLE video (id TEXT PRIMARY KEY, path TEXT NOT NULL, name TEXT NOT NULL, duration_secs REAL NOT NULL,
    opened_at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE poster (video TEXT PRIMARY KEY REFERENCES video ON DELETE CASCADE, width INTEGER NOT NULL,
    height INTEGER NOT NULL, frame INTEGER NOT NULL, pts_secs REAL NOT NULL, jpeg BLOB NOT NULL) STRICT;
CREATE TABLE chat (id INTEGER PRIMARY KEY AUTOINCREMENT, video TEXT NOT NULL REFERENCES video ON DELETE CASCADE,
    changed_at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX chat_of_video ON chat (video, changed_at_ms);
CREATE TABLE turn (id INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL REFERENCES chat ON DELETE CASCADE,
    question TEXT NOT NULL, options TEXT NOT NULL, plan TEXT NOT NULL, asked_at_ms INTEGER NOT NULL,
    said TEXT NOT NULL DEFAULT '', answer TEXT) STRICT;
CREATE INDEX turn_of_chat ON turn (chat);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE model (language_file TEXT NOT NULL, vision_file TEXT NOT NULL, loaded_at_ms INTEGER NOT NULL,
    PRIMARY KEY (language_file, vision_file)) STRICT, WITHOUT ROWID;
INSERT INTO video VALUES ('ab', '{"Unix":[47,111,108,100,46,109,112,52]}', 'old.mp4', 3.5, 1767225600000);
INSERT INTO poster VALUES ('ab', 16, 9, 0, 0.0, x'ffd8');
INSERT INTO chat VALUES (7, 'ab', 1767225700000);
INSERT INTO turn VALUES (12, 7, 'What is it?', '[]',
    '{"video":"ab","preset":"fast","strategy":null,"range":null,"pinned":[],"removed":[],"only_frame":null}',
    1767225650000, '',
    '{"state":"done","text":"A red square.","choice":null,"facts":null,"error":null}');
INSERT INTO turn VALUES (13, 7, 'And now?', '["yes","no"]',
    '{"video":"ab","preset":"auto","strategy":"sampled","range":{"start_secs":0.5,"end_secs":2.0},"pinned":[1],"removed":[2],"only_frame":null}',
    1767225700000, '', NULL);
INSERT INTO setting VALUES ('prepares_on_open', 'false'), ('something_of_then', '3');
INSERT INTO model VALUES ('{"Unix":[97]}', '{"Unix":[98]}', 1767225700000);
