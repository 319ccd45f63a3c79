/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the store itself: "program" (version that wrote last), "created". */
#pragma once

#include "common/store/store.h"

int store_meta_set(struct store *s, const char *key, const char *value);
/* 1 and a copy (free() it), 0 when there is none, or < 0. */
int store_meta_get(struct store *s, const char *key, char **ret);
