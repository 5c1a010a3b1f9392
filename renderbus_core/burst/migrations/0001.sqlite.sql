CREATE TABLE bursts (
    id VARCHAR NOT NULL,
    farm VARCHAR NOT NULL,
    job VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    reason TEXT NOT NULL,
    remote_id BIGINT,
    claim_epoch INTEGER NOT NULL,
    estimate TEXT,
    currency VARCHAR,
    spent TEXT NOT NULL,
    submits INTEGER NOT NULL,
    absences INTEGER NOT NULL,
    recall TEXT,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
)

CREATE TABLE effects (
    id INTEGER NOT NULL,
    lease VARCHAR NOT NULL,
    epoch INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    details TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    settled_at BIGINT,
    result TEXT,
    PRIMARY KEY (id)
)

CREATE INDEX ix_effects_lease ON effects (lease)

CREATE TABLE events (
    id INTEGER NOT NULL,
    burst VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    subject VARCHAR NOT NULL,
    change TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX ix_events_burst ON events (burst)

CREATE TABLE leases (
    name VARCHAR NOT NULL,
    owner VARCHAR NOT NULL,
    epoch INTEGER NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (name)
)

CREATE TABLE outputs (
    burst VARCHAR NOT NULL,
    name TEXT NOT NULL,
    frame INTEGER NOT NULL,
    size BIGINT NOT NULL,
    listings INTEGER NOT NULL,
    local TEXT NOT NULL,
    collected BOOLEAN NOT NULL,
    PRIMARY KEY (burst, name),
    FOREIGN KEY(burst) REFERENCES bursts (id)
)

CREATE TABLE tasks (
    burst VARCHAR NOT NULL,
    task VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    farm VARCHAR NOT NULL,
    job VARCHAR NOT NULL,
    frames TEXT NOT NULL,
    state VARCHAR NOT NULL,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    live BOOLEAN NOT NULL,
    sent BOOLEAN NOT NULL,
    stopped_since BIGINT,
    PRIMARY KEY (burst, task),
    FOREIGN KEY(burst) REFERENCES bursts (id)
)

CREATE UNIQUE INDEX one_live_burst_per_task ON tasks (farm, job, task) WHERE live
