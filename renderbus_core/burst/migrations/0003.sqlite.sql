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
