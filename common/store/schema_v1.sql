-- SPDX-License-Identifier: Apache-2.0
-- Schema version 1. Read by schema.c at build time (schema_v1.inc). Type tokens: @INT@ a 64-bit integer,
-- @BLOB@ bytes, @ID@ a generated integer primary key, @STRICT@ and @NOROWID@ table options that
-- only SQLite knows. Times: microseconds UTC; NULL is "not known". Enums are text, unknown members
-- are kept as they came.

CREATE TABLE meta (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) @STRICT@;

CREATE TABLE tenant (
	id @ID@,
	name TEXT NOT NULL UNIQUE,          -- as configured
	tenant_id TEXT NOT NULL,            -- GUID at the service
	first_seen @INT@ NOT NULL,
	last_look @INT@,                    -- last complete look
	last_look_error TEXT,               -- NULL when the last look was good
	newest_snapshot @INT@,              -- created time of the newest one ever listed
	hold_until @INT@,                   -- `snapwatch yield`: no run is started before
	hold_by TEXT,
	job_read TEXT                       -- what was found to read a job: which token, at which address
) @STRICT@;

-- Every stage of a tenant runs only at the holder of its lease; writes are fenced by the epoch.
CREATE TABLE tenant_lease (
	tenant @INT@ NOT NULL PRIMARY KEY REFERENCES tenant (id),
	owner TEXT NOT NULL,
	epoch @INT@ NOT NULL,
	until @INT@ NOT NULL
) @STRICT@;

-- Who signed in for a tenant, and how the service took it. The token itself is in secrets.db. By the
-- GUID and not by the row of tenant: whoever signs in may do so before the tenant is first watched.
CREATE TABLE sign_in (
	tenant_id TEXT NOT NULL PRIMARY KEY, -- GUID at the service, lower case
	how TEXT NOT NULL,                  -- credential code device
	account TEXT,                       -- user principal name
	account_id TEXT,                    -- its object id
	scopes TEXT,                        -- granted, separated by blanks
	guest @INT@,
	enrolled @INT@ NOT NULL,
	refreshed @INT@,                    -- last time the token was redeemed
	refused @INT@,                      -- the service refuses it since then; the token is kept
	refused_text TEXT,
	refused_hint TEXT,
	probed @INT@,                       -- last tried all the same
	age @INT@,                          -- shortest life observed, from signing in
	idle @INT@                          -- and from the last use
) @STRICT@;

CREATE TABLE snapshot (
	id @ID@,
	tenant @INT@ NOT NULL REFERENCES tenant (id),
	service_id TEXT NOT NULL,           -- opaque
	created @INT@ NOT NULL,
	created_text TEXT NOT NULL,         -- as the service wrote it
	first_seen @INT@ NOT NULL,
	last_seen @INT@ NOT NULL,           -- listed then for the last time
	UNIQUE (tenant, service_id)
) @STRICT@;

-- Jobs as the service lists them, ours and everybody else's.
CREATE TABLE remote_job (
	id @ID@,
	tenant @INT@ NOT NULL REFERENCES tenant (id),
	service_id TEXT NOT NULL,
	kind TEXT NOT NULL,                 -- preview, recovery, or the service's type name
	status TEXT NOT NULL,               -- the service's word
	target @INT@,                       -- time of the snapshot it works on
	started @INT@,
	completed @INT@,
	filter TEXT,                        -- filteringCriteria, canonical JSON
	objects @INT@,                      -- totals, NULL while not known
	links @INT@,
	objects_modified @INT@,             -- recovery jobs only
	links_modified @INT@,
	failed_changes @INT@,
	ours @INT@ NOT NULL,                -- 1: created or adopted by a row of job
	first_seen @INT@ NOT NULL,
	last_seen @INT@ NOT NULL,
	told_start @INT@ NOT NULL,          -- 1: foreign_recovery_job raised for its start
	told_end @INT@ NOT NULL,
	UNIQUE (tenant, service_id)
) @STRICT@;

-- How far a watch with exactly this filter has been compared: (covered_from, covered_to].
CREATE TABLE coverage (
	tenant @INT@ NOT NULL REFERENCES tenant (id),
	watch TEXT NOT NULL,
	filter_hash TEXT NOT NULL,
	covered_from @INT@ NOT NULL,        -- baseline of the first good run
	covered_to @INT@ NOT NULL,          -- P of the last good run: the service's jobStartDateTime
	job @INT@ NOT NULL,                 -- that run
	PRIMARY KEY (tenant, watch, filter_hash)
) @STRICT@;

