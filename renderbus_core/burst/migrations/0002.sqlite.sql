-- Money that live bursts hold back, apart from what they were expected to cost.
ALTER TABLE bursts ADD COLUMN reserved TEXT NOT NULL DEFAULT '0'

UPDATE bursts SET reserved = estimate
WHERE estimate IS NOT NULL AND state NOT IN ('done', 'recalled', 'failed')

-- One remote task never serves two bursts that are at work.
CREATE UNIQUE INDEX one_live_burst_per_remote_task ON bursts (remote_id)
WHERE state NOT IN ('done', 'recalled', 'failed')

CREATE INDEX bursts_by_farm ON bursts (farm, state)

-- Effects remember under which claim of their burst they were begun.
ALTER TABLE effects ADD COLUMN claim_epoch INTEGER NOT NULL DEFAULT 0

UPDATE effects SET claim_epoch = (SELECT claim_epoch FROM bursts WHERE 'burst ' || id = effects.lease)
WHERE settled_at IS NULL AND EXISTS (SELECT 1 FROM bursts WHERE 'burst ' || id = effects.lease)

-- What was sent to the input storage for a burst.
CREATE TABLE uploads (
    burst VARCHAR NOT NULL REFERENCES bursts (id),
    server TEXT NOT NULL,
    local TEXT NOT NULL,
    size BIGINT NOT NULL,
    mtime BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (burst, server)
)

-- The cloud's side, as it was read last.
CREATE TABLE remote_tasks (
    burst VARCHAR NOT NULL REFERENCES bursts (id),
    id BIGINT NOT NULL,
    status INTEGER NOT NULL,
    counts TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (burst, id)
)

CREATE TABLE remote_frames (
    burst VARCHAR NOT NULL,
    leaf BIGINT NOT NULL,
    id BIGINT NOT NULL,
    frames TEXT NOT NULL,
    situation VARCHAR NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (burst, leaf, id),
    FOREIGN KEY (burst, leaf) REFERENCES remote_tasks (burst, id)
)

-- The log says who did it, and where it went from and to; nobody changes it afterwards.
ALTER TABLE events RENAME TO old_events

DROP INDEX ix_events_burst

CREATE TABLE events (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    burst VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    subject VARCHAR NOT NULL,
    before VARCHAR,
    after VARCHAR NOT NULL,
    reason TEXT NOT NULL
)

INSERT INTO events (id, burst, at, who, subject, before, after, reason)
SELECT id, burst, at, '', subject,
    nullif(substr(change, 1, instr(change, '-> ') - 2), ''),
    substr(change, instr(change, '-> ') + 3), reason
FROM old_events

DROP TABLE old_events

CREATE INDEX ix_events_burst ON events (burst)

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'the log of bursts is never changed'); END

CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'the log of bursts is never changed'); END
