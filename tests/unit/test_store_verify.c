/* SPDX-License-Identifier: Apache-2.0 */
/* What a verification names, and that it goes on behind it. */
#include "common/store/store_verify.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/fsx.h"
#include "common/store/store_lease.h"
#include "common/store/store_page.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

static struct store *s;
static struct buf told;

static const char rows[] =
	"INSERT INTO tenant (id, name, tenant_id, first_seen) VALUES (1, 'contoso', 'x', 0);"
	"INSERT INTO job (id, tenant, watch, filter_hash, filter, baseline, initial, due, queued,"
	" state, holds_slot, snapshot, snapshot_created, covered_from, adopted, pages, changes,"
	" unknown, attempts, epoch)"
	" VALUES (7, 1, 'all', '', '', 'covered', 0, 0, 0, 'collecting', 0, 's', 0, 0, 0, 0, 0, 0, "
	"0, 0)";

static void setup(void)
{
	_cleanup_(buf_done) struct buf raw = BUF_INIT(LIMIT_PAGE_BYTES);
	struct change_page page;
	char url[256];

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("x.db"));
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
	ck_assert_int_eq(db_script(s->db, rows), 0);
	ck_assert_int_eq(store_lease_take(s, 1), 0);
	ck_assert_int_eq(file_read("tests/fixtures/graph/changes-anomalies.json", &raw), 0);
	ck_assert_int_eq(change_page_parse(raw.data, raw.len, &page), 0);
	ck_assert_int_eq(db_begin(s->db), 0);
	ck_assert_int_eq(store_page_put(s, 7, 1, raw.data, raw.len, &page), 0);
	free(page.next_link);
	page.next_link = strdup("");
	ck_assert_int_eq(store_page_put(s, 7, 2, raw.data, raw.len, &page), 0);
	ck_assert_int_eq(db_commit(s->db), 0);
	ck_assert_int_eq(db_script(s->db, "UPDATE job SET state = 'done', ended = 1"), 0);
	change_page_done(&page);
	told = BUF_INIT(LIMIT_CONFIG_BYTES);
}

static void teardown(void)
{
	buf_done(&told);
	s = store_close(s);
	tmpdir_remove();
}

static void note(void *arg, const struct store_damage *d)
{
	(void)arg;
	buf_printf(&told, "%s %s %d %d: %s\n", d->part, d->tenant ? d->tenant : "-", (int)d->job,
		(int)d->page, d->text);
}

static const struct {
	const char *sql; /* what happens to the store */
	int damages;	 /* found by all, by --quick */
	int quick;
	const char *words; /* in what is told */
} cases[] = {
	{"", 0, 0, ""},
	{"UPDATE page SET data = x'28b52ffd00' WHERE number = 2", 1, 0, "page contoso 7 2: is not"},
	{"UPDATE page SET sha256 = zeroblob(32)", 2, 0, "page contoso 7 1: is not"},
	{"UPDATE page SET bytes = bytes + 1 WHERE number = 1", 1, 0, "page contoso 7 1"},
	{"DELETE FROM page WHERE number = 2", 3, 2, "page contoso 7 2: is missing"},
	{"DELETE FROM change_row WHERE ordinal = 1", 2, 2, "rows contoso 7 0: has"},
	{"DELETE FROM change_object WHERE ordinal = 1", 1, 1, "index of objects"},
	{"UPDATE job SET changes = changes + 1", 1, 1, "instead of"},
	{"INSERT INTO change_object (job, object_id, ordinal) VALUES (7, x'00', 900)", 1, 1,
		"index of objects"},
	{"INSERT INTO change_row SELECT 9, ordinal, page, shape, object_id, name, deleted_at,"
	 " created_at, anchors FROM change_row WHERE ordinal = 1",
		1, 1, "changes of job 9, which is not"},
};

START_TEST(names_what_is_wrong)
{
	struct store_verified v = {0};

	ck_assert_int_eq(db_script(s->db, cases[_i].sql), 0);
	ck_assert_int_eq(store_verify(s, false, note, NULL, &v), 0);
	ck_assert_msg(v.damages == cases[_i].damages, "%s", buf_text(&told));
	ck_assert_int_eq(v.jobs, 1);
	ck_assert_int_eq(v.pages, 2);
	ck_assert_msg(strstr(buf_text(&told), cases[_i].words) != NULL, "%s", buf_text(&told));
	ck_assert_int_eq(store_verify(s, true, note, NULL, &v), 0);
	ck_assert_int_eq(v.damages, cases[_i].quick);
	ck_assert_int_eq(v.pages, 0);
}
END_TEST

Suite *suite(void)
{
	Suite *su = suite_create("store_verify");
	TCase *t = tcase_create("store_verify");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, names_what_is_wrong, 0, (int)ARRAY_SIZE(cases));
	suite_add_tcase(su, t);
	return su;
}