-- One run: a preview job from the wish to the verdict.
CREATE TABLE job (
	id @ID@,
	tenant @INT@ NOT NULL REFERENCES tenant (id),
	watch TEXT NOT NULL,
	filter_hash TEXT NOT NULL,
	filter TEXT NOT NULL,               -- JSON of filteringCriteria, '' for none
	baseline TEXT NOT NULL,             -- policy: covered, oldest, newest
	initial @INT@ NOT NULL,             -- first run of this watch and filter
	due @INT@ NOT NULL,
	queued @INT@ NOT NULL,
	state TEXT NOT NULL,                -- queued creating waiting collecting settling done failed
	holds_slot @INT@ NOT NULL,          -- 1 from the intent to create until ended at the service
	outcome TEXT,                       -- NULL while it goes on; a job_outcome name
	detail TEXT,                        -- the outcome in words
	snapshot TEXT NOT NULL,             -- service id of the baseline
	snapshot_created @INT@ NOT NULL,
	covered_from @INT@ NOT NULL,        -- start of the interval that this run covers
	newest_snapshot @INT@,              -- newest one listed when the run was planned
	intent @INT@,                       -- our clock, before the POST
	intent_server @INT@,                -- the service's clock (its Date), before the POST
	service_id TEXT,                    -- job id at the service
	location TEXT,                      -- where the service says it is
	adopted @INT@ NOT NULL,
	service_status TEXT,                -- last status seen
	started @INT@,                      -- jobStartDateTime: P
	instant @INT@,                      -- P as it was judged: started, or what is known instead
	completed @INT@,                    -- jobCompletionDateTime
	objects @INT@,                      -- totals when successful
	links @INT@,
	next_link TEXT,                     -- where reading goes on; '' when the chain has ended
	pages @INT@ NOT NULL,
	changes @INT@ NOT NULL,             -- rows stored
	distinct_objects @INT@,
	verified @INT@,                     -- 1 totals agree; 0 fewer rows than promised
	unknown @INT@ NOT NULL,             -- unknown enum members and fields met
	attempts @INT@ NOT NULL,            -- creations tried
	not_before @INT@,                   -- wait before the next try
	cancel_by TEXT,                     -- who asked to cancel it
	ended @INT@,                        -- by our clock
	epoch @INT@ NOT NULL
) @STRICT@;

CREATE UNIQUE INDEX job_slot ON job (tenant) WHERE holds_slot = 1;
CREATE INDEX job_tenant ON job (tenant, id);
-- For every job of every look: is it ours?
CREATE INDEX job_service ON job (tenant, service_id);

-- One page of changes as the service sent it. The blob is last: whatever stands behind it would be
-- found only by walking all of it.
CREATE TABLE page (
	job @INT@ NOT NULL REFERENCES job (id),
	number @INT@ NOT NULL,              -- from 1
	bytes @INT@ NOT NULL,               -- decoded
	first_ordinal @INT@ NOT NULL,
	n_changes @INT@ NOT NULL,
	sha256 @BLOB@ NOT NULL,             -- of the decoded bytes
	data @BLOB@ NOT NULL,               -- zstd frame
	PRIMARY KEY (job, number)
) @STRICT@;

-- What nearly all changes have in common with others. Rows are added, never changed.
CREATE TABLE change_shape (
	id @ID@,
	entity_type TEXT NOT NULL,
	change TEXT NOT NULL,               -- deleted appeared modified, or the service's unknown word
	changed TEXT NOT NULL,              -- names of changed properties and links, separated by blanks
	UNIQUE (entity_type, change, changed)
) @STRICT@;

-- Slim rows, read through the view change. The whole element is the (ordinal - first_ordinal)th of
-- its page, from 0.
-- Foreign keys (job, shape) would be looked up for every row: the pages have theirs.
CREATE TABLE change_row (
	job @INT@ NOT NULL,
	ordinal @INT@ NOT NULL,             -- from 1, over all pages
	page @INT@ NOT NULL,
	shape @INT@ NOT NULL,
	object_id @BLOB@ NOT NULL,
	name TEXT,
	deleted_at @INT@,                   -- of a deleted object
	created_at @INT@,                   -- of an object that appeared or was deleted
	anchors @BLOB@,                     -- of a grant or an assignment: what it hangs on, 16 bytes each
	PRIMARY KEY (job, ordinal)
) @STRICT@ @NOROWID@;

CREATE VIEW change AS
	SELECT r.job, r.ordinal, r.page, s.entity_type, r.object_id, r.name, s.change, s.changed,
		r.deleted_at, r.created_at, r.anchors
	FROM change_row AS r JOIN change_shape AS s ON s.id = r.shape;

-- The index of objects, filled in one go from sorted keys when the last page of a job has come: kept
-- up row by row it would cost more than all the rest, and half as much space again.
CREATE TABLE change_object (
	job @INT@ NOT NULL,
	object_id @BLOB@ NOT NULL,
	ordinal @INT@ NOT NULL,
	PRIMARY KEY (job, object_id, ordinal)
) @STRICT@ @NOROWID@;

