/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/remote_job.c, remote_filter.c */
#include "common/model/remote_job.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"

#define NS "#microsoft.graph.entraRecoveryServices."

/* As the documentation shows it. */
static const char documented[] =
	"{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#directory/recovery/"
	"jobs\","
	"\"value\":["
	"{\"@odata.type\":\"" NS "recoveryPreviewJob\","
	"\"id\":\"d3f8e7e8-7e87-4a7f-9d2c-c1c2d7e8e1f1\",\"status\":\"successful\","
	"\"targetStateDateTime\":\"2024-08-26T02:30:00Z\","
	"\"jobStartDateTime\":\"2024-08-26T06:40:00Z\","
	"\"jobCompletionDateTime\":\"2024-08-26T08:50:00Z\",\"filteringCriteria\":null,"
	"\"totalChangedObjectsCalculated\":2000,\"totalChangedLinksCalculated\":300},"
	"{\"@odata.type\":\"" NS "recoveryJob\","
	"\"id\":\"3f4a6b60-7c1e-4e7c-9c7b-13f8d44b20c4\",\"status\":\"successful\","
	"\"targetStateDateTime\":\"2024-08-26T02:30:00Z\","
	"\"jobStartDateTime\":\"2024-08-26T08:30:00Z\","
	"\"jobCompletionDateTime\":\"2024-08-26T13:30:00Z\",\"filteringCriteria\":null,"
	"\"totalChangedObjectsCalculated\":1024,\"totalChangedLinksCalculated\":124,"
	"\"totalObjectsModified\":1024,\"totalLinksModified\":124,\"totalFailedChanges\":0}]}";

/* "id kind status[ended] target/start/end objects/links/modified/modified/failed filter" */
static void describe(const struct remote_job *j, struct buf *out)
{
	static const char *const kinds[] = {"preview", "recovery", "other"};
	char a[TIME_TEXT_SIZE], b[TIME_TEXT_SIZE], c[TIME_TEXT_SIZE];

	buf_printf(out,
		"%s %s:%s %s%s %s/%s/%s %" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64
		" %s",
		j->service_id, kinds[j->kind], j->kind_text, j->status_text,
		remote_job_ended(j) ? "." : "", time_format(j->target_us, a),
		time_format(j->started_us, b), time_format(j->completed_us, c), j->objects,
		j->links, j->objects_modified, j->links_modified, j->failed_changes, j->filter);
}

START_TEST(reads_the_documented_list)
{
	struct remote_job_list list = {0};
	struct buf got = BUF_INIT(10000);
	char *next = NULL;
	unsigned unknown = 99;

	ck_assert_int_eq(
		remote_job_list_parse(&list, documented, strlen(documented), &next, &unknown), 0);
	for (size_t i = 0; i < list.n; i++) {
		describe(&list.items[i], &got);
		buf_putc(&got, '\n');
	}
	ck_assert_str_eq(buf_text(&got),
		"d3f8e7e8-7e87-4a7f-9d2c-c1c2d7e8e1f1 preview:preview successful. "
		"2024-08-26T02:30:00Z/2024-08-26T06:40:00Z/2024-08-26T08:50:00Z 2000/300/-1/-1/-1 "
		"\n"
		"3f4a6b60-7c1e-4e7c-9c7b-13f8d44b20c4 recovery:recovery successful. "
		"2024-08-26T02:30:00Z/2024-08-26T08:30:00Z/2024-08-26T13:30:00Z "
		"1024/124/1024/124/0 \n");
	ck_assert_uint_eq(unknown, 0);
	ck_assert_ptr_null(next);
	buf_done(&got);
	remote_job_list_done(&list);
}
END_TEST

