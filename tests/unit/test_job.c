/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/watch/job*.c (and pages.c below it) against a small service: it keeps jobs, moves them
 * with the clock, and can be told to fail. Every test ends with what the daemon was told, in order,
 * and what the store has.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/store/store.h"
#include "common/store/store_job.h"
#include "common/store/store_lease.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/job.h"
#include "daemon/watch/pages.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/graph_scripted.h"
#include "tests/support/tmpdir.h"

#define NOW (INT64_C(1790000000) * USEC_PER_SEC)
#define SNAPSHOT (NOW - 10 * USEC_PER_HOUR)
#define MAX_JOBS 6
#define MAX_FORCED 8

Suite *suite(void);

/* --- the service --------------------------------------------------------------------------------
 */

struct service_job {
	char id[16];
	const char *type; /* of @odata.type */
	int64_t target_us, started_us;
	int64_t takes_us; /* until successful; 0: never ends */
	const char *word; /* a fixed status instead */
};

/* What a call answers instead of the usual; the effect may take place all the same. */
struct forced {
	enum graph_outcome outcome;
	bool effect;
};

static struct service {
	struct service_job jobs[MAX_JOBS];
	size_t n_jobs;
	int64_t takes_us; /* of new jobs */
	struct forced forced[_OP_MAX][MAX_FORCED];
	size_t n_forced[_OP_MAX], at_forced[_OP_MAX];
	size_t calls[_OP_MAX], violations;
	const char *location; /* format with the id; NULL: none */
	const char *objects;  /* JSON of the total when successful */
	bool deaf;	      /* GET of one job: 404, as if not permitted */
	bool lost;	      /* the list does not show our jobs */
	bool cancel_lingers;
	bool no_start; /* jobStartDateTime is null */
	enum { LIST_WHOLE, LIST_IN_PAGES, LIST_ENDLESS, LIST_GARBAGE } list;
	int64_t polled_us[64];	/* when one job was asked for */
	int64_t retry_after_us; /* of forced answers */
	bool all_fail;		/* every forced answer repeats for ever */
} sv;

static const char *status_of(const struct service_job *j)
{
	int64_t age_us = clock_wall_us() - j->started_us;

	if (j->word)
		return j->word;
	if (j->takes_us == 0 || age_us < j->takes_us / 2)
		return "loadingData";
	return age_us < j->takes_us ? "calculating" : "successful";
}

static bool is_over(const struct service_job *j)
{
	const char *s = status_of(j);

	return strcmp(s, "successful") == 0 || strcmp(s, "failed") == 0 ||
	       strcmp(s, "abandoned") == 0;
}

static struct service_job *add_job(const char *type, int64_t started_us, const char *word)
{
	struct service_job *j = &sv.jobs[sv.n_jobs++];

	ck_assert_uint_le(sv.n_jobs, MAX_JOBS);
	*j = (struct service_job){.type = type,
		.target_us = SNAPSHOT,
		.started_us = started_us,
		.takes_us = sv.takes_us,
		.word = word};
	(void)snprintf(j->id, sizeof(j->id), "job-%zu", sv.n_jobs);
	return j;
}

static struct service_job *slot_holder(void)
{
	for (size_t i = 0; i < sv.n_jobs; i++)
		if (!is_over(&sv.jobs[i]))
			return &sv.jobs[i];
	return NULL;
}

static void write_job(const struct service_job *j, struct buf *out)
{
	char started[TIME_TEXT_SIZE], target[TIME_TEXT_SIZE], ended[TIME_TEXT_SIZE + 2] = "null";
	bool done = strcmp(status_of(j), "successful") == 0;

	if (is_over(j)) {
		char t[TIME_TEXT_SIZE];
		(void)snprintf(ended, sizeof(ended), "\"%s\"",
			time_format(j->started_us + j->takes_us, t));
	}
	buf_printf(out,
		"{\"@odata.type\":\"#microsoft.graph.entraRecoveryServices.%s\",\"id\":\"%s\","
		"\"status\":\"%s\",\"targetStateDateTime\":\"%s\",\"jobStartDateTime\":%s%s%s,"
		"\"jobCompletionDateTime\":%s,\"filteringCriteria\":null,"
		"\"totalChangedObjectsCalculated\":%s,\"totalChangedLinksCalculated\":0}",
		j->type, j->id, status_of(j), time_format(j->target_us, target),
		sv.no_start ? "" : "\"", sv.no_start ? "null" : time_format(j->started_us, started),
		sv.no_start ? "" : "\"", ended, done ? sv.objects : "0");
}

static void answer_list(const char *link, struct graph_reply *reply)
{
	size_t from = link ? (size_t)(link[strlen(link) - 1] - '0') : 0;
	size_t to = sv.list == LIST_WHOLE ? sv.n_jobs : from + 1;

	if (sv.list == LIST_GARBAGE) {
		buf_puts(&reply->body, "{\"value\":[{\"id\":");
		return;
	}
	buf_puts(&reply->body, "{\"value\":[");
	for (size_t i = from; i < to && i < sv.n_jobs && !sv.lost; i++) {
		buf_puts(&reply->body, i > from ? "," : "");
		write_job(&sv.jobs[i], &reply->body);
	}
	buf_puts(&reply->body, "]");
	if (sv.list == LIST_ENDLESS || to < sv.n_jobs)
		buf_printf(&reply->body, ",\"@odata.nextLink\":\"https://graph.test/v1.0/l%zu\"",
			sv.list == LIST_ENDLESS ? 0 : to);
	buf_puts(&reply->body, "}");
}