-- What somebody may have to look at. attention changes only by a person, a rule or an undo; fact by
-- what previews show.
CREATE TABLE finding (
	id @ID@,
	tenant @INT@ NOT NULL REFERENCES tenant (id),
	watch TEXT NOT NULL,
	entity_type TEXT NOT NULL,
	object_id @BLOB@ NOT NULL,
	change TEXT NOT NULL,               -- deleted appeared modified 'link added' 'link removed'
	atom TEXT NOT NULL,                 -- '' for the object; property name; link name and member id
	after_hash @BLOB@ NOT NULL,         -- of the atom's value today; empty for the object
	episode @INT@ NOT NULL,             -- 1, 2, ... per key
	lo @INT@ NOT NULL,                  -- event interval (lo, hi]
	hi @INT@ NOT NULL,
	deleted_at @INT@,                   -- makes it a point
	attention TEXT NOT NULL,            -- open acknowledged expected closed
	fact TEXT NOT NULL,                 -- visible absorbed undone vanished past_recovery
	severity TEXT NOT NULL,
	rule TEXT,                          -- that decided; NULL for the built-in default
	initial @INT@ NOT NULL,
	name TEXT,
	before TEXT,                        -- JSON of the atom's value in the snapshot; NULL when absent
	after TEXT,
	parent @INT@,                       -- finding under which it is shown
	brought_back @INT@ NOT NULL,
	first_job @INT@ NOT NULL,
	last_job @INT@ NOT NULL,            -- last one that showed it
	fact_job @INT@,                     -- that made it undone or vanished
	first_ordinal @INT@ NOT NULL,       -- its row in first_job
	first_seen @INT@ NOT NULL,
	last_seen @INT@ NOT NULL
) @STRICT@;

-- The key is (tenant, object_id, entity_type, change, atom, after_hash, episode). Few findings share
-- an object and an atom of it (but a group has as many atoms as members that came and went), so its
-- index stops there: the one writer looks before it inserts.
CREATE INDEX finding_object ON finding (tenant, object_id, atom);
CREATE INDEX finding_open ON finding (tenant, id) WHERE attention = 'open';
-- For the silence of a job: what a preview may still show.
CREATE INDEX finding_visible ON finding (tenant, id) WHERE fact = 'visible';
-- For silence against an old baseline; lo is the newest one that showed it.
CREATE INDEX finding_absorbed ON finding (tenant, lo) WHERE fact = 'absorbed';
-- Deletions that stand, until nothing is left to restore them from.
CREATE INDEX finding_deletion ON finding (tenant, hi)
	WHERE change = 'deleted' AND fact IN ('visible', 'absorbed', 'vanished');

-- What is shown under a finding.
CREATE INDEX finding_parent ON finding (parent) WHERE parent IS NOT NULL;

CREATE TABLE finding_history (
	finding @INT@ NOT NULL REFERENCES finding (id),
	at @INT@ NOT NULL,
	what TEXT NOT NULL,                 -- attention, fact, severity
	was TEXT,
	becomes TEXT NOT NULL,
	who TEXT NOT NULL,                  -- 'job 7', 'rule x', 'uid 1000 (anna)'
	why TEXT
) @STRICT@;

CREATE INDEX finding_history_finding ON finding_history (finding, at);

CREATE TABLE alert (
	id @ID@,
	outside_id TEXT NOT NULL UNIQUE,    -- hash of its natural key
	tenant @INT@ REFERENCES tenant (id), -- NULL: not about one tenant
	kind TEXT NOT NULL,
	severity TEXT NOT NULL,
	job @INT@,
	created @INT@ NOT NULL,
	title TEXT NOT NULL,
	body TEXT NOT NULL                  -- the "data" object of the envelope
) @STRICT@;

CREATE INDEX alert_job ON alert (job);

CREATE TABLE outbox (
	id @ID@,
	alert @INT@ NOT NULL REFERENCES alert (id),
	sink TEXT NOT NULL,
	state TEXT NOT NULL,                -- pending sent dead
	attempts @INT@ NOT NULL,
	next_at @INT@ NOT NULL,
	last_error TEXT,
	sent_at @INT@,
	UNIQUE (alert, sink)
) @STRICT@;

CREATE INDEX outbox_pending ON outbox (sink, next_at) WHERE state = 'pending';

-- Operational trouble that lasts: raised once, cleared once.
CREATE TABLE condition (
	tenant @INT@ NOT NULL,              -- 0: not about one tenant
	kind TEXT NOT NULL,                 -- an alert kind
	subject TEXT NOT NULL,              -- '' or what it is about (a watch, a sink)
	since @INT@ NOT NULL,
	alert @INT@,
	cleared @INT@,                      -- NULL while it holds
	PRIMARY KEY (tenant, kind, subject)
) @STRICT@;
