-- A file that the user opened. `id` is the identity of its content; `path` is where it was last, as the system writes
-- paths, which need not be text.
CREATE TABLE video (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    duration_secs REAL NOT NULL,
    opened_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE poster (
    video TEXT PRIMARY KEY REFERENCES video ON DELETE CASCADE,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frame INTEGER NOT NULL,
    pts_secs REAL NOT NULL,
    jpeg BLOB NOT NULL
) STRICT;

-- Numbers are never used again, so that an id of something deleted never means something else.
CREATE TABLE chat (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    video TEXT NOT NULL REFERENCES video ON DELETE CASCADE,
    changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX chat_of_video ON chat (video, changed_at_ms);

-- `said` grows while the answer is written; `answer` is there once it has ended. `options`, `plan` and `answer` are JSON.
CREATE TABLE turn (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat INTEGER NOT NULL REFERENCES chat ON DELETE CASCADE,
    question TEXT NOT NULL,
    options TEXT NOT NULL,
    plan TEXT NOT NULL,
    asked_at_ms INTEGER NOT NULL,
    said TEXT NOT NULL DEFAULT '',
    answer TEXT
) STRICT;
CREATE INDEX turn_of_chat ON turn (chat);

-- Only what was chosen; `value` is JSON.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Pairs that were loaded from disk; paths as in `video`.
CREATE TABLE model (
    language_file TEXT NOT NULL,
    vision_file TEXT NOT NULL,
    loaded_at_ms INTEGER NOT NULL,
    PRIMARY KEY (language_file, vision_file)
) STRICT, WITHOUT ROWID;
