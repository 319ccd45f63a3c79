/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/adopt.c */
#include "common/model/adopt.h"

#include <check.h>

#include "common/base/clock.h"

Suite *suite(void);

#define S(n) (INT64_C(1790000000000000) + (n)*USEC_PER_SEC)
#define SNAPSHOT S(-36000)
#define NONE TIME_NONE
#define USERS "{\"entityTypes\":[\"user\"]}"

/* One job at the service, in few characters. */
struct listed {
	enum remote_kind kind;
	enum remote_status status;
	int64_t target, started, completed;
	const char *filter;
};
#define MAX_LISTED 3

static struct remote_job_list listing(
	struct remote_job items[static MAX_LISTED], const struct listed listed[static MAX_LISTED])
{
	struct remote_job_list list = {.items = items};

	for (; list.n < MAX_LISTED && listed[list.n].target != 0; list.n++)
		items[list.n] = (struct remote_job){
			.kind = listed[list.n].kind,
			.status = listed[list.n].status,
			.target_us = listed[list.n].target,
			.started_us = listed[list.n].started,
			.completed_us = listed[list.n].completed,
			.filter = (char *)(listed[list.n].filter ? listed[list.n].filter : ""),
		};
	return list;
}

#define PREVIEW(status, started) \
	{ \
		REMOTE_PREVIEW, status, SNAPSHOT, started, NONE, NULL \
	}

