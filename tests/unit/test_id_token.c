/* SPDX-License-Identifier: Apache-2.0 */
/* Id tokens: what is read of them, and which are for us. */
#include <check.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "daemon/graph/id_token.h"

Suite *suite(void);

#define TENANT "11111111-1111-4111-8111-111111111111"
#define CLIENT "22222222-2222-4222-8222-222222222222"
#define NOW_S 1763920800
#define ISS "\"iss\":\"https://login.example/" TENANT "/v2.0\""
#define GOOD ISS ",\"aud\":\"" CLIENT "\",\"tid\":\"" TENANT "\",\"nonce\":\"n\",\"exp\":1763924400"

static void make(const char *payload, struct buf *out)
{
	base64url_append(out, "{\"alg\":\"none\"}", strlen("{\"alg\":\"none\"}"));
	buf_putc(out, '.');
	base64url_append(out, payload, strlen(payload));
	buf_puts(out, ".c2lnbmF0dXJl");
}

static int read_payload(const char *payload, struct id_token *ret)
{
	struct buf token = BUF_INIT(LIMIT_TOKEN_REPLY_BYTES);

	make(payload, &token);
	int r = id_token_read(buf_text(&token), token.len, ret);
	buf_done(&token);
	return r;
}

START_TEST(reads_all)
{
	struct id_token t = {0};

	ck_assert_int_eq(
		read_payload("{" GOOD ",\"oid\":\"o\",\"preferred_username\":\"anna@contoso.com\","
			     "\"nbf\":1763920800,\"acct\":1,\"idp\":\"https://sts/x/"
			     "\",\"wids\":[\"a\",7,"
			     "\"b\"],\"name\":[{}]}",
			&t),
		0);
	ck_assert_str_eq(t.tenant_id, TENANT);
	ck_assert_str_eq(t.audience, CLIENT);
	ck_assert_str_eq(t.object_id, "o");
	ck_assert_str_eq(t.username, "anna@contoso.com");
	ck_assert_str_eq(t.home, "https://sts/x/");
	ck_assert_int_eq(t.guest, 1);
	ck_assert_uint_eq(t.n_roles, 2);
	ck_assert_str_eq(t.roles[1], "b");
	ck_assert_int_eq(t.expires_us, 1763924400 * USEC_PER_SEC);
	ck_assert_int_eq(t.starts_us, 1763920800 * USEC_PER_SEC);
	id_token_done(&t);
}
END_TEST

static const struct {
	const char *payload;
	int r;
} forms[] = {
	{"{}", 0},
	{"{\"acct\":\"0\",\"oid\":null,\"wids\":\"x\"}", 0},
	{"{\"exp\":1763924400.0}", 0},
	{"", ID_TOKEN_E_FORM},
	{"[]", ID_TOKEN_E_FORM},
	{"{\"tid\":\"a\\u0000b\"}", ID_TOKEN_E_FORM},
	{"{\"a\":[[[[[[[[[]]]]]]]]]}", ID_TOKEN_E_FORM},
	{"{\"tid\":7}", ID_TOKEN_E_CLAIM},
	{"{\"iss\":[]}", ID_TOKEN_E_CLAIM},
	{"{\"aud\":7}", ID_TOKEN_E_CLAIM},
	{"{\"aud\":[7]}", ID_TOKEN_E_CLAIM},
	{"{\"oid\":{}}", ID_TOKEN_E_CLAIM},
	{"{\"exp\":\"1763924400\"}", ID_TOKEN_E_CLAIM},
	{"{\"exp\":-1}", ID_TOKEN_E_CLAIM},
	{"{\"exp\":1e300}", ID_TOKEN_E_CLAIM},
	{"{\"nbf\":253402300800}", ID_TOKEN_E_CLAIM},
};

START_TEST(forms_of_payloads)
{
	struct id_token t = {0};

	ck_assert_int_eq(read_payload(forms[_i].payload, &t), forms[_i].r);
	id_token_done(&t);
}
END_TEST

static const char *const no_tokens[] = {
	"", ".", "..", "a.b", "a.e30", ".e30.", "a.e30.b.c", "a.e3 0.b", "a.e30=x.b", "a.{}.b"};

START_TEST(no_token)
{
	struct id_token t = {0};

	ck_assert_int_eq(id_token_read(no_tokens[_i], strlen(no_tokens[_i]), &t), ID_TOKEN_E_FORM);
	ck_assert_ptr_null(t.issuer);
}
END_TEST

START_TEST(too_long)
{
	struct buf payload = BUF_INIT(4096);
	struct id_token t = {0};

	buf_puts(&payload, "{\"oid\":\"");
	for (unsigned i = 0; i <= LIMIT_ID_BYTES; i++)
		buf_putc(&payload, 'a');
	buf_puts(&payload, "\"}");
	ck_assert_int_eq(read_payload(buf_text(&payload), &t), ID_TOKEN_E_CLAIM);
	buf_done(&payload);
}
END_TEST

