/* SPDX-License-Identifier: Apache-2.0 */
/* common/store/store_sign_in.c, and what store_tenant.c knows of reading jobs, on a real database.
 */
#include "common/store/store_sign_in.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "common/store/store.h"
#include "common/store/store_tenant.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define CONTOSO "aaaaaaaa-1111-4111-8111-111111111111"
#define CONTOSO_LOUD "AAAAAAAA-1111-4111-8111-111111111111"
#define FABRIKAM "bbbbbbbb-2222-4222-8222-222222222222"
#define T(seconds) (INT64_C(1790000000000000) + (seconds)*USEC_PER_SEC)

static struct store *s;

static void setup(void)
{
	char url[300];

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("s.db"));
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
}

static void teardown(void)
{
	s = store_close(s);
	tmpdir_remove();
}

static struct sign_in bare(const char *tenant_id)
{
	struct sign_in v = SIGN_IN_INIT;

	ck_assert_int_eq(text_into(v.tenant_id, sizeof(v.tenant_id), tenant_id), 0);
	v.how = SIGN_IN_BY_DEVICE;
	v.enrolled_us = T(0);
	return v;
}

START_TEST(what_was_put_is_got)
{
	struct sign_in v = bare(CONTOSO_LOUD), got = SIGN_IN_INIT;

	v.guest = 0;
	v.account = (char *)"svc@contoso.example";
	v.account_id = (char *)FABRIKAM;
	v.scopes = (char *)"a b c";
	v.refreshed_us = T(1);
	v.refused_us = T(2);
	v.refused_text = (char *)"revoked";
	v.refused_hint = (char *)"sign in";
	v.probed_us = T(3);
	v.age_us = T(4);
	v.idle_us = T(5);
	ck_assert_int_eq(store_sign_in_put(s, &v), 0);
	ck_assert_int_eq(store_sign_in_get(s, CONTOSO_LOUD, &got), 1);
	ck_assert_str_eq(got.tenant_id, CONTOSO);
	ck_assert_int_eq(got.how, SIGN_IN_BY_DEVICE);
	ck_assert_str_eq(got.account, v.account);
	ck_assert_str_eq(got.account_id, v.account_id);
	ck_assert_str_eq(got.scopes, v.scopes);
	ck_assert_int_eq(got.guest, 0);
	ck_assert_int_eq(got.enrolled_us, T(0));
	ck_assert_int_eq(got.refreshed_us, T(1));
	ck_assert_int_eq(got.refused_us, T(2));
	ck_assert_str_eq(got.refused_text, "revoked");
	ck_assert_str_eq(got.refused_hint, "sign in");
	ck_assert_int_eq(got.probed_us, T(3));
	ck_assert_int_eq(got.age_us, T(4));
	ck_assert_int_eq(got.idle_us, T(5));
	sign_in_done(&got);
}
END_TEST

START_TEST(what_is_not_known_stays_so)
{
	struct sign_in v = bare(CONTOSO), got = SIGN_IN_INIT;

	/* replaced as a whole: nothing of the former is left */
	v.account = (char *)"anna";
	v.refused_us = T(1);
	v.refused_text = (char *)"x";
	ck_assert_int_eq(store_sign_in_put(s, &v), 0);
	v = bare(CONTOSO);
	ck_assert_int_eq(store_sign_in_put(s, &v), 0);
	ck_assert_int_eq(store_sign_in_get(s, CONTOSO, &got), 1);
	ck_assert_ptr_null(got.account);
	ck_assert_ptr_null(got.scopes);
	ck_assert_ptr_null(got.refused_text);
	ck_assert_int_eq(got.guest, -1);
	ck_assert_int_eq(got.refreshed_us, TIME_NONE);
	ck_assert_int_eq(got.refused_us, TIME_NONE);
	ck_assert_int_eq(got.age_us, TIME_NONE);
	sign_in_done(&got);
}
END_TEST

START_TEST(what_makes_no_row)
{
	struct sign_in v = bare("contoso"), got = SIGN_IN_INIT;

	ck_assert_int_eq(store_sign_in_put(s, &v), -EINVAL);
	v = bare(CONTOSO);
	v.enrolled_us = TIME_NONE;
	ck_assert_int_eq(store_sign_in_put(s, &v), -EINVAL);
	ck_assert_int_eq(store_sign_in_get(s, CONTOSO, &got), 0);
	ck_assert_int_eq(store_sign_in_get(s, "contoso", &got), 0);
}
END_TEST

START_TEST(listed_and_forgotten)
{
	struct sign_in b = bare(FABRIKAM), a = bare(CONTOSO);
	struct sign_in_list list = {0};

	ck_assert_int_eq(store_sign_in_list(s, &list), 0);
	ck_assert_uint_eq(list.n, 0);
	ck_assert_int_eq(store_sign_in_put(s, &b), 0);
	ck_assert_int_eq(store_sign_in_put(s, &a), 0);
	ck_assert_int_eq(store_sign_in_list(s, &list), 0);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_str_eq(list.items[0].tenant_id, CONTOSO);
	ck_assert_str_eq(list.items[1].tenant_id, FABRIKAM);
	sign_in_list_done(&list);
	ck_assert_int_eq(store_sign_in_forget(s, CONTOSO_LOUD), 0);
	ck_assert_int_eq(store_sign_in_forget(s, CONTOSO), 0);
	ck_assert_int_eq(store_sign_in_forget(s, "contoso"), 0);
	ck_assert_int_eq(store_sign_in_list(s, &list), 0);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_str_eq(list.items[0].tenant_id, FABRIKAM);
	sign_in_list_done(&list);
}
END_TEST

/* A newer program may know ways that we do not. */
START_TEST(another_way_to_sign_in)
{
	struct sign_in v = bare(CONTOSO), got = SIGN_IN_INIT;

	ck_assert_int_eq(store_sign_in_put(s, &v), 0);
	ck_assert_int_eq(db_script(s->db, "UPDATE sign_in SET how = 'federated'"), 0);
	ck_assert_int_eq(store_sign_in_get(s, CONTOSO, &got), 1);
	ck_assert_int_eq(got.how, SIGN_IN_BY_UNKNOWN);
	sign_in_done(&got);
}
END_TEST

START_TEST(what_reads_a_job)
{
	_cleanup_(freep) char *what = NULL;
	int64_t row;

	ck_assert_int_eq(store_tenant_set_job_read(s, CONTOSO, "app jobs"), 0);
	ck_assert_int_eq(store_tenant_get_job_read(s, CONTOSO, &what), 0);
	ck_assert_int_eq(store_tenant_admit(s, "contoso", CONTOSO, T(0), &row), 0);
	ck_assert_int_eq(store_tenant_get_job_read(s, CONTOSO, &what), 0);
	ck_assert_int_eq(store_tenant_set_job_read(s, CONTOSO, "user jobs"), 0);
	/* renamed */
	ck_assert_int_eq(store_tenant_admit(s, "contoso2", CONTOSO, T(0), &row), 0);
	ck_assert_int_eq(store_tenant_get_job_read(s, CONTOSO, &what), 1);
	ck_assert_str_eq(what, "user jobs");
}
END_TEST

Suite *suite(void)
{
	Suite *su = suite_create("store_sign_in");
	TCase *t = tcase_create("store_sign_in");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_was_put_is_got);
	tcase_add_test(t, what_is_not_known_stays_so);
	tcase_add_test(t, what_makes_no_row);
	tcase_add_test(t, listed_and_forgotten);
	tcase_add_test(t, another_way_to_sign_in);
	tcase_add_test(t, what_reads_a_job);
	suite_add_tcase(su, t);
	return su;
}
