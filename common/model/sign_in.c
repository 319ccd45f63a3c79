/* SPDX-License-Identifier: Apache-2.0 */
#include "common/model/sign_in.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"

const unsigned sign_in_warn_days[] = {SIGN_IN_WARN_DAYS, 7, 3, 1, 0};
const unsigned certificate_warn_days[] = {CERTIFICATE_WARN_DAYS, 14, 7, 1, 0};

static const char *const how_names[] = {
	[SIGN_IN_BY_UNKNOWN] = "unknown",
	[SIGN_IN_BY_CREDENTIAL] = "credential",
	[SIGN_IN_BY_CODE] = "code",
	[SIGN_IN_BY_DEVICE] = "device",
};

static const char *const state_names[] = {
	[SIGN_IN_NOBODY] = "nobody",
	[SIGN_IN_GOOD] = "good",
	[SIGN_IN_EXPIRING] = "expiring",
	[SIGN_IN_OVER] = "over",
	[SIGN_IN_REFUSED] = "refused",
};

const char *sign_in_how_name(enum sign_in_how how)
{
	return how_names[how];
}

enum sign_in_how sign_in_how_parse(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(how_names); i++)
		if (strcmp(how_names[i], name) == 0)
			return (enum sign_in_how)i;
	return SIGN_IN_BY_UNKNOWN;
}

const char *sign_in_state_name(enum sign_in_state state)
{
	return state_names[state];
}

/* --- memory --------------------------------------------------------------------------------------
 */

void sign_in_done(struct sign_in *s)
{
	free(s->account);
	free(s->account_id);
	free(s->scopes);
	free(s->refused_text);
	free(s->refused_hint);
	*s = SIGN_IN_INIT;
}

int sign_in_copy(const struct sign_in *s, struct sign_in *ret)
{
	struct sign_in copy = *s;
	int r;

	copy.account = copy.account_id = copy.scopes = NULL;
	copy.refused_text = copy.refused_hint = NULL;
	r = text_copy(s->account, &copy.account);
	if (r == 0)
		r = text_copy(s->account_id, &copy.account_id);
	if (r == 0)
		r = text_copy(s->scopes, &copy.scopes);
	if (r == 0)
		r = text_copy(s->refused_text, &copy.refused_text);
	if (r == 0)
		r = text_copy(s->refused_hint, &copy.refused_hint);
	if (r == 0)
		*ret = copy;
	else
		sign_in_done(&copy);
	return r;
}

void sign_in_list_done(struct sign_in_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		sign_in_done(&list->items[i]);
	free(list->items);
	*list = (struct sign_in_list){0};
}

/* --- its life ------------------------------------------------------------------------------------
 */

static int64_t latest(int64_t a, int64_t b)
{
	return a > b ? a : b; /* TIME_NONE is less than any time */
}

static int64_t idle_end_us(const struct sign_in *s)
{
	int64_t used_us = latest(s->enrolled_us, s->refreshed_us);
	int64_t idle_us = LIMIT_SIGN_IN_IDLE_US;

	if (used_us == TIME_NONE)
		return TIME_NONE;
	if (s->idle_us != TIME_NONE && s->idle_us < idle_us)
		idle_us = s->idle_us;
	return used_us + idle_us;
}

bool sign_in_ends_by_age(const struct sign_in *s)
{
	return s->age_us != TIME_NONE && s->enrolled_us != TIME_NONE &&
	       s->enrolled_us + s->age_us < idle_end_us(s);
}

int64_t sign_in_ends_us(const struct sign_in *s)
{
	return sign_in_ends_by_age(s) ? s->enrolled_us + s->age_us : idle_end_us(s);
}

