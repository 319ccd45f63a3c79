/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts after attempts, whatever the service answers: policies, statuses, Retry-After headers
 * and errors at random, decided on as a caller does. Each request ends, in time; it does not end
 * while there is something left to try, nor waits longer than anybody asked for.
 *
 * PROPERTY_SEED=N plays that one again; PROPERTY_RUNS=N plays more of them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/limits.h"
#include "daemon/graph/retry.h"
#include "tests/support/dice.h"

Suite *suite(void);

#define NOW (INT64_C(1795456800) * USEC_PER_SEC)
#define RUNS 20000

struct game {
	uint64_t seed, random;
	struct retry_policy policy;
	unsigned attempt, steps;
	int64_t waited_us;
	bool renewed;

	/* the answer to this attempt */
	struct retry_input in;
	char retry_after[64];
	int64_t asked_us; /* what Retry-After says, by our own reckoning; TIME_NONE: nothing */
};

static int64_t below(struct game *g, int64_t bound)
{
	return dice_below(&g->random, bound);
}

#define HOLDS(g, condition) \
	ck_assert_msg((condition), \
		"PROPERTY_SEED=%llu: attempt %u of %u, status %ld, error %d," \
		" waited %lld us: " #condition, \
		(unsigned long long)(g)->seed, (g)->attempt, (g)->policy.attempts, (g)->in.status, \
		(int)(g)->in.error, (long long)(g)->waited_us)

/* --- what may come ------------------------------------------------------------------------------
 */

static void make_policy(struct game *g)
{
	static const int64_t longest[] = {USEC_PER_SEC, USEC_PER_MIN, USEC_PER_HOUR, USEC_PER_DAY};

	g->policy = (struct retry_policy){
		.attempts = 1 + (unsigned)below(g, 12),
		.base_us = 1 + below(g, longest[below(g, 2)]),
		.cap_us = 1 + below(g, longest[below(g, 3)]),
		.budget_us = below(g, longest[below(g, 4)]),
		.not_found_is_young = below(g, 2),
	};
}

/* A delay that we know the meaning of, in one of the forms that servers use, or nonsense. */
static void make_retry_after(struct game *g)
{
	static const char *const nonsense[] = {"", "soon", "-5", "1.5", "0x10", "Mon, 99 Foo 2026"};
	int64_t seconds =
		below(g, 2) ? below(g, 30) : below(g, 2 * LIMIT_RETRY_AFTER_US / USEC_PER_SEC);
	time_t at = (time_t)(NOW / USEC_PER_SEC + seconds - 60);
	struct tm tm;

	g->in.retry_after = g->retry_after;
	g->asked_us = TIME_NONE;
	switch (below(g, 5)) {
	case 0:
		(void)snprintf(g->retry_after, sizeof(g->retry_after), "%lld", (long long)seconds);
		g->asked_us = seconds * USEC_PER_SEC;
		break;
	case 1:
		(void)strftime(g->retry_after, sizeof(g->retry_after), "%a, %d %b %Y %H:%M:%S GMT",
			gmtime_r(&at, &tm));
		g->asked_us = seconds < 60 ? 0 : (seconds - 60) * USEC_PER_SEC;
		break;
	case 2:
		(void)snprintf(g->retry_after, sizeof(g->retry_after), "99999999999999999999999");
		g->asked_us = LIMIT_RETRY_AFTER_US;
		break;
	case 3:
		(void)snprintf(g->retry_after, sizeof(g->retry_after), "%s",
			nonsense[below(g, sizeof(nonsense) / sizeof(nonsense[0]))]);
		break;
	default:
		g->in.retry_after = NULL;
	}
	if (g->asked_us > LIMIT_RETRY_AFTER_US)
		g->asked_us = LIMIT_RETRY_AFTER_US;
}

static void make_answer(struct game *g)
{
	static const long usual[] = {200, 202, 204, 302, 400, 401, 403, 404, 408, 409, 410, 425,
		429, 500, 502, 503, 504, 509};
	static const enum http_error errors[] = {
		HTTP_E_NETWORK, HTTP_E_TIMEOUT, HTTP_E_TLS, HTTP_E_TOO_LARGE, HTTP_E_INTERNAL};

	g->in = (struct retry_input){
		.now_us = NOW,
		.attempt = g->attempt,
		.token_renewed = g->renewed,
		.waited_us = g->waited_us,
		.random = below(g, 8) ? dice_next(&g->random) : UINT64_MAX * (uint64_t)below(g, 2),
		.body_usable = below(g, 10) == 0,
		.bearer_challenge = below(g, 2),
	};
	if (below(g, 4) == 0)
		g->in.error = errors[below(g, sizeof(errors) / sizeof(errors[0]))];
	else if (below(g, 10) == 0)
		g->in.status = below(g, 1000);
	else
		g->in.status = usual[below(g, sizeof(usual) / sizeof(usual[0]))];
	make_retry_after(g);
}

