/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/property/shrink.h"

#include <stdlib.h>
#include <string.h>

#define HOUR 3600

static bool still_fails(struct trial *t, const char *check, const struct history *h)
{
	return !trial_run(t, h) && t->verdict.check == check;
}

/* Without ops [from, from + len). */
static bool without(struct trial *t, const char *check, struct history *h, size_t from, size_t len)
{
	struct history *less = malloc(sizeof(*less));
	bool smaller = false;

	if (!less)
		return false;
	*less = *h;
	memmove(&less->ops[from], &less->ops[from + len], (h->n - from - len) * sizeof(h->ops[0]));
	less->n = h->n - len;
	(void)history_normalise(less);
	if (still_fails(t, check, less)) {
		*h = *less;
		smaller = true;
	}
	free(less);
	return smaller;
}

static bool fewer_lines(struct trial *t, const char *check, struct history *h)
{
	bool any = false;

	for (size_t len = h->n / 2; len >= 1; len /= 2)
		for (size_t from = 0; from + len <= h->n;)
			if (without(t, check, h, from, len))
				any = true;
			else
				from += len;
	return any;
}

/* Time passes until then in any case. */
static int64_t last_on_host_s(const struct history *h)
{
	int64_t last_s = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct op *op = &h->ops[i];
		int64_t end_s = op->at_s + (op->kind == OP_DOWN ? op->value : 0);

		if ((op->kind == OP_LINE || op->kind == OP_DOWN) && end_s > last_s)
			last_s = end_s;
	}
	return last_s;
}

/* As early an end as possible. What is not delivered then is not missed. */
static void earlier_end(struct trial *t, const char *check, struct history *h)
{
	struct history *less = malloc(sizeof(*less));
	int64_t low = (last_on_host_s(h) + HOUR - 1) / HOUR, high = h->end_s / HOUR;

	if (!less)
		return;
	*less = *h;
	less->quiet_end = false;
	while (low < high) {
		int64_t middle = (low + high) / 2;

		less->end_s = middle * HOUR;
		if (still_fails(t, check, less))
			high = middle;
		else
			low = middle + 1;
	}
	less->end_s = high * HOUR;
	if (still_fails(t, check, less))
		*h = *less;
	free(less);
}

void shrink(struct trial *t, const char *check, struct history *h)
{
	earlier_end(t, check, h);
	while (fewer_lines(t, check, h))
		earlier_end(t, check, h);
	(void)still_fails(t, check, h);
}
