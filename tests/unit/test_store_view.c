/* SPDX-License-Identifier: Apache-2.0 */
/* What the CLI reads, from a store that is written with plain SQL. */
#include "common/store/store_view.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/store/store.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

static struct store *writer, *st;

static void add(const char *fmt, ...) _printf_(1, 2);
static void add(const char *fmt, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_ge(vasprintf(&text, fmt, ap), 0);
	va_end(ap);
	ck_assert_msg(db_script(writer->db, text) == 0, "%s: %s", text, db_error_text(writer->db));
}

static void add_job(int64_t id, int64_t tenant, const char *state, const char *outcome)
{
	add("INSERT INTO job (id, tenant, watch, filter_hash, filter, baseline, initial, due,"
	    " queued, state, holds_slot, outcome, snapshot, snapshot_created, covered_from,"
	    " adopted, started, pages, changes, verified, unknown, attempts, epoch) VALUES"
	    " (%lld, %lld, 'all', 'h', '', 'covered', 1, 10, 20, '%s', 0, %s, 's%lld', 30, 40, 0,"
	    " 50, 2, 3, %s, 0, 1, 1)",
		(long long)id, (long long)tenant, state, outcome, (long long)id,
		strcmp(state, "done") == 0 ? "1" : "NULL");
}

static void setup(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", tmpdir_make());
	ck_assert_int_eq(store_open(url, &writer, NULL), 0);
	ck_assert_int_eq(store_open_reader(url, &st, NULL), 0);
	add("INSERT INTO tenant (id, name, tenant_id, first_seen) VALUES"
	    " (1, 'contoso', 'c-id', 0), (2, 'fabrikam', 'f-id', 0)");
	add_job(1, 1, "done", "'ok'");
	add_job(2, 2, "failed", "'gone'");
	add_job(3, 1, "done", "'ok'");
	add_job(4, 1, "failed", "'cancelled'");
	add_job(5, 1, "collecting", "NULL");
}

static void teardown(void)
{
	st = store_close(st);
	writer = store_close(writer);
	tmpdir_remove();
}

/* --- jobs ---------------------------------------------------------------------------------------
 */

static const struct {
	const char *tenant;
	enum view_job_which which;
	int64_t before;
	size_t limit;
	const char *ids;
} job_lists[] = {
	{NULL, VIEW_JOBS_ALL, VIEW_FIRST, 10, "5 4 3 2 1"},
	{NULL, VIEW_JOBS_ALL, VIEW_FIRST, 2, "5 4"},
	{NULL, VIEW_JOBS_ALL, 4, 2, "3 2"},
	{NULL, VIEW_JOBS_ALL, 1, 2, ""},
	{"contoso", VIEW_JOBS_ALL, VIEW_FIRST, 10, "5 4 3 1"},
	{"contoso", VIEW_JOBS_DONE, VIEW_FIRST, 1, "3"},
	{"contoso", VIEW_JOBS_ENDED, VIEW_FIRST, 1, "4"},
	{"contoso", VIEW_JOBS_UNFINISHED, VIEW_FIRST, 10, "5"},
	{"fabrikam", VIEW_JOBS_DONE, VIEW_FIRST, 1, ""},
	{"Contoso", VIEW_JOBS_ALL, VIEW_FIRST, 10, ""},
};

START_TEST(jobs_in_batches)
{
	_cleanup_(view_jobs_done) struct view_jobs list = {0};
	_cleanup_(buf_done) struct buf ids = BUF_INIT(256);

	ck_assert_int_eq(store_view_jobs(st, job_lists[_i].tenant, job_lists[_i].which,
				 job_lists[_i].before, job_lists[_i].limit, &list),
		0);
	for (size_t i = 0; i < list.n; i++)
		buf_printf(&ids, "%s%lld", i ? " " : "", (long long)list.items[i].id);
	ck_assert_str_eq(buf_text(&ids), job_lists[_i].ids);
}
END_TEST

