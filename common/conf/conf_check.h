/* SPDX-License-Identifier: Apache-2.0 */
/* What `snapwatch check-config` and `snapwatchd --check` say. Offline. */
#pragma once

#include <stdio.h>

#include "common/base/buf.h"

/*
 * Loads the configuration at path and appends a report for people to report: a line for each error
 * ("FILE:LINE: ..."), for each warning ("FILE:LINE: warning: ..."), and one with the counts at the
 * end. 0: usable; 1: not; -ENOMEM.
 */
int conf_check(const char *path, struct buf *report);

/* The report to out when it is usable, else to err. EXIT_CODE_OK or EXIT_CODE_CONFIG. */
int conf_check_print(const char *path, FILE *out, FILE *err);
