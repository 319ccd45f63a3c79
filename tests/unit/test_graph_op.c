/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of the recovery API, and what must never be one. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "daemon/graph/graph_op.h"

Suite *suite(void);

#define BASE "https://graph.microsoft.com/v1.0"

static const struct {
	enum graph_op op;
	size_t form;
	const char *snapshot, *job, *url; /* url NULL: refused */
} cases[] = {
	{GRAPH_LIST_SNAPSHOTS, 0, NULL, NULL, BASE "/directory/recovery/snapshots"},
	{GRAPH_LIST_JOBS, 0, NULL, NULL, BASE "/directory/recovery/jobs"},
	{GRAPH_CREATE_PREVIEW, 0, "MTc4NTE4OTYwMA==", NULL,
		BASE "/directory/recovery/snapshots/MTc4NTE4OTYwMA==/recoveryPreviewJobs"},
	{GRAPH_GET_JOB, 0, "s", "j", BASE "/directory/recovery/snapshots/s/recoveryPreviewJobs/j"},
	{GRAPH_GET_JOB, 1, "s", "j", BASE "/directory/recovery/jobs/j"},
	{GRAPH_GET_CHANGES, 0, "s", "j",
		BASE "/directory/recovery/snapshots/s/recoveryPreviewJobs/j/"
		     "microsoft.graph.entraRecoveryServices.getChanges?$top=999"},
	{GRAPH_GET_CHANGES, 1, "s", "j",
		BASE "/directory/recovery/snapshots/s/recoveryPreviewJobs/j/"
		     "microsoft.graph.entraRecoveryServices.getChanges()?$top=999"},
	{GRAPH_GET_CHANGES, 2, "s", "j",
		BASE "/directory/recovery/snapshots/s/recoveryPreviewJobs/j/getChanges?$top=999"},
	{GRAPH_CANCEL_JOB, 0, NULL, "j",
		BASE "/directory/recovery/jobs/j/microsoft.graph.entraRecoveryServices.cancel"},
	{GRAPH_GET_JOB, 1, NULL, "../x?y#z%\xc3\xa4 \n",
		BASE "/directory/recovery/jobs/..%2Fx%3Fy%23z%25%C3%A4%20%0A"},
	{GRAPH_GET_JOB, 1, NULL, "...", BASE "/directory/recovery/jobs/..."},
	{GRAPH_GET_JOB, 1, NULL, "..", NULL},
	{GRAPH_GET_JOB, 1, NULL, ".", NULL},
	{GRAPH_GET_JOB, 1, NULL, "", NULL},
	{GRAPH_GET_JOB, 1, NULL, NULL, NULL},
};

START_TEST(test_url)
{
	struct buf out = BUF_INIT(LIMIT_URL_BYTES);
	int r = graph_op_url(cases[_i].op, cases[_i].form, _i % 2 ? BASE : BASE "/",
		cases[_i].snapshot, cases[_i].job, &out);

	if (cases[_i].url) {
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(buf_text(&out), cases[_i].url);
	} else {
		ck_assert_int_eq(r, -EINVAL);
	}
	buf_done(&out);
}
END_TEST

START_TEST(test_limits)
{
	char id[LIMIT_ID_BYTES + 2];
	struct buf out = BUF_INIT(LIMIT_URL_BYTES);

	memset(id, 'a', sizeof(id));
	id[LIMIT_ID_BYTES + 1] = '\0';
	ck_assert_int_eq(graph_op_url(GRAPH_GET_JOB, 1, BASE, NULL, id, &out), -EINVAL);
	id[LIMIT_ID_BYTES] = '\0';
	buf_reset(&out);
	ck_assert_int_eq(graph_op_url(GRAPH_GET_JOB, 1, BASE, NULL, id, &out), 0);
	buf_done(&out);
}
END_TEST

/* The program asks for previews. It has no address that could start a recovery. */
START_TEST(test_nothing_recovers)
{
	for (int op = 0; op < _GRAPH_OP_MAX; op++) {
		const struct graph_op_row *row = graph_op_row((enum graph_op)op);

		ck_assert_uint_ge(graph_op_forms((enum graph_op)op), 1);
		for (size_t i = 0; i < graph_op_forms((enum graph_op)op); i++)
			ck_assert_ptr_null(strstr(row->forms[i], "recoveryJobs"));
		ck_assert(strcmp(row->method, "GET") == 0 || !row->app);
	}
	ck_assert(graph_op_falls_back(GRAPH_GET_CHANGES, 400));
	ck_assert(!graph_op_falls_back(GRAPH_GET_CHANGES, 403));
	ck_assert(!graph_op_falls_back(GRAPH_CREATE_PREVIEW, 404));
	ck_assert_uint_eq(graph_op_row(GRAPH_CREATE_PREVIEW)->policy.attempts, 1);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("graph_op");
	TCase *tc = tcase_create("graph_op");

	tcase_add_loop_test(tc, test_url, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_nothing_recovers);
	suite_add_tcase(s, tc);
	return s;
}
