/* SPDX-License-Identifier: Apache-2.0 */
/* Each shape is stored once, whatever the cache holds. */
#include <check.h>
#include <stdio.h>

#include "common/store/store_shape.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

static struct store *s;
static struct store_shapes shapes;

static void setup(void)
{
	char url[256];

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("x.db"));
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
}

static void teardown(void)
{
	store_shapes_done(&shapes);
	s = store_close(s);
	tmpdir_remove();
}

static int64_t id_of(const char *type, const char *change, const char *changed)
{
	const struct change_row row = {.entity_type = type, .change = change, .changed = changed};
	int64_t id = -1;

	ck_assert_int_eq(store_shape_id(s, &shapes, &row, &id), 0);
	return id;
}

START_TEST(texts_in_other_places_are_others)
{
	static const char *const rows[][3] = {
		{"user", "modified", "city"},
		{"user", "modified", ""},
		{"user", "modified", "city mail"},
		{"group", "modified", "city"},
		{"user", "deleted", "city"},
		{"modified", "user", "city"},
		{"", "", ""},
		{"a", "", ""},
		{"", "a", ""},
		{"", "", "a"},
		{"", "", "\xff"},
	};
	int64_t ids[ARRAY_SIZE(rows)];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ids[i] = id_of(rows[i][0], rows[i][1], rows[i][2]);
		for (size_t k = 0; k < i; k++)
			ck_assert_int_ne(ids[i], ids[k]);
	}
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			ck_assert_int_eq(id_of(rows[i][0], rows[i][1], rows[i][2]), ids[i]);
		store_shapes_done(&shapes);
	}
}
END_TEST

START_TEST(more_than_the_cache_holds)
{
	static const struct db_sql count = {"", "SELECT count(*) FROM change_shape"};
	int64_t first[2 * STORE_SHAPES_CACHED], n = 0;
	char name[32];

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
			(void)snprintf(name, sizeof(name), "p%zu", i);
			int64_t id = id_of("user", "modified", name);
			if (round == 0)
				first[i] = id;
			ck_assert_int_eq(id, first[i]);
		}
	}
	ck_assert_int_eq(db_query_int(s->db, &count, DB_NO_ARGS, &n), 1);
	ck_assert_int_eq(n, (int64_t)ARRAY_SIZE(first));
}
END_TEST

Suite *suite(void)
{
	Suite *su = suite_create("store_shape");
	TCase *t = tcase_create("store_shape");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, texts_in_other_places_are_others);
	tcase_add_test(t, more_than_the_cache_holds);
	suite_add_tcase(su, t);
	return su;
}
