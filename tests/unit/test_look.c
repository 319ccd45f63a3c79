/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/watch/look.c and seen.c: on the fake loop and the fake store thread with a real database,
 * and with a service of this file in place of daemon/graph/graph.c.
 */
#include "daemon/watch/look.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/store/store.h"
#include "common/store/store_coverage.h"
#include "common/store/store_lease.h"
#include "common/store/store_tenant.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define TENANT_ID "11111111-1111-4111-8111-111111111111"
#define JOB_TYPE "#microsoft.graph.entraRecoveryServices."

/* --- the service ---------------------------------------------------------------------------------
 */

struct graph_call {
	graph_done_fn done;
	void *arg;
	bool jobs;
	unsigned page;
};

static struct graph_call *call;	   /* one tenant, so one at most */
static enum graph_outcome outcome; /* of every answer */
static const char *pages[2][60];   /* snapshots, jobs; NULL: "{"value":[]}" */
static int64_t date_us;
static unsigned n_requests;

static int request(
	bool jobs, const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	unsigned page = 0;

	ck_assert_ptr_null(call);
	if (link)
		ck_assert_int_eq(sscanf(link, "https://h/%u", &page), 1);
	call = malloc(sizeof(*call));
	*call = (struct graph_call){.done = done, .arg = arg, .jobs = jobs, .page = page};
	*ret = call;
	n_requests++;
	return 0;
}

int graph_list_snapshots(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	ck_assert_ptr_null(g);
	return request(false, link, done, arg, ret);
}

int graph_list_jobs(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	ck_assert_ptr_null(g);
	return request(true, link, done, arg, ret);
}

void graph_call_cancel(struct graph_call *c)
{
	ck_assert(!c || c == call);
	if (c)
		call = NULL;
	free(c);
}

/* Answers what was asked; false when nothing was. */
static bool answer(void)
{
	struct graph_call *c = call;
	struct graph_reply reply = {.outcome = outcome, .body = BUF_INIT(LIMIT_REPLY_BYTES)};

	if (!c)
		return false;
	call = NULL;
	if (outcome == GRAPH_OK) {
		const char *page = pages[c->jobs][c->page];
		buf_puts(&reply.body, page ? page : "{\"value\":[]}");
		reply.date_us = date_us;
	} else {
		reply.text = "it is not well";
		reply.hint = "call a doctor";
		reply.retry_after_us = 77;
	}
	c->done(c->arg, &reply);
	buf_done(&reply.body);
	free(c);
	return true;
}

/* --- around it -----------------------------------------------------------------------------------
 */

static struct loop *loop;
static struct store *store;
static struct store_thread *thread;
static struct look *look;
static struct conf_watch watches[] = {
	{.name = (char *)"all", .filter_json = (char *)"", .filter_hash = "h1"},
	{.name = (char *)"users", .filter_json = (char *)"", .filter_hash = "h2"},
};
static struct conf_tenant conf;
static struct tenant tenant;
static struct buf got; /* what the callback was told */
static unsigned n_done;

static void describe(const struct look_result *r)
{
	char text[TIME_TEXT_SIZE];

	buf_reset(&got);
	n_done++;
	if (r->outcome != GRAPH_OK) {
		buf_printf(&got, "%d %s; %s; %lld", (int)r->outcome, r->text,
			r->hint ? r->hint : "-", (long long)r->retry_after_us);
		return;
	}
	for (size_t i = 0; i < r->plan.snapshots->n; i++)
		buf_printf(&got, "%s@%s ", r->plan.snapshots->items[i].service_id,
			time_format(r->plan.snapshots->items[i].created_us, text));
	buf_printf(&got, "| %zu jobs", r->jobs->n);
	if (r->foreign)
		buf_printf(&got, ", foreign %s", r->foreign->service_id);
	for (size_t i = 0; i < r->n_recoveries; i++)
		buf_printf(&got, ", recovery %s%s", r->recoveries[i].job.service_id,
			r->recoveries[i].ended ? " ended" : "");
	if (r->unknown > 0)
		buf_printf(&got, ", %u unknown: %s", r->unknown, r->unknown_text);
	if (r->plan.forced)
		buf_printf(
			&got, ", forced %s", r->plan.forced_watch ? r->plan.forced_watch : "all");
}