START_TEST(many_roles)
{
	struct buf payload = BUF_INIT(16384);
	struct id_token t = {0};

	buf_puts(&payload, "{\"wids\":[\"r\"");
	for (unsigned i = 0; i < 2 * LIMIT_ID_TOKEN_ROLES; i++)
		buf_puts(&payload, ",\"r\"");
	buf_puts(&payload, "]}");
	ck_assert_int_eq(read_payload(buf_text(&payload), &t), 0);
	ck_assert_uint_eq(t.n_roles, LIMIT_ID_TOKEN_ROLES);
	id_token_done(&t);
	buf_done(&payload);
}
END_TEST

static const struct {
	const char *payload;
	const char *why; /* its beginning; "" : it is for us */
	const char *nonce;
} checks[] = {
	{GOOD, "", "n"},
	{GOOD, "", NULL},
	{"\"iss\":\"https://LOGIN.example/" TENANT "/v2.0\",\"aud\":[\"" CLIENT
	 "\"],\"tid\":\"" TENANT "\",\"exp\":1763924400",
		"", NULL},
	/* five minutes either way */
	{ISS ",\"aud\":\"" CLIENT "\",\"tid\":\"" TENANT "\",\"exp\":1763920500", "", NULL},
	{ISS ",\"aud\":\"" CLIENT "\",\"tid\":\"" TENANT "\",\"exp\":1763920499",
		"the id token has expired", NULL},
	{ISS ",\"aud\":\"" CLIENT "\",\"tid\":\"" TENANT "\"", "the id token has expired", NULL},
	{GOOD ",\"nbf\":1763921100", "", NULL},
	{GOOD ",\"nbf\":1763921101", "the id token is not valid yet", NULL},
	{GOOD, "the id token belongs to another sign-in", "N"},
	{GOOD, "the id token belongs to another sign-in", "nn"},
	{ISS ",\"aud\":\"" CLIENT "\",\"tid\":\"" TENANT "\",\"exp\":1763924400",
		"the id token belongs to another sign-in", "n"},
	{"\"aud\":\"" CLIENT "\"", "the id token names no tenant", NULL},
	{"\"tid\":\"33333333-3333-4333-8333-333333333333\\u001b\"",
		"you signed in to another tenant, '33333333-3333-4333-8333-333333333333\\x1B'",
		NULL},
	{"\"tid\":\"" TENANT "\"", "the id token was issued by somebody else,", NULL},
	{"\"tid\":\"" TENANT "\",\"iss\":\"https://sts.example/" TENANT "/v2.0\"",
		"the id token was issued by somebody else, 'https://sts.example/", NULL},
	{"\"tid\":\"" TENANT "\"," ISS, "the id token is for another application,", NULL},
	{"\"tid\":\"" TENANT "\"," ISS ",\"aud\":\"x\"",
		"the id token is for another application, 'x'", NULL},
	{"\"tid\":\"" TENANT "\"," ISS ",\"aud\":[]", "the id token is for another application,",
		NULL},
	{"\"tid\":\"" TENANT "\"," ISS ",\"aud\":[\"" CLIENT "\",\"x\"]",
		"the id token is for another application,", NULL},
	{"\"tid\":\"" TENANT "\"," ISS ",\"aud\":[\"" CLIENT "\",\"x\"],\"azp\":\"x\"",
		"the id token is for another application,", NULL},
	{"\"exp\":1763924400,\"tid\":\"" TENANT "\"," ISS ",\"aud\":[\"" CLIENT
	 "\",\"x\"],\"azp\":\"" CLIENT "\"",
		"", NULL},
};

START_TEST(checks_all)
{
	struct buf payload = BUF_INIT(4096), why = BUF_INIT(4096);
	struct id_token t = {0};
	const struct id_token_wanted wanted = {
		.authority = _i & 1 ? "https://login.example/" : "https://login.example",
		.tenant_id = TENANT,
		.client_id = CLIENT,
		.nonce = checks[_i].nonce,
		.now_us = NOW_S * USEC_PER_SEC,
	};
	size_t len = strlen(checks[_i].why);

	buf_printf(&payload, "{%s}", checks[_i].payload);
	ck_assert_int_eq(read_payload(buf_text(&payload), &t), 0);
	int r = id_token_check(&t, &wanted, &why);
	ck_assert_msg(strncmp(buf_text(&why), checks[_i].why, len) == 0, "%s", buf_text(&why));
	ck_assert_int_eq(r, len > 0);
	ck_assert(len > 0 || why.len == 0);
	id_token_done(&t);
	buf_done(&payload);
	buf_done(&why);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("id_token");
	TCase *t = tcase_create("all");

	tcase_add_test(t, reads_all);
	tcase_add_loop_test(t, forms_of_payloads, 0, (int)ARRAY_SIZE(forms));
	tcase_add_loop_test(t, no_token, 0, (int)ARRAY_SIZE(no_tokens));
	tcase_add_test(t, too_long);
	tcase_add_test(t, many_roles);
	tcase_add_loop_test(t, checks_all, 0, (int)ARRAY_SIZE(checks));
	suite_add_tcase(s, t);
	return s;
}
