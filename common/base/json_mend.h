/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON that is refused for what a display name may bring into it. Pure; repairs no grammar: what is
 * no JSON for other reasons is none afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * In place: "\u0000" and half surrogate pairs become U+FFFD, bytes that are no UTF-8 "?" and
 * control characters blanks, byte for byte: every offset stays what it was. False: nothing was to
 * be done.
 */
bool json_mend(char *text, size_t len);

/*
 * After reading text has given *r: a copy to be read in its place, or NULL when there is nothing of
 * the kind in it, mended as above. NULL also when memory is short (*r is -ENOMEM then); else *r is
 * left as it is. free() it.
 */
char *json_mended_copy(const char *text, size_t len, int *r);
