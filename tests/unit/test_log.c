/* SPDX-License-Identifier: Apache-2.0 */
/*
 * common/base/log.c. stderr is a file in memory here; journald is the sd_journal_sendv() of this
 * program, which stands before that of the library.
 */
#include "common/base/log.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/limits.h"

static int captured = -1;
static int real_stderr = -1;
static struct buf journal; /* fields of all records, "|" behind each */
static int journal_result;

int sd_journal_sendv(const struct iovec *iov, int n);

int sd_journal_sendv(const struct iovec *iov, int n)
{
	for (int i = 0; i < n; i++) {
		buf_append(&journal, iov[i].iov_base, iov[i].iov_len);
		buf_putc(&journal, '|');
	}
	return journal_result;
}

static void capture(void)
{
	journal = BUF_INIT(1000000);
	captured = memfd_create("stderr", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(captured, 0);
	ck_assert_int_ge(dup2(captured, STDERR_FILENO), 0);
	(void)unsetenv("JOURNAL_STREAM");
}

static void release(void)
{
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	(void)close(captured);
	buf_done(&journal);
}

/* What was written since the last call; valid until the next. */
static const char *output(void)
{
	static char text[100000];
	ssize_t n = pread(captured, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	ck_assert_int_eq(ftruncate(captured, 0), 0);
	ck_assert_int_eq(lseek(captured, 0, SEEK_SET), 0);
	return text;
}

static void use_journal(void)
{
	struct stat st;
	char stream[64];

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st.st_dev,
		(uintmax_t)st.st_ino);
	ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_setup("snapwatchd", LOG_INFO);
}

START_TEST(lines)
{
	static const struct log_ctx ctx = {.tenant = "contoso", .job = 7};

	log_setup("snapwatchd", LOG_DEBUG);
	log_error(NULL, "plain");
	ck_assert_str_eq(output(), "error: plain\n");
	log_warning(&ctx, "number %d of '%s'", 3, "x");
	ck_assert_str_eq(
		output(), "warning: number 3 of 'x'  SNAPWATCH_TENANT=contoso SNAPWATCH_JOB=7\n");
	log_notice(&(struct log_ctx){0}, "nothing");
	ck_assert_str_eq(output(), "notice: nothing\n");
	log_info(NULL, "i");
	log_debug(NULL, "d");
	log_event(LOG_CRIT, NULL, NULL, "c");
	log_event(LOG_EMERG, NULL, NULL, "e");
	ck_assert_str_eq(output(), "info: i\ndebug: d\ncritical: c\ncritical: e\n");
}
END_TEST

START_TEST(all_fields)
{
	static const struct log_ctx ctx = {
		.tenant = "t",
		.job = -1,
		.snapshot = "s==",
		.kind = "k",
		.severity = "critical",
		.entity = "user",
		.object_id = "o",
		.change = "deleted",
		.rule = "my rule",
		.alert = "say \"a\"",
	};

	log_setup("snapwatchd", LOG_INFO);
	log_event(LOG_INFO, LOG_ID_ALERT, &ctx, "m");
	ck_assert_str_eq(output(),
		"info: m  SNAPWATCH_TENANT=t SNAPWATCH_JOB=-1 SNAPWATCH_SNAPSHOT=\"s==\""
		" SNAPWATCH_KIND=k SNAPWATCH_SEVERITY=critical SNAPWATCH_ENTITY=user"
		" SNAPWATCH_OBJECT_ID=o SNAPWATCH_CHANGE=deleted SNAPWATCH_RULE=\"my rule\""
		" SNAPWATCH_ALERT=\"say \\\"a\\\"\"\n");
	log_info(&(struct log_ctx){.tenant = ""}, "m");
	ck_assert_str_eq(output(), "info: m  SNAPWATCH_TENANT=\"\"\n");
}
END_TEST

/* Nobody who names an object can write a record, in either place. */
START_TEST(names_cannot_forge)
{
	const char *evil = "x\nerror: forged\x1b[2J\xe2\x80\xae";
	struct log_ctx ctx = {.tenant = evil};

	log_setup("snapwatchd", LOG_INFO);
	log_info(&ctx, "'%s'", evil);
	const char *text = output();
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	ck_assert_ptr_null(strchr(text, '\x1b'));
	ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
	ck_assert_ptr_nonnull(strstr(text, "x\\nerror: forged\\x1B[2J\\u{202E}"));

	use_journal();
	log_info(&ctx, "'%s'", evil);
	ck_assert_ptr_null(strchr(buf_text(&journal), '\n'));
	ck_assert_ptr_null(strchr(buf_text(&journal), '\x1b'));
}
END_TEST

START_TEST(levels)
{
	static const int all[] = {LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		log_setup("snapwatchd", all[i]);
		ck_assert_int_eq(log_level(), all[i]);
		for (size_t j = 0; j < ARRAY_SIZE(all); j++) {
			log_event(all[j], NULL, NULL, "x");
			ck_assert_int_eq(*output() != '\0', j <= i);
		}
	}
	log_set_level(LOG_ERR);
	log_warning(NULL, "x");
	ck_assert_str_eq(output(), "");
}
END_TEST

START_TEST(level_names)
{
	static const struct {
		const char *text;
		int want;
	} table[] = {
		{"error", LOG_ERR},
		{"warning", LOG_WARNING},
		{"notice", LOG_NOTICE},
		{"info", LOG_INFO},
		{"debug", LOG_DEBUG},
		{"critical", -EINVAL},
		{"Info", -EINVAL},
		{"warn", -EINVAL},
		{"", -EINVAL},
		{NULL, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_int_eq(log_level_parse(table[i].text), table[i].want);
}
END_TEST

START_TEST(long_texts_are_cut)
{
	static char text[LIMIT_LOG_MESSAGE_BYTES * 2], want[LIMIT_LOG_MESSAGE_BYTES * 2];
	struct log_ctx ctx = {.tenant = text};

	log_setup("snapwatchd", LOG_INFO);
	for (size_t len = LIMIT_LOG_MESSAGE_BYTES - 1; len <= LIMIT_LOG_MESSAGE_BYTES + 1; len++) {
		memset(text, 'm', len);
		text[len] = '\0';
		bool cut = len > LIMIT_LOG_MESSAGE_BYTES;
		(void)snprintf(want, sizeof(want), "info: %.*s%s\n",
			(int)(cut ? LIMIT_LOG_MESSAGE_BYTES : len), text, cut ? "..." : "");
		log_info(NULL, "%s", text);
		ck_assert_str_eq(output(), want);
	}
	log_info(&ctx, "x");
	(void)snprintf(want, sizeof(want), "info: x  SNAPWATCH_TENANT=%.*s...\n",
		(int)LIMIT_LOG_FIELD_BYTES, text);
	ck_assert_str_eq(output(), want);

	/* Not in the middle of a character, and the longest escapes find room. */
	memset(text, 'm', 10);
	for (size_t i = 1; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc2\xad", 2);
	text[sizeof(text) - 1] = '\0';
	log_info(&ctx, "%s", text);
	const char *line = output();
	ck_assert_ptr_null(strstr(line, "\xef\xbf\xbd"));
	ck_assert_ptr_nonnull(strstr(line, "...  SNAPWATCH_TENANT="));
	ck_assert_ptr_nonnull(strstr(line, "...\n"));
}
END_TEST

START_TEST(journal_fields)
{
	static const struct log_ctx ctx = {.tenant = "contoso", .job = 12, .rule = "a b"};

	use_journal();
	log_event(LOG_WARNING, LOG_ID_SLOT_BUSY, &ctx, "slot of '%s' is taken", "contoso");
	ck_assert_str_eq(output(), "");
	ck_assert_str_eq(buf_text(&journal),
		"MESSAGE=slot of 'contoso' is taken|PRIORITY=4|SYSLOG_IDENTIFIER=snapwatchd|"
		"MESSAGE_ID=" LOG_ID_SLOT_BUSY
		"|SNAPWATCH_TENANT=contoso|SNAPWATCH_JOB=12|SNAPWATCH_RULE=a b|");
	buf_reset(&journal);
	log_info(NULL, "x");
	ck_assert_str_eq(buf_text(&journal), "MESSAGE=x|PRIORITY=6|SYSLOG_IDENTIFIER=snapwatchd|");
}
END_TEST

START_TEST(without_journald_to_stderr)
{
	use_journal();
	journal_result = -ECONNREFUSED;
	log_info(&(struct log_ctx){.tenant = "t"}, "x");
	ck_assert_str_eq(output(), "info: x  SNAPWATCH_TENANT=t\n");
	journal_result = 0;
}
END_TEST

/* A stream that is not ours: somebody redirected stderr of a service's child. */
START_TEST(redirected_goes_to_stderr)
{
	static const char *const streams[] = {"1:2", "", "x", "8:"};

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		ck_assert_int_eq(setenv("JOURNAL_STREAM", streams[i], 1), 0);
		log_setup("snapwatchd", LOG_INFO);
		log_info(NULL, "x");
		ck_assert_str_eq(output(), "info: x\n");
		ck_assert_str_eq(buf_text(&journal), "");
	}
}
END_TEST

START_TEST(errno_is_kept)
{
	log_setup("snapwatchd", LOG_INFO);
	errno = ENOSPC;
	log_info(NULL, "%s", "x");
	ck_assert_int_eq(errno, ENOSPC);
	(void)close(STDERR_FILENO);
	log_info(NULL, "%s", "x");
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(traces_of_errors)
{
	log_setup("snapwatchd", LOG_DEBUG);
	(void)err_trace_at(-EIO, "a.c", 5, "f");
	ck_assert_str_eq(output(), "debug: a.c:5: f: Input/output error\n");
	(void)err_trace_at(0, "a.c", 5, "f");
	(void)err_trace_at(1, "a.c", 5, "f");
	ck_assert_str_eq(output(), "");
}
END_TEST

START_TEST(fatal_aborts)
{
	log_setup("snapwatchd", LOG_ERR);
	assert_fatal(1 + 1 == 2);
	assert_fatal(1 + 1 == 3);
}
END_TEST

/* The text of it: the abort is survived by jumping out of its signal. */
static sigjmp_buf survived;

static void on_abort(int sig)
{
	(void)sig;
	siglongjmp(survived, 1);
}

START_TEST(fatal_says_where)
{
	log_setup("snapwatchd", LOG_ERR);
	if (sigsetjmp(survived, 1) == 0) {
		(void)signal(SIGABRT, on_abort);
		log_fatal_at("x.c", 12, "a == b");
	}
	ck_assert_str_eq(output(), "critical: internal error at x.c:12: a == b\n");
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, capture, release);
	tcase_add_test(tc, lines);
	tcase_add_test(tc, all_fields);
	tcase_add_test(tc, names_cannot_forge);
	tcase_add_test(tc, levels);
	tcase_add_test(tc, level_names);
	tcase_add_test(tc, long_texts_are_cut);
	tcase_add_test(tc, journal_fields);
	tcase_add_test(tc, without_journald_to_stderr);
	tcase_add_test(tc, redirected_goes_to_stderr);
	tcase_add_test(tc, errno_is_kept);
	tcase_add_test(tc, traces_of_errors);
	tcase_add_test_raise_signal(tc, fatal_aborts, SIGABRT);
	tcase_add_test(tc, fatal_says_where);
	suite_add_tcase(s, tc);
	return s;
}
