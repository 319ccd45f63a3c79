/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the changes of a successful preview job, page after page: fetch, hand the raw bytes to the
 * store thread, go on at the stored link. One budget of bytes in flight over all tenants.
 */
#pragma once

#include "common/base/cleanup.h"
#include "daemon/watch/reading.h"

struct loop;
struct pages;
struct store_thread;
struct tenant;

int pages_new(struct loop *l, struct store_thread *st, struct pages **ret);
struct pages *pages_free(struct pages *p);
DEFINE_CLEANUP(struct pages, pages_free);

/* Every reading must have ended before pages_free(). */
extern const struct reading_ops pages_reading;