static const struct {
	const char *text, *want; /* NULL: not usable */
} jobs[] = {
	{"{\"id\":\"j\",\"status\":\"calculating\",\"totalChangedObjectsCalculated\":0}",
		"j preview:preview calculating // 0/-1/-1/-1/-1 "},
	{"{\"@odata.context\":\"x\",\"id\":\"j\",\"status\":\"loadingData\","
	 "\"jobCompletionDateTime\":null,\"totalChangedObjectsCalculated\":null}",
		"j preview:preview loadingData // -1/-1/-1/-1/-1 "},
	{"{\"@type\":\"" NS "recoveryJob\",\"id\":\"j\",\"status\":\"running\"}",
		"j recovery:recovery running // -1/-1/-1/-1/-1 "},
	{"{\"@odata.type\":\"microsoft.graph.entraRecoveryServices.recoveryJob\",\"id\":\"j\","
	 "\"status\":\"abandoned\"}",
		"j recovery:recovery abandoned. // -1/-1/-1/-1/-1 "},
	/* no type, but what only a recovery counts */
	{"{\"id\":\"j\",\"status\":\"failed\",\"totalFailedChanges\":3}",
		"j recovery:recovery failed. // -1/-1/-1/-1/3 "},
	{"{\"@odata.type\":\"" NS "policyJob\",\"id\":\"j\",\"status\":\"initialized\"}",
		"j other:policyJob initialized // -1/-1/-1/-1/-1 "},
	{"{\"@odata.type\":\"#\",\"id\":\"j\",\"status\":\"initialized\"}",
		"j other: initialized // -1/-1/-1/-1/-1 "},
	/* words of a later version: going on, unless there is a time at which it was completed */
	{"{\"id\":\"j\",\"status\":\"unknownFutureValue\"}",
		"j preview:preview unknownFutureValue // -1/-1/-1/-1/-1 "},
	{"{\"id\":\"j\",\"status\":\"partly\",\"jobCompletionDateTime\":\"0001-01-01T00:00:00Z\"}",
		"j preview:preview partly // -1/-1/-1/-1/-1 "},
	{"{\"id\":\"j\",\"status\":\"partly\",\"jobCompletionDateTime\":\"2026-01-01T00:00:00Z\"}",
		"j preview:preview partly. //2026-01-01T00:00:00Z -1/-1/-1/-1/-1 "},
	{"{\"id\":\"j\"}", "j preview:preview  // -1/-1/-1/-1/-1 "},
	{"{\"id\":\"j\",\"status\":5}", "j preview:preview  // -1/-1/-1/-1/-1 "},
	/* numbers that are none */
	{"{\"id\":\"j\",\"status\":\"running\",\"totalChangedObjectsCalculated\":-1,"
	 "\"totalChangedLinksCalculated\":1.5,\"totalObjectsModified\":\"7\","
	 "\"totalLinksModified\":1e300}",
		"j recovery:recovery running // -1/-1/-1/-1/-1 "},
	/* criteria in one form */
	{"{\"id\":\"j\",\"status\":\"running\",\"filteringCriteria\":{ \"entityTypes\" : "
	 "[\"user\"],"
	 "\"@odata.type\":\"x\"}}",
		"j preview:preview running // -1/-1/-1/-1/-1 "
		"{\"@odata.type\":\"x\",\"entityTypes\":[\"user\"]}"},
	{"{\"status\":\"running\"}", NULL},
	{"{\"id\":\"\",\"status\":\"running\"}", NULL},
	{"[{\"id\":\"j\"}]", NULL},
	{"", NULL},
	{"<html>", NULL},
	{"{\"id\":\"j\"", NULL},
};

START_TEST(reads_single_jobs)
{
	struct remote_job j;
	struct buf got = BUF_INIT(10000);

	int r = remote_job_parse(jobs[_i].text, strlen(jobs[_i].text), &j);
	if (!jobs[_i].want) {
		ck_assert_int_eq(r, -EBADMSG);
		return;
	}
	ck_assert_int_eq(r, 0);
	describe(&j, &got);
	ck_assert_str_eq(buf_text(&got), jobs[_i].want);
	buf_done(&got);
	remote_job_done(&j);
}
END_TEST

START_TEST(lists_with_odd_entries)
{
	static const char page[] =
		"{\"value\":[{\"id\":\"a\",\"status\":\"running\"},7,{\"status\":\"running\"},"
		"{\"id\":\"a\",\"status\":\"successful\"},{\"id\":\"b\",\"status\":\"failed\"}],"
		"\"@nextLink\":\"https://h/2\"}";
	struct remote_job_list list = {0};
	char *next = NULL;
	unsigned unknown = 0;

	ck_assert_int_eq(remote_job_list_parse(&list, page, strlen(page), &next, &unknown), 0);
	ck_assert_uint_eq(unknown, 2);
	ck_assert_str_eq(next, "https://h/2");
	ck_assert_uint_eq(list.n, 2);
	ck_assert_str_eq(list.items[0].status_text, "running");
	ck_assert_str_eq(list.items[1].service_id, "b");
	free(next);
	next = NULL;
	ck_assert_int_eq(remote_job_list_parse(&list, "{}", 2, &next, &unknown), -EBADMSG);
	ck_assert_ptr_null(next);
	remote_job_list_done(&list);
}
END_TEST