int sign_in_days_left(const struct sign_in *s, int64_t now_us)
{
	int64_t ends_us = sign_in_ends_us(s);

	if (ends_us == TIME_NONE)
		return -1;
	if (ends_us <= now_us)
		return 0;
	/* a clock that was ahead once must not promise more than there is */
	int64_t left_us = ends_us - now_us;
	if (left_us > LIMIT_SIGN_IN_IDLE_US)
		left_us = LIMIT_SIGN_IN_IDLE_US;
	return (int)(left_us / USEC_PER_DAY);
}

enum sign_in_state sign_in_state(const struct sign_in *s, int64_t now_us)
{
	if (!s)
		return SIGN_IN_NOBODY;
	if (s->refused_us != TIME_NONE)
		return SIGN_IN_REFUSED;

	int64_t ends_us = sign_in_ends_us(s);
	if (ends_us == TIME_NONE)
		return SIGN_IN_GOOD;
	if (ends_us <= now_us)
		return SIGN_IN_OVER;
	return ends_us - now_us <= SIGN_IN_WARN_DAYS * USEC_PER_DAY ? SIGN_IN_EXPIRING
								    : SIGN_IN_GOOD;
}

unsigned sign_in_warning(int64_t left_us, const unsigned *days, unsigned told)
{
	unsigned due = 0;

	for (; *days; days++)
		if (left_us <= (int64_t)*days * USEC_PER_DAY)
			due = *days;
	return told && due >= told ? 0 : due;
}

/* Like a hash, and the same for ever: FNV-1a. */
static int64_t spread_us(const char *tenant_id)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *tenant_id; tenant_id++)
		h = (h ^ (unsigned char)*tenant_id) * 0x100000001b3u;
	return (int64_t)((h >> 16) % (uint64_t)USEC_PER_HOUR);
}

int64_t sign_in_next_us(const struct sign_in *s, int64_t now_us)
{
	int64_t last_us = latest(s->refreshed_us, s->enrolled_us);
	int64_t step_us = USEC_PER_DAY + spread_us(s->tenant_id);

	if (s->refused_us != TIME_NONE) {
		last_us = latest(s->refused_us, s->probed_us);
		step_us -= USEC_PER_HOUR;
	}
	if (last_us == TIME_NONE || last_us + step_us <= now_us)
		return now_us;
	return last_us <= now_us ? last_us + step_us : now_us + step_us;
}

/* --- facts ---------------------------------------------------------------------------------------
 */

static void observe(int64_t *shortest_us, int64_t from_us, int64_t now_us)
{
	int64_t life_us = from_us == TIME_NONE ? 0 : now_us - from_us;

	/* less than a day is a fault of some clock, or no life to warn of days ahead */
	if (life_us >= USEC_PER_DAY && (*shortest_us == TIME_NONE || life_us < *shortest_us))
		*shortest_us = life_us;
}

void sign_in_refused(
	struct sign_in *s, int64_t now_us, enum sign_in_end end, const char *text, const char *hint)
{
	free(s->refused_text);
	free(s->refused_hint);
	(void)text_copy(text, &s->refused_text);
	(void)text_copy(hint, &s->refused_hint);
	s->probed_us = now_us;
	if (s->refused_us != TIME_NONE)
		return;
	s->refused_us = now_us;
	if (end == SIGN_IN_END_AGE)
		observe(&s->age_us, s->enrolled_us, now_us);
	else if (end == SIGN_IN_END_IDLE)
		observe(&s->idle_us, latest(s->enrolled_us, s->refreshed_us), now_us);
}

bool sign_in_refreshed(struct sign_in *s, int64_t now_us)
{
	bool was_refused = s->refused_us != TIME_NONE;

	free(s->refused_text);
	free(s->refused_hint);
	s->refused_text = s->refused_hint = NULL;
	s->refused_us = s->probed_us = TIME_NONE;
	s->refreshed_us = now_us;
	/* it outlived what was taken for its age: that was something else */
	if (s->age_us != TIME_NONE && s->enrolled_us != TIME_NONE &&
		now_us - s->enrolled_us > s->age_us)
		s->age_us = TIME_NONE;
	return was_refused;
}
