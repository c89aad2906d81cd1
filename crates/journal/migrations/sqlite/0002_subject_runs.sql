-- The subject index in runs: a key is a hash, so one tree over all entries is written at random places, several pages an
-- entry, and costs more than the journal itself. A run is written once, in order. What follows the last run is found
-- by reading the entries themselves.
ALTER TABLE journal_subject RENAME TO journal_subject_before;
CREATE TABLE journal_subject_run (
    first_seq INTEGER PRIMARY KEY, -- also the run's name
    last_seq  INTEGER NOT NULL CHECK (last_seq >= first_seq),
    recent    INTEGER NOT NULL CHECK (recent IN (0, 1)) -- 1: a short run, still to be merged
) STRICT;
CREATE TABLE journal_subject (
    run         INTEGER NOT NULL,
    subject_key INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (run, subject_key, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE journal_subject_recent (
    run         INTEGER NOT NULL,
    subject_key INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (run, subject_key, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO journal_subject_run SELECT 1, max(seq), 0 FROM journal HAVING max(seq) IS NOT NULL;
INSERT INTO journal_subject SELECT 1, subject_key, seq FROM journal_subject_before;
DROP TABLE journal_subject_before;