START_TEST(one_job)
{
	_cleanup_(view_jobs_done) struct view_jobs list = {0}, none = {0};

	ck_assert_int_eq(store_view_job(st, 3, &list), 0);
	ck_assert_uint_eq(list.n, 1);
	const struct view_job *j = list.items;
	ck_assert_str_eq(j->tenant, "contoso");
	ck_assert_str_eq(j->tenant_id, "c-id");
	ck_assert_str_eq(j->watch, "all");
	ck_assert_str_eq(j->baseline, "covered");
	ck_assert_str_eq(j->state, "done");
	ck_assert_str_eq(j->outcome, "ok");
	ck_assert_ptr_null(j->detail);
	ck_assert_str_eq(j->snapshot_id, "s3");
	ck_assert(j->initial && !j->adopted);
	ck_assert_int_eq(j->due_us, 10);
	ck_assert_int_eq(j->queued_us, 20);
	ck_assert_int_eq(j->snapshot_us, 30);
	ck_assert_int_eq(j->covered_from_us, 40);
	ck_assert_int_eq(j->started_us, 50);
	ck_assert_int_eq(j->completed_us, TIME_NONE);
	ck_assert_int_eq(j->objects, -1);
	ck_assert_int_eq(j->pages, 2);
	ck_assert_int_eq(j->changes, 3);
	ck_assert_int_eq(j->attempts, 1);
	ck_assert_int_eq(j->verified, 1);
	/* the one before it is not taken for it */
	ck_assert_int_eq(store_view_job(st, 99, &none), 0);
	ck_assert_uint_eq(none.n, 0);
}
END_TEST

/* Nothing stays open: a writer may move the log while somebody reads what was found. */
START_TEST(a_batch_pins_nothing)
{
	_cleanup_(view_jobs_done) struct view_jobs list = {0};

	ck_assert_int_eq(store_view_jobs(st, NULL, VIEW_JOBS_ALL, VIEW_FIRST, 2, &list), 0);
	ck_assert_int_eq(db_checkpoint(writer->db), 0);
	ck_assert_int_eq(db_log_bytes(writer->db), 0);
	ck_assert_str_eq(list.items[0].tenant, "contoso");
}
END_TEST

/* --- objects ------------------------------------------------------------------------------------
 */

