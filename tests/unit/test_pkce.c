/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "daemon/graph/pkce.h"

Suite *suite(void);

START_TEST(random_texts)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct secret *a = NULL, *b = NULL;

	ck_assert_int_eq(pkce_random(&a), 0);
	ck_assert_int_eq(pkce_random(&b), 0);
	ck_assert_uint_eq(a->len, PKCE_TEXT_LENGTH);
	ck_assert_uint_ge(a->len, 43);
	ck_assert_uint_le(a->len, 128);
	ck_assert_uint_eq(strspn(a->data, unreserved), a->len);
	ck_assert(!secret_equal(a, b));
	(void)secret_free(a);
	(void)secret_free(b);
}
END_TEST

/* RFC 7636, appendix B. */
START_TEST(challenge_of_the_standard)
{
	static const char verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	struct buf out = BUF_INIT(64), small = BUF_INIT(42);
	struct secret *v = NULL;

	ck_assert_int_eq(secret_new(verifier, strlen(verifier), &v), 0);
	ck_assert_int_eq(pkce_challenge(v, &out), 0);
	ck_assert_str_eq(buf_text(&out), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	ck_assert_int_lt(pkce_challenge(v, &small), 0);
	(void)secret_free(v);
	buf_done(&out);
	buf_done(&small);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("pkce");
	TCase *t = tcase_create("all");

	tcase_add_test(t, random_texts);
	tcase_add_test(t, challenge_of_the_standard);
	suite_add_tcase(s, t);
	return s;
}
