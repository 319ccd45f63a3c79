/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configurations in a folder of their own for one test. Messages name files as they were given, so
 * the tests stand in that folder.
 */
#pragma once

#include <stddef.h>

#include "common/conf/conf.h"

#define ID1 "11111111-2222-3333-4444-555555555555"
#define ID2 "21111111-2222-3333-4444-555555555555"
#define TENANT_KEYS "tenant_id = \"" ID1 "\"\nclient_id = \"" ID2 "\"\n"
/* On lines 1 to 4. */
#define TENANT_A "tenant \"a\" {\n" TENANT_KEYS "}\n"

void conf_files_set_up(void); /* with tenants.d and rules.d */
void conf_files_tear_down(void);
void put(const char *path, const char *text, size_t len);
void put_text(const char *path, const char *text);

/* snapwatch.conf is right; warnings: what it says, NULL for anything. conf_free() the result. */
struct conf *load(const char *warnings);
/* snapwatch.conf is wrong; errors: what it says, NULL for anything. */
void expect_wrong(const char *errors);
