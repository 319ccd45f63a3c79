/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of snapshots: every entry is counted or usable; normalised lists are strictly newest first,
 * hold each id once, and normalising again changes nothing.
 */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/snapshot.h"
#include "tests/fuzz/fuzz.h"

static void check_list(const struct snapshot_list *list)
{
	FUZZ_CHECK(list->n <= LIMIT_SNAPSHOTS);
	for (size_t i = 0; i < list->n; i++) {
		const struct snapshot *s = &list->items[i];

		FUZZ_CHECK(s->created_us != TIME_NONE && s->created_us >= 0);
		FUZZ_CHECK(*s->service_id && strlen(s->service_id) <= LIMIT_ID_BYTES);
		FUZZ_CHECK(utf8_valid(s->service_id, strlen(s->service_id)));
		FUZZ_CHECK(s->created_text);
	}
}

static bool has_id(const struct snapshot_list *list, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list->items[i].service_id, id) == 0)
			return true;
	return false;
}

static void check_normal(const struct snapshot_list *list)
{
	for (size_t i = 1; i < list->n; i++) {
		FUZZ_CHECK(list->items[i].created_us < list->items[i - 1].created_us);
		FUZZ_CHECK(!has_id(list, i, list->items[i].service_id));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot_list list = {0};
	char *next = NULL;
	unsigned unknown = 0;
	int r = snapshot_list_parse(&list, (const char *)data, size, &next, &unknown);

	check_list(&list);
	if (r == 0) {
		size_t before = list.n;

		FUZZ_CHECK(!next || (*next && strlen(next) <= LIMIT_URL_BYTES));
		snapshot_list_normalise(&list);
		FUZZ_CHECK(list.n <= before && (list.n > 0) == (before > 0));
		check_normal(&list);
		before = list.n;
		snapshot_list_normalise(&list);
		FUZZ_CHECK(list.n == before);
	} else {
		FUZZ_CHECK(!next);
	}
	free(next);
	snapshot_list_done(&list);
	return 0;
}
