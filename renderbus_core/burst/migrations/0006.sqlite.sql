-- Which machine of the cloud has a frame, or had it last.
ALTER TABLE remote_frames ADD COLUMN node TEXT NOT NULL DEFAULT ''