static struct plan_watch first_watch; /* as the callback saw it */
static int64_t seen_now_us, seen_server_us, seen_retention_us;

static size_t seen_n_watches, seen_n_sightings; /* also of a look that failed */
static int64_t seen_covered_us;

static bool lose_lease; /* in the callback */

static void on_look(void *arg, const struct look_result *r)
{
	ck_assert_ptr_eq(arg, &got);
	ck_assert_ptr_eq(r->tenant, &tenant);
	ck_assert(!tenant.looking);
	describe(r);
	seen_n_watches = r->plan.n_watches;
	seen_n_sightings = r->n_sightings;
	seen_covered_us = r->plan.n_watches ? r->plan.watches[0].covered_to_us : TIME_NONE;
	if (lose_lease)
		ck_assert_int_eq(db_script(store->db, "UPDATE tenant_lease SET owner = 'else'"), 0);
	if (r->outcome != GRAPH_OK)
		return;
	ck_assert_uint_eq(r->plan.n_watches, ARRAY_SIZE(watches));
	ck_assert_ptr_eq(r->plan.tenant, &conf);
	ck_assert_str_eq(r->plan.watches[1].conf->name, "users");
	first_watch = r->plan.watches[0];
	seen_now_us = r->plan.now_us;
	seen_server_us = r->plan.server_now_us;
	seen_retention_us = r->plan.retention_us;
}

static void setup(void)
{
	char url[300];

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("s.db"));
	memset(pages, 0, sizeof(pages));
	call = NULL;
	outcome = GRAPH_OK;
	n_requests = n_done = 0;
	date_us = clock_wall_us();
	got = BUF_INIT(100000);
	conf = (struct conf_tenant){.refs = 1,
		.name = (char *)"contoso",
		.watches = watches,
		.n_watches = ARRAY_SIZE(watches)};
	tenant = (struct tenant){.conf = &conf,
		.last_look_us = TIME_NONE,
		.newest_snapshot_us = TIME_NONE,
		.slot_foreign_since_us = TIME_NONE};
	ck_assert_int_eq(store_open(url, &store, NULL), 0);
	ck_assert_int_eq(
		store_tenant_admit(store, "contoso", TENANT_ID, clock_wall_us(), &tenant.id), 0);
	ck_assert_int_eq(store_lease_take(store, tenant.id), 0);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(store_thread_new(loop, store, &thread), 0);
	ck_assert_int_eq(look_new(thread, on_look, &got, &look), 0);
}

static void teardown(void)
{
	look = look_free(look);
	fake_loop_settle(loop);
	ck_assert_uint_eq(conf.refs, 1);
	ck_assert_ptr_null(call);
	thread = store_thread_free(thread);
	loop = loop_free(loop);
	free(tenant.look_trouble);
	buf_done(&got);
	tmpdir_remove();
}

static void finish(void)
{
	while (answer())
		;
	fake_loop_settle(loop);
}

static const char *look_once(void)
{
	look_start(look, &tenant, false, NULL);
	ck_assert(tenant.looking);
	finish();
	ck_assert(!tenant.looking);
	return buf_text(&got);
}

static int64_t number_of(const struct db_sql *q)
{
	int64_t n = -77;

	ck_assert_int_eq(db_query_int(store->db, q, DB_NO_ARGS, &n), 1);
	return n;
}
/* Statements are remembered by their address. */
#define number(text) \
	({ \
		static const struct db_sql q_ = {"", text}; \
		number_of(&q_); \
	})

#define PAGE(elements) "{\"value\":[" elements "]}"
#define PAGE_NEXT(elements, n) "{\"value\":[" elements "],\"@odata.nextLink\":\"https://h/" n "\"}"
#define SNAPSHOT(id, time) "{\"id\":\"" id "\",\"createdDateTime\":\"" time "\"}"
#define JOB(id, type, status) \
	"{\"@odata.type\":\"" JOB_TYPE type "\",\"id\":\"" id "\",\"status\":\"" status "\"}"
