/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/job_world.h"

#include <stdio.h>
#include <string.h>

#include "common/base/timefmt.h"
#include "common/store/store_job.h"
#include "common/store/store_lease.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/pages.h"
#include "tests/support/tmpdir.h"

struct service sv;

static const char *status_of(const struct service_job *j)
{
	int64_t age_us = clock_wall_us() - j->started_us;

	if (j->word)
		return j->word;
	if (j->takes_us == 0 || age_us < j->takes_us / 2)
		return "loadingData";
	return age_us < j->takes_us ? "calculating" : "successful";
}

bool service_job_over(const struct service_job *j)
{
	const char *s = status_of(j);

	return strcmp(s, "successful") == 0 || strcmp(s, "failed") == 0 ||
	       strcmp(s, "abandoned") == 0;
}

struct service_job *add_job(const char *type, int64_t started_us, const char *word)
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
		if (!service_job_over(&sv.jobs[i]))
			return &sv.jobs[i];
	return NULL;
}

static void write_job(const struct service_job *j, struct buf *out)
{
	char started[TIME_TEXT_SIZE], target[TIME_TEXT_SIZE], ended[TIME_TEXT_SIZE + 2] = "null";
	bool done = strcmp(status_of(j), "successful") == 0;

	if (service_job_over(j)) {
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
	if (slot_holder() || sv.n_jobs == MAX_JOBS) {
		reply->outcome = GRAPH_BUSY;
		return;
	}
	struct service_job *j = add_job("recoveryPreviewJob", clock_wall_us(), NULL);
	j->created = true;
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
		if (!j || service_job_over(j))
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
	if (sv.on_call)
		sv.on_call(asked);
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

void force(enum graph_op op, enum graph_outcome outcome, bool effect)
{
	ck_assert_uint_lt(sv.n_forced[op], MAX_FORCED);
	sv.forced[op][sv.n_forced[op]++] = (struct forced){outcome, effect};
}

/* --- the daemon ---------------------------------------------------------------------------------
 */

struct loop *l;
struct store_thread *st;
struct store *store;
struct pages *pages;
struct job *job;
struct run *run;
struct conf_tenant conf;
struct conf_watch watch;
struct tenant tenant;
char told[2000];
char last_text[300];
int64_t back_at_us;
int judge_result;

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

void daemon_up(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("s.db"));
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(store_open(url, &store, NULL), 0);
	ck_assert_int_eq(store_thread_new(l, store, &st), 0);
	ck_assert_int_eq(pages_new(l, st, &pages), 0);
	tenant.graph = graph_scripted_new(l, serve, NULL);
}

void daemon_down(void)
{
	job = job_free(job);
	fake_loop_settle(l); /* answers that nobody waits for any more */
	pages = pages_free(pages);
	tenant.graph = graph_free(tenant.graph);
	st = store_thread_free(st);
	l = loop_free(l);
	run = run_free(run);
}

void start(void)
{
	const struct job_env env = {
		.loop = l, .store = st, .reading = &pages_reading, .pages = pages, .ops = &ops};

	ck_assert_int_eq(job_start(&env, &tenant, run, &job), 0);
}

void load(int64_t id)
{
	run = run_free(run);
	ck_assert_int_eq(store_job_load(store, id, &run), 0);
}

struct run *wanted(void)
{
	struct run *r = run_new();

	ck_assert_ptr_nonnull(r);
	r->tenant = 1;
	r->due_us = r->queued_us = NOW;
	r->snapshot_created_us = r->covered_from_us = r->newest_snapshot_us = SNAPSHOT;
	ck_assert(run_set_text(&r->watch, "all") == 0 && run_set_text(&r->filter, "") == 0 &&
		  run_set_text(&r->filter_hash, "h") == 0 &&
		  run_set_text(&r->baseline, "covered") == 0 &&
		  run_set_text(&r->snapshot, "c25hcA==") == 0);
	return r;
}

void setup(void)
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
	run = wanted();
	ck_assert_int_eq(store_job_insert(store, run), 0);
}

void teardown(void)
{
	daemon_down();
	tmpdir_remove();
}

void run_out(void)
{
	for (int i = 0; job && i < 36 * 60; i++)
		fake_loop_run_for(l, USEC_PER_MIN);
	fake_loop_settle(l);
}

struct run *stored(void)
{
	static struct run *row;

	row = run_free(row);
	ck_assert_int_eq(store_job_load(store, run->id, &row), 0);
	ck_assert_int_eq(row->state, run->state);
	ck_assert_int_eq(row->holds_slot, run->holds_slot);
	return row;
}
