/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows do not say where in its page their element is: a page is walked once when it is decoded,
 * which costs less than the decoding, and a million rows are some megabytes smaller.
 */
#include "common/store/store_element.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/limits.h"

static int on_element(void *arg, struct json_span element)
{
	struct store_elements *e = arg;

	if (e->n == e->cap) {
		size_t cap = e->cap ? 2 * e->cap : 1024;
		struct json_span *spans = reallocarray(e->spans, cap, sizeof(*spans));

		if (!spans)
			return -ENOMEM;
		e->spans = spans;
		e->cap = cap;
	}
	e->spans[e->n++] = element;
	return 0;
}

static int load(struct store_elements *e, int64_t job, int64_t page)
{
	struct json_scan_ops ops = {.element = on_element};

	buf_reset(&e->data);
	e->data.max = LIMIT_PAGE_BYTES;
	e->page = 0;
	e->n = 0;
	int r = store_page_read(e->store, job, page, &e->data, &e->first);
	if (r != 0)
		return r;
	r = json_scan(e->data.data, e->data.len, LIMIT_JSON_DEPTH, &ops, e);
	if (r != 0)
		return r < 0 ? r : STORE_PAGE_E_DAMAGED;
	e->job = job;
	e->page = page;
	return 0;
}

int store_element(struct store_elements *e, const struct store_change *change, const char **ret,
	size_t *ret_len)
{
	if (e->page == 0 || e->job != change->job || e->page != change->page) {
		int r = load(e, change->job, change->page);
		if (r != 0)
			return r;
	}
	if (change->ordinal < e->first || (uint64_t)(change->ordinal - e->first) >= e->n)
		return STORE_PAGE_E_DAMAGED;
	const struct json_span *span = &e->spans[change->ordinal - e->first];
	*ret = e->data.data + span->off;
	*ret_len = span->len;
	return 0;
}

void store_elements_done(struct store_elements *e)
{
	buf_done(&e->data);
	free(e->spans);
	*e = (struct store_elements){0};
}
