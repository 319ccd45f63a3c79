/* SPDX-License-Identifier: Apache-2.0 */
/* How wide a terminal draws one character. Pure; no locale. */
#pragma once

#include <stdint.h>

/* 0 for combining and format characters, 2 for wide ones, else 1. Controls are the caller's
 * trouble. */
unsigned char_columns(uint32_t c);
