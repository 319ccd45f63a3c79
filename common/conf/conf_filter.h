/* SPDX-License-Identifier: Apache-2.0 */
/* A watch's filter as the service wants it, in one order whatever the order in the file. Pure. */
#pragma once

#include "common/conf/conf.h"

/*
 * Fills filter_json and filter_hash from entity_types and object_ids, which were checked. 0,
 * -ENOMEM, -EIO.
 */
int conf_filter_make(struct conf_watch *w);
