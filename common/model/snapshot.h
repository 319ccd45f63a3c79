/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots as the service lists them. Pure: JSON in, structs out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"

struct snapshot {
	char *service_id; /* opaque: its encoding differs between documents and wire */
	int64_t created_us;
	char *created_text;
};
struct snapshot_list {
	struct snapshot *items;
	size_t n;
};

/*
 * Appends the snapshots of one page to list (also some of them before it fails). ret_next: the
 * nextLink (free() it), NULL on the last page. ret_unknown: entries that could not be used (no id,
 * no time). 0, -ENOMEM, -EBADMSG (not such a page), -EFBIG past LIMIT_SNAPSHOTS.
 */
int snapshot_list_parse(struct snapshot_list *list, const char *text, size_t len, char **ret_next,
	unsigned *ret_unknown);
int snapshot_list_add(struct snapshot_list *list, const char *service_id, int64_t created_us,
	const char *created_text);
/* Newest first; of entries with the same time or the same id (documented as normal) the first
 * listed stays. */
void snapshot_list_normalise(struct snapshot_list *list);
void snapshot_list_done(struct snapshot_list *list);
