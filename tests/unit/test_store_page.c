/* SPDX-License-Identifier: Apache-2.0 */
/* Pages and rows in the store. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/store/store_lease.h"
#include "common/store/store_element.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define ANNA "11111111-aaaa-4111-8111-111111111111"
#define BO "22222222-2222-4222-8222-222222222222"

static struct store *s;
static struct buf raw;
static struct change_page page;

static const char job_row[] =
	"INSERT INTO tenant (id, name, tenant_id, first_seen) VALUES (1, 'contoso', 'x', 0);"
	"INSERT INTO job (id, tenant, watch, filter_hash, filter, baseline, initial, due, queued,"
	" state, holds_slot, snapshot, snapshot_created, covered_from, adopted, pages, changes,"
	" unknown, attempts, epoch)"
	" VALUES (7, 1, 'all', '', '', 'covered', 0, 0, 0, 'collecting', 0, 's', 0, 0, 0, 0, 0, 0, "
	"0, 0)";

enum {
	SQL_PAGES,
	SQL_CHANGES,
	SQL_UNKNOWN,
	SQL_AT_END,
	SQL_STORED,
	SQL_COUNT_ROWS,
	SQL_COUNT_INDEX,
};
static const struct db_sql sql[] = {
	[SQL_PAGES] = {"", "SELECT pages FROM job WHERE id = 7"},
	[SQL_CHANGES] = {"", "SELECT changes FROM job WHERE id = 7"},
	[SQL_UNKNOWN] = {"", "SELECT unknown FROM job WHERE id = 7"},
	[SQL_AT_END] = {"", "SELECT next_link = '' FROM job WHERE id = 7"},
	[SQL_STORED] = {"", "SELECT sum(length(data)) FROM page"},
	[SQL_COUNT_ROWS] = {"", "SELECT count(*) FROM change"},
	[SQL_COUNT_INDEX] = {"", "SELECT count(*) FROM change_object"},
};

static int64_t number(int which)
{
	int64_t n = -1;

	ck_assert_int_eq(db_query_int(s->db, &sql[which], DB_NO_ARGS, &n), 1);
	return n;
}

static void setup(void)
{
	char url[256];

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("x.db"));
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
	ck_assert_int_eq(db_script(s->db, job_row), 0);
	ck_assert_int_eq(store_lease_take(s, 1), 0);
	raw = BUF_INIT(LIMIT_PAGE_BYTES);
	ck_assert_int_eq(file_read("tests/fixtures/graph/changes-anomalies.json", &raw), 0);
	ck_assert_int_eq(change_page_parse(raw.data, raw.len, &page), 0);
}

static void teardown(void)
{
	change_page_done(&page);
	buf_done(&raw);
	s = store_close(s);
	tmpdir_remove();
}

static int put(int64_t at)
{
	ck_assert_int_eq(db_begin(s->db), 0);
	int r = store_page_put(s, 7, at, raw.data, raw.len, &page);
	if (r == 0)
		ck_assert_int_eq(db_commit(s->db), 0);
	db_rollback(s->db);
	return r;
}

static void set_link(const char *link)
{
	free(page.next_link);
	page.next_link = strdup(link);
}

/* The end of the chain. */
static void page_without_rows(int64_t at)
{
	size_t n = page.n;

	page.n = 0;
	ck_assert_int_eq(put(at), 0);
	page.n = n;
}

START_TEST(a_page_comes_back)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_PAGE_BYTES);

	ck_assert_int_eq(put(1), 0);
	buf_puts(&out, "before:");
	ck_assert_int_eq(store_page_read(s, 7, 1, &out, NULL), 0);
	ck_assert_uint_eq(out.len, raw.len + 7);
	ck_assert_mem_eq(out.data + 7, raw.data, raw.len);
	ck_assert_int_lt(number(SQL_STORED), (int64_t)raw.len / 2);
	ck_assert_int_eq(store_page_read(s, 7, 2, &out, NULL), STORE_PAGE_E_MISSING);
	ck_assert_int_eq(number(SQL_PAGES), 1);
	ck_assert_int_eq(number(SQL_CHANGES), (int64_t)page.n);
	ck_assert_int_eq(number(SQL_UNKNOWN), (int64_t)page.unknown.n);
}
END_TEST

