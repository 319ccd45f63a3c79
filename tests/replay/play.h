/* SPDX-License-Identifier: Apache-2.0 */
/* Plays scenarios in a world. */
#pragma once

#include "tests/replay/world.h"

/* One line, without blanks around it. 0, or a problem that is told in error (or by its number). */
int play_line(struct world *w, const char *line, struct buf *error);
/* A whole scenario, which is cut up in place; what fails is printed with path and line. Goes on
 * after an expectation that is not met. 0 or 1. */
int play_text(struct world *w, const char *path, char *text);
