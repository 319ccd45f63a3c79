/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows do not say where in its page their element is: a page is walked once when it is decoded,
 * which costs less than the decoding, and a million rows are some megabytes smaller.
 */
#include "common/store/store_element.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/limits.h"

static int load(struct store_elements *e, int64_t job, int64_t page)
{
	buf_reset(&e->data);
	e->data.max = LIMIT_PAGE_BYTES;
	e->page = 0;
	free(TAKE_PTR(e->spans));
	int r = store_page_read(e->store, job, page, &e->data, &e->first);
	if (r != 0)
		return r;
	r = change_page_spans(e->data.data, e->data.len, &e->spans, &e->n);
	if (r < 0)
		return r == -EBADMSG ? STORE_PAGE_E_DAMAGED : r;
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