START_TEST(pages_come_in_order)
{
	ck_assert_int_eq(put(2), STORE_PAGE_E_ORDER);
	ck_assert_int_eq(put(1), 0);
	ck_assert_int_eq(put(1), STORE_PAGE_E_ORDER);
	ck_assert_int_eq(put(2), STORE_PAGE_E_LOOP); /* the same link again */
	set_link("https://graph.microsoft.com/next");
	ck_assert_int_eq(put(2), 0);
	set_link("");
	ck_assert_int_eq(put(3), 0);
	ck_assert_int_eq(number(SQL_AT_END), 1);
	ck_assert_int_eq(put(4), STORE_PAGE_E_ORDER);
	ck_assert_int_eq(number(SQL_PAGES), 3);
	ck_assert_int_eq(number(SQL_CHANGES), 3 * (int64_t)page.n);
	ck_assert_int_eq(number(SQL_COUNT_ROWS), 3 * (int64_t)page.n);
	ck_assert_int_eq(store_page_put(s, 8, 1, raw.data, raw.len, &page), STORE_PAGE_E_MISSING);
}
END_TEST

START_TEST(rows_come_back_in_the_order_of_the_service)
{
	struct store_changes list;

	ck_assert_int_eq(put(1), 0);
	set_link("");
	ck_assert_int_eq(put(2), 0);
	int64_t after = 0;
	size_t seen = 0;
	do {
		ck_assert_int_eq(store_change_list(s, 7, after, NULL, NULL, 4, &list), 0);
		for (size_t i = 0; i < list.n; i++, seen++) {
			const struct change_row *row = &page.rows[seen % page.n];
			const struct store_change *got = &list.items[i];
			ck_assert_int_eq(got->ordinal, (int64_t)seen + 1);
			ck_assert_int_eq(got->page, seen < page.n ? 1 : 2);
			ck_assert_str_eq(got->entity_type, row->entity_type);
			ck_assert_int_eq(strcasecmp(got->object_id, row->object_id), 0);
			ck_assert_pstr_eq(got->name, row->name);
			ck_assert_str_eq(got->change, row->change);
			ck_assert_str_eq(got->changed, row->changed);
			ck_assert_int_eq(got->deleted_at_us, row->deleted_at_us);
			ck_assert_int_eq(got->created_at_us, row->created_at_us);
			after = got->ordinal;
		}
		size_t n = list.n;
		store_changes_done(&list);
		if (n < 4)
			break;
	} while (true);
	ck_assert_uint_eq(seen, 2 * page.n);
}
END_TEST

START_TEST(rows_are_filtered)
{
	static const struct {
		const char *change, *type;
		size_t n;
	} cases[] = {
		{NULL, NULL, 9},
		{"modified", NULL, 3},
		{"appeared", "user", 1},
		{NULL, "group", 1},
		{"merge", NULL, 1},
		{"deleted", "group", 0},
	};
	struct store_changes list;

	ck_assert_int_eq(put(1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(
			store_change_list(s, 7, 0, cases[i].change, cases[i].type, 100, &list), 0);
		ck_assert_uint_eq(list.n, cases[i].n);
		store_changes_done(&list);
	}
	ck_assert_int_eq(store_change_list(s, 6, 0, NULL, NULL, 100, &list), 0);
	ck_assert_uint_eq(list.n, 0);
	store_changes_done(&list);
}
END_TEST

START_TEST(rows_of_an_object)
{
	static const struct {
		const char *id;
		size_t n;
	} cases[] = {
		{"11111111-AAAA-4111-8111-111111111111", 2},
		{ANNA, 2},
		{BO, 2},
		{"yFUMOQOe1kqoSrcTqQPlsXRzdHNzc3NzdHNzdHM_abc", 1},
		{"nobody", 0},
	};
	struct store_changes list;

	ck_assert_int_eq(put(1), 0);
	ck_assert_int_eq(store_change_of_object(s, 7, BO, 0, 10, &list), 0);
	ck_assert_uint_eq(list.n, 0); /* the index is made with the last page */
	store_changes_done(&list);
	set_link("");
	page_without_rows(2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(store_change_of_object(s, 7, cases[i].id, 0, 10, &list), 0);
		ck_assert_uint_eq(list.n, cases[i].n);
		store_changes_done(&list);
	}
	ck_assert_int_eq(store_change_of_object(s, 7, ANNA, 1, 10, &list), 0);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_str_eq(list.items[0].object_id, ANNA);
	ck_assert_str_eq(list.items[0].change, "deleted");
	store_changes_done(&list);
}
END_TEST

START_TEST(elements)
{
	struct store_elements e = {.store = s};
	struct store_changes list;
	const char *element = NULL;
	size_t len = 0;

	ck_assert_int_eq(put(1), 0);
	set_link("");
	ck_assert_int_eq(put(2), 0);
	ck_assert_int_eq(store_change_list(s, 7, 0, NULL, NULL, 100, &list), 0);
	ck_assert_uint_eq(list.n, 2 * page.n);
	for (size_t i = 0; i < list.n; i++) {
		const struct change_row *row = &page.rows[i % page.n];
		ck_assert_int_eq(store_element(&e, &list.items[i], &element, &len), 0);
		ck_assert_uint_eq(len, row->len);
		ck_assert_mem_eq(element, raw.data + row->off, len);
	}
	list.items[0].ordinal = (int64_t)page.n + 1;
	ck_assert_int_eq(store_element(&e, &list.items[0], &element, &len), STORE_PAGE_E_DAMAGED);
	list.items[0].ordinal = 0;
	ck_assert_int_eq(store_element(&e, &list.items[0], &element, &len), STORE_PAGE_E_DAMAGED);
	list.items[0].page = 9;
	ck_assert_int_eq(store_element(&e, &list.items[0], &element, &len), STORE_PAGE_E_MISSING);
	store_changes_done(&list);
	store_elements_done(&e);
}
END_TEST

START_TEST(damage_is_noticed)
{
	static const char *const damages[] = {
		"UPDATE page SET sha256 = x'00'",
		"UPDATE page SET bytes = bytes + 1",
		"UPDATE page SET data = x''",
		"UPDATE page SET data = x'28b52ffd0000'",
		/* a good frame of something else */
		"UPDATE page SET data = x'28b52ffd2000010000'",
	};
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_PAGE_BYTES);

	ck_assert_int_eq(put(1), 0);
	ck_assert_int_eq(db_begin(s->db), 0);
	ck_assert_int_eq(db_script(s->db, damages[_i]), 0);
	ck_assert_int_eq(store_page_read(s, 7, 1, &out, NULL), STORE_PAGE_E_DAMAGED);
	ck_assert_uint_eq(out.len, 0);
	db_rollback(s->db);
	ck_assert_int_eq(store_page_read(s, 7, 1, &out, NULL), 0);
}
END_TEST