static void add_change(int64_t job, int64_t ordinal, const char *id, const char *name)
{
	uint8_t key[512];
	char hex[1024] = "";
	size_t len = object_id_encode(id, key);

	for (size_t i = 0; i < len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", key[i]);
	add("INSERT INTO change_row (job, ordinal, page, shape, object_id, name)"
	    " VALUES (%lld, %lld, 1, 1, x'%s', %s)",
		(long long)job, (long long)ordinal, hex, name);
	add("INSERT INTO change_object (job, object_id, ordinal) VALUES (%lld, x'%s', %lld)",
		(long long)job, hex, (long long)ordinal);
}

static void setup_objects(void)
{
	setup();
	add("INSERT INTO change_shape (id, entity_type, change, changed)"
	    " VALUES (1, 'user', 'deleted', '')");
	add_change(1, 1, "4f2a0000-0000-0000-0000-000000000001", "'Ann'");
	add_change(1, 2, "4f2b0000-0000-0000-0000-000000000002", "'Bob'");
	add_change(1, 3, "4F2B0000-0000-0000-0000-000000000002", "'Bob'");
	/* 16 bytes that read "4f2" as text */
	add_change(1, 4, "34663200-0000-0000-0000-000000000003", "'Bob'");
	add_change(1, 5, "4f2-not-a-guid", "NULL");
	add_change(1, 6, "exactly-16-bytes", "NULL");
	add_change(3, 1, "4f2a0000-0000-0000-0000-00000000ffff", "'Ann'");
}

#define A "4f2a0000-0000-0000-0000-000000000001"
#define B "4f2b0000-0000-0000-0000-000000000002"
#define C "34663200-0000-0000-0000-000000000003"

static const struct {
	const char *text;
	bool name;
	size_t limit;
	const char *ids;
} object_lists[] = {
	{"4f2", false, 10, A " " B " 4f2-not-a-guid"},
	{"4F2A", false, 10, A},
	{"4f2a0000-0", false, 10, A},
	{"4f2a0000-0000-0000-0000-000000000001", false, 10, A},
	{"4f2a0000-0000-0000-0000-0000000000011", false, 10, ""},
	{"4f2a00000", false, 10, ""},
	{"4f2-", false, 10, "4f2-not-a-guid"},
	{"4f2", false, 1, A},
	{"346", false, 10, C},
	{"exact", false, 10, "exactly-16-bytes"},
	{"exactly-16-bytes", false, 10, "exactly-16-bytes"},
	{"zz", false, 10, ""},
	{"", false, 10, C " " A " " B " 4f2-not-a-guid exactly-16-bytes"},
	{"Bob", true, 10, C " " B},
	{"Bob", true, 1, C},
	{"bob", true, 10, ""},
	{"Bo", true, 10, ""},
};

START_TEST(objects_by_what_is_typed)
{
	_cleanup_(view_objects_done) struct view_objects list = {0};
	_cleanup_(buf_done) struct buf ids = BUF_INIT(1024);
	int r = object_lists[_i].name ? store_view_objects_by_name(st, 1, object_lists[_i].text,
						object_lists[_i].limit, &list)
				      : store_view_objects_by_id(st, 1, object_lists[_i].text,
						object_lists[_i].limit, &list);

	ck_assert_int_eq(r, 0);
	for (size_t i = 0; i < list.n; i++)
		buf_printf(&ids, "%s%s", i ? " " : "", list.ids[i]);
	ck_assert_str_eq(buf_text(&ids), object_lists[_i].ids);
}
END_TEST

START_TEST(types)
{
	_cleanup_(view_rows_done) struct view_rows some = {0}, none = {0};

	add("INSERT INTO change_shape (id, entity_type, change, changed)"
	    " VALUES (2, 'group', 'deleted', '')");
	add("UPDATE change_row SET shape = 2 WHERE ordinal = 2");
	ck_assert_int_eq(store_view_types(st, 1, 10, &some), 0);
	ck_assert_uint_eq(some.n, 2);
	ck_assert_str_eq(view_text(&some, 0, 0), "group");
	ck_assert_str_eq(view_text(&some, 1, 0), "user");
	ck_assert_int_eq(store_view_types(st, 2, 10, &none), 0);
	ck_assert_uint_eq(none.n, 0);
}
END_TEST

START_TEST(an_absurd_prefix)
{
	_cleanup_(view_objects_done) struct view_objects list = {0};
	char text[1000];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(store_view_objects_by_id(st, 1, text, 10, &list), 0);
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

/* --- findings -----------------------------------------------------------------------------------
 */

static void add_finding(
	int64_t id, int64_t tenant, const char *attention, const char *severity, const char *parent)
{
	add("INSERT INTO finding (id, tenant, watch, entity_type, object_id, change, atom,"
	    " after_hash, episode, lo, hi, deleted_at, attention, fact, severity, rule, initial,"
	    " name, before, after, parent, brought_back, first_job, last_job, first_ordinal,"
	    " first_seen, last_seen) VALUES (%lld, %lld, 'all', 'user',"
	    " x'4f2a0000000000000000000000000001', 'modified', 'state', x'', %lld, 1, 2, NULL,"
	    " '%s', 'visible', '%s', NULL, 0, 'Ann', '\"on\"', '\"off\"', %s, 0, 1, 3, 1, 5, 6)",
		(long long)id, (long long)tenant, (long long)id, attention, severity, parent);
}

static void setup_findings(void)
{
	setup();
	add_finding(1, 1, "open", "warning", "NULL");
	add_finding(2, 1, "open", "critical", "NULL");
	add_finding(3, 1, "expected", "critical", "NULL");
	add_finding(4, 2, "open", "critical", "NULL");
	add_finding(5, 1, "open", "critical", "2");
	add_finding(6, 1, "open", "purple", "NULL");
	add_finding(7, 1, "open", "warning", "NULL");
}

static const struct {
	const char *tenant;
	bool open;
	enum view_severity severity;
	int64_t before;
	size_t limit;
	const char *ids;
} finding_lists[] = {
	{NULL, false, VIEW_CRITICAL, VIEW_FIRST, 10, "5 4 3 2"},
	{NULL, true, VIEW_CRITICAL, VIEW_FIRST, 10, "4 2"},
	{NULL, true, VIEW_CRITICAL, VIEW_FIRST, 1, "4"},
	{NULL, true, VIEW_CRITICAL, 4, 2, "2"},
	{"contoso", true, VIEW_CRITICAL, VIEW_FIRST, 10, "2"},
	{"contoso", true, VIEW_WARNING, VIEW_FIRST, 10, "7 1"},
	{"contoso", true, VIEW_NOTICE, VIEW_FIRST, 10, ""},
	{"contoso", true, VIEW_LESSER, VIEW_FIRST, 10, "6"},
};

START_TEST(findings_in_batches)
{
	_cleanup_(view_findings_done) struct view_findings list = {0};
	_cleanup_(buf_done) struct buf ids = BUF_INIT(256);

	ck_assert_int_eq(store_view_findings(st, finding_lists[_i].tenant, finding_lists[_i].open,
				 finding_lists[_i].severity, finding_lists[_i].before,
				 finding_lists[_i].limit, &list),
		0);
	for (size_t i = 0; i < list.n; i++)
		buf_printf(&ids, "%s%lld", i ? " " : "", (long long)list.items[i].id);
	ck_assert_str_eq(buf_text(&ids), finding_lists[_i].ids);
}
END_TEST

START_TEST(one_finding)
{
	_cleanup_(view_findings_done) struct view_findings list = {0};

	ck_assert_int_eq(store_view_findings(st, NULL, false, VIEW_CRITICAL, 6, 1, &list), 0);
	ck_assert_uint_eq(list.n, 1);
	const struct view_finding *f = list.items;
	ck_assert_str_eq(f->tenant, "contoso");
	ck_assert_str_eq(f->tenant_id, "c-id");
	ck_assert_str_eq(f->entity_type, "user");
	ck_assert_str_eq(f->object_id, A);
	ck_assert_str_eq(f->change, "modified");
	ck_assert_str_eq(f->atom, "state");
	ck_assert_str_eq(f->attention, "open");
	ck_assert_str_eq(f->fact, "visible");
	ck_assert_str_eq(f->severity, "critical");
	ck_assert_ptr_null(f->rule);
	ck_assert_str_eq(f->name, "Ann");
	ck_assert_str_eq(f->before, "\"on\"");
	ck_assert_str_eq(f->after, "\"off\"");
	ck_assert_int_eq(f->episode, 5);
	ck_assert_int_eq(f->lo_us, 1);
	ck_assert_int_eq(f->hi_us, 2);
	ck_assert_int_eq(f->deleted_at_us, TIME_NONE);
	ck_assert_int_eq(f->first_seen_us, 5);
	ck_assert_int_eq(f->last_seen_us, 6);
	ck_assert_int_eq(f->first_job, 1);
	ck_assert_int_eq(f->last_job, 3);
	ck_assert_int_eq(f->parent, 2);
	ck_assert(!f->initial && !f->brought_back);
}
END_TEST

START_TEST(open_findings)
{
	int64_t n[_VIEW_SEVERITY_MAX];

	ck_assert_int_eq(store_view_open(st, "contoso", n), 0);
	ck_assert_int_eq(n[VIEW_CRITICAL], 1); /* the other one is shown under it */
	ck_assert_int_eq(n[VIEW_WARNING], 2);
	ck_assert_int_eq(n[VIEW_NOTICE], 0);
	ck_assert_int_eq(n[VIEW_LESSER], 1);
	ck_assert_int_eq(store_view_open(st, "nobody", n), 0);
	ck_assert_int_eq(n[VIEW_WARNING], 0);
}
END_TEST

/* --- alerts -------------------------------------------------------------------------------------
 */

START_TEST(alerts_and_deliveries)
{
	_cleanup_(view_alerts_done) struct view_alerts all = {0}, one = {0}, rest = {0};
	_cleanup_(view_deliveries_done) struct view_deliveries to = {0};

	add("INSERT INTO alert (id, outside_id, tenant, kind, severity, job, created, title, body)"
	    " VALUES (1, 'x', 1, 'changes_unexpected', 'critical', 3, 70, 'a title', '{}'),"
	    " (2, 'y', NULL, 'sink_failing', 'warning', NULL, 80, 'b title', '{\"id\":2}')");
	add("INSERT INTO outbox (alert, sink, state, attempts, next_at, last_error, sent_at)"
	    " VALUES (1, 'ops', 'pending', 2, 90, 'refused', NULL),"
	    " (1, 'journal', 'sent', 1, 0, NULL, 71), (2, 'ops', 'dead', 9, 0, 'gone', NULL)");

	ck_assert_int_eq(store_view_alerts(st, NULL, VIEW_FIRST, 10, &all), 0);
	ck_assert_uint_eq(all.n, 2);
	ck_assert_str_eq(all.items[0].title, "b title");
	ck_assert_str_eq(all.items[0].body, "{\"id\":2}");
	ck_assert_ptr_null(all.items[0].tenant);
	ck_assert_int_eq(all.items[0].job, 0);
	ck_assert_str_eq(all.items[1].tenant, "contoso");
	ck_assert_str_eq(all.items[1].kind, "changes_unexpected");
	ck_assert_str_eq(all.items[1].severity, "critical");
	ck_assert_str_eq(all.items[1].outside_id, "x");
	ck_assert_int_eq(all.items[1].job, 3);
	ck_assert_int_eq(all.items[1].created_us, 70);

	ck_assert_int_eq(store_view_alerts(st, "contoso", VIEW_FIRST, 10, &one), 0);
	ck_assert_uint_eq(one.n, 1);
	ck_assert_int_eq(store_view_alerts(st, NULL, 1, 10, &rest), 0);
	ck_assert_uint_eq(rest.n, 0);

	ck_assert_int_eq(store_view_deliveries(st, 1, &to), 0);
	ck_assert_uint_eq(to.n, 2);
	ck_assert_str_eq(to.items[0].sink, "journal");
	ck_assert_str_eq(to.items[0].state, "sent");
	ck_assert_int_eq(to.items[0].sent_us, 71);
	ck_assert_ptr_null(to.items[0].error);
	ck_assert_str_eq(to.items[1].error, "refused");
	ck_assert_int_eq(to.items[1].attempts, 2);
	ck_assert_int_eq(to.items[1].next_us, 90);
	ck_assert_int_eq(to.items[1].sent_us, TIME_NONE);
}
END_TEST

static TCase *with(Suite *s, const char *name, SFun before)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, before, teardown);
	suite_add_tcase(s, t);
	return t;
}

Suite *suite(void)
{
	Suite *s = suite_create("store_view");
	TCase *t = with(s, "jobs", setup);

	tcase_add_loop_test(t, jobs_in_batches, 0, (int)ARRAY_SIZE(job_lists));
	tcase_add_test(t, one_job);
	tcase_add_test(t, a_batch_pins_nothing);
	tcase_add_test(t, alerts_and_deliveries);
	t = with(s, "objects", setup_objects);
	tcase_add_loop_test(t, objects_by_what_is_typed, 0, (int)ARRAY_SIZE(object_lists));
	tcase_add_test(t, an_absurd_prefix);
	tcase_add_test(t, types);
	t = with(s, "findings", setup_findings);
	tcase_add_loop_test(t, findings_in_batches, 0, (int)ARRAY_SIZE(finding_lists));
	tcase_add_test(t, one_finding);
	tcase_add_test(t, open_findings);
	return s;
}