START_TEST(who_holds_the_slot)
{
	static const struct {
		const char *jobs, *holder;
	} table[] = {
		{"", NULL},
		{"{\"id\":\"a\",\"status\":\"successful\"}", NULL},
		{"{\"id\":\"a\",\"status\":\"failed\"},{\"id\":\"b\",\"status\":\"running\"}", "b"},
		{"{\"id\":\"a\",\"status\":\"queued\"}", "a"},
		{"{\"id\":\"a\",\"status\":\"queued\",\"jobCompletionDateTime\":"
		 "\"2026-11-01T10:00:00Z\"}",
			NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct remote_job_list list = {0};
		struct buf page = BUF_INIT(1000);
		char *next = NULL;
		unsigned unknown = 0;

		buf_printf(&page, "{\"value\":[%s]}", table[i].jobs);
		ck_assert_int_eq(
			remote_job_list_parse(&list, buf_text(&page), page.len, &next, &unknown),
			0);
		const struct remote_job *holder = remote_job_holder(&list);
		ck_assert_pstr_eq(holder ? holder->service_id : NULL, table[i].holder);
		remote_job_list_done(&list);
		buf_done(&page);
	}
}
END_TEST

START_TEST(statuses)
{
	static const struct {
		const char *word;
		enum remote_status want;
		bool terminal;
	} table[] = {
		{"initialized", REMOTE_INITIALIZED, false},
		{"loadingData", REMOTE_LOADING, false},
		{"calculating", REMOTE_CALCULATING, false},
		{"running", REMOTE_RUNNING, false},
		{"successful", REMOTE_SUCCESSFUL, true},
		{"failed", REMOTE_FAILED, true},
		{"abandoned", REMOTE_ABANDONED, true},
		{"unknownFutureValue", REMOTE_UNKNOWN, false},
		{"succeeded", REMOTE_UNKNOWN, false},
		{"", REMOTE_UNKNOWN, false},
		{NULL, REMOTE_UNKNOWN, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_int_eq(remote_status_parse(table[i].word), table[i].want);
		ck_assert_int_eq(remote_status_terminal(table[i].want), table[i].terminal);
	}
}
END_TEST

#define TYPES(list) "{\"entityTypes\":[" list "]}"
#define TYPED(list) \
	"{\"@odata.type\":\"" NS "recoveryJobEntityNamesFilter\",\"entityTypes\":[" list "]}"
#define IDS(list) "{\"filterValues\":[" list "]}"
#define V(type, ids) "{\"entityType\":\"" type "\",\"entityIds\":[" ids "]}"

static const struct {
	const char *a, *b;
	bool equal;
} filters[] = {
	{"", "", true},
	{"", "null", true},
	{"", TYPES("\"user\""), false},
	{"", TYPES(""), false},
	{"", "{}", false},
	{"{}", "{}", true},
	{TYPES(""), TYPES(""), true},
	{TYPES("\"user\""), TYPES("\"user\""), true},
	{TYPES("\"user\""), TYPED("\"user\""), true},
	{TYPES("\"user\",\"group\""), TYPED("\"group\",\"user\""), true},
	{TYPES("\"user\",\"group\",\"user\""), TYPED("\"group\",\"user\""), true},
	{TYPES("\"oAuth2PermissionGrant\""), TYPES("\"oauth2PermissionGrant\""), true},
	{TYPES("\"user\""), TYPES("\"users\""), false},
	{TYPES("\"user\",\"group\""), TYPES("\"user\""), false},
	{TYPES("\"user\""), IDS(V("user", "")), false},
	{TYPES("\"user\""), IDS(V("user", "\"a\"")), false},
	{IDS(V("user", "\"a\",\"b\"")), IDS(V("user", "\"B\",\"A\"")), true},
	{IDS(V("user", "\"a\"") "," V("group", "\"b\"")),
		IDS(V("group", "\"b\"") "," V("user", "\"a\"")), true},
	{IDS(V("user", "\"a\"") "," V("user", "\"b\"")), IDS(V("user", "\"a\",\"b\"")), true},
	{IDS(V("user", "\"a\"")), IDS(V("group", "\"a\"")), false},
	{IDS(V("user", "\"a\"")), IDS(V("user", "\"a\",\"b\"")), false},
	/* forms that nobody knows */
	{"{\"other\":1}", "{\"other\":1}", true},
	{"{\"other\":1}", "{\"other\":2}", false},
	{"{\"other\":1}", "", false},
	{"{\"entityTypes\":[\"user\"],\"except\":[\"a\"]}", TYPES("\"user\""), false},
	{"{\"entityTypes\":[\"user\"],\"filterValues\":[]}", TYPES("\"user\""), false},
	{"{\"entityTypes\":[7]}", TYPES(""), false},
	{"{\"entityTypes\":\"user\"}", TYPES("\"user\""), false},
	{"{\"filterValues\":[{\"entityType\":\"user\"}]}", IDS(V("user", "")), false},
	{"{\"filterValues\":{}}", IDS(""), false},
	{"garbage", "garbage", true},
	{"garbage", "", false},
};

START_TEST(filters_are_sets)
{
	ck_assert_int_eq(remote_filter_equal(filters[_i].a, filters[_i].b), filters[_i].equal);
	ck_assert_int_eq(remote_filter_equal(filters[_i].b, filters[_i].a), filters[_i].equal);
	ck_assert(remote_filter_equal(filters[_i].a, filters[_i].a));
}
END_TEST

static const struct {
	const char *filter, *type, *id;
	enum remote_filter_word word;
} asked[] = {
	{NULL, "user", "a", REMOTE_FILTER_INCLUDES},
	{"", "device", "a", REMOTE_FILTER_INCLUDES},
	{"null", "user", "a", REMOTE_FILTER_INCLUDES},
	{TYPES("\"user\""), "user", "a", REMOTE_FILTER_INCLUDES},
	{TYPES("\"User\",\"group\""), "group", "a", REMOTE_FILTER_INCLUDES},
	{TYPES("\"user\""), "group", "a", REMOTE_FILTER_EXCLUDES},
	{TYPES(""), "user", "a", REMOTE_FILTER_EXCLUDES},
	{IDS(V("user", "\"A\",\"b\"")), "user", "a", REMOTE_FILTER_INCLUDES},
	{IDS(V("user", "\"A\"")), "user", "b", REMOTE_FILTER_EXCLUDES},
	{IDS(V("user", "\"A\"")), "group", "a", REMOTE_FILTER_EXCLUDES},
	{"{\"x\":1}", "user", "a", REMOTE_FILTER_UNCLEAR},
	/* what hangs on service principals may be included with them */
	{TYPES("\"servicePrincipal\""), "oAuth2PermissionGrant", "a", REMOTE_FILTER_UNCLEAR},
	{TYPES("\"servicePrincipal\""), "appRoleAssignment", "a", REMOTE_FILTER_UNCLEAR},
	{IDS(V("servicePrincipal", "\"c\"")), "appRoleAssignment", "a", REMOTE_FILTER_UNCLEAR},
	{TYPES("\"appRoleAssignment\""), "appRoleAssignment", "a", REMOTE_FILTER_INCLUDES},
	{TYPES("\"user\""), "appRoleAssignment", "a", REMOTE_FILTER_EXCLUDES},
};

START_TEST(what_a_filter_includes)
{
	_cleanup_(remote_filter_freep) struct remote_filter *f = NULL;

	ck_assert_int_eq(remote_filter_new(asked[_i].filter, &f), 0);
	ck_assert_int_eq(remote_filter_asked(f, asked[_i].type, asked[_i].id), asked[_i].word);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("remote_job");
	TCase *tc = tcase_create("remote_job");

	tcase_add_test(tc, reads_the_documented_list);
	tcase_add_loop_test(tc, reads_single_jobs, 0, ARRAY_SIZE(jobs));
	tcase_add_test(tc, lists_with_odd_entries);
	tcase_add_test(tc, who_holds_the_slot);
	tcase_add_test(tc, statuses);
	tcase_add_loop_test(tc, filters_are_sets, 0, ARRAY_SIZE(filters));
	tcase_add_loop_test(tc, what_a_filter_includes, 0, ARRAY_SIZE(asked));
	suite_add_tcase(s, tc);
	return s;
}
