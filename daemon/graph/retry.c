/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/retry.h"

#include <errno.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/timefmt.h"

const char *graph_outcome_name(enum graph_outcome o)
{
	switch (o) {
	case GRAPH_OK:
		return "ok";
	case GRAPH_SIGN_IN:
		return "sign_in";
	case GRAPH_CONFIG:
		return "config";
	case GRAPH_FORBIDDEN:
		return "forbidden";
	case GRAPH_NOT_FOUND:
		return "not_found";
	case GRAPH_BUSY:
		return "busy";
	case GRAPH_REFUSED:
		return "refused";
	case GRAPH_THROTTLED:
		return "throttled";
	case GRAPH_NETWORK:
		return "network";
	case GRAPH_BAD_REPLY:
		return "bad_reply";
	}
	return "unknown";
}

int graph_outcome_exit_code(enum graph_outcome o)
{
	switch (o) {
	case GRAPH_OK:
		return EXIT_CODE_OK;
	case GRAPH_SIGN_IN:
	case GRAPH_CONFIG:
	case GRAPH_FORBIDDEN:
		return EXIT_CODE_SIGN_IN;
	case GRAPH_BUSY:
		return EXIT_CODE_SLOT_BUSY;
	case GRAPH_THROTTLED:
		return EXIT_CODE_THROTTLED;
	case GRAPH_NETWORK:
		return EXIT_CODE_NETWORK;
	case GRAPH_NOT_FOUND:
	case GRAPH_REFUSED:
	case GRAPH_BAD_REPLY:
		break;
	}
	return EXIT_CODE_INCOMPLETE;
}

int64_t retry_after_parse(const char *value, int64_t now_us)
{
	uint64_t seconds;
	int64_t at_us;

	if (!value)
		return TIME_NONE;
	value += strspn(value, " \t");
	int r = parse_u64(value, 0, (uint64_t)(LIMIT_RETRY_AFTER_US / USEC_PER_SEC), &seconds);
	if (r == 0)
		return (int64_t)seconds * USEC_PER_SEC;
	if (r == -ERANGE)
		return LIMIT_RETRY_AFTER_US;
	if (now_us == TIME_NONE || time_parse_http(value, &at_us) < 0)
		return TIME_NONE;
	if (at_us <= now_us)
		return 0;
	return at_us - now_us < LIMIT_RETRY_AFTER_US ? at_us - now_us : LIMIT_RETRY_AFTER_US;
}

/* min(cap, base * 2^(attempt - 1)) */
static int64_t doubled(int64_t base_us, int64_t cap_us, unsigned attempt)
{
	int64_t us = base_us;

	for (unsigned i = 1; i < attempt && us < cap_us; i++)
		us *= 2;
	return us < cap_us ? us : cap_us;
}

/* Uniform in [0, most_us]. */
static int64_t part_of(int64_t most_us, uint64_t random)
{
	return (int64_t)(((unsigned __int128)random * ((uint64_t)most_us + 1)) >> 64);
}

static int64_t jittered(const struct retry_policy *p, unsigned attempt, uint64_t random)
{
	return part_of(doubled(p->base_us, p->cap_us, attempt), random);
}

int64_t retry_backoff_us(int64_t base_us, int64_t cap_us, unsigned failures, uint64_t random)
{
	if (failures == 0)
		return 0;

	int64_t most_us = doubled(base_us, cap_us, failures);
	return most_us - most_us / 2 + part_of(most_us / 2, random);
}

static struct retry_decision give_up(enum graph_outcome reason)
{
	return (struct retry_decision){.action = RETRY_GIVE_UP, .reason = reason};
}

static struct retry_decision wait_for(
	const struct retry_policy *p, const struct retry_input *in, enum graph_outcome reason)
{
	int64_t wait_us = jittered(p, in->attempt, in->random);
	int64_t asked_us = retry_after_parse(in->retry_after, in->now_us);

	if (asked_us != TIME_NONE && asked_us > wait_us)
		wait_us = asked_us;
	if (in->attempt >= p->attempts || wait_us > p->budget_us - in->waited_us)
		return give_up(reason);
	return (struct retry_decision){
		.action = RETRY_WAIT,
		.wait_us = wait_us,
		.reason = reason,
		.fresh = in->status == 503,
	};
}

static struct retry_decision no_answer(const struct retry_policy *p, const struct retry_input *in)
{
	switch (in->error) {
	case HTTP_E_TLS:
		return give_up(GRAPH_CONFIG);
	case HTTP_E_TOO_LARGE:
		return give_up(GRAPH_BAD_REPLY);
	case HTTP_OK:
	case HTTP_E_NETWORK:
	case HTTP_E_TIMEOUT:
	case HTTP_E_INTERNAL:
		break;
	}
	return wait_for(p, in, GRAPH_NETWORK);
}

/* A claims challenge comes with 401; older pages of Graph show it with 403 too. */
static struct retry_decision refused_token(const struct retry_input *in, enum graph_outcome reason)
{
	if (in->token_renewed)
		return give_up(reason);
	return (struct retry_decision){.action = RETRY_TOKEN, .reason = reason};
}

static struct retry_decision client_error(
	const struct retry_policy *p, const struct retry_input *in)
{
	switch (in->status) {
	case 401:
		return refused_token(in, GRAPH_SIGN_IN);
	case 403:
		return in->bearer_challenge ? refused_token(in, GRAPH_FORBIDDEN)
					    : give_up(GRAPH_FORBIDDEN);
	case 404:
		return p->not_found_is_young ? wait_for(p, in, GRAPH_NOT_FOUND)
					     : give_up(GRAPH_NOT_FOUND);
	case 407: /* a proxy wants credentials */
		return give_up(GRAPH_CONFIG);
	case 408:
	case 425:
		return wait_for(p, in, GRAPH_NETWORK);
	case 409:
		return give_up(GRAPH_BUSY);
	case 410:
		return give_up(GRAPH_NOT_FOUND);
	case 429:
		return wait_for(p, in, GRAPH_THROTTLED);
	default:
		return give_up(GRAPH_REFUSED);
	}
}

struct retry_decision retry_decide(const struct retry_policy *policy, const struct retry_input *in)
{
	if (in->error != HTTP_OK)
		return no_answer(policy, in);
	if (in->status >= 200 && in->status < 300) {
		if (in->body_usable)
			return (struct retry_decision){.action = RETRY_DONE, .reason = GRAPH_OK};
		/* a gateway's page or a cut answer: the next one may be whole */
		return wait_for(policy, in, GRAPH_BAD_REPLY);
	}
	if (in->status >= 400 && in->status < 500)
		return client_error(policy, in);
	if (in->status == 503 || in->status == 509)
		return wait_for(policy, in, GRAPH_THROTTLED);
	if (in->status >= 500 && in->status < 600)
		return wait_for(policy, in, GRAPH_NETWORK);
	/* redirects are never followed: a token must not travel */
	return give_up(GRAPH_BAD_REPLY);
}
