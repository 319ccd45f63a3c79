/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told while signing in: whole texts, and that they fit on 80 columns. */
#include "cli/login_text.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/text.h"

Suite *suite(void);

#define URL \
	"https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/" \
	"authorize?client_id=22222222-2222-4222-8222-222222222222&response_type=code&state=x"

static const struct ctl_login browser = {
	.url = (char *)URL,
	.state = (char *)"x",
	.expires_us = 15 * USEC_PER_MIN,
};
static const struct ctl_login device = {
	.verification_uri = (char *)"https://microsoft.com/devicelogin",
	.user_code = (char *)"ABCD-1234",
	.expires_us = 15 * USEC_PER_MIN,
	.warnings = (char *)"the key 'account' is not set: whoever enters the code first is taken, "
			    "whatever account that is\nsecond",
};
static const struct login_words named = {
	.tenant = "contoso",
	.account = "svc-snapwatch@contoso.com",
	.port = 43117,
	.user = "anna",
	.host = "backup01.example.com",
};
/* who chooses such names would like to run something on another machine */
static const struct login_words odd = {
	.tenant = "contoso",
	.account = "",
	.port = 43117,
	.user = "$(id)",
	.host = "-oProxyCommand=id",
};

static const struct {
	const char *file;
	void (*fn)(const struct login_words *w, const struct ctl_login *login, struct buf *out);
	const struct login_words *words;
	const struct ctl_login *login;
} texts[] = {
	{"login-listen", login_text_listen, &named, &browser},
	{"login-listen-odd", login_text_listen, &odd, &browser},
	{"login-paste", login_text_paste, &named, &browser},
	{"login-device", login_text_device, &odd, &device},
};

static void check_columns(const char *text)
{
	while (*text) {
		_cleanup_(buf_done) struct buf line = BUF_INIT(1u << 16);
		size_t n = strcspn(text, "\n");

		buf_append(&line, text, n);
		text += n + (text[n] == '\n');
		if (strncmp(buf_text(&line), "https://", 8) == 0)
			ck_assert_msg(!strchr(buf_text(&line), ' '), "%s", buf_text(&line));
		else
			ck_assert_msg(text_columns(buf_text(&line)) <= 80, "%s", buf_text(&line));
	}
}

static void check_golden(const char *file, const struct buf *out)
{
	_cleanup_(buf_done) struct buf expected = BUF_INIT(LIMIT_CONFIG_BYTES);
	char path[128];

	(void)snprintf(path, sizeof(path), "tests/fixtures/cli/%s.txt", file);
	ck_assert_int_eq(file_read(path, &expected), 0);
	ck_assert_str_eq(buf_text(out), buf_text(&expected));
	check_columns(buf_text(out));
}

START_TEST(asks)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1u << 16);

	texts[_i].fn(texts[_i].words, texts[_i].login, &out);
	ck_assert_int_eq(buf_error(&out), 0);
	check_golden(texts[_i].file, &out);
}
END_TEST

static const struct {
	struct ctl_sign_in s;
	const char *text;
} ends[] = {
	{{.tenant = (char *)"contoso",
		 .account = (char *)"svc@contoso.com",
		 .scopes = (char *)"EntraBackup.Read.All EntraBackup.ReadWrite.Preview "
				   "offline_access openid AuditLog.Read.All"},
		"contoso: signed in as svc@contoso.com\n"
		"  may  EntraBackup.Read.All EntraBackup.ReadWrite.Preview offline_access openid\n"
		"       AuditLog.Read.All\n"},
	{{.tenant = (char *)"contoso",
		 .account_id = (char *)"4f2a",
		 .warnings = (char *)"\na b\nc"},
		"contoso: signed in as 4f2a\nwarning: a b\nwarning: c\n"},
	{{.tenant = (char *)"contoso"},
		"contoso: signed in as an account that the service did not name\n"},
};

START_TEST(ends_well)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1u << 16);

	login_text_done(&ends[_i].s, &out);
	ck_assert_str_eq(buf_text(&out), ends[_i].text);
	check_columns(buf_text(&out));
}
END_TEST

static const struct {
	int64_t us;
	const char *text;
} durations[] = {
	{15 * USEC_PER_MIN, "15 minutes"},
	{15 * USEC_PER_MIN - 1, "15 minutes"},
	{14 * USEC_PER_MIN + 29 * USEC_PER_SEC, "14 minutes"},
	{2 * USEC_PER_MIN, "2 minutes"},
	{90 * USEC_PER_SEC, "90 seconds"},
	{0, "0 seconds"},
};

START_TEST(says_how_long)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(64);

	login_text_duration(durations[_i].us, &out);
	ck_assert_str_eq(buf_text(&out), durations[_i].text);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("login_text");
	TCase *t = tcase_create("login_text");

	tcase_add_loop_test(t, asks, 0, ARRAY_SIZE(texts));
	tcase_add_loop_test(t, ends_well, 0, ARRAY_SIZE(ends));
	tcase_add_loop_test(t, says_how_long, 0, ARRAY_SIZE(durations));
	suite_add_tcase(s, t);
	return s;
}