static void answer_create(const struct graph_asked *asked, struct graph_reply *reply)
{
	static char location[160];

	ck_assert_str_eq(asked->snapshot, "c25hcA==");
	if (slot_holder()) {
		reply->outcome = GRAPH_BUSY;
		return;
	}
	const struct service_job *j = add_job("recoveryPreviewJob", clock_wall_us(), NULL);
	if (!sv.location)
		return;
	(void)snprintf(location, sizeof(location), "%s/%s", sv.location, j->id);
	reply->location = location;
}

static struct service_job *job_by_id(const char *id)
{
	for (size_t i = 0; i < sv.n_jobs; i++)
		if (strcmp(sv.jobs[i].id, id) == 0)
			return &sv.jobs[i];
	return NULL;
}

static void answer_changes(const struct graph_asked *asked, struct graph_reply *reply)
{
	int page = asked->link ? asked->link[strlen(asked->link) - 1] - '0' : 1;

	if (!job_by_id(asked->job) || strcmp(status_of(job_by_id(asked->job)), "successful") != 0) {
		sv.violations++;
		reply->outcome = GRAPH_REFUSED;
		return;
	}
	buf_printf(&reply->body,
		"{\"value\":[{\"id\":\"00000000-0000-0000-0000-00000000000%d\","
		"\"entityTypeName\":\"user\",\"recoveryAction\":\"restore\"}]",
		page);
	if (page < 3)
		buf_printf(&reply->body, ",\"@odata.nextLink\":\"https://graph.test/v1.0/p%d\"",
			page + 1);
	buf_puts(&reply->body, "}");
}

static void answer_usual(const struct graph_asked *asked, struct graph_reply *reply)
{
	struct service_job *j = asked->job ? job_by_id(asked->job) : NULL;

	switch (asked->op) {
	case OP_JOBS:
		answer_list(asked->link, reply);
		break;
	case OP_CREATE:
		answer_create(asked, reply);
		break;
	case OP_JOB:
		if (!j || sv.deaf)
			reply->outcome = sv.deaf ? GRAPH_FORBIDDEN : GRAPH_NOT_FOUND;
		else
			write_job(j, &reply->body);
		break;
	case OP_CHANGES:
		answer_changes(asked, reply);
		break;
	case OP_CANCEL:
		if (!j || is_over(j))
			reply->outcome = GRAPH_NOT_FOUND;
		else if (!sv.cancel_lingers)
			j->word = "abandoned";
		break;
	case OP_SNAPSHOTS:
	case _OP_MAX:
		ck_abort_msg("not asked for by a job");
	}
}

static void serve(void *arg, const struct graph_asked *asked, struct graph_reply *reply)
{
	size_t *at = &sv.at_forced[asked->op];

	(void)arg;
	if (asked->op == OP_JOB && sv.calls[OP_JOB] < 64)
		sv.polled_us[sv.calls[OP_JOB]] = clock_boot_us();
	sv.calls[asked->op]++;
	reply->date_us = clock_wall_us() / USEC_PER_SEC * USEC_PER_SEC;
	if (*at < sv.n_forced[asked->op]) {
		const struct forced *f = &sv.forced[asked->op][*at];

		*at += !sv.all_fail;
		if (f->effect)
			answer_usual(asked, reply);
		reply->outcome = f->outcome;
		reply->location = NULL;
		reply->text = "the service's words";
		reply->retry_after_us = sv.retry_after_us;
		buf_reset(&reply->body);
		return;
	}
	answer_usual(asked, reply);
}

static void force(enum graph_op op, enum graph_outcome outcome, bool effect)
{
	ck_assert_uint_lt(sv.n_forced[op], MAX_FORCED);
	sv.forced[op][sv.n_forced[op]++] = (struct forced){outcome, effect};
}

/* --- the daemon ---------------------------------------------------------------------------------
 */

static struct loop *l;
static struct store_thread *st;
static struct store *store; /* owned by st */
static struct pages *pages;
static struct job *job;
static struct run *run;
static struct conf_tenant conf;
static struct conf_watch watch;
static struct tenant tenant;
static char told[2000]; /* what the job told, in order */
static char last_text[300];
static int64_t back_at_us;
static int judge_result;

static void tell(const char *what, const char *more)
{
	size_t n = strlen(told);

	(void)snprintf(told + n, sizeof(told) - n, "%s%s%s%s", n ? " " : "", what, more ? ":" : "",
		more ? more : "");
}

static void free_old(void *arg)
{
	(void)job_free(arg);
}

/* As daemon.c does it: the job is still on the stack. */
static void drop_job(void)
{
	loop_defer(l, free_old, job);
	job = NULL;
}

static void on_slot_free(void *arg, struct tenant *t, struct run *r)
{
	(void)arg, (void)t;
	ck_assert(!r->holds_slot);
	tell("slot_free", NULL);
}

static void on_back(void *arg, struct tenant *t, struct run *r, int64_t not_before_us, bool foreign,
	const char *text)
{
	(void)arg, (void)t;
	ck_assert_ptr_eq(r, run);
	tell("back", foreign ? "foreign" : NULL);
	(void)snprintf(last_text, sizeof(last_text), "%s", text);
	back_at_us = not_before_us;
	drop_job();
}