#define T1 "2025-12-30T22:00:00Z"
#define T2 "2025-12-31T22:00:00Z"

/* --- looks ---------------------------------------------------------------------------------------
 */

START_TEST(lists_everything)
{
	pages[0][0] = PAGE_NEXT(SNAPSHOT("a", T1), "1");
	pages[0][1] = PAGE(SNAPSHOT("b", T2) "," SNAPSHOT("c", T2));
	pages[1][0] = PAGE_NEXT(JOB("j", "recoveryPreviewJob", "successful"), "1");
	pages[1][1] = PAGE(JOB("k", "recoveryPreviewJob", "failed"));
	ck_assert_str_eq(look_once(), "b@" T2 " a@" T1 " | 2 jobs");
	ck_assert_uint_eq(n_requests, 4);
	ck_assert_uint_eq(n_done, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM snapshot"), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM remote_job"), 2);
	ck_assert_int_eq(number("SELECT last_look FROM tenant"), clock_wall_us());
	ck_assert_int_eq(tenant.last_look_us, clock_wall_us());
	ck_assert_int_eq(tenant.look_outcome, LOOK_GOOD);
	ck_assert_int_eq(number("SELECT newest_snapshot FROM tenant"), tenant.newest_snapshot_us);
	ck_assert(!tenant.slot_foreign);
	ck_assert_int_eq(seen_now_us, clock_wall_us());
	ck_assert_int_eq(seen_server_us, date_us);
	/* nothing was ever run */
	ck_assert_int_eq(first_watch.covered_to_us, TIME_NONE);
	ck_assert_int_eq(first_watch.last_due_us, TIME_NONE);
	ck_assert_int_eq(first_watch.last_snapshot_us, TIME_NONE);
	ck_assert(!first_watch.pending);
	ck_assert_uint_eq(first_watch.failures, 0);
}
END_TEST

START_TEST(reads_what_planning_needs)
{
	const struct store_coverage covered = {.from_us = 1000, .to_us = 2000, .job = 1};

	ck_assert_int_eq(store_coverage_put(store, tenant.id, "all", "h1", &covered), 0);
	ck_assert_int_eq(
		db_script(store->db,
			"INSERT INTO job (tenant, watch, filter_hash, filter, baseline,"
			" initial, due, queued, state, holds_slot, outcome, snapshot,"
			" snapshot_created, covered_from, newest_snapshot, adopted, pages,"
			" changes, unknown, attempts, ended, epoch) VALUES (1, 'all', 'h1',"
			" '', 'covered', 0, 3000, 3001, 'failed', 0, 'service_failed', 's',"
			" 0, 0, 2500, 0, 0, 0, 0, 0, 4000, 0)"),
		0);
	pages[0][0] = PAGE(SNAPSHOT("a", T1));
	(void)look_once();
	ck_assert_int_eq(first_watch.covered_from_us, 1000);
	ck_assert_int_eq(first_watch.covered_to_us, 2000);
	ck_assert_int_eq(first_watch.last_due_us, 3000);
	ck_assert_int_eq(first_watch.last_snapshot_us, 2500);
	ck_assert(!first_watch.pending);
	ck_assert_uint_eq(first_watch.failures, 1);
	ck_assert_int_eq(first_watch.failed_us, 4000);
	ck_assert_int_eq(first_watch.failed_how, RUN_SERVICE_FAILED);
	ck_assert_int_eq(seen_retention_us, clock_wall_us() - tenant.newest_snapshot_us);
}
END_TEST

START_TEST(two_clocks)
{
	date_us = clock_wall_us() + 600 * USEC_PER_SEC;
	(void)look_once();
	ck_assert_int_eq(tenant.clock_offset_us, 600 * USEC_PER_SEC);
	date_us = TIME_NONE;
	(void)look_once();
	ck_assert_int_eq(tenant.clock_offset_us, 600 * USEC_PER_SEC);
	ck_assert_int_eq(seen_server_us, TIME_NONE);
}
END_TEST

/* --- somebody else's jobs ------------------------------------------------------------------------
 */

