/* SPDX-License-Identifier: Apache-2.0 */
/* How the output looks: colours or not, how wide. Decided once, from the terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

enum tone {
	TONE_PLAIN,
	TONE_BOLD,
	TONE_DIM,
	TONE_GOOD,
	TONE_WARN,
	TONE_BAD,
	_TONE_MAX,
};

struct style {
	bool colour;
	size_t width; /* columns; 0: no terminal, nothing is cut */
};

/* Colours on a terminal only, and not with NO_COLOR or TERM=dumb. */
struct style style_of(int fd);

/* Appends text, which is visible already, in that tone. */
void style_append(const struct style *s, enum tone tone, const char *text, struct buf *out);

/* critical, warning and so on. */
enum tone tone_of_severity(const char *severity);
/* deleted, appeared and so on. */
enum tone tone_of_change(const char *change);
