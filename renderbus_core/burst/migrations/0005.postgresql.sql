-- What the job wanted of the cloud when a burst was planned.
ALTER TABLE bursts ADD COLUMN options TEXT NOT NULL DEFAULT '{}'
