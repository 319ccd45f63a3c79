/* SPDX-License-Identifier: Apache-2.0 */
/* common/store/store_finding.c, on a real database. */
#include "common/store/store_finding.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/store/store.h"
#include "common/store/store_lease.h"
#include "tests/support/tmpdir.h"

/* A row says what differs from the usual. */
#pragma GCC diagnostic ignored "-Woverride-init"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Woverride-init-side-effects"
#endif

Suite *suite(void);

#define T(n) (INT64_C(1790000000000000) + (n)*USEC_PER_SEC)
#define ANNA "aaaaaaaa-0000-0000-0000-00000000000A"

static struct store *st;

#define KEY(...) \
	(struct finding_key) \
	{ \
		.tenant = 1, .entity_type = "user", .object_id = ANNA, .change = "deleted", \
		.atom = "", __VA_ARGS__ \
	}
#define ROW(...) \
	(struct finding_row) \
	{ \
		.key = KEY(), .watch = "all", .episode = 1, .lo_us = T(0), .hi_us = T(10), \
		.deleted_at_us = TIME_NONE, .attention = ATTENTION_OPEN, \
		.severity = VERDICT_WARNING, .job = 1, .ordinal = 1, .seen_us = T(20), __VA_ARGS__ \
	}

static void setup(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", tmpdir_make());
	ck_assert_int_eq(store_open(url, &st, NULL), 0);
	ck_assert_int_eq(
		db_script(st->db,
			"INSERT INTO tenant (id, name, tenant_id, first_seen)"
			" VALUES (1, 'a', 'x', 0), (2, 'b', 'y', 0);"
			"INSERT INTO job (id, tenant, watch, filter_hash, filter, baseline,"
			" initial, due, queued, state, holds_slot, snapshot, snapshot_created,"
			" covered_from, adopted, instant, pages, changes, unknown, attempts, epoch)"
			" VALUES (1, 1, 'all', 'h', '', 'covered', 0, 0, 0, 'settling', 0, 's', 0,"
			" 0, 0, 1790000010000000, 0, 0, 0, 0, 0),"
			" (2, 1, 'all', 'h', '', 'covered', 0, 0, 0, 'done', 0, 's', 0,"
			" 0, 0, 1790000050000000, 0, 0, 0, 0, 0),"
			" (3, 1, 'all', 'wider', '', 'covered', 0, 0, 0, 'done', 0, 's', 0,"
			" 0, 0, 1790000060000000, 0, 0, 0, 0, 0)"),
		0);
}

static void teardown(void)
{
	st = store_close(st);
	tmpdir_remove();
}

static int64_t insert(const struct finding_row *row)
{
	int64_t id = 0;

	ck_assert_int_eq(store_finding_insert(st, row, &id), 0);
	ck_assert_int_gt(id, 0);
	return id;
}

