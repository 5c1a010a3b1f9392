-- What the cloud says of a task, whatever it is, and since when.
ALTER TABLE tasks RENAME COLUMN stopped_since TO remote_since

ALTER TABLE tasks ADD COLUMN remote VARCHAR

UPDATE tasks SET remote = 'stopped' WHERE remote_since IS NOT NULL

-- What a person, or the engine itself, wants of a task.
ALTER TABLE tasks ADD COLUMN asked VARCHAR NOT NULL DEFAULT 'nothing'

ALTER TABLE tasks ADD COLUMN asked_why TEXT NOT NULL DEFAULT ''

-- Test frames: whether a person lets the others go on, and since when they wait for that.
ALTER TABLE bursts ADD COLUMN approved BOOLEAN NOT NULL DEFAULT false

ALTER TABLE bursts ADD COLUMN waiting_since BIGINT

-- Whether a farm's way to the cloud takes new bursts.
CREATE TABLE routes (
    farm VARCHAR NOT NULL,
    drained BOOLEAN NOT NULL,
    why TEXT NOT NULL,
    who TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (farm)
)

-- Signs of life, one row for each process that carries bursts.
CREATE TABLE gateways (
    owner VARCHAR NOT NULL,
    farm VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    bursts INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (owner)
)

-- When the cloud did not know the remote task last: it is asked again some time later.
ALTER TABLE bursts ADD COLUMN absent_at BIGINT

-- What became of a file when it arrived, and how to know it again.
ALTER TABLE outputs ADD COLUMN stamp VARCHAR

ALTER TABLE outputs ADD COLUMN problem TEXT

ALTER TABLE outputs ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0

-- Files that the cloud lists and no output of the job has a place for.
CREATE TABLE strays (
    burst VARCHAR NOT NULL REFERENCES bursts (id),
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    listings INTEGER NOT NULL,
    why TEXT NOT NULL,
    local TEXT,
    PRIMARY KEY (burst, name)
)

-- What is wanted of open tasks is asked for at each look, for all bursts at once.
CREATE INDEX tasks_asked ON tasks (burst) WHERE asked <> 'nothing'