static const struct {
	const char *jobs, *ours; /* ours: service id of a run of ours; "?": one is being created */
	const char *want;
} holders[] = {
	{JOB("p", "recoveryPreviewJob", "calculating"), "", "| 1 jobs, foreign p"},
	{JOB("p", "recoveryPreviewJob", "calculating"), "p", "| 1 jobs"},
	{JOB("p", "recoveryPreviewJob", "calculating"), "q", "| 1 jobs, foreign p"},
	{JOB("p", "recoveryPreviewJob", "calculating"), "?", "| 1 jobs"},
	{JOB("p", "recoveryPreviewJob", "successful"), "", "| 1 jobs"},
	{JOB("p", "recoveryPreviewJob", "abandoned") "," JOB("q", "recoveryPreviewJob", "running"),
		"", "| 2 jobs, foreign q"},
	{JOB("r", "recoveryJob", "running"), "", "| 1 jobs, foreign r, recovery r"},
	{JOB("r", "recoveryJob", "running"), "?", "| 1 jobs, foreign r, recovery r"},
	{JOB("r", "recoveryJob", "successful"), "", "| 1 jobs, recovery r ended"},
	{JOB("p", "recoveryPreviewJob", "wondering"), "",
		"| 1 jobs, foreign p, 1 unknown: job status wondering"},
	{JOB("x", "policyJob\\n", "running") ",7", "",
		"| 1 jobs, foreign x, 2 unknown: a job without an id"},
	{JOB("x", "policy\\u001bJob", "successful"), "",
		"| 1 jobs, 1 unknown: job of type policy\\x1BJob"},
};

START_TEST(who_holds_the_slot)
{
	struct buf page = BUF_INIT(10000);
	char text[700];

	if (*holders[_i].ours) {
		bool creating = strcmp(holders[_i].ours, "?") == 0;
		(void)snprintf(text, sizeof(text),
			"INSERT INTO job (tenant, watch, filter_hash, filter, baseline, initial,"
			" due, queued, state, holds_slot, snapshot, snapshot_created,"
			" covered_from, adopted, pages, changes, unknown, attempts, epoch,"
			" service_id) VALUES (1, 'all', 'h1', '', 'covered', 0, 0, 0, '%s', 1,"
			" 's', 0, 0, 0, 0, 0, 0, 0, 0, %s%s%s)",
			creating ? "creating" : "waiting", creating ? "NULL" : "'",
			creating ? "" : holders[_i].ours, creating ? "" : "'");
		ck_assert_int_eq(db_script(store->db, text), 0);
	}
	buf_printf(&page, "{\"value\":[%s]}", holders[_i].jobs);
	pages[1][0] = buf_text(&page);
	ck_assert_str_eq(look_once(), holders[_i].want);
	ck_assert_int_eq(tenant.slot_foreign, strstr(holders[_i].want, "foreign") != NULL);
	buf_done(&page);
}
END_TEST

static const struct {
	bool taken;
	int64_t since_h, started_h, offset_h, want_h; /* hours of our clock; now is 10 */
} takings[] = {
	{false, -1, 7, 0, 7}, {false, 3, 7, 0, 7}, /* of a time before it was free */
	{false, -1, -1, 0, 10}, {false, -1, 7, 2, 5}, {false, -1, 12, 0, 10},
	{true, 5, 7, 0, 5},			 /* one after the other */
	{true, 5, -1, 0, 5}, {true, 9, 7, 0, 7}, /* by a list, after a refusal */
};

START_TEST(since_when_the_slot_is_taken)
{
	struct tenant t = {
		.slot_foreign = takings[_i].taken,
		.slot_foreign_since_us = takings[_i].since_h * USEC_PER_HOUR,
		.clock_offset_us = takings[_i].offset_h * USEC_PER_HOUR,
	};
	int64_t started_us = takings[_i].started_h * USEC_PER_HOUR;

	tenant_slot_taken(&t, started_us < 0 ? TIME_NONE : started_us, 10 * USEC_PER_HOUR);
	ck_assert(t.slot_foreign);
	ck_assert_int_eq(t.slot_foreign_since_us, takings[_i].want_h * USEC_PER_HOUR);
}
END_TEST