static void judge_later(void *arg)
{
	int64_t id = run ? run->id : 0;

	(void)arg;
	if (!job || run->state != RUN_SETTLING)
		return;
	if (judge_result == 0) {
		ck_assert_int_eq(db_begin(store->db), 0);
		ck_assert_int_eq(store_job_judged(store, id, RUN_OK, clock_wall_us()), 0);
		ck_assert_int_eq(db_commit(store->db), 0);
	}
	int r = judge_result;
	judge_result = 0;
	job_judged(job, r);
}

static void on_settle(void *arg, struct tenant *t, struct run *r)
{
	(void)arg, (void)t, (void)r;
	tell("settle", NULL);
	loop_defer(l, judge_later, NULL);
}

static void on_ended(void *arg, struct tenant *t, struct run *r, const char *text, const char *hint)
{
	(void)arg, (void)t, (void)hint;
	ck_assert_ptr_eq(r, run);
	ck_assert(run_state_ended(r->state));
	tell("ended", run_outcome_name(r->outcome));
	(void)snprintf(last_text, sizeof(last_text), "%s", text ? text : "");
	drop_job();
}

static void on_trouble(void *arg, struct tenant *t, struct run *r, enum graph_outcome why,
	const char *text, const char *hint)
{
	(void)arg, (void)t, (void)r, (void)hint;
	tell(text ? "trouble" : "cleared", graph_outcome_name(why));
}

static void on_stuck(void *arg, struct tenant *t, struct run *r, const char *text)
{
	(void)arg, (void)t, (void)r, (void)text;
	tell("stuck", NULL);
}

static const struct job_ops ops = {
	.slot_free = on_slot_free,
	.back = on_back,
	.settle = on_settle,
	.ended = on_ended,
	.trouble = on_trouble,
	.stuck = on_stuck,
};

static void daemon_up(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("s.db"));
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(store_open(url, &store, NULL), 0);
	ck_assert_int_eq(store_thread_new(l, store, &st), 0);
	ck_assert_int_eq(pages_new(l, st, &pages), 0);
	tenant.graph = graph_scripted_new(l, serve, NULL);
}

/* Whatever is under way is forgotten, as when the process is killed. */
static void daemon_down(void)
{
	job = job_free(job);
	fake_loop_settle(l); /* answers that nobody waits for any more */
	pages = pages_free(pages);
	tenant.graph = graph_free(tenant.graph);
	st = store_thread_free(st);
	l = loop_free(l);
	run = run_free(run);
}

static void start(void)
{
	const struct job_env env = {
		.loop = l, .store = st, .reading = &pages_reading, .pages = pages, .ops = &ops};

	ck_assert_int_eq(job_start(&env, &tenant, run, &job), 0);
}

static void load(int64_t id)
{
	run = run_free(run);
	ck_assert_int_eq(store_job_load(store, id, &run), 0);
}

