/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that do not take no for an answer: the same refused request again and again, or one
 * before the end of the wait that was asked for. A restarted client knows nothing of what it was
 * told before, so once is forgiven.
 */
#include "tests/graphsim/sim_repeat.h"

#include <string.h>

#include "common/base/parse.h"

/* As long as clients of the platform's own libraries answer such requests from memory. */
#define MEMORY USEC_PER_MIN
#define FORGIVEN 1u

/* What makes two token requests the same: all that is not made anew for each of them. */
static uint64_t fingerprint(struct sim_ctx *c)
{
	static const char *const keys[] = {
		"grant_type", "refresh_token", "code", "code_verifier", "scope", "claims"};
	uint64_t h = sim_hash_text(c->tenant->id);

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_(freep) char *value =
			sim_form_get(c->req->body, c->req->body_len, keys[i]);

		h = sim_mix(h, value ? sim_hash_text(value) : i);
	}
	return h;
}

static bool is_poll(struct sim_ctx *c)
{
	_cleanup_(freep) char *code = sim_form_get(c->req->body, c->req->body_len, "device_code");

	return code != NULL;
}

bool sim_repeat_check(struct sim_ctx *c)
{
	struct sim_repeat *r = &c->tenant->repeat;

	if (is_poll(c) || fingerprint(c) != r->request || c->now_us >= r->until_us) {
		r->n = is_poll(c) ? r->n : 0;
		return true;
	}
	if (r->n++ < FORGIVEN)
		return true;
	sim_violate(c->s,
		"tenant %s: a token request that was refused with %d was repeated after %lld s",
		c->tenant->name, r->status, (long long)((c->now_us - r->at_us) / USEC_PER_SEC));
	return false;
}

/* Seconds; a date counts as none. */
static int64_t wait_of(const struct sim_response *res)
{
	const char *at = strcasestr(buf_text(&res->headers), "\r\nRetry-After: ");
	uint64_t s = 0;

	if (!at)
		return 0;
	at += strlen("\r\nRetry-After: ");
	_cleanup_(freep) char *text = sim_strndup(at, strspn(at, "0123456789"));
	return parse_u64(text, 1, 86400, &s) == 0 ? (int64_t)s * USEC_PER_SEC : 0;
}

void sim_repeat_note(struct sim_ctx *c)
{
	struct sim_repeat *r = &c->tenant->repeat;
	int status = c->res->status;
	bool refused = status == 400 || status == 401;
	int64_t wait_us = refused ? MEMORY : wait_of(c->res);

	bool same = fingerprint(c) == r->request;

	if (is_poll(c) || c->res->drop || (wait_us == 0 && !same))
		return;
	if (!same || c->now_us >= r->until_us)
		r->n = 0;
	r->request = fingerprint(c);
	r->status = status;
	r->at_us = c->now_us;
	r->until_us = c->now_us + wait_us;
}
