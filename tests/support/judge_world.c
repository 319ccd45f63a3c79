/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/judge_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/store_job.h"
#include "common/store/store_lease.h"
#include "common/store/store_page.h"
#include "tests/support/tmpdir.h"

struct judge_world w;

static struct conf_sink sinks[] = {{.name = (char *)"journal"}, {.name = (char *)"ops"}};

static void judged(void *arg, struct tenant *t, struct run *run, const struct judge_result *result)
{
	(void)arg;
	ck_assert_ptr_eq(t, &w.tenant);
	ck_assert_ptr_nonnull(run);
	w.last = *result;
	w.first_object[0] = '\0';
	if (result->n_objects)
		(void)snprintf(w.first_object, sizeof(w.first_object), "%s %s %s %s",
			result->objects[0].entity_type, result->objects[0].object_id,
			result->objects[0].change, verdict_name(result->objects[0].severity));
	w.n_answers++;
}

void judge_world_new(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", tmpdir_make());
	ck_assert_int_eq(store_open(url, &w.st, NULL), 0);
	ck_assert_int_eq(db_script(w.st->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					     " VALUES (1, 'contoso', 'x', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(w.st, 1), 0);
	clock_virtual_set_wall(T(100));
	ck_assert_int_eq(loop_new(&w.loop), 0);
	ck_assert_int_eq(store_thread_new(w.loop, w.st, &w.thread), 0);
	ck_assert_int_eq(judge_new(w.thread, judged, NULL, &w.judge), 0);
	w.tenant_conf = (struct conf_tenant){.refs = 1,
		.name = (char *)"contoso",
		.tenant_id = (char *)"11111111-2222-3333-4444-555555555555"};
	w.conf = (struct conf){.sinks = sinks, .n_sinks = ARRAY_SIZE(sinks)};
	w.tenant = (struct tenant){.id = 1, .conf = &w.tenant_conf};
	w.n_answers = 0;
}

void judge_world_done(void)
{
	w.thread = store_thread_free(w.thread);
	w.judge = judge_free(w.judge);
	w.loop = loop_free(w.loop);
	w.st = NULL;
	tmpdir_remove();
}

/* --- making previews ----------------------------------------------------------------------------
 */

static void move(struct run *run, enum run_state to)
{
	enum run_state from = run->state;

	run->state = to;
	run->holds_slot = to == RUN_CREATING || to == RUN_WAITING;
	ck_assert_int_eq(store_job_move(w.st, run, from), 0);
}

/* Stores a complete preview that waits for its verdict. */
struct run *judge_world_preview(const struct preview *p)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_PAGE_BYTES);
	struct change_page page;
	struct run *run = run_new();
	char service_id[64];
	bool more;

	ck_assert_ptr_nonnull(run);
	/* each preview is a job of its own at the service */
	(void)snprintf(
		service_id, sizeof(service_id), "%s-%lld", p->service_id, (long long)p->p_us);
	run->tenant = 1;
	run->due_us = run->queued_us = T(p->p_us);
	run->snapshot_created_us = run->covered_from_us = T(p->baseline_us);
	run->initial = p->initial;
	ck_assert(run_set_text(&run->watch, p->watch) == 0 &&
		  run_set_text(&run->filter_hash, p->filter_hash) == 0 &&
		  run_set_text(&run->filter, p->filter) == 0 &&
		  run_set_text(&run->baseline, p->baseline) == 0 &&
		  run_set_text(&run->snapshot, "s") == 0 &&
		  run_set_text(&run->service_id, service_id) == 0);
	ck_assert_int_eq(store_job_insert(w.st, run), 0);
	run->intent_us = T(p->p_us);
	move(run, RUN_CREATING);
	run->started_us = T(p->p_us);
	run->completed_us = T(p->p_us) + p->takes_us;
	move(run, RUN_WAITING);
	move(run, RUN_COLLECTING);
	buf_printf(&text, "{\"@context\":\"x\",\"value\":[%s]}", p->rows);
	ck_assert_int_eq(change_page_parse(text.data, text.len, &page), 0);
	ck_assert_int_eq(store_page_put(w.st, run->id, 1, text.data, text.len, &page), 0);
	run->objects = p->promised >= 0 ? p->promised : (int64_t)page.n;
	run->changes = run->distinct_objects = (int64_t)page.n;
	run->verified = run_verify(run->objects, run->changes, run->distinct_objects, &more);
	change_page_done(&page);
	move(run, RUN_SETTLING);
	return run;
}

int64_t judge_world_judge(const struct preview *p)
{
	struct run *run = judge_world_preview(p);
	int64_t id = run->id;
	unsigned before = w.n_answers;

	judge_start(w.judge, &w.conf, &w.tenant, run);
	fake_loop_settle(w.loop);
	ck_assert_uint_eq(w.n_answers, before + 1);
	ck_assert_int_eq(w.last.r, 0);
	(void)run_free(run);
	return id;
}

/* --- looking at the store -----------------------------------------------------------------------
 */

const char *judge_world_ask(const char *query)
{
	/* a statement is prepared once per place in memory */
	static struct db_sql queries[32];
	static char out[64 * 1024];
	static size_t n_queries;
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	size_t n = 0;

	out[0] = '\0';
	ck_assert_uint_lt(n_queries, ARRAY_SIZE(queries));
	queries[n_queries] = (struct db_sql){"", query};
	ck_assert_int_eq(db_query(w.st->db, &queries[n_queries++], DB_NO_ARGS, &rows), 0);
	while (db_next(&rows) > 0) {
		const char *text = db_text(&rows, 0);

		n += (size_t)snprintf(
			out + n, sizeof(out) - n, "%s%s", n ? "|" : "", text ? text : "-");
	}
	return out;
}