static void setup(void)
{
	clock_virtual_set_wall(NOW);
	(void)tmpdir_make();
	watch = (struct conf_watch){.name = (char *)"all", .filter_json = (char *)""};
	conf = (struct conf_tenant){
		.name = (char *)"contoso",
		.graph_url = (char *)"https://graph.test/v1.0",
		.job_poll_us = USEC_PER_MIN,
		.job_max_us = USEC_PER_DAY,
		.watches = &watch,
		.n_watches = 1,
	};
	tenant = (struct tenant){.id = 1, .conf = &conf, .hold_until_us = TIME_NONE};
	sv = (struct service){.takes_us = USEC_PER_HOUR,
		.location = "https://graph.test/v1.0/directory/recovery/snapshots/x/"
			    "recoveryPreviewJobs",
		.objects = "3"};
	*told = *last_text = '\0';
	judge_result = 0;
	daemon_up();
	ck_assert_int_eq(db_script(store->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					      " VALUES (1, 'contoso', 'x', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(store, 1), 0);
	run = run_new();
	ck_assert_ptr_nonnull(run);
	run->tenant = 1;
	run->due_us = run->queued_us = NOW;
	run->snapshot_created_us = run->covered_from_us = run->newest_snapshot_us = SNAPSHOT;
	ck_assert(run_set_text(&run->watch, "all") == 0 && run_set_text(&run->filter, "") == 0 &&
		  run_set_text(&run->filter_hash, "h") == 0 &&
		  run_set_text(&run->baseline, "covered") == 0 &&
		  run_set_text(&run->snapshot, "c25hcA==") == 0);
	ck_assert_int_eq(store_job_insert(store, run), 0);
}

static void teardown(void)
{
	daemon_down();
	tmpdir_remove();
}

/* Until the job is gone; a day and a half is more than anything lasts. */
static void run_out(void)
{
	for (int i = 0; job && i < 36 * 60; i++)
		fake_loop_run_for(l, USEC_PER_MIN);
	fake_loop_settle(l);
}

/* The row as a restarted daemon would find it. */
static struct run *stored(void)
{
	static struct run *row;

	row = run_free(row);
	ck_assert_int_eq(store_job_load(store, run->id, &row), 0);
	ck_assert_int_eq(row->state, run->state);
	ck_assert_int_eq(row->holds_slot, run->holds_slot);
	return row;
}

/* --- from the wish to the verdict ---------------------------------------------------------------
 */

START_TEST(a_plain_run)
{
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_eq(run->state, RUN_DONE);
	ck_assert_int_eq(run->outcome, RUN_OK);
	ck_assert_str_eq(run->service_id, "job-1");
	ck_assert(!run->adopted);
	ck_assert_int_eq(run->attempts, 1);
	ck_assert_int_eq(run->pages, 3);
	ck_assert_int_eq(run->changes, 3);
	ck_assert_int_eq(run->objects, 3);
	ck_assert_int_eq(run->verified, 1);
	ck_assert_int_eq(run->started_us, sv.jobs[0].started_us);
	ck_assert_int_eq(run->completed_us - run->started_us, USEC_PER_HOUR);
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
	ck_assert_int_eq(sv.violations, 0);
	/* one minute growing to five: an hour takes about 15 questions */
	ck_assert_uint_le(sv.calls[OP_JOB], 18);
	struct run *row = stored();
	ck_assert_int_eq(row->outcome, RUN_OK);
	ck_assert_str_eq(row->next_link, "");
	ck_assert_int_eq(row->pages, 3);
}
END_TEST

/* How the service may name the job. */
START_TEST(locations)
{
	static const char *const forms[] = {
		"https://graph.test/v1.0/directory/recovery/jobs",
		"/directory/recovery/snapshots/c25hcA==/recoveryPreviewJobs",
		"directory/recovery/jobs",
		NULL,
		"/",
	};

	sv.location = forms[_i];
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_str_eq(run->service_id, "job-1");
	ck_assert(!run->adopted);
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
}
END_TEST

START_TEST(verification)
{
	static const struct {
		const char *objects;
		int verified;
		const char *told;
	} t[] = {
		{"3", 1, "slot_free settle ended:ok"},
		{"null", -1, "slot_free settle ended:ok"},
		{"5", 0, "slot_free settle ended:unverified"},
		{"2", 1, "slot_free settle ended:ok"},
	};

	sv.objects = t[_i].objects;
	start();
	run_out();
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_int_eq(run->verified, t[_i].verified);
	ck_assert_int_eq(stored()->verified, t[_i].verified);
}
END_TEST

START_TEST(judging_is_tried_again)
{
	judge_result = -EPROTO;
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle settle ended:ok");
	ck_assert_int_eq(run->state, RUN_DONE);
}
END_TEST

/* --- the slot -----------------------------------------------------------------------------------
 */

START_TEST(a_taken_slot_is_left_alone)
{
	static const char *const types[] = {"recoveryPreviewJob", "recoveryJob", "somethingNew"};

	(void)add_job(types[_i], NOW - USEC_PER_MIN, NULL);
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	ck_assert_str_eq(told, "back:foreign");
	ck_assert_int_eq(sv.calls[OP_CREATE], 0);
	ck_assert_int_eq(sv.calls[OP_CANCEL], 0);
	ck_assert_int_eq(run->state, RUN_QUEUED);
	ck_assert(tenant.slot_foreign);
	ck_assert_int_ge(back_at_us, NOW + USEC_PER_MIN);
	ck_assert_int_le(back_at_us, NOW + USEC_PER_MIN + USEC_PER_SEC);
	ck_assert_int_eq(stored()->not_before_us, back_at_us);
	for (unsigned n = 2; n < 8; n++) {
		int64_t before_us = clock_wall_us();

		start();
		fake_loop_run_for(l, USEC_PER_SEC);
		ck_assert_int_ge(back_at_us - before_us, run_back_off_us(n));
		ck_assert_int_le(back_at_us - before_us, run_back_off_us(n) + USEC_PER_SEC);
	}
	sv.jobs[0].word = "successful";
	start();
	run_out();
	ck_assert_ptr_nonnull(strstr(told, "back:foreign slot_free settle ended:ok"));
	ck_assert(!tenant.slot_foreign);
}
END_TEST

/* Between our look at the list and our POST somebody else was faster. */
START_TEST(a_lost_race)
{
	sv.lost = true;
	struct service_job *other = add_job("recoveryPreviewJob", NOW - USEC_PER_MIN, NULL);
	other->target_us = SNAPSHOT - USEC_PER_DAY;
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	/* the list still does not show it, the service said so all the same */
	ck_assert_str_eq(told, "back:foreign");
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
	ck_assert_int_eq(run->state, RUN_QUEUED);
	ck_assert_int_eq(run->intent_us, TIME_NONE);
	ck_assert(!stored()->holds_slot);
}
END_TEST

/* 409, and the list then shows that the job is ours: an earlier POST had made it. */
START_TEST(refused_because_of_ourselves)
{
	force(OP_CREATE, GRAPH_BUSY, true);
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_eq(sv.n_jobs, 1);
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
}
END_TEST

START_TEST(a_second_run_of_ours_holds_the_slot)
{
	ck_assert_int_eq(
		db_script(store->db,
			"INSERT INTO job (tenant, watch, filter_hash, filter, baseline, initial,"
			" due, queued, state, holds_slot, snapshot, snapshot_created, covered_from,"
			" adopted, pages, changes, unknown, attempts, epoch) VALUES (1, 'b', 'h',"
			" '', 'covered', 0, 0, 0, 'waiting', 1, 's', 0, 0, 0, 0, 0, 0, 0, 1)"),
		0);
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	ck_assert_str_eq(told, "back");
	ck_assert_int_eq(sv.calls[OP_CREATE], 0);
	ck_assert_int_eq(stored()->state, RUN_QUEUED);
}
END_TEST

/* --- POST that ends otherwise -------------------------------------------------------------------
 */

START_TEST(create_is_refused)
{
	static const struct {
		enum graph_outcome outcome;
		const char *told;
		enum run_outcome how;
	} t[] = {
		{GRAPH_NOT_FOUND, "ended:baseline_gone", RUN_BASELINE_GONE},
		{GRAPH_REFUSED, "ended:refused", RUN_REFUSED},
		{GRAPH_FORBIDDEN, "ended:refused", RUN_REFUSED},
	};

	force(OP_CREATE, t[_i].outcome, false);
	start();
	run_out();
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_int_eq(stored()->outcome, t[_i].how);
	ck_assert_int_eq(stored()->state, RUN_FAILED);
	if (t[_i].how == RUN_REFUSED)
		ck_assert_str_eq(last_text, "the service's words");
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
}
END_TEST

/* The answer to the POST is lost; the job exists or not. */
START_TEST(the_answer_to_create_is_lost)
{
	static const enum graph_outcome lost[] = {GRAPH_NETWORK, GRAPH_THROTTLED, GRAPH_BAD_REPLY};
	bool exists = _i % 2;
	char want[200];

	force(OP_CREATE, lost[_i / 2], exists);
	start();
	run_out();
	(void)snprintf(want, sizeof(want), "trouble:%s cleared:%s slot_free settle ended:ok",
		graph_outcome_name(lost[_i / 2]), graph_outcome_name(lost[_i / 2]));
	ck_assert_str_eq(told, want);
	ck_assert_int_eq(sv.calls[OP_CREATE], exists ? 1 : 2);
	ck_assert_int_eq(run->attempts, exists ? 1 : 2);
	ck_assert_int_eq(sv.n_jobs, 1);
}
END_TEST

START_TEST(nobody_is_signed_in)
{
	force(OP_CREATE, GRAPH_SIGN_IN, false);
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:sign_in back");
	ck_assert_int_eq(stored()->state, RUN_QUEUED);
	ck_assert_int_ge(back_at_us, NOW + 5 * USEC_PER_MIN);
}
END_TEST

START_TEST(the_list_does_not_come)
{
	force(OP_JOBS, GRAPH_NETWORK, false);
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:network back");
	ck_assert_int_eq(sv.calls[OP_CREATE], 0);
}
END_TEST

/* Intent stored, POST lost, and no list for half an hour: back, and the next turn finds the job. */
START_TEST(creating_has_a_deadline)
{
	force(OP_CREATE, GRAPH_NETWORK, true);
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	sv.all_fail = true;
	force(OP_JOBS, GRAPH_NETWORK, false);
	fake_loop_run_for(l, 31 * USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:network back");
	ck_assert_int_eq(run->state, RUN_QUEUED);
	ck_assert(!run->holds_slot);
	ck_assert_int_ne(run->intent_us, TIME_NONE);
	sv.n_forced[OP_JOBS] = 0;
	start();
	run_out();
	ck_assert_str_eq(told, "trouble:network back slot_free settle ended:ok");
	ck_assert_int_eq(sv.n_jobs, 1);
	ck_assert(run->adopted);
}
END_TEST

/* --- while it runs ------------------------------------------------------------------------------
 */

START_TEST(how_it_may_end_at_the_service)
{
	static const struct {
		const char *word, *told;
	} t[] = {
		{"failed", "ended:service_failed"},
		{"abandoned", "ended:cancelled_elsewhere"},
		{"unknownFutureValue", ""},
		{"pondering", ""},
	};

	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_int_eq(stored()->state, RUN_WAITING);
	sv.jobs[0].word = t[_i].word;
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_str_eq(told, t[_i].told);
	if (!*t[_i].told) {
		ck_assert_str_eq(stored()->service_status, t[_i].word);
		sv.jobs[0].word = NULL;
		run_out();
		ck_assert_str_eq(told, "slot_free settle ended:ok");
	} else {
		ck_assert(!stored()->holds_slot);
	}
}
END_TEST

START_TEST(trouble_while_polling_is_told_once)
{
	static const enum graph_outcome lasting[] = {
		GRAPH_SIGN_IN, GRAPH_CONFIG, GRAPH_THROTTLED, GRAPH_NETWORK, GRAPH_BAD_REPLY};
	char want[200];

	start();
	fake_loop_run_for(l, 5 * USEC_PER_MIN);
	for (int i = 0; i < 5; i++)
		force(OP_JOB, lasting[_i], false);
	run_out();
	(void)snprintf(want, sizeof(want), "trouble:%s cleared:%s slot_free settle ended:ok",
		graph_outcome_name(lasting[_i]), graph_outcome_name(lasting[_i]));
	ck_assert_str_eq(told, want);
}
END_TEST

/* A minute, growing by half, to five minutes. */
START_TEST(polls_less_and_less)
{
	static const int64_t seconds[] = {90, 135, 202, 300, 300, 300};

	start();
	run_out();
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		int64_t pause_us = sv.polled_us[i + 1] - sv.polled_us[i];

		ck_assert_int_ge(pause_us, seconds[i] * USEC_PER_SEC);
		ck_assert_int_le(pause_us, (seconds[i] + 1) * USEC_PER_SEC);
	}
}
END_TEST

START_TEST(the_service_says_when)
{
	sv.retry_after_us = 40 * USEC_PER_MIN;
	force(OP_JOB, GRAPH_THROTTLED, false);
	start();
	run_out();
	ck_assert_int_ge(sv.polled_us[1] - sv.polled_us[0], 40 * USEC_PER_MIN);
	ck_assert_int_le(sv.polled_us[1] - sv.polled_us[0], 41 * USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:throttled cleared:throttled slot_free settle ended:ok");
}
END_TEST

/* The list comes in pages, and the holder is on the last one. */
START_TEST(lists)
{
	static const struct {
		int list;
		const char *told;
		size_t calls;
	} t[] = {
		{LIST_IN_PAGES, "back:foreign", 3},
		{LIST_ENDLESS, "trouble:bad_reply back", LIMIT_LIST_PAGES},
		{LIST_GARBAGE, "trouble:bad_reply back", 1},
	};

	sv.list = t[_i].list;
	(void)add_job("recoveryJob", NOW - USEC_PER_DAY, "successful");
	(void)add_job("recoveryPreviewJob", NOW - USEC_PER_HOUR, "failed");
	(void)add_job("recoveryJob", NOW - USEC_PER_MIN, NULL);
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_uint_eq(sv.calls[OP_JOBS], t[_i].calls);
	ck_assert_uint_eq(sv.calls[OP_CREATE], 0);
}
END_TEST

/* P is not told by the service: the time of its answer to our POST. */
START_TEST(no_start_time)
{
	sv.no_start = true;
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_ge(run->started_us, NOW - USEC_PER_SEC);
	ck_assert_int_le(run->started_us, NOW + USEC_PER_SEC);
}
END_TEST

/* No permission is documented for reading one job: the list is enough. */
START_TEST(polling_by_the_list)
{
	sv.deaf = true;
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
}
END_TEST

START_TEST(a_job_that_is_gone)
{
	start();
	fake_loop_run_for(l, (_i ? 20 : 1) * USEC_PER_MIN);
	sv.n_jobs = 0;
	fake_loop_run_for(l, (_i ? 15 : 1) * USEC_PER_MIN);
	if (!_i) {
		/* young: not found means nothing yet */
		ck_assert_str_eq(told, "");
		sv.n_jobs = 1;
		run_out();
		ck_assert_str_eq(told, "slot_free settle ended:ok");
		return;
	}
	ck_assert_str_eq(told, "ended:gone");
	ck_assert_int_eq(stored()->outcome, RUN_GONE);
}
END_TEST

START_TEST(too_long)
{
	sv.takes_us = 0;
	sv.cancel_lingers = _i;
	start();
	fake_loop_run_for(l, 24 * USEC_PER_HOUR - USEC_PER_MIN);
	ck_assert_str_eq(told, "");
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_str_eq(told, "stuck ended:cancelled");
	ck_assert_int_eq(stored()->outcome, RUN_CANCELLED);
	ck_assert(!stored()->holds_slot);
	ck_assert_uint_ge(sv.calls[OP_CANCEL], 1);
}
END_TEST

/* What was found after a restart may be somebody else's: it is waited for, never cancelled. */
START_TEST(too_long_but_adopted)
{
	sv.takes_us = 0;
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	run->adopted = true;
	fake_loop_run_for(l, 25 * USEC_PER_HOUR);
	ck_assert_str_eq(told, "stuck");
	fake_loop_run_for(l, 24 * USEC_PER_HOUR);
	ck_assert_str_eq(told, "stuck ended:no_result");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 0);
}
END_TEST

/* --- cancelling ---------------------------------------------------------------------------------
 */

static char cancelled[300];

static void on_cancelled(void *arg, const char *text)
{
	(void)arg;
	(void)snprintf(cancelled, sizeof(cancelled), "%s", text ? text : "free");
}

static void cancel(void)
{
	*cancelled = '\0';
	job_cancel(job, "uid 0 (root)", on_cancelled, NULL);
}

START_TEST(cancelled_while_it_runs)
{
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_str_eq(stored()->cancel_by, "uid 0 (root)");
	ck_assert_str_eq(last_text, "cancelled by uid 0 (root)");
}
END_TEST

START_TEST(cancelled_before_it_exists)
{
	start();
	if (_i) /* after the first turn: the list is asked for */
		fake_loop_settle(l);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "back");
	ck_assert_uint_eq(sv.calls[OP_CREATE], 0);
}
END_TEST

/* The POST is on its way: what it makes is cancelled. */
START_TEST(cancelled_while_it_is_created)
{
	graph_scripted_delay(tenant.graph, 10 * USEC_PER_SEC);
	start();
	fake_loop_run_for(l, 15 * USEC_PER_SEC);
	ck_assert_int_eq(run->state, RUN_CREATING);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_uint_eq(sv.n_jobs, 1);
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 1);
}
END_TEST