START_TEST(newest_episode_of_exactly_this_key)
{
	static const uint8_t hash[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct known_finding k;
	int64_t id;

	ck_assert_int_eq(store_finding_newest(st, &KEY(), &k), 0);
	(void)insert(&ROW());
	id = insert(&ROW(.episode = 2, .lo_us = T(30), .hi_us = T(40), .deleted_at_us = T(35),
		.attention = ATTENTION_EXPECTED, .severity = VERDICT_EXPECTED));
	ck_assert_int_eq(store_finding_newest(st, &KEY(), &k), 1);
	ck_assert_int_eq(k.id, id);
	ck_assert_int_eq(k.episode, 2);
	ck_assert_int_eq(k.lo_us, T(30));
	ck_assert_int_eq(k.hi_us, T(40));
	ck_assert_int_eq(k.deleted_at_us, T(35));
	ck_assert_int_eq(k.attention, ATTENTION_EXPECTED);
	ck_assert_int_eq(k.fact, FACT_VISIBLE);
	ck_assert_int_eq(k.severity, VERDICT_EXPECTED);
	ck_assert_int_eq(k.about, ABOUT_DELETION);
	ck_assert_int_eq(k.first_job, 1);
	ck_assert_int_eq(k.last_job, 1);
	ck_assert_int_eq(k.first_baseline_us, 0);
	ck_assert_int_eq(k.as_of_us, T(10));

	/* a GUID is the same in any case; every other part tells findings apart */
	const struct {
		struct finding_key key;
		int found;
	} t[] = {
		{KEY(.object_id = "AAAAAAAA-0000-0000-0000-00000000000a"), 1},
		{KEY(.object_id = "aaaaaaaa-0000-0000-0000-00000000000b"), 0},
		{KEY(.tenant = 2), 0},
		{KEY(.entity_type = "group"), 0},
		{KEY(.change = "appeared"), 0},
		{KEY(.atom = "city"), 0},
		{KEY(.after_hash = hash, .after_hash_len = 8), 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		ck_assert_msg(store_finding_newest(st, &t[i].key, &k) == t[i].found, "row %zu", i);
	(void)insert(&ROW(.key = KEY(.change = "modified", .atom = "city", .after_hash = hash,
				  .after_hash_len = 8)));
	ck_assert_int_eq(store_finding_newest(st,
				 &KEY(.change = "modified", .atom = "city", .after_hash = hash,
					 .after_hash_len = 8),
				 &k),
		1);
	ck_assert_int_eq(
		store_finding_newest(st, &KEY(.change = "modified", .atom = "city"), &k), 0);
}
END_TEST

START_TEST(an_episode_is_there_once)
{
	int64_t id;

	(void)insert(&ROW());
	ck_assert_int_eq(store_finding_insert(st, &ROW(), &id), -EEXIST);
}
END_TEST

START_TEST(seen_again_keeps_what_is_not_told)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	static const struct db_sql all = {"",
		"SELECT lo, hi, deleted_at, name, last_job, last_seen, first_job, first_seen"
		" FROM finding"};
	int64_t id = insert(&ROW(.name = "Anna", .deleted_at_us = T(5)));

	ck_assert_int_eq(store_finding_seen(st, id,
				 &(struct finding_seen){T(4), T(5), TIME_NONE, NULL, 2, T(60)}),
		0);
	ck_assert_int_eq(db_query(st->db, &all, DB_NO_ARGS, &rows), 0);
	ck_assert_int_eq(db_next(&rows), 1);
	ck_assert_int_eq(db_int(&rows, 0), T(4));
	ck_assert_int_eq(db_int(&rows, 1), T(5));
	ck_assert_int_eq(db_int(&rows, 2), T(5));
	ck_assert_str_eq(db_text(&rows, 3), "Anna");
	ck_assert_int_eq(db_int(&rows, 4), 2);
	ck_assert_int_eq(db_int(&rows, 5), T(60));
	ck_assert_int_eq(db_int(&rows, 6), 1);
	ck_assert_int_eq(db_int(&rows, 7), T(20));
}
END_TEST

START_TEST(every_change_of_a_column_has_a_history)
{
	static const struct db_sql history = {"",
		"SELECT what, was, becomes, who, coalesce(why, '-') FROM finding_history"
		" ORDER BY at, what"};
	static const char *const expected[] = {"attention open expected rule x because",
		"fact visible absorbed job 7 -", "severity warning critical job 7 -"};
	const struct finding_why job = {T(2), "job 7", NULL}, rule = {T(1), "rule x", "because"};
	int64_t id = insert(&ROW());
	struct known_finding k;

	ck_assert_int_eq(store_finding_set_fact(st, id, FACT_VISIBLE, FACT_ABSORBED, 0, &job), 0);
	ck_assert_int_eq(store_finding_set_fact(st, id, FACT_ABSORBED, FACT_ABSORBED, 0, &job), 0);
	ck_assert_int_eq(
		store_finding_set_attention(st, id, ATTENTION_OPEN, ATTENTION_EXPECTED, &rule), 0);
	ck_assert_int_eq(
		store_finding_set_severity(st, id, VERDICT_WARNING, VERDICT_CRITICAL, "x", &job),
		0);
	ck_assert_int_eq(store_finding_newest(st, &KEY(), &k), 1);
	ck_assert_int_eq(k.fact, FACT_ABSORBED);
	ck_assert_int_eq(k.attention, ATTENTION_EXPECTED);
	ck_assert_int_eq(k.severity, VERDICT_CRITICAL);

	_cleanup_(db_rows_done) struct db_rows rows = {0};
	ck_assert_int_eq(db_query(st->db, &history, DB_NO_ARGS, &rows), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		char line[128];

		ck_assert_int_eq(db_next(&rows), 1);
		(void)snprintf(line, sizeof(line), "%s %s %s %s %s", db_text(&rows, 0),
			db_text(&rows, 1), db_text(&rows, 2), db_text(&rows, 3), db_text(&rows, 4));
		ck_assert_str_eq(line, expected[i]);
	}
	ck_assert_int_eq(db_next(&rows), 0);
}
END_TEST

START_TEST(the_fact_is_as_of_the_job_that_said_it)
{
	const struct finding_why why = {T(0), "job 2", NULL};
	int64_t id = insert(&ROW());
	struct known_finding k;

	ck_assert_int_eq(store_finding_set_fact(st, id, FACT_VISIBLE, FACT_UNDONE, 2, &why), 0);
	ck_assert_int_eq(store_finding_newest(st, &KEY(), &k), 1);
	ck_assert_int_eq(k.as_of_us, T(50));
	ck_assert_int_eq(k.last_job, 1);
	/* an older job tells times and nothing else */
	ck_assert_int_eq(store_finding_tighten(
				 st, id, &(struct finding_seen){T(4), T(5), T(5), NULL, 3, T(60)}),
		0);
	ck_assert_int_eq(store_finding_newest(st, &KEY(), &k), 1);
	ck_assert_int_eq(k.as_of_us, T(50));
	ck_assert_int_eq(k.deleted_at_us, T(5));
	ck_assert_int_eq(k.fact, FACT_UNDONE);
	ck_assert_int_eq(store_finding_seen(st, id,
				 &(struct finding_seen){T(4), T(5), TIME_NONE, NULL, 3, T(60)}),
		0);
	ck_assert_int_eq(store_finding_newest(st, &KEY(), &k), 1);
	ck_assert_int_eq(k.as_of_us, T(60));
}
END_TEST

START_TEST(a_deletion_is_known_by_its_time)
{
	struct known_finding k;
	int64_t first = insert(&ROW(.deleted_at_us = T(5)));

	(void)insert(&ROW(.episode = 2, .deleted_at_us = T(7)));
	ck_assert_int_eq(store_finding_of_deletion(st, &KEY(), T(5), &k), 1);
	ck_assert_int_eq(k.id, first);
	ck_assert_int_eq(store_finding_of_deletion(st, &KEY(), T(6), &k), 0);
}
END_TEST

START_TEST(opposites_newest_first)
{
	static const uint8_t hash[8] = {1};
	const struct finding_key added = KEY(.change = "link added", .atom = "members/x",
					 .after_hash = hash, .after_hash_len = 8),
				 removed = KEY(.change = "link removed", .atom = "members/x");
	struct known_finding items[4];
	size_t n;

	(void)insert(&ROW());
	(void)insert(&ROW(.episode = 2));
	(void)insert(&ROW(.key = added));
	const struct {
		struct finding_key key;
		const char *opposite;
		size_t limit, n;
		int64_t first;
	} t[] = {
		{KEY(.change = "appeared"), "deleted", 4, 2, 2},
		{KEY(.change = "appeared"), "deleted", 1, 1, 2},
		{KEY(.change = "appeared", .tenant = 2), "deleted", 4, 0, 0},
		{KEY(.change = "appeared", .entity_type = "group"), "deleted", 4, 0, 0},
		/* the two sides of a link have different values */
		{removed, "link added", 4, 1, 3},
		{KEY(.change = "link removed", .atom = "members/y"), "link added", 4, 0, 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ck_assert_int_eq(store_finding_opposites(
					 st, &t[i].key, t[i].opposite, items, t[i].limit, &n),
			0);
		ck_assert_msg(
			n == t[i].n && (n == 0 || items[0].id == t[i].first), "row %zu: %zu", i, n);
	}
}
END_TEST

START_TEST(walks)
{
	static const struct finding_why why = {T(0), "job 7", NULL};
	static const uint8_t hash[8] = {1, 2};
	char id[64];

	for (int i = 1; i <= 7; i++) {
		(void)snprintf(id, sizeof(id), "aaaaaaaa-0000-0000-0000-%012d", i);
		/* 1, 2: job 1; 3, 4: job 2; 5: job 3; 6: of another tenant; 7: no deletion */
		(void)insert(&ROW(.key = KEY(.object_id = id, .tenant = i == 6 ? 2 : 1,
					  .change = i == 7 ? "modified" : "deleted",
					  .atom = i == 7 ? "city" : "", .after_hash = hash,
					  .after_hash_len = i == 7 ? 8 : 0),
			.name = i == 7 ? NULL : "Anna", .hi_us = T(i), .lo_us = T(i) - 1,
			.job = i <= 2	? 1
			       : i <= 4 ? 2
					: 3));
	}
	ck_assert_int_eq(store_finding_set_fact(st, 4, FACT_VISIBLE, FACT_ABSORBED, 0, &why), 0);
	ck_assert_int_eq(store_finding_set_fact(st, 2, FACT_VISIBLE, FACT_VANISHED, 2, &why), 0);
	struct {
		int64_t tenant;
		enum finding_walk which;
		int64_t job, at_us;
		struct finding_place after;
		size_t limit;
		const char *ids;
	} t[] = {
		{1, FINDING_WALK_VISIBLE, 9, 0, FINDING_WALK_START, 9, "1 3 5 7"},
		{1, FINDING_WALK_VISIBLE, 3, 0, FINDING_WALK_START, 9, "1 3"},
		{1, FINDING_WALK_VISIBLE, 9, 0, {0, 3}, 1, "5"},
		{2, FINDING_WALK_VISIBLE, 9, 0, FINDING_WALK_START, 9, "6"},
		{1, FINDING_WALK_ABSORBED, 0, T(4) - 1, FINDING_WALK_START, 9, "4"},
		{1, FINDING_WALK_ABSORBED, 0, T(4), FINDING_WALK_START, 9, ""},
		{1, FINDING_WALK_DELETED, 0, T(4), FINDING_WALK_START, 9, "1 2 3 4"},
		{1, FINDING_WALK_DELETED, 0, T(3), {T(1), 1}, 9, "2 3"},
		{1, FINDING_WALK_DELETED, 0, T(3), {T(1), 0}, 1, "1"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_(finding_items_done) struct finding_items list = {0};
		char got[64] = "";
		size_t len = 0;

		ck_assert_int_eq(store_finding_walk(st, t[i].tenant, t[i].which, t[i].job,
					 t[i].at_us, &t[i].after, t[i].limit, &list),
			0);
		for (size_t k = 0; k < list.n; k++)
			len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%lld",
				k ? " " : "", (long long)list.items[k].known.id);
		ck_assert_msg(strcmp(got, t[i].ids) == 0, "row %zu: %s", i, got);
	}

	_cleanup_(finding_items_done) struct finding_items list = {0};
	struct finding_place place = {0, 6};
	ck_assert_int_eq(
		store_finding_walk(st, 1, FINDING_WALK_VISIBLE, 9, 0, &place, 9, &list), 0);
	ck_assert_int_eq(place.id, 7);
	ck_assert_str_eq(list.items[0].entity_type, "user");
	ck_assert_str_eq(list.items[0].object_id, "aaaaaaaa-0000-0000-0000-000000000007");
	ck_assert_str_eq(list.items[0].change, "modified");
	ck_assert_str_eq(list.items[0].atom, "city");
	ck_assert_ptr_null(list.items[0].name);
	ck_assert_uint_eq(list.items[0].after_hash_len, 8);
	ck_assert_mem_eq(list.items[0].after_hash, hash, 8);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("store_finding");
	TCase *tc = tcase_create("store_finding");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, newest_episode_of_exactly_this_key);
	tcase_add_test(tc, an_episode_is_there_once);
	tcase_add_test(tc, seen_again_keeps_what_is_not_told);
	tcase_add_test(tc, every_change_of_a_column_has_a_history);
	tcase_add_test(tc, the_fact_is_as_of_the_job_that_said_it);
	tcase_add_test(tc, a_deletion_is_known_by_its_time);
	tcase_add_test(tc, opposites_newest_first);
	tcase_add_test(tc, walks);
	suite_add_tcase(s, tc);
	return s;
}
