/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, deterministic ids, counters, violations, tenants. Knows nothing of HTTP. */
#include "tests/graphsim/sim_core.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/parse.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_dir.h"
#include "tests/graphsim/sim_job.h"
#include "tests/graphsim/sim_sign_in.h"

void *sim_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		abort();
	return p;
}

char *sim_strndup(const char *text, size_t len)
{
	char *copy = sim_alloc(len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *sim_strdup(const char *text)
{
	return sim_strndup(text, strlen(text));
}

static char *vprint(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *vprint(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	return text;
}

char *sim_printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = vprint(fmt, ap);
	va_end(ap);
	return text;
}

void *sim_grow(void *array_ptr, size_t *n, size_t size)
{
	char *array;

	memcpy(&array, array_ptr, sizeof(array));
	if ((*n & (*n - 1)) == 0) { /* full at every power of two */
		array = reallocarray(array, *n ? *n * 2 : 1, size);
		if (!array)
			abort();
		memcpy(array_ptr, &array, sizeof(array));
	}
	void *element = array + (*n)++ * size;
	memset(element, 0, size);
	return element;
}

/* splitmix64 over both numbers. */
uint64_t sim_mix(uint64_t a, uint64_t b)
{
	uint64_t z = a * UINT64_C(0x9e3779b97f4a7c15) + (b ^ UINT64_C(0x632be59bd9b4e019));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t sim_hash_text(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return h;
}

const char *sim_guid(uint64_t key, char out[static SIM_GUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	static const unsigned char dash_before[16] = {[4] = 1, [6] = 1, [8] = 1, [10] = 1};
	uint64_t half[2] = {sim_mix(key, 1), sim_mix(key, 2)};
	char *p = out;

	half[0] = (half[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
	half[1] = (half[1] & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
	for (unsigned i = 0; i < 16; i++) {
		uint64_t byte = half[i / 8] >> (56 - i % 8 * 8);

		if (dash_before[i])
			*p++ = '-';
		*p++ = digits[byte >> 4 & 15];
		*p++ = digits[byte & 15];
	}
	*p = '\0';
	return out;
}

uint64_t sim_serial(struct sim *s)
{
	return ++s->serial;
}

void sim_secret(struct sim *s, const char *text)
{
	char **slot = sim_grow(&s->secrets, &s->n_secrets, sizeof(*slot));

	*slot = sim_strdup(text);
}

void sim_violate(struct sim *s, const char *fmt, ...)
{
	char **slot = sim_grow(&s->violations, &s->n_violations, sizeof(*slot));
	va_list ap;

	va_start(ap, fmt);
	*slot = vprint(fmt, ap);
	va_end(ap);
}

size_t sim_violations(const struct sim *s)
{
	return s->n_violations;
}

const char *sim_violation(const struct sim *s, size_t i)
{
	return i < s->n_violations ? s->violations[i] : NULL;
}

void sim_tally(struct sim *s, struct sim_tenant *t, enum sim_counter which)
{
	struct sim_peak *p = &s->peaks[which];
	int64_t second = clock_wall_us() / USEC_PER_SEC;

	s->counts[which]++;
	if (t)
		t->counts[which]++;
	p->n = second == p->second ? p->n + 1 : 1;
	p->second = second;
	if (p->n > p->most)
		p->most = p->n;
}

static const char *const counter_names[_SIM_COUNT_MAX] = {
	[SIM_COUNT_REQUESTS] = "requests",
	[SIM_COUNT_TOKEN] = "token",
	[SIM_COUNT_AUTHORIZE] = "authorize",
	[SIM_COUNT_DEVICE] = "device",
	[SIM_COUNT_SNAPSHOTS] = "snapshots",
	[SIM_COUNT_JOBS] = "jobs",
	[SIM_COUNT_JOB] = "job",
	[SIM_COUNT_CREATE] = "create",
	[SIM_COUNT_CHANGES] = "changes",
	[SIM_COUNT_CANCEL] = "cancel",
	[SIM_COUNT_WEBHOOK] = "webhook",
	[SIM_COUNT_FAULTS] = "faults",
};

const char *sim_count_name(size_t i)
{
	return i < _SIM_COUNT_MAX ? counter_names[i] : NULL;
}

uint64_t sim_count(const struct sim *s, const char *name)
{
	const uint64_t *counts = s->counts;
	const char *dot = strchr(name, '.');

	if (dot) {
		_cleanup_(freep) char *tenant = sim_strndup(name, (size_t)(dot - name));
		const struct sim_tenant *t = sim_tenant_by_name(s, tenant);

		if (!t)
			return 0;
		counts = t->counts;
		name = dot + 1;
	}
	for (size_t i = 0; i < _SIM_COUNT_MAX; i++)
		if (strcmp(counter_names[i], name) == 0)
			return counts[i];
	return 0;
}

uint64_t sim_peak(const struct sim *s, const char *name)
{
	for (size_t i = 0; i < _SIM_COUNT_MAX; i++)
		if (strcmp(counter_names[i], name) == 0)
			return s->peaks[i].most;
	return 0;
}

struct sim_tenant *sim_tenant_by_name(const struct sim *s, const char *name)
{
	for (size_t i = 0; i < s->n_tenants; i++)
		if (strcmp(s->tenants[i]->name, name) == 0)
			return s->tenants[i];
	return NULL;
}

struct sim_tenant *sim_tenant_by_id(const struct sim *s, const char *id)
{
	for (size_t i = 0; i < s->n_tenants; i++)
		if (strcasecmp(s->tenants[i]->id, id) == 0)
			return s->tenants[i];
	return NULL;
}

struct sim_tenant *sim_tenant_new(struct sim *s, const char *name)
{
	struct sim_tenant *t = sim_alloc(sizeof(*t));
	struct sim_tenant **slot = sim_grow(&s->tenants, &s->n_tenants, sizeof(*slot));

	*slot = t;
	t->sim = s;
	t->name = sim_strdup(name);
	t->seed = sim_hash_text(name);
	t->sign_in = sim_sign_in_new();
	t->snaps = (struct sim_snap_plan){.on = true,
		.time_of_day_us = 22 * USEC_PER_HOUR,
		.keep = 7,
		.since_us = TIME_NONE,
		.until_us = TIME_NONE};
	t->preview = (struct sim_preview_plan){.initial_us = 30 * USEC_PER_SEC,
		.load_us = 40 * USEC_PER_MIN,
		.calculate_us = 10 * USEC_PER_MIN,
		.jobs_keep_us = 7 * USEC_PER_DAY};
	return t;
}

struct sim_tenant *sim_tenant_free(struct sim_tenant *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_jobs; i++)
		(void)sim_job_free(t->jobs[i]);
	for (size_t i = 0; i < t->n_certificates; i++)
		X509_free(t->certificates[i]);
	if (t->dir)
		t->dir->ops->free(t->dir);
	(void)sim_sign_in_free(t->sign_in);
	free(t->jobs);
	free(t->loaded);
	free(t->snaps.rules);
	free(t->name);
	free(t);
	return NULL;
}

int64_t sim_switch(const struct sim *s, const struct sim_tenant *t, enum sim_switch_id id)
{
	if (t && t->switches.set[id])
		return t->switches.value[id];
	return s->switches.set[id] ? s->switches.value[id] : sim_switch_default(id);
}

bool sim_own_host(const struct sim *s, const char *host)
{
	for (size_t i = 0; i < s->n_hosts; i++)
		if (strcasecmp(s->hosts[i], host) == 0)
			return true;
	return false;
}

/* "03:00" or "03:00:30". */
static int time_of_day(const char *text, int64_t *ret_us)
{
	int h = 0, m = 0, sec = 0, used = 0;

	if (sscanf(text, "%2d:%2d%n:%2d%n", &h, &m, &used, &sec, &used) < 2 || text[used] != '\0')
		return -EINVAL;
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
		return -EINVAL;
	*ret_us = h * USEC_PER_HOUR + m * USEC_PER_MIN + sec * USEC_PER_SEC;
	return 0;
}

/* "2d03:00": days, then a time of day; or "2d 03h" as a duration; or "03:00". */
static int offset(const char *text, int64_t *ret_us)
{
	const char *d = strchr(text, 'd');
	int64_t clock_us = 0;
	uint64_t days = 0;

	if (!strchr(text, ':'))
		return parse_duration(text, 0, 36500 * USEC_PER_DAY, ret_us);
	if (d) {
		_cleanup_(freep) char *n = sim_strndup(text, (size_t)(d - text));

		if (parse_u64(n, 0, 36500, &days) < 0)
			return -EINVAL;
	}
	if (time_of_day(d ? d + 1 : text, &clock_us) < 0)
		return -EINVAL;
	*ret_us = (int64_t)days * USEC_PER_DAY + clock_us;
	return 0;
}

/*
 * "-2d22:00" is 22:00 of the day two days before the start, as "+2d22:00" is 22:00 two days after:
 * with a time of day only the days count backwards.
 */
int sim_time(const struct sim *s, const char *text, int64_t *ret_us)
{
	int64_t us;

	if (strcmp(text, "now") == 0) {
		*ret_us = clock_wall_us();
		return 0;
	}
	if (*text != '+' && *text != '-')
		return time_parse(text, ret_us);
	if (offset(text + 1, &us) < 0)
		return -EINVAL;
	if (*text == '-') {
		int64_t within = strchr(text, ':') ? us % USEC_PER_DAY : 0;

		us = within - (us - within);
	}
	*ret_us = s->start_us + us;
	return 0;
}