START_TEST(cancelling_comes_too_late)
{
	start();
	fake_loop_run_for(l, 58 * USEC_PER_MIN);
	sv.jobs[0].takes_us = USEC_PER_MIN;
	cancel();
	run_out();
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "slot_free settle ended:ok");
}
END_TEST

START_TEST(cancelling_is_refused)
{
	force(OP_CANCEL, GRAPH_FORBIDDEN, false);
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_ptr_nonnull(strstr(cancelled, "the service's words"));
	ck_assert_ptr_nonnull(strstr(cancelled, "Entra admin center"));
	ck_assert_ptr_null(stored()->cancel_by);
	/* a later "abandoned" is then somebody else's doing */
	sv.jobs[0].word = "abandoned";
	run_out();
	ck_assert_str_eq(told, "ended:cancelled_elsewhere");
}
END_TEST

START_TEST(cancelling_lingers)
{
	sv.cancel_lingers = true;
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "");
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_ptr_nonnull(strstr(cancelled, "still running"));
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
}
END_TEST

START_TEST(an_adopted_job_is_not_cancelled)
{
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	run->adopted = true;
	cancel();
	ck_assert_ptr_nonnull(strstr(cancelled, "somebody else's"));
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 0);
}
END_TEST

START_TEST(quiet_hours)
{
	_cleanup_(buf_done) struct buf error = BUF_INIT(500);
	struct window *w = NULL;
	char text[64];
	struct civil c = civil_from_us(NOW + 30 * USEC_PER_MIN);

	(void)snprintf(text, sizeof(text), "%02d:%02d-%02d:%02d", c.hour, c.minute,
		(c.hour + 8) % 24, c.minute);
	ck_assert_int_eq(window_parse(text, &w, &error), 0);
	conf.quiet_hours = &w;
	conf.n_quiet_hours = 1;
	conf.quiet_running = _i ? QUIET_CANCEL : QUIET_FINISH;
	start();
	run_out();
	ck_assert_str_eq(told, _i ? "ended:cancelled" : "slot_free settle ended:ok");
	/* and a start in the middle of them waits for their end */
	if (_i) {
		clock_virtual_advance(USEC_PER_HOUR);
		(void)run_free(run);
		run = run_new();
		run->tenant = 1;
		run->due_us = run->queued_us = NOW;
		run->snapshot_created_us = run->covered_from_us = SNAPSHOT;
		ck_assert(run_set_text(&run->watch, "all") == 0 &&
			  run_set_text(&run->filter, "") == 0 &&
			  run_set_text(&run->filter_hash, "h") == 0 &&
			  run_set_text(&run->baseline, "covered") == 0 &&
			  run_set_text(&run->snapshot, "c25hcA==") == 0);
		ck_assert_int_eq(store_job_insert(store, run), 0);
		start();
		run_out();
		ck_assert_str_eq(told, "ended:cancelled back");
		ck_assert(!window_contains(w, back_at_us));
	}
	conf.n_quiet_hours = 0;
	(void)window_free(w);
}
END_TEST