START_TEST(the_slot_is_taken_and_freed)
{
	int64_t since_us = clock_wall_us();

	pages[1][0] = PAGE(JOB("p", "recoveryPreviewJob", "running"));
	(void)look_once();
	ck_assert_int_eq(tenant.slot_foreign_since_us, since_us);
	clock_virtual_advance(USEC_PER_HOUR);
	(void)look_once();
	ck_assert_int_eq(tenant.slot_foreign_since_us, since_us);
	pages[1][0] = PAGE(JOB("p", "recoveryPreviewJob", "successful"));
	(void)look_once();
	ck_assert_int_eq(tenant.slot_foreign_since_us, TIME_NONE);
}
END_TEST

START_TEST(recoveries_are_told_once)
{
	pages[1][0] = PAGE(JOB("r", "recoveryJob", "running"));
	ck_assert_str_eq(look_once(), "| 1 jobs, foreign r, recovery r");
	ck_assert_str_eq(look_once(), "| 1 jobs, foreign r");
	pages[1][0] = PAGE(JOB("r", "recoveryJob", "failed"));
	ck_assert_str_eq(look_once(), "| 1 jobs, recovery r ended");
	ck_assert_str_eq(look_once(), "| 1 jobs");
	pages[1][0] = PAGE(JOB("s", "recoveryJob", "successful"));
	ck_assert_str_eq(look_once(), "| 1 jobs, recovery s ended");
	ck_assert_str_eq(look_once(), "| 1 jobs");
}
END_TEST

/* Told, but the store did not learn of it: told again. */
START_TEST(recoveries_are_told_again_when_in_doubt)
{
	pages[1][0] = PAGE(JOB("r", "recoveryJob", "running"));
	lose_lease = true;
	ck_assert_str_eq(look_once(), "| 1 jobs, foreign r, recovery r");
	lose_lease = false;
	ck_assert_int_eq(number("SELECT told_start FROM remote_job"), 0);
	ck_assert_int_eq(db_script(store->db, "DELETE FROM tenant_lease"), 0);
	ck_assert_int_eq(store_lease_take(store, tenant.id), 0);
	ck_assert_str_eq(look_once(), "| 1 jobs, foreign r, recovery r");
	ck_assert_str_eq(look_once(), "| 1 jobs, foreign r");
}
END_TEST

/* --- trouble -------------------------------------------------------------------------------------
 */

static const struct {
	enum graph_outcome outcome;
	const char *snapshots, *jobs; /* outcome GRAPH_OK */
	const char *want;
	int tenant_outcome;
} failures[] = {
	{GRAPH_SIGN_IN, NULL, NULL, "1 it is not well; call a doctor; 77", LOOK_SIGN_IN},
	{GRAPH_CONFIG, NULL, NULL, "2 it is not well; call a doctor; 77", LOOK_OTHER},
	{GRAPH_FORBIDDEN, NULL, NULL, "3 it is not well; call a doctor; 77", LOOK_OTHER},
	{GRAPH_THROTTLED, NULL, NULL, "7 it is not well; call a doctor; 77", LOOK_THROTTLED},
	{GRAPH_NETWORK, NULL, NULL, "8 it is not well; call a doctor; 77", LOOK_NETWORK},
	{GRAPH_OK, "<html>", NULL, "9 the list of snapshots cannot be read; -; 0", LOOK_OTHER},
	{GRAPH_OK, PAGE(SNAPSHOT("a", T1)), "{}", "9 the list of jobs cannot be read; -; 0",
		LOOK_OTHER},
	/* chains that do not end */
	{GRAPH_OK, PAGE_NEXT(SNAPSHOT("a", T1), "0"), NULL,
		"9 the list of snapshots does not end; -; 0", LOOK_OTHER},
	{GRAPH_OK, PAGE(SNAPSHOT("a", T1)), PAGE_NEXT("", "0"),
		"9 the list of jobs does not end; -; 0", LOOK_OTHER},
};