START_TEST(objects_are_counted)
{
	int64_t n = 0;

	ck_assert_int_eq(store_page_distinct(s, 7, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(put(1), 0);
	ck_assert_int_eq(store_page_distinct(s, 7, &n), 0);
	/* Anna twice; Bo as a user and as something unknown */
	ck_assert_int_eq(n, (int64_t)page.n - 1);
}
END_TEST

START_TEST(a_job_is_read_anew)
{
	set_link("");
	ck_assert_int_eq(put(1), 0);
	ck_assert_int_eq(number(SQL_COUNT_INDEX), (int64_t)page.n);
	ck_assert_int_eq(store_page_forget(s, 7), 0);
	ck_assert_int_eq(number(SQL_COUNT_INDEX), 0);
	ck_assert_int_eq(number(SQL_PAGES), 0);
	ck_assert_int_eq(number(SQL_CHANGES), 0);
	ck_assert_int_eq(number(SQL_COUNT_ROWS), 0);
	ck_assert_int_eq(put(1), 0);
	ck_assert_int_eq(store_page_forget(s, 8), STORE_PAGE_E_MISSING);
}
END_TEST

START_TEST(nobody_else_writes)
{
	ck_assert_int_eq(db_script(s->db, "UPDATE tenant_lease SET owner = 'other'"), 0);
	ck_assert_int_eq(put(1), -ESTALE);
	ck_assert_int_eq(number(SQL_PAGES), 0);
	ck_assert_int_eq(db_begin(s->db), 0);
	ck_assert_int_eq(store_page_forget(s, 7), -ESTALE);
	db_rollback(s->db);
}
END_TEST

Suite *suite(void)
{
	Suite *su = suite_create("store_page");
	TCase *t = tcase_create("store_page");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_page_comes_back);
	tcase_add_test(t, pages_come_in_order);
	tcase_add_test(t, rows_come_back_in_the_order_of_the_service);
	tcase_add_test(t, rows_are_filtered);
	tcase_add_test(t, rows_of_an_object);
	tcase_add_test(t, elements);
	tcase_add_loop_test(t, damage_is_noticed, 0, 5);
	tcase_add_test(t, objects_are_counted);
	tcase_add_test(t, a_job_is_read_anew);
	tcase_add_test(t, nobody_else_writes);
	suite_add_tcase(su, t);
	return su;
}
