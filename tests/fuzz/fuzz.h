/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fuzz targets share: how a broken promise is told, and the promises that many of them check.
 * A target gets bytes from libFuzzer and must not keep anything between two inputs that changes
 * what the next one does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

/* libFuzzer's entry. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, which libFuzzer reports as a finding, when what was promised is not true. */
#define FUZZ_CHECK(expression) \
	((expression) ? (void)0 : fuzz_broken(#expression, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *expression, const char *file, int line);

/* One line that a terminal can show: valid UTF-8 without controls. */
void fuzz_check_visible(const char *text);
/* As above, and at most that many bytes. */
void fuzz_check_line(const struct buf *text, size_t max);

/* Parts of an input, one behind the other. */
struct fuzz_input {
	const uint8_t *data;
	size_t len;
};
/* 0 when nothing is left. */
uint8_t fuzz_byte(struct fuzz_input *in);
/* Up to the next line feed (which is taken too) or the end, at most size - 1 bytes of it. Returns
 * out. */
const char *fuzz_line(struct fuzz_input *in, char *out, size_t size);
