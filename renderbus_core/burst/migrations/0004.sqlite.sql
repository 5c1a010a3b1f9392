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