/* --- reading ------------------------------------------------------------------------------------
 */

START_TEST(the_link_is_refused)
{
	static const enum graph_outcome how[] = {GRAPH_REFUSED, GRAPH_NOT_FOUND};

	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	start();
	while (run->pages < 2)
		fake_loop_run_for(l, USEC_PER_SEC);
	force(OP_CHANGES, how[_i], false);
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_eq(stored()->pages, 3);
	ck_assert_int_eq(stored()->changes, 3);
	ck_assert_int_ge(sv.calls[OP_CHANGES], 5);
}
END_TEST

START_TEST(what_may_befall_reading)
{
	static const struct {
		enum graph_outcome outcome;
		int times;
		const char *told;
	} t[] = {
		{GRAPH_NOT_FOUND, 1, "slot_free ended:gone"},
		{GRAPH_BAD_REPLY, 2, "slot_free settle ended:ok"},
		{GRAPH_BAD_REPLY, 8, "slot_free ended:no_result"},
		{GRAPH_THROTTLED, 3,
			"slot_free trouble:throttled cleared:throttled settle ended:ok"},
		{GRAPH_SIGN_IN, 3, "slot_free trouble:sign_in cleared:sign_in settle ended:ok"},
		{GRAPH_REFUSED, 2, "slot_free trouble:refused cleared:refused settle ended:ok"},
		{GRAPH_REFUSED, 8, "slot_free trouble:refused ended:no_result"},
	};

	for (int i = 0; i < t[_i].times; i++)
		force(OP_CHANGES, t[_i].outcome, false);
	start();
	run_out();
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_int_eq(stored()->state, run->state);
}
END_TEST

