/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema and its versions. A version is a DDL text that leads there from the one before;
 * version 1 starts from nothing. What was released is never edited: a change is a new version.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/store/db.h"

/* One family of versions: what[0] leads to version 1, what[1] from there to version 2. */
struct schema {
	const char *const *ddl; /* with type tokens */
	unsigned version;	/* how many */
};
extern const struct schema schema_store;
extern const struct schema schema_secrets;

enum schema_error {
	SCHEMA_E_NEWER = 1, /* of a version that this program does not know */
};

/*
 * Brings a database to the newest version, each step in a transaction of its own. Before the first
 * step away from an existing version it writes a copy to copy_path (NULL: none) unless there is
 * one. ret_from: the version that was found, also with SCHEMA_E_NEWER.
 */
int schema_migrate(
	struct db *db, const struct schema *schema, const char *copy_path, int64_t *ret_from);

/* DDL with the type tokens of an engine filled in; NULL when out of memory. free() it. */
char *schema_expand(const char *ddl, const char *engine);
