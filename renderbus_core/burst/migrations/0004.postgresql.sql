-- What a burst is for: work, or one frame that is only compared.
ALTER TABLE bursts ADD COLUMN kind VARCHAR NOT NULL DEFAULT 'work'

-- Whose budget a burst takes from.
ALTER TABLE bursts ADD COLUMN artist VARCHAR NOT NULL DEFAULT ''

ALTER TABLE bursts ADD COLUMN project VARCHAR NOT NULL DEFAULT ''

-- The cloud hides what it charges: what was spent is reckoned from render times.
ALTER TABLE bursts ADD COLUMN reckoned BOOLEAN NOT NULL DEFAULT false

-- Since when a farm's pools overflow.
CREATE TABLE overflows (
    farm VARCHAR NOT NULL,
    pool VARCHAR NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (farm, pool)
)

-- What probes came to.
CREATE TABLE probes (
    burst VARCHAR NOT NULL REFERENCES bursts (id),
    scene VARCHAR NOT NULL,
    stamp VARCHAR NOT NULL,
    software TEXT NOT NULL,
    alike BOOLEAN,
    why TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (burst)
)

-- How long a task of a program took on local workers.
CREATE TABLE programs (
    farm VARCHAR NOT NULL,
    program VARCHAR NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (farm, program)
)

-- What the policy said of the jobs it looked at last.
CREATE TABLE answers (
    farm VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    job VARCHAR NOT NULL,
    name TEXT NOT NULL,
    verdict VARCHAR NOT NULL,
    why TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (farm, position)
)