START_TEST(a_look_that_fails_stores_nothing)
{
	outcome = failures[_i].outcome;
	pages[0][0] = failures[_i].snapshots;
	pages[1][0] = failures[_i].jobs;
	ck_assert_str_eq(look_once(), failures[_i].want);
	ck_assert_uint_eq(n_done, 1);
	ck_assert_uint_le(n_requests, LIMIT_LIST_PAGES + 1);
	ck_assert_int_eq((int)tenant.look_outcome, failures[_i].tenant_outcome);
	ck_assert_ptr_nonnull(strstr(failures[_i].want, tenant.look_trouble));
	ck_assert_int_eq(tenant.last_look_us, TIME_NONE);
	ck_assert_int_eq(number("SELECT count(*) FROM snapshot"), 0);
	ck_assert_int_eq(number("SELECT last_look IS NULL AND last_look_error IS NOT NULL"
				" FROM tenant"),
		1);
	/* the same trouble again is not written again; a good look forgets it */
	size_t posted = fake_store_thread_posted(thread);
	(void)look_once();
	ck_assert_uint_eq(fake_store_thread_posted(thread), posted + 1); /* read */
	outcome = GRAPH_OK;
	pages[0][0] = pages[1][0] = NULL;
	ck_assert_str_eq(look_once(), "| 0 jobs");
	ck_assert_ptr_null(tenant.look_trouble);
	ck_assert_int_eq(number("SELECT last_look_error IS NULL FROM tenant"), 1);
}
END_TEST

/* What is at risk is judged while nobody can look, too. */
START_TEST(a_look_that_fails_hands_on_what_is_known)
{
	const struct store_coverage covered = {.from_us = 1000, .to_us = 2000, .job = 7};

	ck_assert_int_eq(store_coverage_put(store, tenant.id, "all", "h1", &covered), 0);
	pages[0][0] = PAGE(SNAPSHOT("a", T1) "," SNAPSHOT("b", T2));
	(void)look_once();
	ck_assert_uint_eq(seen_n_sightings, 2);
	outcome = GRAPH_SIGN_IN;
	(void)look_once();
	ck_assert_uint_eq(n_done, 2);
	ck_assert_uint_eq(seen_n_watches, ARRAY_SIZE(watches));
	ck_assert_int_eq(seen_covered_us, 2000);
	ck_assert_uint_eq(seen_n_sightings, 2);
	/* the store fails as well */
	ck_assert_int_eq(db_script(store->db, "DROP TABLE coverage"), 0);
	ck_assert_str_eq(look_once(), "1 it is not well; call a doctor; 77");
	ck_assert_uint_eq(seen_n_watches, 0);
	ck_assert_uint_eq(seen_n_sightings, 0);
}
END_TEST