/* --- crashes ------------------------------------------------------------------------------------
 */

/*
 * The process dies after any number of turns and is started again: one job at the service, every
 * page once, one verdict.
 */
START_TEST(killed_at_any_turn)
{
	int64_t id = run->id;
	bool alive = true;

	sv.takes_us = 90 * USEC_PER_SEC;
	start();
	for (int i = 0; i < _i && alive; i++) {
		if (!fake_loop_turn(l)) {
			int64_t next_us = fake_loop_next_us(l);
			if (next_us == TIME_NONE)
				break;
			clock_virtual_advance(next_us - clock_boot_us());
		}
		alive = job != NULL;
	}
	bool was_over = !job;
	daemon_down();
	clock_virtual_advance(10 * USEC_PER_SEC);
	daemon_up();
	load(id);
	if (!run_state_ended(run->state)) {
		ck_assert(!was_over);
		start();
		run_out();
		ck_assert_ptr_nonnull(strstr(told, "ended:ok"));
	}
	ck_assert_int_eq(run->state, RUN_DONE);
	ck_assert_uint_eq(sv.n_jobs, 1);
	ck_assert_int_eq(stored()->pages, 3);
	ck_assert_int_eq(stored()->changes, 3);
	ck_assert_uint_eq(sv.violations, 0);
}
END_TEST

