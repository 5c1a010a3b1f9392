-- A farm file as version 3 left it: one job, a task of each of three states, one worker.
PRAGMA application_id = 1382173766;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE events (
	number INTEGER NOT NULL,
	job INTEGER NOT NULL,
	task TEXT NOT NULL,
	"before" VARCHAR(9),
	"after" VARCHAR(9),
	who TEXT NOT NULL,
	why TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (number)
);
INSERT INTO "events" VALUES(1,1,'',NULL,'queued','ada','submitted',1795165200000000);
INSERT INTO "events" VALUES(2,1,'0','queued','rendering','node-1','started',1795165200000000);
INSERT INTO "events" VALUES(3,1,'0','rendering','completed','node-1','rendered',1795165204000000);
INSERT INTO "events" VALUES(4,1,'1','queued','rendering','node-1','started',1795165204000000);
CREATE TABLE intents (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	job INTEGER NOT NULL,
	kind VARCHAR(9) NOT NULL,
	at BIGINT NOT NULL,
	who TEXT NOT NULL,
	frames TEXT,
	note TEXT NOT NULL
);
CREATE TABLE jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	dcc TEXT NOT NULL,
	scene TEXT NOT NULL,
	outputs JSON NOT NULL,
	frames TEXT NOT NULL,
	command JSON NOT NULL,
	user TEXT NOT NULL,
	priority INTEGER NOT NULL,
	submitted_at BIGINT NOT NULL,
	project TEXT NOT NULL,
	layer TEXT NOT NULL,
	deadline BIGINT
);
INSERT INTO "jobs" VALUES(1,'shot 010','blender','/projects/shot.blend','["/out/shot.####.png"]','1-3','["render", "{frame}"]','ada',50,1795165200000000,'opera','',1795219200000000);
CREATE TABLE notes (
	job INTEGER NOT NULL,
	burst TEXT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (job, burst, name),
	FOREIGN KEY(job) REFERENCES jobs (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
CREATE TABLE tasks (
	job INTEGER NOT NULL,
	id TEXT NOT NULL,
	position INTEGER NOT NULL,
	frames TEXT NOT NULL,
	state VARCHAR(9) NOT NULL,
	burst TEXT,
	claim_epoch INTEGER,
	worker TEXT NOT NULL,
	session INTEGER,
	runs INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	started_at BIGINT,
	finished_at BIGINT,
	error TEXT NOT NULL,
	PRIMARY KEY (job, id),
	FOREIGN KEY(job) REFERENCES jobs (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "tasks" VALUES(1,'0',0,'1','completed',NULL,NULL,'node-1',NULL,1,0,1795165200000000,1795165204000000,'');
INSERT INTO "tasks" VALUES(1,'1',1,'2','rendering',NULL,NULL,'node-1',1,1,0,1795165204000000,NULL,'');
INSERT INTO "tasks" VALUES(1,'2',2,'3','queued',NULL,NULL,'',NULL,0,0,NULL,NULL,'');
CREATE TABLE workers (
	session INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	beat_at BIGINT NOT NULL
);
INSERT INTO "workers" VALUES(1,'node-1',1795165204000000);
CREATE INDEX jobs_in_order ON jobs (priority DESC, id);
CREATE INDEX events_by_job ON events (job);
CREATE INDEX tasks_by_session ON tasks (session) WHERE session IS NOT NULL;
CREATE INDEX tasks_in_order ON tasks (job, state, position);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',1);
INSERT INTO "sqlite_sequence" VALUES('workers',1);
COMMIT;