START_TEST(cancelled_after_it_failed)
{
	outcome = GRAPH_NETWORK;
	look_start(look, &tenant, false, NULL);
	ck_assert(answer());
	look_cancel(look, &tenant);
	ck_assert(!tenant.looking);
	finish();
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

START_TEST(the_longest_list)
{
	char texts[LIMIT_LIST_PAGES][80];

	for (unsigned i = 0; i < LIMIT_LIST_PAGES; i++) {
		(void)snprintf(texts[i], sizeof(texts[i]),
			i + 1 < LIMIT_LIST_PAGES
				? "{\"value\":[],\"@odata.nextLink\":\"https://h/%u\"}"
				: "{\"value\":[]}",
			i + 1);
		pages[0][i] = pages[1][i] = texts[i];
	}
	ck_assert_str_eq(look_once(), "| 0 jobs");
	ck_assert_uint_eq(n_requests, 2 * LIMIT_LIST_PAGES);
}
END_TEST

START_TEST(the_store_refuses)
{
	ck_assert_int_eq(db_script(store->db, "UPDATE tenant_lease SET owner = 'else'"), 0);
	pages[0][0] = PAGE(SNAPSHOT("a", T1));
	ck_assert_str_eq(look_once(), "8 the store refused what was listed; -; 0");
	ck_assert_int_eq(number("SELECT count(*) FROM snapshot"), 0);
}
END_TEST

/* A full disk: the look waits and is repeated as a whole, without doubling anything. */
START_TEST(the_store_is_full_for_a_while)
{
	pages[0][0] = PAGE(SNAPSHOT("a", T1));
	pages[1][0] = PAGE(JOB("r", "recoveryJob", "running"));
	fake_store_thread_fail(thread, 1, -ENOSPC);
	look_start(look, &tenant, false, NULL);
	finish();
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(n_done, 0);
	ck_assert(tenant.looking);
	fake_store_thread_heal(thread);
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(n_done, 1);
	ck_assert_str_eq(buf_text(&got), "a@" T1 " | 1 jobs, foreign r, recovery r");
}
END_TEST

/* --- joined and cancelled ------------------------------------------------------------------------
 */

static const struct {
	const char *asked[3]; /* watches; "*": all; "-": not forced */
	const char *want;
} joins[] = {
	{{"-", "-"}, "| 0 jobs"},
	{{"-", "*"}, "| 0 jobs, forced all"},
	{{"*", "-"}, "| 0 jobs, forced all"},
	{{"-", "users"}, "| 0 jobs, forced users"},
	{{"users", "users"}, "| 0 jobs, forced users"},
	{{"users", "all"}, "| 0 jobs, forced all"},
	{{"users", "*", "users"}, "| 0 jobs, forced all"},
};

START_TEST(looks_are_joined)
{
	for (size_t i = 0; i < 3 && joins[_i].asked[i]; i++) {
		const char *word = joins[_i].asked[i];
		look_start(look, &tenant, *word != '-', *word == '*' ? NULL : word);
	}
	finish();
	ck_assert_str_eq(buf_text(&got), joins[_i].want);
	ck_assert_uint_eq(n_done, 1);
	ck_assert_uint_eq(n_requests, 2);
	ck_assert_str_eq(look_once(), "| 0 jobs");
}
END_TEST

/* Cancelled after so many answers: nobody is told, nothing is left (teardown looks). */
START_TEST(looks_are_cancelled)
{
	pages[1][0] = PAGE(JOB("r", "recoveryJob", "running"));
	look_start(look, &tenant, false, NULL);
	for (int i = 0; i < _i; i++)
		(void)answer();
	look_cancel(look, &tenant);
	ck_assert(!tenant.looking);
	ck_assert_ptr_null(call);
	finish();
	ck_assert_uint_eq(n_done, 0);
	look_cancel(look, &tenant);
	ck_assert_str_eq(look_once(), "| 1 jobs, foreign r, recovery r");
}
END_TEST

START_TEST(freed_while_looking)
{
	look_start(look, &tenant, true, "users");
	for (int i = 0; i < _i; i++)
		(void)answer();
	look = look_free(look);
	ck_assert(!tenant.looking);
	finish();
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("look");
	TCase *tc = tcase_create("look");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, lists_everything);
	tcase_add_test(tc, reads_what_planning_needs);
	tcase_add_test(tc, two_clocks);
	tcase_add_loop_test(tc, who_holds_the_slot, 0, ARRAY_SIZE(holders));
	tcase_add_loop_test(tc, since_when_the_slot_is_taken, 0, ARRAY_SIZE(takings));
	tcase_add_test(tc, the_slot_is_taken_and_freed);
	tcase_add_test(tc, recoveries_are_told_once);
	tcase_add_test(tc, recoveries_are_told_again_when_in_doubt);
	tcase_add_loop_test(tc, a_look_that_fails_stores_nothing, 0, ARRAY_SIZE(failures));
	tcase_add_test(tc, a_look_that_fails_hands_on_what_is_known);
	tcase_add_test(tc, cancelled_after_it_failed);
	tcase_add_test(tc, the_longest_list);
	tcase_add_test(tc, the_store_refuses);
	tcase_add_test(tc, the_store_is_full_for_a_while);
	tcase_add_loop_test(tc, looks_are_joined, 0, ARRAY_SIZE(joins));
	tcase_add_loop_test(tc, looks_are_cancelled, 0, 3);
	tcase_add_loop_test(tc, freed_while_looking, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}
