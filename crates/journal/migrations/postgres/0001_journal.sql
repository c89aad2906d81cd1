-- The journal: append only, one row an entry. Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE journal (
    seq         bigint PRIMARY KEY CHECK (seq > 0),
    at_ms       bigint  NOT NULL,
    actor       text    NOT NULL,
    workstation text    NOT NULL,
    command     uuid    NOT NULL,
    kind        text    NOT NULL,
    version     integer NOT NULL CHECK (version BETWEEN 0 AND 65535),
    body        text    NOT NULL,
    subjects    text    NOT NULL, -- JSON array of text
    prev_hash   bytea   NOT NULL CHECK (length(prev_hash) = 32),
    hash        bytea   NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX journal_command ON journal (command);
CREATE INDEX journal_at ON journal (at_ms) INCLUDE (seq);

CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the journal is append only'; END $$;
CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only();

-- Which entries concern a subject. The key is the first 8 bytes of SHA-256(subject), big-endian.
CREATE TABLE journal_subject (
    subject_key bigint NOT NULL,
    seq         bigint NOT NULL,
    PRIMARY KEY (subject_key, seq)
);

-- The end of the chain and who may lengthen it: one row, so that both are checked and moved by one statement.
CREATE TABLE journal_head (
    id         integer PRIMARY KEY CHECK (id = 1),
    seq        bigint      NOT NULL,
    hash       bytea       NOT NULL CHECK (length(hash) = 32),
    epoch      bigint      NOT NULL,
    holder     text,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 10);

-- Complete snapshots and their pieces; pieces without a header belong to a snapshot that was never finished.
CREATE TABLE snapshot (
    id             bigint PRIMARY KEY,
    seq            bigint  NOT NULL,
    format_version bigint  NOT NULL,
    length         bigint  NOT NULL,
    digest         bytea   NOT NULL,
    entry_hash     bytea   NOT NULL
);
CREATE TABLE snapshot_chunk (
    snapshot bigint  NOT NULL,
    ordinal  bigint  NOT NULL,
    bytes    bytea   NOT NULL,
    PRIMARY KEY (snapshot, ordinal)
);

-- How far a reader of the journal has come.
CREATE TABLE checkpoint (
    name text PRIMARY KEY,
    seq  bigint NOT NULL
);

CREATE TABLE credential (
    user_name text PRIMARY KEY,
    phc       text NOT NULL
);

CREATE TABLE session (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_name  text   NOT NULL,
    created_ms bigint NOT NULL,
    touched_ms bigint NOT NULL,
    expires_ms bigint NOT NULL,
    data       text   NOT NULL
);
CREATE INDEX session_user_name ON session (user_name);
CREATE INDEX session_expires ON session (expires_ms);