/* The run's intent is S(0) by the service's clock, unless said otherwise. */
static const struct {
	const char *what;
	int64_t intent, intent_server;
	const char *filter;
	struct listed jobs[MAX_LISTED];
	enum adopt want;
	int which; /* -1 none */
} cases[] = {
	{"nothing listed", S(0), S(0), "", {}, ADOPT_FREE, -1},
	{"ours runs", S(0), S(0), "", {PREVIEW(REMOTE_LOADING, S(3))}, ADOPT_OURS, 0},
	{"ours is done", S(0), S(0), "", {PREVIEW(REMOTE_SUCCESSFUL, S(3))}, ADOPT_OURS, 0},
	{"started in the same second", S(0) + 900000, S(0) + 900000, "",
		{PREVIEW(REMOTE_RUNNING, S(0))}, ADOPT_OURS, 0},
	{"no start time yet", S(0), S(0), "", {PREVIEW(REMOTE_INITIALIZED, NONE)}, ADOPT_OURS, 0},
	{"unknown status", S(0), S(0), "", {PREVIEW(REMOTE_UNKNOWN, S(3))}, ADOPT_OURS, 0},
	{"started before the intent", S(0), S(0), "", {PREVIEW(REMOTE_RUNNING, S(-60))}, ADOPT_BUSY,
		0},
	{"ended before the intent", S(0), S(0), "", {PREVIEW(REMOTE_SUCCESSFUL, S(-60))},
		ADOPT_FREE, -1},
	{"no intent, nothing is ours", NONE, NONE, "", {PREVIEW(REMOTE_RUNNING, S(3))}, ADOPT_BUSY,
		0},
	{"no intent, done ones are nobody's", NONE, NONE, "", {PREVIEW(REMOTE_SUCCESSFUL, S(3))},
		ADOPT_FREE, -1},
	{"our clock when the service told none", S(0), NONE, "", {PREVIEW(REMOTE_RUNNING, S(3))},
		ADOPT_OURS, 0},
	{"the service's clock decides", S(-900), S(0), "", {PREVIEW(REMOTE_RUNNING, S(-300))},
		ADOPT_BUSY, 0},
	{"failed is not taken up", S(0), S(0), "", {PREVIEW(REMOTE_FAILED, S(3))}, ADOPT_FREE, -1},
	{"abandoned is not taken up", S(0), S(0), "", {PREVIEW(REMOTE_ABANDONED, S(3))}, ADOPT_FREE,
		-1},
	{"another snapshot", S(0), S(0), "",
		{{REMOTE_PREVIEW, REMOTE_RUNNING, SNAPSHOT - USEC_PER_DAY, S(3), NONE, NULL}},
		ADOPT_BUSY, 0},
	{"target without fraction", S(0), S(0), "",
		{{REMOTE_PREVIEW, REMOTE_RUNNING, SNAPSHOT - 400000, S(3), NONE, NULL}}, ADOPT_OURS,
		0},
	{"target not told", S(0), S(0), "",
		{{REMOTE_PREVIEW, REMOTE_RUNNING, NONE, S(3), NONE, NULL}}, ADOPT_BUSY, 0},
	{"a recovery", S(0), S(0), "",
		{{REMOTE_RECOVERY, REMOTE_RUNNING, SNAPSHOT, S(3), NONE, NULL}}, ADOPT_BUSY, 0},
	{"a kind of tomorrow", S(0), S(0), "",
		{{REMOTE_OTHER, REMOTE_RUNNING, SNAPSHOT, S(3), NONE, NULL}}, ADOPT_BUSY, 0},
	{"another filter", S(0), S(0), "",
		{{REMOTE_PREVIEW, REMOTE_RUNNING, SNAPSHOT, S(3), NONE, USERS}}, ADOPT_BUSY, 0},
	{"our filter", S(0), S(0), USERS,
		{{REMOTE_PREVIEW, REMOTE_RUNNING, SNAPSHOT, S(3), NONE, USERS}}, ADOPT_OURS, 0},
	{"unknown status, but completed", S(0), S(0), "",
		{{REMOTE_OTHER, REMOTE_UNKNOWN, SNAPSHOT, S(-9), S(-3), NULL}}, ADOPT_FREE, -1},
	{"ours beside an old one", S(0), S(0), "",
		{PREVIEW(REMOTE_SUCCESSFUL, S(-90000)), PREVIEW(REMOTE_RUNNING, S(3))}, ADOPT_OURS,
		1},
	{"the one that is going on goes first", S(0), S(0), "",
		{PREVIEW(REMOTE_SUCCESSFUL, S(9)), PREVIEW(REMOTE_RUNNING, S(3))}, ADOPT_OURS, 1},
	{"then the later one", S(0), S(0), "",
		{PREVIEW(REMOTE_SUCCESSFUL, S(3)), PREVIEW(REMOTE_SUCCESSFUL, S(9)),
			PREVIEW(REMOTE_SUCCESSFUL, S(6))},
		ADOPT_OURS, 1},
	{"ours goes before a holder", S(0), S(0), "",
		{{REMOTE_RECOVERY, REMOTE_RUNNING, SNAPSHOT, S(60), NONE, NULL},
			PREVIEW(REMOTE_SUCCESSFUL, S(3))},
		ADOPT_OURS, 1},
	{"the holder among ended ones", S(0), S(0), "",
		{PREVIEW(REMOTE_SUCCESSFUL, S(-900)), PREVIEW(REMOTE_FAILED, S(-600)),
			PREVIEW(REMOTE_CALCULATING, S(-300))},
		ADOPT_BUSY, 2},
};

START_TEST(decides)
{
	struct remote_job items[MAX_LISTED];
	struct remote_job_list list = listing(items, cases[_i].jobs);
	struct run run = {
		.snapshot_created_us = SNAPSHOT,
		.filter = (char *)cases[_i].filter,
		.intent_us = cases[_i].intent,
		.intent_server_us = cases[_i].intent_server,
	};
	const struct remote_job *job = items;

	ck_assert_msg(adopt_decide(&run, &list, &job) == cases[_i].want, "%s", cases[_i].what);
	if (cases[_i].which < 0)
		ck_assert_msg(!job, "%s", cases[_i].what);
	else
		ck_assert_msg(job == &items[cases[_i].which], "%s", cases[_i].what);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("adopt");
	TCase *tc = tcase_create("adopt");

	tcase_add_loop_test(tc, decides, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