/* --- what must hold -----------------------------------------------------------------------------
 */

enum nature { GOOD, PASSES, TOKEN, FINAL };

/* What an answer is by nature, whatever was tried before. */
static enum nature nature_of(const struct game *g)
{
	const struct retry_input *in = &g->in;

	if (in->error != HTTP_OK)
		return in->error == HTTP_E_TLS || in->error == HTTP_E_TOO_LARGE ? FINAL : PASSES;
	if (in->status / 100 == 2)
		return in->body_usable ? GOOD : PASSES;
	if (in->status == 401 || (in->status == 403 && in->bearer_challenge))
		return TOKEN;
	if (in->status == 404)
		return g->policy.not_found_is_young ? PASSES : FINAL;
	if (in->status == 408 || in->status == 425 || in->status == 429)
		return PASSES;
	return in->status / 100 == 5 ? PASSES : FINAL;
}

/* The longest that we ourselves would wait after this attempt. */
static int64_t own_wait_us(const struct game *g)
{
	int64_t most_us = g->policy.base_us;

	for (unsigned i = 1; i < g->attempt && most_us < g->policy.cap_us; i++)
		most_us *= 2;
	return most_us < g->policy.cap_us ? most_us : g->policy.cap_us;
}

static void check_wait(struct game *g, const struct retry_decision *d)
{
	int64_t least_us = g->asked_us == TIME_NONE ? 0 : g->asked_us;
	int64_t most_us = own_wait_us(g) > least_us ? own_wait_us(g) : least_us;

	HOLDS(g, nature_of(g) == PASSES);
	HOLDS(g, g->attempt < g->policy.attempts);
	HOLDS(g, d->wait_us >= least_us && d->wait_us <= most_us);
	HOLDS(g, d->wait_us <= LIMIT_RETRY_AFTER_US || d->wait_us <= g->policy.cap_us);
	HOLDS(g, d->reason != GRAPH_OK);
	HOLDS(g, !d->fresh || g->in.status == 503);
	g->waited_us += d->wait_us;
	HOLDS(g, g->waited_us <= g->policy.budget_us);
	g->attempt++;
}

/* Nothing was left to try, or it would have taken longer than the budget. */
static void check_end(struct game *g, const struct retry_decision *d)
{
	int64_t left_us = g->policy.budget_us - g->waited_us;
	bool too_long =
		(g->asked_us != TIME_NONE && g->asked_us > left_us) || own_wait_us(g) > left_us;

	HOLDS(g, d->reason != GRAPH_OK);
	HOLDS(g, nature_of(g) != GOOD);
	HOLDS(g, nature_of(g) != TOKEN || g->renewed);
	HOLDS(g, nature_of(g) != PASSES || g->attempt == g->policy.attempts || too_long);
	HOLDS(g, d->wait_us == 0);
}

static void play(uint64_t seed)
{
	struct game g = {.seed = seed, .random = seed, .attempt = 1};

	make_policy(&g);
	for (;;) {
		make_answer(&g);
		const struct retry_decision d = retry_decide(&g.policy, &g.in);

		HOLDS(&g, ++g.steps <= g.policy.attempts + 1);
		switch (d.action) {
		case RETRY_DONE:
			HOLDS(&g, nature_of(&g) == GOOD && d.reason == GRAPH_OK);
			return;
		case RETRY_WAIT:
			check_wait(&g, &d);
			break;
		case RETRY_TOKEN:
			HOLDS(&g, nature_of(&g) == TOKEN && !g.renewed);
			g.renewed = true;
			break;
		case RETRY_GIVE_UP:
			check_end(&g, &d);
			return;
		}
	}
}

START_TEST(every_request_ends_in_time)
{
	dice_each(RUNS, play);
}
END_TEST

/* The same answer is never waited for shorter because the dice fell higher. */
START_TEST(luck_is_the_only_difference)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct game g = {.seed = seed, .random = seed, .attempt = 1};

		make_policy(&g);
		make_answer(&g);
		g.in.random = 0;
		const struct retry_decision low = retry_decide(&g.policy, &g.in);
		g.in.random = UINT64_MAX;
		const struct retry_decision high = retry_decide(&g.policy, &g.in);
		HOLDS(&g, low.reason == high.reason);
		HOLDS(&g, low.action == high.action ||
				  (low.action == RETRY_WAIT && high.action == RETRY_GIVE_UP));
		HOLDS(&g, high.action != RETRY_WAIT || high.wait_us >= low.wait_us);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("retry_property");
	TCase *tc = tcase_create("requests");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, every_request_ends_in_time);
	tcase_add_test(tc, luck_is_the_only_difference);
	suite_add_tcase(s, tc);
	return s;
}
