/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/watch/queue_pick.c */
#include "daemon/watch/queue_pick.h"

#include <check.h>

#include "common/base/clock.h"

#define N 6
#define NOW 1000
#define NONE TIME_NONE

Suite *suite(void);

/* lane, id, due, earliest, underway, needs_slot */
#define QUEUED(lane, id, due, earliest) \
	{ \
		lane, id, due, earliest, false, true \
	}
#define AT_SERVICE(lane, id) \
	{ \
		lane, id, 0, 0, true, true \
	}
#define READING(lane, id) \
	{ \
		lane, id, 0, 0, true, false \
	}
#define END \
	{ \
		0 \
	}

static const struct {
	const char *what;
	struct queue_candidate c[N]; /* up to id 0 */
	bool busy[N];
	size_t n_free;
	int64_t go[N]; /* ids in the order of starting, up to 0 */
	int64_t next_us;
} cases[] = {
	{"nobody waits", {END}, {0}, 9, {0}, NONE},
	{"one", {QUEUED(0, 1, 5, 0)}, {0}, 9, {1}, NONE},
	{"in the order of due", {QUEUED(0, 1, 30, 0), QUEUED(1, 2, 10, 0), QUEUED(2, 3, 20, 0)},
		{0}, 9, {2, 3, 1}, NONE},
	{"same due: the older run", {QUEUED(1, 8, 5, 0), QUEUED(0, 7, 5, 0)}, {0}, 9, {7, 8}, NONE},
	{"one per tenant", {QUEUED(0, 1, 5, 0), QUEUED(0, 2, 6, 0), QUEUED(1, 3, 7, 0)}, {0}, 9,
		{1, 3}, NONE},
	{"a tenant at the service waits", {QUEUED(0, 1, 5, 0), QUEUED(1, 2, 6, 0)}, {true}, 9, {2},
		NONE},
	{"the limit over all", {QUEUED(0, 1, 5, 0), QUEUED(1, 2, 6, 0), QUEUED(2, 3, 7, 0)}, {0}, 2,
		{1, 2}, NONE},
	{"no room at all", {QUEUED(0, 1, 5, 0)}, {0}, 0, {0}, NONE},
	{"allowed now", {QUEUED(0, 1, 5, NOW)}, {0}, 9, {1}, NONE},
	{"not yet", {QUEUED(0, 1, 5, NOW + 1)}, {0}, 9, {0}, NOW + 1},
	{"the nearest of several",
		{QUEUED(0, 1, 5, 1500), QUEUED(1, 2, 6, 1200), QUEUED(2, 3, 7, 1300)}, {0}, 9, {0},
		1200},
	{"a later due run goes while the earlier is held",
		{QUEUED(0, 1, 5, 1500), QUEUED(0, 2, 9, 0)}, {0}, 9, {2}, NONE},
	{"what waits for the slot needs no timer", {QUEUED(0, 1, 5, 1500)}, {true}, 9, {0}, NONE},
	{"no room, but one is held: asked again then", {QUEUED(0, 1, 5, 1500), QUEUED(1, 2, 5, 0)},
		{0}, 0, {0}, 1500},
	{"what is at the service goes on at once", {QUEUED(0, 1, 5, 0), AT_SERVICE(1, 2)}, {0}, 0,
		{2}, NONE},
	{"and takes its room", {QUEUED(0, 1, -5, 0), AT_SERVICE(1, 2), QUEUED(1, 3, 5, 0)}, {0}, 1,
		{2}, NONE},
	{"and its tenant", {QUEUED(1, 1, -5, 0), AT_SERVICE(1, 2)}, {0}, 9, {2}, NONE},
	{"reading takes neither", {READING(0, 1), QUEUED(0, 2, 5, 0)}, {0}, 1, {1, 2}, NONE},
	{"reading goes beside a busy slot", {READING(0, 1)}, {true}, 0, {1}, NONE},
};

START_TEST(picks)
{
	struct queue_candidate c[N];
	size_t order[N], n = 0, want = 0;
	bool busy[N];
	int64_t next_us = 77;

	for (; n < N && cases[_i].c[n].id; n++)
		c[n] = cases[_i].c[n];
	for (size_t i = 0; i < N; i++)
		busy[i] = cases[_i].busy[i];
	size_t got = queue_pick(c, n, order, busy, cases[_i].n_free, NOW, &next_us);
	for (; want < N && cases[_i].go[want]; want++) {
		ck_assert_msg(want < got, "%s", cases[_i].what);
		ck_assert_msg(c[order[want]].id == cases[_i].go[want], "%s", cases[_i].what);
	}
	ck_assert_msg(got == want, "%s", cases[_i].what);
	ck_assert_msg(next_us == cases[_i].next_us, "%s", cases[_i].what);
	for (size_t i = 0; i < got; i++)
		ck_assert_msg(
			!c[order[i]].needs_slot || busy[c[order[i]].lane], "%s", cases[_i].what);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("queue_pick");
	TCase *tc = tcase_create("queue_pick");

	tcase_add_loop_test(tc, picks, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, tc);
	return s;
}
