/* SPDX-License-Identifier: Apache-2.0 */
/* common/store/store_alert.c and store_condition.c, on a real database. */
#include "common/store/store_alert.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/store/store.h"
#include "common/store/store_condition.h"
#include "common/store/store_lease.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define T(n) (INT64_C(1790000000000000) + (n)*USEC_PER_SEC)

static struct store *st;

static void setup(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", tmpdir_make());
	ck_assert_int_eq(store_open(url, &st, NULL), 0);
	ck_assert_int_eq(db_script(st->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					   " VALUES (1, 'contoso', 'x', 0), (2, 'b', 'y', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(st, 1), 0);
}

static void teardown(void)
{
	st = store_close(st);
	tmpdir_remove();
}

static int put(const char *outside_id, int64_t tenant, int64_t created_us, int64_t *ret_id)
{
	static const struct store_delivery to[] = {{"journal", TIME_NONE}, {"ops", TIME_NONE}};
	struct store_alert a = {
		.tenant = tenant,
		.kind = "test",
		.severity = "notice",
		.created_us = created_us,
		.title = "t",
		.body = "{\"id\":1}",
	};

	(void)snprintf(a.outside_id, sizeof(a.outside_id), "%s", outside_id);
	return store_alert_put(st, &a, to, 2, ret_id);
}

START_TEST(once_per_outside_id)
{
	_cleanup_(outbox_row_done) struct outbox_row row = {0};
	int64_t a = 0, b = 0;

	ck_assert_int_eq(put("one", 1, T(0), &a), 0);
	ck_assert_int_eq(put("one", 1, T(1), &b), STORE_ALERT_E_KNOWN);
	ck_assert_int_eq(b, 0);
	ck_assert_int_eq(put("two", 0, T(1), &b), 0);
	ck_assert_int_ne(a, b);
	/* the tenant's lease is not ours */
	ck_assert_int_eq(put("three", 2, T(1), &b), -ESTALE);

	ck_assert_int_eq(store_outbox_due(st, "ops", T(0) - 1, &row), 0);
	ck_assert_int_eq(store_outbox_due(st, "mail", T(9), &row), 0);
	ck_assert_int_eq(store_outbox_due(st, "ops", T(9), &row), 1);
	ck_assert_str_eq(row.outside_id, "one");
	ck_assert_str_eq(row.kind, "test");
	ck_assert_str_eq(row.severity, "notice");
	ck_assert_str_eq(row.tenant, "contoso");
	ck_assert_str_eq(row.title, "t");
	ck_assert_str_eq(row.body, "{\"id\":1}");
	ck_assert_int_eq(row.created_us, T(0));
	ck_assert_uint_eq(row.attempts, 0);
}
END_TEST

static char *due(const char *sink, int64_t now_us, int64_t *ret_row, unsigned *ret_attempts)
{
	_cleanup_(outbox_row_done) struct outbox_row row = {0};

	if (store_outbox_due(st, sink, now_us, &row) != 1)
		return NULL;
	*ret_row = row.id;
	*ret_attempts = row.attempts;
	return TAKE_PTR(row.outside_id);
}

#define ASSERT_DUE(sink, at, id) \
	do { \
		_cleanup_(freep) char *due_ = due(sink, at, &row, &attempts); \
		ck_assert_pstr_eq(due_, id); \
	} while (0)

START_TEST(what_waits_is_woken)
{
	int64_t id, row = 0, next = 0;
	unsigned attempts = 0;

	for (int i = 0; i < 3; i++) {
		const char *const names[] = {"one", "two", "three"};

		ck_assert_int_eq(put(names[i], 1, T(i), &id), 0);
		ASSERT_DUE("ops", T(5), names[i]);
		ck_assert_int_eq(store_outbox_later(st, row, T(100 + i), "busy"), 0);
	}
	ASSERT_DUE("journal", T(5), "one");
	ck_assert_int_eq(store_outbox_later(st, row, T(100), "busy"), 0);
	ASSERT_DUE("ops", T(100), "one");
	ck_assert_int_eq(store_outbox_sent(st, row, T(50)), 0);
	ck_assert_int_eq(store_outbox_wake(st, "ops", T(50)), 0);
	ASSERT_DUE("ops", T(49), NULL);
	ASSERT_DUE("ops", T(50), "two");
	ck_assert_uint_eq(attempts, 1);
	/* nothing of another sink, and nothing later than it was */
	ASSERT_DUE("journal", T(50), "two");
	ck_assert_int_eq(store_outbox_wake(st, "ops", T(60)), 0);
	ck_assert_int_eq(store_outbox_next(st, "ops", &next), 0);
	ck_assert_int_eq(next, T(50));
}
END_TEST

START_TEST(attempts_end_somehow)
{
	int64_t id, row = 0, next = 0;
	unsigned attempts = 0;

	ck_assert_int_eq(put("one", 1, T(0), &id), 0);
	ck_assert_int_eq(put("two", 1, T(1), &id), 0);
	ASSERT_DUE("ops", T(5), "one");
	ck_assert_int_eq(store_outbox_later(st, row, T(100), "busy"), 0);
	ASSERT_DUE("ops", T(5), "two");
	ck_assert_int_eq(store_outbox_sent(st, row, T(6)), 0);
	ASSERT_DUE("ops", T(99), NULL);
	ck_assert_int_eq(store_outbox_next(st, "ops", &next), 0);
	ck_assert_int_eq(next, T(100));
	ASSERT_DUE("ops", T(100), "one");
	ck_assert_uint_eq(attempts, 1);
	ck_assert_int_eq(store_outbox_dead(st, row, "gone"), 0);
	ASSERT_DUE("ops", T(1000), NULL);
	ck_assert_int_eq(store_outbox_next(st, "ops", &next), 0);
	ck_assert_int_eq(next, TIME_NONE);
	/* another sink has rows of its own */
	ASSERT_DUE("journal", T(5), "one");
}
END_TEST

START_TEST(what_was_sent_before_it_could_be_stored)
{
	const struct store_delivery to[] = {{"journal", T(3)}, {"ops", TIME_NONE}};
	const struct store_alert a = {"id", 0, "store_full", "critical", 0, T(2), "t", "{}"};
	int64_t id, row;
	unsigned attempts;

	ck_assert_int_eq(store_alert_put(st, &a, to, 2, &id), 0);
	ASSERT_DUE("journal", T(9), NULL);
	ASSERT_DUE("ops", T(9), "id");
}
END_TEST

START_TEST(sinks_that_left)
{
	const char *const names[] = {"journal"};
	const char *const both[] = {"journal", "ops"};
	int64_t id, n = -1, row;
	unsigned attempts;

	ck_assert_int_eq(put("one", 1, T(0), &id), 0);
	ck_assert_int_eq(put("two", 1, T(50), &id), 0);
	ck_assert_int_eq(store_outbox_forget(st, both, 2, T(10), &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(store_outbox_forget(st, names, 1, T(10), &n), 0);
	ck_assert_int_eq(n, 1);
	ASSERT_DUE("ops", T(90), "two");
	ASSERT_DUE("journal", T(90), "one");
	ck_assert_int_eq(store_outbox_forget(st, NULL, 0, T(100), &n), 0);
	ck_assert_int_eq(n, 3);
}
END_TEST

START_TEST(conditions)
{
	_cleanup_(store_conditions_done) struct store_conditions list = {0};

	ck_assert_int_eq(store_condition_clear(st, 1, "throttled", "", T(0)), 0);
	ck_assert_int_eq(store_condition_set(st, 1, "throttled", "", T(1)), 1);
	ck_assert_int_eq(store_condition_set(st, 1, "throttled", "", T(2)), 0);
	ck_assert_int_eq(store_condition_set(st, 0, "sink_failing", "ops", T(3)), 1);
	ck_assert_int_eq(store_condition_set(st, 0, "sink_failing", "chat", T(3)), 1);
	ck_assert_int_eq(store_condition_set(st, 2, "throttled", "", T(2)), -ESTALE);
	ck_assert_int_eq(store_condition_told(st, 1, "throttled", "", 7), 0);
	ck_assert_int_eq(store_condition_load(st, &list), 0);
	ck_assert_uint_eq(list.n, 3);
	ck_assert_str_eq(list.items[0].subject, "chat");
	ck_assert_int_eq(list.items[2].tenant, 1);
	ck_assert_str_eq(list.items[2].kind, "throttled");
	ck_assert_int_eq(list.items[2].since_us, T(1));
	/* it ends, and may begin again */
	ck_assert_int_eq(store_condition_clear(st, 1, "throttled", "", T(4)), 1);
	ck_assert_int_eq(store_condition_clear(st, 1, "throttled", "", T(5)), 0);
	ck_assert_int_eq(store_condition_set(st, 1, "throttled", "", T(6)), 1);
	ck_assert_int_eq(store_condition_set(st, 1, "throttled", "", T(7)), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("store_alert");
	TCase *tc = tcase_create("store_alert");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, once_per_outside_id);
	tcase_add_test(tc, what_waits_is_woken);
	tcase_add_test(tc, attempts_end_somehow);
	tcase_add_test(tc, what_was_sent_before_it_could_be_stored);
	tcase_add_test(tc, sinks_that_left);
	tcase_add_test(tc, conditions);
	suite_add_tcase(s, tc);
	return s;
}
