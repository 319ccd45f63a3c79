/* SPDX-License-Identifier: Apache-2.0 */
/* Reads lists of snapshots. It does not judge what is late or missing. */
#include "common/model/snapshot.h"

#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/odata.h"

static void snapshot_done(struct snapshot *s)
{
	free(s->service_id);
	free(s->created_text);
	*s = (struct snapshot){.created_us = TIME_NONE};
}

int snapshot_list_add(struct snapshot_list *list, const char *service_id, int64_t created_us,
	const char *created_text)
{
	_cleanup_(freep) char *id = NULL;
	_cleanup_(freep) char *text = NULL;

	if (list->n >= LIMIT_SNAPSHOTS)
		return -EFBIG;
	if (text_copy(service_id, &id) < 0 || text_copy(created_text, &text) < 0)
		return -ENOMEM;
	struct snapshot *items = reallocarray(list->items, list->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->n++] = (struct snapshot){
		.service_id = TAKE_PTR(id),
		.created_us = created_us,
		.created_text = TAKE_PTR(text),
	};
	return 0;
}

static int add_element(void *list, const char *id, const struct json *e)
{
	int64_t created_us = odata_time(e, "createdDateTime");

	if (created_us == TIME_NONE)
		return 1;
	return snapshot_list_add(list, id, created_us, json_string_or(e, "createdDateTime", ""));
}

int snapshot_list_parse(struct snapshot_list *list, const char *text, size_t len, char **ret_next,
	unsigned *ret_unknown)
{
	return odata_page_read(text, len, add_element, list, ret_next, ret_unknown);
}

/* Stable, so that "the first listed" keeps its meaning; lists are short or nearly in order. */
static void sort_newest_first(struct snapshot_list *list)
{
	for (size_t i = 1; i < list->n; i++) {
		struct snapshot s = list->items[i];
		size_t at = i;
		while (at > 0 && list->items[at - 1].created_us < s.created_us) {
			list->items[at] = list->items[at - 1];
			at--;
		}
		list->items[at] = s;
	}
}

static bool listed_twice(const struct snapshot_list *list, size_t n_kept, const struct snapshot *s)
{
	for (size_t i = 0; i < n_kept; i++)
		if (list->items[i].created_us == s->created_us ||
			strcmp(list->items[i].service_id, s->service_id) == 0)
			return true;
	return false;
}

static void drop_repeated(struct snapshot_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct snapshot s = list->items[i];
		if (listed_twice(list, n, &s))
			snapshot_done(&s);
		else
			list->items[n++] = s;
	}
	list->n = n;
}

void snapshot_list_normalise(struct snapshot_list *list)
{
	/* Before sorting: of two times under one id the first listed stays. */
	drop_repeated(list);
	sort_newest_first(list);
}

void snapshot_list_done(struct snapshot_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		snapshot_done(&list->items[i]);
	free(list->items);
	*list = (struct snapshot_list){0};
}
