-- The journal: append only, one row an entry. Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE journal (
    seq         INTEGER PRIMARY KEY CHECK (seq > 0),
    at_ms       INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    workstation TEXT    NOT NULL,
    command     BLOB    NOT NULL CHECK (length(command) = 16),
    kind        TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version BETWEEN 0 AND 65535),
    body        TEXT    NOT NULL,
    subjects    TEXT    NOT NULL, -- JSON array of text
    prev_hash   BLOB    NOT NULL CHECK (length(prev_hash) = 32),
    hash        BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX journal_command ON journal (command);
CREATE INDEX journal_at ON journal (at_ms);

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;

-- Which entries concern a subject. The key is the first 8 bytes of SHA-256(subject), big-endian.
CREATE TABLE journal_subject (
    subject_key INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (subject_key, seq)
) STRICT, WITHOUT ROWID;

-- The end of the chain and who may lengthen it: one row, so that both are checked and moved by one statement.
CREATE TABLE journal_head (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    seq        INTEGER NOT NULL,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    epoch      INTEGER NOT NULL,
    holder     TEXT,
    expires_ms INTEGER NOT NULL
) STRICT;

-- Complete snapshots and their pieces; pieces without a header belong to a snapshot that was never finished.
CREATE TABLE snapshot (
    id             INTEGER PRIMARY KEY,
    seq            INTEGER NOT NULL,
    format_version INTEGER NOT NULL,
    length         INTEGER NOT NULL,
    digest         BLOB    NOT NULL,
    entry_hash     BLOB    NOT NULL
) STRICT;
CREATE TABLE snapshot_chunk (
    snapshot INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    bytes    BLOB    NOT NULL,
    PRIMARY KEY (snapshot, ordinal)
) STRICT;

-- How far a reader of the journal has come.
CREATE TABLE checkpoint (
    name TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    user_name TEXT PRIMARY KEY,
    phc       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    user_name  TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    data       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user_name);
CREATE INDEX session_expires ON session (expires_ms);