/* The machine dies at the n-th transaction, before or after it is durable. */
START_TEST(dead_at_any_transaction)
{
	int64_t id = run->id;

	sv.takes_us = 90 * USEC_PER_SEC;
	fake_store_thread_die(st, (size_t)(_i / 2 + 1),
		_i % 2 ? FAKE_STORE_DIE_AFTER_COMMIT : FAKE_STORE_DIE_BEFORE_COMMIT, NULL, NULL);
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	bool died = fake_store_thread_dead(st);
	daemon_down();
	daemon_up();
	load(id);
	if (!run_state_ended(run->state)) {
		ck_assert(died);
		start();
		run_out();
	}
	ck_assert_int_eq(run->state, RUN_DONE);
	ck_assert_uint_eq(sv.n_jobs, 1);
	ck_assert_int_eq(stored()->pages, 3);
}
END_TEST

/* Cancelled, then killed before the service heard of it. */
START_TEST(a_stored_wish_to_cancel_is_carried_out)
{
	int64_t id = run->id;

	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	daemon_down();
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 0);
	daemon_up();
	load(id);
	start();
	run_out();
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 1);
}
END_TEST

START_TEST(words_for_status)
{
	struct buf b = BUF_INIT(200);

	graph_scripted_delay(tenant.graph, 10 * USEC_PER_SEC);
	start();
	job_describe(job, &b);
	ck_assert_str_eq(buf_text(&b), "looking whether the slot is free");
	buf_reset(&b);
	fake_loop_run_for(l, 15 * USEC_PER_SEC);
	job_describe(job, &b);
	ck_assert_str_eq(buf_text(&b), "creating the preview");
	buf_reset(&b);
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	job_describe(job, &b);
	ck_assert_ptr_nonnull(strstr(buf_text(&b), "loading data for 10m"));
	buf_reset(&b);
	force(OP_JOB, GRAPH_THROTTLED, false);
	fake_loop_run_for(l, 5 * USEC_PER_MIN);
	job_describe(job, &b);
	ck_assert_ptr_nonnull(strstr(buf_text(&b), "(throttled)"));
	buf_reset(&b);
	while (run->pages < 2)
		fake_loop_run_for(l, USEC_PER_SEC);
	job_describe(job, &b);
	ck_assert_str_eq(buf_text(&b), "page 2, 2 changes");
	buf_done(&b);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("job");
	TCase *tc = tcase_create("job");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_plain_run);
	tcase_add_loop_test(tc, locations, 0, 5);
	tcase_add_loop_test(tc, verification, 0, 4);
	tcase_add_test(tc, judging_is_tried_again);
	tcase_add_loop_test(tc, a_taken_slot_is_left_alone, 0, 3);
	tcase_add_test(tc, a_lost_race);
	tcase_add_test(tc, refused_because_of_ourselves);
	tcase_add_test(tc, a_second_run_of_ours_holds_the_slot);
	tcase_add_loop_test(tc, create_is_refused, 0, 3);
	tcase_add_loop_test(tc, the_answer_to_create_is_lost, 0, 6);
	tcase_add_test(tc, nobody_is_signed_in);
	tcase_add_test(tc, the_list_does_not_come);
	tcase_add_test(tc, creating_has_a_deadline);
	tcase_add_loop_test(tc, how_it_may_end_at_the_service, 0, 4);
	tcase_add_loop_test(tc, trouble_while_polling_is_told_once, 0, 5);
	tcase_add_test(tc, polls_less_and_less);
	tcase_add_test(tc, the_service_says_when);
	tcase_add_loop_test(tc, lists, 0, 3);
	tcase_add_test(tc, no_start_time);
	tcase_add_test(tc, polling_by_the_list);
	tcase_add_loop_test(tc, a_job_that_is_gone, 0, 2);
	tcase_add_loop_test(tc, too_long, 0, 2);
	tcase_add_test(tc, too_long_but_adopted);
	tcase_add_test(tc, cancelled_while_it_runs);
	tcase_add_loop_test(tc, cancelled_before_it_exists, 0, 2);
	tcase_add_test(tc, cancelled_while_it_is_created);
	tcase_add_test(tc, cancelling_comes_too_late);
	tcase_add_test(tc, cancelling_is_refused);
	tcase_add_test(tc, cancelling_lingers);
	tcase_add_test(tc, an_adopted_job_is_not_cancelled);
	tcase_add_loop_test(tc, quiet_hours, 0, 2);
	tcase_add_loop_test(tc, the_link_is_refused, 0, 2);
	tcase_add_loop_test(tc, what_may_befall_reading, 0, 7);
	tcase_add_loop_test(tc, killed_at_any_turn, 0, 35);
	tcase_add_loop_test(tc, dead_at_any_transaction, 0, 20);
	tcase_add_test(tc, a_stored_wish_to_cancel_is_carried_out);
	tcase_add_test(tc, words_for_status);
	suite_add_tcase(s, tc);
	return s;
}
