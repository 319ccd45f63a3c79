/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for one test, removed with all that is in it. */
#pragma once

/* Makes one and returns its path (static storage). Aborts when it cannot. */
const char *tmpdir_make(void);
void tmpdir_remove(void);
/* "<folder>/<name>", static storage for the last four. */
const char *tmpdir_path(const char *name);
